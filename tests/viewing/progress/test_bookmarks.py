"""The bookmark rule, and how marks become bookmarks: latest wins, nothing is lost, in any order."""

import random
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from matinee.runtime import Runtime
from matinee.viewing.progress.bookmarks import Mark, Place, Saved, place_at, save_bookmarks
from tests.catalog.makers import make_asset, make_episode, make_season
from tests.makers import execute, make_profile, make_title, make_user, scalar

NOW = datetime.now(UTC) - timedelta(hours=1)


@pytest.mark.parametrize(
    ("position", "duration", "credits", "resumes_at", "finished"),
    [
        (0, 6000, (), 0, False),
        (59, 6000, (), 0, False),
        (60, 6000, (), 60, False),
        (11, 600, (), 0, False),
        (12, 600, (), 12, False),
        (5699, 6000, (), 5699, False),
        (5700, 6000, (), 0, True),
        (9999, 6000, (), 0, True),
        (5400, 6000, (5400,), 0, True),
        (5399, 6000, (5400,), 5399, False),
        (5700, 6000, (5900,), 0, True),
        (300, 6000, (10,), 300, False),
        (5500, 6000, (10, 5400), 0, True),
        (59, None, (), 0, False),
        (60, None, (), 60, False),
        (5000, None, (4000,), 5000, False),
        (60, 0, (), 60, False),
    ],
)
def test_what_a_position_means(
    position: int, duration: int | None, credits: tuple[int, ...], resumes_at: int, finished: bool
) -> None:
    place = place_at(position, duration, credits)
    assert (place.position_seconds, place.finished) == (resumes_at, finished)


@pytest.fixture
async def film(runtime: Runtime) -> UUID:
    return await make_title(runtime, runtime_minutes=100)


@pytest.fixture
async def somebody(runtime: Runtime) -> tuple[UUID, UUID]:
    user_id = await make_user(runtime)
    return user_id, await make_profile(runtime, user_id)


async def save(runtime: Runtime, *marks: Mark) -> list[Saved]:
    async with runtime.database.write() as tx:
        return await save_bookmarks(tx, marks)


def at(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def stored(runtime: Runtime, column: str) -> Any:
    return await scalar(runtime, f"SELECT {column} FROM bookmarks")


async def test_the_latest_by_the_client_s_clock_wins_in_whichever_order(
    runtime: Runtime, film: UUID, somebody: tuple[UUID, UUID]
) -> None:
    marks = [
        Mark(*somebody, film, None, 1000, at(1), starts=1, watched_seconds=30),
        Mark(*somebody, film, None, 5900, at(2), watched_seconds=30, audio_language="de"),
        Mark(*somebody, film, None, 700, at(3), watched_seconds=30),
    ]
    found = set()
    for order in permutations(marks):
        for batches in ([order], [[mark] for mark in order]):
            for batch in batches:
                await save(runtime, *batch)
            columns = "ROW(position_seconds, finished, starts, watched_seconds, audio_language)"
            found.add(str(await stored(runtime, columns)))
            await execute(runtime, "DELETE FROM bookmarks")
    assert found == {"(700, True, 1, 90, 'de')"}


async def test_nobody_is_ahead_of_our_clock(
    runtime: Runtime, film: UUID, somebody: tuple[UUID, UUID]
) -> None:
    await save(runtime, Mark(*somebody, film, None, 1000, NOW + timedelta(days=9)))
    await save(runtime, Mark(*somebody, film, None, 2000, datetime.now(UTC)))
    assert await stored(runtime, "position_seconds") == 2000


async def test_a_film_that_was_finished_and_is_watched_again_is_both(
    runtime: Runtime, film: UUID, somebody: tuple[UUID, UUID]
) -> None:
    await save(runtime, Mark(*somebody, film, None, 5900, at(0)))
    assert await stored(runtime, "ROW(position_seconds, finished)") == (0, True)
    await save(runtime, Mark(*somebody, film, None, 300, at(9)))
    assert await stored(runtime, "ROW(position_seconds, finished)") == (300, True)


async def test_the_asset_knows_best_how_long_an_item_is(
    runtime: Runtime, film: UUID, somebody: tuple[UUID, UUID]
) -> None:
    await make_asset(runtime, film, duration_seconds=5000)
    await save(runtime, Mark(*somebody, film, None, 4000, at(0), duration_seconds=4001))
    assert await stored(runtime, "ROW(duration_seconds, finished)") == (5000, False)


async def test_the_credits_of_an_episode_end_it(
    runtime: Runtime, somebody: tuple[UUID, UUID]
) -> None:
    series = await make_title(runtime, "Fantomas", kind="series", runtime_minutes=10)
    season = await make_season(runtime, series, 1)
    segments = [{"kind": "credits", "from_seconds": 2700, "to_seconds": 3000}]
    episode = await make_episode(runtime, series, season, 1, runtime_minutes=50, segments=segments)
    await save(runtime, Mark(*somebody, series, episode, 2699, at(0)))
    assert await stored(runtime, "finished") is False
    await save(runtime, Mark(*somebody, series, episode, 2700, at(1)))
    assert await stored(runtime, "finished") is True


async def test_what_is_gone_is_left_out_and_the_rest_is_stored(
    runtime: Runtime, film: UUID, somebody: tuple[UUID, UUID]
) -> None:
    user_id, _ = somebody
    saved = await save(
        runtime,
        Mark(*somebody, uuid4(), None, 100, at(0)),
        Mark(*somebody, film, uuid4(), 100, at(0)),
        Mark(user_id, uuid4(), film, None, 100, at(0)),
        Mark(uuid4(), uuid4(), film, None, 100, at(0)),
        Mark(*somebody, film, None, 100, at(0)),
    )
    assert [(one.title_id, one.after.position_seconds) for one in saved] == [(film, 100)]


@pytest.mark.parametrize(
    ("before", "after", "telling"),
    [
        (None, Place(0, False, 6000), True),
        (Place(0, False, 6000, 1), Place(0, False, 6000, 2), True),
        (Place(0, False, 6000, 2), Place(0, False, 6000, 3), False),
        (Place(0, False, 6000), Place(60, False, 6000), True),
        (Place(700, False, 6000), Place(1199, False, 6000), False),
        (Place(1199, False, 6000), Place(1200, False, 6000), True),
        (Place(4000, False, 6000), Place(4200, False, 6000), True),
        (Place(5000, False, 6000), Place(0, True, 6000), True),
        (Place(0, True, 6000), Place(0, True, 6000), False),
        (Place(0, True, 6000), Place(300, True, 6000), True),
    ],
)
def test_what_says_something_new(before: Place | None, after: Place, telling: bool) -> None:
    owner = uuid4(), uuid4(), uuid4(), None
    assert Saved(*owner, before=before, after=after, at=NOW).is_telling is telling


async def test_a_batch_updates_in_place(runtime: Runtime, somebody: tuple[UUID, UUID]) -> None:
    """Every other index of the table would have to be written each time otherwise (HOT)."""
    films = [await make_title(runtime, f"Film {number}") for number in range(20)]
    for second in range(10):
        random.Random(second).shuffle(films)
        await save(runtime, *(Mark(*somebody, film, None, 100, at(second)) for film in films))
    async with runtime.database.write() as tx:
        await tx.scalar("SELECT pg_stat_force_next_flush()")
    updated = "SELECT (n_tup_upd, n_tup_hot_upd) FROM pg_stat_user_tables WHERE relname = $1"
    assert await scalar(runtime, updated, "bookmarks") == (180, 180)
