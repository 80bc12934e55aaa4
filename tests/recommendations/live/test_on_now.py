"""The rail of what is on television now."""

from typing import Any

from httpx import AsyncClient

from matinee.epg.linking.finding import links_changed
from matinee.runtime import Runtime
from tests.entitlements.makers import make_package
from tests.epg.makers import EPG, at, carry_channel, make_airing, make_channel
from tests.makers import as_viewer, execute, make_title
from tests.recommendations.screens import HOME, home, rail

ON_NOW = "on-now"


async def on_now(client: AsyncClient, headers: dict[str, str]) -> list[dict[str, Any]]:
    return list((await rail(client, headers, ON_NOW))["live"])


async def test_home_has_what_is_on(runtime: Runtime, client: AsyncClient) -> None:
    viewer = await as_viewer(runtime, client)
    channel = await make_channel(runtime, "One", number=1)
    airing = await make_airing(runtime, channel, at(-10), 60, "Harbour Lights")
    shown = (await home(client, viewer))[ON_NOW]
    [item] = shown["live"]
    assert (item["channel"]["name"], item["airing"]["id"]) == ("One", airing)
    assert (item["airing"]["programme"]["title"], shown["items"]) == ("Harbour Lights", [])


async def test_without_channels_there_is_no_such_rail(
    runtime: Runtime, client: AsyncClient
) -> None:
    assert ON_NOW not in await home(client, await as_viewer(runtime, client))


async def test_channels_come_in_the_profile_s_order_playable_ones_first(
    runtime: Runtime, client: AsyncClient
) -> None:
    viewer = await as_viewer(runtime, client)
    ids = {}
    for n, name in enumerate(("Sold", "One", "Two")):
        ids[name] = await make_channel(runtime, name, number=n + 1)
        await make_airing(runtime, ids[name], at(-10))
    await carry_channel(runtime, await make_package(runtime), ids["Sold"])
    await client.put(f"{EPG}/favourites/{ids['Two']}", headers=viewer)
    shown = [(one["channel"]["name"], one["playable"]) for one in await on_now(client, viewer)]
    assert shown == [("Two", True), ("One", True), ("Sold", False)]


async def test_gaps_and_what_a_child_may_not_see_are_left_out(
    runtime: Runtime, client: AsyncClient
) -> None:
    child = await as_viewer(runtime, client, kind="kids", max_maturity=7)
    await make_channel(runtime, "Gap")
    for name, score in (("For all", 0), ("For adults", 18)):
        await make_airing(runtime, await make_channel(runtime, name), at(-10), maturity_score=score)
    hidden = await make_channel(runtime, "Hidden", maturity_score=18)
    await make_airing(runtime, hidden, at(-10))
    assert [one["channel"]["name"] for one in await on_now(client, child)] == ["For all"]
    assert [one["channel"]["name"] for one in (await home(client, child))[ON_NOW]["live"]] == [
        "For all"
    ]


async def test_what_a_child_may_not_see_any_more_is_gone_at_once(
    runtime: Runtime, client: AsyncClient
) -> None:
    child = await as_viewer(runtime, client, kind="kids", max_maturity=7)
    await make_airing(runtime, await make_channel(runtime), at(-10))
    assert ON_NOW in await home(client, child)
    title_id = await make_title(runtime, "Horror", maturity_score=18)
    async with runtime.database.write() as tx:
        programme_id = await tx.scalar("SELECT id FROM programmes")
        link = "UPDATE programmes SET title_id = :title_id, link_method = 'manual'"
        await tx.execute(link, title_id=title_id)
        await links_changed(tx, [programme_id])
    assert ON_NOW not in await home(client, child)


async def test_the_operator_can_leave_it_out(runtime: Runtime, client: AsyncClient) -> None:
    viewer = await as_viewer(runtime, client)
    await make_airing(runtime, await make_channel(runtime), at(-10))
    await execute(
        runtime,
        "INSERT INTO home_rails (audience, rail, enabled, position) VALUES"
        " ('standard', 'hero', true, 1), ('standard', 'on-now', false, 2)",
    )
    assert ON_NOW not in await home(client, viewer)


async def test_it_stands_where_the_operator_puts_it(runtime: Runtime, client: AsyncClient) -> None:
    viewer = await as_viewer(runtime, client)
    await make_airing(runtime, await make_channel(runtime), at(-10))
    answer = await client.get(HOME, headers=viewer)
    assert answer.json()["rails"][0]["id"] == ON_NOW
