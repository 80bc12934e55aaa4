"""New episodes of followed series: after what was watched, grouped, for a month."""

from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.recommendations.new_episodes import NewEpisodes, new_episodes
from matinee.runtime import Runtime
from tests.catalog.makers import make_episode as make_old_episode
from tests.catalog.makers import make_season, make_series
from tests.makers import execute, scalar
from tests.recommendations.makers import make_viewer

EPISODE = """
    SELECT e.id FROM episodes e JOIN seasons s ON s.id = e.season_id
    WHERE e.title_id = $1 AND s.number = $2 AND e.number = $3
"""
AGE = "UPDATE title_update_events SET occurred_at = occurred_at - make_interval(days => $1)"


async def news_for(runtime: Runtime, viewer: Viewer) -> list[NewEpisodes]:
    async with runtime.database.read() as tx:
        return await new_episodes(tx, viewer, 20)


async def make_new(runtime: Runtime, title_id: UUID, season: int, *numbers: int) -> list[UUID]:
    """New episodes of a series, the first of a new season where it has none of that number."""
    season_id = await scalar(
        runtime, "SELECT id FROM seasons WHERE title_id = $1 AND number = $2", title_id, season
    )
    kind = "episode" if season_id else "season"
    season_id = season_id or await make_season(runtime, title_id, season)
    made = []
    for number in numbers:
        made.append(await make_old_episode(runtime, title_id, season_id, number))
        await execute(
            runtime,
            "INSERT INTO title_update_events (episode_id, title_id, kind) VALUES ($1, $2, $3)",
            made[-1],
            title_id,
            kind,
        )
        kind = "episode"
    return made


async def listed(runtime: Runtime, viewer: Viewer, title_id: UUID) -> None:
    await execute(
        runtime,
        "INSERT INTO watchlist VALUES ($1, $2, $3)",
        viewer.user_id,
        viewer.profile_id,
        title_id,
    )


async def watched(
    runtime: Runtime, viewer: Viewer, title_id: UUID, season: int, number: int
) -> None:
    await execute(
        runtime,
        "INSERT INTO bookmarks (user_id, profile_id, item_id, title_id, episode_id,"
        " position_seconds) VALUES ($1, $2, $3, $4, $3, 300)",
        viewer.user_id,
        viewer.profile_id,
        await scalar(runtime, EPISODE, title_id, season, number),
        title_id,
    )


async def test_a_listed_series_shows_its_news_once(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_series(runtime)
    await listed(runtime, viewer, title_id)
    first, _ = await make_new(runtime, title_id, 1, 3, 4)
    (found,) = await news_for(runtime, viewer)
    assert (found.title_id, found.episodes, found.episode_id) == (title_id, 2, first)
    assert not found.new_season


async def test_a_new_season_is_called_one(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_series(runtime)
    await watched(runtime, viewer, title_id, 1, 1)
    await make_new(runtime, title_id, 2, 1, 2)
    (found,) = await news_for(runtime, viewer)
    assert (found.new_season, found.episodes) == (True, 2)


async def test_what_lies_before_the_furthest_watched_is_no_news(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_series(runtime)
    _, last = await make_new(runtime, title_id, 1, 3, 4)
    await watched(runtime, viewer, title_id, 1, 3)
    (found,) = await news_for(runtime, viewer)
    assert (found.episodes, found.episode_id) == (1, last)


async def test_a_special_is_new_until_it_is_started(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_series(runtime)
    await watched(runtime, viewer, title_id, 1, 2)
    (special,) = await make_new(runtime, title_id, 0, 1)
    assert [found.episode_id for found in await news_for(runtime, viewer)] == [special]
    await watched(runtime, viewer, title_id, 0, 1)
    assert await news_for(runtime, viewer) == []


async def test_series_that_nobody_follows_are_left_out(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_series(runtime)
    await make_new(runtime, title_id, 1, 3)
    assert await news_for(runtime, viewer) == []


async def test_news_last_thirty_days(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_series(runtime)
    await listed(runtime, viewer, title_id)
    await make_new(runtime, title_id, 1, 3)
    await execute(runtime, AGE, 29)
    assert len(await news_for(runtime, viewer)) == 1
    await execute(runtime, AGE, 2)
    assert await news_for(runtime, viewer) == []


async def test_what_may_not_be_seen_any_more_is_left_out(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_series(runtime)
    await listed(runtime, viewer, title_id)
    await make_new(runtime, title_id, 1, 3, 4)
    await execute(runtime, "UPDATE episodes SET status = 'draft' WHERE number = 3")
    assert [found.episodes for found in await news_for(runtime, viewer)] == [1]
    await execute(runtime, "UPDATE titles SET maturity_score = 21, status = 'takedown'")
    assert await news_for(runtime, viewer) == []


async def test_the_latest_news_come_first(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    older, newer = await make_series(runtime), await make_series(runtime, "Les Vampires")
    await listed(runtime, viewer, older)
    await listed(runtime, viewer, newer)
    await make_new(runtime, older, 1, 3)
    await make_new(runtime, newer, 1, 3)
    assert [found.title_id for found in await news_for(runtime, viewer)] == [newer, older]
