"""Browsing 100 000 titles: statements per answer, and time against the same SQL on bare asyncpg.

Answers are made in process, through the whole application but without a server; both sides are
measured in turns in one run. The bare side runs the statements of the answer, recorded from it, in
a transaction with the same settings, and makes nothing of the rows.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
import orjson
from fastapi import FastAPI
from pydantic import SecretStr

from matinee.accounts.viewer import Viewer, anonymous
from matinee.catalog import browse
from matinee.catalog.cards import cards_for
from matinee.catalog.detail import title_detail
from matinee.catalog.facets import count_values
from matinee.catalog.filters import Browse, Filters
from matinee.core.database import ReadTx, Statement, compiled
from matinee.core.settings import Settings
from matinee.demo.generate import generate_titles
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.installation import install
from matinee.main import create_app
from matinee.runtime import Runtime

TITLES = 100_000
ROUNDS = 200
PAGE_STATEMENTS, DETAIL_STATEMENTS, RATIO_LIMIT = 4, 5, 3.0

# What imports of generated titles leave out: pictures, and rights of every second title.
ENRICH = """
    INSERT INTO title_images (title_id, kind, url, position)
    SELECT id, picture, 'https://img.example.com/' || id || '/' || picture || '.webp', 1
    FROM titles, unnest(ARRAY['poster', 'backdrop']) AS picture;
    UPDATE titles SET rights_managed = true WHERE substr(id::text, 36, 1) < '8';
    INSERT INTO title_rights (title_id, territory)
    SELECT id, territory FROM titles, unnest(ARRAY['US', 'DE', 'FR']) AS territory
    WHERE rights_managed;
"""

Recorded = list[tuple[str, list[Any]]]
Read = Callable[[ReadTx], Awaitable[object]]


@dataclass(frozen=True)
class Case:
    """An address, the reads behind it, and how many statements it may take."""

    name: str
    url: str
    read: Read
    most_statements: int
    custom_plans: bool = False


class Recording(ReadTx):
    """Notes the statements that run in it."""

    def note(self, statement: Statement | str, params: dict[str, Any]) -> None:
        """Keep a statement as asyncpg gets it."""
        found = compiled(statement) if isinstance(statement, str) else statement
        self.__dict__.setdefault("made", []).append((found.sql, found.arguments(params)))

    async def all(self, statement: Statement | str, /, **params: Any) -> Any:
        """Every row, noted."""
        self.note(statement, params)
        return await super().all(statement, **params)

    async def one(self, statement: Statement | str, /, **params: Any) -> Any:
        """The first row, noted."""
        self.note(statement, params)
        return await super().one(statement, **params)


async def record(runtime: Runtime, case: Case) -> Recorded:
    """The statements of a case."""
    tx = Recording(runtime.database, custom_plans=case.custom_plans)
    await case.read(tx)
    await tx.finish(None)
    return list(tx.__dict__["made"])


async def run_bare(pool: asyncpg.Pool, case: Case, statements: Recorded) -> None:
    """The same statements without us."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        if case.custom_plans:
            await connection.execute("SET LOCAL plan_cache_mode = 'force_custom_plan'")
        for sql, arguments in statements:
            await connection.fetch(sql, *arguments)


async def get(app: FastAPI, url: str) -> bytes:
    """The body of an answer."""
    path, _, query = url.partition("?")
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "path": path, "root_path": "",
        "raw_path": path.encode(), "query_string": query.encode(), "headers": [],
        "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    body = bytearray()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise SystemExit(f"{url} gave {message['status']}")
        body.extend(message.get("body", b""))

    await app(scope, receive, send)
    return bytes(body)


async def page(viewer: Viewer, wish: Browse, tx: ReadTx) -> None:
    """What makes a page of cards."""
    ids, _ = await browse.find_ids(tx, viewer, wish)
    await cards_for(tx, viewer, ids)


async def detail(viewer: Viewer, title_id: UUID, tx: ReadTx) -> None:
    """What makes a title."""
    await title_detail(tx, viewer, title_id, reveal_territories=False)


def page_case(viewer: Viewer, name: str, **params: Any) -> Case:
    """A page of 50."""
    wish = Browse(page_size=50, **params)
    url = f"/api/v1/catalog/titles?{urlencode({'page_size': 50} | params, doseq=True)}"
    return Case(name, url, partial(page, viewer, wish), PAGE_STATEMENTS, custom_plans=True)


async def cases_of(app: FastAPI, viewer: Viewer) -> list[Case]:
    """Pages of every kind, and a movie and a series from them."""
    first = orjson.loads(await get(app, "/api/v1/catalog/titles?page_size=50"))
    series = orjson.loads(await get(app, "/api/v1/catalog/titles?page_size=1&kind=series"))
    genres = orjson.loads(await get(app, "/api/v1/catalog/genres"))["items"]
    by_size = sorted(genres, key=lambda genre: genre["titles"])
    cases = [
        page_case(viewer, "newest"),
        page_case(viewer, "newest, next page", cursor=first["next_cursor"]),
        page_case(viewer, "by name", sort="name"),
        page_case(viewer, "latest year first", sort="year"),
        page_case(viewer, f"{by_size[-1]['titles']} of one genre", genre=[by_size[-1]["slug"]]),
        page_case(viewer, f"{by_size[0]['titles']} of one genre", genre=[by_size[0]["slug"]]),
    ]
    for name, card in (("a movie", first["items"][0]), ("a series", series["items"][0])):
        url = f"/api/v1/catalog/titles/{card['id']}"
        read = partial(detail, viewer, UUID(card["id"]))
        cases.append(Case(name, url, read, DETAIL_STATEMENTS))
    return cases


async def statements_of(runtime: Runtime, app: FastAPI, url: str) -> int:
    """How many statements an answer takes when nothing is remembered."""
    count = 0

    def one_more() -> None:
        nonlocal count
        count += 1

    await runtime.cache.invalidate({"catalog"})
    runtime.database.on_statement, before = one_more, runtime.database.on_statement
    await get(app, url)
    runtime.database.on_statement = before
    return count


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    await work()
    return (time.perf_counter() - started) * 1000


async def compare(runtime: Runtime, app: FastAPI, pool: asyncpg.Pool, case: Case) -> bool:
    """Print the figures of one case; returns whether its limits hold."""
    statements = await statements_of(runtime, app, case.url)
    recorded = await record(runtime, case)
    ours, bare = [], []
    for _ in range(ROUNDS):
        ours.append(await timed(partial(get, app, case.url)))
        bare.append(await timed(partial(run_bare, pool, case, recorded)))
    mine, theirs = statistics.median(ours), statistics.median(bare)
    ratio = mine / theirs
    print(f"{case.name:22} {statements:11d} {mine:9.2f} {theirs:9.2f} {ratio:8.2f}")
    return statements <= case.most_statements and ratio <= RATIO_LIMIT


async def print_counts(runtime: Runtime, viewer: Viewer) -> None:
    """What counting everything takes; a minute is remembered."""
    counts: dict[str, Read] = {
        "total": lambda tx: browse.count_titles(tx, viewer, [Filters()]),
        "facets": lambda tx: count_values(tx, viewer, Filters()),
    }
    for name, count in counts.items():
        async with runtime.database.read() as tx:
            await count(tx)
            print(f"{name:22} {1:11d} {await timed(partial(count, tx)):9.2f}")


async def measure(database_url: str) -> bool:
    """Fill a database, measure every case."""
    await install(database_url)
    settings = Settings(
        environment="test",
        database_url=SecretStr(database_url),
        rate_limits_enabled=False,
        log_level="error",
    )
    runtime = Runtime(settings)
    await runtime.open()
    await generate_titles(runtime, TITLES)
    pool = await asyncpg.create_pool(database_url, min_size=1, max_size=1)
    await pool.execute(ENRICH)
    await pool.execute("VACUUM ANALYZE")
    app, viewer = create_app(runtime=runtime), anonymous(runtime)
    print(f"{TITLES} titles     statements   p50 ms   bare ms    ratio")
    holds = [await compare(runtime, app, pool, case) for case in await cases_of(app, viewer)]
    await print_counts(runtime, viewer)
    print(f"limits: {PAGE_STATEMENTS} statements a page, {DETAIL_STATEMENTS} a title,", end=" ")
    print(f"{RATIO_LIMIT:.0f} times the bare statements")
    await pool.close()
    await runtime.close()
    return all(holds)


def main() -> None:
    """Start a server for this run alone, and measure."""
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL is another user where we are root
        server = EmbeddedPostgres(Path(folder) / "postgres", durable=False)
        server.start()
        try:
            holds = asyncio.run(measure(server.url()))
        finally:
            server.stop()
    if not holds:
        raise SystemExit("a limit is exceeded")


if __name__ == "__main__":
    main()
