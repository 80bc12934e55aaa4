"""The API document is complete, true and checked in (D-04)."""

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import SecretStr

from matinee.core.openapi import operations
from matinee.core.settings import Settings
from matinee.main import create_app

CHECKED_IN = Path(__file__).parents[1] / "docs" / "openapi.json"

APP = create_app(Settings(environment="test", database_url=SecretStr("postgresql://nowhere")))
DOCUMENT = APP.openapi()
OPERATIONS = list(operations(DOCUMENT))

each = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one["operationId"])


def routes(app: FastAPI) -> list[APIRoute]:
    return [route for route in app.routes if isinstance(route, APIRoute)]


def test_the_checked_in_document_is_the_one_the_code_makes() -> None:
    assert orjson.loads(CHECKED_IN.read_bytes()) == DOCUMENT, "run `matinee openapi`"


def test_operation_ids_are_unique() -> None:
    counted = Counter(operation["operationId"] for operation in OPERATIONS)
    assert [name for name, count in counted.items() if count > 1] == []


def test_an_operation_is_named_after_its_function() -> None:
    functions = {route.endpoint.__name__ for route in routes(APP) if route.include_in_schema}
    assert {operation["operationId"] for operation in OPERATIONS} == functions


def test_everything_but_health_lives_under_one_prefix() -> None:
    outside = {path for path in DOCUMENT["paths"] if not path.startswith("/api/v1/")}
    assert outside == {"/livez", "/readyz", "/metrics"}


@each
def test_an_operation_has_summary_and_description(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]


@each
def test_an_operation_shows_an_example_answer(operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        for media in answer.get("content", {}).values():
            if status < "300" and media.get("schema"):
                assert "example" in media or "examples" in media, status


@each
def test_an_operation_shows_an_example_request(operation: dict[str, Any]) -> None:
    for media in operation.get("requestBody", {}).get("content", {}).values():
        assert "example" in media or "examples" in media


@each
def test_an_operation_names_its_errors_with_examples(operation: dict[str, Any]) -> None:
    errors = {status: one for status, one in operation["responses"].items() if status >= "400"}
    assert errors
    for answer in errors.values():
        assert answer["content"]["application/json"]["examples"]


@each
def test_parameters_are_described(operation: dict[str, Any]) -> None:
    plain = [
        parameter["name"]
        for parameter in operation.get("parameters", ())
        if not parameter.get("description") and not parameter["schema"].get("title")
    ]
    assert plain == []


def test_every_route_says_what_it_returns() -> None:
    silent = [route.name for route in routes(APP) if "return" not in route.endpoint.__annotations__]
    assert silent == []
