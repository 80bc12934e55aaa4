"""Making answers smaller on their way out, in the coding that the client likes best."""

import asyncio
import re
import zlib
from typing import Protocol

from backports import zstd
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matinee.core.encoded import (
    COMPRESSORS,
    GZIP_LEVEL,
    WORTH_COMPRESSING,
    ZSTD_LEVEL,
    Coding,
    best_coding,
)

IN_THREAD_FROM = 131_072
"""Bytes from which compressing would hold up the event loop."""

_COMPRESSIBLE = re.compile(
    rb"text/(?!event-stream)|application/(json|x-ndjson|xml|javascript|vnd\.apple\.mpegurl)"
    rb"|[a-z]+/[^;]+\+(json|xml)"
)


class CompressionMiddleware:
    """Compresses text that is not compressed yet: whole bodies at once, streams piece by piece.

    Event streams, ranges and media stay as they are.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            send = _Sender(scope, send).send
        await self.app(scope, receive, send)


class _Sender:
    """Holds the head of one answer back until its first bytes show whether to compress."""

    __slots__ = ("_coding", "_head", "_scope", "_send", "_stream")

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._coding: Coding = "identity"
        self._head: Message | None = None
        self._stream: _Stream | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_compressible(message):
            self._head = message
            return
        if message["type"] == "http.response.body":
            if self._head is not None:
                message = await self._begin(self._head, message)
            elif self._stream is not None:
                message = await self._go_on(self._stream, message)
        elif self._head is not None:  # no ordinary body follows (a file sent by the server)
            head, self._head = self._head, None
            await self._send(head)
        await self._send(message)

    async def _begin(self, head: Message, message: Message) -> Message:
        self._head = None
        headers = MutableHeaders(raw=head["headers"])
        body, more = message.get("body", b""), message.get("more_body", False)
        if more or len(body) >= WORTH_COMPRESSING:
            headers.add_vary_header("Accept-Encoding")
            accepted = Headers(scope=self._scope).get("accept-encoding", "")
            self._coding = best_coding(accepted)
            if self._coding != "identity":
                message = await self._compress(headers, message)
        await self._send(head)
        return message

    async def _compress(self, headers: MutableHeaders, message: Message) -> Message:
        headers["Content-Encoding"] = self._coding
        del headers["Content-Length"]
        if message.get("more_body", False):
            self._stream = _Zstd() if self._coding == "zstd" else _Gzip()
            return await self._go_on(self._stream, message)
        body: bytes = message["body"]
        compress = COMPRESSORS[self._coding]
        if len(body) < IN_THREAD_FROM:
            smaller = compress(body)
        else:
            smaller = await asyncio.to_thread(compress, body)
        headers["Content-Length"] = str(len(smaller))
        return {**message, "body": smaller}

    async def _go_on(self, stream: "_Stream", message: Message) -> Message:
        body, more = message.get("body", b""), message.get("more_body", False)
        if len(body) < IN_THREAD_FROM:
            return {**message, "body": stream.add(body, last=not more)}
        return {**message, "body": await asyncio.to_thread(stream.add, body, last=not more)}


def _is_compressible(head: Message) -> bool:
    """Whether it may be worth to compress what follows; small answers are told by their length."""
    content_type = b""
    for name, value in head.setdefault("headers", []):
        if name == b"content-length":
            if len(value) < 4 and value.isdigit():  # below 1000 bytes
                return False
        elif name == b"content-type":
            content_type = value
        elif name == b"content-encoding":
            return False
    return head["status"] not in (204, 206, 304) and _COMPRESSIBLE.match(content_type) is not None


class _Stream(Protocol):
    """A body that is compressed piece by piece; each piece can be read as soon as it arrives."""

    def add(self, piece: bytes, *, last: bool) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)

    def add(self, piece: bytes, *, last: bool) -> bytes:
        flush = zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH
        return self._compressor.compress(piece) + self._compressor.flush(flush)


class _Zstd:
    def __init__(self) -> None:
        self._compressor = zstd.ZstdCompressor(ZSTD_LEVEL)

    def add(self, piece: bytes, *, last: bool) -> bytes:
        if last:
            return self._compressor.compress(piece, zstd.ZstdCompressor.FLUSH_FRAME)
        return self._compressor.compress(piece, zstd.ZstdCompressor.FLUSH_BLOCK)
