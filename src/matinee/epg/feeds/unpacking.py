"""Unpacking feeds: gzip, xz and bzip2 by their first bytes, a bounded piece at a time."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from matinee.epg.feeds.problems import TooMuch, Unreadable

PIECE = 131_072
"""Bytes that are handed on at a time, at most."""

MEMORY_OF_XZ = 128 << 20
LONGEST_MAGIC = 6


@dataclass(frozen=True)
class Limits:
    """How much a feed may hold, in bytes, and how many times its packed size it may unpack to."""

    packed: int = 1 << 30
    unpacked: int = 2 << 30
    ratio: int = 200
    free: int = 16 << 20
    """Unpacked bytes that are below suspicion whatever the ratio."""


class Archive(Protocol):
    """One packed stream, as `bz2` and `lzma` offer it."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Up to `max_length` unpacked bytes of what was given so far."""


class _Gzip:
    """A gzip stream that remembers what it was given, as `bz2` and `lzma` do."""

    needs_input = True

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        unpacked = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = not self._inner.unconsumed_tail and len(unpacked) < max_length
        return unpacked


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=MEMORY_OF_XZ)


OPENERS: dict[bytes, Callable[[], Archive]] = {
    b"\x1f\x8b": _Gzip,
    b"\xfd7zXZ\0": _xz,
    b"BZh": bz2.BZ2Decompressor,
}
NOT_READ = {
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!": "rar",
    b"\x28\xb5\x2f\xfd": "zstd",
}


def unpacked(pieces: Iterable[bytes], limits: Limits | None = None) -> Iterator[bytes]:
    """The bytes of a feed, unpacked where it is packed, at most `PIECE` at a time.

    Raises:
        Unreadable: it is empty, damaged or cut off, an archive in an archive, or of a kind that
            is not read here.
        TooMuch: it is too long, or unpacks to suspiciously much.
    """
    budget = _Budget(limits or Limits())
    start, counted = _peeked(budget.packed(pieces))
    if not start:
        raise Unreadable("The feed is empty.")
    opener = _opener(start)
    if opener is None:
        yield from budget.unpacked(_sliced(counted))
        return
    start, plain = _peeked(budget.unpacked(_opened(opener, counted)))
    if _opener(start):
        raise Unreadable("The feed is an archive within an archive; unpack it once.")
    yield from plain


class _Budget:
    """Counts what comes in and goes out."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._packed = 0
        self._unpacked = 0

    def packed(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._packed += len(piece)
            if self._packed > self._limits.packed:
                raise TooMuch(f"The feed is longer than {self._limits.packed:,} bytes.")
            yield piece

    def unpacked(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._unpacked += len(piece)
            if self._unpacked > self._limits.unpacked:
                raise TooMuch(f"The feed unpacks to more than {self._limits.unpacked:,} bytes.")
            likely = max(self._limits.free, self._packed * self._limits.ratio)
            if self._unpacked > likely:
                raise TooMuch(f"The feed unpacks to more than {self._limits.ratio} times its size.")
            yield piece


def _peeked(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, and everything with them."""
    start = b""
    for piece in pieces:
        start += piece
        if len(start) >= LONGEST_MAGIC:
            break
    return start[:LONGEST_MAGIC], chain([start], pieces)


def _opener(start: bytes) -> Callable[[], Archive] | None:
    for magic, name in NOT_READ.items():
        if start.startswith(magic):
            raise Unreadable(f"The feed is a {name} archive; gzip, xz and bzip2 are read.")
    return next((opener for magic, opener in OPENERS.items() if start.startswith(magic)), None)


def _sliced(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), PIECE):
            yield piece[start : start + PIECE]


def _opened(opener: Callable[[], Archive], pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack streams that stand one behind the other, with zero bytes between and after them."""
    archive = opener()
    for piece in _sliced(pieces):
        rest = piece
        while True:
            if archive.eof:
                if not (rest := rest.lstrip(b"\0")):
                    break
                archive = opener()
            if data := _decompressed(archive, rest):
                yield data
            if archive.eof:
                rest = archive.unused_data
            elif archive.needs_input:
                break
            else:
                rest = b""
    if not archive.eof:
        raise Unreadable("The packed feed is cut off.")


def _decompressed(archive: Archive, data: bytes) -> bytes:
    try:
        return archive.decompress(data, PIECE)
    except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
        raise Unreadable(f"The packed feed is damaged: {error}.") from None
