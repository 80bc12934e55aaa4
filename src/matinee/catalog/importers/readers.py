"""Reading rows out of a file that arrives in pieces: JSON array, NDJSON, CSV or NFO."""

import csv
import re
from collections.abc import Callable
from typing import Any, Protocol

import orjson

from matinee.catalog.importers.nfo import titles_of_nfo
from matinee.catalog.importers.problems import NOT_CSV, NOT_JSON, UnreadableFile

LONGEST_ROW = 4 * 1_048_576
"""Bytes of one row: the longest series fit, and one row cannot fill the memory."""


class Reader(Protocol):
    """Turns bytes into rows; a row that cannot be read is `Unreadable`."""

    def feed(self, piece: bytes) -> list[Any]:
        """Rows that became complete with this piece.

        Raises:
            UnreadableFile: nothing sensible can follow.
        """
        ...

    def finish(self) -> list[Any]:
        """Rows that were still waiting for the end.

        Raises:
            UnreadableFile: the file ends in the middle of something.
        """
        ...


def reader_for(first: bytes) -> Reader:
    """The reader for a file, judged by its first bytes (unpacked, without byte order mark)."""
    kinds: dict[bytes, Callable[[], Reader]] = {b"[": JsonArray, b"{": Lines, b"": Lines, b"<": Nfo}
    return kinds.get(first.lstrip()[:1], Csv)()


def _parsed(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return NOT_JSON


def _refuse_long_row(length: int) -> None:
    if length > LONGEST_ROW:
        raise UnreadableFile(reason=f"a row is longer than {LONGEST_ROW} bytes")


class JsonArray:
    """`[{…}, {…}]`: items are found by their brackets and parsed one by one.

    A broken item costs only its own row, and memory holds one piece and one item.
    """

    # a whole string, a mark, or the first quote of a string that goes on in the next piece
    _TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},"]', re.DOTALL)

    def __init__(self) -> None:
        self._rest = b""
        self._scanned = 0
        self._depth = 0
        self._items = 0
        self._closed = False

    def feed(self, piece: bytes) -> list[Any]:
        """Items completed by this piece."""
        text, start, rows = self._rest + piece, 0, []
        self._rest, scanned, self._scanned = b"", self._scanned, 0
        if self._closed:
            return _nothing_more(text)
        for token in self._TOKEN.finditer(text, scanned):
            mark = token[0]
            if mark == b'"':
                self._scanned = token.start() - start
                break
            if mark in (b"[", b"{"):
                self._depth += 1
                start = token.end() if self._depth == 1 else start
            elif mark in (b"]", b"}"):
                self._depth -= 1
                if self._depth == 0:
                    self._closed = True
                    rows += self._last(text[start : token.start()])
                    return rows + _nothing_more(text[token.end() :])
            elif mark == b"," and self._depth == 1:
                rows.append(_parsed(text[start : token.start()]))
                start = token.end()
        else:
            self._scanned = len(text) - start
        self._rest = text[start:]
        self._items += len(rows)
        _refuse_long_row(len(self._rest))
        return rows

    def finish(self) -> list[Any]:
        """Check that the array was closed."""
        if not self._closed:
            raise UnreadableFile(reason="the array is not closed: the file is cut off")
        return []

    def _last(self, text: bytes) -> list[Any]:
        return [_parsed(text)] if self._items or text.strip() else []


def _nothing_more(text: bytes) -> list[Any]:
    if text.strip():
        raise UnreadableFile(reason="something follows the end of the array")
    return []


class Lines:
    """NDJSON: one JSON object per line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[Any]:
        """Rows of the lines completed by this piece."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        _refuse_long_row(len(self._rest))
        return [_parsed(line) for line in lines if line.strip()]

    def finish(self) -> list[Any]:
        """The last line, which needs no line feed."""
        rest, self._rest = self._rest, b""
        return [_parsed(rest)] if rest.strip() else []


class Cells(dict[str, str]):
    """A CSV record: cells by the name of their column."""


class Csv:
    """RFC 4180 with a header line, separated by comma, semicolon or tab."""

    def __init__(self) -> None:
        self._undecoded = b""
        self._rest = ""
        self._separator = ","
        self._record: re.Pattern[str] | None = None
        self._columns: list[str] = []

    def feed(self, piece: bytes) -> list[Any]:
        """Rows of the records completed by this piece."""
        self._rest += self._decoded(piece)
        if self._record is None and not self._choose_separator():
            return []
        return self._complete_rows()

    def finish(self) -> list[Any]:
        """The last record, which needs no line feed."""
        if self._undecoded:
            raise UnreadableFile(reason="the file is not UTF-8")
        self._rest += "" if self._rest.endswith("\n") else "\n"
        if self._record is None:
            self._choose_separator()
        rows = self._complete_rows()
        if self._rest:
            raise UnreadableFile(reason="a quoted cell is not closed: the file is cut off")
        return rows

    def _decoded(self, piece: bytes) -> str:
        data = self._undecoded + piece
        try:
            text, self._undecoded = data.decode(), b""
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":
                raise UnreadableFile(reason="the file is not UTF-8") from None
            text, self._undecoded = data[: error.start].decode(), data[error.start :]
        return text

    def _choose_separator(self) -> bool:
        """Judge by the header line which of the usual separators is meant."""
        header, found, _ = self._rest.partition("\n")
        _refuse_long_row(len(header))
        if found:
            self._separator = max(",;\t", key=header.count)
            cell = rf'(?:"[^"]*+(?:""[^"]*+)*+"|(?!"))[^{self._separator}\n]*+'
            self._record = re.compile(rf"{cell}(?:{self._separator}{cell})*+\n")
        return bool(found)

    def _complete_rows(self) -> list[Any]:
        rows: list[Any] = []
        end = 0
        while self._record and (record := self._record.match(self._rest, end)):
            end = record.end()
            rows += self._row(record[0])
        self._rest = self._rest[end:]
        _refuse_long_row(len(self._rest))
        return rows

    def _row(self, record: str) -> list[Any]:
        """One row, or none for an empty record and the header."""
        try:
            cells = next(csv.reader([record], delimiter=self._separator))
        except csv.Error:
            return [NOT_CSV]
        if not any(cells):
            return []
        if not self._columns:
            self._columns = [cell.strip().lower() for cell in cells]
            if not {"name", "title"} & set(self._columns):
                raise UnreadableFile(
                    reason="neither JSON nor NFO, nor CSV with a column `name` or `title`"
                )
            return []
        if len(cells) > len(self._columns):
            return [NOT_CSV]
        return [Cells(zip(self._columns, cells, strict=False))]


class Nfo:
    """One XML file of a media centre, as a whole."""

    def __init__(self) -> None:
        self._text = b""

    def feed(self, piece: bytes) -> list[Any]:
        """Nothing yet: XML is read at its end."""
        self._text += piece
        _refuse_long_row(len(self._text))
        return []

    def finish(self) -> list[Any]:
        """The title that the file describes."""
        return titles_of_nfo(self._text)
