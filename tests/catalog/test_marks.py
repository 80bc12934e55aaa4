"""The viewer's own marks on cards, on a title's page and in the list of episodes."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import CATALOG, browse
from tests.makers import execute, make_title
from tests.viewing.progress.makers import (
    LENGTH,
    Somebody,
    make_numbered_series,
    make_somebody,
    watch,
)


@pytest.fixture
async def ana(runtime: Runtime, client: AsyncClient) -> Somebody:
    return await make_somebody(runtime, client)


async def the_card(client: AsyncClient, who: Somebody | None) -> dict[str, Any]:
    page = await browse(client, who.headers if who else None)
    card: dict[str, Any] = page["items"][0]
    return card


async def the_detail(client: AsyncClient, who: Somebody | None, title_id: UUID) -> dict[str, Any]:
    answer = await client.get(f"{CATALOG}/titles/{title_id}", headers=who.headers if who else None)
    detail: dict[str, Any] = answer.json()
    return detail


async def progress_of(client: AsyncClient, who: Somebody) -> tuple[Any, ...]:
    """Season and number of the episode on the only card, its position, and whether it is over."""
    progress = (await the_card(client, who))["progress"]
    episode = progress["episode"] or {"season_number": None, "number": None}
    place = episode["season_number"], episode["number"]
    return *place, progress["position_seconds"], progress["finished"]


async def test_a_visitor_has_no_marks(runtime: Runtime, client: AsyncClient) -> None:
    title_id = await make_title(runtime)
    for shown in (await the_card(client, None), await the_detail(client, None, title_id)):
        assert (shown["progress"], shown["in_watchlist"], shown["rating"]) == (None, None, None)


async def test_a_card_says_what_the_profile_did_with_the_title(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)
    card = await the_card(client, ana)
    assert (card["progress"], card["in_watchlist"], card["rating"]) == (None, False, None)
    await watch(runtime, ana, title_id, to=0.3)
    for table, column, value in (("watchlist", "", ""), ("ratings", ", value", ", 2")):
        await execute(
            runtime,
            f"INSERT INTO {table} (user_id, profile_id, title_id{column})"
            f" VALUES ($1, $2, $3{value})",
            ana.user_id,
            ana.profile_id,
            title_id,
        )
    for shown in (await the_card(client, ana), await the_detail(client, ana, title_id)):
        assert (shown["in_watchlist"], shown["rating"]) == (True, 2)
        progress = shown["progress"]
        assert (progress["position_seconds"], progress["duration_seconds"]) == (900, LENGTH)
        assert (progress["finished"], progress["episode"]) == (False, None)


async def test_what_was_hardly_begun_is_no_progress(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    film = await make_title(runtime)
    await watch(runtime, ana, film, to=0.01)
    assert (await the_detail(client, ana, film))["progress"] is None
    series, episodes = await make_numbered_series(runtime, s1=1)
    await watch(runtime, ana, series, episodes[1, 1], to=0.01)
    answer = await client.get(f"{CATALOG}/titles/{series}/episodes", headers=ana.headers)
    assert answer.json()["items"][0]["progress"] is None


async def test_marks_are_those_of_the_profile_alone(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)
    await watch(runtime, ana, title_id, to=0.3)
    ben = await make_somebody(runtime, client, "ben@example.com")
    assert (await the_card(client, ben))["progress"] is None


async def test_a_series_is_at_the_episode_watched_last(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=3)
    await watch(runtime, ana, series, episodes[1, 3], to=0.5, ago=20)
    await watch(runtime, ana, series, episodes[1, 2], to=0.4, ago=10)
    assert await progress_of(client, ana) == (1, 2, 1200, False)


async def test_after_a_finished_episode_a_series_is_at_the_next(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=1, s2=2)
    await watch(runtime, ana, series, episodes[2, 1], to=0.5, ago=20)
    await watch(runtime, ana, series, episodes[1, 1], ago=10)
    assert await progress_of(client, ana) == (2, 1, 1500, False)


async def test_a_series_is_finished_when_nothing_is_left_and_goes_on_with_a_new_episode(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=2)
    await execute(runtime, "UPDATE episodes SET status = 'draft' WHERE id = $1", episodes[1, 2])
    await watch(runtime, ana, series, episodes[1, 1])
    assert await progress_of(client, ana) == (1, 1, 0, True)
    await execute(runtime, "UPDATE episodes SET status = 'published'")
    assert await progress_of(client, ana) == (1, 2, 0, False)


async def test_a_film_watched_again_is_finished_and_in_progress(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)
    await watch(runtime, ana, title_id, ago=20)
    await watch(runtime, ana, title_id, to=0.1, ago=10)
    assert await progress_of(client, ana) == (None, None, 300, True)


async def test_the_page_of_a_series_says_what_to_play(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s0=1, s1=2)
    for who in (None, ana):
        shown = (await the_detail(client, who, series))["next_episode"]
        assert (shown["id"], shown["season_number"]) == (str(episodes[1, 1]), 1)
    await watch(runtime, ana, series, episodes[1, 1])
    shown = (await the_detail(client, ana, series))["next_episode"]
    assert shown["id"] == str(episodes[1, 2])
    await watch(runtime, ana, series, episodes[1, 2])
    shown = (await the_detail(client, ana, series))["next_episode"]
    assert shown["id"] == str(episodes[1, 1])


async def test_a_film_has_no_next_episode(runtime: Runtime, client: AsyncClient) -> None:
    title_id = await make_title(runtime)
    assert (await the_detail(client, None, title_id))["next_episode"] is None


async def test_each_episode_says_how_far_the_profile_is(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=3)
    await watch(runtime, ana, series, episodes[1, 1])
    await watch(runtime, ana, series, episodes[1, 2], to=0.5)
    answer = await client.get(f"{CATALOG}/titles/{series}/episodes", headers=ana.headers)
    progress = [episode["progress"] for episode in answer.json()["items"]]
    assert [one and (one["position_seconds"], one["finished"]) for one in progress] == [
        (0, True),
        (1500, False),
        None,
    ]


async def test_a_kept_page_is_stale_when_something_was_watched(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=2)
    for path in ("/titles", f"/titles/{series}", f"/titles/{series}/episodes"):
        first = await client.get(f"{CATALOG}{path}", headers=ana.headers)
        kept = ana.headers | {"If-None-Match": first.headers["etag"]}
        assert (await client.get(f"{CATALOG}{path}", headers=kept)).status_code == 304
        await watch(runtime, ana, series, episodes[1, 1], to=0.5)
        assert (await client.get(f"{CATALOG}{path}", headers=kept)).status_code == 200
        await execute(runtime, "DELETE FROM bookmarks")
