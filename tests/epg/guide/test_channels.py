"""Channels as viewers see them (L-04, L-05)."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.entitlements.makers import grant_package, make_package
from tests.epg.guide.calls import names, refused, see
from tests.epg.makers import at, carry_channel, make_airing, make_channel
from tests.makers import as_viewer, choose_profile, make_profile, make_user, scalar, sign_in


@pytest.fixture
async def channels(runtime: Runtime) -> list[UUID]:
    """Three channels, made in another order than that of their numbers."""
    return [
        await make_channel(runtime, "Late Show", genres=["Comedy"], group_title="Fun"),
        await make_channel(runtime, "Goals", number=2, genres=["Sports", "News"], group_title="UK"),
        await make_channel(runtime, "Nature Été", number=1, genres=["Nature"], group_title="UK"),
    ]


async def test_channels_come_by_number_and_those_without_one_last(
    client: AsyncClient, channels: list[UUID]
) -> None:
    assert names(await see(client, "/channels")) == ["Nature Été", "Goals", "Late Show"]


async def test_a_list_never_tells_where_a_stream_comes_from(
    runtime: Runtime, client: AsyncClient, channels: list[UUID]
) -> None:
    stream = await scalar(runtime, "SELECT hls_live_url FROM channels LIMIT 1")
    for path in ("/channels", f"/channels/{channels[0]}", "/now"):
        assert stream not in str(await see(client, path))


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        ({"genre": "Sports"}, ["Goals"]),
        ({"genre": "sports"}, ["Goals"]),
        ({"genre": ["Sports", "Comedy"]}, ["Goals", "Late Show"]),
        ({"group": "uk"}, ["Nature Été", "Goals"]),
        ({"group": "UK", "genre": "News"}, ["Goals"]),
        ({"q": "ete"}, ["Nature Été"]),
        ({"q": "2"}, ["Goals"]),
        ({"q": "%"}, []),
    ],
)
@pytest.mark.parametrize("path", ["/channels", "/now"])
async def test_channels_can_be_filtered(
    client: AsyncClient,
    channels: list[UUID],
    path: str,
    wish: dict[str, str | list[str]],
    found: list[str],
) -> None:
    assert names(await see(client, path, **wish)) == found


@pytest.mark.parametrize("path", ["/channels", "/now"])
async def test_an_unknown_genre_is_refused_by_those_that_can_be_seen(
    runtime: Runtime, client: AsyncClient, channels: list[UUID], path: str
) -> None:
    await make_channel(runtime, "Draft", status="draft", genres=["Secret"])
    answer = await client.get(f"/api/v1/epg{path}", params={"genre": "Secret"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "invalid_value")
    assert error["details"]["allowed"] == ["Comedy", "Nature", "News", "Sports"]


async def test_labels_are_counted_by_what_can_be_seen(
    runtime: Runtime, client: AsyncClient, channels: list[UUID]
) -> None:
    await make_channel(runtime, "Draft", status="draft", genres=["Nature"], group_title="UK")
    labels = await see(client, "/labels")
    assert {"name": "Nature", "channels": 1} in labels["genres"]
    assert labels["groups"] == [{"name": "Fun", "channels": 1}, {"name": "UK", "channels": 2}]


async def test_pages_follow_each_other(client: AsyncClient, channels: list[UUID]) -> None:
    first = await see(client, "/channels", page_size=2)
    second = await see(client, "/channels", page_size=2, cursor=first["next_cursor"])
    assert names(first) + names(second) == ["Nature Été", "Goals", "Late Show"]
    assert (first["total"], second["next_cursor"]) == (3, None)


@pytest.mark.parametrize("cursor", ["x", "WzEsMl0", "W251bGwsbnVsbF0"])
async def test_a_cursor_of_something_else_is_refused(client: AsyncClient, cursor: str) -> None:
    assert await refused(client, "/channels", cursor=cursor) == (400, "bad_cursor")


async def test_what_is_not_paid_for_is_shown_locked_or_hidden_at_will(
    runtime: Runtime, client: AsyncClient, channels: list[UUID]
) -> None:
    package_id = await make_package(runtime)
    await carry_channel(runtime, package_id, channels[1])
    headers = await as_viewer(runtime, client)
    shown = (await see(client, "/channels", headers))["items"][1]
    assert (shown["name"], shown["access"]["via"]) == ("Goals", "locked")
    assert shown["best_option"]["package"]["id"] == str(package_id)
    for path in ("/channels", "/now"):
        open_ones = names(await see(client, path, headers, locked="hide"))
        assert open_ones == ["Nature Été", "Late Show"]


async def test_what_is_paid_for_is_open_at_once(
    runtime: Runtime, client: AsyncClient, channels: list[UUID]
) -> None:
    package_id = await make_package(runtime)
    await carry_channel(runtime, package_id, channels[1])
    headers = await as_viewer(runtime, client)
    assert "Goals" not in names(await see(client, "/channels", headers, locked="hide"))
    await grant_package(runtime, await scalar(runtime, "SELECT user_id FROM users"), package_id)
    assert "Goals" in names(await see(client, "/channels", headers, locked="hide"))


async def test_a_hidden_channel_is_not_there(runtime: Runtime, client: AsyncClient) -> None:
    hidden = await make_channel(runtime, "Hidden", status="hidden")
    grown_up = await make_channel(runtime, "Grown up", maturity_score=18)
    assert names(await see(client, "/channels")) == []
    for channel_id in (hidden, grown_up):
        assert await refused(client, f"/channels/{channel_id}") == (404, "not_found")


@pytest.mark.parametrize(
    ("columns", "offered"),
    [
        ({"kind": "linear"}, (7, True)),
        ({"catch_up": {"mode": "shift"}}, (7, True)),
        ({}, (0, False)),
    ],
)
async def test_a_channel_promises_only_what_it_can_go_back_to(
    runtime: Runtime, client: AsyncClient, columns: dict[str, Any], offered: tuple[int, bool]
) -> None:
    channel_id = await make_channel(runtime, catch_up_days=7, start_over=True, **columns)
    shown = await see(client, f"/channels/{channel_id}")
    assert (shown["catch_up_days"], shown["start_over"]) == offered


async def test_a_channel_says_what_is_on(
    runtime: Runtime, client: AsyncClient, channels: list[UUID]
) -> None:
    await make_airing(runtime, channels[0], at(-10), 20, "Now")
    await make_airing(runtime, channels[0], at(10), 20, "Next")
    shown = await see(client, f"/channels/{channels[0]}")
    assert shown["now"]["programme"]["title"] == "Now"
    assert shown["next"]["programme"]["title"] == "Next"


async def test_one_asks_for_his_own_profile_only(runtime: Runtime, client: AsyncClient) -> None:
    user_id = await make_user(runtime)
    mine, other = [await make_profile(runtime, user_id, name) for name in ("Ana", "Ben")]
    stranger = await make_profile(runtime, await make_user(runtime, "eve@example.com"))
    headers = await choose_profile(client, await sign_in(client), mine)
    for path in ("/channels", "/now"):
        await see(client, path, headers, profile_id=mine)
        assert await refused(client, path, headers, profile_id=other) == (403, "forbidden")
        assert await refused(client, path, headers, profile_id=stranger) == (404, "not_found")
        assert await refused(client, path, profile_id=mine) == (404, "not_found")
