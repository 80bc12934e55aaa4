"""What is rated best, and what stands in for it where nothing is rated."""

from typing import cast
from uuid import UUID, uuid4

import pytest

from matinee.accounts.viewer import Viewer
from matinee.core.jobs import JobRun
from matinee.recommendations.rails.shelves import read_shelves, shelf_of
from matinee.recommendations.top_rated import score_titles
from matinee.runtime import Runtime
from tests.makers import execute, make_title
from tests.recommendations.makers import dislike, make_trend, make_viewer

YESTERDAY = "UPDATE titles SET added_at = added_at - interval '1 day' WHERE id = $1"


async def best(runtime: Runtime, viewer: Viewer, limit: int = 10) -> list[UUID]:
    async with runtime.database.read() as tx:
        listed = await read_shelves(tx, viewer, [shelf_of(viewer, "top-rated")], limit)
    return [one.title_id for one in listed["top-rated"]]


async def make_score(runtime: Runtime, title_id: UUID, score: float) -> None:
    await execute(
        runtime,
        "INSERT INTO title_scores VALUES ($1, $2, 1, 0, $3)",
        title_id,
        0 if score > 0 else 2,
        score,
    )


async def test_the_best_rated_comes_first(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    good, better = await make_title(runtime, "Faust"), await make_title(runtime, "M")
    await make_score(runtime, good, 1.1)
    await make_score(runtime, better, 1.4)
    assert await best(runtime, viewer) == [better, good]


async def test_without_ratings_it_is_what_is_watched_then_featured_then_new(
    runtime: Runtime,
) -> None:
    viewer = await make_viewer(runtime)
    featured = await make_title(runtime, "Faust", is_featured=True)
    old, new = await make_title(runtime, "M"), await make_title(runtime, "Nosferatu")
    watched = await make_title(runtime, "The General")
    await execute(runtime, YESTERDAY, old)
    await make_trend(runtime, watched, 5, territory="**")
    assert await best(runtime, viewer) == [watched, featured, new, old]


async def test_what_people_dislike_comes_last(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    disliked = await make_title(runtime, "Faust")
    unrated = await make_title(runtime, "M")
    await execute(runtime, YESTERDAY, disliked)
    await make_score(runtime, disliked, -0.3)
    assert await best(runtime, viewer) == [unrated, disliked]


async def test_what_may_not_be_seen_is_left_out_before_the_limit(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime, max_maturity=12)
    hidden, shown = await make_title(runtime, "M", maturity_score=16), await make_title(runtime)
    await make_score(runtime, hidden, 2)
    assert await best(runtime, viewer, limit=1) == [shown]


async def test_an_empty_catalogue_has_none(runtime: Runtime) -> None:
    assert await best(runtime, await make_viewer(runtime)) == []


async def test_the_own_thumbs_down_counts_more_than_everybody(runtime: Runtime) -> None:
    viewer, title_id = await make_viewer(runtime), await make_title(runtime)
    await make_score(runtime, title_id, 1.9)
    await dislike(runtime, viewer, title_id)
    assert await best(runtime, viewer) == []


async def rate(runtime: Runtime, title_id: UUID, *values: int) -> None:
    """Thumbs of as many households."""
    for value in values:
        viewer = await make_viewer(runtime, f"{uuid4()}@example.com")
        await execute(
            runtime,
            "INSERT INTO ratings VALUES ($1, $2, $3, $4)",
            viewer.user_id,
            viewer.profile_id,
            title_id,
            value,
        )


async def scores(runtime: Runtime) -> dict[UUID, float]:
    await score_titles(runtime, cast(JobRun, None))
    async with runtime.database.read() as tx:
        rows = await tx.all("SELECT title_id, score FROM title_scores")
    return {row["title_id"]: row["score"] for row in rows}


async def test_a_score_is_drawn_towards_everybody_s_mean(runtime: Runtime) -> None:
    one, other = await make_title(runtime), await make_title(runtime, "Faust")
    await rate(runtime, one, 2, 2)
    await rate(runtime, other, 1, -1)
    # the mean of all four is 1
    expected = {one: (10 + 4) / 12, other: (10 + 0) / 12}
    assert await scores(runtime) == pytest.approx(expected)


async def test_one_love_is_less_than_many_thumbs_up(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    loved, liked = await make_title(runtime), await make_title(runtime, "Faust")
    disputed = await make_title(runtime, "M")
    await rate(runtime, loved, 1)
    await rate(runtime, liked, *[1] * 6)
    await rate(runtime, disputed, *[-1, 1] * 3)
    await scores(runtime)
    assert await best(runtime, viewer, limit=2) == [liked, loved]


async def test_scores_follow_changed_minds(runtime: Runtime) -> None:
    title_id = await make_title(runtime)
    await rate(runtime, title_id, 1)
    assert await scores(runtime) == {title_id: 1}
    await execute(runtime, "UPDATE ratings SET value = 2")
    assert await scores(runtime) == {title_id: 2}
    await execute(runtime, "DELETE FROM ratings")
    assert await scores(runtime) == {}
