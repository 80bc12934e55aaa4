"""Which part of the grid a ticket shows: live with a look back, from its start, or what is past."""

from collections.abc import Sequence

from matinee.models.playout import SEGMENT_SECONDS
from matinee.playback.grid import seconds_at, sequence_at
from matinee.playback.playlists import Window
from matinee.playback.problems import ChannelOffAir
from matinee.playback.runs import Run, clips_between, unbroken_until

Span = tuple[int, int]
"""From a sequence number until before another one."""


def live_span(dvr_minutes: int, now: float, hidden_until: int | None = None) -> Span:
    """What a live playlist shows at a moment, where the channel has sent all the time.

    Nothing of what was sent before `hidden_until` (Unix seconds).
    """
    edge = sequence_at(now)
    since = edge - dvr_minutes * 60 // SEGMENT_SECONDS
    return since if hidden_until is None else max(since, _end(hidden_until)), edge


def live_window(runs: Sequence[Run], span: Span, dvr_minutes: int) -> Window:
    """The last minutes up to now; no more than was sent without a gap.

    Raises:
        ChannelOffAir: nothing is sent now.
    """
    since, edge = span
    clips = unbroken_until(clips_between(runs, since, edge), edge)
    if not clips:
        raise ChannelOffAir()
    first = max(since, clips[0].first)
    return Window("live", tuple(clips), first, edge, keep_seconds=dvr_minutes * 60)


def past_span(from_at: int, until_at: int | None, now: float) -> Span:
    """What has been sent of a programme so far; the first segment is there as it begins.

    Raises:
        ChannelOffAir: it has not begun.
    """
    if now < from_at:
        raise ChannelOffAir()
    since = sequence_at(from_at)
    edge = max(sequence_at(now), since + 1)
    return since, edge if until_at is None else min(edge, _end(until_at))


def past_window(
    runs: Sequence[Run], span: Span, from_at: int, until_at: int | None, started_at: int
) -> Window:
    """A programme from its start: growing until it is over, whole where it was when asked for.

    `started_at`: when playing began (Unix), which decides what kind of playlist it is for good.

    Raises:
        ChannelOffAir: nothing was sent.
    """
    since, until = span
    clips = tuple(clips_between(runs, since, until))
    if not clips:
        raise ChannelOffAir()
    first = max(since, clips[0].first)
    return Window(
        "vod" if was_over(until_at, started_at) else "event",
        clips,
        first,
        until,
        ended=until_at is not None and until == _end(until_at),
        start_offset=max(0.0, float(from_at - seconds_at(first))),
    )


def was_over(until_at: int | None, started_at: int) -> bool:
    """Whether a programme had ended when playing it began (Unix): then it never grows."""
    return until_at is not None and seconds_at(_end(until_at)) <= started_at


def _end(until_at: int) -> int:
    """The sequence number after the segment in which a programme ends."""
    return sequence_at(until_at + SEGMENT_SECONDS - 1)
