"""Who may play what, at 20 000 titles, 200 000 households and 700 000 grants.

Statements and pages of PostgreSQL's memory for the facts of 50 titles; processor time of the
decisions; a page of 50 cards with and without access; lists of what a household may play, for one
with a large package and one that has a few films only.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from matinee.accounts.viewer import Viewer
from matinee.catalog import browse, cards
from matinee.catalog.filters import Browse
from matinee.core.database import Database, ReadTx, Row, Statement, compiled
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.entitlements.access import decide
from matinee.entitlements.facts import decisions, facts_of
from matinee.installation import install

TITLES, USERS, GRANTS = 20_000, 200_000, 700_000
PAGE, VIEWERS, ROUNDS = 50, 20, 5
PROTOTYPE_BUFFERS, BUFFERS_LIMIT = 471, 2 * 471
STATEMENTS_LIMIT = 1

FILL = f"""
    INSERT INTO titles (id, number, kind, status, name, sort_name, folded_name, year,
                        maturity_score, rights_managed, genres, added_at)
    SELECT uuidv7(), n, 'movie', 'published', 'Film ' || n, 'film ' || n, 'film ' || n,
           1900 + n % 120, 0, n % 2 = 0, ARRAY['genre-' || n % 19], now() - n * interval '1 minute'
    FROM generate_series(1, {TITLES}) AS n;
    INSERT INTO title_rights (title_id, territory)
    SELECT id, territory FROM titles, unnest(ARRAY['US', 'DE', 'FR']) AS territory
    WHERE rights_managed;
    INSERT INTO content_packages (slug, name, tier, price_cents, currency)
    SELECT 'package-' || n, 'Package ' || n, 'basic', 499 + n, 'USD'
    FROM generate_series(1, 8) AS n;
    INSERT INTO package_contents (package_id, title_id, territory, available_until)
    SELECT p.id, t.id, CASE WHEN t.number % 3 = 0 THEN 'US' ELSE '**' END, now() + interval '1 year'
    FROM titles t
    JOIN (SELECT id, row_number() OVER (ORDER BY slug) AS n FROM content_packages) AS p
        ON p.n IN (1 + t.number % 2, 3 + t.number % 3, 6);
    INSERT INTO package_rules (package_id, kind, genres, year_from)
    SELECT id, 'movie', ARRAY['genre-' || n], 2010
    FROM (SELECT id, row_number() OVER (ORDER BY slug) AS n FROM content_packages) AS p;
    INSERT INTO title_offers (title_id, offer_type, price_cents, currency, rental_window_hours,
                              quality)
    SELECT id, sale, CASE sale WHEN 'rent' THEN 399 ELSE 999 END, 'USD',
           CASE sale WHEN 'rent' THEN 48 END, quality
    FROM titles, unnest(ARRAY['rent', 'buy']) AS sale, unnest(ARRAY['hd', 'uhd']) AS quality
    WHERE quality = 'hd' OR number % 4 = 0;
    INSERT INTO title_offers (title_id, offer_type, price_cents, currency)
    SELECT id, 'free', 0, 'USD' FROM titles WHERE number % 50 = 0;
"""
HOUSEHOLDS = f"""
    INSERT INTO user_entitlements (user_id, source_type, kind, package_id, expires_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'svod', 'package', p.ids[1 + n % 8],
           now() + interval '20 days'
    FROM generate_series(1, {USERS}) AS n,
         (SELECT array_agg(id ORDER BY slug) AS ids FROM content_packages) AS p;
    INSERT INTO user_entitlements (user_id, source_type, kind, title_id, quality, expires_at,
                                   rental_window_hours)
    SELECT lpad(to_hex(1 + n % {USERS}), 32, '0')::uuid, 'tvod',
           CASE WHEN n % 5 = 0 THEN 'rent' ELSE 'buy' END, t.id, 'hd',
           CASE WHEN n % 5 = 0 THEN now() + interval '2 days' END,
           CASE WHEN n % 5 = 0 THEN 48 END
    FROM generate_series(1, {GRANTS - USERS}) AS n
    JOIN titles t ON t.number = 1 + (n * 7919::bigint + n / {USERS}) % {TITLES};
"""


class Recording(ReadTx):
    """Notes the statements that run in it, with their values."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.made: list[tuple[str, list[Any]]] = []

    async def all(self, statement: Statement | str, /, **params: Any) -> list[Row]:
        """Every row."""
        if isinstance(statement, str):
            found = compiled(statement)
            self.made.append((found.sql, found.arguments(params)))
        return await super().all(statement, **params)


async def fill(url: str) -> None:
    """Titles, packages, offers, grants."""
    connection = await asyncpg.connect(url)
    for sql in (FILL, HOUSEHOLDS, "VACUUM ANALYZE"):
        await connection.execute(sql)
    held = await connection.fetchval("SELECT count(*) FROM user_entitlements")
    await connection.close()
    print(f"{TITLES:,} titles, {USERS:,} households, {held:,} grants")


def viewers() -> list[Viewer]:
    """Households of all packages."""
    return [Viewer("US", 21, UUID(int=1 + n * 9973 % USERS)) for n in range(VIEWERS)]


async def pages(database: Database) -> list[list[UUID]]:
    """For each viewer other titles, drawn from everywhere."""
    async with database.read() as tx:
        rows = await tx.all("SELECT id FROM titles ORDER BY md5(id::text)")
    ids = [row["id"] for row in rows]
    return [ids[n * PAGE : (n + 1) * PAGE] for n in range(VIEWERS)]


async def buffers(database: Database, viewer: Viewer, ids: list[UUID]) -> tuple[int, int, float]:
    """Statements, pages of memory looked at, and milliseconds in PostgreSQL of the facts."""
    tx = Recording(database)
    await facts_of(tx, viewer, ids)
    [(sql, values), *others] = tx.made
    connection = await tx.connection()
    [plan] = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *values)
    await tx.finish(None)
    top = plan["Plan"]
    touched = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return 1 + len(others), touched, plan["Execution Time"]


async def timed(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Milliseconds that pass, and milliseconds of our own processor time."""
    started, worked = time.perf_counter(), time.process_time()
    await work()
    return (time.perf_counter() - started) * 1000, (time.process_time() - worked) * 1000


async def measure_facts(database: Database, chosen: list[list[UUID]]) -> bool:
    """Print what facts and decisions cost; returns whether the limits hold."""
    seen = [await buffers(database, one, ids) for one, ids in zip(viewers(), chosen, strict=True)]
    statements = max(one[0] for one in seen)
    touched, taken = (statistics.median(one[n] for one in seen) for n in (1, 2))
    print(f"facts of {PAGE} titles: {statements} statement, {touched:.0f} buffers", end=" ")
    print(f"(prototype {PROTOTYPE_BUFFERS}, limit {BUFFERS_LIMIT}), {taken:.2f} ms in PostgreSQL")
    decided, read = [], []
    for viewer, ids in list(zip(viewers(), chosen, strict=True)) * ROUNDS:
        async with database.read() as tx:

            async def look(tx: ReadTx = tx, viewer: Viewer = viewer, ids: Any = ids) -> None:
                nonlocal asking, facts
                asking, facts = await facts_of(tx, viewer, ids)

            asking, facts = await facts_of(tx, viewer, ids)
            read.append(await timed(look))
        started = time.process_time()
        for one in facts.values():
            decide(one, asking)
        decided.append((time.process_time() - started) * 1000)
    p50, cpu = (statistics.median(one[n] for one in read) for n in (0, 1))
    print(f"reading them: p50 {p50:.2f} ms, of which {cpu:.2f} ms here", end="; ")
    print(f"{PAGE} decisions {statistics.median(decided):.2f} ms")
    return statements <= STATEMENTS_LIMIT and touched <= BUFFERS_LIMIT


async def measure_cards(database: Database, chosen: list[list[UUID]]) -> None:
    """Print what a page of cards costs, and how much of that is access."""
    whole, facts_alone = [], []
    for viewer, ids in list(zip(viewers(), chosen, strict=True)) * ROUNDS:
        async with database.read() as tx:
            await tx.scalar("SELECT 1")
            whole.append(await timed(lambda t=tx, v=viewer, i=ids: cards.cards_for(t, v, i)))
            facts_alone.append(await timed(lambda t=tx, v=viewer, i=ids: decisions(t, v, i)))
    for name, taken in (("cards", whole), ("decisions alone", facts_alone)):
        p50, cpu = (statistics.median(one[n] for one in taken) for n in (0, 1))
        print(f"a page of {PAGE}, {name}: p50 {p50:.2f} ms, of which {cpu:.2f} ms here")


async def measure_filter(database: Database) -> None:
    """Print how long lists take of what may be played."""
    package, nothing = viewers()[0], Viewer("US", 21, UUID(int=USERS + 1))
    for name, viewer in (("with a package", package), ("without", nothing)):
        for wish in (Browse(entitled=True), Browse(entitled=False), Browse()):

            async def ask(viewer: Viewer = viewer, wish: Browse = wish) -> None:
                async with database.read(custom_plans=True) as tx:
                    await browse.find_ids(tx, viewer, wish)

            async def count(viewer: Viewer = viewer, wish: Browse = wish) -> None:
                async with database.read() as tx:
                    await browse.count_titles(tx, viewer, [wish])

            paged = statistics.median([(await timed(ask))[0] for _ in range(9)])
            counted = statistics.median([(await timed(count))[0] for _ in range(9)])
            print(f"household {name}, entitled={wish.entitled}: page {paged:.1f} ms,", end=" ")
            print(f"total {counted:.1f} ms")


async def run(url: str) -> bool:
    """Fill a database and measure on it; returns whether the limits hold."""
    await install(url)
    await fill(url)
    database = Database(url, statement_timeout_ms=60_000)
    await database.open()
    chosen = await pages(database)
    holds = await measure_facts(database, chosen)
    await measure_cards(database, chosen)
    await measure_filter(database)
    await database.close()
    return holds


def main() -> None:
    """Run it on a PostgreSQL of its own."""
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL is another user where we are root
        server = EmbeddedPostgres(Path(folder) / "pg", durable=False)
        server.start()
        try:
            holds = asyncio.run(run(server.url("postgres")))
        finally:
            server.stop()
    if not holds:
        sys.exit("a limit is missed")


if __name__ == "__main__":
    main()
