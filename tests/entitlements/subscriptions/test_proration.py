"""What a change costs for the rest of a period: exact, monotone, never negative."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.entitlements.subscriptions.proration import prorated_cents

START = datetime(2027, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 31, tzinfo=UTC)
DAYS = timedelta(days=1)

cents = st.integers(0, 1_000_000)
moments = st.timedeltas(timedelta(0), END - START).map(lambda gone: START + gone)


def cost(old: int, new: int, now: datetime) -> int:
    return prorated_cents(old, new, start=START, end=END, now=now)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (START, 600),
        (START + 15 * DAYS, 300),
        (START + 29 * DAYS, 20),
        (END - timedelta(microseconds=1), 0),
        (END, 0),
        (END + DAYS, 0),
        (START - DAYS, 600),
    ],
)
def test_the_difference_is_paid_for_the_rest_of_the_period(now: datetime, expected: int) -> None:
    assert cost(999, 1599, now) == expected


def test_a_cheaper_package_gives_nothing_back() -> None:
    assert cost(1599, 999, START) == 0


def test_an_empty_period_costs_nothing() -> None:
    assert prorated_cents(0, 999, start=START, end=START, now=START) == 0


@given(cents, cents, moments)
def test_it_is_the_exact_share_rounded_down(old: int, new: int, now: datetime) -> None:
    exact = max(new - old, 0) * ((END - now) / (END - START))
    assert exact - 1.001 < cost(old, new, now) <= exact + 0.001


@given(cents, cents, cents, moments)
def test_two_steps_at_a_moment_never_cost_more_than_one(
    a: int, b: int, c: int, now: datetime
) -> None:
    low, middle, high = sorted((a, b, c))
    at_once = cost(low, high, now)
    assert at_once - 1 <= cost(low, middle, now) + cost(middle, high, now) <= at_once


@given(cents, cents, st.lists(moments, max_size=8))
def test_parts_of_a_period_make_up_the_whole(old: int, new: int, cuts: list[datetime]) -> None:
    edges = sorted([START, *cuts, END])
    parts = [
        cost(old, new, before) - cost(old, new, after)
        for before, after in itertools.pairwise(edges)
    ]
    assert min(parts) >= 0
    assert sum(parts) == cost(old, new, START) == max(new - old, 0)


@given(cents, cents, moments, moments)
def test_waiting_never_makes_it_dearer(old: int, new: int, one: datetime, other: datetime) -> None:
    assert cost(old, new, max(one, other)) <= cost(old, new, min(one, other))


@given(cents, cents, cents, moments)
def test_a_dearer_package_never_costs_less(old: int, one: int, other: int, now: datetime) -> None:
    assert cost(old, min(one, other), now) <= cost(old, max(one, other), now)
