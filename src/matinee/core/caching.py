"""What clients may keep of our answers, and how they ask whether it is still true (C9)."""

import re
from collections.abc import Iterable

from fastapi import Request, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matinee.core.encoded import Encoded, etag_of

PRIVATE = "private, no-store"
"""Of answers that say nothing themselves."""

REVALIDATED = "private, no-cache"
SHARED = "public, max-age=30"
VARY = "Accept-Language, Authorization, Cookie"

_ETAG = re.compile(r'(?:W/)?("[^"]*")')
_HEADERS_OF_304 = frozenset(
    {b"cache-control", b"content-location", b"date", b"etag", b"expires", b"vary"}
)

RawHeaders = list[tuple[bytes, bytes]]


async def revalidated(request: Request, response: Response) -> None:
    """Dependency of routes whose answers may be kept: for oneself, or by all where it is public.

    Does not wait for anything, but FastAPI would run a plain function in a thread.
    """
    response.headers.update(_policy(request))


def respond(request: Request, encoded: Encoded) -> Response:
    """An answer that is encoded already, in the coding the client likes best."""
    coding, body = encoded.variant(request.headers.get("accept-encoding", ""))
    headers = _policy(request) | {"ETag": encoded.etag, "Vary": f"{VARY}, Accept-Encoding"}
    if coding != "identity":
        headers["Content-Encoding"] = coding
    return Response(body, headers=headers, media_type="application/json")


def _policy(request: Request) -> dict[str, str]:
    personal = "authorization" in request.headers or "cookie" in request.headers
    return {"Cache-Control": REVALIDATED if personal else SHARED, "Vary": VARY}


class RevalidationMiddleware:
    """Makes an answer without Cache-Control private, and gives one that may be kept its ETag.

    A client that has the same already (If-None-Match) gets 304 and no body.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        held: Message | None = None

        async def send_validated(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                if _may_be_kept(scope, message):
                    held = message
                    return
            elif held is not None and message["type"] == "http.response.body":
                start, held = held, None
                message = _validate(scope, start, message)
                await send(start)
            await send(message)

        await self.app(scope, receive, send_validated)


def _may_be_kept(scope: Scope, start: Message) -> bool:
    """Whether clients may keep this answer; one that does not say so is marked as private."""
    headers: RawHeaders = start.setdefault("headers", [])
    policy = _find(headers, b"cache-control")
    if policy is None:
        headers.append((b"cache-control", PRIVATE.encode()))
        return False
    return (
        start["status"] == 200 and scope["method"] in ("GET", "HEAD") and b"no-store" not in policy
    )


def _validate(scope: Scope, start: Message, body: Message) -> Message:
    """Add the ETag of the body, or turn the whole into 304; streams are left as they are."""
    headers: RawHeaders = start["headers"]
    etag = _find(headers, b"etag")
    if etag is None:
        if body.get("more_body"):
            return body
        etag = etag_of(body.get("body", b"")).encode()
        headers.append((b"etag", etag))
    if not matches(Headers(scope=scope).get("if-none-match"), etag.decode("latin-1")):
        return body
    start["status"] = 304
    start["headers"] = [header for header in headers if header[0].lower() in _HEADERS_OF_304]
    return {"type": "http.response.body", "body": b""}


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether a client has this version, by weak comparison (RFC 9110, 13.1.2)."""
    if not if_none_match:
        return False
    if if_none_match.strip() == "*":
        return True
    return etag.removeprefix("W/") in _ETAG.findall(if_none_match)


def _find(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    return next((value for key, value in headers if key.lower() == name), None)
