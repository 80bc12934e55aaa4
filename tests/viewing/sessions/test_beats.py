"""What heartbeats confirm, and in which order they count."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.viewing.sessions.beats import (
    Beat,
    Standing,
    advance,
    confirmed_seconds,
    overtaken,
)

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
INTERVAL = 30
STATES = ("playing", "paused", "buffering")


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def standing(
    state: str = "playing", position: int = 0, at: float = 0, client_at: float | None = None
) -> Standing:
    return Standing(state, position, None if client_at is None else after(client_at), after(at))


def beat(
    position: int | None = 0, state: str | None = "playing", client_at: float | None = None
) -> Beat:
    moment = None if client_at is None else after(client_at)
    return Beat(UUID(int=1), UUID(int=2), UUID(int=3), 0.0, position, state, moment)


CONFIRMED = {
    "playing all the time": (standing(), standing(position=30, at=30), 30),
    "a seek changes nothing": (standing(), standing(position=4000, at=30), 30),
    "a silence counts as one and a half intervals": (standing(), standing(at=300), 45),
    "paused all the time": (standing("paused"), standing("paused", at=30), 0),
    "buffering is not watching": (standing("buffering"), standing("buffering", at=30), 0),
    "paused after ten seconds": (standing(), standing("paused", position=10, at=30), 10),
    "went on after twenty": (standing("paused"), standing(position=10, at=30), 10),
    "a seek while paused": (standing("paused"), standing(position=4000, at=20), 20),
    "a jump back before the pause": (standing(position=100), standing("paused", 50, at=30), 0),
    "at the same moment": (standing(), standing(position=30), 0),
}


@pytest.mark.parametrize("case", CONFIRMED)
def test_what_was_watched_between_two_heartbeats(case: str) -> None:
    before, later, seconds = CONFIRMED[case]
    assert confirmed_seconds(before, later, INTERVAL) == seconds


@given(
    st.sampled_from(STATES),
    st.sampled_from(STATES),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.floats(0, 10_000),
)
def test_no_more_is_confirmed_than_time_went_by(
    first: str, second: str, start: int, end: int, seconds: float
) -> None:
    confirmed = confirmed_seconds(
        standing(first, start), standing(second, end, at=seconds), INTERVAL
    )
    assert 0 <= confirmed <= min(round(seconds), 1.5 * INTERVAL)


def test_of_two_heartbeats_the_later_by_the_clients_clock_counts() -> None:
    assert overtaken(standing(client_at=20), beat(client_at=10), after(30))
    assert not overtaken(standing(client_at=10), beat(client_at=20), after(30))


def test_a_clients_clock_may_be_wrong_by_years() -> None:
    year = 365 * 86_400
    assert not overtaken(standing(at=30, client_at=-year), beat(client_at=30 - year), after(60))
    assert not overtaken(standing(at=30), beat(client_at=-year), after(60))


def test_without_such_a_clock_the_order_of_arrival_counts() -> None:
    assert overtaken(standing(at=20), beat(), after(10))
    assert not overtaken(standing(at=10), beat(), after(20))


def test_what_a_heartbeat_leaves_out_stays() -> None:
    before = standing("paused", position=100, client_at=5)
    assert advance(before, beat(None, None), after(30)) == standing(
        "paused", position=100, at=30, client_at=5
    )
