"""What is known about the request being answered, for logs, errors, jobs and audit rows."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class RequestContext:
    """One request: who asks is filled in once it is known; statements are counted as they run."""

    request_id: str
    traceparent: str | None = None
    client_ip: str | None = None
    user_agent: str | None = None
    user_id: str | None = None
    statements: int = 0


_current: ContextVar[RequestContext | None] = ContextVar("matinee_request", default=None)


def current_request() -> RequestContext | None:
    """The request this task works for; None in jobs and commands."""
    return _current.get()


def current_request_id() -> str | None:
    """Its identifier, as in the X-Request-ID header."""
    request = _current.get()
    return request.request_id if request else None


def enter_request(request: RequestContext) -> None:
    """Make this the request of the running task."""
    _current.set(request)
