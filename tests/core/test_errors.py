"""Whatever goes wrong becomes one shape with a stable code, and never shows more than it should."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

import asyncpg
import pytest
from fastapi import FastAPI, Query
from httpx import ASGITransport, AsyncClient
from starlette.middleware import Middleware

from matinee.core.database import Database
from matinee.core.errors import (
    Forbidden,
    InternalError,
    NotFound,
    Problem,
    RateLimited,
    from_sqlstate,
    install_error_handlers,
    problem_of,
    problems,
)
from matinee.core.middleware import RequestMiddleware
from matinee.core.routing import api_router, install_routes
from matinee.core.schema import Input, Int4, Line, Output
from matinee.core.telemetry import Metrics


class GateClosed(Forbidden):
    """The gate is closed."""


class Wish(Input):
    name: Line
    count: Int4 = 1
    colour: Literal["red", "blue"] = "red"


class Answer(Output):
    name: str


router = api_router("", tag="test")


@router.post("/wish")
async def wish(body: Wish) -> Answer:
    return Answer(name=body.name)


@router.get("/page")
async def page(page: Annotated[int, Query(ge=1, le=10)] = 1) -> int:
    return page


@router.get("/gate")
async def gate() -> int:
    raise GateClosed("door", opens_at="09:00")


@router.get("/bug")
async def bug() -> int:
    raise RuntimeError("password=hunter2")


@router.get("/gone")
async def gone() -> int:
    raise ConnectionRefusedError


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    app = FastAPI(middleware=[Middleware(RequestMiddleware, metrics=Metrics())])
    install_error_handlers(app)
    install_routes(app, [router], most_bytes=100_000, most_upload_bytes=100_000)
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://testserver/api/v1") as client:
        yield client


def test_the_code_is_the_name_and_the_message_is_the_docstring() -> None:
    assert (GateClosed.code, GateClosed.message) == ("gate_closed", "The gate is closed.")


def test_every_code_is_in_the_catalogue() -> None:
    assert Problem.catalogue["gate_closed"] is GateClosed


def test_a_route_documents_each_code_under_its_status() -> None:
    documented = problems(GateClosed, Forbidden, NotFound)

    assert documented[403]["description"] == "`gate_closed`, `forbidden`"
    assert set(documented) == {403, 404}


async def test_a_problem_becomes_the_envelope(client: AsyncClient) -> None:
    answer = await client.get("/gate", headers={"X-Request-ID": "my-request"})

    assert answer.status_code == 403
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "error": {
            "code": "gate_closed",
            "message": "The gate is closed.",
            "field": "door",
            "request_id": "my-request",
            "details": {"opens_at": "09:00"},
        }
    }


async def test_on_request_it_is_a_problem_document(client: AsyncClient) -> None:
    answer = await client.get("/gate", headers={"Accept": "application/problem+json"})

    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "field", "details"} <= set(answer.json())


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("DELETE", "/gate", 405, "method_not_allowed"),
        ("GET", "/bug", 500, "internal_error"),
        ("GET", "/gone", 503, "unavailable"),
        ("GET", "/page?page=0", 422, "validation_failed"),
        ("GET", "/page?page=99999999999999999999999", 422, "validation_failed"),
        ("GET", "/page?pgae=1", 422, "unknown_field"),
    ],
)
async def test_every_kind_of_failure_has_the_envelope(
    client: AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert error["request_id"] == answer.headers["x-request-id"]


async def test_a_bug_shows_nothing_of_itself(client: AsyncClient) -> None:
    assert "hunter2" not in (await client.get("/bug")).text


async def test_a_misspelt_parameter_is_answered_with_the_right_ones(client: AsyncClient) -> None:
    error = (await client.get("/page?pgae=1")).json()["error"]

    assert (error["field"], error["details"]["allowed"]) == ("pgae", ["page"])


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "validation_failed", "name"),
        ({"name": "M", "nmae": "M"}, "unknown_field", "nmae"),
        ({"name": "M", "colour": "green"}, "invalid_value", "colour"),
        ({"name": ["M"]}, "validation_failed", "name"),
        ({"name": "M", "count": True}, "validation_failed", "count"),
        ({"name": "M", "count": 2**31}, "validation_failed", "count"),
        ({"name": "M", "count": -1}, "validation_failed", "count"),
        ({"name": "a\0b"}, "validation_failed", "name"),
        ({"name": "x" * 201}, "validation_failed", "name"),
        ([], "validation_failed", None),
        (None, "validation_failed", None),
    ],
)
async def test_a_body_of_the_wrong_form_names_the_field(
    client: AsyncClient, body: object, code: str, field: str | None
) -> None:
    answer = await client.post("/wish", json=body)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, code, field)


async def test_all_complaints_are_listed(client: AsyncClient) -> None:
    error = (await client.post("/wish", json={"count": -1, "more": 1})).json()["error"]

    assert {item["field"] for item in error["details"]["errors"]} == {"name", "count", "more"}


async def test_hostile_names_of_fields_come_back_readable_and_short(client: AsyncClient) -> None:
    answer = await client.post("/wish", json={"name": "M", "\0" + "x" * 5000: 1})

    assert answer.status_code == 422
    assert len(answer.json()["error"]["field"]) <= 200


def test_waiting_times_are_whole_seconds_and_at_least_one() -> None:
    waits = [RateLimited(seconds).headers["Retry-After"] for seconds in (0.0, 0.2, 1.0, 1.001)]

    assert waits == ["1", "1", "1", "2"]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("22001", "invalid_value"),
        ("22003", "invalid_value"),
        ("22P02", "invalid_value"),
        ("54000", "invalid_value"),
        ("23505", "conflict"),
        ("23503", "rule_violated"),
        ("23514", "rule_violated"),
        ("23P01", "rule_violated"),
        ("23502", "rule_violated"),
        ("40001", "busy"),
        ("40P01", "busy"),
        ("55P03", "busy"),
        ("57014", "timeout"),
        ("25P03", "timeout"),
        ("08006", "unavailable"),
        ("53300", "unavailable"),
        ("57P01", "unavailable"),
        ("25006", "unavailable"),
        ("42601", "internal_error"),
        ("42P01", "internal_error"),
        ("XX000", "internal_error"),
    ],
)
def test_each_class_of_sqlstate_has_its_code(state: str, code: str) -> None:
    error = asyncpg.PostgresError.new({"C": state, "M": "message", "S": "ERROR"})

    assert from_sqlstate(error).code == code


@pytest.mark.parametrize(
    ("sql", "arguments", "code"),
    [
        ("SELECT $1::int", ["not a number"], "invalid_value"),
        ("SELECT $1::int", [2**40], "invalid_value"),
        ("SELECT $1::text", ["a\0b"], "invalid_value"),
        ("SELECT $1::text", ["\ud800"], "invalid_value"),
        ("SELECT $1::timestamptz", ["yesterday"], "invalid_value"),
        ("SELECT 1 / 0", [], "invalid_value"),
        ("INSERT INTO genres VALUES ('drama', 'Drama'), ('drama', 'Drama')", [], "conflict"),
        ("SELECT * FROM nowhere", [], "internal_error"),
    ],
)
async def test_what_postgresql_and_its_driver_refuse_is_recognised(
    database_url: str, sql: str, arguments: list[object], code: str
) -> None:
    database = Database(database_url)
    await database.open()
    try:
        async with database.write() as tx:
            connection = await tx.connection()
            await connection.fetch(sql, *arguments)
    except Exception as error:
        problem = problem_of(error)
    finally:
        await database.close()

    assert problem.code == code


def test_an_unknown_error_is_ours() -> None:
    assert isinstance(problem_of(KeyError("x")), InternalError)
