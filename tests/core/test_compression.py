"""Answers travel small where the client can read them so, and live streams stay alive."""

import gzip
import zlib

import pytest
from backports import zstd
from starlette.types import Message, Receive, Scope, Send

from matinee.core.compression import IN_THREAD_FROM, CompressionMiddleware

TEXT = b"one night in the city of the future. " * 200


class App:
    """Answers with the bodies it was given, one message each."""

    def __init__(self, *bodies: bytes, status: int = 200, **headers: str) -> None:
        self.bodies = bodies
        self.status = status
        self.headers = {"content-type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        for number, body in enumerate(self.bodies, 1):
            more = number < len(self.bodies)
            await send({"type": "http.response.body", "body": body, "more_body": more})


async def ask(app: App, accept: str = "gzip, zstd") -> tuple[dict[str, str], list[bytes]]:
    """The headers and the bodies as they leave."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("nobody reads the request")

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(b"accept-encoding", accept.encode())],
    }
    await CompressionMiddleware(app)(scope, receive, send)
    start, *bodies = sent
    headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return headers, [message["body"] for message in bodies]


@pytest.mark.parametrize(
    ("accept", "coding"), [("gzip", "gzip"), ("zstd", "zstd"), ("gzip, deflate, br, zstd", "zstd")]
)
async def test_a_body_is_compressed_as_the_client_likes_it(accept: str, coding: str) -> None:
    headers, [body] = await ask(App(TEXT, content_length=str(len(TEXT))), accept)

    decompress = {"gzip": gzip.decompress, "zstd": zstd.decompress}[coding]
    assert headers["content-encoding"] == coding
    assert headers["content-length"] == str(len(body))
    assert decompress(body) == TEXT


async def test_who_cannot_read_it_gets_it_plain_but_caches_are_warned() -> None:
    headers, bodies = await ask(App(TEXT), "identity")

    assert (bodies, headers["vary"]) == ([TEXT], "Accept-Encoding")
    assert "content-encoding" not in headers


async def test_what_varies_already_varies_by_the_coding_too() -> None:
    headers, _ = await ask(App(TEXT, vary="Cookie"))

    assert headers["vary"] == "Cookie, Accept-Encoding"


@pytest.mark.parametrize(
    "app",
    [
        App(b"{}"),
        App(TEXT, content_encoding="br"),
        App(TEXT, content_type="image/png"),
        App(TEXT, content_type="video/mp4"),
        App(TEXT, content_type="text/event-stream"),
        App(b"data: 1\n\n", b"data: 2\n\n", content_type="text/event-stream; charset=utf-8"),
        App(TEXT, status=206),
        App(b"", status=304),
        App(b"", status=204),
    ],
    ids=["small", "encoded", "image", "video", "events", "live events", "range", "304", "204"],
)
async def test_some_answers_stay_as_they_are(app: App) -> None:
    headers, bodies = await ask(app)

    assert bodies == list(app.bodies)
    assert headers == app.headers


@pytest.mark.parametrize(
    "content_type",
    ["text/csv", "application/x-ndjson", "image/svg+xml", "application/problem+json"],
)
async def test_all_kinds_of_text_are_compressed(content_type: str) -> None:
    headers, _ = await ask(App(TEXT, content_type=content_type))

    assert headers["content-encoding"] == "zstd"


async def test_a_body_large_enough_for_a_thread_is_compressed_alike() -> None:
    large = TEXT * (IN_THREAD_FROM // len(TEXT) + 2)
    _, [body] = await ask(App(large))

    assert zstd.decompress(body) == large


async def test_each_piece_of_a_stream_can_be_read_when_it_arrives() -> None:
    pieces = [b"first row\n", b"", b"second row\n" * 1000, b"last"]
    headers, bodies = await ask(App(*pieces), "gzip")
    gunzip = zlib.decompressobj(16 + zlib.MAX_WBITS)

    assert [gunzip.decompress(body) for body in bodies] == pieces
    assert gunzip.eof
    assert "content-length" not in headers


async def test_streams_are_compressed_by_zstd_too() -> None:
    pieces = [b"first row\n", b"second row\n" * 1000, b"last"]
    _, bodies = await ask(App(*pieces))
    decompressor = zstd.ZstdDecompressor()

    assert [decompressor.decompress(body) for body in bodies] == pieces
    assert decompressor.eof


async def test_a_file_sent_by_the_server_itself_keeps_its_head() -> None:
    sent: list[Message] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.pathsend", "path": "/index.html"})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError

    scope = {"type": "http", "headers": [(b"accept-encoding", b"gzip")]}
    await CompressionMiddleware(app)(scope, receive, send)

    assert [message["type"] for message in sent] == [
        "http.response.start",
        "http.response.pathsend",
    ]
