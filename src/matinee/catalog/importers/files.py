"""Importing a file of this machine: for the command line."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import asdict
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from matinee.accounts.audit import COMMAND_LINE, record
from matinee.catalog.importers.library import Library
from matinee.catalog.importers.packing import PIECE
from matinee.catalog.importers.problems import RowsRefused
from matinee.catalog.importers.reading import count_rows
from matinee.catalog.importers.service import (
    Wish,
    again_on_conflict,
    compare,
    import_in_batches,
    import_together,
    refresh_statistics,
    write_patiently,
)
from matinee.core.database import WriteTx
from matinee.runtime import Runtime

Report = dict[str, Any]
FileProgress = Callable[[int, int], Awaitable[None]]
"""Told how many rows are done, and how many there are."""

ROWS_PER_PIECE = 100


async def import_file(
    runtime: Runtime, source: Path | BinaryIO, wish: Wish, progress: FileProgress
) -> Report:
    """Import a file, a folder of NFO files, or what a stream such as stdin holds.

    Everything is read once before anything is written, so that a file that is cut off changes
    nothing; titles that this installation has in the same form already are left alone, so that an
    import which was interrupted is simply begun again.

    Raises:
        UnreadableFile: it is of no kind that we know, or breaks off.
        RowsRefused: all or nothing was asked, and there are errors; `details` is the report.
        OSError: there is no such file.
    """
    if not isinstance(source, Path):
        with tempfile.NamedTemporaryFile(prefix="matinee-import-") as kept:
            await asyncio.to_thread(shutil.copyfileobj, source, kept)
            kept.flush()
            return await _import(runtime, LocalFile(Path(kept.name), "-"), wish, progress)
    return await _import(runtime, LocalFile(source, str(source)), wish, progress)


class LocalFile:
    """A file or folder that can be read as often as needed."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self._path = path
        self._library = Library(path) if path.is_dir() else None

    async def pieces(self) -> AsyncIterator[bytes]:
        """Its bytes; those of a folder are one line per title."""
        pieces = _lines(self._library.titles()) if self._library else _blocks(self._path)
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece

    @property
    def broken(self) -> list[dict[str, Any]]:
        """Files of a folder that could not be read, as errors of the report."""
        found = self._library.broken if self._library else {}
        return [
            {"index": None, "external_id": None, "field": name, "code": "unreadable_file",
             "message": reason}
            for name, reason in found.items()
        ]  # fmt: skip


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(PIECE):
            yield block


def _lines(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    while some := list(islice(rows, ROWS_PER_PIECE)):
        yield b"".join(chain.from_iterable((orjson.dumps(row), b"\n") for row in some))


async def _import(runtime: Runtime, file: LocalFile, wish: Wish, progress: FileProgress) -> Report:
    total = await count_rows(file.pieces(), wish.format)
    if wish.all_or_nothing and file.broken:
        raise RowsRefused(errors=file.broken, error_count=len(file.broken))

    async def told(rows: int) -> None:
        await progress(rows, total)

    if wish.dry_run:
        report = (await compare(runtime, file.pieces(), wish, told)).report(dry_run=True)
    elif wish.all_or_nothing:
        report = await again_on_conflict(partial(_import_together, runtime, file, wish, told))
    else:
        async with runtime.database.write() as tx:
            await _record(tx, "import.start", file, asdict(wish) | {"rows": total})
        report = (await import_in_batches(runtime, file.pieces(), wish, told)).report()
        async with runtime.database.write() as tx:
            await _record(tx, "import.finish", file, report)
    report["errors"] = [*file.broken, *report["errors"]]
    report["error_count"] += len(file.broken)
    return report


async def _import_together(
    runtime: Runtime, file: LocalFile, wish: Wish, progress: Callable[[int], Awaitable[None]]
) -> Report:
    async with write_patiently(runtime) as tx:
        tally = await import_together(runtime, tx, file.pieces(), wish, progress)
        report = tally.report()
        await _record(tx, "import.finish", file, report)
    await refresh_statistics(runtime, tally)
    return report


async def _record(tx: WriteTx, action: str, file: LocalFile, about: Report) -> None:
    figures = {name: value for name, value in about.items() if not isinstance(value, list)}
    await record(tx, COMMAND_LINE, action, targets={"file": file.name}, after=figures)
