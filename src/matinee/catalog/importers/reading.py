"""From the bytes of a file to numbered rows in our own format, in bounded memory."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any, NamedTuple, TypeVar

from matinee.catalog.importers.packing import Unpacker
from matinee.catalog.importers.problems import Unreadable
from matinee.catalog.importers.readers import Reader, reader_for
from matinee.catalog.importers.rows import fingerprint
from matinee.catalog.importers.shapes import FileFormat, Shape, shape_for

BATCH_ROWS = 1000
BATCH_BYTES = 4 * 1_048_576
ENOUGH_TO_JUDGE = 4096
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Item = TypeVar("Item")


class RawRow(NamedTuple):
    """A row as it was read: its place in the file from 0, what it says, its fingerprint."""

    number: int
    said: Any
    hash: bytes

    @property
    def external_id(self) -> str | None:
        """The identity it claims, if any."""
        claimed = self.said.get("external_id") if isinstance(self.said, dict) else None
        return claimed.strip() if isinstance(claimed, str) else None


class RowReader:
    """Turns the pieces of a file, packed or not and of any known kind, into numbered rows."""

    def __init__(self, wish_format: FileFormat = "auto") -> None:
        self.count = 0
        self.size = 0
        self._format = wish_format
        self._unpacker = Unpacker()
        self._start = b""
        self._reader: Reader | None = None
        self._shape: Shape | None = None

    def feed(self, piece: bytes) -> Iterator[list[RawRow]]:
        """Rows that became complete, a part of the piece at a time.

        Raises:
            UnreadableFile: the file is of no kind that we know, or damaged.
        """
        for part in self._unpacker.feed(piece):
            yield self._numbered(self._read(part))

    def finish(self) -> list[RawRow]:
        """The rest.

        Raises:
            UnreadableFile: the file is cut off.
        """
        rows = self._read(self._unpacker.finish())
        reader = self._reader
        if reader is None:
            reader, rows = self._begin()
        return self._numbered(rows + reader.finish())

    def _read(self, part: bytes) -> list[Any]:
        self.size += len(part)
        if self._reader is not None:
            return self._reader.feed(part)
        self._start += part
        return self._begin()[1] if len(self._start) >= ENOUGH_TO_JUDGE else []

    def _begin(self) -> tuple[Reader, list[Any]]:
        """Choose the reader, now that enough is known, and let it read that."""
        start, self._start = self._start.removeprefix(BYTE_ORDER_MARK), b""
        self._reader = reader_for(start)
        return self._reader, self._reader.feed(start)

    def _numbered(self, read: list[Any]) -> list[RawRow]:
        rows: list[RawRow] = []
        for item in read:
            said = item
            if not isinstance(item, Unreadable):
                self._shape = self._shape or shape_for(self._format, item)
                said = self._shape(item)
            rows.append(RawRow(self.count, said, fingerprint(said)))
            self.count += 1
        return rows


async def read_batches(
    pieces: AsyncIterator[bytes], wish_format: FileFormat
) -> AsyncGenerator[list[RawRow], None]:
    """The rows of a file, some at a time; parsed in a thread, so that others get their turn.

    Raises:
        UnreadableFile: the file cannot be read to its end.
    """
    reader = RowReader(wish_format)
    batch: list[RawRow] = []
    taken = 0
    async for piece in pieces:
        parts = reader.feed(piece)
        while (rows := await asyncio.to_thread(next, parts, None)) is not None:
            batch += rows
            while len(batch) >= BATCH_ROWS or (batch and reader.size - taken >= BATCH_BYTES):
                yield batch[:BATCH_ROWS]
                batch = batch[BATCH_ROWS:]
                taken = reader.size
    batch += await asyncio.to_thread(reader.finish)
    for start in range(0, len(batch), BATCH_ROWS):
        yield batch[start : start + BATCH_ROWS]


async def one_ahead(items: AsyncGenerator[Item, None]) -> AsyncGenerator[Item, None]:
    """The same items; the next one is being made while the last one is worked on."""
    coming = asyncio.ensure_future(anext(items, None))
    try:
        while (item := await coming) is not None:
            coming = asyncio.ensure_future(anext(items, None))
            yield item
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await items.aclose()


async def count_rows(pieces: AsyncIterator[bytes], wish_format: FileFormat) -> int:
    """Read a file to its end; returns how many rows it has.

    Raises:
        UnreadableFile: it cannot be read to its end.
    """
    return sum([len(batch) async for batch in read_batches(pieces, wish_format)])
