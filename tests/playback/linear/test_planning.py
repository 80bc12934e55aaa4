"""Plans and times make slots: without gaps, always the same, on the grid."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from matinee.epg.programmes import ProgrammeDraft
from matinee.models.playout import SEGMENT_SECONDS
from matinee.playback.linear.planning import (
    Block,
    DayPart,
    Item,
    Programming,
    Slot,
    Source,
    fill,
    windows,
)

HOUR, DAY = 3600, 24 * 3600
NEW_YORK, LORD_HOWE, UTC_ZONE = (
    ZoneInfo("America/New_York"),
    ZoneInfo("Australia/Lord_Howe"),
    ZoneInfo("UTC"),
)
ZONES = [NEW_YORK, LORD_HOWE, UTC_ZONE, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Europe/Berlin")]
FILLER = Item(ProgrammeDraft("Slate"), (), 0)


def items(*minutes: float) -> tuple[Item, ...]:
    """Items of these lengths, named by letters."""
    return tuple(
        Item(ProgrammeDraft(chr(65 + number)), (f"m{number}",), int(length * 15))
        for number, length in enumerate(minutes)
    )


def programming(parts: Any, *, slot_minutes: int = 30, zone: ZoneInfo = UTC_ZONE) -> Programming:
    return Programming(parts, FILLER, slot_minutes * 60, zone)


def at(text: str, zone: ZoneInfo = UTC_ZONE) -> int:
    """A local time in Unix seconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


def told(slots: Sequence[Slot], zone: ZoneInfo = UTC_ZONE) -> list[str]:
    """Slots as "07:00 A"."""
    return [
        f"{datetime.fromtimestamp(slot.starts_at, zone):%H:%M} {slot.item.programme.title}"
        for slot in slots
    ]


sources = st.builds(
    Source,
    st.lists(st.integers(1, 3000), max_size=6).map(
        lambda segments: items(*(count / 15 for count in segments))
    ),
    st.sampled_from(["loop", "shuffle"]),
    st.text("ab", max_size=2),
)
plans = st.builds(
    Programming,
    st.one_of(
        sources,
        st.lists(
            st.builds(Block, st.integers(1, 8).map(lambda n: n * HOUR), sources),
            min_size=1,
            max_size=4,
        ).map(tuple),
        st.lists(
            st.builds(DayPart, st.integers(0, 287).map(lambda n: n * 5), sources),
            min_size=1,
            max_size=5,
            unique_by=lambda part: part.minute,
        ).map(tuple),
    ),
    st.just(FILLER),
    st.sampled_from([5, 10, 15, 30, 60]).map(lambda minutes: minutes * 60),
    st.sampled_from(ZONES),
)
# around the changes of the clocks too
moments = st.one_of(
    st.integers(at("2026-01-01"), at("2030-01-01")),
    st.sampled_from([at("2027-03-14T04:00"), at("2027-11-07T05:00"), at("2027-04-03T13:00")]),
).map(lambda second: second - second % SEGMENT_SECONDS)


@given(plans, moments, st.integers(1, 2 * DAY // 4).map(lambda n: n * 4), st.booleans())
def test_any_plan_fills_any_time_without_gap_or_overlap(
    plan: Programming, start: int, length: int, exactly: bool
) -> None:
    slots = fill(plan, start, start + length, exactly=exactly)
    assert slots[0].starts_at == start
    assert all(one.ends_at == two.starts_at for one, two in pairwise(slots))
    assert all(slot.starts_at < slot.ends_at for slot in slots)
    assert slots[-1].starts_at < start + length <= slots[-1].ends_at
    assert not exactly or slots[-1].ends_at == start + length


@given(plans, moments)
def test_every_boundary_is_on_the_grid_of_segments(plan: Programming, start: int) -> None:
    slots = fill(plan, start, start + DAY)
    assert all(slot.ends_at % SEGMENT_SECONDS == 0 for slot in slots)


@given(plans, moments)
def test_nothing_is_cut_off(plan: Programming, start: int) -> None:
    for slot in fill(plan, start, start + DAY, exactly=True):
        assert slot.item.segments * SEGMENT_SECONDS <= slot.ends_at - slot.starts_at


@given(plans, moments)
def test_the_same_plan_and_time_make_the_same_slots(plan: Programming, start: int) -> None:
    assert fill(plan, start, start + DAY) == fill(plan, start, start + DAY)


@given(plans, moments, st.integers(0, 40))
def test_planning_goes_on_where_it_ended(plan: Programming, start: int, count: int) -> None:
    begin = fill(plan, start, start + DAY)[0].ends_at  # from where on it follows its own grid
    whole = fill(plan, begin, begin + DAY)
    place = min(count, len(whole) - 1)
    rest = fill(plan, whole[place].starts_at, begin + DAY)
    assert all(one.ends_at == two.starts_at for one, two in pairwise([*whole[:place], *rest]))


def test_a_loop_goes_on_where_it_ended_with_the_next_item() -> None:
    plan = programming(Source(items(30, 60, 10)))
    start = at("2027-03-10T00:00")
    whole = fill(plan, start, start + 3 * DAY)
    for place in range(1, len(whole)):
        assert fill(plan, whole[place].starts_at, start + 3 * DAY) == whole[place:]


def test_a_loop_plays_everything_in_turn_on_the_grid_of_slots() -> None:
    slots = fill(
        programming(Source(items(30, 70, 10))), at("2026-01-01T00:00"), at("2026-01-01T05:00")
    )
    assert told(slots) == [
        "00:00 A", "00:30 B", "02:00 C", "02:30 A", "03:00 B", "04:30 C",
    ]  # fmt: skip


def test_what_should_be_on_begins_from_its_beginning() -> None:
    start = at("2026-01-01T01:15")
    assert told(fill(programming(Source(items(30, 70, 10))), start, start + 2 * HOUR)) == [
        "01:15 B", "02:30 C", "03:00 A",
    ]  # fmt: skip


@given(st.integers(2, 40), st.text("abc", max_size=5))
def test_a_shuffle_repeats_nothing_before_half_of_the_others(count: int, seed: str) -> None:
    source = Source(items(*[30] * count), "shuffle", seed)
    turns = [source.place_of(turn) for turn in range(5 * count)]
    last: dict[int, int] = {}
    for turn, place in enumerate(turns):
        assert turn - last.get(place, -count) > count // 2
        last[place] = turn
    assert all(
        sorted(turns[start : start + count]) == list(range(count))
        for start in range(0, 5 * count, count)
    )


def test_rounds_and_seeds_shuffle_otherwise() -> None:
    orders = {
        tuple(
            Source(items(*[30] * 12), "shuffle", seed).place_of(turn)
            for turn in range(first, first + 12)
        )
        for seed in ("a", "b")
        for first in (0, 12, 24)
    }
    assert len(orders) == 6


def test_blocks_follow_each_other_in_turn() -> None:
    one, two = Source(items(30)), Source(items(10, 60)[1:])
    plan = programming((Block(HOUR, one), Block(2 * HOUR, two)))
    assert told(fill(plan, at("2026-01-01T00:00"), at("2026-01-01T04:00"))) == [
        "00:00 A", "00:30 A", "01:00 B", "02:00 B", "03:00 A", "03:30 A",
    ]  # fmt: skip


def test_a_block_goes_on_with_what_comes_next() -> None:
    plan = programming((Block(HOUR, Source(items(30, 30, 30, 30))), Block(HOUR, Source(items(60)))))
    start = at("2026-01-01T00:00")
    assert told(fill(plan, start, start + 4 * HOUR)) == [
        "00:00 A", "00:30 B", "01:00 A", "02:00 C", "02:30 D", "03:00 A",
    ]  # fmt: skip


def test_what_is_too_long_for_the_rest_of_a_part_lets_others_go_first() -> None:
    plan = programming(
        (DayPart(6 * 60, Source(items(60, 120, 30))), DayPart(9 * 60, Source(items(24 * 60)))),
    )
    start = at("2026-01-01T06:00")
    assert told(fill(plan, start, start + 3 * HOUR)) == ["06:00 A", "07:00 B"]
    start = at("2026-01-01T08:00")
    assert told(fill(plan, start, start + HOUR)) == ["08:00 C", "08:30 C"]


def test_where_nothing_fits_there_is_filler_up_to_an_hour_at_a_time() -> None:
    plan = programming((DayPart(0, Source(items(60))), DayPart(1320, Source(items(180)))))
    start = at("2026-01-01T22:00")
    assert told(fill(plan, start, start + 3 * HOUR)) == ["22:00 Slate", "23:00 Slate", "00:00 A"]


def test_a_plan_without_anything_to_play_is_filler() -> None:
    start = at("2026-01-01T00:00")
    assert told(fill(programming(Source(())), start, start + 2 * HOUR)) == [
        "00:00 Slate", "01:00 Slate",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "hours"), [("2027-03-14", 23), ("2027-11-07", 25), ("2027-06-01", 24)]
)
def test_a_day_is_filled_exactly_whatever_the_clocks_do(day: str, hours: int) -> None:
    parts = tuple(DayPart(hour * 60, Source(items(30))) for hour in (0, 6, 12, 18))
    plan = programming(parts, zone=NEW_YORK)
    start = at(f"{day}T00:00", NEW_YORK)
    next_midnight = start + hours * HOUR
    assert datetime.fromtimestamp(next_midnight, NEW_YORK).hour == 0
    slots = fill(plan, start, next_midnight, exactly=True)
    assert sum(slot.ends_at - slot.starts_at for slot in slots) == hours * HOUR
    assert len(slots) == hours * 2


@pytest.mark.parametrize(
    ("day", "starts", "lengths"),
    [
        ("2027-03-14", [0, 150, 180, 720], [2, 0, 9, 12]),  # there is no 02:30
        ("2027-11-07", [0, 90, 180, 720], [1.5, 2.5, 9, 12]),  # 01:30 comes twice
    ],
)
def test_parts_at_times_that_come_never_or_twice(
    day: str, starts: list[int], lengths: list[float]
) -> None:
    plan = programming(
        tuple(DayPart(start, Source(items(start + 1))) for start in starts), zone=NEW_YORK
    )
    start = at(f"{day}T00:00", NEW_YORK)
    found = {}
    for window in windows(plan, start):
        if window.starts_at >= start + 20 * HOUR:
            break
        assert window.ends_at is not None
        minute = window.source.items[0].segments // 15 - 1
        found[minute] = (window.ends_at - window.starts_at) / HOUR
    assert found == {s: length for s, length in zip(starts, lengths, strict=True) if length}


def test_parts_begin_at_the_time_of_the_channel() -> None:
    plan = programming((DayPart(7 * 60, Source(items(60))),), zone=NEW_YORK)
    for day in ("2027-03-13", "2027-03-15"):
        window = next(iter(windows(plan, at(f"{day}T12:00", NEW_YORK))))
        assert datetime.fromtimestamp(window.starts_at, NEW_YORK).strftime("%m-%d %H:%M") == (
            f"{day[5:]} 07:00"
        )


@example(Source(items(30)), 3)
@given(sources.filter(lambda source: bool(source.items)), st.integers(0, 10**6))
def test_every_item_has_a_turn_in_every_round(source: Source, number: int) -> None:
    count = len(source.items)
    turns = range(number * count, (number + 1) * count)
    assert sorted(source.place_of(turn) for turn in turns) == list(range(count))


def test_moments_are_utc() -> None:
    assert datetime.fromtimestamp(at("2026-01-01T00:00"), UTC).hour == 0
