"""How the origin answers: bytes, files without a copy where the server can, streams of others."""

import asyncio
import contextlib
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from starlette.types import Message, Scope, Send

from matinee.core.errors import ProviderError, UrlNotAllowed
from matinee.core.safe_fetch import Download
from matinee.playback.problems import UpstreamError

Headers = list[tuple[bytes, bytes]]

CROSS_ORIGIN: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"x-request-id, content-length"),
    (b"x-content-type-options", b"nosniff"),
]
PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"range, x-request-id"),
    (b"access-control-max-age", b"86400"),
]
NOT_KEPT, KEPT = b"no-store", b"public, max-age=31536000, immutable"

_PLAYED = ("video/", "audio/", "text/vtt")

FIRST_BYTE_SECONDS, WHOLE_SECONDS = 10.0, 60.0

Upstream = AbstractAsyncContextManager[Download]


@dataclass(frozen=True, slots=True)
class Playlist:
    """A playlist, as it is at this moment."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Redirect:
    """Players go on elsewhere."""

    url: str


@dataclass(frozen=True, slots=True)
class MediaPart:
    """A file of the media folder; its address never shows anything else."""

    path: Path
    content_type: bytes


@dataclass(frozen=True, slots=True)
class Passed:
    """An answer of somebody else, handed on piece by piece."""

    upstream: Upstream


Answer = Playlist | Redirect | MediaPart | Passed


async def deliver(answer: Answer, scope: Scope, send: Send) -> None:
    """Send an answer, of a HEAD request its head alone.

    Raises:
        UpstreamError: somebody else does not answer; nothing is sent then.
    """
    match answer:
        case Playlist(body):
            await _send_bytes(scope, send, body, b"application/vnd.apple.mpegurl", NOT_KEPT)
        case Redirect(url):
            headers = [(b"location", url.encode()), (b"cache-control", NOT_KEPT)]
            await _send_empty(send, 302, headers)
        case MediaPart():
            await _send_file(answer, scope, send)
        case Passed(upstream):
            await _pass_on(upstream, scope, send)


async def send_preflight(send: Send) -> None:
    """Tell a browser that pages of others may ask."""
    await _send_empty(send, 204, PREFLIGHT)


def with_cors(send: Send) -> Send:
    """The same, with the headers that let pages of others read the answer."""

    async def send_with_cors(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *CROSS_ORIGIN]
        await send(message)

    return send_with_cors


async def _send_head(send: Send, status: int, headers: Headers) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, *CROSS_ORIGIN],
        }
    )


async def _send_empty(send: Send, status: int, headers: Headers) -> None:
    await _send_head(send, status, [*headers, (b"content-length", b"0")])
    await send({"type": "http.response.body", "body": b""})


async def _send_bytes(
    scope: Scope, send: Send, body: bytes, content_type: bytes, kept: bytes
) -> None:
    await _send_head(send, 200, _described(content_type, len(body), kept))
    is_head = scope["method"] == "HEAD"
    await send({"type": "http.response.body", "body": b"" if is_head else body})


def _described(content_type: bytes, length: int, kept: bytes) -> Headers:
    return [
        (b"content-type", content_type),
        (b"content-length", str(length).encode()),
        (b"cache-control", kept),
    ]


async def _send_file(part: MediaPart, scope: Scope, send: Send) -> None:
    """By the server itself where it can, else read in a thread."""
    if scope["method"] == "HEAD" or "http.response.pathsend" not in scope.get("extensions", {}):
        body = await asyncio.to_thread(part.path.read_bytes)
        await _send_bytes(scope, send, body, part.content_type, KEPT)
        return
    size = (await asyncio.to_thread(part.path.stat)).st_size
    await _send_head(send, 200, _described(part.content_type, size, KEPT))
    await send({"type": "http.response.pathsend", "path": str(part.path)})


def _harmless(content_type: str) -> bytes:
    """What a browser only plays: a page of somebody else must not be one of ours."""
    known = content_type.isascii() and content_type.lower().startswith(_PLAYED)
    return content_type.encode() if known else b"application/octet-stream"


async def _pass_on(upstream: Upstream, scope: Scope, send: Send) -> None:
    async with contextlib.AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(FIRST_BYTE_SECONDS):
                download = await stack.enter_async_context(upstream)
        except (ProviderError, UrlNotAllowed, TimeoutError) as error:
            raise UpstreamError(reason=str(error)) from error
        content_type = _harmless(download.headers.get("content-type", ""))
        await _send_head(send, 200, [(b"content-type", content_type), (b"cache-control", NOT_KEPT)])
        if scope["method"] != "HEAD":
            async with asyncio.timeout(WHOLE_SECONDS):
                async for piece in download.pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
