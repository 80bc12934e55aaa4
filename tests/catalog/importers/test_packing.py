"""Unpacking: gzip in any pieces, several archives in one file, and no bombs."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.catalog.importers.packing import FREE_BYTES, PIECE, Unpacker
from matinee.catalog.importers.problems import UnreadableFile


def unpack(data: bytes, size: int = 7) -> bytes:
    """What a file holds that arrives `size` bytes at a time."""
    unpacker = Unpacker()
    parts = [
        part
        for start in range(0, len(data), size)
        for part in unpacker.feed(data[start : start + size])
    ]
    return b"".join(parts) + unpacker.finish()


@given(data=st.binary(max_size=200), size=st.integers(1, 50))
def test_gzip_is_unpacked_whatever_the_pieces(data: bytes, size: int) -> None:
    assert unpack(gzip.compress(data), size) == data


@given(data=st.binary(max_size=50).filter(lambda data: data[:2] != b"\x1f\x8b"))
def test_other_files_pass_as_they_are(data: bytes) -> None:
    assert unpack(data, 1) == data


def test_archives_one_behind_the_other_are_one_file() -> None:
    packed = gzip.compress(b"one ") + b"\0" * 9 + gzip.compress(b"two") + b"\0\0"
    assert unpack(packed, 3) == b"one two"


def test_parts_are_small_even_where_much_is_packed_into_little() -> None:
    parts = list(Unpacker().feed(gzip.compress(b"a" * FREE_BYTES)))
    assert max(map(len, parts)) <= PIECE


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_an_archive_that_is_cut_off_is_refused(kept: float) -> None:
    packed = gzip.compress(bytes(range(256)) * 40)
    with pytest.raises(UnreadableFile):
        unpack(packed[: int(len(packed) * kept)])


def test_a_damaged_archive_is_refused() -> None:
    packed = bytearray(gzip.compress(b"some text that is long enough" * 9))
    packed[20] ^= 0xFF
    with pytest.raises(UnreadableFile):
        unpack(bytes(packed))


def test_noise_behind_an_archive_is_refused() -> None:
    with pytest.raises(UnreadableFile):
        unpack(gzip.compress(b"text") + b"noise")


def test_a_bomb_is_refused_long_before_it_is_unpacked() -> None:
    bomb = gzip.compress(bytes(50_000_000), 9)
    unpacked: list[int] = []
    with pytest.raises(UnreadableFile):
        unpacked.extend(map(len, Unpacker().feed(bomb)))
    assert sum(unpacked) < 20_000_000


def test_the_last_bytes_come_even_where_their_archive_ends_with_a_long_repetition() -> None:
    data = b"a" * (PIECE + 258)
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    assert unpack(packer.compress(data) + packer.flush(), 1) == data
