"""What is known about the request (or job) being worked on, for logs, errors and audit rows."""

from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def working_for(request: RequestContext) -> Iterator[None]:
    """Make this the request of the running task until the block ends."""
    token = _current.set(request)
    try:
        yield
    finally:
        _current.reset(token)
