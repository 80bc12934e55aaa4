"""The page of a programme on a channel."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import make_episode, make_season
from tests.epg.guide.calls import refused, see
from tests.epg.makers import at, make_airing, make_channel
from tests.makers import as_viewer, execute, make_title

ASKABLE = {"kind": "external", "catch_up": {"mode": "shift"}}
"""A channel whose server can be asked for what is over."""


async def page(
    client: AsyncClient, airing_id: int, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """The page of an airing."""
    return await see(client, f"/airings/{airing_id}", headers)


async def test_a_page_tells_all_that_the_guide_knows(runtime: Runtime, client: AsyncClient) -> None:
    channel_id = await make_channel(runtime)
    airing_id = await make_airing(
        runtime,
        channel_id,
        at(-5),
        60,
        "Metropolis",
        flags=1 + 8,
        description="A city.",
        categories=["Film"],
        credits=[{"role": "director", "name": "Fritz Lang"}],
    )
    shown = await page(client, airing_id)
    assert (shown["flags"], shown["on_now"]) == (["new", "live"], True)
    assert (shown["channel"]["name"], shown["channel"]["access"]["via"]) == ("One", "free")
    programme = shown["programme"]
    assert (programme["description"], programme["categories"]) == ("A city.", ["Film"])
    assert programme["credits"] == [{"role": "director", "name": "Fritz Lang", "character": None}]


@pytest.mark.parametrize(
    ("begins", "channel", "airing", "expected"),
    [
        (-5, {"start_over": True}, {}, "start_over_until"),
        (-5, {}, {}, None),
        (-5, {"start_over": True}, {"start_over": False}, None),
        (-120, {"catch_up_days": 1}, {}, "catch_up_until"),
        (-120, {}, {}, None),
        (-120, {"catch_up_days": 1}, {"catch_up": False}, None),
        (-26 * 60, {"catch_up_days": 1}, {}, None),
        (5, {"catch_up_days": 1, "start_over": True}, {}, None),
        (-5, {"start_over": True, "kind": "external"}, {}, None),
        (-120, {"catch_up_days": 1, "kind": "external"}, {}, None),
        (-120, {"catch_up_days": 1} | ASKABLE, {}, "catch_up_until"),
    ],
)
async def test_it_tells_whether_it_can_be_watched_from_its_beginning(
    runtime: Runtime,
    client: AsyncClient,
    begins: float,
    channel: dict[str, Any],
    airing: dict[str, Any],
    expected: str | None,
) -> None:
    channel_id = await make_channel(runtime, **({"kind": "linear"} | channel))
    airing_id = await make_airing(runtime, channel_id, at(begins), 60, **airing)
    shown = await page(client, airing_id)
    offered = [name for name in ("start_over_until", "catch_up_until") if shown[name] is not None]
    assert offered == ([expected] if expected else [])


async def on_air(runtime: Runtime, title_id: UUID, episode_id: UUID | None = None) -> int:
    """An airing of a title of the catalogue."""
    return await make_airing(
        runtime,
        await make_channel(runtime),
        at(-5),
        60,
        "Fantomas",
        title_id=title_id,
        episode_id=episode_id,
        link_method="manual",
    )


async def test_a_title_of_the_catalogue_can_be_watched_in_full(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_title(runtime, "Fantomas", kind="series")
    season_id = await make_season(runtime, title_id, 1)
    episode_id = await make_episode(runtime, title_id, season_id, 2)
    title = (await page(client, await on_air(runtime, title_id, episode_id)))["title"]
    assert (title["card"]["id"], title["card"]["access"]["playable"]) == (str(title_id), True)
    assert (title["episode"]["season_number"], title["episode"]["number"]) == (1, 2)


async def test_a_title_that_is_not_out_yet_is_not_told(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_title(runtime, "Fantomas", status="draft")
    assert (await page(client, await on_air(runtime, title_id)))["title"] is None


async def test_an_episode_that_is_not_out_yet_is_not_told(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_title(runtime, "Fantomas", kind="series")
    season_id = await make_season(runtime, title_id, 1)
    episode_id = await make_episode(runtime, title_id, season_id, 2, status="draft")
    title = (await page(client, await on_air(runtime, title_id, episode_id)))["title"]
    assert title["episode"] is None


async def test_what_the_catalogue_rates_higher_is_hidden(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_title(runtime, "Fantomas")
    airing_id = await on_air(runtime, title_id)
    child = await as_viewer(runtime, client, max_maturity=9)
    await page(client, airing_id, child)
    await execute(runtime, "UPDATE titles SET maturity_score = 18")
    assert await refused(client, f"/airings/{airing_id}", child) == (404, "not_found")


async def test_other_airings_are_told_and_other_episodes(
    runtime: Runtime, client: AsyncClient
) -> None:
    one, two = [await make_channel(runtime, name) for name in ("One", "Two")]
    soap = {"title": "Soap", "series_key": "soap", "season": 1}
    it = await make_airing(runtime, one, at(-5), 60, episode=1, **soap)
    await make_airing(runtime, one, at(-120), 60, episode=1, **soap)
    again = await make_airing(runtime, two, at(30), 60, episode=1, description="Retold", **soap)
    following = await make_airing(runtime, one, at(60), 60, episode=2, **soap)
    await make_airing(runtime, two, at(120), 60, episode=3, **soap)
    shown = await page(client, it)
    assert [airing["id"] for airing in shown["also_on"]] == [again]
    assert [airing["id"] for airing in shown["more_of_series"]] == [following]


async def test_a_film_is_the_same_in_other_words_of_the_same_year(
    runtime: Runtime, client: AsyncClient
) -> None:
    channel_id = await make_channel(runtime)
    it = await make_airing(runtime, channel_id, at(-5), 60, "Nosferatu", year=1922)
    same = await make_airing(
        runtime, channel_id, at(60), 60, "Nosferatu", year=1922, description="A vampire."
    )
    await make_airing(runtime, channel_id, at(120), 60, "Nosferatu", year=1979)
    assert [airing["id"] for airing in (await page(client, it))["also_on"]] == [same]


async def test_hidden_airings_are_like_missing_ones(runtime: Runtime, client: AsyncClient) -> None:
    hidden = await make_channel(runtime, "Hidden", status="hidden")
    open_one = await make_channel(runtime, "Open")
    child = await as_viewer(runtime, client, max_maturity=9)
    airings = [
        await make_airing(runtime, hidden, at(-5)),
        await make_airing(runtime, open_one, at(-5), title="Horror", maturity_score=18),
        999_999,
    ]
    for airing_id in airings:
        assert await refused(client, f"/airings/{airing_id}", child) == (404, "not_found")
