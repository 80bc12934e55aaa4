"""Answers as bytes: every coding says the same, and the client's wish decides."""

import gzip

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from matinee.core.encoded import Encoded, best_coding


class Text(BaseModel):
    text: str


LONG = Encoded.of(Text(text="night train " * 500))
SHORT = Encoded.of(Text(text="M"))


def test_every_variant_holds_the_same_body() -> None:
    assert gzip.decompress(LONG.gzip) == zstd.decompress(LONG.zstd) == LONG.body


def test_a_small_body_is_not_compressed() -> None:
    assert SHORT.variant("zstd, gzip") == ("identity", SHORT.body)


def test_the_etag_is_that_of_the_content() -> None:
    assert Encoded.of(Text(text="M")).etag == SHORT.etag != LONG.etag


@given(st.binary(max_size=5000))
def test_what_is_packed_for_redis_comes_out_unchanged(body: bytes) -> None:
    encoded = Encoded.of_bytes(body)

    assert Encoded.unpack(encoded.pack()) == encoded


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", "identity"),
        ("identity", "identity"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("GZIP", "gzip"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("zstd;q=0, gzip", "gzip"),
        ("gzip;q=0", "identity"),
        ("*", "zstd"),
        ("*;q=0", "identity"),
        ("zstd;q=0, *", "gzip"),
        ("br", "identity"),
        ("gzip;q=much", "identity"),
        (",;,=q", "identity"),
    ],
)
def test_the_client_chooses_the_coding(accepted: str, coding: str) -> None:
    assert best_coding(accepted) == coding


@given(st.text())
def test_any_header_gets_some_coding(accepted: str) -> None:
    assert best_coding(accepted) in ("zstd", "gzip", "identity")
