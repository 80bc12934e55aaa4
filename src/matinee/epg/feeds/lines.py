"""The lines of a text file of unknown encoding, one at a time and of bounded length."""

from collections.abc import Iterable, Iterator

from matinee.epg.feeds.problems import TooMuch, Unreadable, at

LONGEST_LINE = 16_384
"""Bytes."""

MARKS_OF_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
BYTE_ORDER_MARK = "\ufeff"
CONTROLS = dict.fromkeys((*range(9), *range(10, 32), 127))


def lines_of(pieces: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """Numbers and texts of all lines that are not blank; UTF-8, else Windows-1252, line by line.

    Raises:
        TooMuch: a line is longer than `LONGEST_LINE`.
        Unreadable: the file is UTF-16.
    """
    for number, raw in enumerate(_raw_lines(pieces), 1):
        if number == 1 and raw.startswith(MARKS_OF_UTF_16):
            raise Unreadable("The list is written in UTF-16; save it as UTF-8.")
        if text := _decoded(raw).translate(CONTROLS).strip(BYTE_ORDER_MARK).strip():
            yield number, text


def _raw_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    line = 0
    for piece in pieces:
        text = rest + piece
        # a carriage return at the very end may be half of a line's end
        held = b"\r" if text.endswith(b"\r") else b""
        text = text.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *complete, rest = text.split(b"\n")
        rest += held
        for raw in complete:
            line += 1
            _check(raw, line)
            yield raw
        _check(rest, line + 1)
    if rest:
        yield rest


def _check(raw: bytes, line: int) -> None:
    if len(raw) > LONGEST_LINE:
        raise TooMuch(f"The list's {at(line)} is longer than {LONGEST_LINE:,} bytes.")


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        try:
            return raw.decode("cp1252")
        except UnicodeDecodeError:
            return raw.decode("latin-1")
