"""Finding programmes in the guide (X-02)."""

from typing import Any

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.epg.guide.calls import see
from tests.epg.makers import at, make_airing, make_channel
from tests.makers import as_viewer


async def found(client: AsyncClient, q: str, **headers: str) -> list[str]:
    """The titles of what is found."""
    items = (await see(client, "/search", headers, q=q))["items"]
    return [item["programme"]["title"] for item in items]


@pytest.mark.parametrize(
    ("q", "titles"),
    [
        ("police", ["Police", "Police Academy", "Harbour Police"]),
        ("POLICE Academy", ["Police Academy"]),
        ("cafe", ["Café"]),
        ("polise", ["Police", "Police Academy", "Harbour Police"]),
        ("acadmey", ["Police Academy"]),
        ("ha", ["Harbour Police"]),
        ("ca", ["Café"]),
        ("olice", ["Police", "Harbour Police", "Police Academy"]),
        ("%", []),
        ("_", []),
        ("zzz", []),
    ],
)
async def test_programmes_are_found_by_their_name(
    runtime: Runtime, client: AsyncClient, q: str, titles: list[str]
) -> None:
    channel_id = await make_channel(runtime)
    for n, title in enumerate(("Harbour Police", "Police Academy", "Police", "Café", "Weather")):
        await make_airing(runtime, channel_id, at(60 * n), 60, title)
    assert sorted(await found(client, q)) == sorted(titles)
    if q == "police":
        assert await found(client, q) == titles


async def test_a_programme_comes_once_with_all_its_airings(
    runtime: Runtime, client: AsyncClient
) -> None:
    one, two = [await make_channel(runtime, name) for name in ("One", "Two")]
    for n in range(4):
        await make_airing(runtime, one, at(-30 + 100 * n), 60, "Metropolis", year=1927)
        await make_airing(runtime, two, at(100 * n), 60, "Metropolis", year=1927)
    [hit] = (await see(client, "/search", q="metropolis"))["items"]
    assert hit["total"] == 8
    assert [airing["channel"]["name"] for airing in hit["airings"]] == "One Two One Two One".split()


async def test_episodes_of_a_series_are_one_hit(runtime: Runtime, client: AsyncClient) -> None:
    channel_id = await make_channel(runtime)
    for n in range(3):
        await make_airing(
            runtime, channel_id, at(60 * n + 5), 60, "Soap", series_key="soap", episode=n
        )
    [hit] = (await see(client, "/search", q="soap"))["items"]
    assert (hit["programme"]["episode"], hit["total"]) == (0, 3)


async def test_the_past_and_the_far_future_are_not_looked_at(
    runtime: Runtime, client: AsyncClient
) -> None:
    channel_id = await make_channel(runtime)
    for minutes in (-120, 8 * 24 * 60):
        await make_airing(runtime, channel_id, at(minutes), 60, "Metropolis")
    assert await found(client, "metropolis") == []


@pytest.mark.parametrize(
    ("channel", "programme"),
    [({"status": "hidden"}, {}), ({"maturity_score": 18}, {}), ({}, {"maturity_score": 18})],
)
async def test_what_may_not_be_seen_is_not_found(
    runtime: Runtime, client: AsyncClient, channel: dict[str, Any], programme: dict[str, Any]
) -> None:
    channel_id = await make_channel(runtime, **channel)
    await make_airing(runtime, channel_id, at(5), 60, "Metropolis", **programme)
    child = await as_viewer(runtime, client, max_maturity=9)
    assert await found(client, "metropolis", **child) == []
    assert await found(client, "metropolsi", **child) == []
