"""Matching names of guides with 38 000 channels, against 31 454 pairs that people made by hand.

    python benchmarks/channel_matching.py CHANNELS.csv.gz LABELS.tsv.gz

The files are the channels of the iptv-org database, and the names that its sites of guides give
them. Prints how much is matched, and how much of that is right: by the name alone as players do
it, by what is applied without asking, and with the suggestions that staff confirms.
"""

import csv
import gzip
import html
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from matinee.epg.matching.ladder import Candidate, Index, Match
from matinee.epg.matching.pairs import Known, SourceChannel, match_all

OURS = 1_000
THEIRS = 40_000


class Label(NamedTuple):
    """A name on a site's guide, and the channel that somebody says it is."""

    site: str
    name: str
    channel: str


def rows_of(path: Path, delimiter: str) -> Iterator[dict[str, str]]:
    """The rows of a packed table."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter=delimiter)


def channels_in(path: Path) -> list[Candidate]:
    """All channels, without their identifiers: names alone are to be matched."""
    return [
        Candidate(
            row["id"],
            row["name"],
            country=row["country"] or None,
            others=tuple(filter(None, row["alt_names"].split(";"))),
        )
        for row in rows_of(path, ",")
    ]


def labels_in(path: Path, known: set[str]) -> list[Label]:
    """Every name of every site once, where its channel is known."""
    found = {
        (row["file"], html.unescape(row["name"]), row["xmltv_id"].partition("@")[0])
        for row in rows_of(path, "\t")
    }
    return sorted(Label(*each) for each in found if each[2] in known)


def countries_of(labels: list[Label], channels: list[Candidate]) -> dict[str, str | None]:
    """The country that most channels of a site are from, as whoever adds a site knows it."""
    country = {channel.id: channel.country for channel in channels}
    counts: defaultdict[str, Counter[str | None]] = defaultdict(Counter)
    for label in labels:
        counts[label.site][country[label.channel]] += 1
    return {site: found.most_common(1)[0][0] for site, found in counts.items()}


def measure(name: str, labels: list[Label], answer: Callable[[Label], str | None]) -> None:
    """Print how many are matched, and how many of them rightly."""
    began = time.perf_counter()
    answers = [answer(label) for label in labels]
    seconds = time.perf_counter() - began
    matched = sum(found is not None for found in answers)
    right = sum(found == label.channel for found, label in zip(answers, labels, strict=True))
    print(
        f"{name:<34} matched {100 * matched / len(labels):5.1f} %"
        f"   right of them {100 * right / max(matched, 1):5.1f} %   {seconds:5.1f} s"
    )


def main(channels_file: Path, labels_file: Path) -> None:
    """Compare the ways of matching."""
    channels = channels_in(channels_file)
    labels = labels_in(labels_file, {str(channel.id) for channel in channels})
    countries = countries_of(labels, channels)
    began = time.perf_counter()
    index = Index(channels)
    seconds = time.perf_counter() - began
    print(f"{len(channels)} channels, {len(labels)} names; index in {seconds:.1f} s")
    by_name = {channel.name.lower(): str(channel.id) for channel in channels}

    def first(label: Label, keep: Callable[[Match], bool]) -> str | None:
        found = index.match(None, [label.name], countries[label.site])
        return str(found[0].channel.id) if found and keep(found[0]) else None

    def alone(label: Label) -> str | None:
        found = index.match(None, [label.name], countries[label.site])
        return str(found[0].channel.id) if len(found) == 1 else None

    measure("name alone", labels, lambda label: by_name.get(label.name.strip().lower()))
    measure("applied", labels, lambda label: first(label, lambda match: match.applied))
    measure("applied or the one suggestion", labels, alone)
    measure("applied or the first suggestion", labels, lambda label: first(label, lambda _: True))
    measure_source(channels, labels)


def measure_source(channels: list[Candidate], labels: list[Label]) -> None:
    """Print how long a large source takes with as many channels as a service has."""
    dice = random.Random(7)
    ours = dice.sample(channels, OURS)
    theirs = [SourceChannel(str(number), [dice.choice(labels).name]) for number in range(THEIRS)]
    began = time.perf_counter()
    found = match_all(theirs, ours, None, Known())
    seconds = time.perf_counter() - began
    print(f"{THEIRS} names with {OURS} channels: {len(found)} matches, {seconds:.1f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
