"""Scrubbing XML as feeds contain it: control bytes, bare ampersands, entities of HTML."""

import re
from collections.abc import Iterable, Iterator
from html.entities import html5
from itertools import chain

from matinee.epg.feeds.problems import TooMuch

LONGEST_TOKEN = 1 << 20
"""Bytes from one `>` to the next."""

CONTROL_BYTES = bytes(code for code in range(32) if code not in b"\t\n\r")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
BLANKS = b" \t\r\n"

_ODD_AMPERSAND = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos);)"
    rb"(?:#(?P<decimal>\d{1,7});|#[xX](?P<hex>[0-9a-fA-F]{1,6});"
    rb"|(?P<name>[A-Za-z][A-Za-z0-9]{0,31});)?"
)
_CDATA = re.compile(rb"(<!\[CDATA\[.*?(?:\]\]>|\Z))", re.DOTALL)


def scrubbed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """XML that a strict parser takes, in pieces that end with a `>`; UTF-16 passes as it is.

    Nothing that has to be seen whole contains a `>` before its end, so nothing is cut in two.

    Raises:
        TooMuch: more than `LONGEST_TOKEN` bytes come without a `>`.
    """
    text = _after_preamble(pieces)
    start = next(text, b"")
    if b"\0" in start[:4] or start[:2] in UTF_16_MARKS:
        yield start
        yield from text
        return
    scrub = _Scrubber()
    rest = b""
    for piece in chain([start], text):
        rest += piece
        end = rest.rfind(b">") + 1
        if end:
            yield scrub(rest[:end])
            rest = rest[end:]
        if len(rest) > LONGEST_TOKEN:
            raise TooMuch("A token of the feed is longer than 1 MiB.")
    if rest:
        yield scrub(rest)


def _after_preamble(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Without byte order mark and blanks, which must not precede the declaration."""
    start = b""
    begun = False
    for piece in pieces:
        if begun:
            yield piece
            continue
        start = (start + piece).lstrip(BLANKS).removeprefix(BYTE_ORDER_MARK).lstrip(BLANKS)
        begun = len(start) >= len(BYTE_ORDER_MARK) + 1
        if begun:
            yield start
    if not begun and start:
        yield start


class _Scrubber:
    """Scrubs pieces one after the other; what stands in CDATA sections is text already."""

    def __init__(self) -> None:
        self._in_cdata = False

    def __call__(self, piece: bytes) -> bytes:
        piece = piece.translate(None, CONTROL_BYTES)
        if self._in_cdata or b"<![CDATA[" in piece:
            return self._around_cdata(piece)
        return _ODD_AMPERSAND.sub(_escaped, piece) if b"&" in piece else piece

    def _around_cdata(self, piece: bytes) -> bytes:
        head = b""
        if self._in_cdata:
            end = piece.find(b"]]>") + 3
            if end < 3:
                return piece
            head, piece = piece[:end], piece[end:]
        parts = _CDATA.split(piece)
        self._in_cdata = len(parts) > 1 and not parts[-2].endswith(b"]]>")
        parts[::2] = [_ODD_AMPERSAND.sub(_escaped, part) for part in parts[::2]]
        return head + b"".join(parts)


def _escaped(found: re.Match[bytes]) -> bytes:
    """An ampersand that XML does not know, as XML."""
    if found["name"]:
        text = html5.get(f"{found['name'].decode()};")
        if text is None:
            return b"&amp;" + found[0][1:]
        return b"".join(b"&#%d;" % ord(char) for char in text)
    if found["decimal"] or found["hex"]:
        code = int(found["decimal"]) if found["decimal"] else int(found["hex"], 16)
        return b"&#%d;" % code if _is_character(code) else b""
    return b"&amp;"


def _is_character(code: int) -> bool:
    """Whether XML 1.0 allows the code point."""
    return (
        code in (9, 10, 13)
        or 0x20 <= code < 0xD800
        or 0xE000 <= code < 0xFFFE
        or 0x10000 <= code < 0x110000
    )
