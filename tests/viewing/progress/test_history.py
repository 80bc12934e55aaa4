"""What was watched, latest first; and that it can be forgotten, with all that it said."""

from typing import Any
from uuid import UUID, uuid4

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import CATALOG, make_rights
from tests.makers import execute, make_title, scalar
from tests.viewing.progress.makers import (
    VIEWING,
    Somebody,
    make_numbered_series,
    make_somebody,
    watch,
)

HISTORY = f"{VIEWING}/history"

_TRACES = (
    "INSERT INTO watch_time (user_id, profile_id, half_hour, watched_id, seconds) VALUES"
    " ($1, $2, date_trunc('hour', clock_timestamp()), $3, 900),"
    " ($1, $2, date_trunc('hour', clock_timestamp()) - interval '9 days', $3, 100)",
    "INSERT INTO viewing_sessions (user_id, profile_id, title_id, device_id, device_name,"
    " territory, lease_until, ended_at, end_reason) VALUES"
    " ($1, $2, $3, 'tv', 'TV', 'US', clock_timestamp(), clock_timestamp(), 'stopped')",
    "INSERT INTO play_events (user_id, at, profile_id, session_id, title_id, kind,"
    " position_seconds, watched_seconds, territory) VALUES"
    " ($1, clock_timestamp(), $2, uuidv7(), $3, 'stop', 900, 900, 'US')",
    "INSERT INTO trend_plays (user_id, profile_id, title_id, day, territory, audience) VALUES"
    " ($1, $2, $3, current_date, 'US', 'standard')",
    "INSERT INTO profile_signals (user_id, profile_id, title_id, kind, at) VALUES"
    " ($1, $2, $3, 'watched', clock_timestamp())",
)
TABLES = ("bookmarks", "viewing_sessions", "play_events", "trend_plays", "profile_signals")


async def leave_traces(runtime: Runtime, who: Somebody, title_id: UUID) -> None:
    for statement in _TRACES:
        await execute(runtime, statement, who.user_id, who.profile_id, title_id)


async def left(runtime: Runtime, title_id: UUID) -> dict[str, int]:
    """How many rows name the title."""
    sql = "SELECT count(*) FROM {} WHERE title_id = $1"
    return {table: await scalar(runtime, sql.format(table), title_id) for table in TABLES}


NOTHING = dict.fromkeys(TABLES, 0)
EVERYTHING = dict.fromkeys(TABLES, 1)


async def listed(client: AsyncClient, who: Somebody) -> list[tuple[str, int | None]]:
    """Names of titles, with the numbers of episodes."""
    answer = await client.get(HISTORY, headers=who.headers)
    assert answer.status_code == 200, answer.text
    return [
        (item["title"]["name"], item["episode"] and item["episode"]["number"])
        for item in answer.json()["items"]
    ]


async def delete(client: AsyncClient, who: Somebody, item_id: UUID | None = None) -> None:
    answer = await client.delete(
        f"{HISTORY}/{item_id}" if item_id else HISTORY, headers=who.headers
    )
    assert answer.status_code == 204, answer.text


async def test_every_film_and_episode_is_listed_latest_first(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=2)
    await watch(runtime, ana, series, episodes[1, 1], ago=30)
    await watch(runtime, ana, await make_title(runtime, "Cops"), to=0.5, ago=20)
    await watch(runtime, ana, series, episodes[1, 2], to=0.1, ago=10)
    assert await listed(client, ana) == [("Fantomas", 2), ("Cops", None), ("Fantomas", 1)]
    item = (await client.get(HISTORY, headers=ana.headers)).json()["items"][0]
    assert (item["item_id"], item["position_seconds"]) == (str(episodes[1, 2]), 300)


async def test_pages_show_everything_once(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=5)
    for (_, number), episode_id in episodes.items():
        await watch(runtime, ana, series, episode_id, ago=number)
    seen: list[int] = []
    params: dict[str, Any] = {"page_size": 2}
    while True:
        page = (await client.get(HISTORY, params=params, headers=ana.headers)).json()
        seen += [item["episode"]["number"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert seen == [1, 2, 3, 4, 5]


async def test_what_is_hidden_now_and_what_others_watched_is_not_listed(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    ben = await make_somebody(runtime, client, "ben@example.com")
    await watch(runtime, ben, await make_title(runtime, "Cops"))
    hidden = await make_title(runtime, "M")
    series, episodes = await make_numbered_series(runtime, s1=1)
    await watch(runtime, ana, hidden)
    await watch(runtime, ana, series, episodes[1, 1])
    await make_rights(runtime, hidden, "FR")
    await execute(runtime, "UPDATE episodes SET status = 'draft'")
    assert await listed(client, ana) == []


async def test_a_title_is_forgotten_with_all_that_it_said(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    film, other = await make_title(runtime, "Cops"), await make_title(runtime, "The Goat")
    for title_id in (film, other):
        await watch(runtime, ana, title_id, to=0.5)
        await leave_traces(runtime, ana, title_id)
    for _ in range(2):
        await delete(client, ana, film)
        assert (await left(runtime, film), await left(runtime, other)) == (NOTHING, EVERYTHING)
    card = (await client.get(f"{CATALOG}/titles/{film}", headers=ana.headers)).json()
    assert card["progress"] is None


async def test_forgetting_leaves_a_rating_and_what_it_says(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    film = await make_title(runtime)
    await watch(runtime, ana, film, to=0.5)
    await client.put(f"{VIEWING}/ratings/{film}", json={"value": 1}, headers=ana.headers)
    await delete(client, ana, film)
    assert await scalar(runtime, "SELECT kind FROM profile_signals") == "liked"


async def test_one_episode_is_forgotten_alone(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=2)
    for number in (1, 2):
        await watch(runtime, ana, series, episodes[1, number], to=0.5)
    await leave_traces(runtime, ana, series)
    await delete(client, ana, episodes[1, 2])
    assert await listed(client, ana) == [("Fantomas", 1)]
    assert await left(runtime, series) == EVERYTHING
    await delete(client, ana, episodes[1, 1])
    assert (await left(runtime, series))["trend_plays"] == 0


async def test_everything_is_forgotten_of_this_profile_alone(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    ben = await make_somebody(runtime, client, "ben@example.com")
    film = await make_title(runtime)
    for who in (ana, ben):
        await watch(runtime, who, film, to=0.5)
        await leave_traces(runtime, who, film)
    await delete(client, ana)
    assert await left(runtime, film) == EVERYTHING
    assert await listed(client, ana) == []
    assert await listed(client, ben) == [("Metropolis", None)]


async def test_how_long_was_watched_today_is_not_forgotten(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    """A child could else watch for another day's minutes."""
    films = [await make_title(runtime, name) for name in ("Cops", "The Goat")]
    for film in films:
        await leave_traces(runtime, ana, film)
    for film in films:
        await delete(client, ana, film)
    named = "SELECT count(*) FROM watch_time WHERE watched_id = ANY ($1)"
    assert await scalar(runtime, named, films) == 0
    assert await scalar(runtime, "SELECT sum(seconds) FROM watch_time") == 1800
    await delete(client, ana)
    assert await scalar(runtime, "SELECT sum(seconds) FROM watch_time") == 1800


async def test_what_plays_at_the_moment_goes_on(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    film = await make_title(runtime)
    await leave_traces(runtime, ana, film)
    await execute(
        runtime,
        "UPDATE viewing_sessions SET ended_at = NULL, end_reason = NULL,"
        " lease_until = clock_timestamp() + interval '90 seconds'",
    )
    await delete(client, ana)
    assert await scalar(runtime, "SELECT count(*) FROM viewing_sessions") == 1


async def test_forgetting_what_was_never_watched_says_nothing(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    for item_id in (uuid4(), await make_title(runtime), None):
        await delete(client, ana, item_id)
