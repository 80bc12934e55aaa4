"""Continue watching: what was begun, one row per title, until it is finished or dismissed."""

from typing import Any
from uuid import UUID

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import make_rights
from tests.makers import execute, make_title
from tests.viewing.progress.makers import (
    VIEWING,
    Somebody,
    make_numbered_series,
    make_somebody,
    watch,
)

CONTINUE = f"{VIEWING}/continue-watching"


async def listed(client: AsyncClient, who: Somebody, **params: Any) -> list[str]:
    return [card["name"] for card in (await the_page(client, who, **params))["items"]]


async def the_page(client: AsyncClient, who: Somebody, **params: Any) -> dict[str, Any]:
    answer = await client.get(CONTINUE, params=params, headers=who.headers)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def dismiss(client: AsyncClient, who: Somebody, title_id: UUID) -> None:
    answer = await client.delete(f"{CONTINUE}/{title_id}", headers=who.headers)
    assert answer.status_code == 204, answer.text


async def test_nothing_begun_is_an_empty_list(client: AsyncClient, ana: Somebody) -> None:
    assert await the_page(client, ana) == {"items": [], "next_cursor": None, "total": None}


async def test_what_was_begun_is_listed_last_watched_first(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    for ago, name in ((30, "Cops"), (10, "The Goat"), (20, "One Week")):
        await watch(runtime, ana, await make_title(runtime, name), to=0.5, ago=ago)
    assert await listed(client, ana) == ["The Goat", "One Week", "Cops"]


async def test_what_was_hardly_begun_or_is_finished_is_not_listed(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    await watch(runtime, ana, await make_title(runtime, "Cops"), to=0.01)
    await watch(runtime, ana, await make_title(runtime, "The Goat"), to=0.96)
    series, episodes = await make_numbered_series(runtime, s1=2)
    await watch(runtime, ana, series, episodes[1, 1], to=0.01)
    assert await listed(client, ana) == []


async def test_a_finished_film_comes_back_when_it_is_watched_again(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    film = await make_title(runtime)
    await watch(runtime, ana, film, ago=20)
    await watch(runtime, ana, film, to=0.3, ago=10)
    assert await listed(client, ana) == ["Metropolis"]


async def test_a_series_is_one_row_with_the_episode_in_progress_else_the_next(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=3)
    for number, to, ago, shown in ((1, 0.5, 30, 1), (1, 1.0, 20, 2), (2, 0.4, 10, 2)):
        await watch(runtime, ana, series, episodes[1, number], to=to, ago=ago)
        [card] = (await the_page(client, ana))["items"]
        assert card["progress"]["episode"]["id"] == str(episodes[1, shown])
    assert card["progress"]["position_seconds"] == 1200


async def test_a_series_leaves_after_its_last_episode_and_returns_with_a_new_one(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=2)
    await execute(runtime, "UPDATE episodes SET status = 'draft' WHERE number = 2")
    await watch(runtime, ana, series, episodes[1, 1])
    assert await listed(client, ana) == []
    await execute(runtime, "UPDATE episodes SET status = 'published'")
    assert await listed(client, ana) == ["Fantomas"]


async def test_what_is_dismissed_stays_away_until_it_is_watched_again(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=3)
    await watch(runtime, ana, series, episodes[1, 1], ago=20)
    await watch(runtime, ana, series, episodes[1, 2], to=0.5, ago=10)
    for _ in range(2):
        await dismiss(client, ana, series)
        assert await listed(client, ana) == []
    await watch(runtime, ana, series, episodes[1, 1], to=0.5, ago=5)
    assert await listed(client, ana) == []
    await watch(runtime, ana, series, episodes[1, 2], to=0.6)
    assert await listed(client, ana) == ["Fantomas"]


async def test_a_dismissal_is_the_profile_s_own(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    ben = await make_somebody(runtime, client, "ben@example.com")
    film = await make_title(runtime)
    for who in (ana, ben):
        await watch(runtime, who, film, to=0.5, ago=1)
    await dismiss(client, ana, film)
    assert (await listed(client, ana), await listed(client, ben)) == ([], ["Metropolis"])


async def test_what_is_hidden_now_is_not_listed_and_costs_no_place(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    films = [await make_title(runtime, f"Film {number}") for number in range(4)]
    for ago, film in enumerate(films):
        await watch(runtime, ana, film, to=0.5, ago=ago)
    await make_rights(runtime, films[0], "FR")
    await execute(runtime, "UPDATE titles SET status = 'takedown' WHERE id = $1", films[1])
    assert await listed(client, ana, page_size=2) == ["Film 2", "Film 3"]


async def test_pages_follow_one_another_without_gap_or_repeat(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    for number in range(7):
        await watch(runtime, ana, await make_title(runtime, f"Film {number}"), to=0.5, ago=number)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await the_page(client, ana, page_size=3, **cursor)
        seen += [card["name"] for card in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [f"Film {number}" for number in range(7)]


async def test_a_foreign_cursor_is_refused(client: AsyncClient, ana: Somebody) -> None:
    for path in (CONTINUE, f"{VIEWING}/history"):
        answer = await client.get(path, params={"cursor": "bm9uc2Vuc2U"}, headers=ana.headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_cursor")
