"""A reader of media playlists, written from RFC 8216 alone, to hold ours against it."""

import re
from typing import NamedTuple

from matinee.integrations.playback.signers import SignedFolder
from matinee.playback.media.library import MediaFile, Rendition


class Segment(NamedTuple):
    """A segment as a player knows it."""

    uri: str
    seconds: float
    discontinuity: int
    init: str
    date: str | None


class Read(NamedTuple):
    """A playlist: its segments by media sequence number."""

    first: int
    discontinuity: int
    segments: dict[int, Segment]
    ended: bool
    target: int
    skipped: int


def read(playlist: bytes) -> Read:
    """What a player makes of a playlist."""
    text = playlist.decode()
    lines = text.splitlines()
    assert lines[0] == "#EXTM3U"
    first = number = int(_tag(text, "MEDIA-SEQUENCE"))
    discontinuity = at = int(_tag(text, "DISCONTINUITY-SEQUENCE"))
    segments: dict[int, Segment] = {}
    seconds, init, date, skipped = 0.0, "", None, 0
    for line in lines:
        if line.startswith("#EXT-X-SKIP:SKIPPED-SEGMENTS="):
            skipped = int(line.partition("=")[2])
            number += skipped
        elif line == "#EXT-X-DISCONTINUITY":
            at += 1
        elif line.startswith("#EXT-X-MAP:"):
            init = line.partition('URI="')[2].rstrip('"')
        elif line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
            date = line.partition(":")[2]
        elif line.startswith("#EXTINF:"):
            seconds = float(line.removeprefix("#EXTINF:").rstrip(","))
        elif line and not line.startswith("#"):
            segments[number] = Segment(line, seconds, at, init, date)
            number, date = number + 1, None
    target = int(_tag(text, "TARGETDURATION"))
    return Read(first, discontinuity, segments, "#EXT-X-ENDLIST" in lines, target, skipped)


def _tag(text: str, name: str) -> str:
    found = re.search(rf"^#EXT-X-{name}:(.*)$", text, re.MULTILINE)
    assert found, name
    return found[1]


def follows(before: Read, after: Read) -> None:
    """Fail where a reload is no continuation of what was there before (RFC 8216, 6.2.1, 6.2.2)."""
    assert after.first >= before.first
    assert after.discontinuity >= before.discontinuity
    assert max(after.segments) >= max(before.segments)
    for number in before.segments.keys() & after.segments.keys():
        was, is_now = before.segments[number], after.segments[number]
        assert (was.uri, was.seconds, was.discontinuity, was.init) == (
            is_now.uri,
            is_now.seconds,
            is_now.discontinuity,
            is_now.init,
        )


def film(slug: str, count: int, rungs: tuple[str, ...] = ("v240", "v360")) -> MediaFile:
    """Media with these rungs and one sound."""
    pictures = tuple(_picture(name, count) for name in rungs)
    lengths = [4.010667 if number % 2 == 0 else 3.989333 for number in range(count)]
    files = tuple((f"{number:03}.m4s", length) for number, length in enumerate(lengths))
    sound = Rendition(
        "audio", "audio", 64_000, 60_000, None, None, "mp4a.40.2", "en", None, "init.mp4", files
    )
    return MediaFile(slug, count, 4, (*pictures, sound))


def _picture(name: str, count: int) -> Rendition:
    height = int(name[1:])
    files = tuple((f"{number:03}.m4s", 4.0) for number in range(count))
    return Rendition(
        name,
        "video",
        height * 1000,
        height * 900,
        height * 16 // 9,
        height,
        "avc1.4d401e",
        None,
        None,
        "init.mp4",
        files,
    )


def signed(slug: str, expires_at: int | None) -> SignedFolder:
    """Addresses that show what they were signed for."""
    return SignedFolder(f"/{expires_at}/{slug}/", "?x")
