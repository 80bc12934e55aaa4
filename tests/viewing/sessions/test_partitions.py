"""Play events lie in a partition a month, wherever they were when it was made."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from matinee.core.jobs import JobRun
from matinee.runtime import Runtime
from matinee.viewing.sessions.partitions import month_after, name_of, partition_play_events
from tests.makers import execute, make_profile, make_user, scalar

_PARTITIONS = """
    SELECT array_agg(inhrelid::regclass::text) FROM pg_inherits
    WHERE inhparent = 'play_events'::regclass
"""
_EVENT = """
    INSERT INTO play_events (user_id, at, profile_id, session_id, kind, position_seconds,
        watched_seconds, territory)
    VALUES ($1, $2, $1, $1, 'progress', 0, 0, 'US')
"""
_WHERE = "SELECT array_agg(tableoid::regclass::text ORDER BY at) FROM play_events"


@pytest.fixture
async def user_id(runtime: Runtime) -> UUID:
    user_id = await make_user(runtime)
    await make_profile(runtime, user_id)
    return user_id


async def partition(runtime: Runtime) -> None:
    await partition_play_events(runtime, JobRun(0, 1, runtime.database))


def this_month() -> date:
    return datetime.now(UTC).date().replace(day=1)


def noon(month: date) -> datetime:
    return datetime(month.year, month.month, 15, 12, tzinfo=UTC)


def months(*ahead: int) -> list[str]:
    return [name_of(month_after(this_month(), number)) for number in ahead]


async def test_this_month_and_the_next_two_have_partitions(runtime: Runtime) -> None:
    await partition(runtime)
    found = await scalar(runtime, _PARTITIONS)
    assert set(found) == {*months(0, 1, 2), "play_events_default"}


async def test_running_twice_changes_nothing(runtime: Runtime) -> None:
    await partition(runtime)
    before = await scalar(runtime, _PARTITIONS)
    await partition(runtime)
    assert await scalar(runtime, _PARTITIONS) == before


async def test_events_that_came_before_their_partition_move_into_it(
    runtime: Runtime, user_id: UUID
) -> None:
    for ahead in (0, 1, 5):
        await execute(runtime, _EVENT, user_id, noon(month_after(this_month(), ahead)))
    await partition(runtime)
    assert await scalar(runtime, _WHERE) == [*months(0, 1), "play_events_default"]


async def test_events_go_to_their_partition(runtime: Runtime, user_id: UUID) -> None:
    await partition(runtime)
    await execute(runtime, _EVENT, user_id, noon(this_month()))
    assert await scalar(runtime, _WHERE) == months(0)


async def test_what_is_too_old_is_dropped(runtime: Runtime, user_id: UUID) -> None:
    kept = runtime.settings.play_events_months
    for ago in (kept, kept + 1, kept + 2):
        await execute(runtime, _EVENT, user_id, noon(month_after(this_month(), -ago)))
    old = month_after(this_month(), -kept - 1)
    await execute(
        runtime,
        f"CREATE TABLE {name_of(old)} (LIKE play_events INCLUDING ALL);"
        f"DELETE FROM play_events WHERE at = '{noon(old).isoformat()}';"
        f"ALTER TABLE play_events ATTACH PARTITION {name_of(old)} FOR VALUES"
        f" FROM ('{old}') TO ('{month_after(old, 1)}')",
    )
    await execute(runtime, _EVENT, user_id, noon(old))
    await partition(runtime)
    assert await scalar(runtime, _WHERE) == ["play_events_default"]
    assert name_of(old) not in await scalar(runtime, _PARTITIONS)


@pytest.mark.parametrize(
    ("month", "months", "found"),
    [
        (date(2026, 11, 1), 2, date(2027, 1, 1)),
        (date(2026, 1, 1), -1, date(2025, 12, 1)),
        (date(2026, 12, 1), 0, date(2026, 12, 1)),
        (date(2026, 3, 1), -24, date(2024, 3, 1)),
    ],
)
def test_months_are_counted_over_the_year(month: date, months: int, found: date) -> None:
    assert month_after(month, months) == found
