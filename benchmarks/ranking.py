"""One request for candidates at 100 000 titles, by signals of the profile: time until it is there.

Neighbours and signals are drawn by popularity (Zipf), so that lists overlap as in reality; half of
the titles have rights windows. A kids profile of whose lists 1 % may be shown reads them to their
end. The size can be given: `python -m benchmarks.ranking 20000`.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np

from matinee.accounts.viewer import Viewer
from matinee.core.database import Database
from matinee.core.settings import SignalWeights
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.installation import install
from matinee.recommendations.rails.for_you import for_you_draft
from matinee.recommendations.scoring import candidates
from matinee.viewing.taste import taste_of

TITLES = 100_000
TOGETHER, NEXT, CONTENT = 200, 50, 50
SIGNALS = (5, 20, 50, 300)
PROFILES = 12
ROUNDS = 4
LIMIT = 100
FLOOR_MS, FLOOR_SIGNALS = 12.0, 50
USER = UUID(int=1)

_TITLES = """
    INSERT INTO titles (number, kind, status, name, sort_name, folded_name, year, maturity_score,
                        rights_managed, synopsis, genres, language)
    SELECT n, 'movie', 'published', 'Film ' || n, 'film ' || n, 'film ' || n, 1900 + n % 120,
           CASE WHEN n % 100 = 0 THEN 0 ELSE 6 + n % 12 END, n % 2 = 0,
           repeat('synopsis ', 40), ARRAY['genre-' || n % 19, 'genre-' || n % 7], 'en'
    FROM generate_series(1, $1) AS n
"""
_RIGHTS = """
    INSERT INTO title_rights (title_id, territory)
    SELECT id, unnest(ARRAY['US', 'DE']) FROM titles WHERE rights_managed
"""
_TRENDS = """
    INSERT INTO title_trends (territory, audience, title_id, hot, prior, households)
    SELECT '**', audience, id, 1450 - log(2, number), 226 - log(2, number), 100
    FROM titles, unnest(ARRAY['standard', 'kids']) AS audience WHERE number <= $1
"""
_SIGNALS = """
    INSERT INTO profile_signals (user_id, profile_id, title_id, kind, at)
    SELECT $1, $2, t.id, CASE n % 10 WHEN 0 THEN 'disliked' WHEN 1 THEN 'neutral'
           WHEN 2 THEN 'listed' WHEN 3 THEN 'watched' WHEN 4 THEN 'completed' ELSE 'liked' END,
           $4::timestamptz - n * interval '1 day'
    FROM unnest($3::bigint[]) WITH ORDINALITY AS s(number, n) JOIN titles t USING (number)
"""


class Popular:
    """Draws of titles by popularity: title `n` with a weight of n^-0.7."""

    def __init__(self, count: int) -> None:
        self.random = np.random.default_rng(1)
        weights = np.arange(1, count + 1) ** -0.7
        self.cumulated = np.cumsum(weights / weights.sum())

    def draw(self, count: int) -> list[int]:
        """So many different titles, or a few less."""
        places = np.searchsorted(self.cumulated, self.random.random(int(count * 1.6)))
        drawn = np.unique(np.minimum(places, len(self.cumulated) - 1)) + 1
        return [int(number) for number in self.random.permutation(drawn)[:count]]


def neighbours(model_id: int, count: int) -> Iterator[tuple[Any, ...]]:
    """A learned row for each title."""
    popular = Popular(count)
    for number in range(1, count + 1):
        together, following = popular.draw(TOGETHER), popular.draw(NEXT)
        content = popular.random.integers(1, count + 1, CONTENT).tolist()
        weights = np.round(popular.random.normal(0.3, 1, len(together)), 4).tolist()
        others = np.round(popular.random.random(NEXT), 4).tolist()
        yield (
            model_id, number, together, weights, following, others[: len(following)],
            content, others[: len(content)],
        )  # fmt: skip


async def fill(url: str, count: int) -> None:
    """Titles, rights, trends, learned tables."""
    connection = await asyncpg.connect(url)
    await connection.execute(_TITLES, count)
    await connection.execute(_RIGHTS)
    await connection.execute(_TRENDS, count // 5)
    model_id = await connection.fetchval(
        "INSERT INTO recommendation_models (state, source) VALUES ('current', 'benchmark')"
        " RETURNING id"
    )
    columns = [
        "model_id", "title_number", "together_numbers", "together_weights", "next_numbers",
        "next_weights", "content_numbers", "content_weights",
    ]  # fmt: skip
    await connection.copy_records_to_table(
        "title_neighbors", columns=columns, records=neighbours(model_id, count)
    )
    size = await connection.fetchval("SELECT pg_total_relation_size('title_neighbors') / 1000000")
    print(f"title_neighbors: {size} MB")
    await connection.close()


async def make_profiles(url: str, count: int) -> dict[int, list[UUID]]:
    """Profiles by the number of their signals."""
    connection = await asyncpg.connect(url)
    popular = Popular(count)
    await connection.execute(
        "INSERT INTO users (user_id, email, password_hash, country)"
        " VALUES ($1, 'benchmark@example.com', '', 'US')",
        USER,
    )
    made: dict[int, list[UUID]] = {}
    for signals in SIGNALS:
        for _ in range(PROFILES):
            profile_id = await connection.fetchval(
                "INSERT INTO profiles (user_id, name, avatar_id) VALUES ($1, $2, 'usherette')"
                " RETURNING id",
                USER,
                f"{signals} {len(made.get(signals, []))}",
            )
            drawn = popular.draw(signals)
            await connection.execute(_SIGNALS, USER, profile_id, drawn, datetime.now(UTC))
            made.setdefault(signals, []).append(profile_id)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return made


async def measure(database: Database, viewers: Sequence[Viewer], limit: int) -> list[float]:
    """Milliseconds of a request, each viewer several times, the first round left out."""
    taken: list[float] = []
    for number in range(ROUNDS):
        for viewer in viewers:
            async with database.read() as tx:
                taste = await taste_of(tx, viewer, SignalWeights())
                started = time.perf_counter()
                found = await candidates(tx, viewer, taste, limit=limit)
                if number:
                    taken.append((time.perf_counter() - started) * 1000)
            if len(found) < limit:
                raise SystemExit(f"only {len(found)} candidates")
    return taken


async def measure_ranking(database: Database, viewer: Viewer) -> float:
    """Milliseconds to put 250 candidates in order and give reasons."""
    async with database.read() as tx:
        taste = await taste_of(tx, viewer, SignalWeights())
        found = await candidates(tx, viewer, taste)
    taken = []
    for _ in range(ROUNDS * 3):
        started = time.perf_counter()
        for_you_draft(found, taste, viewer, datetime.now(UTC).date() + timedelta(days=1))
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


async def run(url: str, count: int) -> bool:
    """Print the figures; returns whether the limit holds."""
    await install(url)
    await fill(url, count)
    profiles = await make_profiles(url, count)
    database = Database(url)
    await database.open()
    holds = True
    print(f"{count} titles    p50 ms    p95 ms")
    for signals, ids in profiles.items():
        viewers = [
            Viewer(territory="US", max_maturity=21, user_id=USER, profile_id=profile_id)
            for profile_id in ids
        ]
        for limit in (LIMIT, 250):
            taken = sorted(await measure(database, viewers, limit))
            p50, p95 = statistics.median(taken), taken[int(len(taken) * 0.95)]
            print(f"{signals:3} signals, {limit:3} titles {p50:8.2f} {p95:9.2f}", flush=True)
            if limit == LIMIT and signals == FLOOR_SIGNALS:
                holds = p50 <= FLOOR_MS
        children = [replace(viewer, max_maturity=0) for viewer in viewers[:3]]
        p50 = statistics.median(await measure(database, children, 20))
        print(f"{signals:3} signals, 1 % allowed {p50:8.2f}", flush=True)
    print(f"ranking 250 candidates {await measure_ranking(database, viewers[0]):8.2f}")
    print(f"limit: {FLOOR_MS} ms at {FLOOR_SIGNALS} signals and {LIMIT} titles")
    await database.close()
    return holds


def main() -> None:
    """Start a server for this run alone, and measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else TITLES
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL is another user where we are root
        server = EmbeddedPostgres(Path(folder) / "postgres", durable=False)
        server.start()
        try:
            holds = asyncio.run(run(server.url(), count))
        finally:
            server.stop()
    if not holds:
        raise SystemExit("the limit is exceeded")


if __name__ == "__main__":
    main()
