"""What comes after an episode (R-04), and what to play now."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import make_rights, refusal
from tests.makers import execute, make_title
from tests.viewing.progress.makers import (
    VIEWING,
    Episodes,
    Somebody,
    make_numbered_series,
    make_somebody,
    watch,
)

TODAY = datetime.now(UTC).date()


async def after(
    client: AsyncClient, who: Somebody, title_id: UUID, episode_id: UUID | None = None
) -> dict[str, Any]:
    params = {"episode_id": str(episode_id)} if episode_id else {}
    answer = await client.get(
        f"{VIEWING}/next-episode/{title_id}", params=params, headers=who.headers
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def numbers_after(
    client: AsyncClient, who: Somebody, title_id: UUID, episode_id: UUID | None = None
) -> tuple[int, int] | str:
    """Season and number of what comes, or the kind of answer where nothing can be played."""
    found = await after(client, who, title_id, episode_id)
    if found["kind"] != "next_episode":
        return str(found["kind"])
    return found["episode"]["season_number"], found["episode"]["number"]


async def change(runtime: Runtime, episodes: Episodes, key: tuple[int, int], sql: str) -> None:
    await execute(runtime, f"UPDATE episodes SET {sql} WHERE id = $1", episodes[key])


async def test_the_smallest_number_after_it_comes_next_also_in_the_next_season(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s0=2, s1=2, s3=2)
    order = [(1, 1), (1, 2), (3, 1), (3, 2)]
    for this, following in zip(order, [*order[1:], "related"], strict=True):
        assert await numbers_after(client, ana, series, episodes[this]) == following


async def test_specials_come_only_after_specials(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s0=2, s1=2)
    assert await numbers_after(client, ana, series, episodes[0, 1]) == (0, 2)
    assert await numbers_after(client, ana, series, episodes[0, 2]) == "related"


async def test_what_was_watched_or_cannot_be_seen_is_skipped(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=5)
    await watch(runtime, ana, series, episodes[1, 2])
    await change(runtime, episodes, (1, 3), "status = 'draft'")
    await change(runtime, episodes, (1, 4), "status = 'takedown'")
    assert await numbers_after(client, ana, series, episodes[1, 1]) == (1, 5)


async def test_what_another_profile_watched_is_not_skipped(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=2)
    ben = await make_somebody(runtime, client, "ben@example.com")
    await watch(runtime, ben, series, episodes[1, 2])
    assert await numbers_after(client, ana, series, episodes[1, 1]) == (1, 2)


async def test_a_series_watched_again_goes_on_in_order(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=3)
    for number in (1, 2, 3):
        await watch(runtime, ana, series, episodes[1, number], ago=100 - number)
    assert await numbers_after(client, ana, series) == "related"
    await watch(runtime, ana, series, episodes[1, 1], ago=10)
    assert await numbers_after(client, ana, series) == (1, 2)
    await watch(runtime, ana, series, episodes[1, 2], ago=5)
    assert await numbers_after(client, ana, series) == (1, 3)


async def test_an_episode_begun_earlier_goes_on_where_it_was(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=2)
    await watch(runtime, ana, series, episodes[1, 2], to=0.4, ago=30)
    found = await after(client, ana, series, episodes[1, 1])
    assert (found["episode"]["number"], found["resume_seconds"]) == (2, 1200)


async def test_an_episode_whose_day_has_not_come_is_told_with_its_day(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=3)
    for number, days in ((2, 7), (3, 14)):
        await execute(
            runtime,
            "UPDATE episodes SET air_date = $2 WHERE id = $1",
            episodes[1, number],
            TODAY + timedelta(days=days),
        )
    found = await after(client, ana, series, episodes[1, 1])
    assert (found["kind"], found["episode"]["number"]) == ("next_airs", 2)
    assert found["next_airs_at"] == f"{TODAY + timedelta(days=7)}T00:00:00Z"
    await change(runtime, episodes, (1, 2), "air_date = (now() AT TIME ZONE 'UTC')::date")
    assert await numbers_after(client, ana, series, episodes[1, 1]) == (1, 2)


async def test_what_to_play_now(runtime: Runtime, client: AsyncClient, ana: Somebody) -> None:
    series, episodes = await make_numbered_series(runtime, s0=1, s1=3)
    assert await numbers_after(client, ana, series) == (1, 1)
    await watch(runtime, ana, series, episodes[1, 2], to=0.5, ago=30)
    found = await after(client, ana, series)
    assert (found["episode"]["number"], found["resume_seconds"]) == (2, 1500)
    await watch(runtime, ana, series, episodes[1, 2], ago=20)
    assert await numbers_after(client, ana, series) == (1, 3)
    await watch(runtime, ana, series, episodes[1, 3], ago=10)
    assert await numbers_after(client, ana, series) == "related"


async def test_a_series_with_nothing_yet_says_when_it_begins(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=1)
    assert (await after(client, ana, series))["kind"] == "next_episode"
    await execute(runtime, "UPDATE episodes SET air_date = $1", TODAY + timedelta(days=3))
    found = await after(client, ana, series)
    assert (found["kind"], found["episode"]["id"]) == ("next_airs", str(episodes[1, 1]))
    await execute(runtime, "DELETE FROM episodes")
    assert (await after(client, ana, series))["kind"] == "related"


async def test_after_a_film_there_are_others(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    assert (await after(client, ana, await make_title(runtime)))["kind"] == "related"


async def test_foreign_and_hidden_things_are_not_found(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=2)
    hidden, secrets = await make_numbered_series(runtime, "M", s1=2)
    await make_rights(runtime, hidden, "FR")
    await change(runtime, episodes, (1, 2), "status = 'draft'")
    film = await make_title(runtime)
    for title_id, episode_id in (
        (series, uuid4()),
        (series, episodes[1, 2]),
        (series, secrets[1, 1]),
        (hidden, secrets[1, 1]),
        (film, episodes[1, 1]),
        (uuid4(), episodes[1, 1]),
    ):
        path = f"{VIEWING}/next-episode/{title_id}?episode_id={episode_id}"
        assert await refusal(client, path, headers=ana.headers) == (404, "not_found")
    path = f"{VIEWING}/next-episode/{hidden}"
    assert await refusal(client, path, headers=ana.headers) == (404, "not_found")
