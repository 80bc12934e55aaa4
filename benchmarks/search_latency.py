"""How long a search and a suggestion take at 36 000 and at 100 000 titles, without embeddings.

    python3 dev bench search_latency                generated titles
    python benchmarks/search_latency.py FILE        a file of titles; to reach 100 000 others are
                                                    put together from parts of their names

Calls are made in process, one after the other: understanding the query, ranking, cards. Queries
have one typing error; suggestions are asked for after each letter of a name. `SELECT 1` in a
transaction tells how busy the machine is, and processor time does not depend on that.
"""

import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import SecretStr

from _search_sets import Maker, fill, index, misspelt
from matinee.accounts.viewer import Viewer
from matinee.catalog.search import service, suggestions
from matinee.catalog.search.schemas import Search, Suggest
from matinee.core.settings import Settings
from matinee.core.text import searchable, sort_key
from matinee.demo.generate import generate_titles
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.installation import install
from matinee.runtime import Runtime

EVERYTHING = Viewer(territory="US", max_maturity=21)
SIZES = (36_000, 100_000)
QUERIES, NAMES = 200, 40
TYPO_P50_LIMIT, SUGGESTIONS_P95_LIMIT = 10.0, 20.0

COLUMNS = ("kind", "status", "name", "sort_name", "folded_name", "synopsis", "year")
_PARTS = "SELECT name, synopsis, year FROM titles ORDER BY id"
_TITLES = """
    SELECT id, name, folded_name, '' AS synopsis, '{}'::text[] AS people FROM titles
    ORDER BY id LIMIT 20000
"""


def recombined(rows: Sequence[Any], count: int) -> Iterator[tuple[Any, ...]]:
    """Titles whose names are the first half of one and the second half of another."""
    rng = random.Random(3)
    for _ in range(count):
        first, second, third = (rng.choice(rows) for _ in range(3))
        begin, end = first["name"].split(), second["name"].split()
        kept = max(1, len(begin) // 2 + rng.randrange(2))
        name = " ".join(begin[:kept] + end[len(end) // 2 :])[:200]
        folded = searchable(name)
        synopsis, year = third["synopsis"], third["year"]
        yield "movie", "published", name, sort_key(name)[:500], folded, synopsis, year


async def enlarge(runtime: Runtime, size: int) -> None:
    """Bring a catalogue to that size, and index it."""
    async with runtime.database.write(statement_timeout_ms=600_000) as tx:
        rows = await tx.all(_PARTS)
        await tx.copy("titles", COLUMNS, recombined(rows, max(0, size - len(rows))))
    await index(runtime)


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    await work()
    return (time.perf_counter() - started) * 1000


class Figures(NamedTuple):
    """Milliseconds of one kind of call: median, 95th percentile, mean of processor time."""

    p50: float
    p95: float
    cpu: float


async def measure_each(backend: int, works: Sequence[Callable[[], Awaitable[object]]]) -> Figures:
    """Call each once; the processor time of PostgreSQL is included, and no waiting for others."""
    for work in works[:10]:
        await work()
    before = processor_seconds(backend)
    times = [await timed(work) for work in works]
    cpu = (processor_seconds(backend) - before) * 1000 / len(works)
    return Figures(statistics.median(times), statistics.quantiles(times, n=20)[18], cpu)


def processor_seconds(backend: int) -> float:
    """What this process and that one have used."""
    fields = Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def select_one(runtime: Runtime) -> None:
    """The least that a read can cost."""
    async with runtime.database.read() as tx:
        await tx.scalar("SELECT 1")


async def measure_size(runtime: Runtime) -> bool:
    """Print a line for each kind of call; returns whether the limits hold."""
    async with runtime.database.read() as tx:
        titles = list(Maker(await tx.all(_TITLES)).about_names(1, 6))[:QUERIES]
        count = await tx.scalar("SELECT count(*) FROM titles")
        backend = await tx.scalar("SELECT pg_backend_pid()")
    rng = random.Random(5)
    typos = [Search(q=misspelt(rng, title["name"])) for title in titles]
    exact = [Search(q=title["name"]) for title in titles]
    typed = [
        Suggest(q=title["name"][:length])
        for title in titles[:NAMES]
        for length in range(1, len(title["name"]) + 1)
        if title["name"][:length].strip()
    ]
    ask = partial(service.search, runtime, EVERYTHING)
    suggest = partial(suggestions.suggest, runtime, EVERYTHING)
    cases: dict[str, list[Callable[[], Awaitable[object]]]] = {
        "SELECT 1": [partial(select_one, runtime)] * QUERIES,
        "search, name": [partial(ask, wish) for wish in exact],
        "search, typo": [partial(ask, wish) for wish in typos],
        "suggestions": [partial(suggest, wish) for wish in typed],
    }
    figures: dict[str, Figures] = {}
    for name, works in cases.items():
        found = figures[name] = await measure_each(backend, works)
        print(
            f"{count:8d} titles  {name:14} p50 {found.p50:6.2f} ms  p95 {found.p95:6.2f} ms"
            f"  processor {found.cpu:6.2f} ms",
            flush=True,
        )
    return (
        figures["search, typo"].p50 <= TYPO_P50_LIMIT
        and figures["suggestions"].p95 <= SUGGESTIONS_P95_LIMIT
    )


async def measure(url: str, path: Path | None) -> bool:
    """Fill a database, enlarge it, measure."""
    await install(url)
    settings = Settings(
        environment="test",
        database_url=SecretStr(url),
        embedding_provider="none",
        database_pool_max=1,
        rate_limits_enabled=False,
        log_level="error",
    )
    runtime = Runtime(settings)
    await runtime.open()
    if path is not None:
        await fill(runtime, [path], None)
    holds = True
    for size in SIZES:
        if path is None:
            await generate_titles(runtime, size)
            await index(runtime)
        else:
            await enlarge(runtime, size)
        holds &= await measure_size(runtime)
    await runtime.close()
    return holds


def main() -> None:
    """Start a server for this run alone, and measure."""
    path = Path(sys.argv[1]) if sys.argv[1:] else None
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL is another user where we are root
        server = EmbeddedPostgres(Path(folder) / "postgres", durable=False)
        server.start()
        try:
            holds = asyncio.run(measure(server.url(), path))
        finally:
            server.stop()
    print(f"limits: typo p50 {TYPO_P50_LIMIT} ms, suggestions p95 {SUGGESTIONS_P95_LIMIT} ms")
    if not holds:
        raise SystemExit("a limit is exceeded")


if __name__ == "__main__":
    main()
