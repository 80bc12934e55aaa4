"""The home screen: from the cache against bare bytes, uncached at size, and how its cost grows.

Uncached, it is composed in process for many profiles in turn whose signals, bookmarks and lists
are like those of real ones; beside it stands `SELECT 1` in a transaction of the same kind. From
the cache it is set against a route of the same application, middleware included, that does
nothing but give as many bytes.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import FastAPI, Response
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr

from matinee.accounts.viewer import Viewer
from matinee.core.context import RequestContext, working_for
from matinee.core.garbage import keep_what_was_loaded
from matinee.core.settings import Settings
from matinee.demo.events import generate_events
from matinee.demo.generate import PASSWORD, generate_titles, generate_users
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.installation import install
from matinee.main import create_app
from matinee.recommendations.home import compose_home
from matinee.runtime import Runtime

API = "/api/v1"
HOME = f"{API}/recommendations/home"
BARE = "/bare"
EMAIL = "viewer@example.com"
PROFILES = 200
REQUESTS, ROUNDS = 200, 10
STATEMENTS_LIMIT, P50_LIMIT_MS, CACHED_LIMIT, GROWTH_LIMIT = 12, 25.0, 2.5, 2.0

# Neighbours drawn at random, popular ones more often: as many and as scattered as learned ones.
NEIGHBORS = """
    INSERT INTO title_neighbors (model_id, title_number, together_numbers, together_weights,
        next_numbers, next_weights, content_numbers, content_weights)
    SELECT $1, t.number, many.ids, many.weights, few.ids, few.weights, few.ids, few.weights
    FROM (SELECT number FROM titles ORDER BY number LIMIT 100000) AS t,
         LATERAL (
             SELECT array_agg(1 + floor(power(random(), 3) * $2)::int) AS ids,
                    array_agg((1.0 / (1 + n))::real) AS weights
             FROM generate_series(1, 200) AS n WHERE t.number IS NOT NULL
         ) AS many,
         LATERAL (SELECT many.ids[101:150] AS ids, many.weights[101:150] AS weights) AS few
"""
FEATURED = """
    UPDATE titles SET is_featured = true
    WHERE number % (SELECT greatest(1, count(*) / 50) FROM titles) = 0;
    INSERT INTO title_update_events (episode_id, title_id, kind)
    SELECT id, title_id, 'episode' FROM episodes WHERE number = 6;
"""
SOME_VIEWERS = """
    -- cross-user
    SELECT p.user_id, p.id, p.max_maturity FROM profiles p
    WHERE p.kind = 'standard' AND 40 <= (
        SELECT count(*) FROM profile_signals s WHERE s.user_id = p.user_id AND s.profile_id = p.id
    )
    LIMIT :most
"""


@dataclass(frozen=True)
class Size:
    """How much there is."""

    titles: int
    users: int
    events: int


@dataclass(frozen=True)
class Figures:
    """Medians in milliseconds, and the most statements of one home screen."""

    home: float
    select_one: float
    statements: int


async def fill(runtime: Runtime, url: str, size: Size) -> None:
    """Titles, households, what they did, and what was learned from it."""
    await generate_titles(runtime, size.titles)
    await generate_users(runtime, size.users)
    await generate_events(runtime, size.events)
    connection = await asyncpg.connect(url)
    model_id = await connection.fetchval(
        "INSERT INTO recommendation_models (state, source) VALUES ('current', 'drawn') RETURNING id"
    )
    await connection.execute(NEIGHBORS, model_id, float(size.titles))
    await connection.execute(FEATURED)
    await connection.execute(
        "UPDATE login_identities SET identity = $1 WHERE identity = 'user0@generated.invalid'",
        EMAIL,
    )
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def some_viewers(runtime: Runtime) -> list[Viewer]:
    """Profiles with a usual number of signals."""
    async with runtime.database.read() as tx:
        rows = await tx.all(SOME_VIEWERS, most=PROFILES)
    return [Viewer("US", row["max_maturity"], row["user_id"], profile_id=row["id"]) for row in rows]


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    await work()
    return (time.perf_counter() - started) * 1000


async def select_one(runtime: Runtime) -> None:
    """The least that a transaction can do."""
    async with runtime.database.read() as tx:
        await tx.scalar("SELECT 1")


async def measure_uncached(runtime: Runtime) -> Figures:
    """Compose the home screens of some profiles; a first round warms plans and pages."""
    viewers = await some_viewers(runtime)
    for viewer in viewers:
        await compose_home(runtime, viewer)
    keep_what_was_loaded()  # as a server does
    homes, ones, statements = [], [], 0
    for viewer in viewers:
        with working_for(RequestContext("benchmark")):
            ones.append(await timed(partial(select_one, runtime)))
        context = RequestContext("benchmark")
        with working_for(context):
            homes.append(await timed(partial(compose_home, runtime, viewer)))
        statements = max(statements, context.statements)
    return Figures(statistics.median(homes), statistics.median(ones), statements)


async def sign_in(app: FastAPI) -> dict[str, str]:
    """The headers of a generated household's device."""
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://localhost") as client:
        body = {"email": EMAIL, "password": PASSWORD, "client": "app"}
        token = (await client.post(f"{API}/auth/login", json=body)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        profiles = (await client.get(f"{API}/profiles", headers=headers)).json()["items"]
        chosen = await client.post(
            f"{API}/profiles/{profiles[0]['id']}/select", json={}, headers=headers
        )
        return {"Authorization": f"Bearer {chosen.json()['access_token']}"}


async def get(app: FastAPI, path: str, headers: dict[str, str]) -> bytes:
    """The body of an answer."""
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "path": path, "root_path": "",
        "raw_path": path.encode(), "query_string": b"", "scheme": "http",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "server": ("localhost", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    body = bytearray()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise SystemExit(f"{path} gave {message['status']}")
        body.extend(message.get("body", b""))

    await app(scope, receive, send)
    return bytes(body)


async def measure_cached(runtime: Runtime) -> tuple[float, float, int]:
    """Microseconds of CPU of a cached home screen and of bare bytes, the least of many rounds."""
    app = create_app(runtime=runtime)
    headers = await sign_in(app) | {"Accept-Encoding": "identity"}
    content = await get(app, HOME, headers)

    @app.get(BARE)
    async def bare() -> Response:
        return Response(content, media_type="application/json")

    least = dict.fromkeys((HOME, BARE), float("inf"))
    for _ in range(ROUNDS):
        for path in least:
            started = time.process_time()
            for _ in range(REQUESTS):
                await get(app, path, headers)
            spent = (time.process_time() - started) / REQUESTS * 1e6
            least[path] = min(least[path], spent)
    return least[HOME], least[BARE], len(content)


def measure(size: Size, *, cached: bool) -> tuple[Figures, float]:
    """All figures of one size; the second is what the cache costs beside bare bytes."""
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL is another user where we are root
        server = EmbeddedPostgres(Path(folder) / "postgres", durable=False)
        server.start()
        try:
            return asyncio.run(_measure_at(server.url(), size, cached=cached))
        finally:
            server.stop()


async def _measure_at(url: str, size: Size, *, cached: bool) -> tuple[Figures, float]:
    await install(url)
    settings = Settings(
        environment="test",
        database_url=SecretStr(url),
        rate_limits_enabled=False,
        log_level="error",
    )
    runtime = Runtime(settings)
    await runtime.open()
    await fill(runtime, url, size)
    found = await measure_uncached(runtime)
    print(
        f"{size.titles:>9} titles {size.users:>8} users {size.events:>9} events: "
        f"{found.home:6.2f} ms in {found.statements} statements (SELECT 1: {found.select_one:.2f})",
        flush=True,
    )
    ratio = 0.0
    if cached:
        home, bare, length = await measure_cached(runtime)
        ratio = home / bare
        print(f"from the cache: {home:.0f} us CPU, {bare:.0f} us for {length} bare bytes", end=" ")
        print(f"= {ratio:.2f}x, limit {CACHED_LIMIT}x")
    await runtime.close()
    return found, ratio


def main() -> None:
    """Measure the size asked for, and how the cost grows to it and beyond."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--titles", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--growth", action="store_true", help="also 10 000 and 1 000 000 titles")
    asked = parser.parse_args()
    size = Size(asked.titles, asked.users, asked.events)
    found, ratio = measure(size, cached=True)
    holds = found.statements <= STATEMENTS_LIMIT and ratio <= CACHED_LIMIT
    if size.titles <= 100_000:
        holds = holds and found.home <= P50_LIMIT_MS
    if asked.growth:
        few, _ = measure(Size(10_000, 1000, 50_000), cached=False)
        many, _ = measure(Size(1_000_000, 1000, 50_000), cached=False)
        growth = many.home / few.home
        print(f"from 10 000 to 1 000 000 titles: {growth:.2f}x, limit {GROWTH_LIMIT}x")
        holds = holds and growth <= GROWTH_LIMIT
    print(f"limits: {STATEMENTS_LIMIT} statements, p50 {P50_LIMIT_MS:.0f} ms at 100 000 titles")
    if not holds:
        raise SystemExit("a limit is exceeded")


if __name__ == "__main__":
    main()
