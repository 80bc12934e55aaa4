"""What is known about the request (or job) being worked on, for logs, errors and audit rows."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class RequestContext:
    """One request: who asks is filled in once it is known; statements are counted as they run.

    A job works under the identifier of the request that enqueued it.
    """

    request_id: str
    traceparent: str | None = None
    client_ip: str | None = None
    user_agent: str | None = None
    user_id: str | None = None
    job_id: int | None = None
    statements: int = 0


_current: ContextVar[RequestContext | None] = ContextVar("matinee_request", default=None)


def current_request() -> RequestContext | None:
    """The request or job this task works for; None in commands."""
    return _current.get()


def current_request_id() -> str | None:
    """Its identifier, as in the X-Request-ID header."""
    request = _current.get()
    return request.request_id if request else None


def is_answering() -> bool:
    """Whether somebody waits for an answer, so that nothing may take long."""
    request = _current.get()
    return request is not None and request.job_id is None


class working_for:  # noqa: N801 - reads as the statement it makes
    """Make this the request of the running task until the block ends."""

    __slots__ = ("_request", "_token")

    def __init__(self, request: RequestContext) -> None:
        self._request = request

    def __enter__(self) -> None:
        self._token = _current.set(self._request)

    def __exit__(self, *_error: object) -> None:
        _current.reset(self._token)


def trace_id_of(traceparent: str | None) -> str | None:
    """The part of a traceparent that names the whole trace."""
    return traceparent.split("-")[1] if traceparent else None
