"""Unpacking files that arrive in pieces: gzip, or as they are."""

import zlib
from collections.abc import Iterator

from matinee.catalog.importers.problems import UnreadableFile

PIECE = 262_144
"""Bytes that are handed on at a time."""

LARGEST_RATIO = 200
"""Gzip may blow a file up this many times; more is an attack."""

FREE_BYTES = 1_048_576
"""Unpacked bytes that are below suspicion."""

GZIP = b"\x1f\x8b"


class Unpacker:
    """Unpacks gzip and refuses bombs; other files pass as they are."""

    def __init__(self) -> None:
        self._start: bytes | None = b""
        self._is_packed = False
        self._current = _archive()
        self._packed = 0
        self._unpacked = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What this piece holds, at most `PIECE` bytes at a time.

        Raises:
            UnreadableFile: the archive is damaged, or a bomb.
        """
        if self._start is not None:
            piece = self._start + piece
            self._start = piece if len(piece) < len(GZIP) else None
            if self._start is not None:
                return
            self._is_packed = piece.startswith(GZIP)
        if self._is_packed:
            yield from self._inflated(piece)
        else:
            for start in range(0, len(piece), PIECE):
                yield piece[start : start + PIECE]

    def finish(self) -> bytes:
        """The last bytes.

        Raises:
            UnreadableFile: the archive is cut off.
        """
        if not self._is_packed:
            return self._start or b""
        rest = self._current.flush()
        if not self._current.eof:
            raise UnreadableFile(reason="the archive is cut off")
        return rest

    def _inflated(self, piece: bytes) -> Iterator[bytes]:
        self._packed += len(piece)
        while piece := self._after_padding(piece):
            unpacker = self._current
            try:
                data = unpacker.decompress(piece, PIECE)
            except zlib.error as error:
                raise UnreadableFile(reason=str(error)) from None
            self._unpacked += len(data)
            if self._unpacked > FREE_BYTES + LARGEST_RATIO * self._packed:
                raise UnreadableFile(reason="the file unpacks to far more than it holds")
            yield data
            piece = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail

    def _after_padding(self, piece: bytes) -> bytes:
        """Archives may stand one behind the other, with zero bytes between and after them."""
        if self._current.eof:
            piece = piece.lstrip(b"\0")
            self._current = _archive() if piece else self._current
        return piece


def _archive() -> "zlib._Decompress":
    return zlib.decompressobj(zlib.MAX_WBITS | 16)
