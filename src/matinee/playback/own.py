"""Playlists of our own media: linear channels from the clock, films from the media folder."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

import structlog

from matinee.core.errors import NotFound
from matinee.integrations.playback.signers import SignedFolder
from matinee.integrations.playback.tickets import PlaybackTicket
from matinee.models.playout import SEGMENT_SECONDS
from matinee.playback import windows
from matinee.playback.media.library import Library, MediaDamaged, MediaFile
from matinee.playback.playlists import (
    EXPIRY_STEP,
    Template,
    Window,
    master_playlist,
    media_playlist,
    vod_playlist,
)
from matinee.playback.problems import MediaMissing
from matinee.playback.runs import RunTable
from matinee.runtime import Runtime

MASTER = "master"
SPARE_SECONDS = 12 * 3600
"""How long somebody may pause what he plays from its start."""
LONGEST_SECONDS = 86_400
"""Of a programme whose end is not known."""
MOST_BYTES = 32 * 1_048_576

log = structlog.get_logger(__name__)


class OwnMedia:
    """Writes playlists; what is the same for all viewers is put together once per segment."""

    def __init__(self, runtime: Runtime, library: Library) -> None:
        self._playback = runtime.playback
        self._library = library
        self._runs = RunTable(runtime.database)
        self._templates = _Templates()

    @property
    def kept(self) -> int:
        """How many playlists are kept for whoever asks next."""
        return len(self._templates)

    async def of_channel(
        self,
        ticket: PlaybackTicket,
        dvr_minutes: int,
        name: str,
        *,
        skip: bool = False,
        hidden_until: int | None = None,
    ) -> bytes:
        """The playlist of a rendition of a linear channel at this moment, or its master.

        Live nothing is shown of what was sent before `hidden_until` (Unix seconds).

        Raises:
            ChannelOffAir: nothing is sent then.
            MediaMissing: what is sent is not in the folder.
        """
        span, was_over = _span(ticket, dvr_minutes, time.time(), hidden_until)
        if name == MASTER:
            window = await self._window(ticket, span, dvr_minutes)
            return self._master({clip.slug: None for clip in window.clips})
        shown = (ticket.from_at, ticket.until_at, hidden_until)
        key = (ticket.subject, name, *shown, was_over, skip)
        version = (*span, dvr_minutes)
        template = self._templates.get(key, version)
        if template is None:
            window = await self._window(ticket, span, dvr_minutes)
            template = self._made(lambda: media_playlist(window, name, self._get, skip=skip))
            if self._is_known(name, window):
                self._templates.put(key, version, template)
        return template.filled(self._signing(ticket, 0))

    def of_film(self, ticket: PlaybackTicket, slug: str, name: str) -> bytes:
        """The playlist of a rendition of a film, or its master.

        Raises:
            NotFound: the film has no such rendition.
            MediaMissing: the film is not in the folder.
        """
        if name == MASTER:
            return self._master({slug: None})
        media = self._get(slug)
        if media is None:
            raise _missing(slug)
        if name not in {rendition.name for rendition in media.renditions}:
            raise NotFound()
        template = self._templates.get((slug, name), media)
        if template is None:
            template = self._made(lambda: vod_playlist(media, name))
            self._templates.put((slug, name), media, template)
        return template.filled(self._signing(ticket, media.segment_count * SEGMENT_SECONDS))

    async def _window(self, ticket: PlaybackTicket, span: windows.Span, dvr_minutes: int) -> Window:
        runs = await self._runs.between(ticket.subject, *span)
        if ticket.from_at is None:
            return windows.live_window(runs, span, dvr_minutes)
        return windows.past_window(runs, span, ticket.from_at, ticket.until_at, ticket.started_at)

    def _is_known(self, name: str, window: Window) -> bool:
        """Whether a medium has that rendition; names made up do not drive out what many want."""
        found = map(self._get, {clip.slug for clip in window.clips})
        return any(name == one.name for media in found if media for one in media.renditions)

    def _master(self, slugs: dict[str, None]) -> bytes:
        found = [media for slug in slugs if (media := self._get(slug)) is not None]
        if not found:
            raise _missing(*slugs)
        return master_playlist(found)

    def _made(self, make: Callable[[], Template]) -> Template:
        try:
            return make()
        except LookupError as error:
            raise _missing(str(error)) from error

    def _get(self, slug: str) -> MediaFile | None:
        try:
            return self._library.get(slug)
        except MediaDamaged as error:
            raise _missing(str(error)) from error

    def _signing(
        self, ticket: PlaybackTicket, length_seconds: int
    ) -> Callable[[str, int | None], SignedFolder]:
        media = self._playback.media_of(ticket.session_id)
        ticket_until = _expiry_of(ticket, length_seconds)
        return lambda slug, until: media(slug, ticket_until if until is None else until)


def _span(
    ticket: PlaybackTicket, dvr_minutes: int, now: float, hidden_until: int | None
) -> tuple[windows.Span, bool]:
    """What a ticket shows at a moment, and whether that was over when playing began."""
    if ticket.from_at is None:
        return windows.live_span(dvr_minutes, now, hidden_until), False
    span = windows.past_span(ticket.from_at, ticket.until_at, now)
    return span, windows.was_over(ticket.until_at, ticket.started_at)


def _expiry_of(ticket: PlaybackTicket, length_seconds: int) -> int:
    """Until when all addresses of a ticket are good (Unix); it is the same on every reload."""
    begin, end = ticket.started_at, ticket.started_at
    if ticket.from_at is not None:
        until_at = ticket.until_at or ticket.from_at + LONGEST_SECONDS
        length_seconds = until_at - ticket.from_at
        end = max(begin, until_at)
    return -(-(end + length_seconds + SPARE_SECONDS) // EXPIRY_STEP) * EXPIRY_STEP


def _missing(*what: str) -> MediaMissing:
    log.error("media_missing", what=what)
    return MediaMissing()


class _Templates:
    """The latest template of each playlist; those that nobody asked for for longest go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[object, Template, int]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, version: object) -> Template | None:
        """The template of this version, or None."""
        kept = self._kept.get(key)
        if kept is None or kept[0] != version:
            return None
        self._kept.move_to_end(key)
        return kept[1]

    def put(self, key: Hashable, version: object, template: Template) -> None:
        """Keep a template in place of an older one."""
        self._drop(key)
        size = sum(len(text) for text, _ in template.chunks)
        self._kept[key] = (version, template, size)
        self._bytes += size
        while self._bytes > MOST_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        if (kept := self._kept.pop(key, None)) is not None:
            self._bytes -= kept[2]
