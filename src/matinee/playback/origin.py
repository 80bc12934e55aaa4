"""Our own origin: playlists and media, answered before the API's middleware and routes."""

import re
import time
from uuid import UUID

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from matinee.core.database import Row
from matinee.core.errors import (
    MethodNotAllowed,
    NotFound,
    handle_error,
    render,
)
from matinee.integrations.playback.signers import PlaybackUrlInvalid
from matinee.integrations.playback.tickets import BadTicket, PlaybackTicket
from matinee.playback.answers import (
    Answer,
    MediaPart,
    Playlist,
    deliver,
    send_preflight,
    with_cors,
)
from matinee.playback.external import External
from matinee.playback.media.library import Library
from matinee.playback.own import MASTER, OwnMedia
from matinee.playback.permission import GONE, Over, require_playing
from matinee.playback.problems import UpstreamError
from matinee.playback.remembered import Remembered
from matinee.playback.states import SessionStates
from matinee.playback.unattended import Unattended
from matinee.runtime import Runtime

CHANNEL_SECONDS, ASSET_SECONDS = 2.0, 10.0
PLAYLISTS, MEDIA = "/playback/", "/media/"

_PLAYLIST = re.compile(
    r"(?P<token>[\w-]{1,200})/"
    r"(?:(?P<name>[\w-]{1,60})\.m3u8|(?P<kind>variant|part)/(?P<reference>[\w-]{1,4096})(?:\.m3u8)?)",
    re.ASCII,
)
_CHANNEL = """
    SELECT kind, dvr_minutes, hls_live_url, delivery, signer, stream_headers, catch_up
    FROM channels WHERE id = :id
"""
_ASSET = "SELECT url FROM media_assets WHERE id = :id AND protocol = 'builtin'"


class _Address:
    """What logs and metrics call a kind of address; answers that went well are not logged."""

    quiet = True

    def __init__(self, path: str) -> None:
        self.path = path


_PLAYLIST_ADDRESS = _Address("/playback/{token}/{playlist}")
_MEDIA_ADDRESS = _Address("/media/{signed}")


class Origin:
    """Answers `/playback/` and `/media/`; everything else goes to the application behind it."""

    def __init__(self, app: ASGIApp, *, runtime: Runtime) -> None:
        self.app = app
        self.library = Library(runtime.settings.media_dir)
        self.own = OwnMedia(runtime, self.library)
        self.external = External(runtime)
        self.states = SessionStates(runtime.database)
        self._unattended = Unattended(runtime)
        self._playback = runtime.playback
        self._database = runtime.database
        self._channels = Remembered(self._read_channel, CHANNEL_SECONDS)
        self._assets = Remembered(self._read_asset, ASSET_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith((PLAYLISTS, MEDIA)):
            await self.app(scope, receive, send)
            return
        is_media = scope["path"].startswith(MEDIA)
        scope["route"] = _MEDIA_ADDRESS if is_media else _PLAYLIST_ADDRESS
        if scope["method"] == "OPTIONS":
            await send_preflight(send)
            return
        try:
            if scope["method"] not in ("GET", "HEAD"):
                raise MethodNotAllowed(headers={"Allow": "GET, HEAD, OPTIONS"})
            answer = self._medium(scope) if is_media else await self._playlist(scope)
        except Exception as error:
            await _refuse(error, scope, receive, send)
            return
        try:
            await deliver(answer, scope, send)
        except UpstreamError as error:
            await _refuse(error, scope, receive, send)

    def _medium(self, scope: Scope) -> Answer:
        """A file of the media folder, by its signed address."""
        path = self._playback.signer.check(scope["path"].removeprefix(MEDIA), time.time())
        parts = path.split("/")
        found = self.library.path(*parts) if len(parts) == 3 else None
        if found is None:
            raise NotFound()
        is_sound = parts[1].startswith("audio")
        return MediaPart(found, b"audio/mp4" if is_sound else b"video/mp4")

    async def _playlist(self, scope: Scope) -> Answer:
        """What the holder of a ticket gets, if his session goes on."""
        address = _PLAYLIST.fullmatch(scope["path"].removeprefix(PLAYLISTS))
        if address is None:
            raise NotFound()
        now = time.time()
        ticket = self._ticket(address["token"])
        state = await self.states.get(ticket.user_id, ticket.session_id)
        require_playing(ticket, state, now)
        if state.unattended:
            self._unattended.reloaded(ticket)
        name = address["name"]
        if ticket.kind == "asset":
            if name is None:
                raise NotFound()
            slug = await self._assets.get(ticket.subject)
            return Playlist(self.own.of_film(ticket, slug, name))
        channel = await self._channels.get(ticket.subject)
        if name is None:
            return await self._referred(ticket, channel, address["kind"], address["reference"])
        if channel["kind"] == "linear":
            skip = b"_HLS_skip=" in scope["query_string"]
            minutes = channel["dvr_minutes"]
            return Playlist(
                await self.own.of_channel(
                    ticket, minutes, name, skip=skip, hidden_until=state.hidden_until
                )
            )
        if name != MASTER:
            raise NotFound()
        return await self.external.master(ticket, channel, now)

    async def _referred(
        self, ticket: PlaybackTicket, channel: Row, kind: str, reference: str
    ) -> Answer:
        if kind == "part":
            return self.external.part(ticket, channel, reference)
        return await self.external.variant(ticket, channel, reference)

    def _ticket(self, token: str) -> PlaybackTicket:
        try:
            return self._playback.tickets.open(token)
        except BadTicket:
            raise PlaybackUrlInvalid() from None

    async def _read_channel(self, channel_id: UUID) -> Row:
        async with self._database.read() as tx:
            return _found(await tx.one(_CHANNEL, id=channel_id))

    async def _read_asset(self, asset_id: UUID) -> str:
        async with self._database.read() as tx:
            slug: str = _found(await tx.one(_ASSET, id=asset_id))["url"]
        return slug


def _found(row: Row | None) -> Row:
    if row is None:
        raise NotFound()
    return row


async def _refuse(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope)
    accept = request.headers.get("accept", "")
    if isinstance(error, Over):
        response = render(error.problem, accept=accept)
        response.status_code = GONE
    elif isinstance(error, UpstreamError):  # logged once for all who wait, where it was found
        response = render(error, accept=accept)
    else:
        response = await handle_error(request, error)
    await response(scope, receive, with_cors(send))
