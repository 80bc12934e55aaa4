"""Reading a feed that lies in a file: its channels first, then the programmes that are wanted."""

from collections import Counter
from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from matinee.epg.feeds.entries import FeedChannel, FeedProgramme, GuideSummary
from matinee.epg.feeds.problems import FeedRefused
from matinee.epg.feeds.unpacking import PIECE, Limits
from matinee.epg.feeds.xmltv import LONGEST_CHANNEL_ID, MOST_CHANNELS, Guide

ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Feed:
    """A feed in a file: how its times are to be read, and how large it may be."""

    path: Path
    default_offset: int
    limits: Limits


class Wanted(Container[str]):
    """The channels whose programmes are wanted; counts those of all channels as it is asked."""

    def __init__(self, ids: Collection[str]) -> None:
        self.counts: Counter[str] = Counter()
        self._ids = frozenset(ids)

    def __contains__(self, channel: object) -> bool:
        if isinstance(channel, str) and self._is_countable(channel):
            self.counts[channel] += 1
        return channel in self._ids

    def _is_countable(self, channel: str) -> bool:
        if not channel.strip() or len(channel) > LONGEST_CHANNEL_ID:
            return False
        return len(self.counts) < MOST_CHANNELS or channel in self.counts


class Batch(NamedTuple):
    """Entries of a feed that were read at once."""

    programmes: list[FeedProgramme]
    channels: list[FeedChannel]


class Reading:
    """One pass through a feed for the programmes of some channels."""

    def __init__(self, feed: Feed, ids: Collection[str]) -> None:
        self.wanted = Wanted(ids)
        self._guide = Guide(
            _pieces(feed.path),
            wanted=self.wanted,
            default_offset=feed.default_offset,
            limits=feed.limits,
        )
        self._entries = iter(self._guide)

    @property
    def summary(self) -> GuideSummary:
        """What was met so far."""
        return self._guide.summary

    def next_batch(self) -> Batch:
        """The next entries; without any the feed is at its end.

        Raises:
            FeedRefused: it cannot be read on.
        """
        batch = Batch([], [])
        for entry in islice(self._entries, ROWS_AT_ONCE):
            if isinstance(entry, FeedProgramme):
                batch.programmes.append(entry)
            else:
                batch.channels.append(entry)
        return batch


def channels_at_head(feed: Feed) -> list[FeedChannel]:
    """The channels that a feed names before its first programme: in most feeds all of them.

    Raises:
        FeedRefused: it cannot be read even so far.
    """
    wanted = Wanted(())
    pieces = _pieces_before_programmes(feed.path, wanted)
    guide = Guide(pieces, wanted=wanted, limits=feed.limits)
    channels: list[FeedChannel] = []
    try:
        channels.extend(entry for entry in guide if isinstance(entry, FeedChannel))
    except FeedRefused:
        if not wanted.counts:  # it was not we who stopped it
            raise
    return channels


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _pieces_before_programmes(path: Path, wanted: Wanted) -> Iterator[bytes]:
    for piece in _pieces(path):
        yield piece
        if wanted.counts:
            return
