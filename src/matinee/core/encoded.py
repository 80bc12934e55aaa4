"""Answers as bytes, ready to send: JSON, its ETag, and its compressed variants made once."""

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Self

from backports import zstd
from pydantic import BaseModel

Coding = Literal["zstd", "gzip", "identity"]

WORTH_COMPRESSING = 1024
"""Bytes from which a compressed body travels faster than it takes to compress."""

GZIP_LEVEL = 5
ZSTD_LEVEL = 3

_LENGTHS = struct.Struct("!II")


@dataclass(frozen=True, slots=True)
class Encoded:
    """One body in every content coding that we speak; the variants are empty where it is small."""

    body: bytes
    etag: str
    zstd: bytes = b""
    gzip: bytes = b""

    @classmethod
    def of(cls, value: BaseModel | bytes) -> Self:
        """The JSON of a schema, or JSON that was made elsewhere."""
        if isinstance(value, bytes):
            return cls.of_bytes(value)
        return cls.of_bytes(value.model_dump_json(by_alias=True).encode())

    @classmethod
    def of_bytes(cls, body: bytes) -> Self:
        """A body that is JSON already."""
        if len(body) < WORTH_COMPRESSING:
            return cls(body, etag_of(body))
        return cls(body, etag_of(body), COMPRESSORS["zstd"](body), COMPRESSORS["gzip"](body))

    @property
    def size(self) -> int:
        """Bytes of memory that the bodies take."""
        return len(self.body) + len(self.zstd) + len(self.gzip)

    def variant(self, accept_encoding: str) -> tuple[Coding, bytes]:
        """The best body for a client, and its content coding."""
        coding = best_coding(accept_encoding)
        if coding == "zstd" and self.zstd:
            return coding, self.zstd
        if coding == "gzip" and self.gzip:
            return coding, self.gzip
        return "identity", self.body

    def pack(self) -> bytes:
        """All of it as one value for Redis: two lengths, the variants, the body."""
        return b"".join(
            (_LENGTHS.pack(len(self.zstd), len(self.gzip)), self.zstd, self.gzip, self.body)
        )

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """The reverse of `pack`."""
        zstd_length, gzip_length = _LENGTHS.unpack_from(packed)
        zstd_end = _LENGTHS.size + zstd_length
        gzip_end = zstd_end + gzip_length
        body = packed[gzip_end:]
        return cls(body, etag_of(body), packed[_LENGTHS.size : zstd_end], packed[zstd_end:gzip_end])


def etag_of(body: bytes) -> str:
    """A weak validator: equal for the same content in whatever coding it travels."""
    return f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def _zstd(body: bytes) -> bytes:
    return zstd.compress(body, ZSTD_LEVEL)


def _gzip(body: bytes) -> bytes:
    return zlib.compress(body, GZIP_LEVEL, 16 + zlib.MAX_WBITS)


COMPRESSORS: dict[Coding, Callable[[bytes], bytes]] = {"zstd": _zstd, "gzip": _gzip}


@lru_cache(maxsize=256)
def best_coding(accept_encoding: str) -> Coding:
    """The coding that a client likes best, ours first where it does not mind (RFC 9110, 12.5.3).

    >>> best_coding("gzip, deflate, br, zstd"), best_coding("gzip;q=1, zstd;q=0"), best_coding("")
    ('zstd', 'gzip', 'identity')
    """
    wishes = dict(_wishes(accept_encoding[:500]))
    anything = wishes.get("*", 0.0)
    quality: dict[Coding, float] = {
        "zstd": wishes.get("zstd", anything),
        "gzip": wishes.get("gzip", wishes.get("x-gzip", anything)),
    }
    best = max(quality, key=lambda coding: quality[coding])
    return best if quality[best] > 0 else "identity"


def _wishes(accept_encoding: str) -> Iterator[tuple[str, float]]:
    for part in accept_encoding.lower().split(","):
        name, *params = (piece.strip() for piece in part.split(";"))
        quality = next((param[2:] for param in params if param.startswith("q=")), "1")
        try:
            yield name, float(quality)
        except ValueError:
            yield name, 0.0
