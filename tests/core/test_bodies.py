"""What clients send is bounded while it arrives, and no body can break anything."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI, Request
from httpx import ASGITransport, AsyncClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Scope

from matinee.core import bodies
from matinee.core.bodies import MOST_LEVELS, MOST_VALUES, check_shape
from matinee.core.errors import ValidationFailed, install_error_handlers
from matinee.core.routing import UploadRoute, api_router, install_routes
from matinee.core.schema import Input, Int4, Line, Number

JSON = {"content-type": "application/json"}


class Wish(Input):
    name: Line
    price: Int4 = 1
    score: Number = 0
    parts: list[int] = []


router = api_router("", tag="test")
uploads = api_router("", tag="test", route_class=UploadRoute)


@router.post("/wish")
async def wish(body: Wish) -> int:
    return body.price


@router.post("/stream")
async def stream(request: Request) -> int:
    return sum([len(piece) async for piece in request.stream()])


@uploads.post("/upload")
async def upload(request: Request) -> int:
    return sum([len(piece) async for piece in request.stream()])


@router.get("/ignores-bodies")
async def ignores_bodies() -> int:
    return 0


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    install_error_handlers(app)
    install_routes(app, [router, uploads], most_bytes=100_000, most_upload_bytes=500_000)
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app=app)
    async with AsyncClient(
        transport=transport, base_url="http://testserver/api/v1", headers=JSON
    ) as client:
        yield client


async def pieces(size: int) -> AsyncIterator[bytes]:
    """A body without a declared length."""
    for start in range(0, size, 1000):
        yield b" " * min(1000, size - start)


@pytest.mark.parametrize("path", ["/wish", "/stream"])
@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_that_is_too_long_is_refused(
    client: AsyncClient, path: str, declared: bool
) -> None:
    content = b" " * 100_001 if declared else pieces(100_001)
    answer = await client.post(path, content=content)

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_as_long_as_allowed_is_read(client: AsyncClient, declared: bool) -> None:
    content = b" " * 100_000 if declared else pieces(100_000)

    assert (await client.post("/stream", content=content)).json() == 100_000


async def test_an_upload_may_be_longer(client: AsyncClient) -> None:
    assert (await client.post("/upload", content=pieces(500_000))).json() == 500_000


async def test_an_upload_is_bounded_too(client: AsyncClient) -> None:
    assert (await client.post("/upload", content=pieces(500_001))).status_code == 413


async def test_a_declared_length_that_is_none_does_not_help(app: FastAPI) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b" " * 50_000, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope(content_length=b"-1"), receive, send)

    assert sent[0]["status"] == 413


@pytest.mark.parametrize("path", ["/wish", "/upload"])
async def test_a_body_that_stops_to_come_is_given_up(
    client: AsyncClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stopping() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    monkeypatch.setattr(bodies, "SILENT_SECONDS", 0.01)
    answer = await client.post(path, content=stopping())

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "request_cut_off")


async def test_a_client_that_goes_away_in_the_middle_is_no_error_of_ours(app: FastAPI) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope(content_length=b"100"), receive, send)

    assert sent[0]["status"] == 400


def scope(*, content_length: bytes) -> Scope:
    return {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/wish",
        "raw_path": b"/api/v1/wish",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", content_length)],
    }


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("APPLICATION/JSON", 200),
        ("application/merge-patch+json", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("image/svg+json", 415),
        ("", 415),
    ],
)
async def test_only_json_is_taken_for_json(
    client: AsyncClient, content_type: str, status: int
) -> None:
    headers = {"content-type": content_type}
    answer = await client.post("/wish", content=b'{"name": "M"}', headers=headers)

    assert answer.status_code == status


HOSTILE = {
    "nothing": b"",
    "half": b'{"name": "M"',
    "trailing comma": b'{"name": "M",}',
    "two documents": b'{"name": "M"}{"name": "M"}',
    "NaN": b'{"name": "M", "score": NaN}',
    "infinity": b'{"name": "M", "score": Infinity}',
    "1e999": b'{"name": "M", "score": 1e999}',
    "huge integer": b'{"name": "M", "price": 99999999999999999999}',
    "long integer": b'{"name": "M", "price": ' + b"9" * 6000 + b"}",
    "above int4": b'{"name": "M", "price": 2147483648}',
    "negative": b'{"name": "M", "price": -1}',
    "fraction": b'{"name": "M", "price": 1.5}',
    "true for a number": b'{"name": "M", "price": true}',
    "NUL": b'{"name": "a\\u0000b"}',
    "lone surrogate": b'{"name": "\\ud800"}',
    "bad UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "M"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"name": "M"}',
    "deep array": b"[" * 50_000,
    "deep object": b'{"a":' * 10_000,
    "closed deep array": b"[" * 40_000 + b"]" * 40_000,
    "rather deep": b'{"name": "M", "parts": ' + b"[" * 500 + b"]" * 500 + b"}",
    "many values": b'{"name": "M", "parts": [' + b"0," * 40_000 + b"0]}",
    "many wrong values": b'{"name": "M", "parts": [' + b'"x",' * 19_000 + b'"x"]}',
    "many fields": json.dumps({f"f{n}": n for n in range(5000)}).encode(),
    "a list": b"[]",
    "a string": b'"name"',
    "null": b"null",
    "control character": b'{"name": "a\x01b"}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=list(HOSTILE))
async def test_a_hostile_body_is_refused_and_breaks_nothing(
    client: AsyncClient, body: bytes
) -> None:
    answer = await client.post("/wish", content=body)

    assert answer.status_code in (400, 413, 422)
    assert answer.json()["error"]["code"] in (
        "malformed_json",
        "validation_failed",
        "unknown_field",
    )


@given(st.binary(max_size=300))
async def test_any_bytes_are_answered_without_an_error_of_ours(body: bytes) -> None:
    app = FastAPI()
    install_error_handlers(app)
    install_routes(app, [router], most_bytes=100_000, most_upload_bytes=500_000)
    async with AsyncClient(
        transport=ASGITransport(app=app), base_url="http://testserver/api/v1", headers=JSON
    ) as client:
        assert (await client.post("/wish", content=body)).status_code < 500


async def test_a_route_without_a_body_ignores_one(client: AsyncClient) -> None:
    answer = await client.request("GET", "/ignores-bodies", content=b"not json")

    assert answer.status_code == 200


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


def test_nesting_as_deep_as_allowed_passes() -> None:
    check_shape(nested(MOST_LEVELS - 1))


def test_nesting_deeper_than_allowed_does_not() -> None:
    with pytest.raises(ValidationFailed):
        check_shape(nested(MOST_LEVELS))


def test_values_are_counted_on_all_levels_together() -> None:
    half = {str(n): n for n in range(MOST_VALUES // 2)}

    check_shape(half)
    with pytest.raises(ValidationFailed):
        check_shape([half, half])
