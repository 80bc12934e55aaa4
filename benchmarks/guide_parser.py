"""Reading a guide of 50 MB: speed against a bare pass of expat over the same file, and memory.

The bare pass calls handlers that do nothing; without any handlers expat is faster still.
"""

import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from xml.parsers import expat

from matinee.epg.feeds.unpacking import PIECE
from matinee.epg.feeds.xmltv import Guide

CHANNELS = 400
DAYS = 10
ROUNDS = 5
LIMIT = 0.4

ADJECTIVES = "Silent Northern Hidden Golden Broken Lost Winter Harbour Paper Iron Distant".split()
NOUNS = "Kitchen River Detective Garden Voyage Letters Orchard Signal Archive Bakery".split()
CATEGORIES = "News Weather Sport Football Children Film Drama Documentary Nature Quiz".split()
PEOPLE = ("Ana Ortiz", "Ben Okafor", "Chloe Marsh", "Dmitri Volkov", "Elif Demir", "Grace Lin")
ZONES = ("+0000", "+0100", "-0500", "+0530", "+1300")
MINUTES = (15, 30, 30, 30, 45, 60, 60, 90, 120)


def guide_lines(dice: random.Random) -> Iterator[str]:
    """A guide whose programmes say as much, and are as untidy, as those of real ones."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">\n<tv>\n'
    for number in range(CHANNELS):
        yield (
            f'  <channel id="c{number}.test"><display-name lang="en">Channel {number}'
            f"</display-name><lcn>{100 + number}</lcn></channel>\n"
        )
    for number in range(CHANNELS):
        zone = ZONES[number % len(ZONES)]
        shows = [f"{dice.choice(ADJECTIVES)} {dice.choice(NOUNS)}" for _ in range(24)]
        begin = now = datetime(2026, 1, 1, tzinfo=UTC)
        while now < begin + timedelta(days=DAYS):
            end = now + timedelta(minutes=dice.choice(MINUTES))
            yield programme(dice, f"c{number}.test", dice.choice(shows), (now, end), zone)
            now = end
    yield "</tv>\n"


def programme(
    dice: random.Random, channel: str, title: str, times: tuple[datetime, datetime], zone: str
) -> str:
    """One programme, of ten elements."""
    start, stop = (f"{moment:%Y%m%d%H%M%S} {zone}" for moment in times)
    name, other = dice.choice(PEOPLE).split()[0], dice.choice(PEOPLE).split()[0]
    text = f"{name} and {other} look for the {dice.choice(NOUNS)} before the {title} closes."
    rating = '<rating system="MPAA"><value>PG-13</value></rating>'
    return (
        f'  <programme start="{start}" stop="{stop}" channel="{channel}">'
        f'<title lang="en">{title}</title>'
        f'<sub-title lang="en">{dice.choice(ADJECTIVES)} {dice.choice(NOUNS)}</sub-title>'
        f'<desc lang="en">{text}</desc>'
        f"<credits><actor>{dice.choice(PEOPLE)}</actor></credits>"
        f'<category lang="en">{dice.choice(CATEGORIES)}</category>'
        f'<icon src="https://example.invalid/p/{dice.randrange(9999)}.jpg"/>'
        f'<episode-num system="xmltv_ns">{dice.randrange(9)}.{dice.randrange(12)}.</episode-num>'
        + ("<previously-shown/>" if dice.random() < 0.4 else "")
        + (rating if dice.random() < 0.6 else "<rating>PG</rating>" if dice.random() < 0.25 else "")
        + "</programme>\n"
    )


def pieces(path: Path) -> Iterator[bytes]:
    """The file, a piece at a time."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def bare(path: Path) -> None:
    """Expat with handlers that do nothing."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 65_536
    parser.StartElementHandler = lambda _name, _attributes: None
    parser.EndElementHandler = lambda _name: None
    parser.CharacterDataHandler = lambda _text: None
    feed(parser, path)


def handlerless(path: Path) -> None:
    """Expat alone."""
    feed(expat.ParserCreate(), path)


def feed(parser: expat.XMLParserType, path: Path) -> None:
    """The whole file into a parser."""
    for piece in pieces(path):
        parser.Parse(piece, False)
    parser.Parse(b"", True)


def all_wanted(path: Path) -> int:
    """Our reader, every programme built; how many."""
    return sum(1 for _ in Guide(pieces(path)))


def tenth_wanted(path: Path) -> int:
    """Our reader, one channel of ten mapped."""
    return sum(1 for _ in Guide(pieces(path), wanted={f"c{n}.test" for n in range(0, 400, 10)}))


def seconds(read: Callable[[Path], Any], path: Path) -> float:
    """Processor time of one reading."""
    started = time.process_time()
    read(path)
    return time.process_time() - started


def main() -> None:
    """Print ratios and memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "guide.xml")
        with path.open("w", encoding="utf-8") as file:
            file.writelines(guide_lines(random.Random(1)))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        count = all_wanted(path)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        readers = (bare, handlerless, all_wanted, tenth_wanted)
        rounds = [[seconds(read, path) for read in readers] for _ in range(ROUNDS)]
        size = os.path.getsize(path)
    ratios = [median(row[0] / row[column] for row in rounds) for column in range(len(readers))]
    speed = size / 1e6 / median(row[2] for row in rounds)
    print(
        f"{size / 1e6:.0f} MB, {count:,} entries, {speed:.0f} MB/s, memory grows {grown >> 10} MB"
    )
    print(f"all wanted:    {ratios[2]:.2f} x a bare pass (limit {LIMIT})")
    print(f"one of ten:    {ratios[3]:.2f} x a bare pass")
    print(f"all wanted:    {ratios[2] / ratios[1]:.2f} x expat without handlers")


if __name__ == "__main__":
    main()
