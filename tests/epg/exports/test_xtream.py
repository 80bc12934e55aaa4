"""What players that speak Xtream Codes are told."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.entitlements.makers import make_package
from tests.epg.exports.conftest import Player, stream_number
from tests.epg.makers import at, carry_channel, make_airing, make_channel


async def ask(client: AsyncClient, player: Player, action: str = "", **more: Any) -> Any:
    params = player.asks | {"action": action} | more
    answer = await client.get("/player_api.php", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("action", ["", "get_profile", "get_account_info"])
async def test_the_account(client: AsyncClient, player: Player, action: str) -> None:
    told = await ask(client, player, action)
    user, server = told["user_info"], told["server_info"]
    assert (user["username"], user["auth"], user["status"]) == (
        player.asks["username"], 1, "Active",
    )  # fmt: skip
    assert (user["max_connections"], user["active_cons"]) == ("20", "0")
    assert user["allowed_output_formats"] == ["m3u8"]
    assert (server["url"], server["port"], server["server_protocol"]) == (
        "testserver", "80", "http",
    )  # fmt: skip
    now = datetime.fromtimestamp(server["timestamp_now"], UTC)
    assert (server["timezone"], server["time_now"]) == ("UTC", f"{now:%Y-%m-%d %H:%M:%S}")


async def test_channels_by_group(runtime: Runtime, client: AsyncClient, player: Player) -> None:
    one = await make_channel(
        runtime, "One", number=5, group_title="News", logo_url="/one.webp", catch_up_days=7,
        kind="linear",
    )  # fmt: skip
    await make_channel(runtime, "Two")
    news, other = await ask(client, player, "get_live_categories")
    assert (news["category_name"], other["category_name"]) == ("News", "Other")
    first, second = await ask(client, player, "get_live_streams")
    assert first | {"added": ""} == {
        "num": 5,
        "name": "One",
        "stream_type": "live",
        "stream_id": await stream_number(runtime, one),
        "stream_icon": "http://testserver/one.webp",
        "epg_channel_id": "one",
        "added": "",
        "is_adult": "0",
        "category_id": news["category_id"],
        "category_ids": [int(news["category_id"])],
        "custom_sid": "",
        "tv_archive": 1,
        "direct_source": "",
        "tv_archive_duration": 7,
    }
    assert (second["num"], second["tv_archive"]) == (2, 0)
    category = other["category_id"]
    assert await ask(client, player, "get_live_streams", category_id=category) == [second]


async def test_what_is_on_and_what_follows(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    channel_id = await make_channel(runtime)
    begin = at(-10)
    await make_airing(runtime, channel_id, begin, 30, "Now", description="Café", language="en")
    for n in range(6):
        await make_airing(runtime, channel_id, at(30 + 60 * n), 30, f"Later {n}")
    number = await stream_number(runtime, channel_id)
    listings = (await ask(client, player, "get_short_epg", stream_id=number))["epg_listings"]
    assert len(listings) == 4
    assert listings[0] | {"id": "", "end": "", "stop_timestamp": ""} == {
        "id": "",
        "epg_id": str(number),
        "title": base64.b64encode(b"Now").decode(),
        "lang": "en",
        "start": f"{begin:%Y-%m-%d %H:%M:%S}",
        "end": "",
        "description": base64.b64encode("Café".encode()).decode(),
        "channel_id": "one",
        "start_timestamp": str(int(begin.timestamp())),
        "stop_timestamp": "",
        "now_playing": 1,
        "has_archive": 0,
    }
    more = await ask(client, player, "get_short_epg", stream_id=number, limit=6)
    assert len(more["epg_listings"]) == 6


async def test_the_whole_guide_says_what_can_be_watched_again(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    channel_id = await make_channel(runtime, kind="linear", catch_up_days=1)
    await make_airing(runtime, channel_id, at(-600), 30, "Kept")
    await make_airing(runtime, channel_id, at(-300), 30, "Not kept", catch_up=False)
    await make_airing(runtime, channel_id, at(60), 30, "To come")
    number = await stream_number(runtime, channel_id)
    told = await ask(client, player, "get_simple_data_table", stream_id=number)
    archived = {
        base64.b64decode(one["title"]).decode(): one["has_archive"] for one in told["epg_listings"]
    }
    assert archived == {"Kept": 1, "Not kept": 0, "To come": 0}


@pytest.mark.parametrize("action", ["get_short_epg", "get_simple_data_table"])
async def test_of_channels_that_may_not_be_played_nothing_is_told(
    runtime: Runtime, client: AsyncClient, player: Player, action: str
) -> None:
    channel_id = await make_channel(runtime)
    await carry_channel(runtime, await make_package(runtime), channel_id)
    await make_airing(runtime, channel_id, at(-10))
    number = await stream_number(runtime, channel_id)
    for params in ({"stream_id": number}, {"stream_id": 999_999}, {}):
        assert await ask(client, player, action, **params) == {"epg_listings": []}


@pytest.mark.parametrize(
    "action",
    ["get_vod_categories", "get_vod_streams", "get_series_categories", "get_series", "whatever"],
)
async def test_there_are_no_films_here(client: AsyncClient, player: Player, action: str) -> None:
    assert await ask(client, player, action, and_something="of its own") == []
