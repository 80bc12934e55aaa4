"""Rewritten playlists lead where they should, and say nothing else than before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.playback.rewriting import is_playlist, rewrite

BASE = "https://tv.example/live/one/index.m3u8"


def rewritten(line: str, *, master: bool = False) -> str:
    """A line after rewriting."""
    text = "#EXTM3U\n" + ("#EXT-X-STREAM-INF:BANDWIDTH=1\n" if master else "") + line
    lines = rewrite(text, BASE, playlist=lambda url: f"<{url}>", part=lambda url: f"[{url}]")
    return lines.splitlines()[-1]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("seg.ts", "[https://tv.example/live/one/seg.ts]"),
        ("  seg.ts  ", "[https://tv.example/live/one/seg.ts]"),
        ("/seg.ts?a=b", "[https://tv.example/seg.ts?a=b]"),
        ("../two/seg.ts", "[https://tv.example/live/two/seg.ts]"),
        ("//cdn.example/seg.ts", "[https://cdn.example/seg.ts]"),
        ("http://cdn.example/seg.ts", "[http://cdn.example/seg.ts]"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("http://[broken", "http://[broken"),
        ('#EXT-X-KEY:METHOD=AES-128,URI="k"', '#EXT-X-KEY:METHOD=AES-128,URI="[https://tv.example/live/one/k]"'),
        ('#EXT-X-KEY:URI="skd://k",METHOD=SAMPLE-AES', '#EXT-X-KEY:URI="skd://k",METHOD=SAMPLE-AES'),
        ('#EXT-X-MAP:URI="i.mp4"', '#EXT-X-MAP:URI="[https://tv.example/live/one/i.mp4]"'),
        ("#EXTINF:4.0,URI=x", "#EXTINF:4.0,URI=x"),
        ("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES", "#EXTM3U"),
        ('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p"', "#EXTM3U"),
    ],
)  # fmt: skip
def test_a_line_of_a_media_playlist(line: str, expected: str) -> None:
    assert rewritten(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("720p.m3u8", "<https://tv.example/live/one/720p.m3u8>"),
        ('#EXT-X-MEDIA:TYPE=AUDIO,URI="a.m3u8"', '#EXT-X-MEDIA:TYPE=AUDIO,URI="<https://tv.example/live/one/a.m3u8>"'),
        ('#EXT-X-SESSION-KEY:URI="k"', '#EXT-X-SESSION-KEY:URI="[https://tv.example/live/one/k]"'),
    ],
)  # fmt: skip
def test_a_line_of_a_master(line: str, expected: str) -> None:
    assert rewritten(line, master=True) == expected


def test_a_byte_order_mark_is_no_hindrance() -> None:
    text = "\ufeff#EXTM3U\r\nseg.ts\r\n"
    assert is_playlist(text)
    assert rewrite(text, BASE, playlist=str, part=str) == (
        "#EXTM3U\nhttps://tv.example/live/one/seg.ts\n"
    )


def test_names_may_hold_what_ends_lines_elsewhere() -> None:
    text = "#EXTM3U\r\n#EXTINF:4,News\u2028at\x85ten\x0b\r\nseg.ts\r\n"
    assert rewrite(text, BASE, playlist=str, part=str) == (
        "#EXTM3U\n#EXTINF:4,News\u2028at\x85ten\x0b\nhttps://tv.example/live/one/seg.ts\n"
    )


@given(st.text())
def test_nothing_makes_it_fail(text: str) -> None:
    rewrite("#EXTM3U\n" + text, BASE, playlist=str, part=str)
