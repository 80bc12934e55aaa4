"""Channels of others: sent on to their own server, or their playlists fetched and rewritten."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog

from matinee.core.database import Row
from matinee.core.errors import NotFound, ProviderError, UrlNotAllowed
from matinee.core.safe_fetch import open_safely, safe_fetch
from matinee.integrations.playback.references import BadReference
from matinee.integrations.playback.signers import PlaybackUrlInvalid
from matinee.integrations.playback.tickets import PlaybackTicket
from matinee.playback.answers import Answer, Passed, Playlist, Redirect
from matinee.playback.catch_up import catch_up_url
from matinee.playback.problems import UpstreamError
from matinee.playback.remembered import Remembered
from matinee.playback.rewriting import is_playlist, rewrite
from matinee.runtime import Runtime

REMEMBERED_SECONDS = 1.0
MOST_PLAYLISTS = 500
MOST_PLAYLIST_BYTES = 1_048_576
PLAYLIST_SECONDS = 5.0
MOST_PART_BYTES = 64 * 1_048_576
DIRECT_SECONDS = 12 * 3600
"""How long a signed address of a channel's own server is good: a session does not outlast it."""
STEP = 3600

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A playlist of a channel: where it is, what to ask with, and where it is shown with us."""

    channel_id: UUID
    url: str
    headers: tuple[tuple[str, str], ...]
    below: bool


class External:
    """Answers for channels whose media are elsewhere."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._playback = runtime.playback
        self._playlists = Remembered(self._fetch, REMEMBERED_SECONDS, MOST_PLAYLISTS)

    async def master(self, ticket: PlaybackTicket, channel: Row, now: float) -> Answer:
        """Where a channel begins, or what it sent before.

        Raises:
            NotFound: it has no such stream, or its signer is not set up.
            UpstreamError: its server does not answer with a playlist.
        """
        url = _address(ticket, channel)
        if url is None:
            raise NotFound()
        if channel["delivery"] == "direct":
            return self._direct(ticket, url, channel["signer"], now)
        wanted = _Wanted(ticket.subject, url, _headers(channel), below=False)
        return Playlist(await self._playlists.get(wanted))

    async def variant(self, ticket: PlaybackTicket, channel: Row, reference: str) -> Answer:
        """A playlist that another one of the channel led to.

        Raises:
            PlaybackUrlInvalid: it is no reference of this channel.
            UpstreamError: the channel's server does not answer with a playlist.
        """
        url = self._opened(ticket.subject, reference)
        wanted = _Wanted(ticket.subject, url, _headers(channel), below=True)
        return Playlist(await self._playlists.get(wanted))

    def part(self, ticket: PlaybackTicket, channel: Row, reference: str) -> Answer:
        """A segment or a key that can only be had with the channel's headers.

        Raises:
            PlaybackUrlInvalid: it is no reference of this channel.
        """
        url = self._opened(ticket.subject, reference)
        headers = dict(_headers(channel))
        upstream = open_safely(
            url, headers=headers, most_bytes=MOST_PART_BYTES, reach=self._runtime.reach
        )
        return Passed(upstream)

    def _direct(self, ticket: PlaybackTicket, url: str, signer: str | None, now: float) -> Redirect:
        expires_at = -(-int(now + DIRECT_SECONDS) // STEP) * STEP
        signed = self._playback.direct_url(url, signer, ticket.session_id, expires_at)
        if signed is None:
            log.error("signer_missing", signer=signer, channel=str(ticket.subject))
            raise NotFound()
        return Redirect(signed)

    def _opened(self, channel_id: UUID, reference: str) -> str:
        try:
            return self._playback.references.open(channel_id, reference)
        except BadReference:
            raise PlaybackUrlInvalid() from None

    async def _fetch(self, wanted: _Wanted) -> bytes:
        """A playlist, rewritten: the same for all viewers, so once for all of them."""
        try:
            found = await safe_fetch(
                wanted.url,
                headers=dict(wanted.headers),
                most_bytes=MOST_PLAYLIST_BYTES,
                timeout=PLAYLIST_SECONDS,
                reach=self._runtime.reach,
            )
        except (ProviderError, UrlNotAllowed) as error:
            raise _failed(wanted.channel_id, error.text) from error
        text = found.body.decode("utf-8", "replace")
        if not is_playlist(text):
            raise _failed(wanted.channel_id, "It answers with something else than a playlist.")
        above = "../" if wanted.below else ""
        refer = partial(self._playback.references.write, wanted.channel_id)
        return rewrite(
            text,
            found.url,
            playlist=lambda url: f"{above}variant/{refer(url)}.m3u8",
            part=(lambda url: f"{above}part/{refer(url)}") if wanted.headers else str,
        ).encode()


def _address(ticket: PlaybackTicket, channel: Row) -> str | None:
    """Where the channel's own server has what a ticket shows."""
    url: str | None = channel["hls_live_url"]
    if url is None or ticket.from_at is None:
        return url
    until_at = ticket.until_at or ticket.started_at
    return catch_up_url(url, channel["catch_up"], ticket.from_at, until_at, ticket.started_at)


def _headers(channel: Row) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, str(value)) for name, value in channel["stream_headers"].items()))


def _failed(channel_id: UUID, reason: str) -> UpstreamError:
    log.warning("upstream_failed", channel=str(channel_id), reason=reason)
    return UpstreamError(reason=reason)
