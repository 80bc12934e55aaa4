"""Requests made up from the API document, and what must be true of any answer to them."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import httpx
import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.schemas import APIOperation

from matinee.core.errors import ErrorBody, Problem

BASE_URL = "http://testserver"


@schemathesis.serializer("application/x-ndjson", "text/csv", "application/gzip", "audio/x-mpegurl")
def as_it_is(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """Files are sent as they were made up."""
    return value if isinstance(value, bytes) else str(value).encode()


def operations_of(document: dict[str, Any]) -> list[APIOperation]:
    """Every operation; those that end something come last, so that the others find it."""
    schema = schemathesis.openapi.from_dict(document)
    return sorted((result.ok() for result in schema.get_all_operations()), key=_ends_something)


def _ends_something(operation: APIOperation) -> int:
    """0: nothing; 1: a thing, or what may be done without a PIN; 2: the session."""
    if operation.path.endswith("/logout"):
        return 2
    return int(operation.method == "delete" or operation.path.endswith("/pin"))


def boundary_cases(operation: APIOperation) -> list[Case]:
    """Each parameter and field at and beyond its limits, missing, twice and of other types."""
    schema = operation.schema
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of patterns that schemathesis only approximates
        return list(
            schema.iter_coverage_cases(
                operation,
                generation_modes=list(GenerationMode),
                generation_config=schema.config.generation_for(operation=operation),
            )
        )


def random_cases(operation: APIOperation, count: int) -> list[Case]:
    """So many cases that are right and so many that are wrong, the same ones in every run."""
    return [case for mode in GenerationMode for case in _drawn(operation, mode, count)]


def _drawn(operation: APIOperation, mode: GenerationMode, count: int) -> list[Case]:
    cases: list[Case] = []

    @hypothesis.settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(operation.as_strategy(generation_mode=mode))
    def draw(case: Case) -> None:
        cases.append(case)

    try:
        draw()
    except Unsatisfiable:  # nothing can be wrong with an operation without input
        assert mode is GenerationMode.NEGATIVE
    return cases


def requests_of(
    cases: Iterable[Case], existing: Mapping[str, UUID | str]
) -> Iterator[httpx.Request]:
    """The cases on the wire; those that HTTP itself could not carry are left out.

    Three of four are aimed at things that exist, given by the names of path parameters.
    """
    for number, case in enumerate(cases):
        if number % 4:
            _aim(case, existing)
        try:
            made = requests.Request(**case.as_transport_kwargs(BASE_URL)).prepare()
            yield httpx.Request(
                str(made.method), str(made.url), headers=_raw(made.headers), content=made.body
            )
        except (requests.RequestException, httpx.InvalidURL, UnicodeEncodeError):
            continue


def _aim(case: Case, existing: Mapping[str, UUID | str]) -> None:
    """Change path and version of a case that is about something else."""
    about = case.meta.phase.data.parameter_location if case.meta else None
    if about is not ParameterLocation.PATH:
        case.path_parameters = {
            name: str(existing.get(name, value)) for name, value in case.path_parameters.items()
        }
    if about is not ParameterLocation.HEADER:
        case.headers.pop("If-Match", None)


def _raw(headers: Mapping[str, str | bytes]) -> list[tuple[bytes, bytes]]:
    return [
        (name.encode("latin-1"), value if isinstance(value, bytes) else value.encode("latin-1"))
        for name, value in headers.items()
    ]


def sent_by(request: httpx.Request, headers: Mapping[str, str]) -> httpx.Request:
    """The same request with other headers as well."""
    own = _raw({"Accept-Encoding": "identity"} | dict(headers))
    replaced = {name.lower() for name, _ in own}
    kept = [(name, value) for name, value in request.headers.raw if name.lower() not in replaced]
    return httpx.Request(
        request.method, request.url, headers=[*kept, *own], content=request.content
    )


def check_answer(response: httpx.Response) -> None:
    """Fail where an answer breaks a promise that all of them share (C9, C10, D-01)."""
    assert response.status_code < 500, response.text
    assert response.headers["cache-control"]
    assert response.headers["x-request-id"]
    if response.status_code >= 400 and response.request.method != "HEAD":
        assert response.headers["content-type"] == "application/json"
        error = response.json()["error"]
        assert error.keys() == ErrorBody.model_fields.keys()
        assert Problem.catalogue[error["code"]].status == response.status_code
        assert error["request_id"] == response.headers["x-request-id"]


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a proper answer that is no success."""
    check_answer(response)
    return response.status_code, response.json()["error"]["code"]
