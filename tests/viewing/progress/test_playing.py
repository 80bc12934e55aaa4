"""What playing leaves behind, from the first second to an emptied history, by the API alone."""

from typing import Any

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import CATALOG, make_asset
from tests.makers import execute, make_title, scalar
from tests.viewing.progress.makers import (
    LENGTH,
    VIEWING,
    Episodes,
    Somebody,
    make_numbered_series,
)
from tests.viewing.sessions.calls import Player, start

Series = tuple[Any, Episodes]


@pytest.fixture
async def series(runtime: Runtime) -> Series:
    title_id, episodes = await make_numbered_series(runtime, s1=3)
    for episode_id in episodes.values():
        await make_asset(runtime, title_id, episode_id=episode_id, duration_seconds=LENGTH)
    return title_id, episodes


async def play(
    runtime: Runtime, client: AsyncClient, who: Somebody, series: Series, number: int, to: int
) -> Player:
    """Play an episode up to a position, and stop."""
    title_id, episodes = series
    player = await start(
        runtime, client, who.headers, title_id, episode_id=str(episodes[1, number])
    )
    await player.heard(to)
    assert (await player.stop(to)).status_code < 300
    await runtime.buffers.flush()
    return player


async def going_on(client: AsyncClient, who: Somebody) -> list[tuple[int, int]]:
    """Episode and position of each row of continue watching."""
    answer = await client.get(f"{VIEWING}/continue-watching", headers=who.headers)
    progress = [card["progress"] for card in answer.json()["items"]]
    return [(one["episode"]["number"], one["position_seconds"]) for one in progress]


async def shown_at_home(client: AsyncClient, who: Somebody) -> set[int]:
    """The positions that the home screen shows."""
    answer = await client.get("/api/v1/recommendations/home", headers=who.headers)
    assert answer.status_code == 200, answer.text
    cards = [item["card"] for rail in answer.json()["rails"] for item in rail["items"]]
    return {card["progress"]["position_seconds"] for card in cards if card["progress"]}


async def test_a_series_is_gone_on_with_from_device_to_device(
    runtime: Runtime, client: AsyncClient, ana: Somebody, series: Series
) -> None:
    await play(runtime, client, ana, series, 1, to=20)
    assert await going_on(client, ana) == []
    await play(runtime, client, ana, series, 1, to=900)
    assert await going_on(client, ana) == [(1, 900)]
    player = await play(runtime, client, ana, series, 1, to=LENGTH - 10)
    assert player.started["resume_seconds"] == 900
    assert await going_on(client, ana) == [(2, 0)]
    player = await play(runtime, client, ana, series, 1, to=100)
    assert player.started["resume_seconds"] == 0
    assert await going_on(client, ana) == [(1, 100)]


async def test_the_kept_home_screen_knows_where_somebody_stopped(
    runtime: Runtime, client: AsyncClient, ana: Somebody, series: Series
) -> None:
    for position in (900, 930, 960):
        await play(runtime, client, ana, series, 1, to=position)
        assert await shown_at_home(client, ana) == {position}


async def test_a_dismissed_series_comes_back_with_the_next_play(
    runtime: Runtime, client: AsyncClient, ana: Somebody, series: Series
) -> None:
    await play(runtime, client, ana, series, 1, to=900)
    await client.delete(f"{VIEWING}/continue-watching/{series[0]}", headers=ana.headers)
    assert await going_on(client, ana) == []
    await play(runtime, client, ana, series, 1, to=910)
    assert await going_on(client, ana) == [(1, 910)]


async def test_credits_of_a_film_end_it(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    credits = {"kind": "credits", "from_seconds": 2400, "to_seconds": LENGTH}
    film = await make_title(runtime, segments=[credits])
    await make_asset(runtime, film, duration_seconds=LENGTH)
    player = await start(runtime, client, ana.headers, film)
    await player.heard(2400)
    detail = (await client.get(f"{CATALOG}/titles/{film}", headers=ana.headers)).json()
    assert detail["progress"]["finished"] is True


async def test_an_emptied_history_leaves_nothing_also_of_what_waited_to_be_written(
    runtime: Runtime, client: AsyncClient, ana: Somebody, series: Series
) -> None:
    player = await play(runtime, client, ana, series, 1, to=900)
    other = await start(runtime, client, ana.headers, series[0], episode_id=str(series[1][1, 2]))
    await player.beat(1000)
    await other.beat(1000)
    await other.stop(1000)
    assert (await client.delete(f"{VIEWING}/history", headers=ana.headers)).status_code == 204
    await runtime.buffers.flush()
    for table in ("bookmarks", "viewing_sessions", "play_events", "profile_signals"):
        assert await scalar(runtime, f"SELECT count(*) FROM {table}") == 0, table


async def test_an_episode_that_disappears_leaves_the_series_at_another(
    runtime: Runtime, client: AsyncClient, ana: Somebody, series: Series
) -> None:
    await play(runtime, client, ana, series, 1, to=900)
    await play(runtime, client, ana, series, 2, to=800)
    await execute(runtime, "UPDATE episodes SET status = 'takedown' WHERE number = 2")
    assert await going_on(client, ana) == [(1, 900)]
