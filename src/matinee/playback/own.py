"""Playlists of our own media: linear channels from the clock, films from the media folder."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from uuid import UUID

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

    async def of_channel(
        self, ticket: PlaybackTicket, dvr_minutes: int, name: str, *, skip: bool = False
    ) -> bytes:
        """The playlist of a rendition of a linear channel at this moment, or its master.

        Raises:
            ChannelOffAir: nothing is sent then.
            MediaMissing: what is sent is not in the folder.
        """
        window = await self._window(ticket, dvr_minutes, time.time())
        if name == MASTER:
            return self._master({clip.slug: None for clip in window.clips})
        version = (window.first, window.end, window.ended, window.keep_seconds)
        key = (ticket.subject, name, window.kind, ticket.from_at, ticket.until_at, skip)
        template = self._template(
            key, version, lambda: media_playlist(window, name, self._get, skip=skip)
        )
        return template.filled(self._signing(ticket.session_id, _expiry_of(ticket, 0)))

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
        template = self._template((slug, name), media, lambda: vod_playlist(media, name))
        seconds = media.segment_count * SEGMENT_SECONDS
        return template.filled(self._signing(ticket.session_id, _expiry_of(ticket, seconds)))

    async def _window(self, ticket: PlaybackTicket, dvr_minutes: int, now: float) -> Window:
        if ticket.from_at is None:
            span = windows.live_span(dvr_minutes, now)
            runs = await self._runs.between(ticket.subject, *span)
            return windows.live_window(runs, span, dvr_minutes)
        span = windows.past_span(ticket.from_at, ticket.until_at, now)
        runs = await self._runs.between(ticket.subject, *span)
        return windows.past_window(runs, span, ticket.from_at, ticket.until_at, ticket.started_at)

    def _master(self, slugs: dict[str, None]) -> bytes:
        found = [media for slug in slugs if (media := self._get(slug)) is not None]
        if not found:
            raise _missing(*slugs)
        return master_playlist(found)

    def _template(self, key: Hashable, version: object, make: Callable[[], Template]) -> Template:
        try:
            return self._templates.get(key, version, make)
        except LookupError as error:
            raise _missing(str(error)) from error

    def _get(self, slug: str) -> MediaFile | None:
        try:
            return self._library.get(slug)
        except MediaDamaged as error:
            raise _missing(str(error)) from error

    def _signing(
        self, session_id: UUID, ticket_until: int
    ) -> Callable[[str, int | None], SignedFolder]:
        def signed(slug: str, expires_at: int | None) -> SignedFolder:
            until = ticket_until if expires_at is None else expires_at
            return self._playback.media(slug, session_id, until)

        return signed


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

    def get(self, key: Hashable, version: object, make: Callable[[], Template]) -> Template:
        """The template of this version, made where there is another or none."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] == version:
            self._kept.move_to_end(key)
            return kept[1]
        template = make()
        self._drop(key)
        size = sum(len(chunk.text) for chunk in template.chunks)
        self._kept[key] = (version, template, size)
        self._bytes += size
        while self._bytes > MOST_BYTES:
            self._drop(next(iter(self._kept)))
        return template

    def _drop(self, key: Hashable) -> None:
        if (kept := self._kept.pop(key, None)) is not None:
            self._bytes -= kept[2]
