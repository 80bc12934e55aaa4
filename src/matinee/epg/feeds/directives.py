"""The parts of a channel list's lines: attributes, groups, catch-up, headers, addresses."""

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from matinee.epg.feeds.elements import tidied

MOST_ATTRIBUTES = 64
MOST_GROUPS = 20
MOST_HEADERS = 10
LONGEST_HEADER = 1_000
LONGEST_SOURCE = 2_048
MOST_DAYS = 365
FARTHEST_SHIFT = 24 * 60
HIGHEST_NUMBER = 99_999

_DURATION = re.compile(r"\s*-?\d{0,9}(?:\.\d{1,9})?", re.ASCII)
_ATTRIBUTE = re.compile(
    r"""\s*(?P<name>[A-Za-z][\w-]{0,40})=(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'(?=[\s,]|$)"""
    r"""|(?P<bare>[^\s,]*))""",
    re.ASCII,
)
_WORD = re.compile(r"\s*[^\s,]+")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`~-]{1,60}", re.ASCII)
_SHIFT = re.compile(r"[+-]?\d{1,2}(?:\.\d{1,4})?", re.ASCII)

SCHEMES = frozenset({"http", "https", "rtmp", "rtmps", "rtsp", "rtp", "udp", "mms", "srt"})
MODES = {
    "default": "default", "append": "append", "shift": "shift", "timeshift": "shift",
    "flussonic": "flussonic", "flussonic-hls": "flussonic", "flussonic-ts": "flussonic",
    "fs": "flussonic", "xc": "xtream", "vod": "vod",
}  # fmt: skip
HEADER_OPTIONS = {
    "http-user-agent": "User-Agent",
    "http-referrer": "Referer",
    "http-referer": "Referer",
    "http-origin": "Origin",
    "http-cookie": "Cookie",
}
HEADER_NAMES = {"user-agent": "User-Agent", "referer": "Referer", "referrer": "Referer"}
OWN_HEADERS = frozenset(
    {
        "host", "connection", "content-length", "transfer-encoding", "te", "upgrade", "trailer",
        "range", "expect", "via", "forwarded", "keep-alive", "proxy-authorization",
    }
)  # fmt: skip
"""Headers that are the business of whoever asks, not of a list."""


class CatchUp(NamedTuple):
    """How past programmes are asked for: the mode of Kodi, its address or query, days back."""

    mode: str
    source: str | None
    days: int


def attributes_of(text: str) -> tuple[dict[str, str], str]:
    """Attributes by their names in small letters, and the name behind the comma after them.

    Commas and apostrophes may stand in quoted values; words that are no attributes are passed over.
    """
    found: dict[str, str] = {}
    place = _end_of(_DURATION.match(text))
    for _ in range(MOST_ATTRIBUTES):
        if attribute := _ATTRIBUTE.match(text, place):
            bare = (attribute["bare"] or "").strip("\"'")
            value = attribute["double"] or attribute["single"] or bare
            found.setdefault(attribute["name"].lower(), value.strip())
            place = attribute.end()
        elif word := _WORD.match(text, place):
            place = word.end()
        else:
            break
    return found, text[place:].partition(",")[2]


def _end_of(found: re.Match[str] | None) -> int:
    return found.end() if found else 0


def groups_of(text: str) -> tuple[str, ...]:
    """`News;Local` as its parts."""
    groups = [group for part in text.split(";") if (group := tidied(part)[:100])]
    return tuple(dict.fromkeys(groups))[:MOST_GROUPS]


def is_true(text: str) -> bool:
    """Whether an attribute says yes."""
    return text.strip().lower() in ("true", "1", "yes")


def number_of(text: str) -> int | None:
    """The number of a channel; None for `5.1` and other ones that are no whole numbers."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        return None
    return int(text) if 1 <= int(text) <= HIGHEST_NUMBER else None


def shift_of(text: str) -> int:
    """Hours such as `-3.5` in minutes; 0 for what is no shift."""
    text = text.strip()
    minutes = round(float(text) * 60) if _SHIFT.fullmatch(text) else 0
    return minutes if abs(minutes) <= FARTHEST_SHIFT else 0


def catch_up_of(said: dict[str, str], inherited: CatchUp | None) -> CatchUp | None:
    """What an entry says of catch-up, over what it inherits from the list's header."""
    mode = MODES.get((said.get("catchup") or said.get("catchup-type") or "").strip().lower())
    days = said.get("catchup-days") or said.get("timeshift") or said.get("tvg-rec") or ""
    if mode is None and said.get("timeshift", "").strip(" 0"):
        mode = "shift"
    if mode is None:
        return inherited
    source = said.get("catchup-source", "").strip()[:LONGEST_SOURCE]
    return CatchUp(
        mode,
        source or (inherited.source if inherited else None),
        min(number_of(days) or (inherited.days if inherited else 0), MOST_DAYS),
    )


def headers_of_option(text: str) -> tuple[dict[str, str], bool]:
    """Headers of `#EXTVLCOPT` and `#KODIPROP`, and whether the option says that there is DRM."""
    name, _, value = text.partition("=")
    name = name.strip().lower()
    if header := HEADER_OPTIONS.get(name):
        return _headers([(header, value)]), False
    if name.endswith(("stream_headers", "common_headers", "manifest_headers")):
        return headers_of_suffix(value), False
    return {}, "license" in name or name.endswith((".drm", "drm_legacy"))


def headers_of_suffix(text: str) -> dict[str, str]:
    """Headers of `URL|User-Agent=…&Referer=…`, whose values are percent-encoded."""
    pairs = [part.partition("=") for part in text.split("&", 2 * MOST_HEADERS)]
    return _headers([(name, unquote(value)) for name, _, value in pairs])


def _headers(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Those that may be sent: no header of the connection, no second line in a value."""
    found: dict[str, str] = {}
    for name, value in pairs:
        name = name.strip().removeprefix("!")  # noqa: PLW2901
        value = value.strip().strip('"')  # noqa: PLW2901
        if not _TOKEN.fullmatch(name) or name.lower() in OWN_HEADERS:
            continue
        if value and len(value) <= LONGEST_HEADER and value.isascii() and value.isprintable():
            found[HEADER_NAMES.get(name.lower(), name)] = value
    return dict(list(found.items())[:MOST_HEADERS])


def scheme_of(url: str) -> str | None:
    """The scheme of a stream's address, where it is one that some player takes."""
    if not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return None
    return parts.scheme if parts.scheme in SCHEMES and host else None
