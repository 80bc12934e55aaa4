"""Feeds that are damaged, hostile or something else: refused with a reason, or read."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from itertools import islice, repeat

import pytest

from matinee.epg.feeds.problems import FeedRefused, Malformed, TooMuch, Unreadable
from matinee.epg.feeds.unpacking import Limits, unpacked
from matinee.epg.feeds.xmltv import Guide
from tests.epg.feeds.makers import DECLARATION, TIMES, guide, only, pieces, programmes

LAUGHS = b"".join(b'<!ENTITY %c "%s">' % (98 + n, (b"&%c;" % (97 + n)) * 10) for n in range(9))

READ = {
    "plain": (guide(), "x"),
    "a document type": (guide(doctype=b'<!DOCTYPE tv SYSTEM "xmltv.dtd">'), "x"),
    "one far away": (guide(doctype=b'<!DOCTYPE tv SYSTEM "http://127.0.0.1:9/xmltv.dtd">'), "x"),
    "entities of HTML": (guide(b"Caf&eacute; &nbsp;x &mdash; y"), "Café x — y"),
    "entities and a document type": (
        guide(b"Caf&eacute;", doctype=b'<!DOCTYPE tv SYSTEM "xmltv.dtd">'),
        "Café",
    ),
    "bare ampersands": (
        guide(b"Tom & Jerry &copy 2020 A&B; &amp; C &amp; R&D"),
        "Tom & Jerry &copy 2020 A&B; & C & R&D",
    ),
    "character references": (guide(b"&#233;&#xE9;&#XE9;&#0;&#x1F;&#55296;&#9999999;x"), "éééx"),
    "ampersands in CDATA": (guide(b"<![CDATA[T & J > &eacute;]]> &eacute;"), "T & J > &eacute; é"),
    "control bytes": (guide(b"a\x00b\x0bc"), "abc"),
    "a byte order mark and a blank line": (b"\xef\xbb\xbf\n" + guide(), "x"),
    "blanks before the declaration": (b"\n  " + guide(), "x"),
    "Latin-1 that says so": (
        guide(b"caf\xe9").replace(b"UTF-8", b"ISO-8859-1"),
        "café",
    ),
    "Windows-1252 that says so": (
        guide(b"caf\x92\xe9").replace(b"UTF-8", b"windows-1252"),
        "caf’é",
    ),
    "UTF-16": (guide().decode().replace("UTF-8", "UTF-16").encode("utf-16"), "x"),
    "UTF-16 without a mark": (guide().decode().replace("UTF-8", "UTF-16").encode("utf-16-le"), "x"),
    "gzip": (gzip.compress(guide()), "x"),
    "gzip in two parts": (gzip.compress(guide()[:100]) + gzip.compress(guide()[100:]), "x"),
    "gzip with zeros behind": (gzip.compress(guide()) + bytes(512), "x"),
    "xz": (lzma.compress(guide()), "x"),
    "bzip2": (bz2.compress(guide()), "x"),
    "a million categories": (guide(more=b"<category>c</category>" * 40_000), "x"),
}  # fmt: skip

REFUSED = {
    "ten times ten laughs": (
        guide(b"&i;", doctype=b'<!DOCTYPE tv [<!ENTITY a "lol">' + LAUGHS + b"]>"),
        Malformed,
    ),
    "a file as an entity": (
        guide(b"&e;", doctype=b'<!DOCTYPE tv [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
        Malformed,
    ),
    "a parameter entity": (
        guide(b"q", doctype=b'<!DOCTYPE tv [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x">%p;]>'),
        Malformed,
    ),
    "Latin-1 that says UTF-8": (guide(b"caf\xe9"), Malformed),
    "an unknown encoding": (guide().replace(b"UTF-8", b"x-none"), Unreadable),
    "an encoding of several bytes": (guide().replace(b"UTF-8", b"shift_jis"), Unreadable),
    "cut off": (guide()[:-20], Malformed),
    "a page of HTML": (b"<!DOCTYPE html><html><body>404</body></html>", Malformed),
    "JSON": (b'{"error":"x"}', Malformed),
    "nothing": (b"", Unreadable),
    "blanks": (b" \n ", Unreadable),
    "something behind the end": (guide() + guide(), Malformed),
    "elements too deep": (guide(more=b"<a>" * 20 + b"</a>" * 20), TooMuch),
    "elements that never end": (guide(more=b"<a>" * 500_000), TooMuch),
    "the same in what is skipped": (
        DECLARATION + b'<tv><programme channel="b">' + b"<a>" * 500_000,
        TooMuch,
    ),
    "a huge text": (guide(b"A" * 5_000_000), TooMuch),
    "a huge text of brackets": (guide(b"A>" * 2_500_000), TooMuch),
    "a huge comment of brackets": (guide(more=b"<!-- " + b"A >" * 1_500_000 + b"-->"), TooMuch),
    "a huge attribute": (
        guide(attributes=TIMES + b' channel="' + b"a" * 5_000_000 + b'"'),
        TooMuch,
    ),
    "a programme of too many elements": (guide(more=b"<category>c</category>" * 400_000), TooMuch),
    "gzip that is cut off": (gzip.compress(guide())[:-12], Unreadable),
    "gzip that is damaged": (gzip.compress(guide())[:-8] + bytes(8), Unreadable),
    "xz that is cut off": (lzma.compress(guide())[:-12], Unreadable),
    "bzip2 that is cut off": (bz2.compress(guide())[:-12], Unreadable),
    "gzip in gzip": (gzip.compress(gzip.compress(guide())), Unreadable),
    "xz in gzip": (gzip.compress(lzma.compress(guide())), Unreadable),
    "a zip archive": (b"PK\x03\x04" + bytes(40), Unreadable),
    "zip in gzip": (gzip.compress(b"PK\x03\x04" + bytes(40)), Unreadable),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(40), Unreadable),
}


@pytest.mark.parametrize(("data", "title"), READ.values(), ids=READ)
@pytest.mark.parametrize("size", [1, 7, 65_536])
def test_what_can_be_understood_is_read(data: bytes, title: str, size: int) -> None:
    if size == 1 and len(data) > 10_000:
        size = 1_000
    (found,) = programmes(pieces(data, size))
    assert found.title == title


@pytest.mark.parametrize(("data", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_is_refused(data: bytes, problem: type[FeedRefused]) -> None:
    with pytest.raises(problem):
        programmes(data)


def test_an_entry_in_one_that_is_skipped_does_not_end_it() -> None:
    nested = b'<tv><programme channel="b"><programme channel="b"/></programme></tv>'
    with pytest.raises(Malformed, match="An entry within an entry"):
        programmes(nested, wanted=())


def test_a_refusal_says_where_and_how_far_the_reader_came() -> None:
    with pytest.raises(Malformed, match=r"line 1, column \d+: .*; 1 programmes were read"):
        programmes(guide()[:-6] + b"</tw>")


def test_what_came_before_the_damage_is_handed_over() -> None:
    more = guide()[:-5].partition(b"</channel>")[2]
    data = guide()[:-5] + more * 2_000 + b"</tw>"
    reader = iter(Guide(pieces(data)))
    before = list(islice(reader, 1_000))
    assert len(before) == 1_000
    with pytest.raises(Malformed):
        list(reader)


def bomb(unit: bytes, count: int) -> Iterator[bytes]:
    """A gzip archive that holds much more than it weighs."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    for piece in repeat(unit, count):
        yield packer.compress(piece)
    yield packer.flush()


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    reader = unpacked(bomb(b" " * (1 << 20), 64))
    sizes: list[int] = []
    with pytest.raises(TooMuch, match="200 times"):
        sizes.extend(map(len, reader))
    assert 0 < sum(sizes) <= 17 << 20


def test_a_feed_may_be_only_so_long() -> None:
    with pytest.raises(TooMuch, match="longer than 1,000 bytes"):
        programmes(guide(b"x" * 2_000), limits=Limits(packed=1_000))
    with pytest.raises(TooMuch, match="unpacks to more than 1,000 bytes"):
        programmes(gzip.compress(guide(b"x" * 2_000)), limits=Limits(unpacked=1_000))


@pytest.mark.parametrize("packed", [gzip.compress, lzma.compress, bz2.compress, bytes])
def test_pieces_are_small_whatever_comes(packed: type[bytes]) -> None:
    data = packed(b"<tv>" + b"x" * 3_000_000 + b"</tv>")
    sizes = [len(piece) for piece in unpacked([data])]
    assert max(sizes) <= 131_072
    assert sum(sizes) == 3_000_009


def test_repeated_elements_are_taken_up_to_a_number() -> None:
    found = only(guide(more=b"".join(b"<category>c%d</category>" % n for n in range(2_000))))
    assert len(found.categories) == 20
