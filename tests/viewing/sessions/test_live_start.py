"""Starting to watch a channel: who may, who may not, and what a player is told."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.entitlements.makers import grant_package, hold, make_package
from tests.epg.makers import at, black_out, carry_channel, make_airing, make_channel
from tests.makers import execute, scalar
from tests.viewing.makers import counted
from tests.viewing.progress.makers import Somebody, make_somebody
from tests.viewing.sessions.calls import (
    SESSIONS,
    Player,
    ask,
    ask_channel,
    code_of,
    start,
    watch_channel,
)


@pytest.fixture
async def channel(runtime: Runtime) -> UUID:
    return await make_channel(runtime)


@pytest.fixture
async def child(runtime: Runtime, client: AsyncClient) -> Somebody:
    return await make_somebody(
        runtime, client, "child@example.com", kind="kids", max_maturity=12, block_unrated=True
    )


async def test_a_player_is_told_where_to_find_the_channel(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    started = (await watch_channel(runtime, client, ana.headers, channel)).started
    ticket = runtime.playback.tickets.open(started["playback"]["url"].split("/")[2])
    assert (ticket.kind, ticket.subject) == ("channel", channel)
    assert (ticket.user_id, str(ticket.session_id)) == (ana.user_id, started["session_id"])
    assert (ticket.from_at, ticket.until_at) == (None, None)
    assert started["playback"]["type"] == "hls"


async def test_television_has_no_beginning_and_no_end(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    started = (await watch_channel(runtime, client, ana.headers, channel)).started
    assert (started["resume_seconds"], started["duration_seconds"]) == (0, None)
    assert (started["channel_id"], started["episode_id"]) == (str(channel), None)
    assert (started["next_up"], started["segments"]) == (None, [])


async def test_a_channel_without_a_stream_cannot_be_played(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    only_a_guide = await make_channel(runtime, "Two", hls_live_url=None)
    answer = await ask_channel(client, ana.headers, only_a_guide)
    assert code_of(answer) == (409, "not_playable")


async def test_it_is_an_event_and_no_bookmark(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    await watch_channel(runtime, client, ana.headers, channel)
    await runtime.buffers.flush()
    assert await scalar(runtime, "SELECT channel_id FROM play_events") == channel
    assert await scalar(runtime, "SELECT count(*) FROM bookmarks") == 0


WISHES: dict[str, dict[str, Any]] = {
    "neither": {"title_id": None, "channel_id": None},
    "both": {"title_id": str(UUID(int=1))},
    "an episode of a channel": {"episode_id": str(UUID(int=1))},
    "no id": {"channel_id": "one"},
}


@pytest.mark.parametrize("case", WISHES)
async def test_exactly_one_thing_is_played(
    client: AsyncClient, ana: Somebody, channel: UUID, case: str
) -> None:
    body = {"channel_id": str(channel), "device_id": "tv", "device_name": "Television"}
    answer = await client.post(SESSIONS, json=body | WISHES[case], headers=ana.headers)
    assert code_of(answer) == (422, "validation_failed")


HIDDEN: dict[str, dict[str, Any]] = {
    "a draft": {"status": "draft"},
    "hidden": {"status": "hidden"},
    "for adults": {"maturity_score": 18},
}


@pytest.mark.parametrize("case", HIDDEN)
async def test_a_hidden_channel_is_answered_like_a_missing_one(
    runtime: Runtime, client: AsyncClient, child: Somebody, case: str
) -> None:
    channel_id = await make_channel(runtime, **HIDDEN[case])
    answers = [await ask_channel(client, child.headers, one) for one in (channel_id, uuid4())]
    assert [code_of(answer) for answer in answers] == [(404, "not_found")] * 2


async def test_without_the_package_the_way_to_it_is_told(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    await carry_channel(runtime, await make_package(runtime), channel)
    answer = await ask_channel(client, ana.headers, channel)
    assert code_of(answer) == (402, "not_entitled")
    best = answer.json()["error"]["details"]["best_option"]
    assert (best["type"], best["package"]["slug"]) == ("svod", "basic")


async def test_with_the_package_it_plays_until_that_ends(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    package_id, ends = await make_package(runtime), at(300)
    await carry_channel(runtime, package_id, channel)
    await grant_package(runtime, ana.user_id, package_id, expires_at=ends)
    player = await watch_channel(runtime, client, ana.headers, channel)
    access = player.started["access"]
    assert (access["via"], datetime.fromisoformat(access["until"])) == ("svod", ends)
    assert await player.column("play_until") == ends


async def test_a_household_on_hold_watches_nothing(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    await hold(runtime, ana.user_id)
    assert code_of(await ask_channel(client, ana.headers, channel)) == (403, "account_held")


async def test_a_blackout_is_told_with_its_end(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    await black_out(runtime, channel, territory="US")
    answer = await ask_channel(client, ana.headers, channel)
    assert code_of(answer) == (403, "blackout")
    ends_at = datetime.fromisoformat(answer.json()["error"]["details"]["ends_at"])
    assert ends_at == await scalar(runtime, "SELECT ends_at FROM blackouts")


async def test_a_session_ends_when_a_blackout_that_is_known_begins(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    await black_out(runtime, channel, 30, 60)
    player = await watch_channel(runtime, client, ana.headers, channel)
    starts = await scalar(runtime, "SELECT starts_at FROM blackouts")
    assert await player.column("play_until") == starts


async def test_what_is_on_is_not_for_everybody(
    runtime: Runtime, client: AsyncClient, ana: Somebody, child: Somebody, channel: UUID
) -> None:
    await make_airing(runtime, channel, at(-30), maturity_score=16)
    answer = await ask_channel(client, child.headers, channel)
    assert code_of(answer) == (403, "parental_blocked")
    details = answer.json()["error"]["details"]
    ends_at = await scalar(runtime, "SELECT ends_at FROM schedule_entries")
    assert details == {"channel_id": str(channel), "ends_at": ends_at.isoformat()}
    assert (await ask_channel(client, ana.headers, channel)).status_code == 201


@pytest.mark.parametrize(("score", "status"), [(12, 201), (None, 403)])
async def test_in_a_gap_of_the_guide_the_channel_stands_for_what_is_on(
    runtime: Runtime, client: AsyncClient, child: Somebody, score: int | None, status: int
) -> None:
    channel_id = await make_channel(runtime, maturity_score=score)
    await make_airing(runtime, channel_id, at(-90), maturity_score=16)
    await make_airing(runtime, channel_id, at(30), maturity_score=16)
    answer = await ask_channel(client, child.headers, channel_id)
    assert answer.status_code == status


async def test_what_is_not_entitled_is_told_before_what_is_not_suitable(
    runtime: Runtime, client: AsyncClient, child: Somebody, channel: UUID
) -> None:
    await carry_channel(runtime, await make_package(runtime), channel)
    await make_airing(runtime, channel, at(-30), maturity_score=16)
    answer = await ask_channel(client, child.headers, channel)
    assert code_of(answer) == (402, "not_entitled")
    assert answer.json()["error"]["details"]["access_options"] == []


async def test_a_child_without_time_watches_no_channel(
    runtime: Runtime, client: AsyncClient, child: Somebody, channel: UUID
) -> None:
    await execute(
        runtime,
        "INSERT INTO viewing_limits (user_id, profile_id, weekday, minutes)"
        " SELECT user_id, id, generate_series(0, 6), 0 FROM profiles",
    )
    assert code_of(await ask_channel(client, child.headers, channel)) == (403, "viewing_limit")


async def test_channels_and_films_share_the_streams(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, channel: UUID
) -> None:
    for number in range(runtime.settings.included_streams):
        await watch_channel(runtime, client, ana.headers, channel, device_id=f"tv {number}")
    answer = await ask(client, ana.headers, film, device_id="another")
    assert code_of(answer) == (409, "stream_limit_reached")
    listed = answer.json()["error"]["details"]["streams"]
    assert {one["channel_id"] for one in listed} == {str(channel)}


async def test_a_device_that_turns_to_a_channel_leaves_its_film(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID, player: Player
) -> None:
    await watch_channel(runtime, client, ana.headers, channel)
    assert await player.column("end_reason") == "taken_over"


async def test_the_household_sees_which_channel_plays(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    await watch_channel(runtime, client, ana.headers, channel)
    (shown,) = (await client.get(SESSIONS, headers=ana.headers)).json()["items"]
    assert (shown["channel_id"], shown["channel_name"]) == (str(channel), "One")
    assert (shown["title_id"], shown["title_name"]) == (None, None)
    await execute(runtime, "UPDATE channels SET status = 'hidden'")
    (shown,) = (await client.get(SESSIONS, headers=ana.headers)).json()["items"]
    assert (shown["channel_id"], shown["channel_name"]) == (None, None)


async def test_what_is_incognito_is_told_to_nobody(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    await watch_channel(runtime, client, ana.headers, channel, incognito=True)
    (shown,) = (await client.get(SESSIONS, headers=ana.headers)).json()["items"]
    assert (shown["channel_id"], shown["channel_name"]) == (None, None)


async def test_starting_is_five_statements(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    await client.get(SESSIONS, headers=ana.headers)
    with counted(runtime) as statements:
        await watch_channel(runtime, client, ana.headers, channel)
    assert len(statements) == 5


async def test_media_of_our_own_are_signed_for_the_session(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await execute(runtime, "UPDATE media_assets SET protocol = 'builtin', url = 'trailer-one'")
    started = (await start(runtime, client, ana.headers, film)).started
    ticket = runtime.playback.tickets.open(started["playback"]["url"].split("/")[2])
    assert (ticket.kind, str(ticket.session_id)) == ("asset", started["session_id"])
    assert ticket.subject == await scalar(runtime, "SELECT id FROM media_assets")
    assert started["playback"]["type"] == "hls"
