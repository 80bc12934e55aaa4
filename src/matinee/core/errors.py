"""How anything that goes wrong becomes one JSON shape with a stable code (C10, D-02)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from matinee.core.context import current_request_id

log = structlog.get_logger(__name__)

FIELD_LIMIT = 200

_QUOTED = re.compile(r"'([^']*)'")


class ErrorBody(BaseModel):
    """What went wrong, for programs (`code`, `field`, `details`) and for people (`message`)."""

    code: str = Field(description="Stable, machine-readable.", examples=["not_found"])
    message: str = Field(description="One English sentence.")
    field: str | None = Field(None, description="Which part of the request, as a dotted path.")
    request_id: str | None = Field(None, description="Quote it when you ask for help.")
    details: dict[str, Any] | None = Field(None, description="Facts that help to go on.")


class ErrorEnvelope(BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorBody


class Problem(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "problem"
    message: ClassVar[str] = "Something went wrong."
    catalogue: ClassVar[dict[str, type["Problem"]]] = {}

    def __init__(
        self,
        field: str | None = None,
        *,
        message: str | None = None,
        headers: Mapping[str, str] | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message or self.message)
        self.field = field
        self.text = message or self.message
        self.headers = dict(headers or {})
        self.details = details or None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.code = _snake_case(cls.__name__)
        cls.message = (cls.__doc__ or "").strip().splitlines()[0]
        if cls.code in Problem.catalogue:
            raise TypeError(f"two problems have the code {cls.code}")
        Problem.catalogue[cls.code] = cls


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class MalformedJson(Problem):
    """The body is not valid JSON."""

    status = 400


class RequestCutOff(Problem):
    """The request broke off before its end."""

    status = 400


class IdempotencyKeyRequired(Problem):
    """This request needs an Idempotency-Key header."""

    status = 400


class BadCursor(Problem):
    """The cursor is not one of ours."""

    status = 400


class NotAuthenticated(Problem):
    """Sign in first."""

    status = 401


class Forbidden(Problem):
    """You may not do this."""

    status = 403


class NotFound(Problem):
    """There is nothing here."""

    status = 404


class MethodNotAllowed(Problem):
    """This address does not take that method."""

    status = 405


class Conflict(Problem):
    """This clashes with what is already there."""

    status = 409


class RequestInProgress(Problem):
    """The same request is still being worked on."""

    status = 409


class VersionConflict(Problem):
    """Somebody changed this in the meantime; read it again."""

    status = 412


class BodyTooLarge(Problem):
    """The body is larger than allowed."""

    status = 413


class UnsupportedMediaType(Problem):
    """Send JSON (Content-Type: application/json)."""

    status = 415


class ValidationFailed(Problem):
    """A value is not of the expected form."""

    status = 422


class UnknownField(Problem):
    """There is no field of that name."""

    status = 422


class InvalidValue(Problem):
    """This value is not allowed here."""

    status = 422


class RuleViolated(Problem):
    """The values contradict each other or a rule of the catalogue."""

    status = 422


class IdempotencyKeyReused(Problem):
    """This Idempotency-Key was used for another request."""

    status = 422


class UrlNotAllowed(Problem):
    """This address may not be fetched."""

    status = 422


class RateLimited(Problem):
    """Too many requests; slow down."""

    status = 429

    def __init__(self, retry_after: float, **details: Any) -> None:
        seconds = max(1, int(-(-retry_after // 1)))
        super().__init__(headers={"Retry-After": str(seconds)}, retry_after=seconds, **details)


class InternalError(Problem):
    """This is our fault; it has been logged."""

    status = 500


class ProviderError(Problem):
    """A service we depend on failed."""

    status = 502


class Unavailable(Problem):
    """The service is not available right now; try again."""

    status = 503


class Busy(Problem):
    """Too many people changed the same thing at once; try again."""

    status = 503


class Timeout(Problem):
    """This took too long and was stopped."""

    status = 503


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that can answer with these problems."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        entry = by_status.setdefault(
            kind.status,
            {"model": ErrorEnvelope, "content": {"application/json": {"examples": {}}}},
        )
        entry["content"]["application/json"]["examples"][kind.code] = {
            "value": {"error": {"code": kind.code, "message": kind.message}}
        }
    for entry in by_status.values():
        codes = entry["content"]["application/json"]["examples"]
        entry["description"] = ", ".join(f"`{code}`" for code in codes)
    return by_status


def from_sqlstate(error: asyncpg.PostgresError) -> Problem:
    """The problem behind an error of PostgreSQL, by its SQLSTATE class."""
    state = error.sqlstate or ""
    constraint = getattr(error, "constraint_name", None)
    if state == "23505":
        return Conflict(constraint=constraint)
    if state.startswith("23"):
        return RuleViolated(constraint=constraint)
    if state.startswith(("22", "54")):
        return InvalidValue()
    if state in ("40001", "40P01", "55P03"):
        return Busy(headers={"Retry-After": "1"})
    if state in ("57014", "25P03", "25P04"):
        return Timeout()
    if state.startswith(("08", "53", "57")) or state == "25006":
        return Unavailable(headers={"Retry-After": "5"})
    return InternalError()


def problem_of(error: BaseException) -> Problem:
    """The problem to show for any exception; unknown ones are ours."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return _from_validation(error)
    if isinstance(error, HTTPException):
        return _from_http_exception(error)
    if isinstance(error, asyncpg.PostgresError):
        return from_sqlstate(error)
    if isinstance(error, ClientDisconnect):
        return RequestCutOff()
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError | OSError):
        return Unavailable(headers={"Retry-After": "5"})
    return InternalError()


def _from_http_exception(error: HTTPException) -> Problem:
    kinds: dict[int, type[Problem]] = {
        400: MalformedJson,
        404: NotFound,
        405: MethodNotAllowed,
        413: BodyTooLarge,
        415: UnsupportedMediaType,
    }
    return kinds.get(error.status_code, InternalError)(headers=error.headers)


def _from_validation(error: RequestValidationError) -> Problem:
    """One problem for the first complaint; all of them go into `details.errors`."""
    complaints = [_complaint(item) for item in error.errors()[:20]]
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return MalformedJson()
    kind: type[Problem] = ValidationFailed
    if first["type"] == "extra_forbidden":
        kind = UnknownField
    elif first["type"] in ("enum", "literal_error", "unknown_value"):
        kind = InvalidValue
    details: dict[str, Any] = {"errors": complaints}
    if allowed := _allowed(first.get("ctx") or {}):
        details["allowed"] = allowed
    return kind(complaints[0]["field"] or None, message=complaints[0]["message"], **details)


def _allowed(context: dict[str, Any]) -> list[str]:
    """The values that would have been right; pydantic names those of a Literal in its text."""
    return context.get("allowed") or _QUOTED.findall(context.get("expected", ""))


def _complaint(item: Any) -> dict[str, str]:
    where = [str(part) for part in item["loc"] if part not in ("body", "query", "path", "header")]
    return {"field": _printable(".".join(where)), "message": _printable(str(item["msg"]))}


def _printable(text: str) -> str:
    """Text that can be encoded, whatever the client sent."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "�")[:FIELD_LIMIT]


def render(problem: Problem, *, accept: str = "") -> Response:
    """The answer for a problem: our envelope, or RFC 9457 where the client asks for it."""
    body = ErrorBody(
        code=problem.code,
        message=problem.text,
        field=problem.field,
        request_id=current_request_id(),
        details=problem.details,
    )
    headers = {"Cache-Control": "no-store", **problem.headers}
    if _prefers_problem_json(accept):
        document = {
            "type": f"urn:matinee:problem:{problem.code}",
            "title": problem.message,
            "status": problem.status,
            "detail": problem.text,
            **body.model_dump(mode="json", exclude={"message"}, exclude_none=True),
        }
        return JSONResponse(document, problem.status, headers, "application/problem+json")
    return JSONResponse({"error": body.model_dump(mode="json")}, problem.status, headers)


@lru_cache(maxsize=256)
def _prefers_problem_json(accept: str) -> bool:
    return "application/problem+json" in accept and not accept.startswith("application/json")


async def handle_error(request: Request, error: Exception) -> Response:
    """The one exception handler of the application."""
    problem = problem_of(error)
    if problem.status >= 500:
        log.error("request_failed", code=problem.code, exc_info=error)
    return render(problem, accept=request.headers.get("accept", ""))


def install_error_handlers(app: FastAPI) -> None:
    """Make every failure of the application speak the envelope."""
    kinds: tuple[type[Exception], ...] = (
        Problem,
        RequestValidationError,
        HTTPException,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        ClientDisconnect,
        OSError,
    )
    for kind in kinds:
        app.add_exception_handler(kind, handle_error)
