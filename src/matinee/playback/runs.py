"""What a linear channel plays when: runs as they are stored, taken apart into clips."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from matinee.core.database import Database
from matinee.playback.remembered import Remembered

BLOCK = 900
"""Segments in an hour: so much of a channel's runs is read at once."""
BLOCK_SECONDS, LATE_SECONDS = 30.0, 1.0

_RUNS = """
    SELECT first_sequence, segment_count, media, media_segments, first_discontinuity
    FROM playout_runs
    WHERE channel_id = :channel_id
      AND first_sequence < :until AND first_sequence + segment_count > :since
    ORDER BY first_sequence
"""


@dataclass(frozen=True, slots=True)
class Run:
    """A row of `playout_runs`."""

    first: int
    count: int
    media: tuple[str, ...]
    media_segments: tuple[int, ...]
    first_discontinuity: int

    @property
    def end(self) -> int:
        """The sequence number after its last one."""
        return self.first + self.count


class Clip(NamedTuple):
    """A medium that plays from `first` on until before `end`, from its beginning."""

    first: int
    end: int
    slug: str
    discontinuity: int


def clips_between(runs: Iterable[Run], since: int, until: int) -> list[Clip]:
    """The clips of which something is sent from `since` until before `until`, in order."""
    return [clip for run in runs for clip in _clips_of(run, since, until)]


def _clips_of(run: Run, since: int, until: int) -> Iterator[Clip]:
    starts = [0, *accumulate(run.media_segments)]
    length = starts.pop()
    rounds = max(0, since - run.first) // length
    while (begin := run.first + rounds * length) < min(run.end, until):
        for index, slug in enumerate(run.media):
            first = begin + starts[index]
            end = min(first + run.media_segments[index], run.end)
            if first < min(run.end, until) and end > since:
                number = run.first_discontinuity + rounds * len(run.media) + index
                yield Clip(first, end, slug, number)
        rounds += 1


def unbroken_until(clips: Sequence[Clip], end: int) -> list[Clip]:
    """The clips that follow each other without a gap up to `end`; none where there is a gap."""
    chain: list[Clip] = []
    for clip in reversed(clips):
        wanted = chain[-1] if chain else None
        joins = (
            clip.end >= end
            if wanted is None
            else (clip.end, clip.discontinuity + 1) == (wanted.first, wanted.discontinuity)
        )
        if not joins:
            break
        chain.append(clip)
    return chain[::-1]


class RunTable:
    """Runs of all channels, read by the hour: what was written once never changes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocks = Remembered(self._read, BLOCK_SECONDS)
        self._late = Remembered(self._read, LATE_SECONDS)

    async def between(self, channel_id: UUID, since: int, until: int) -> list[Run]:
        """The runs of which something is sent from `since` until before `until`, in order."""
        runs: dict[int, Run] = {}
        for block in range(since // BLOCK, (until - 1) // BLOCK + 1):
            found = await self._blocks.get((channel_id, block))
            wanted = min(until, (block + 1) * BLOCK)
            if not found or found[-1].end < wanted:  # maybe written since
                found = await self._late.get((channel_id, block))
            runs.update((run.first, run) for run in found)
        return [runs[first] for first in sorted(runs)]

    async def _read(self, key: tuple[UUID, int]) -> tuple[Run, ...]:
        channel_id, block = key
        async with self._database.read() as tx:
            rows = await tx.all(
                _RUNS, channel_id=channel_id, since=block * BLOCK, until=(block + 1) * BLOCK
            )
        return tuple(
            Run(
                row["first_sequence"],
                row["segment_count"],
                tuple(row["media"]),
                tuple(row["media_segments"]),
                row["first_discontinuity"],
            )
            for row in rows
        )
