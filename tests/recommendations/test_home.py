"""The home screen from end to end: every rail, cold start, read-your-writes, failures (D-03)."""

from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import Viewer
from matinee.recommendations.rails.arranging import FOLD
from matinee.runtime import Runtime
from tests.catalog.makers import (
    Headers,
    make_collection,
    make_genre,
    make_rights,
    make_series,
)
from tests.makers import as_staff, execute, make_title, scalar
from tests.recommendations.learned import make_model, signal, teach
from tests.recommendations.makers import headers_of, make_trend, make_viewer, make_viewer_of
from tests.recommendations.screens import (
    HOME,
    VIEWING,
    everything,
    home,
    make_titles,
    names,
    rail,
)


@pytest.fixture
async def viewer(runtime: Runtime) -> Viewer:
    return await make_viewer(runtime)


@pytest.fixture
async def headers(client: AsyncClient, viewer: Viewer) -> Headers:
    return await headers_of(client, viewer)


async def test_an_empty_catalogue_gives_an_honest_home(
    client: AsyncClient, headers: Headers
) -> None:
    assert await home(client, headers) == {}


async def test_a_new_profile_sees_what_is_popular(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    await make_titles(runtime, 9)
    rails = await home(client, headers)
    assert len(names(rails["for-you"])) == 9
    assert {item["reason"]["code"] for item in rails["for-you"]["items"]} == {"popular"}


async def test_the_list_is_a_rail_last_added_first(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    ids = await make_titles(runtime, 2)
    for title_id in ids:
        await client.put(f"{VIEWING}/watchlist/{title_id}", headers=headers)
    assert names((await home(client, headers))["my-list"]) == ["Film 1", "Film 0"]


async def test_what_was_begun_comes_before_everything_else(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    ids = await make_titles(runtime, 6)
    await begin(runtime, viewer, ids[2])
    rails = await home(client, headers)
    assert next(iter(rails)) == "continue-watching"
    [item] = rails["continue-watching"]["items"]
    assert item["card"]["name"] == "Film 2"
    assert item["card"]["progress"]["position_seconds"] == 600


async def begin(runtime: Runtime, viewer: Viewer, title_id: UUID) -> None:
    await execute(
        runtime,
        "INSERT INTO bookmarks (user_id, profile_id, item_id, title_id, position_seconds,"
        " duration_seconds) VALUES ($1, $2, $3, $3, 600, 6000)",
        viewer.user_id,
        viewer.profile_id,
        title_id,
    )


async def test_new_episodes_of_what_is_on_the_list(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    series = await make_series(runtime, episodes=2)
    await execute(
        runtime,
        "INSERT INTO title_update_events (episode_id, title_id, kind)"
        " SELECT id, title_id, 'episode' FROM episodes",
    )
    await client.put(f"{VIEWING}/watchlist/{series}", headers=headers)
    [item] = (await home(client, headers))["new-episodes"]["items"]
    first = await scalar(runtime, "SELECT id FROM episodes WHERE number = 1")
    assert (item["new_episodes"], item["episode_id"]) == (2, str(first))


async def test_because_you_liked_names_the_title_and_what_goes_with_it(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    liked = await make_title(runtime, "Metropolis")
    ids = await make_titles(runtime, 30)
    model = await make_model(runtime)
    await teach(runtime, model, liked, together={ids[n]: 1 - n / 10 for n in range(9)})
    await signal(runtime, viewer, liked)
    assert names(await rail(client, headers, f"because:{liked}")) == [f"Film {n}" for n in range(9)]
    because = await rail(client, headers, f"because:{liked}")
    assert because["heading"] == "Because you liked Metropolis"
    assert because["title_id"] == str(liked)
    reason = because["items"][0]["reason"]
    assert (reason["code"], reason["title_id"]) == ("because_liked", str(liked))


async def test_trending_top_rated_new_and_leaving(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    ids = await make_titles(runtime, 12, added_at=await days_ago(runtime, 90))
    for n, title_id in enumerate(ids[:4]):
        await make_trend(runtime, title_id, 10 - n)
        await make_rights(runtime, ids[n + 4], closes=n + 1)
    fresh = await make_titles(runtime, 3, "New")
    assert names(await rail(client, headers, "trending")) == [f"Film {n}" for n in range(4)]
    assert names(await rail(client, headers, "leaving-soon")) == [f"Film {n}" for n in range(4, 8)]
    assert names(await rail(client, headers, "new")) == ["New 2", "New 1", "New 0"]
    assert len(names(await rail(client, headers, "top-rated"))) == 15
    assert len(fresh) == 3


async def days_ago(runtime: Runtime, days: int) -> object:
    return await scalar(runtime, f"SELECT clock_timestamp() - interval '{days} days'")


async def test_what_is_popular_in_the_household_without_saying_with_whom(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    ids = await make_titles(runtime, 20)
    for name in ("Ben", "Mia"):
        other = await make_viewer_of(runtime, viewer.household, name=name)
        for title_id in ids[:4]:
            await signal(runtime, other, title_id)
    popular = await rail(client, headers, "household")
    assert set(names(popular)) == {f"Film {n}" for n in range(4)}
    assert "Ben" not in str(popular)
    assert "Mia" not in str(popular)


async def test_genres_have_rails_with_their_shown_names(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    await make_genre(runtime, "western", "Western", de="Wildwest")
    await make_titles(runtime, 60, genres=["western"])
    await signal(runtime, viewer, await make_title(runtime, "Stagecoach", genres=["western"]))
    german = headers | {"Accept-Language": "de"}
    assert (await home(client, german))["genre:western"]["heading"] == "Wildwest"
    assert (await home(client, headers))["genre:western"]["heading"] == "Western"


async def test_collections_are_rails_in_the_operator_s_order(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    ids = await make_titles(runtime, 50)
    await make_collection(runtime, "second", *ids[3:6], name="Second", position=2)
    await make_collection(runtime, "first", *ids[:3], name="First", position=1)
    await make_collection(runtime, "short", *ids[6:8], name="Short")
    rails = (await home(client, headers)).values()
    shown = [one["heading"] for one in rails if one["code"] == "collection"]
    assert shown == ["First", "Second"]


async def test_the_hero_shows_what_is_featured_and_pinned_first(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    await make_titles(runtime, 4, "Featured", is_featured=True)
    pinned = await make_title(runtime, "Pinned")
    staff = await as_staff(runtime, client)
    await home(client, headers)
    await client.put(
        "/api/v1/admin/recommendations/hero", json={"title_ids": [str(pinned)]}, headers=staff
    )
    shown = names((await home(client, headers))["hero"])
    assert shown[0] == "Pinned"
    assert set(shown[1:]) == {f"Featured {n}" for n in range(4)}


async def test_the_operator_s_layout_holds_at_once(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    await make_titles(runtime, 30)
    staff = await as_staff(runtime, client)
    before = list(await home(client, headers))
    body = {
        "audience": "standard",
        "rails": [{"rail": "top-rated"}, {"rail": "new", "enabled": False}, {"rail": "for-you"}],
    }
    await client.put("/api/v1/admin/recommendations/layout", json=body, headers=staff)
    assert before != list(await home(client, headers)) == ["top-rated", "for-you"]


async def test_a_rating_changes_the_next_answer(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    liked = await make_title(runtime, "Metropolis")
    ids = await make_titles(runtime, 40, added_at=await days_ago(runtime, 90))
    model = await make_model(runtime)
    await teach(runtime, model, liked, together={ids[n]: 1 - n / 10 for n in range(5)})
    before = await home(client, headers)
    assert not any(id.startswith("because:") for id in before)
    await client.put(f"{VIEWING}/ratings/{liked}", json={"value": 1}, headers=headers)
    after = await home(client, headers)
    assert names(after["for-you"])[0] == "Film 0"
    reason = after["for-you"]["items"][0]["reason"]
    assert reason["text"] == "Because you liked Metropolis"


@pytest.mark.parametrize("how", ["thumbs down", "not interested"])
async def test_what_is_unwanted_leaves_every_rail_at_once(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers, how: str
) -> None:
    await make_genre(runtime, "western", "Western")
    ids = await make_titles(runtime, 6, genres=["western"], is_featured=True)
    unwanted = await make_title(runtime, "Unwanted", genres=["western"], is_featured=True)
    await make_collection(runtime, "all", unwanted, *ids)
    await make_rights(runtime, unwanted, closes=3)
    await make_trend(runtime, unwanted, 50)
    await client.put(f"{VIEWING}/watchlist/{unwanted}", headers=headers)
    await begin(runtime, viewer, unwanted)
    assert "Unwanted" in everything(await home(client, headers))
    if how == "thumbs down":
        await client.put(f"{VIEWING}/ratings/{unwanted}", json={"value": -1}, headers=headers)
    else:
        await client.post(f"{VIEWING}/not-interested/{unwanted}", headers=headers)
    assert "Unwanted" not in everything(await home(client, headers))
    for rail_id in await home(client, headers):
        assert "Unwanted" not in names(await rail(client, headers, rail_id, page_size=100))


async def test_a_title_stands_once_above_the_fold(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    ids = await make_titles(runtime, 60, is_featured=True)
    for n, title_id in enumerate(ids[:30]):
        await make_trend(runtime, title_id, 50 - n)
    for title_id in ids[:3]:
        await client.put(f"{VIEWING}/watchlist/{title_id}", headers=headers)
    await begin(runtime, viewer, ids[4])
    rails = list((await home(client, headers)).values())[:FOLD]
    shown = [name for one in rails for name in names(one)]
    assert len(shown) == len(set(shown)) > 20


async def test_children_see_what_is_for_them(runtime: Runtime, client: AsyncClient) -> None:
    child = await make_viewer(runtime, kind="kids", max_maturity=9)
    headers = await headers_of(client, child)
    await make_titles(runtime, 5, "Adult", maturity_score=18, is_featured=True)
    await make_titles(runtime, 5, "Child")
    assert everything(await home(client, headers)) == {f"Child {n}" for n in range(5)}


async def test_every_rail_has_an_id_to_echo_and_every_card_a_reason(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    await make_titles(runtime, 60, is_featured=True)
    rails = await home(client, headers)
    ids = {one["recommendation_id"] for one in rails.values()}
    assert len(ids) == len(rails) > 1
    assert {one["variant"] for one in rails.values()} <= {"a", "b"}
    for one in rails.values():
        for item in one["items"]:
            assert item["reason"]["text"]
            assert 0 <= item["reason"]["strength"] <= 1


async def test_it_is_kept_until_something_changes(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    ids = await make_titles(runtime, 5)
    first = await client.get(HOME, headers=headers)
    again = await client.get(HOME, headers=headers)
    assert first.content == again.content
    etag = first.headers["etag"]
    unchanged = await client.get(HOME, headers=headers | {"If-None-Match": etag})
    assert unchanged.status_code == 304
    await client.put(f"{VIEWING}/watchlist/{ids[0]}", headers=headers)
    changed = await client.get(HOME, headers=headers | {"If-None-Match": etag})
    assert changed.status_code == 200


async def test_another_profile_s_home_is_its_own(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    [title_id] = await make_titles(runtime, 1)
    await client.put(f"{VIEWING}/watchlist/{title_id}", headers=headers)
    assert "my-list" in await home(client, headers)
    ben = await make_viewer_of(runtime, viewer.household, name="Ben")
    assert "my-list" not in await home(client, await headers_of(client, ben))


async def test_a_broken_part_leaves_out_its_rail_and_nothing_else(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    ids = await make_titles(runtime, 60)
    for n, title_id in enumerate(ids):
        await make_trend(runtime, title_id, 90 - n)
    assert {"trending", "top-rated"} <= set(await home(client, headers))
    await execute(runtime, "ALTER TABLE title_scores RENAME COLUMN score TO lost")
    await runtime.cache.invalidate({"catalog"})
    answer = await client.get(HOME, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["partial"]
    found = {one["id"] for one in answer.json()["rails"]}
    assert "trending" in found
    assert "top-rated" not in found


async def test_a_visitor_must_sign_in_and_a_household_choose_a_profile(
    runtime: Runtime, client: AsyncClient
) -> None:
    assert (await client.get(HOME)).status_code == 401
    staff = await as_staff(runtime, client)
    answer = await client.get(HOME, headers=staff)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "profile_required")
