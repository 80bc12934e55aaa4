"""The demo's guide of channels that others send: written as XMLTV, imported like any other.

What is on follows from the day alone, so that every start tells the same of a day.
"""

import asyncio
import hashlib
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from matinee.epg.importing.command import Sought, import_xmltv
from matinee.epg.importing.problems import ImportRunning
from matinee.epg.importing.service import Wish
from matinee.runtime import Runtime

FILE = Path(__file__).with_name("data") / "guide.json"
SOURCE = "Demo guide"
PAST_DAYS, DAYS = 1, 8
DAY_BEGINS = timedelta(hours=11)
"""Programmes of a day begin at six in New York in winter; the guide is written in UTC."""

_IS_FRESH = """
    SELECT EXISTS (SELECT FROM epg_sources WHERE name = :name AND last_success_at >= :today)
"""

Show = dict[str, Any]


@cache
def _data() -> dict[str, list[Show]]:
    found: dict[str, list[Show]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def external_channels() -> list[Show]:
    """Channels of others, of which the demo knows the guide alone."""
    return _data()["channels"]


async def import_guide(runtime: Runtime) -> None:
    """Bring the guide of others up to a week from today, unless that was done today."""
    today = datetime.now(UTC).date()
    midnight = datetime(today.year, today.month, today.day, tzinfo=UTC)
    async with runtime.database.read() as tx:
        if await tx.scalar(_IS_FRESH, name=SOURCE, today=midnight):
            return
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        await asyncio.to_thread(_write, Path(file.name), today)
        try:
            await import_xmltv(runtime, Sought(file.name, SOURCE), Wish(accept_shrink=True))
        except ImportRunning:
            return  # a start that was killed; the lease ends before the guide does


def guide_text(today: date) -> Iterator[str]:
    """The guide from yesterday on, as lines of XMLTV."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<tv generator-info-name="Matinee demo">\n'
    for channel in external_channels():
        yield f"<channel id={quoteattr(channel['tvg_id'])}>"
        yield f"<display-name>{escape(channel['name'])}</display-name></channel>\n"
    for channel in external_channels():
        for number in range(-PAST_DAYS, DAYS):
            yield from _day(channel, today + timedelta(days=number))
    yield "</tv>\n"


def _write(path: Path, today: date) -> None:
    path.write_text("".join(guide_text(today)), encoding="utf-8")


def _day(channel: Show, day: date) -> Iterator[str]:
    """A channel's day, part by part: each of its kinds of shows in an order of its own."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    starts = [midnight + DAY_BEGINS + _since_six(begins) for begins in channel["parts"]]
    ends = [*starts[1:], midnight + DAY_BEGINS + timedelta(days=1)]
    for part, starts_at, ends_at in zip(channel["parts"].values(), starts, ends, strict=True):
        at = starts_at
        for show in _shows(part, f"{channel['slug']} {day} {starts_at:%H}"):
            if at >= ends_at:
                break
            stop = min(at + timedelta(minutes=show["minutes"]), ends_at)
            yield _programme(channel, show, at, stop, day.toordinal())
            at = stop


def _since_six(begins: str) -> timedelta:
    hours, minutes = map(int, begins.split(":"))
    return timedelta(hours=(hours - 6) % 24, minutes=minutes)


def _shows(kinds: list[str], seed: str) -> Iterator[Show]:
    """Shows of these kinds, shuffled, again and again."""
    shows = [show for show in _data()["shows"] if show["kind"] in kinds]
    shows.sort(key=lambda show: hashlib.md5(f"{seed} {show['title']}".encode()).digest())
    while True:
        yield from shows


def _programme(channel: Show, show: Show, starts_at: datetime, ends_at: datetime, n: int) -> str:
    parts = [
        f'<programme start="{_time(starts_at)}" stop="{_time(ends_at)}"'
        f" channel={quoteattr(channel['tvg_id'])}>",
        f'<title lang="en">{escape(show["title"])}</title>',
    ]
    description = show["description"]
    episodes = show.get("episodes", ())
    place = (n + channel["number"]) % len(episodes) if episodes else 0
    if episodes:
        sub_title, description = episodes[place]
        parts.append(f'<sub-title lang="en">{escape(sub_title)}</sub-title>')
    parts.append(f'<desc lang="en">{escape(description)}</desc>')
    if "year" in show:
        parts.append(f"<date>{show['year']}</date>")
    parts += [f'<category lang="en">{escape(one)}</category>' for one in show["categories"]]
    if episodes:
        parts.append(
            f'<episode-num system="xmltv_ns">{len(show["title"]) % 4}.{place}.</episode-num>'
        )
    system = "VCHIP" if show["rating"].startswith("TV-") else "MPAA"
    parts.append(f'<rating system="{system}"><value>{show["rating"]}</value></rating>')
    return "".join(parts) + "</programme>\n"


def _time(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S} +0000"
