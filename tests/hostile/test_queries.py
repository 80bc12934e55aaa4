"""Queries and cursors that nobody sends by accident."""

import base64
import json
from itertools import product
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import AsyncClient, Response

from tests.fuzzing import check_answer, refusal
from tests.walking import address_of, asker_of, method_of, required_query, routes_of
from tests.world import World

pytestmark = pytest.mark.usefixtures("unchanged")

TITLES = "/api/v1/catalog/titles"


def lists(app: FastAPI) -> list[APIRoute]:
    """Every route that reads and is asked by a GET."""
    return [route for route in routes_of(app) if method_of(route) == "GET"]


def is_paged(route: APIRoute, document: dict[str, Any]) -> bool:
    """Whether a route has a cursor."""
    operation = document["paths"][route.path]["get"]
    return any(one["name"] == "cursor" for one in operation.get("parameters", ()))


async def ask(client: AsyncClient, world: World, route: APIRoute, query: str) -> Response:
    """A GET with the query as it is."""
    return await client.get(
        f"{address_of(route, world.ids)}?{query}",
        headers=world.headers[asker_of(route)],
    )


UNKNOWN = {
    "one name": "nobody=knows",
    "no value": "nobody",
    "no name": "=x",
    "NUL": "%00=%00",
    "invalid UTF-8": "%ff%fe=%ff",
    "surrogate": "%ed%a0%80=1",
    "broken escapes": "%=1&%z=1&%u0000=1",
    "brackets": "page[]=1",
    "another case": "PAGE=1",
    "hundreds": "&".join(f"name{n}=1" for n in range(500)),
    "very long": "x" * 60_000 + "=1",
    "right to left": "%E2%80%AEegap=1",
}


async def test_an_unknown_parameter_is_refused_everywhere(
    app: FastAPI, client: AsyncClient, world: World, subtests: pytest.Subtests
) -> None:
    for name, query in UNKNOWN.items():
        with subtests.test(name):
            for route in routes_of(app):
                answer = await client.request(
                    method_of(route),
                    f"{address_of(route, world.ids)}?{query}",
                    headers=world.headers[asker_of(route)],
                )
                assert refusal(answer) == (422, "unknown_field"), route.name
                assert len(answer.content) < 3000


HOSTILE_VALUES = [
    "", "%00", "%ff", "%ed%a0%80", "-1", "0", "1e3", "NaN", "true", "null", "9" * 400,
    "1000000000000", "%27%22%3B--", "%25%25%5F%5C", "%F0%9F%98%88", "%E2%80%AE%E2%80%8B",
    "0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59", "%7B%7D", "x" * 9_000,
    "..%2F..%2Fetc%2Fpasswd", "%0D%0ASet-Cookie:%20x=1",
]  # fmt: skip


async def test_any_value_of_any_parameter_gets_an_answer(
    app: FastAPI, client: AsyncClient, world: World
) -> None:
    document = app.openapi()
    for route in lists(app):
        for parameter in document["paths"][route.path]["get"].get("parameters", ()):
            if parameter["in"] == "query":
                for value in HOSTILE_VALUES:
                    answer = await ask(client, world, route, f"{parameter['name']}={value}")
                    check_answer(answer)
                    assert "set-cookie" not in answer.headers


OUT_OF_RANGE = {
    "page=1000000000000": "page",
    "page=0": "page",
    "page=-1": "page",
    "page=1e3": "page",
    "page_size=0": "page_size",
    "page_size=101": "page_size",
    "page_size=" + "9" * 4000: "page_size",
    "year_from=99999999999": "year_from",
    "q=" + "x" * 5000: "q",
    "q=a%00b": "q",
    "&".join(["genre=x"] * 500): "genre",
}


async def test_a_value_out_of_range_names_its_parameter(
    client: AsyncClient, world: World, subtests: pytest.Subtests
) -> None:
    for query, field in OUT_OF_RANGE.items():
        with subtests.test(query[:20]):
            answer = await client.get(f"{TITLES}?{query}")
            assert refusal(answer) == (422, "validation_failed")
            assert answer.json()["error"]["field"] == field


PARTS = [
    None, True, "", "\0", "x", "9999-99-99", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00", 0, -1, 2**63 - 1, -(2**63), 1e308, [], {},
    "00000000-0000-0000-0000-000000000000",
]  # fmt: skip


def cursor_of(key: object) -> str:
    """A key wrapped like one of ours."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).rstrip(b"=").decode()


ENDS = [None, "x", PARTS[-1]]
FORGED = [cursor_of([part] * size) for part in PARTS for size in (1, 2, 3, 4, 20)]
FORGED += [cursor_of(list(key)) for key in (*product(PARTS, ENDS), *product(ENDS, PARTS))]


async def test_no_forged_cursor_does_harm(app: FastAPI, client: AsyncClient, world: World) -> None:
    document = app.openapi()
    for route in lists(app):
        if is_paged(route, document):
            for cursor in FORGED:
                query = f"cursor={cursor}&{required_query(app, route, world.ids)}"
                answer = await ask(client, world, route, query)
                check_answer(answer)


NO_CURSORS = [
    "x", "====", "%00", "%F0%9F%98%88", cursor_of({}), cursor_of("x"), cursor_of(1), cursor_of([]),
    base64.urlsafe_b64encode(b"[" * 300).decode(), base64.urlsafe_b64encode(b"\xff").decode(),
]  # fmt: skip


async def test_what_is_no_cursor_is_called_so(
    app: FastAPI, client: AsyncClient, world: World, subtests: pytest.Subtests
) -> None:
    document = app.openapi()
    paged = [route for route in lists(app) if is_paged(route, document)]
    assert len(paged) > 10
    for cursor in NO_CURSORS:
        with subtests.test(cursor[:20]):
            for route in paged:
                query = f"cursor={cursor}&{required_query(app, route, world.ids)}"
                answer = await ask(client, world, route, query)
                assert refusal(answer) == (400, "bad_cursor"), route.name
