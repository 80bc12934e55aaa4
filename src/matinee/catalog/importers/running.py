"""The job that imports a stored file: it goes on where an earlier run was interrupted."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog

from matinee.accounts.audit import SYSTEM
from matinee.catalog.importers.imports import finish_import
from matinee.catalog.importers.problems import RowsRefused, UnreadableFile
from matinee.catalog.importers.service import (
    Progress,
    Wish,
    again_on_conflict,
    compare,
    import_in_batches,
    import_together,
    refresh_statistics,
    write_patiently,
)
from matinee.catalog.importers.tally import Tally
from matinee.core.database import WriteTx
from matinee.core.jobs import EVERY_HOUR, JobRun, job
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

ATTEMPTS = 20
"""Interruptions that an import survives; each costs only the batch it was in."""

_STORED = "SELECT options, report, state FROM imports WHERE id = :import_id"
_PIECE = "SELECT body FROM import_chunks WHERE import_id = :import_id AND number = :number"
_KEEP = """
    UPDATE imports SET state = 'running', rows_done = :rows, report = :report::jsonb
    WHERE id = :import_id AND state IN ('queued', 'running') AND rows_done = :rows_before
"""
_FORGET_BROKEN_OFF = """
    DELETE FROM imports
    WHERE state = 'uploading' AND created_at < clock_timestamp() - interval '1 day'
"""
_FORGET_GIVEN_UP = """
    DELETE FROM import_chunks c
    USING imports i LEFT JOIN procrastinate_jobs j ON j.id = i.job_id
    WHERE i.id = c.import_id AND i.state <> 'uploading'
      AND i.created_at < clock_timestamp() - interval '7 days'
      AND (j.id IS NULL OR j.status NOT IN ('todo', 'doing'))
"""


class TakenOver(Exception):
    """Another worker has carried this import on."""


@dataclass(frozen=True)
class StoredImport:
    """An import whose file lies in the database."""

    runtime: Runtime
    id: UUID
    wish: Wish
    rows: int | None
    """Rows of the file."""

    async def pieces(self) -> AsyncIterator[bytes]:
        """The file, from its beginning."""
        number = 0
        while (piece := await self._piece(number)) is not None:
            yield piece
            number += 1

    async def _piece(self, number: int) -> bytes | None:
        async with self.runtime.database.read() as tx:
            found: bytes | None = await tx.scalar(_PIECE, import_id=self.id, number=number)
        return found

    async def keep(self, tx: WriteTx, before: Tally, tally: Tally) -> None:
        """Store with a batch how far the import has come.

        Raises:
            TakenOver: it is not where this run left it.
        """
        kept = await tx.execute(
            _KEEP,
            import_id=self.id,
            rows=tally.rows,
            rows_before=before.rows,
            report=tally.report(),
        )
        if not kept:
            raise TakenOver


@job("catalog.import_titles", queue="imports", attempts=ATTEMPTS)
async def import_titles(runtime: Runtime, run: JobRun, *, import_id: str) -> None:
    """Import a stored file; running it twice equals running it once."""
    identity = UUID(import_id)
    async with runtime.database.read() as tx:
        found = await tx.one(_STORED, import_id=identity)
    if found is None or found["state"] not in ("queued", "running"):
        return
    options = dict(found["options"])
    rows = options.pop("rows", None)
    stored = StoredImport(runtime, identity, Wish(**options), rows)
    try:
        await _import(stored, run, Tally.of_report(found["report"]))
    except (UnreadableFile, RowsRefused) as problem:
        report = {**(problem.details or {}), "reason": problem.code}
        async with runtime.database.write() as wtx:
            await finish_import(wtx, SYSTEM, identity, "failed", report)
    except TakenOver:
        log.warning("import_taken_over", import_id=import_id)


async def _import(stored: StoredImport, run: JobRun, tally: Tally) -> None:
    runtime, wish = stored.runtime, stored.wish
    progress = partial(run.progress, total=stored.rows)
    if wish.all_or_nothing and not wish.dry_run:
        await again_on_conflict(partial(_import_together, stored, progress))
        return
    if wish.dry_run:
        tally = await compare(runtime, stored.pieces(), wish, progress)
    else:
        tally = await import_in_batches(
            runtime, stored.pieces(), wish, progress, tally=tally, keep=stored.keep
        )
    async with runtime.database.write() as tx:
        report = tally.report(dry_run=wish.dry_run)
        await finish_import(tx, SYSTEM, stored.id, "done", report)


async def _import_together(stored: StoredImport, progress: Progress) -> None:
    async with write_patiently(stored.runtime) as tx:
        pieces = stored.pieces()
        tally = await import_together(stored.runtime, tx, pieces, stored.wish, progress)
        await finish_import(tx, SYSTEM, stored.id, "done", tally.report())
    await refresh_statistics(stored.runtime, tally)


@job("catalog.forget_uploads", every=EVERY_HOUR)
async def forget_uploads(runtime: Runtime, _run: JobRun) -> None:
    """Uploads that broke off are removed after a day, files of given up imports after a week."""
    async with runtime.database.write() as tx:
        await tx.execute(_FORGET_BROKEN_OFF)
        await tx.execute(_FORGET_GIVEN_UP)
