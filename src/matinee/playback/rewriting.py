"""Rewriting playlists of others: where the addresses in them lead, and what we cannot keep up."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urljoin, urlsplit

FIRST_LINE = "#EXTM3U"

_PLAYLISTS = ("#EXT-X-MEDIA:", "#EXT-X-I-FRAME-STREAM-INF:")
_PARTS = ("#EXT-X-MAP:", "#EXT-X-KEY:", "#EXT-X-SESSION-KEY:", "#EXT-X-SESSION-DATA:")
_LEFT_OUT = (
    "#EXT-X-SERVER-CONTROL",
    "#EXT-X-PART",
    "#EXT-X-PRELOAD-HINT",
    "#EXT-X-RENDITION-REPORT",
    "#EXT-X-CONTENT-STEERING",
)
"""What promises answers to questions that we do not pass on (low latency, steering)."""
_LINE_END = re.compile(r"\r?\n")
"""Of the format: names in it may hold what else ends a line of Unicode."""
_URI = re.compile(r'(?<=[:,])URI="([^"]*)"')

Place = Callable[[str], str]


def is_playlist(text: str) -> bool:
    """Whether it begins as all playlists do."""
    return text.lstrip("\ufeff").startswith(FIRST_LINE)


def rewrite(text: str, base: str, *, playlist: Place, part: Place) -> str:
    """A playlist that was found at `base`, its addresses replaced.

    `playlist` and `part` (segments, keys, initialisation) say where an absolute http address is to
    be found instead; addresses of other schemes stay.
    """
    is_master = "#EXT-X-STREAM-INF" in text
    lines = _LINE_END.split(text.lstrip("\ufeff").rstrip("\r\n"))
    return "\n".join(_rewritten(lines, base, is_master, playlist, part)) + "\n"


def _rewritten(
    lines: list[str], base: str, is_master: bool, playlist: Place, part: Place
) -> Iterator[str]:
    for line in lines:
        if line.startswith(_LEFT_OUT):
            continue
        if line.startswith(_PLAYLISTS):
            yield _with_uri(line, base, playlist)
        elif line.startswith(_PARTS):
            yield _with_uri(line, base, part)
        elif line.startswith("#") or not line.strip():
            yield line
        else:
            yield _placed(line.strip(), base, playlist if is_master else part)


def _with_uri(line: str, base: str, place: Place) -> str:
    return _URI.sub(lambda found: f'URI="{_placed(found[1], base, place)}"', line)


def _placed(uri: str, base: str, place: Place) -> str:
    try:
        url = urljoin(base, uri)
        is_web = urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return uri
    return place(url) if is_web else uri
