"""Channel lists, in the dialects of Kodi, VLC and their providers."""

import gzip
from typing import Any

import pytest

from matinee.epg.feeds import m3u
from matinee.epg.feeds.directives import CatchUp
from matinee.epg.feeds.m3u import Playlist, PlaylistEntry, PlaylistHeader, PlaylistSummary
from matinee.epg.feeds.problems import FeedRefused, Malformed, TooMuch, Unreadable
from tests.epg.feeds.makers import pieces

URL = "https://a.test/1.m3u8"


def entries(text: str | bytes, size: int = 65_536) -> list[PlaylistEntry]:
    data = text.encode() if isinstance(text, str) else text
    return list(Playlist(pieces(data, size)))


def only(info: str, *more: str, url: str = URL, header: str = "#EXTM3U") -> PlaylistEntry:
    (found,) = entries("\n".join([header, f"#EXTINF:{info}", *more, url]))
    return found


def summary(text: str) -> PlaylistSummary:
    reader = Playlist([text.encode()])
    list(reader)
    return reader.summary


def test_an_entry_with_everything() -> None:
    found = only(
        '-1 tvg-id="one.test" tvg-name="One" tvg-logo="https://a.test/1.png" tvg-chno="7"'
        ' group-title="News;Local" radio="true" tvg-shift="-3.5" catchup="default"'
        ' catchup-source="https://a.test/{utc}" catchup-days="3",One, the first',
        "#EXTVLCOPT:http-user-agent=Player 1.0",
        url=f"{URL}|Referer=https%3A%2F%2Fb.test&X-Key=a",
    )
    assert found == PlaylistEntry(
        line=4,
        name="One, the first",
        url=URL,
        scheme="https",
        playable=True,
        tvg_id="one.test",
        guide_name="One",
        logo_url="https://a.test/1.png",
        number=7,
        groups=("News", "Local"),
        radio=True,
        shift_minutes=-210,
        catch_up=CatchUp("default", "https://a.test/{utc}", 3),
        headers={"User-Agent": "Player 1.0", "Referer": "https://b.test", "X-Key": "a"},
        protected=False,
    )


SAYS: dict[str, tuple[str, str, Any]] = {
    "commas in quotes": ('-1 group-title="News, Local" tvg-id="a",One', "groups", ("News, Local",)),
    "a name behind commas in quotes": ('-1 group-title="News, Local",One', "name", "One"),
    "apostrophes in quotes": ('-1 group-title="Kid\'s \'own\'",One', "groups", ("Kid's 'own'",)),
    "single quotes": ("-1 group-title='News, Local',One", "groups", ("News, Local",)),
    "no quotes": ("-1 tvg-id=one.test tvg-chno=7,One", "tvg_id", "one.test"),
    "no quotes, more behind": ("-1 tvg-id=one.test tvg-chno=7,One", "number", 7),
    "a quote that is not closed": ('-1 tvg-id="one,One', "name", "One"),
    "words that are no attributes": ("-1 hello tvg-id=a world,One", "name", "One"),
    "capitals": ('-1 TVG-ID="a",One', "tvg_id", "a"),
    "attributes in a name": ('-1,One tvg-id="a"', "name", 'One tvg-id="a"'),
    "no duration": ('tvg-id="a",One', "tvg_id", "a"),
    "no name": ('-1 tvg-name="One"', "name", "One"),
    "a number that is none": ('-1 tvg-chno="5.1",One', "number", None),
    "a shift": ('-1 tvg-shift="+2",One', "shift_minutes", 120),
    "a shift that is none": ('-1 tvg-shift="soon",One', "shift_minutes", 0),
    "catch-up without source": (
        '-1 catchup="fs" catchup-days="2",One', "catch_up", CatchUp("flussonic", None, 2),
    ),
    "catch-up of the older form": ('-1 timeshift="3",One', "catch_up", CatchUp("shift", None, 3)),
    "catch-up of an unknown kind": ('-1 catchup="magic",One', "catch_up", None),
    "a logo that is no address": ('-1 tvg-logo="logo.png",One', "logo_url", None),
    "an id that is too long": (f'-1 tvg-id="{"a" * 300}",One', "tvg_id", None),
}  # fmt: skip


@pytest.mark.parametrize(("info", "name", "value"), SAYS.values(), ids=SAYS)
def test_what_an_entry_says(info: str, name: str, value: object) -> None:
    assert getattr(only(info), name) == value


def test_the_header_speaks_for_all_entries() -> None:
    header = (
        '#EXTM3U url-tvg="https://a.test/1.xml,https://a.test/2.xml.gz" tvg-shift=2'
        ' catchup="append" catchup-source="?utc={utc}" catchup-days="7"'
    )
    reader = Playlist([f"{header}\n#EXTINF:-1,One\n{URL}\n".encode()])
    (found,) = reader
    catch_up = CatchUp("append", "?utc={utc}", 7)
    urls = ("https://a.test/1.xml", "https://a.test/2.xml.gz")
    assert reader.header == PlaylistHeader(urls, 120, catch_up)
    assert (found.shift_minutes, found.catch_up) == (120, catch_up)


def test_an_entry_can_say_otherwise() -> None:
    header = '#EXTM3U x-tvg-url="https://a.test/1.xml" tvg-shift=2 catchup=append'
    found = only('-1 tvg-shift="0" catchup="shift",One', header=header)
    assert (found.shift_minutes, found.catch_up) == (0, CatchUp("shift", None, 0))


def test_a_group_in_an_entry_is_its_own_and_one_before_is_for_all() -> None:
    found = entries(
        f"#EXTM3U\n#EXTGRP:All\n#EXTINF:-1,One\n{URL}\n#EXTINF:-1,Two\n#EXTGRP:Own;Two\n{URL}\n"
        f'#EXTINF:-1 group-title="Title",Three\n#EXTGRP:Own\n{URL}\n#EXTINF:-1,Four\n{URL}\n'
    )
    assert [entry.groups for entry in found] == [("All",), ("Own", "Two"), ("Title",), ("All",)]


def test_options_may_stand_before_their_entry() -> None:
    found = entries(
        "#EXTM3U\n#KODIPROP:inputstream.adaptive.stream_headers=User-Agent=P%201&Cookie=a%3Db\n"
        f"#EXTINF:-1,One\n{URL}\n#EXTINF:-1,Two\n{URL}\n"
    )
    assert [entry.headers for entry in found] == [{"User-Agent": "P 1", "Cookie": "a=b"}, {}]


def test_streams_with_drm_are_not_playable() -> None:
    found = only("-1,One", "#KODIPROP:inputstream.adaptive.license_key=https://a.test/key")
    assert (found.protected, found.playable) == (True, False)


@pytest.mark.parametrize(
    "suffix", ["X=a%0D%0AEvil: b", "Host=b.test", "Content-Length=5", "a b=c", "X=", "X=\u00e9"]
)
def test_headers_that_would_do_harm_are_left_out(suffix: str) -> None:
    assert only("-1,One", url=f"{URL}|{suffix}").headers == {}


@pytest.mark.parametrize(
    ("url", "playable"),
    [
        ("http://a.test/1", True),
        ("HTTPS://a.test/1", True),
        ("rtmp://a.test/1", False),
        ("rtsp://a.test/1", False),
        ("udp://@239.0.0.1:1234", False),
    ],
)
def test_known_schemes_are_entries_though_only_those_of_the_web_play(
    url: str, playable: bool
) -> None:
    assert only("-1,One", url=url).playable is playable


@pytest.mark.parametrize(
    "url",
    ["plugin://a.test/1", "file:///etc/passwd", "1.ts", "http://", "http://[", "http://a b/",
     "https://a.test:port/", f"https://a.test/{'a' * 3_000}"],
)  # fmt: skip
def test_addresses_that_no_player_takes_are_counted(url: str) -> None:
    assert summary(f"#EXTM3U\n#EXTINF:-1,One\n{url}\n") == PlaylistSummary(unknown_urls=1)


def test_what_lacks_a_part_is_counted() -> None:
    lines = ["#EXTM3U", URL, "#EXTINF:-1,One", "#EXTINF:-1,Two", URL, "#EXTINF:-1,", URL]
    text = "\n".join([*lines, "#EXTINF:-1,Last"])
    assert summary(text) == PlaylistSummary(
        entries=1, without_url=2, without_header=1, without_name=1
    )


@pytest.mark.parametrize("size", [1, 3, 65_536])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(end: str, size: int) -> None:
    text = end.join(["\ufeff#EXTM3U", "", "#EXTINF:-1,Chaîne", URL, ""])
    found = entries(text, size)
    assert [(entry.name, entry.line) for entry in found] == [("Chaîne", 4)]


def test_a_line_that_is_no_utf_8_is_windows_1252() -> None:
    text = b"#EXTM3U\n#EXTINF:-1,Cha\xeene \x80\n" + URL.encode() + b"\n#EXTINF:-1,\x81\xe9\n"
    found = entries(text + URL.encode())
    assert [entry.name for entry in found] == ["Chaîne €", "\x81é"]


def test_a_list_may_be_packed() -> None:
    data = gzip.compress(f"#EXTM3U\n#EXTINF:-1,One\n{URL}\n".encode())
    assert [entry.name for entry in entries(data)] == ["One"]


REFUSED = {
    "nothing": (b"", Unreadable),
    "blank lines": (b"\n\n", Malformed),
    "a page of HTML": (b"<!DOCTYPE html>", Malformed),
    "JSON": (b"{}", Malformed),
    "the playlist of a stream": (b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n", Malformed),
    "UTF-16": ("#EXTM3U\n".encode("utf-16"), Unreadable),
    "a line without end": (b"#EXTM3U\n#EXTINF:-1," + b"a" * 20_000, TooMuch),
    "the same, and an end": (b"#EXTM3U\n#EXTINF:-1," + b"a" * 20_000 + b"\n", TooMuch),
}


@pytest.mark.parametrize(("data", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_channel_list_is_refused(data: bytes, problem: type[FeedRefused]) -> None:
    with pytest.raises(problem):
        entries(data)


def test_a_list_may_hold_only_so_many_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(m3u, "MOST_ENTRIES", 2)
    entry = f"#EXTINF:-1,One\n{URL}\n"
    assert len(entries("#EXTM3U\n" + 2 * entry)) == 2
    with pytest.raises(TooMuch):
        entries("#EXTM3U\n" + 3 * entry)
