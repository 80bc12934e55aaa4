"""What clients may keep: nothing unless a route says so, and then until it changes."""

from collections.abc import AsyncIterator

import pytest
from fastapi import Depends, FastAPI, Request, Response
from httpx import ASGITransport, AsyncClient
from starlette.middleware import Middleware
from starlette.responses import StreamingResponse

from matinee.core.caching import RevalidationMiddleware, matches, respond, revalidated
from matinee.core.compression import CompressionMiddleware
from matinee.core.encoded import Encoded
from matinee.core.errors import NotFound, install_error_handlers
from matinee.core.routing import api_router, install_routes

catalogue = api_router("/catalogue", tag="test", dependencies=[Depends(revalidated)])
personal = api_router("/me", tag="test")
shown = {"name": "Metropolis"}


@catalogue.get("/title")
async def title() -> dict[str, str]:
    return shown


@catalogue.get("/missing")
async def missing() -> str:
    raise NotFound


@catalogue.post("/title")
async def change() -> dict[str, str]:
    return shown


@catalogue.get("/stream")
async def stream() -> Response:
    headers = {"Cache-Control": "private, no-cache"}
    return StreamingResponse(iter([b"a", b"b"]), headers=headers)


@catalogue.get("/encoded")
async def encoded(request: Request) -> Response:
    return respond(request, Encoded.of_bytes(b'"' + b"x" * 5000 + b'"'))


@personal.get("/session")
async def session() -> str:
    return "secret"


@personal.get("/versioned")
async def versioned(response: Response) -> str:
    response.headers["ETag"] = '"3"'
    return "secret"


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    app = FastAPI(
        middleware=[Middleware(CompressionMiddleware), Middleware(RevalidationMiddleware)]
    )
    install_error_handlers(app)
    install_routes(app, [catalogue, personal], most_bytes=1000, most_upload_bytes=1000)
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://testserver/api/v1") as client:
        yield client


@pytest.fixture(autouse=True)
def _unchanged() -> None:
    shown["name"] = "Metropolis"


@pytest.mark.parametrize("path", ["/me/session", "/me/versioned"])
async def test_an_answer_that_says_nothing_may_not_be_kept(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).headers["cache-control"] == "private, no-store"


async def test_what_may_not_be_kept_is_never_answered_with_304(client: AsyncClient) -> None:
    answer = await client.get("/me/versioned", headers={"If-None-Match": '"3"'})

    assert answer.status_code == 200


async def test_public_answers_may_be_kept_by_all_for_a_moment(client: AsyncClient) -> None:
    assert (await client.get("/catalogue/title")).headers["cache-control"] == "public, max-age=30"


@pytest.mark.parametrize("header", ["Authorization", "Cookie"])
async def test_who_shows_a_credential_keeps_the_answer_for_himself(
    client: AsyncClient, header: str
) -> None:
    answer = await client.get("/catalogue/title", headers={header: "x"})

    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("path", ["/catalogue/title", "/catalogue/encoded"])
async def test_caches_know_what_an_answer_depends_on(client: AsyncClient, path: str) -> None:
    vary = (await client.get(path)).headers["vary"]

    assert {"Authorization", "Cookie", "Accept-Language"} <= set(vary.split(", "))


@pytest.mark.parametrize("path", ["/catalogue/title", "/catalogue/encoded"])
async def test_who_has_the_answer_already_gets_304_without_a_body(
    client: AsyncClient, path: str
) -> None:
    first = await client.get(path)
    again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == first.headers["cache-control"]
    assert "content-type" not in again.headers


async def test_a_changed_answer_comes_whole(client: AsyncClient) -> None:
    first = await client.get("/catalogue/title")
    shown["name"] = "Nosferatu"
    again = await client.get("/catalogue/title", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.json()) == (200, {"name": "Nosferatu"})


async def test_the_same_content_has_one_etag_in_every_coding(client: AsyncClient) -> None:
    etags = {
        (await client.get("/catalogue/encoded", headers={"Accept-Encoding": coding})).headers[
            "etag"
        ]
        for coding in ("identity", "gzip", "zstd")
    }

    assert len(etags) == 1


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_an_encoded_answer_travels_as_it_is(client: AsyncClient, coding: str) -> None:
    async with client.stream(
        "GET", "/catalogue/encoded", headers={"Accept-Encoding": coding}
    ) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])

    expected = getattr(Encoded.of_bytes(b'"' + b"x" * 5000 + b'"'), coding)
    assert (answer.headers["content-encoding"], raw) == (coding, expected)


@pytest.mark.parametrize(("method", "path"), [("POST", "/title"), ("GET", "/missing")])
async def test_only_successful_reads_have_an_etag(
    client: AsyncClient, method: str, path: str
) -> None:
    assert "etag" not in (await client.request(method, f"/catalogue{path}")).headers


async def test_a_failure_may_not_be_kept(client: AsyncClient) -> None:
    assert (await client.get("/catalogue/missing")).headers["cache-control"] == "no-store"


async def test_a_stream_is_passed_on_piece_by_piece(client: AsyncClient) -> None:
    answer = await client.get("/catalogue/stream")

    assert (answer.content, "etag" in answer.headers) == (b"ab", False)


@pytest.mark.parametrize(
    ("if_none_match", "same"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", W/"a"', True),
        ('"b","a"', True),
        ("*", True),
        ('"b"', False),
        ("a", False),
        ('"a', False),
        ("", False),
        (None, False),
    ],
)
def test_etags_are_compared_weakly(if_none_match: str | None, same: bool) -> None:
    assert matches(if_none_match, 'W/"a"') is matches(if_none_match, '"a"') is same
