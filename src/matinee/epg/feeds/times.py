"""Times as guides write them: `20260101060000 +0100` and its many variants."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache

MINUTE = 60

_STAMP = re.compile(
    r" ?(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)?(\d\d)?)?(?:\.\d{1,9})? ?(\S{0,6}) ?", re.ASCII
)
_OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d\d))?", re.ASCII)
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)", re.ASCII)

ZONES = {
    "Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "WET": 0, "BST": 60, "IST": 330, "WEST": 60, "CET": 60,
    "MEZ": 60, "CEST": 120, "MESZ": 120, "EET": 120, "EEST": 180, "MSK": 180, "SAST": 120,
    "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480,
    "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600, "AST": -240, "ADT": -180, "NST": -210,
    "NDT": -150, "AWST": 480, "ACST": 570, "ACDT": 630, "AEST": 600, "AEDT": 660, "NZST": 720,
    "NZDT": 780, "JST": 540, "KST": 540, "HKT": 480, "SGT": 480, "PKT": 300,
}  # fmt: skip
"""Minutes east of UTC. Where a name means several zones it is the one of most guides: `BST` is
British, `IST` Indian, `CST` and `EST` American."""

EARLIEST, LATEST = 1970, 2199
FARTHEST = 15 * 60


@lru_cache(maxsize=32_768)
def epoch_of(stamp: str, default_offset: int = 0) -> int:
    """Seconds since 1970 of `YYYYMMDD[hh[mm[ss]]] [zone]`; `default_offset` in minutes.

    Raises:
        ValueError: it is no time, or its zone is not known; a zone is never guessed.
    """
    found = _STAMP.fullmatch(stamp)
    if found is None:
        raise ValueError("no time of a guide")
    *figures, zone = found.groups()
    year, month, day, hour, minute, second = (int(figure or 0) for figure in figures)
    if not EARLIEST <= year <= LATEST:
        raise ValueError("a year beyond all guides")
    local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    return int(local.timestamp()) - _offset(zone, default_offset) * MINUTE


def _offset(zone: str, default: int) -> int:
    """Minutes east of UTC."""
    if not zone:
        return default
    if found := _OFFSET.fullmatch(zone):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if minutes > FARTHEST:
            raise ValueError("an offset beyond all zones")
        return -minutes if found[1] == "-" else minutes
    minutes = ZONES.get(zone.upper(), FARTHEST)
    if minutes == FARTHEST:
        raise ValueError("an unknown zone")
    return minutes


def date_of(text: str) -> date | None:
    """The day at the head of `20190301…` or `2019-03-01…`."""
    found = _DATE.match(text)
    if found is None or not found[1] > "1800":
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def year_of(text: str) -> int | None:
    """The year at the head of a date, where it can be one of a film."""
    year = int(text[:4]) if text[:4].isascii() and text[:4].isdigit() else 0
    return year if 1850 <= year <= LATEST else None
