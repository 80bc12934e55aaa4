"""Sums by the clocks of a time zone, and days in a row."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.viewing.statistics import (
    ONE_DAY,
    Slot,
    first_day_of,
    longest_streak,
    midnight,
    summed,
)

BERLIN = ZoneInfo("Europe/Berlin")
NEPAL = ZoneInfo("Asia/Kathmandu")
HAVANA = ZoneInfo("America/Havana")
TODAY = date(2026, 11, 25)

zones = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/Havana",  # clocks change at midnight
        "Africa/Cairo",  # skips midnight
        "Asia/Kathmandu",  # quarters of an hour
        "Australia/Lord_Howe",  # changes by half an hour
        "Pacific/Apia",  # has lost a day
        "Pacific/Kiritimati",
        "America/St_Johns",
    ]
).map(ZoneInfo)
days = st.dates(date(2005, 1, 1), date(2035, 12, 31))
half_hours = st.integers(0, 48 * 400)


def slots_after(start: date, numbers: dict[int, int]) -> list[Slot]:
    """Slots so many half hours after a day begins in UTC."""
    begins = datetime.combine(start, datetime.min.time(), UTC)
    return [Slot(begins + n * timedelta(minutes=30), s) for n, s in sorted(numbers.items())]


def at(*clock: int, zone: ZoneInfo = BERLIN, fold: int = 0, seconds: int = 60) -> Slot:
    """A slot that begins when the clocks of a zone show this."""
    year, month, day, hour, minute = clock
    moment = datetime(year, month, day, hour, minute, tzinfo=zone, fold=fold)
    return Slot(moment.astimezone(UTC), seconds)


def test_a_late_evening_belongs_to_the_day_that_the_clocks_show() -> None:
    late = Slot(datetime(2026, 7, 1, 22, 30, tzinfo=UTC), 600)
    figures = summed([late], BERLIN, None, date(2026, 7, 2))
    assert figures.per_day == {date(2026, 7, 2): 600}
    assert figures.by_hour[0] == 600


def test_a_half_hour_belongs_to_where_it_begins() -> None:
    slot = Slot(datetime(2026, 7, 1, 18, 0, tzinfo=UTC), 60)
    figures = summed([slot], NEPAL, None, date(2026, 7, 2))
    assert figures.days_watched == [date(2026, 7, 1)]
    assert figures.by_hour[23] == 60


def test_an_hour_that_the_clocks_show_twice_is_one() -> None:
    twice = [at(2026, 10, 25, 2, 0, fold=fold) for fold in (0, 1)]
    figures = summed(twice, BERLIN, None, date(2026, 10, 25))
    assert figures.by_hour[2] == 120


def test_weekdays_begin_on_monday() -> None:
    figures = summed([at(2026, 11, 23, 20, 0)], BERLIN, None, TODAY)
    assert figures.by_weekday == [60, 0, 0, 0, 0, 0, 0]


def test_live_television_is_told_apart() -> None:
    live = Slot(datetime(2026, 11, 25, 12, 0, tzinfo=UTC), 90, 30)
    figures = summed([live], BERLIN, None, TODAY)
    assert (figures.seconds, figures.live_seconds) == (90, 30)


def test_what_the_clocks_show_as_the_day_before_is_left_out() -> None:
    """In Havana clocks go back from 1:00 to 0:00, so that midnight comes twice."""
    day = date(2026, 11, 1)
    first, second = (at(2026, 11, 1, 0, 0, zone=HAVANA, fold=fold) for fold in (0, 1))
    before = Slot(first.half_hour - timedelta(minutes=30), 60)
    assert midnight(day, HAVANA) == first.half_hour < second.half_hour
    assert summed([before, first, second], HAVANA, day, day).per_day == {day: 120}


@pytest.mark.parametrize(
    ("span", "first"),
    [("7d", date(2026, 11, 19)), ("30d", date(2026, 10, 27)), ("all", None)],
)
def test_a_range_ends_today(span: str, first: date | None) -> None:
    assert first_day_of(span, TODAY) == first  # type: ignore[arg-type]


def test_nothing_watched_is_one_day_of_nothing() -> None:
    assert summed([], BERLIN, None, TODAY).per_day == {TODAY: 0}


@given(zones, days, st.dictionaries(half_hours, st.integers(1, 1800), max_size=40))
def test_every_second_is_counted_once_in_each_sum(
    zone: ZoneInfo, start: date, numbers: dict[int, int]
) -> None:
    slots = slots_after(start, numbers)
    figures = summed(slots, zone, None, start + 500 * ONE_DAY)
    total = sum(numbers.values())
    assert figures.seconds == sum(figures.per_day.values()) == total
    assert sum(figures.by_weekday) == sum(figures.by_hour) == total


@given(zones, days, st.dictionaries(half_hours, st.integers(1, 1800), max_size=40))
def test_the_days_of_a_range_are_all_there_once(
    zone: ZoneInfo, start: date, numbers: dict[int, int]
) -> None:
    first, last = start + 30 * ONE_DAY, start + 120 * ONE_DAY
    listed = list(summed(slots_after(start, numbers), zone, first, last).per_day)
    assert (listed[0], listed[-1], len(listed)) == (first, last, 91)
    assert all(after - before == ONE_DAY for before, after in pairwise(listed))


@given(zones, days)
def test_a_day_begins_at_its_midnight(zone: ZoneInfo, day: date) -> None:
    """Nothing of the day lies before it."""
    begins = midnight(day, zone)
    assert (begins - timedelta(minutes=1)).astimezone(zone).date() < day
    if (zone.key, day) != ("Pacific/Apia", date(2011, 12, 30)):
        assert begins.astimezone(zone).date() == day


def by_hand(days: list[date]) -> int:
    """The longest streak by looking back from every day."""
    known = set(days)
    return max(
        (next(n for n in range(1, 10_000) if day - n * ONE_DAY not in known) for day in days),
        default=0,
    )


@given(st.sets(st.integers(0, 60)))
def test_the_longest_streak_is_found(offsets: set[int]) -> None:
    days = [TODAY + n * ONE_DAY for n in sorted(offsets)]
    assert longest_streak(days) == by_hand(days)
