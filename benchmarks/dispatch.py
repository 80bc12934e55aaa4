"""CPU of a request apart from its work: finding its route, and the middleware around it.

Everything is called in process, without a server; ratios are of cases measured in turns in one run.
The middleware is set against handlers that do more and more: nothing but a small answer (which
FastAPI gives in about the time of a log line, a figure and a limit), the least that a real one does
(to read a row), and a page of cards.
"""

import asyncio
import io
import itertools
import tempfile
import time
from pathlib import Path
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Scope

from matinee.core.caching import RevalidationMiddleware
from matinee.core.compression import CompressionMiddleware
from matinee.core.context import RequestContext, working_for
from matinee.core.database import Database
from matinee.core.middleware import RequestMiddleware, SecurityHeadersMiddleware
from matinee.core.ratelimit import Limiter, RateLimitMiddleware
from matinee.core.routing import api_router, install_routes
from matinee.core.telemetry import UNTRACED, Metrics, configure_logging
from matinee.embedded.postgres import EmbeddedPostgres

ROUNDS = 20
REQUESTS = 200
DISPATCH_LIMIT_US = 60
STACK_LIMIT = 1.3

Case = tuple[ASGIApp, str]


class Card(BaseModel):
    """About as much as a small answer holds."""

    id: int
    name: str
    genres: list[str]


class FullCard(BaseModel):
    """About as much as a card of a title holds."""

    id: UUID
    name: str
    year: int
    synopsis: str
    genres: list[str]
    images: dict[str, str]
    rating: str
    runtime_minutes: int
    on_my_list: bool


class Page(BaseModel):
    """A page of cards."""

    items: list[FullCard]
    next_cursor: str


FULL_CARD = FullCard(
    id=UUID(int=42),
    name="Metropolis",
    year=1927,
    synopsis="In a city of towers and machines, the son of its master follows a stranger down.",
    genres=["Drama", "Science Fiction"],
    images={"poster": "/images/42/poster.webp", "backdrop": "/images/42/backdrop.webp"},
    rating="PG",
    runtime_minutes=153,
    on_my_list=True,
)


def make_router(count: int) -> APIRouter:
    """So many routes, half of them with an identifier in their path."""
    router = api_router("", tag="benchmark")
    for number in range(count // 2):
        router.add_api_route(f"/things{number}", list_things, methods=["GET"])
        router.add_api_route(f"/things{number}/{{thing_id}}", get_thing, methods=["GET"])
    router.add_api_route("/rows/{thing_id}", get_row, methods=["GET"])
    router.add_api_route("/pages/{thing_id}", get_page, methods=["GET"])
    return router


async def list_things() -> Response:
    """As little as a route can do."""
    return Response(b"[]")


async def get_thing(thing_id: int) -> Card:
    """A parameter, a schema."""
    return Card(id=thing_id, name="Metropolis", genres=["Drama", "Science Fiction"])


async def get_row(thing_id: int, request: Request) -> Card:
    """The least that a real route does: a transaction with one statement."""
    database: Database = request.app.state.database
    async with database.read() as tx:
        row = await tx.one("SELECT :id::int AS id, 'Metropolis' AS name", id=thing_id)
    return Card(**dict(row or {}), genres=["Drama", "Science Fiction"])


async def get_page(thing_id: int) -> Page:
    """What most of our answers are: a page of cards."""
    return Page(items=[FULL_CARD] * 50, next_cursor=str(thing_id))


def make_app(count: int, middleware: list[Middleware] | None = None) -> FastAPI:
    """An application as ours is made."""
    app = FastAPI(middleware=middleware, telemetry=UNTRACED)
    install_routes(app, [make_router(count)], most_bytes=1_000_000, most_upload_bytes=1_000_000)
    return app


def make_walked_app(count: int) -> FastAPI:
    """An application as FastAPI's documentation makes it: nested routers, tried in turn."""
    app = FastAPI(telemetry=UNTRACED)
    app.include_router(make_router(count))
    return app


def make_stack() -> list[Middleware]:
    """Our middleware, in its order."""
    users = itertools.cycle(map(str, range(1000)))
    return [
        Middleware(RequestMiddleware, metrics=Metrics()),
        Middleware(SecurityHeadersMiddleware, tls=True),
        Middleware(RateLimitMiddleware, limiter=Limiter(None), identify=lambda _scope: next(users)),
        Middleware(CompressionMiddleware),
        Middleware(RevalidationMiddleware),
    ]


def make_scope(path: str) -> Scope:
    """A request as browsers send it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"tv.example"),
            (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:150.0)"),
            (b"accept", b"application/json"),
            (b"accept-language", b"de-AT,de;q=0.8,en;q=0.5"),
            (b"accept-encoding", b"gzip, deflate, br, zstd"),
            (b"cookie", b"session=0123456789abcdef0123456789abcdef"),
        ],
        "client": ("198.51.100.7", 50000),
        "server": ("tv.example", 443),
    }


async def receive() -> Message:
    """No body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: Message) -> None:
    """Nobody listens, but a failure must not look fast."""
    if message["type"] == "http.response.start" and message["status"] != 200:
        raise AssertionError(message)


async def measure(cases: dict[str, Case]) -> dict[str, float]:
    """The least CPU of each case in microseconds a request; cases take turns."""
    best = dict.fromkeys(cases, float("inf"))
    for _ in range(ROUNDS):
        for name, (app, path) in cases.items():
            started = time.process_time()
            for _ in range(REQUESTS):
                await app(make_scope(path), receive, send)
            best[name] = min(best[name], (time.process_time() - started) / REQUESTS * 1e6)
    return best


def report(title: str, cases: dict[str, float]) -> None:
    """Print a small table."""
    print(f"\n{title}")
    for name, microseconds in cases.items():
        print(f"  {name:<46}{microseconds:8.1f} us")


async def measure_dispatch() -> None:
    """Few routes, many routes, and FastAPI's own way."""
    path, last = "/api/v1/things4", "/api/v1/things124"
    many = make_app(250)
    found = await measure(
        {
            "10 routes": (make_app(10), path),
            "250 routes": (many, path),
            "250 routes, the last one": (many, last),
            "250 routes, FastAPI's own walk, the last one": (make_walked_app(250), last),
        }
    )
    report("A request for a route that does nothing", found)
    ratio = found["250 routes, the last one"] / found["10 routes"]
    print(f"  -> {ratio:.2f}x of 10 routes, limit {DISPATCH_LIMIT_US} us")


async def measure_middleware(database: Database) -> None:
    """The same routes with and without what stands around them."""
    configure_logging("info", "json", io.StringIO())
    bare, whole = make_app(250), make_app(250, make_stack())
    bare.state.database = whole.state.database = database
    answers = {"a small answer": "things4", "one row read": "rows", "a page of 50 cards": "pages"}
    cases: dict[str, Case] = {}
    for answer, name in answers.items():
        cases[f"{answer}, bare"] = (bare, f"/api/v1/{name}/42")
        cases[f"{answer}, with our middleware"] = (whole, f"/api/v1/{name}/42")
    with working_for(RequestContext("bare")):  # else statements would be timed like those of jobs
        found = await measure(cases)
    report("Identifier, log line, figures, rate limit, headers, compression", found)
    ratios = [
        f"{found[f'{answer}, with our middleware'] / found[f'{answer}, bare']:.2f}x of {answer}"
        for answer in answers
    ]
    print(f"  -> {', '.join(ratios)}; limit {STACK_LIMIT}x of a bare handler")


async def main() -> None:
    """Measure and print."""
    await measure_dispatch()
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres", durable=False)
        server.start()
        database = Database(server.url("postgres"))
        await database.open()
        await measure_middleware(database)
        await database.close()
        server.stop()


if __name__ == "__main__":
    asyncio.run(main())
