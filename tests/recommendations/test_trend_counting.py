"""What counts as a play for trends, and that every play counts exactly once."""

import asyncio
from typing import cast
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import Viewer
from matinee.core.jobs import JobRun
from matinee.recommendations.trend_counting import count_plays, recount_trends
from matinee.runtime import Runtime
from matinee.viewing.events import Play, played
from tests.catalog.makers import make_asset
from tests.makers import execute, make_title, scalar
from tests.recommendations.makers import headers_of, make_viewer, make_viewer_of
from tests.viewing.sessions.calls import start

RUN = cast(JobRun, None)
NEW_ID = "SELECT uuidv7()"
YESTERDAYS_ID = "SELECT uuidv7(interval '-1 day')"
ROWS = "SELECT array_agg(territory || ' ' || audience ORDER BY territory) FROM title_trends"
HOUSEHOLDS = "SELECT households FROM title_trends WHERE territory = '**'"
PLAYS = """
    SELECT power(2, hot - extract(epoch FROM clock_timestamp()::date)::float8 / 86400 / 14)
    FROM title_trends WHERE territory = '**'
"""


async def play_of(runtime: Runtime, viewer: Viewer, title_id: UUID, new_id: str = NEW_ID) -> Play:
    session_id = await scalar(runtime, new_id)
    return Play(viewer.household, viewer.profile, session_id, title_id, viewer.territory)


async def count(runtime: Runtime, *plays: Play) -> None:
    async with runtime.database.write() as tx:
        await played(tx, plays)
    await runtime.worker.drain()


async def counted(runtime: Runtime) -> float:
    """What the plays of the only title are worth today, everywhere."""
    return float(await scalar(runtime, PLAYS) or 0)


async def test_a_play_counts_in_its_country_and_everywhere(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    await count(runtime, await play_of(runtime, viewer, await make_title(runtime)))
    assert await scalar(runtime, ROWS) == ["** standard", "US standard"]
    assert await counted(runtime) == pytest.approx(1)


async def test_kids_count_among_kids(runtime: Runtime) -> None:
    kid = await make_viewer(runtime, kind="kids")
    await count(runtime, await play_of(runtime, kid, await make_title(runtime)))
    assert await scalar(runtime, ROWS) == ["** kids", "US kids"]


async def test_two_sessions_of_a_day_are_one_play(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_title(runtime)
    await count(runtime, await play_of(runtime, viewer, title_id))
    await count(runtime, *[await play_of(runtime, viewer, title_id) for _ in range(2)])
    assert await counted(runtime) == pytest.approx(1)


async def test_a_job_that_runs_twice_counts_once(runtime: Runtime) -> None:
    play = await play_of(runtime, await make_viewer(runtime), await make_title(runtime))
    await count(runtime, play)
    await count(runtime, play)
    assert await counted(runtime) == pytest.approx(1)


async def test_yesterday_counts_a_little_less(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_title(runtime)
    await count(runtime, await play_of(runtime, viewer, title_id))
    await count(runtime, await play_of(runtime, viewer, title_id, YESTERDAYS_ID))
    assert await counted(runtime) == pytest.approx(1 + 2 ** (-1 / 14))


async def test_a_household_counts_once_for_all_its_profiles_and_days(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_title(runtime)
    ben = await make_viewer_of(runtime, viewer.household)
    await count(runtime, await play_of(runtime, viewer, title_id))
    await count(runtime, await play_of(runtime, ben, title_id))
    await count(runtime, await play_of(runtime, ben, title_id, YESTERDAYS_ID))
    assert await scalar(runtime, HOUSEHOLDS) == 1
    assert await counted(runtime) == pytest.approx(2 + 2 ** (-1 / 14))


async def test_plays_that_come_at_once_are_all_counted(runtime: Runtime) -> None:
    title_id = await make_title(runtime)
    viewers = [await make_viewer(runtime, f"v{n}@example.com") for n in range(6)]
    plays = [await play_of(runtime, viewer, title_id) for viewer in viewers]
    said = [{name: str(value) for name, value in play._asdict().items()} for play in plays]
    await asyncio.gather(*(count_plays(runtime, RUN, plays=[play]) for play in said))
    assert await counted(runtime) == pytest.approx(6)
    assert await scalar(runtime, HOUSEHOLDS) == 6


async def test_profiles_and_titles_that_are_gone_count_nothing(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_title(runtime)
    ghost = Viewer("US", 21, user_id=viewer.user_id, profile_id=title_id)
    await count(
        runtime,
        await play_of(runtime, ghost, title_id),
        await play_of(runtime, viewer, viewer.profile),
    )
    assert await scalar(runtime, "SELECT count(*) FROM title_trends") == 0


async def test_counting_anew_comes_to_the_same(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_title(runtime)
    await count(runtime, await play_of(runtime, viewer, title_id))
    await count(runtime, await play_of(runtime, viewer, title_id, YESTERDAYS_ID))
    everything = """
        SELECT array_agg((territory, audience, title_id, round(hot::numeric, 9),
                          round(prior::numeric, 9), households)::text ORDER BY territory)
        FROM title_trends
    """
    before = await scalar(runtime, everything)
    await recount_trends(runtime, RUN)
    assert await scalar(runtime, everything) == before


async def test_what_was_deleted_stops_counting_over_night(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_title(runtime)
    await count(runtime, await play_of(runtime, viewer, title_id))
    await execute(runtime, "DELETE FROM trend_plays")
    await recount_trends(runtime, RUN)
    assert await scalar(runtime, "SELECT count(*) FROM title_trends") == 0


async def test_very_old_plays_are_forgotten(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_title(runtime)
    await count(runtime, await play_of(runtime, viewer, title_id))
    await execute(runtime, "UPDATE trend_plays SET day = day - 366")
    await recount_trends(runtime, RUN)
    assert await scalar(runtime, "SELECT count(*) FROM trend_plays") == 0


async def test_two_minutes_in_front_of_the_television_are_a_play(
    runtime: Runtime, client: AsyncClient
) -> None:
    viewer, title_id = await make_viewer(runtime), await make_title(runtime)
    await make_asset(runtime, title_id, duration_seconds=5400)
    player = await start(runtime, client, await headers_of(client, viewer), title_id)
    for position, plays in ((30, 0), (60, 0), (90, 0), (120, 1), (150, 1)):
        await player.wait(30)
        await player.heard(position)
        await runtime.worker.drain()
        assert await counted(runtime) == pytest.approx(plays)
