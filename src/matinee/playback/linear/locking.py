"""Turning slots into runs: what was locked is what plays, and never changes again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from matinee.core.database import ReadTx, WriteTx
from matinee.models.playout import SEGMENT_SECONDS
from matinee.playback.grid import EPOCH, sequence_at

_LAST = """
    SELECT first_sequence, segment_count, media, media_segments, first_discontinuity
    FROM playout_runs WHERE channel_id = :channel_id ORDER BY first_sequence DESC LIMIT 1
"""
_INSERT = """
    INSERT INTO playout_runs
        (channel_id, first_sequence, segment_count, media, media_segments, first_discontinuity)
    SELECT :channel_id, r.first_sequence, r.segment_count, r.media, r.media_segments,
           r.first_discontinuity
    FROM jsonb_to_recordset(:runs::jsonb) AS r(
        first_sequence bigint, segment_count int, media text[], media_segments int[],
        first_discontinuity bigint)
    ORDER BY r.first_sequence
"""
# What a recording points to stays, whatever its age.
_PRUNE = """
    DELETE FROM playout_runs r
    WHERE r.channel_id = :channel_id AND r.first_sequence + r.segment_count <= :keep_from
      AND NOT EXISTS (
          SELECT FROM channel_recordings k
          WHERE k.channel_id = r.channel_id
            AND extract(epoch FROM k.starts_at) < :epoch::bigint
                + (r.first_sequence + r.segment_count) * :seconds::int
            AND extract(epoch FROM k.ends_at) > :epoch::bigint + r.first_sequence * :seconds::int
      )
"""


class Edge(NamedTuple):
    """Where the runs of a channel end: the next sequence number and the next discontinuity."""

    sequence: int
    discontinuity: int


@dataclass(frozen=True, slots=True)
class Run:
    """A row of `playout_runs`."""

    first_sequence: int
    segment_count: int
    media: tuple[str, ...]
    media_segments: tuple[int, ...]
    first_discontinuity: int

    @property
    def edge(self) -> Edge:
        """Where the next run begins."""
        played = times_begun(self.segment_count, self.media_segments)
        return Edge(self.first_sequence + self.segment_count, self.first_discontinuity + played)


class Planned(NamedTuple):
    """A slot that is to be locked; moments are Unix seconds."""

    starts_at: int
    ends_at: int
    media: Sequence[str]
    content_segments: int


def times_begun(segment_count: int, media_segments: Sequence[int]) -> int:
    """How often media begin in a run, the last of which may be cut off."""
    rounds, rest = divmod(segment_count, sum(media_segments))
    begun = sum(start < rest for start in accumulate(media_segments[:-1], initial=0))
    return rounds * len(media_segments) + begun


def runs_of(
    slots: Iterable[Planned], lengths: Mapping[str, int], filler: str, edge: Edge
) -> Iterator[Run]:
    """The runs that slots become, one behind the other; `lengths` are segments by slug.

    Media that are not there any more are left out; where none is left there is filler.
    """
    for slot in slots:
        whole = sequence_at(slot.ends_at) - sequence_at(slot.starts_at)
        media = tuple(slug for slug in slot.media if slug in lengths)
        content = min(slot.content_segments, whole) if media else 0
        for part, count in ((media, content), ((filler,), whole - content)):
            if count:
                run = _run(edge, count, part, lengths)
                edge = run.edge
                yield run


def bridge(filler: str, lengths: Mapping[str, int], edge: Edge, until: int) -> Run:
    """One run of filler until a sequence number: for a time in which nobody was there to plan."""
    return _run(edge, until - edge.sequence, (filler,), lengths)


def _run(edge: Edge, count: int, media: tuple[str, ...], lengths: Mapping[str, int]) -> Run:
    segments = tuple(lengths[slug] for slug in media)
    return Run(edge.sequence, count, media, segments, edge.discontinuity)


async def edge_of(tx: ReadTx, channel_id: UUID) -> Edge | None:
    """Where the runs of a channel end, or None where it has none."""
    row = await tx.one(_LAST, channel_id=channel_id)
    return Run(**row).edge if row else None


async def write_runs(tx: WriteTx, channel_id: UUID, runs: Sequence[Run]) -> None:
    """Store runs for good."""
    if runs:
        rows = [{name: getattr(run, name) for name in Run.__slots__} for run in runs]
        await tx.execute(_INSERT, channel_id=channel_id, runs=rows)


async def prune_runs(tx: WriteTx, channel_id: UUID, keep_from: int) -> int:
    """Delete runs that ended before a moment (Unix seconds) and that no recording needs."""
    return await tx.execute(
        _PRUNE,
        channel_id=channel_id,
        keep_from=sequence_at(keep_from),
        epoch=EPOCH,
        seconds=SEGMENT_SECONDS,
    )
