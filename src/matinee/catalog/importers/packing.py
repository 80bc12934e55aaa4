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
        self._gzip: zlib._Decompress | None = None
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
            self._gzip = _member() if piece.startswith(GZIP) else None
        if self._gzip is None:
            for start in range(0, len(piece), PIECE):
                yield piece[start : start + PIECE]
        else:
            yield from self._inflated(piece)

    def finish(self) -> bytes:
        """The last bytes.

        Raises:
            UnreadableFile: the archive is cut off.
        """
        if self._gzip is None:
            return self._start or b""
        rest = self._gzip.flush()
        if not self._gzip.eof:
            raise UnreadableFile(reason="the archive is cut off")
        return rest

    def _inflated(self, piece: bytes) -> Iterator[bytes]:
        self._packed += len(piece)
        while piece:
            unpacker, piece = self._member_for(piece)
            try:
                data = unpacker.decompress(piece, PIECE)
            except zlib.error as error:
                raise UnreadableFile(reason=str(error)) from None
            self._unpacked += len(data)
            if self._unpacked > FREE_BYTES + LARGEST_RATIO * self._packed:
                raise UnreadableFile(reason="the file unpacks to far more than it holds")
            yield data
            piece = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail

    def _member_for(self, piece: bytes) -> "tuple[zlib._Decompress, bytes]":
        """Archives may stand one behind the other, with zero bytes as padding."""
        if self._gzip is None or self._gzip.eof:
            piece = piece.lstrip(b"\0")
            if self._gzip is None or piece:
                self._gzip = _member()
        return self._gzip, piece


def _member() -> "zlib._Decompress":
    return zlib.decompressobj(zlib.MAX_WBITS | 16)
