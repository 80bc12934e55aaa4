"""What a linear channel plays when: a plan and a stretch of time make slots, always the same ones.

Nothing here knows a database or a clock; moments are Unix seconds. A plan is cut into windows, each
filled from one source: a loop or a shuffle is one endless window; blocks follow each other in turn;
parts of the day begin at times of the channel's time zone, whatever its clocks do. Inside a window
slots are counted from its beginning, so that every boundary is on the grid of segments as well.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from matinee.epg.programmes import ProgrammeDraft
from matinee.models.playout import SEGMENT_SECONDS

HOUR = 3600
FIRST_DAY = date(2026, 1, 1)
"""Windows that depend on no day are counted from here, at midnight of the channel's time zone."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something to broadcast: its media are played in turn, again and again, for `segments`."""

    programme: ProgrammeDraft
    media: tuple[str, ...]
    segments: int
    asset_id: UUID | None = None
    title_id: UUID | None = None
    episode_id: UUID | None = None
    start_over: bool | None = None
    catch_up: bool | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Items in an endless order: round after round as they stand, or each round shuffled."""

    items: tuple[Item, ...]
    order: Literal["loop", "shuffle"] = "loop"
    seed: str = ""

    def place_of(self, turn: int) -> int:
        """Which item has the turn."""
        number, place = divmod(turn, len(self.items))
        if self.order == "loop":
            return place
        return _shuffled(self.seed, len(self.items), number)[place]


@dataclass(frozen=True, slots=True)
class Block:
    """A source that has a channel for so many seconds, then the next block has it."""

    seconds: int
    source: Source


@dataclass(frozen=True, slots=True)
class DayPart:
    """A source that has a channel from a minute of each day on until the next part begins."""

    minute: int
    source: Source


@dataclass(frozen=True, slots=True)
class Programming:
    """A whole plan: one endless source, blocks, or parts of the day; and what fills gaps."""

    parts: Source | tuple[Block, ...] | tuple[DayPart, ...]
    filler: Item
    slot_seconds: int
    time_zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Slot:
    """An item on air; where it ends before the slot does, filler goes on."""

    starts_at: int
    ends_at: int
    item: Item


@dataclass(frozen=True, slots=True)
class Window:
    """A time that one source has to itself; `turn` is whose turn it is at its beginning."""

    starts_at: int
    ends_at: int | None
    source: Source
    turn: int = 0


def fill(
    programming: Programming, from_at: int, until_at: int, *, exactly: bool = False
) -> list[Slot]:
    """Slots without gap or overlap from a moment on, until one that ends at `until_at` or later.

    What should be on at `from_at` begins there, from its beginning. `exactly`: the last slot ends
    at `until_at`, and only what fits is played before.
    """
    slots: list[Slot] = []
    at = from_at
    for window in windows(programming, from_at):
        if at >= until_at:
            break
        limit = until_at if exactly else None
        if window.ends_at is not None:
            limit = min(window.ends_at, limit or window.ends_at)
        for slot, _ in _walk(programming, window, at, _turn_at(programming, window, at), limit):
            slots.append(slot)
            at = slot.ends_at
            if at >= until_at:
                break
    return slots


def windows(programming: Programming, from_at: int) -> Iterator[Window]:
    """The window in which a moment lies, and all that follow."""
    parts = programming.parts
    if isinstance(parts, Source):
        yield Window(_midnight(FIRST_DAY, programming.time_zone), None, parts)
    elif isinstance(parts[0], Block):
        yield from _blocks(
            programming, [part for part in parts if isinstance(part, Block)], from_at
        )
    else:
        day_parts = [part for part in parts if isinstance(part, DayPart)]
        yield from _day_parts(programming, day_parts, from_at)


def slot_start(programming: Programming, at: int) -> int:
    """The last moment not after `at` at which a slot of the day's grid begins."""
    anchor = _midnight(FIRST_DAY, programming.time_zone)
    return at - (at - anchor) % programming.slot_seconds


def _blocks(programming: Programming, blocks: Sequence[Block], from_at: int) -> Iterator[Window]:
    anchor = _midnight(FIRST_DAY, programming.time_zone)
    length = sum(block.seconds for block in blocks)
    cycle = (from_at - anchor) // length
    while True:
        starts_at = anchor + cycle * length
        for block in blocks:
            ends_at = starts_at + block.seconds
            if ends_at > from_at:
                turn = cycle * _taken(programming, block.source, block.seconds)
                yield Window(starts_at, ends_at, block.source, turn)
            starts_at = ends_at
        cycle += 1


def _day_parts(
    programming: Programming, parts: Sequence[DayPart], from_at: int
) -> Iterator[Window]:
    day = datetime.fromtimestamp(from_at, programming.time_zone).date() - timedelta(days=2)
    ordered = sorted(parts, key=lambda part: part.minute)
    lengths = _nominal_seconds(ordered)
    starts = _starts(day, ordered, programming.time_zone)
    while True:
        following = _starts(day + timedelta(days=1), ordered, programming.time_zone)
        ends = [*starts[1:], following[0]]
        for part, seconds, starts_at, ends_at in zip(ordered, lengths, starts, ends, strict=True):
            if starts_at < ends_at and ends_at > from_at:
                turn = (day - FIRST_DAY).days * _taken(programming, part.source, seconds)
                yield Window(starts_at, ends_at, part.source, turn)
        day, starts = day + timedelta(days=1), following


def _nominal_seconds(ordered: Sequence[DayPart]) -> list[int]:
    """How long parts are on days on which no clock is changed."""
    minutes = [part.minute for part in ordered]
    ends = [*minutes[1:], minutes[0] + 24 * 60]
    return [(end - start) * 60 for start, end in zip(minutes, ends, strict=True)]


def _starts(day: date, ordered: Sequence[DayPart], zone: ZoneInfo) -> list[int]:
    """When the parts of a day begin.

    A time that comes twice counts the first time. One that is left out counts as much later, but
    not after the next part has begun: then there is none of that part that day.
    """
    midnight = datetime.combine(day, time(0))
    starts = [
        int((midnight + timedelta(minutes=part.minute)).replace(tzinfo=zone).timestamp())
        for part in ordered
    ]
    for place in range(len(starts) - 1, 0, -1):
        starts[place - 1] = min(starts[place - 1], starts[place])
    return starts


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(0), zone).astimezone(UTC).timestamp())


def _taken(programming: Programming, source: Source, seconds: int) -> int:
    """About how many items a window takes: the next one of its kind goes on after them."""
    lengths = [_slots(programming, item) * programming.slot_seconds for item in source.items]
    return max(1, seconds * len(lengths) // sum(lengths)) if lengths else 0


def _slots(programming: Programming, item: Item) -> int:
    return max(1, -(-item.segments * SEGMENT_SECONDS // programming.slot_seconds))


def _turn_at(programming: Programming, window: Window, at: int) -> int:
    """Whose turn it is at a moment of a window that is filled from its beginning."""
    starts_at, turn = window.starts_at, window.turn
    if not window.source.items:
        return turn
    if window.ends_at is None:
        slots = sum(_slots(programming, item) for item in window.source.items)
        rounds = (at - starts_at) // (slots * programming.slot_seconds)
        starts_at += rounds * slots * programming.slot_seconds
        turn += rounds * len(window.source.items)
    for slot, its_turn in _walk(programming, window, starts_at, turn, window.ends_at):
        turn = its_turn
        if slot.ends_at > at:
            break
    return turn


def _walk(
    programming: Programming, window: Window, at: int, turn: int, limit: int | None
) -> Iterator[tuple[Slot, int]]:
    """Slots from a moment of a window on until its limit, each with whose turn it was."""
    while limit is None or at < limit:
        fitting = _fitting(window.source, turn, None if limit is None else limit - at)
        if fitting is None:
            ends_at = at + HOUR
            slot = Slot(at, min(ends_at, limit or ends_at), programming.filler)
        else:
            turn = fitting
            item = window.source.items[window.source.place_of(turn)]
            ends_at = _grid_after(programming, window, at + item.segments * SEGMENT_SECONDS)
            slot = Slot(at, min(ends_at, limit or ends_at), item)
        yield slot, turn
        turn += fitting is not None
        at = slot.ends_at


def _fitting(source: Source, turn: int, seconds: int | None) -> int | None:
    """The next turn of an item that is not longer than this, or None where all are."""
    for later in range(turn, turn + len(source.items)):
        segments = source.items[source.place_of(later)].segments
        if seconds is None or segments * SEGMENT_SECONDS <= seconds:
            return later
    return None


def _grid_after(programming: Programming, window: Window, at: int) -> int:
    """The first beginning of a slot at this moment or later."""
    return at + (window.starts_at - at) % programming.slot_seconds


@lru_cache(maxsize=1024)
def _shuffled(seed: str, count: int, number: int) -> tuple[int, ...]:
    """The order of one round, in which nothing comes again before half of the others did.

    One half of the items, the same in all rounds, comes first: so the end of a round and the
    beginning of the next never hold the same.
    """
    places = sorted(range(count), key=lambda place: _drawn(seed, "half", place))
    halves = places[: count // 2], places[count // 2 :]
    return tuple(
        place
        for half in halves
        for place in sorted(half, key=lambda place: _drawn(seed, str(number), place))
    )


def _drawn(seed: str, what: str, place: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{what}:{place}".encode(), digest_size=8).digest()
