"""Importing titles from a file: the same path for uploads, jobs and the command line (O-03)."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import asyncpg
import structlog

from matinee.catalog.importers import loader
from matinee.catalog.importers.checking import Checked, Checker
from matinee.catalog.importers.differences import differences_of
from matinee.catalog.importers.loader import Numbered, Ratings, Written
from matinee.catalog.importers.problems import InvalidRow, RowsRefused
from matinee.catalog.importers.reading import one_ahead, read_batches
from matinee.catalog.importers.rows import RowError, row_error
from matinee.catalog.importers.shapes import FileFormat
from matinee.catalog.importers.tally import Tally
from matinee.catalog.tags import CATALOG
from matinee.core.database import WriteTx
from matinee.core.errors import Busy
from matinee.core.garbage import collected_rarely
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

CONFLICTS = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
)
CONFLICT_TRIES = 8

REFUSALS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.CardinalityViolationError,
    asyncpg.ProgramLimitExceededError,
)
MANY_WRITTEN = 1000
_ANALYZE = """
    ANALYZE titles, people, title_people, title_localizations, title_rights, title_images,
            media_assets, seasons, episodes
"""
_WAIT_FOR_OTHERS = "SELECT set_config('lock_timeout', :milliseconds, true)"

Result = TypeVar("Result")
Progress = Callable[[int], Awaitable[None]]
Keep = Callable[[WriteTx, Tally, Tally], Awaitable[None]]
"""Stores, with the batch itself, how far the import has come: from one tally to the next."""


@dataclass(frozen=True)
class Wish:
    """How to import."""

    format: FileFormat = "auto"
    dry_run: bool = False
    all_or_nothing: bool = False


async def run_import(
    runtime: Runtime, pieces: AsyncIterator[bytes], wish: Wish, progress: Progress
) -> dict[str, Any]:
    """Import a file that comes in pieces; returns the report.

    Batches are stored one by one, so that a long import is visible as it goes; with
    `all_or_nothing` they are stored together. A dry run only compares.

    Raises:
        RowsRefused: all or nothing was asked, and there are errors.
        UnreadableFile: the file broke off; what was stored before stays.
    """
    if wish.dry_run:
        return (await compare(runtime, pieces, wish, progress)).report(dry_run=True)
    if wish.all_or_nothing:
        async with write_patiently(runtime) as tx:
            tally = await import_together(runtime, tx, pieces, wish, progress)
        await refresh_statistics(runtime, tally)
    else:
        tally = await import_in_batches(runtime, pieces, wish, progress)
    return tally.report()


async def compare(
    runtime: Runtime, pieces: AsyncIterator[bytes], wish: Wish, progress: Progress
) -> Tally:
    """What an import would do."""
    tally = Tally()
    async with aclosing(_checked(runtime, pieces, wish, await _ratings(runtime))) as batches:
        async for batch in batches:
            created = sum(not row.exists for row in batch.changed)
            async with runtime.database.read() as tx:
                found = await differences_of(tx, batch.changed[: tally.room])
            would = Written(created, len(batch.changed) - created)
            tally = tally.after(batch, would, differences=found)
            await progress(tally.rows)
    return tally


async def import_together(
    runtime: Runtime,
    tx: WriteTx,
    pieces: AsyncIterator[bytes],
    wish: Wish,
    progress: Progress,
) -> Tally:
    """Import a whole file as part of a transaction.

    Raises:
        RowsRefused: all or nothing was asked, and there are errors; `details` is the report.
    """
    tally, ratings = Tally(), await _ratings(runtime)
    async with aclosing(_checked(runtime, pieces, wish, ratings)) as batches:
        async for batch in batches:
            hopeless = wish.all_or_nothing and (tally.error_count or batch.errors)
            written, refused = await _store(tx, [] if hopeless else batch.changed, ratings)
            tally = tally.after(batch, written, refused)
            await progress(tally.rows)
    if wish.all_or_nothing and tally.error_count:
        raise RowsRefused(**tally.report())
    return tally


async def import_in_batches(
    runtime: Runtime,
    pieces: AsyncIterator[bytes],
    wish: Wish,
    progress: Progress,
    *,
    tally: Tally | None = None,
    keep: Keep | None = None,
) -> Tally:
    """Import a file batch by batch, each in its own transaction.

    `tally` is where an interrupted run had come, `keep` stores it for the next one.
    """
    tally, ratings = tally or Tally(), await _ratings(runtime)
    async with aclosing(_checked(runtime, pieces, wish, ratings, skip=tally.rows)) as batches:
        async for batch in batches:
            store = partial(_store_batch, runtime, batch, ratings, tally, keep)
            tally = await again_on_conflict(store)
            await progress(tally.rows)
    await refresh_statistics(runtime, tally)
    return tally


async def refresh_statistics(runtime: Runtime, tally: Tally) -> None:
    """Let PostgreSQL plan for a catalogue that has just become another one.

    It would find out by itself within minutes, in which browsing could be slow.
    """
    if tally.created + tally.updated < MANY_WRITTEN:
        return
    try:
        async with runtime.database.write() as tx:
            await tx.execute(_ANALYZE)
    except asyncpg.LockNotAvailableError:
        log.info("statistics_are_being_refreshed_by_another")


async def again_on_conflict(work: Callable[[], Awaitable[Result]]) -> Result:
    """Do work in a transaction again when another one was in its way.

    Raises:
        Busy: it was every time.
    """
    for attempt in range(1, CONFLICT_TRIES + 1):
        try:
            return await work()
        except CONFLICTS:
            await asyncio.sleep(random.uniform(0.05, 0.1) * attempt)
    raise Busy(headers={"Retry-After": "5"})


@asynccontextmanager
async def write_patiently(runtime: Runtime) -> AsyncIterator[WriteTx]:
    """A transaction of a background job: it waits for others as long as its statements may run."""
    timeout = runtime.settings.job_statement_timeout_ms
    async with runtime.database.write(statement_timeout_ms=timeout) as tx:
        await tx.scalar(_WAIT_FOR_OTHERS, milliseconds=str(timeout))
        yield tx


async def _ratings(runtime: Runtime) -> Ratings:
    async with runtime.database.read() as tx:
        return await loader.known_ratings(tx)


async def _checked(
    runtime: Runtime, pieces: AsyncIterator[bytes], wish: Wish, ratings: Ratings, skip: int = 0
) -> AsyncGenerator[Checked, None]:
    """The batches of a file, checked while the one before is being stored."""
    batches = _check_batches(runtime, pieces, wish, ratings, skip)
    with collected_rarely():
        async with aclosing(one_ahead(batches)) as checked:
            async for batch in checked:
                yield batch


async def _check_batches(
    runtime: Runtime, pieces: AsyncIterator[bytes], wish: Wish, ratings: Ratings, skip: int
) -> AsyncGenerator[Checked, None]:
    checker = Checker(ratings)
    async with aclosing(read_batches(pieces, wish.format)) as batches:
        async for rows in batches:
            taken = [row for row in rows if row.number < skip]
            checker.remember(taken)
            if new := rows[len(taken) :]:
                ids = [row.external_id for row in new if row.external_id is not None]
                async with runtime.database.read() as tx:
                    known = await loader.known_hashes(tx, ids)
                yield await asyncio.to_thread(checker.check, new, known)


async def _store_batch(
    runtime: Runtime, batch: Checked, ratings: Ratings, before: Tally, keep: Keep | None
) -> Tally:
    if not batch.changed and keep is None:
        return before.after(batch, Written())
    async with write_patiently(runtime) as tx:
        written, refused = await _store(tx, batch.changed, ratings)
        tally = before.after(batch, written, refused)
        if keep is not None:
            await keep(tx, before, tally)
    return tally


async def _store(
    tx: WriteTx, rows: Sequence[Numbered], ratings: Ratings
) -> tuple[Written, list[RowError]]:
    """A batch that the database refuses is halved until the culprit stands alone."""
    if not rows:
        return Written(), []
    try:
        async with tx.savepoint():
            written = await loader.write_rows(tx, rows, ratings)
    except REFUSALS as error:
        if len(rows) == 1:
            return Written(), [_refused(rows[0], error)]
        middle = len(rows) // 2
        first, refused = await _store(tx, rows[:middle], ratings)
        second, more = await _store(tx, rows[middle:], ratings)
        return first + second, refused + more
    if written.created or written.updated:
        tx.invalidate(CATALOG)
    return written, []


def _refused(row: Numbered, error: asyncpg.PostgresError) -> RowError:
    """What is said of a row that passed our own checks; the log tells all."""
    log.warning("row_refused", index=row.index, external_id=row.id, error=str(error))
    rule = getattr(error, "constraint_name", None)
    problem = InvalidRow("rule_violated", "The row contradicts a rule of the catalogue.", rule)
    return row_error(row.index, row.id, problem)
