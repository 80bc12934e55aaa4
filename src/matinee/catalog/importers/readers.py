"""Reading rows out of a file that arrives in pieces: JSON array, NDJSON or CSV, gzip or not."""

import csv
import io
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

import ijson
import orjson

from matinee.core.errors import Problem

LONGEST_LINE = 4 * 1_048_576
LARGEST_RATIO = 200
"""Gzip may blow a file up this many times; more is an attack."""

UNREADABLE = object()
"""Stands for a row that is not valid JSON."""


class UnreadableFile(Problem):
    """The file could not be read to its end."""

    status = 400


class Reader(Protocol):
    """Turns bytes into rows; a row that cannot be read is `UNREADABLE`."""

    def feed(self, piece: bytes) -> list[Any]:
        """Rows that became complete with this piece."""
        ...

    def finish(self) -> list[Any]:
        """Rows that were still waiting for the end.

        Raises:
            UnreadableFile: the file ends in the middle of something.
        """
        ...


class JsonArray:
    """`[{…}, {…}]`, read item by item."""

    def __init__(self) -> None:
        self._rows: Any = ijson.sendable_list()
        self._parser = ijson.items_coro(self._rows, "item", use_float=True)

    def feed(self, piece: bytes) -> list[Any]:
        """Rows completed by this piece."""
        try:
            self._parser.send(piece)
        except (ijson.JSONError, StopIteration, UnicodeDecodeError, RecursionError) as error:
            raise UnreadableFile(reason=str(error)[:200]) from None
        return self._taken()

    def finish(self) -> list[Any]:
        """Check that the array was closed."""
        try:
            self._parser.close()
        except (ijson.JSONError, UnicodeDecodeError) as error:
            raise UnreadableFile(reason=str(error)[:200]) from None
        return self._taken()

    def _taken(self) -> list[Any]:
        rows = list(self._rows)
        del self._rows[:]
        return rows


class Lines:
    """NDJSON: one JSON object per line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[Any]:
        """Rows of the lines completed by this piece."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            raise UnreadableFile(reason="a line is longer than 4 MiB")
        return [_parsed(line) for line in lines if line.strip()]

    def finish(self) -> list[Any]:
        """The last line, which needs no line feed."""
        rest, self._rest = self._rest, b""
        return [_parsed(rest)] if rest.strip() else []


def _parsed(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return UNREADABLE


class Csv:
    """RFC 4180 with a header line; cells with several values separate them by `|`."""

    def __init__(self) -> None:
        self._rest = ""
        self._bytes = b""
        self._header: list[str] | None = None

    def feed(self, piece: bytes) -> list[Any]:
        """Rows of the records completed by this piece."""
        self._rest += self._decoded(piece)
        end = _end_of_records(self._rest)
        if len(self._rest) - end > LONGEST_LINE:
            raise UnreadableFile(reason="a record is longer than 4 MiB")
        complete, self._rest = self._rest[:end], self._rest[end:]
        return list(self._records(complete))

    def finish(self) -> list[Any]:
        """The last record, which needs no line feed."""
        if self._bytes:
            raise UnreadableFile(reason="the file is not UTF-8")
        rest, self._rest = self._rest, ""
        if rest.count('"') % 2:
            raise UnreadableFile(reason="a quoted cell is not closed")
        return list(self._records(rest))

    def _decoded(self, piece: bytes) -> str:
        data = self._bytes + piece
        try:
            self._bytes = b""
            return data.decode("utf-8-sig" if self._header is None and not self._rest else "utf-8")
        except UnicodeDecodeError as error:
            if error.end < len(data) or error.reason != "unexpected end of data":
                raise UnreadableFile(reason="the file is not UTF-8") from None
            self._bytes = data[error.start :]
            return data[: error.start].decode("utf-8")

    def _records(self, text: str) -> Iterator[dict[str, str]]:
        for cells in csv.reader(io.StringIO(text, newline="")):
            if self._header is None:
                self._header = [name.strip().lower() for name in cells]
            elif any(cells):
                yield dict(zip(self._header, cells, strict=False))


def _end_of_records(text: str) -> int:
    """Just after the last line feed that stands outside quotes."""
    end = text.rfind("\n") + 1
    while end and text.count('"', 0, end) % 2:
        end = text.rfind("\n", 0, end - 1) + 1
    return end


class Gunzip:
    """Unpacks gzip in pieces and refuses bombs."""

    def __init__(self, inner: Reader) -> None:
        self._inner = inner
        self._unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._packed = 0
        self._unpacked = 0

    def feed(self, piece: bytes) -> list[Any]:
        """Rows completed by what this piece unpacks to."""
        self._packed += len(piece)
        rows: list[Any] = []
        while piece:
            try:
                data = self._unpacker.decompress(piece, 1_048_576)
            except zlib.error as error:
                raise UnreadableFile(reason=str(error)) from None
            self._unpacked += len(data)
            if self._unpacked > 1_048_576 + LARGEST_RATIO * self._packed:
                raise UnreadableFile(reason="the file unpacks to far more than it holds")
            rows += self._inner.feed(data) if data else []
            piece = self._unpacker.unconsumed_tail
            if self._unpacker.eof and self._unpacker.unused_data:
                piece = self._unpacker.unused_data
                self._unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        return rows

    def finish(self) -> list[Any]:
        """Check that the archive was complete."""
        if not self._unpacker.eof:
            raise UnreadableFile(reason="the archive is cut off")
        return self._inner.finish()


def reader_for(first: bytes) -> Reader:
    """The reader for a file, judged by its first bytes."""
    if first[:2] == b"\x1f\x8b":
        start = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            return Gunzip(_plain_reader(start.decompress(first, 4096)))
        except zlib.error as error:
            raise UnreadableFile(reason=str(error)) from None
    return _plain_reader(first)


def _plain_reader(first: bytes) -> Reader:
    start = first.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"[":
        return JsonArray()
    if start in (b"{", b""):
        return Lines()
    return Csv()
