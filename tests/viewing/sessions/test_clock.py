"""Moments noted in the process keep their order when they become moments of the database."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from matinee.viewing.sessions.clock import DatabaseClock

ZERO = datetime(2026, 3, 14, tzinfo=UTC)


def shown(seconds: float) -> datetime:
    """What the database's clock shows at a monotonic moment."""
    return ZERO + timedelta(seconds=seconds)


def test_a_moment_is_that_of_the_database() -> None:
    clock = DatabaseClock()
    clock.learn(shown(10), 10)
    assert clock.at(7.5) == shown(7.5)


def test_the_quickest_answer_counts() -> None:
    clock = DatabaseClock()
    clock.learn(shown(10 + 3), 10)
    clock.learn(shown(11 + 0.1), 11)
    clock.learn(shown(12 + 2), 12)
    assert timedelta(0) < clock.at(12) - shown(12) < timedelta(seconds=0.11)


def test_a_clock_that_was_set_forward_is_followed() -> None:
    clock = DatabaseClock()
    clock.learn(shown(10), 10)
    clock.learn(shown(3600 + 11), 11)
    assert clock.at(11) == shown(3600 + 11)


def test_one_that_was_set_back_is_too() -> None:
    clock = DatabaseClock()
    clock.learn(shown(10), 10)
    clock.learn(shown(11 - 3600), 11)
    assert clock.at(11) == shown(11 - 3600)


@given(st.lists(st.tuples(st.floats(0.001, 2), st.floats(0, 5)), min_size=2, max_size=20))
def test_the_clock_never_goes_back_however_slow_the_answers(
    answers: list[tuple[float, float]],
) -> None:
    clock, asked_at = DatabaseClock(), 0.0
    seen = []
    for wait, late in answers:
        asked_at += wait
        clock.learn(shown(asked_at + late), asked_at)
        seen.append(clock.at(asked_at))
    assert seen == sorted(seen)
