"""The index finds what FastAPI would have found, and is strict about what it is asked."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI, Path, Query
from httpx import ASGITransport, AsyncClient, Response
from pydantic import BaseModel

from matinee.core.errors import install_error_handlers
from matinee.core.routing import api_router, install_routes

ROUTES = [
    ("GET", "/titles"),
    ("POST", "/titles"),
    ("POST", "/titles/import"),
    ("GET", "/titles/{title_id}"),
    ("PUT", "/titles/{title_id}"),
    ("GET", "/titles/{title_id}/seasons"),
    ("GET", "/titles/{title_id}/seasons/{number}"),
    ("DELETE", "/titles/featured/seasons/{number}"),
    ("GET", "/people/{person_id}"),
    ("GET", "/files/{path:path}"),
    ("GET", "/me"),
]

PATHS = [
    "/titles",
    "/titles/",
    "/titles/42",
    "/titles/import",
    "/titles/import/",
    "/titles//seasons",
    "/titles/42/seasons",
    "/titles/42/seasons/3",
    "/titles/featured/seasons/3",
    "/titles/featured/seasons",
    "/titles/42/seasons/3/episodes",
    "/people/7",
    "/people",
    "/files/a/b/c.png",
    "/files/",
    "/me",
    "/ME",
    "//me",
    "/me/you",
    "/titles/%2e%2e/seasons",
    "/titles/a%2Fb",
    "/titles/ä",
    "/nowhere",
    "/",
]


def make_router() -> APIRouter:
    router = api_router("", tag="test")
    for method, path in ROUTES:
        router.add_api_route(path, _answering(method, path), methods=[method])
    return router


def _answering(method: str, path: str) -> Any:
    async def endpoint() -> str:
        return f"{method} {path}"

    return endpoint


def make_app(*, indexed: bool) -> FastAPI:
    app = FastAPI(redirect_slashes=False, openapi_url=None, docs_url=None, redoc_url=None)
    install_error_handlers(app)
    if indexed:
        install_routes(app, [make_router()], most_bytes=1000, most_upload_bytes=1000)
    else:
        app.router.routes.extend(make_router().routes)
    return app


async def ask(app: FastAPI, method: str, path: str) -> Response:
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.request(method, f"/api/v1{path}")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_the_index_answers_like_fastapi_itself(method: str, path: str) -> None:
    walked = await ask(make_app(indexed=False), method, path)
    indexed = await ask(make_app(indexed=True), method, path)

    assert (indexed.status_code, indexed.json()) == (walked.status_code, walked.json())


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/titles", "GET, HEAD, POST"),
        ("/titles/import", "GET, HEAD, POST, PUT"),
        ("/titles/featured/seasons/3", "DELETE, GET, HEAD"),
        ("/me", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(path: str, allowed: str) -> None:
    answer = await ask(make_app(indexed=True), "PATCH", path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


async def test_head_is_answered_like_get() -> None:
    head = await ask(make_app(indexed=True), "HEAD", "/me")
    get = await ask(make_app(indexed=True), "GET", "/me")

    assert (head.status_code, head.headers) == (200, get.headers)


def test_two_routes_for_the_same_are_a_mistake() -> None:
    router = api_router("", tag="test")
    router.add_api_route("/a/{x}", _answering("GET", "x"), methods=["GET"])
    router.add_api_route("/a/{y}", _answering("GET", "y"), methods=["GET"])
    with pytest.raises(ValueError):
        install_routes(FastAPI(), [router], most_bytes=1, most_upload_bytes=1)


class Filters(BaseModel):
    genre: str | None = None
    year_from: int | None = None


router = api_router("/strict", tag="test")


@router.get("/plain/{name}")
async def plain(
    name: Annotated[str, Path()], size: int = 1, kinds: Annotated[list[str] | None, Query()] = None
) -> dict[str, object]:
    return {"name": name, "size": size, "kinds": kinds}


@router.get("/model")
async def model(wish: Annotated[Filters, Query()]) -> dict[str, object]:
    return wish.model_dump()


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    install_error_handlers(app)
    install_routes(app, [router], most_bytes=1000, most_upload_bytes=1000)
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://testserver/api/v1/strict") as c:
        yield c


@pytest.mark.parametrize(
    "path",
    ["/plain/x?size=2", "/plain/x?kinds=a&kinds=b", "/model?genre=drama&year_from=1920", "/model"],
)
async def test_known_parameters_pass(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize("path", ["/plain/x?sise=2", "/plain/x?name=y", "/model?gnere=drama"])
async def test_unknown_parameters_are_refused(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 422
