"""What fragmented MP4 says of itself: its clock, its codec, how long a segment is."""

import struct
from collections.abc import Iterator

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mvex"}
_DEFAULT_DURATION, _DATA_OFFSET, _FIRST_FLAGS = 0x8, 0x1, 0x4
_DURATION, _SIZE, _FLAGS, _SHIFT = 0x100, 0x200, 0x400, 0x800
_VISUAL_ENTRY, _SOUND_ENTRY = 78, 28
"""Bytes of a sample entry before the boxes in it."""


class NotFragmentedMp4(ValueError):
    """A file that is not an initialisation or media segment."""


def boxes(content: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, bytes]]:
    """Each box's type and what it holds; those inside of containers come after these."""
    position, end = start, len(content) if end is None else end
    while position + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, position)
        header = 8
        if size == 1 and position + 16 <= end:
            (size,), header = struct.unpack_from(">Q", content, position + 8), 16
        if size < header or position + size > end:
            raise NotFragmentedMp4(f"a box of {size} bytes at {position}")
        yield kind, content[position + header : position + size]
        if kind in _CONTAINERS:
            yield from boxes(content, position + header, position + size)
        position += size


def _box(content: bytes, wanted: bytes) -> bytes:
    for kind, body in boxes(content):
        if kind == wanted:
            return body
    raise NotFragmentedMp4(f"there is no box {wanted.decode()}")


def timescale(init: bytes) -> int:
    """Ticks per second of the only track.

    Raises:
        NotFragmentedMp4: it is no initialisation segment.
    """
    header = _box(init, b"mdhd")
    ticks: int = struct.unpack_from(">I", header, 20 if header[0] == 1 else 12)[0]
    return ticks


def codecs(init: bytes) -> str:
    """The codec of the only track as RFC 6381 writes it: `avc1.4d401e`, `mp4a.40.2`.

    Raises:
        NotFragmentedMp4: it is no initialisation segment, or of another codec.
    """
    description = _box(init, b"stsd")
    for kind, entry in boxes(description, 8):
        if kind in (b"avc1", b"avc3"):
            profile = _box(entry[_VISUAL_ENTRY:], b"avcC")[1:4]
            return f"{kind.decode()}.{profile.hex()}"
        if kind == b"mp4a":
            return f"mp4a.40.{_object_type(_box(entry[_SOUND_ENTRY:], b'esds'))}"
    raise NotFragmentedMp4("a codec other than H.264 and AAC")


def _object_type(esds: bytes) -> int:
    """The audio object type: the first five bits of the decoder's configuration (tag 5)."""
    position = esds.find(b"\x05", esds.find(b"\x04") + 14) + 1
    while esds[position] & 0x80:
        position += 1
    return esds[position + 1] >> 3


def span(segment: bytes, init_default: int = 0) -> tuple[int, int]:
    """Where a media segment begins and how long it is, in ticks.

    Raises:
        NotFragmentedMp4: it is no media segment.
    """
    start: int | None = None
    length, default = 0, init_default
    for kind, body in boxes(segment):
        if kind == b"tfhd":
            default = _default_duration(body, init_default)
        elif kind == b"tfdt" and start is None:
            start = struct.unpack_from(">Q" if body[0] == 1 else ">I", body, 4)[0]
        elif kind == b"trun":
            length += _run_length(body, default)
    if start is None or not length:
        raise NotFragmentedMp4("there is no fragment in it")
    return start, length


def default_duration(init: bytes) -> int:
    """How many ticks a sample has where a segment does not say."""
    ticks: int = struct.unpack_from(">I", _box(init, b"trex"), 12)[0]
    return ticks


def _default_duration(tfhd: bytes, otherwise: int) -> int:
    (flags,) = struct.unpack_from(">I", tfhd)
    if not flags & _DEFAULT_DURATION:
        return otherwise
    before = 8 + 8 * bool(flags & 0x1) + 4 * bool(flags & 0x2)
    ticks: int = struct.unpack_from(">I", tfhd, before)[0]
    return ticks


def _run_length(trun: bytes, default: int) -> int:
    flags, count = struct.unpack_from(">II", trun)
    if not flags & _DURATION:
        return int(count * default)
    first = 8 + 4 * bool(flags & _DATA_OFFSET) + 4 * bool(flags & _FIRST_FLAGS)
    stride = 4 * sum(bool(flags & part) for part in (_DURATION, _SIZE, _FLAGS, _SHIFT))
    return sum(struct.unpack_from(">I", trun, first + n * stride)[0] for n in range(count))
