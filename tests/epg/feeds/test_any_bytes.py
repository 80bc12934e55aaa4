"""Whatever comes: a feed is read or refused, and no more of it is taken than is asked for."""

import gzip
from itertools import islice
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from matinee.epg.feeds.m3u import Playlist
from matinee.epg.feeds.problems import FeedRefused
from matinee.epg.feeds.scrubbing import scrubbed
from matinee.epg.feeds.xmltv import Guide
from tests.epg.feeds.makers import guide, pieces

QUIRKS = Path(__file__).with_name("quirks.xml").read_bytes()
LIST = (
    b'#EXTM3U url-tvg="https://a.test/1.xml" catchup="append"\n#EXTGRP:All\n'
    b'#EXTINF:-1 tvg-id="a" group-title="One, two",Name\n#EXTVLCOPT:http-user-agent=a\n'
    b"#KODIPROP:inputstream.adaptive.stream_headers=a=b\nhttps://a.test/1|X=y\n"
)
FRAGMENTS = [
    b"&", b"&#", b"&amp;", b"&eacute;", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<tv>", b"</tv>",
    b"<programme>", b"</programme>", b"<a>", b'"', b"'", b"<?xml?>", b"\0", b"\xff", b"\xc3", b",",
    b"\r", b"=", b"|", b"#EXTINF:", b"<!DOCTYPE tv [", b"<!ENTITY a 'b'>", b"20260101", b"+0100",
]  # fmt: skip

edits = st.lists(
    st.tuples(st.integers(0, 5_000), st.integers(0, 20), st.sampled_from(FRAGMENTS)), max_size=6
)


def edited(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """The data with stretches of it replaced."""
    for place, length, new in changes:
        start = place % (len(data) + 1)
        data = data[:start] + new + data[start + length :]
    return data


def outcome(reader: Guide | Playlist) -> list[Any] | str:
    """What was read, or why it was refused."""
    try:
        return [*reader, reader.summary]
    except FeedRefused as problem:
        return type(problem).__name__


@given(st.binary(max_size=300))
@example(b"\x1f\x8b")
@example(b"<")
def test_any_bytes(data: bytes) -> None:
    outcome(Guide(pieces(data)))
    outcome(Playlist(pieces(data)))
    outcome(Guide(pieces(gzip.compress(data))))


@given(edits)
def test_an_edited_guide(changes: list[tuple[int, int, bytes]]) -> None:
    outcome(Guide(pieces(edited(QUIRKS, changes))))


@given(edits)
def test_an_edited_archive(changes: list[tuple[int, int, bytes]]) -> None:
    outcome(Guide(pieces(edited(gzip.compress(QUIRKS), changes))))


@given(edits)
def test_an_edited_list(changes: list[tuple[int, int, bytes]]) -> None:
    outcome(Playlist(pieces(edited(LIST, changes))))


@given(edits, st.integers(1, 200))
def test_pieces_make_no_difference(changes: list[tuple[int, int, bytes]], size: int) -> None:
    for reader, data in ((Guide, edited(QUIRKS, changes)), (Playlist, edited(LIST, changes))):
        assert outcome(reader(pieces(data, size))) == outcome(reader(pieces(data)))


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1))
def test_bare_texts_arrive_as_they_are_but_for_markup(text: str) -> None:
    plain = "".join(char for char in text if char not in "<>&;\ufffe\uffff").strip()
    found = outcome(Guide(pieces(guide(f"a&{plain}&b".encode()))))
    assert isinstance(found, list)
    assert found[1].title == " ".join(f"a&{plain}&b"[:1000].split())[:500].rstrip()


def test_a_reader_takes_no_more_than_it_is_asked_for() -> None:
    entry = guide()[guide().index(b"<programme") : -len(b"</tv>")]
    source = Counted(pieces(b"<tv>" + 20_000 * entry, 10_000))
    first = list(islice(Guide(source), 100))
    assert len(first) == 100
    assert source.taken <= 3


class Counted:
    """Pieces, and how many of them were asked for."""

    def __init__(self, source: Any) -> None:
        self.taken = 0
        self._source = source

    def __iter__(self) -> "Counted":
        return self

    def __next__(self) -> bytes:
        self.taken += 1
        return next(self._source)


def test_scrubbed_pieces_end_with_whole_tags() -> None:
    for piece in list(scrubbed(pieces(QUIRKS, 50)))[:-1]:
        assert piece.endswith(b">")
