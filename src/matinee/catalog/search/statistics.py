"""Which queries are asked, and which find nothing: counted by day, naming nobody."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

from matinee.catalog.search.schemas import QueryCount, QueryCounts
from matinee.core.buffers import sink
from matinee.core.database import ReadTx
from matinee.core.jobs import EVERY_NIGHT, JobRun, job
from matinee.runtime import Runtime

KEPT_DAYS = 90
LISTED = 100

Order = Literal["popular", "without_hits"]

_COUNT = """
    INSERT INTO search_queries AS q (day, folded_query, searches, without_hits)
    SELECT * FROM unnest(:days::date[], :queries::text[], :searches::int[], :without_hits::int[])
    ON CONFLICT (day, folded_query) DO UPDATE
    SET searches = q.searches + excluded.searches,
        without_hits = q.without_hits + excluded.without_hits
"""
_LIST = """
    SELECT folded_query AS query, sum(searches) AS searches, sum(without_hits) AS without_hits,
           max(day) AS last_day
    FROM search_queries WHERE day > (clock_timestamp() AT TIME ZONE 'UTC')::date - :days::int
    GROUP BY folded_query HAVING :popular OR sum(without_hits) > 0
    ORDER BY CASE WHEN :popular THEN sum(searches) ELSE sum(without_hits) END DESC, folded_query
    LIMIT :listed
"""
_DROP_OLD = """
    DELETE FROM search_queries
    WHERE day <= (clock_timestamp() AT TIME ZONE 'UTC')::date - :kept::int
"""


class Asked(NamedTuple):
    """One query."""

    day: date
    query: str
    found: bool


@sink("search_queries", every=5.0)
async def write_queries(runtime: Runtime, items: list[Asked]) -> None:
    """Add what was asked to the counts of its day."""
    searches = Counter((asked.day, asked.query) for asked in items)
    without = Counter((asked.day, asked.query) for asked in items if not asked.found)
    keys = sorted(searches)
    async with runtime.database.write() as tx:
        await tx.execute(
            _COUNT,
            days=[day for day, _ in keys],
            queries=[query for _, query in keys],
            searches=[searches[key] for key in keys],
            without_hits=[without[key] for key in keys],
        )


def count(runtime: Runtime, folded: str, *, found: bool) -> None:
    """Count a query; written within seconds."""
    runtime.buffers.add(write_queries, Asked(datetime.now(UTC).date(), folded, found))


async def list_queries(tx: ReadTx, order: Order, days: int) -> QueryCounts:
    """The most frequent queries of the last days, or those that found nothing most often."""
    rows = await tx.all(_LIST, days=days, popular=order == "popular", listed=LISTED)
    return QueryCounts(items=[QueryCount(**row) for row in rows])


@job("catalog.drop_old_queries", every=EVERY_NIGHT)
async def drop_old_queries(runtime: Runtime, _run: JobRun) -> None:
    """Forget what was asked long ago."""
    async with runtime.database.write() as tx:
        await tx.execute(_DROP_OLD, kept=KEPT_DAYS)
