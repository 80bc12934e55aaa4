"""Importing titles from a file: the same path for uploads, jobs and the command line (O-03)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import asyncpg

from matinee.catalog.importers import loader
from matinee.catalog.importers.loader import Numbered, Ratings, Tally
from matinee.catalog.importers.readers import UNREADABLE, Reader, reader_for
from matinee.catalog.importers.rows import RowError, TitleRow, read_row
from matinee.catalog.importers.shapes import SHAPES, shape_of
from matinee.catalog.tags import CATALOG
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import RuleViolated
from matinee.runtime import Runtime

BATCH = 1000
SHOWN_ERRORS = 200
FIRST_PIECE = 4096

FileFormat = Literal["auto", "own", "csv", "wikipedia"]
NumberedRow = tuple[int, TitleRow | RowError]
Progress = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class Wish:
    """How to import."""

    format: FileFormat = "auto"
    dry_run: bool = False
    all_or_nothing: bool = False


class RowsRefused(RuleViolated):
    """Some rows are wrong, so nothing was imported."""


class Rows:
    """Pieces of a file on their way to becoming numbered rows."""

    def __init__(self, wish_format: FileFormat) -> None:
        self._format: str = wish_format
        self._reader: Reader | None = None
        self._first = b""
        self.count = 0

    def feed(self, piece: bytes) -> list[NumberedRow]:
        """Rows that became complete."""
        if self._reader is None:
            self._first += piece
            if len(self._first) < FIRST_PIECE:
                return []
            piece, self._first = self._first, b""
            self._reader = reader_for(piece)
        return self._numbered(self._reader.feed(piece))

    def finish(self) -> list[NumberedRow]:
        """The rest."""
        raw: list[Any] = []
        if self._reader is None:
            self._reader = reader_for(self._first)
            raw = self._reader.feed(self._first)
        return self._numbered(raw + self._reader.finish())

    def _numbered(self, raw: list[Any]) -> list[NumberedRow]:
        if raw and self._format == "auto":
            self._format = shape_of(raw[0])
        shape = SHAPES.get(self._format, SHAPES["own"])
        rows: list[NumberedRow] = []
        for item in raw:
            given = None if item is UNREADABLE else shape(item)
            rows.append((self.count, read_row(self.count, given)))
            self.count += 1
        return rows


class TitleImport:
    """One import in progress: takes batches of rows, keeps the tally."""

    def __init__(self, wish: Wish, ratings: Ratings) -> None:
        self.wish = wish
        self.tally = Tally()
        self._ratings = ratings
        self._seen: set[str] = set()

    async def take(self, tx: ReadTx, batch: list[NumberedRow]) -> None:
        """Check a batch and write what is new in it; a dry run only compares."""
        self.tally.rows += len(batch)
        good = [(index, row) for index, row in batch if isinstance(row, TitleRow)]
        self._note(row for _, row in batch if isinstance(row, RowError))
        good, errors = loader.check_repeats(good, self._seen)
        self._note(errors)
        good, errors = loader.check_ratings(good, self._ratings)
        self._note(errors)
        changed = await loader.changed_rows(tx, good)
        self.tally.unchanged += len(good) - len(changed)
        if self.wish.dry_run:
            self._count(changed)
            room = loader.SHOWN_DIFFERENCES - len(self.tally.differences)
            self.tally.differences += await loader.differences(tx, changed[: max(room, 0)])
        elif isinstance(tx, WriteTx):
            await self._write(tx, changed)

    async def _write(self, tx: WriteTx, changed: list[Numbered]) -> None:
        """A batch that the database refuses is halved until the culprit stands alone."""
        if not changed:
            return
        try:
            async with tx.savepoint():
                await loader.write_rows(tx, changed, self._ratings)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            if len(changed) == 1:
                self._note([_refused(changed[0], error)])
                return
            middle = len(changed) // 2
            await self._write(tx, changed[:middle])
            await self._write(tx, changed[middle:])
        else:
            self._count(changed)
            tx.invalidate(CATALOG)

    def _count(self, changed: list[Numbered]) -> None:
        updates = sum(row.exists for row in changed)
        self.tally.updated += updates
        self.tally.created += len(changed) - updates

    def _note(self, errors: Iterable[RowError]) -> None:
        for error in errors:
            self.tally.error_count += 1
            if len(self.tally.errors) < SHOWN_ERRORS:
                self.tally.errors.append(error)

    def report(self) -> dict[str, Any]:
        """What became of the rows, ready for the wire."""
        tally = self.tally
        return {
            "dry_run": self.wish.dry_run,
            "rows": tally.rows,
            "created": tally.created,
            "updated": tally.updated,
            "unchanged": tally.unchanged,
            "error_count": tally.error_count,
            "errors": [error.model_dump() for error in tally.errors],
            "differences": tally.differences,
        }


def _refused(row: Numbered, error: asyncpg.PostgresError) -> RowError:
    return RowError(
        index=row.index,
        external_id=row.row.external_id,
        field=getattr(error, "constraint_name", None),
        code="rule_violated",
        message="The row contradicts a rule of the catalogue.",
    )


async def run_import(
    runtime: Runtime, pieces: AsyncIterator[bytes], wish: Wish, progress: Progress
) -> dict[str, Any]:
    """Import a file that comes in pieces; returns the report.

    Batches are stored one by one, so that a long import is visible as it goes and one that was
    killed goes on where it stopped; with `all_or_nothing` they are stored together.

    Raises:
        RowsRefused: all or nothing was asked, and there are errors.
        UnreadableFile: the file broke off; what was stored before stays.
    """
    async with runtime.database.read() as tx:
        importing = TitleImport(wish, await loader.known_ratings(tx))
    timeout = runtime.settings.job_statement_timeout_ms
    if wish.dry_run:
        async with runtime.database.read(statement_timeout_ms=timeout) as tx:
            await _take_all(importing, tx, pieces, progress)
    elif wish.all_or_nothing:
        async with runtime.database.write(statement_timeout_ms=timeout) as wtx:
            await _take_all(importing, wtx, pieces, progress)
            if importing.tally.error_count:
                raise RowsRefused(**importing.report())
    else:
        async for batch in _batches(pieces, wish.format):
            async with runtime.database.write(statement_timeout_ms=timeout) as wtx:
                await importing.take(wtx, batch)
            await progress(importing.tally.rows)
    return importing.report()


async def _take_all(
    importing: TitleImport, tx: ReadTx, pieces: AsyncIterator[bytes], progress: Progress
) -> None:
    async for batch in _batches(pieces, importing.wish.format):
        await importing.take(tx, batch)
        await progress(importing.tally.rows)


async def _batches(
    pieces: AsyncIterator[bytes], wish_format: FileFormat
) -> AsyncIterator[list[NumberedRow]]:
    rows = Rows(wish_format)
    batch: list[NumberedRow] = []
    async for piece in pieces:
        batch += rows.feed(piece)
        while len(batch) >= BATCH:
            yield batch[:BATCH]
            batch = batch[BATCH:]
    batch += rows.finish()
    for start in range(0, len(batch), BATCH):
        yield batch[start : start + BATCH]
