"""Paths and methods that nobody asks for by accident."""

from uuid import UUID, uuid1

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import AsyncClient

from tests.fuzzing import check_answer, refusal
from tests.walking import address_of, asker_of, method_of, required_query, routes_of
from tests.world import World

pytestmark = pytest.mark.usefixtures("unchanged")

NOWHERE = [
    "/", "//", "/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/me", "/API/V1/ME", "/api/v1/ME",
    "/api/v1//me", "//api/v1/me", "/api/v1/me/", "/api/v1/me//",
    "/api/v1/%2e%2e/v1/me", "/api/v1/me%2f", "/api/v1/me%00", "/api/v1/me%20",
    "/api/v1/me;x=1", "/api/v1/me%3f", "/api/v1/me%0d%0aX: y", "/%00", "/%ff%fe", "/%ed%a0%80",
    "/etc/passwd", "/..%2f..%2fetc%2fpasswd", "/api/docs/..%2f..%2fpyproject.toml", "/api/docs/%00",
    "/api/docs/%2e%2e", "/api/docs/api_docs.html", "/api/docs/", "/" + "x" * 60_000, "/x" * 20_000,
    "/api/v1/catalog/avatars/..%2fgallery.py.svg", "/api/v1/catalog/avatars/%00.svg",
    "/api/v1/catalog/avatars/.svg", "/api/v1/catalog/avatars/index.json", "/.git/config",
    "/api/v1/catalog/avatars/%2e%2e%2findex.json.svg", "/%E2%80%AEem/1v/ipa", "/metrics/",
    "/livez%00",
]  # fmt: skip


async def test_there_is_nothing_at_an_address_that_is_almost_right(
    client: AsyncClient, world: World, subtests: pytest.Subtests
) -> None:
    for path in NOWHERE:
        with subtests.test(path[:40]):
            answer = await client.get(f"http://testserver{path}", headers=world.headers["admin"])
            assert refusal(answer) == (404, "not_found")


IDS = {
    "nil": (str(UUID(int=0)), 404),
    "all ones": (str(UUID(int=2**128 - 1)), 404),
    "of another kind": (str(uuid1()), 404),
    "upper case": (str(uuid1()).upper(), 404),
    "number": ("1", 422),
    "negative": ("-1", 422),
    "NUL": ("%00", 422),
    "dots": ("..%5c..", 422),
    "too long": (f"{uuid1()}0", 422),
    "very long": ("0" * 20_000, 422),
    "SQL": ("1'%20OR%20'1'='1", 422),
    "template": ("{{7*7}}", 422),
    "other digits": ("%D9%A3", 422),
    "right to left": ("%E2%80%AE", 422),
    "invalid UTF-8": ("%ff", 422),
}


async def test_an_identifier_of_nothing_is_not_found_and_what_is_none_is_refused(
    app: FastAPI, client: AsyncClient, world: World, subtests: pytest.Subtests
) -> None:
    of_uuids = [route for route in routes_of(app) if method_of(route) == "GET" and has_uuid(route)]
    assert len(of_uuids) > 10
    for name, (identifier, status) in IDS.items():
        with subtests.test(name):
            for route in of_uuids:
                address = address_of(route, dict.fromkeys(world.ids, identifier))
                answer = await client.get(
                    f"http://testserver{address}", headers=world.headers[asker_of(route)]
                )
                check_answer(answer)
                assert answer.status_code == status, route.path


def has_uuid(route: APIRoute) -> bool:
    """Whether an address is that of something with a UUID."""
    return any(
        f"{{{name}_id}}" in route.path
        for name in "user profile title season episode person collection import".split()
    )


async def test_a_method_that_an_address_does_not_take_is_refused(
    app: FastAPI, client: AsyncClient, world: World
) -> None:
    taken: dict[str, set[str]] = {}
    for route in routes_of(app):
        taken.setdefault(address_of(route, world.ids), set()).add(method_of(route))
    methods = "GET POST PUT PATCH DELETE OPTIONS TRACE CONNECT PROPFIND QUERY x".split()
    for name in ("completeness", "completeness.csv", "import"):  # these could be titles, too
        del taken[f"/api/v1/admin/titles/{name}"]
    for name in ("number", "status", "import"):
        del taken[f"/api/v1/admin/channels/{name}"]
    for address, allowed in taken.items():
        for method in set(methods) - allowed:
            answer = await client.request(method, address, headers=world.headers["admin"])
            check_answer(answer)
            assert (answer.status_code, method) == (405, method), address
            told = set(answer.headers["allow"].split(", "))
            assert told - {"HEAD"} == allowed


async def test_head_is_answered_like_get_without_the_body(
    app: FastAPI, client: AsyncClient, world: World
) -> None:
    for route in routes_of(app):
        if method_of(route) == "GET":
            headers = world.headers[asker_of(route)]
            address = f"{address_of(route, world.ids)}?{required_query(app, route, world.ids)}"
            head = await client.head(address, headers=headers)
            got = await client.get(address, headers=headers)
            wanted = 401 if route.path.startswith("/api/v1/export/") else 200
            assert head.status_code == got.status_code == wanted, route.path
            assert head.headers["content-type"] == got.headers["content-type"]
