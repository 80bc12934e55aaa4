"""What happens around every request: identifier, access log, last-resort error, safe headers."""

import re
import secrets
import time
from collections.abc import Iterable

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matinee.core.client_address import TrustedProxies
from matinee.core.context import RequestContext, working_for
from matinee.core.errors import InternalError, problem_of, render
from matinee.core.telemetry import Metrics, RequestLog

log = structlog.get_logger(__name__)

_ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

QUIET = ("/livez", "/readyz", "/metrics")
SECRET = ("/live/", "/timeshift/")
"""What paths begin with that hold a password, as players of others write it: not to be logged."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:; "
    "font-src 'self'; connect-src 'self'; media-src 'self' blob: https:; worker-src 'self' blob:; "
    "manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


class RequestMiddleware:
    """Gives each request its id (D-01), counts it, writes its log line and catches the uncaught."""

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, trusted_proxies: Iterable[str] = ()
    ) -> None:
        self.app = app
        self.metrics = metrics
        self.proxies = TrustedProxies(trusted_proxies)
        self.log = RequestLog()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request = _context_of(scope, self.proxies)
        echoed = (b"x-request-id", request.request_id.encode())
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), echoed]
            await send(message)

        with working_for(request):
            self.metrics.in_flight += 1
            try:
                await self.app(scope, receive, send_with_id)
            except Exception as error:
                if status:
                    if not isinstance(error, OSError | ClientDisconnect):  # nobody listened
                        log.error("answer_broke_off", exc_info=error, path=_shown(scope))
                    raise
                await _answer_failure(error, scope, receive, send_with_id)
            finally:
                self.metrics.in_flight -= 1
                self._record(scope, request, status, time.perf_counter() - started)

    def _record(self, scope: Scope, request: RequestContext, status: int, seconds: float) -> None:
        route = scope.get("route")
        address = getattr(route, "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        path = scope["path"]
        self.metrics.observe_request(method, address, status, seconds)
        if path in QUIET or (status < 400 and getattr(route, "quiet", False)):
            return
        fields = {
            "method": method,
            "route": address,
            "path": _shown(scope),
            "status": status,
            "ms": round(seconds * 1000, 2),
            "statements": request.statements,
        }
        self.log.write(request, fields)


def _shown(scope: Scope) -> str:
    """The path as logs may show it."""
    path: str = scope["path"]
    return next((f"{start}…" for start in SECRET if path.startswith(start)), path[:200])


async def _answer_failure(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    problem = problem_of(_reason(error))
    if isinstance(problem, InternalError):
        log.error("unhandled_error", exc_info=error, path=_shown(scope))
    accept = Headers(scope=scope).get("accept", "")
    await render(problem, accept=accept)(scope, receive, send)


def _reason(error: Exception) -> BaseException:
    """What ended a stream: Starlette wraps it, though nothing of the stream has been sent yet."""
    return error.__cause__ or error if isinstance(error, RuntimeError) else error


def _context_of(scope: Scope, proxies: TrustedProxies) -> RequestContext:
    request_id = traceparent = user_agent = None
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ACCEPTED_ID.fullmatch(value):
            request_id = value.decode()
        elif name == b"traceparent" and _TRACEPARENT.fullmatch(value):
            traceparent = value.decode()
        elif name == b"user-agent":
            user_agent = value[:300].decode("latin-1")
    return RequestContext(
        request_id=request_id or secrets.token_hex(12),
        traceparent=traceparent,
        client_ip=proxies.client_of(scope),
        user_agent=user_agent,
    )


class SecurityHeadersMiddleware:
    """Headers that make browsers careful with our answers."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        self.app = app
        headers = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"strict-origin-when-cross-origin"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
        ]
        if tls:
            headers.append((b"strict-transport-security", b"max-age=31536000"))
        self.headers = headers
        self.names = frozenset(name for name, _ in headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to the answer of one request; a route may set stricter ones itself."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", ())
                names = {name for name, _ in given}
                if names.isdisjoint(self.names):
                    added = self.headers
                else:
                    added = [header for header in self.headers if header[0] not in names]
                message["headers"] = [*given, *added]
            await send(message)

        await self.app(scope, receive, send_with_headers)
