"""The job that gets new titles known to the current model between two trainings."""

from typing import NamedTuple

import numpy as np

from matinee.core.database import ReadTx, WriteTx
from matinee.core.jobs import EVERY_HOUR, JobRun, enqueue, is_running, job
from matinee.recommendations.learning import lessons
from matinee.recommendations.learning.apart import run_apart, run_in_thread
from matinee.recommendations.learning.arrays import Matrix, Places
from matinee.recommendations.learning.content import Content
from matinee.recommendations.learning.lessons import Introduction
from matinee.recommendations.learning.reading import (
    SMALL_TITLES,
    Table,
    read_content,
    read_popularity,
    read_table,
)
from matinee.recommendations.learning.storing import LEARNED, current_model, neighbours_of
from matinee.recommendations.learning.training import train
from matinee.runtime import Runtime

_UNKNOWN = """
    SELECT EXISTS (
        SELECT FROM content_embeddings e JOIN titles t ON t.id = e.title_id
        WHERE e.purpose = 'taste' AND NOT EXISTS (
            SELECT FROM title_neighbors n
            WHERE n.model_id = :model_id AND n.title_number = t.number)
    )
"""
# whoever swaps models meanwhile waits; a model that has stepped back is left as it is
_HOLD = "SELECT id FROM recommendation_models WHERE id = :model_id AND state = 'current' FOR UPDATE"
_ADD_ROWS = """
    INSERT INTO title_neighbors (model_id, title_number, is_virtual)
    SELECT :model_id, number, true FROM unnest(:numbers::bigint[]) AS number ORDER BY number
    ON CONFLICT (model_id, title_number) DO NOTHING
"""
_WITH_ROWS = """
    SELECT title_number FROM title_neighbors
    WHERE model_id = :model_id AND title_number = ANY (:numbers::bigint[])
"""


def _append(column: str) -> str:
    """SQL that adds neighbours to rows; those with the largest weights stay first."""
    return f"""
        UPDATE title_neighbors n
        SET {column}_numbers = merged.numbers, {column}_weights = merged.weights
        FROM (
            SELECT r.title_number,
                   array_agg(found.number ORDER BY found.weight DESC, found.number) AS numbers,
                   array_agg(found.weight ORDER BY found.weight DESC, found.number) AS weights
            FROM title_neighbors r
            CROSS JOIN LATERAL (
                SELECT number, weight
                FROM unnest(r.{column}_numbers, r.{column}_weights) AS own (number, weight)
                UNION ALL
                SELECT new.number, new.weight
                FROM unnest(:seeds::bigint[], :numbers::int4[], :weights::float4[])
                    AS new (seed, number, weight)
                WHERE new.seed = r.title_number
            ) AS found
            WHERE r.model_id = :model_id AND r.title_number = ANY (:seeds::bigint[])
            GROUP BY r.title_number
        ) AS merged
        WHERE n.model_id = :model_id AND n.title_number = merged.title_number
    """


SEEDS_AT_ONCE = 200


class _Arrivals(NamedTuple):
    """The catalogue, the current model's table, and the titles that have no row in it."""

    content: Content
    table: Table
    popularity: Places
    newcomers: Places


@job("recommendations.introduce_titles", every=EVERY_HOUR, resumable=True)
async def introduce_titles(runtime: Runtime, run: JobRun) -> None:
    """Connect titles that the current model does not know with those that it knows.

    Where there is no model yet, all is learned, unless that is going on. Titles whose vectors have
    changed wait for the night.
    """
    async with runtime.database.read() as tx:
        current = await current_model(tx)
        unknown = current is not None and await tx.scalar(_UNKNOWN, model_id=current[0])
    if current is None:
        async with runtime.database.write() as wtx:
            if not await is_running(wtx, train):
                await enqueue(wtx, train)
        return
    if not unknown:
        return
    model_id, _ = current
    async with runtime.database.read() as tx:
        arrivals = await _read(tx, model_id)

    async def say(step: str) -> None:
        await run.progress(0, total=len(arrivals.newcomers), note=step)

    await say("reading")
    small = len(arrivals.popularity) <= SMALL_TITLES
    introduction: Introduction = await (run_in_thread if small else run_apart)(
        lessons.introduce,
        arrivals.table.together,
        arrivals.content,
        arrivals.popularity,
        arrivals.newcomers,
        on_step=say,
    )
    async with runtime.database.write() as wtx:
        await _store(wtx, model_id, introduction, arrivals.content.numbers)


async def _read(tx: ReadTx, model_id: int) -> _Arrivals:
    content = await read_content(tx)
    table = await read_table(tx, model_id, content.numbers)
    popularity = await read_popularity(tx, content.numbers)
    newcomers = np.setdiff1d(np.flatnonzero(content.has_vector), table.rows)
    return _Arrivals(content, table, popularity, newcomers)


async def _store(tx: WriteTx, model_id: int, introduction: Introduction, numbers: Places) -> None:
    """Add the rows of newcomers that still have none, and what leads to these."""
    if await tx.scalar(_HOLD, model_id=model_id) is None:
        return
    wanted = numbers[introduction.newcomers].tolist()
    rows = await tx.all(_WITH_ROWS, model_id=model_id, numbers=wanted)
    known = np.isin(numbers[introduction.newcomers], [row["title_number"] for row in rows])
    newcomers = introduction.newcomers[~known]
    await tx.execute(_ADD_ROWS, model_id=model_id, numbers=numbers[newcomers].tolist())
    for column, table in (("together", introduction.together), ("content", introduction.content)):
        await _merge(tx, model_id, column, _about(table, newcomers), numbers)
    tx.invalidate(LEARNED)


def _about(table: Matrix, newcomers: Places) -> Matrix:
    """Only the weights from or towards these titles."""
    entries = table.tocoo()
    chosen = np.isin(entries.row, newcomers) | np.isin(entries.col, newcomers)
    entries.data[~chosen] = 0
    found = entries.tocsr()
    found.eliminate_zeros()
    return found


async def _merge(tx: WriteTx, model_id: int, column: str, table: Matrix, numbers: Places) -> None:
    seeds = np.flatnonzero(np.diff(table.indptr))
    for start in range(0, len(seeds), SEEDS_AT_ONCE):
        lists = [
            (int(numbers[place]), *neighbours_of(table, place, numbers))
            for place in seeds[start : start + SEEDS_AT_ONCE].tolist()
        ]
        await tx.execute(
            _append(column),
            model_id=model_id,
            seeds=[seed for seed, names, _ in lists for _ in names],
            numbers=[number for _, names, _ in lists for number in names],
            weights=[weight for _, _, weights in lists for weight in weights],
        )
