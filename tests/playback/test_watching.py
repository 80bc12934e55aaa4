"""Watching channels: with a PIN where that is needed, from the beginning, and afterwards."""

import asyncio
from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.entitlements.makers import make_package
from tests.epg.makers import at, black_out, carry_channel, make_airing, make_channel
from tests.makers import execute, make_profile, scalar
from tests.playback.screens import Screen
from tests.viewing.progress.makers import make_somebody
from tests.viewing.sessions.calls import code_of


@pytest.fixture
async def screen(runtime: Runtime, client: AsyncClient) -> Screen:
    return Screen(runtime, client, await make_somebody(runtime, client))


@pytest.fixture
async def child(runtime: Runtime, client: AsyncClient) -> Screen:
    """A child, in a household with two grown-ups who have PINs, and one who may see as little."""
    somebody = await make_somebody(
        runtime, client, "child@example.com", kind="kids", max_maturity=12
    )
    for name, pin, ceiling in (("Ana", "1111", 21), ("Bo", "2222", 18), ("Cy", "3333", 12)):
        pin_hash = await runtime.passwords.hash(pin)
        columns = {"pin_hash": pin_hash, "max_maturity": ceiling}
        await make_profile(runtime, somebody.user_id, name, **columns)
    return Screen(runtime, client, somebody)


@pytest.fixture
async def channel(runtime: Runtime) -> UUID:
    return await make_channel(
        runtime, kind="linear", hls_live_url=None, catch_up_days=7, start_over=True
    )


async def test_all_that_a_player_needs_is_told(
    runtime: Runtime, screen: Screen, channel: UUID
) -> None:
    answer = await screen.channel(channel)
    assert answer.status_code == 201
    told = answer.json()
    ticket = screen.ticket(told["playback"]["url"])
    assert (str(ticket.session_id), ticket.subject) == (told["session_id"], channel)
    assert (told["playback"]["type"], told["access"]["via"]) == ("hls", "free")
    assert told["next_heartbeat_seconds"] == 30
    assert told["catch_up"] == {
        "days": 7,
        "url_template": "/api/v1/epg/airings/{airing_id}/playback",
    }
    assert told["start_over_url"] is None


async def test_what_is_on_can_be_started_over_in_the_same_session(
    runtime: Runtime, screen: Screen, channel: UUID
) -> None:
    starts = at(-30)
    await make_airing(runtime, channel, starts, 60)
    told = (await screen.channel(channel)).json()
    ticket = screen.ticket(told["start_over_url"])
    assert str(ticket.session_id) == told["session_id"]
    assert (ticket.from_at, ticket.until_at) == (
        int(starts.timestamp()),
        int(starts.timestamp()) + 3600,
    )


NOT_OVER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "the channel does not offer it": ({"start_over": False}, {}),
    "its makers do not allow it": ({}, {"start_over": False}),
    "its server cannot be asked": ({"kind": "external"}, {}),
}


@pytest.mark.parametrize("case", NOT_OVER)
async def test_what_cannot_be_started_over_is_not_offered(
    runtime: Runtime, screen: Screen, case: str
) -> None:
    columns, flags = NOT_OVER[case]
    channel_id = await make_channel(runtime, **({"kind": "linear", "start_over": True} | columns))
    airing_id = await make_airing(runtime, channel_id, at(-30), **flags)
    assert (await screen.channel(channel_id)).json()["start_over_url"] is None
    assert code_of(await screen.airing(airing_id)) == (409, "not_playable")


async def test_a_key_begins_one_session(runtime: Runtime, screen: Screen, channel: UUID) -> None:
    answers = await asyncio.gather(*(screen.channel(channel, key="once") for _ in range(10)))
    assert len({answer.json()["session_id"] for answer in answers}) == 1
    other = await screen.channel(await make_channel(runtime, "Two"), key="once")
    assert code_of(other) == (422, "idempotency_key_reused")


async def test_a_session_told_of_again_opens_nothing_that_is_on_by_now(
    runtime: Runtime, child: Screen, channel: UUID
) -> None:
    await make_airing(runtime, channel, at(-10), 60, "Cartoon")
    assert (await child.channel(channel, key="one")).json()["start_over_url"] is not None
    await execute(runtime, "UPDATE programmes SET maturity_score = 18")
    again = await child.channel(channel, key="one")
    assert (again.status_code, again.json()["start_over_url"]) == (201, None)


async def test_players_that_only_read_are_their_signed_in_device(
    runtime: Runtime, screen: Screen, channel: UUID
) -> None:
    first, again = [await screen.token(channel) for _ in range(2)]
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.headers["cache-control"] == "private, no-store"
    device = await scalar(runtime, "SELECT DISTINCT device_id FROM viewing_sessions")
    assert device == str(await scalar(runtime, "SELECT id FROM auth_sessions"))
    ended = "SELECT end_reason FROM viewing_sessions WHERE id = $1"
    assert await scalar(runtime, ended, UUID(first.json()["session_id"])) == "taken_over"


async def test_players_that_only_read_may_name_their_device(
    runtime: Runtime, screen: Screen, channel: UUID
) -> None:
    await screen.token(channel, device_id="box", device_name="Set-top box")
    found = await scalar(runtime, "SELECT ROW(device_id, device_name) FROM viewing_sessions")
    assert found == ("box", "Set-top box")


async def test_hidden_and_missing_things_are_not_found(
    runtime: Runtime, screen: Screen, channel: UUID
) -> None:
    hidden = await make_channel(runtime, "Hidden", status="hidden")
    airing_id = await make_airing(runtime, hidden, at(-30))
    answers = [
        await screen.channel(hidden),
        await screen.channel(uuid4()),
        await screen.token(hidden),
        await screen.airing(airing_id),
        await screen.airing(2**63 - 1),
    ]
    assert [code_of(answer) for answer in answers] == [(404, "not_found")] * 5


async def make_late_film(runtime: Runtime, channel_id: UUID) -> datetime:
    """Something from 16 on that is on now; when it ends."""
    await make_airing(runtime, channel_id, at(-30), 60, "Late film", maturity_score=16)
    ends_at: datetime = await scalar(runtime, "SELECT max(ends_at) FROM schedule_entries")
    return ends_at


async def test_a_pin_opens_what_is_on_until_it_ends(
    runtime: Runtime, child: Screen, channel: UUID
) -> None:
    ends_at = await make_late_film(runtime, channel)
    blocked = await child.channel(channel)
    assert code_of(blocked) == (403, "parental_blocked")
    assert blocked.json()["error"]["details"]["ends_at"] == ends_at.isoformat()
    for pin in ("1111", "2222"):
        told = (await child.channel(channel, pin=pin)).json()
        assert datetime.fromisoformat(told["unlocked_until"]) == ends_at
    stored = "SELECT unlocked_until FROM viewing_sessions WHERE ended_at IS NULL"
    assert await scalar(runtime, stored) == ends_at


async def test_the_pin_of_somebody_who_may_not_see_it_opens_nothing(
    runtime: Runtime, child: Screen, channel: UUID
) -> None:
    await make_late_film(runtime, channel)
    answer = await child.channel(channel, pin="3333")
    assert code_of(answer) == (403, "pin_required")
    assert answer.json()["error"]["details"] == {"tries_left": 4}
    untouched = "SELECT pin_failures FROM profiles WHERE name = 'Cy'"
    assert await scalar(runtime, untouched) == 0


async def test_without_anybody_who_could_open_it_it_stays_shut(
    runtime: Runtime, child: Screen, channel: UUID
) -> None:
    await make_late_film(runtime, channel)
    await execute(runtime, "UPDATE profiles SET pin_hash = NULL")
    assert code_of(await child.channel(channel, pin="1111")) == (403, "parental_blocked")


async def test_a_pin_is_not_looked_at_where_none_is_needed(
    runtime: Runtime, child: Screen, channel: UUID
) -> None:
    told = await child.channel(channel, pin="9999")
    assert (told.status_code, told.json()["unlocked_until"]) == (201, None)
    assert await scalar(runtime, "SELECT sum(pin_failures) FROM profiles") == 0


async def test_guesses_are_counted_before_they_are_compared(
    runtime: Runtime, child: Screen, channel: UUID
) -> None:
    await make_late_film(runtime, channel)
    answers = await asyncio.gather(
        *(child.channel(channel, pin=f"900{number}") for number in range(9))
    )
    found = Counter(code_of(answer)[1] for answer in answers)
    assert found == {"pin_required": 4, "pin_locked": 5}
    assert code_of(await child.channel(channel, pin="1111")) == (403, "pin_locked")


async def test_who_knows_one_pin_cannot_guess_another_one_for_ever(
    runtime: Runtime, child: Screen, channel: UUID
) -> None:
    await make_late_film(runtime, channel)
    for _ in range(4):
        assert code_of(await child.channel(channel, pin="9999"))[1] == "pin_required"
    assert (await child.channel(channel, pin="1111")).status_code == 201
    failures = "SELECT pin_failures FROM profiles WHERE name = $1"
    assert [await scalar(runtime, failures, name) for name in ("Ana", "Bo")] == [0, 4]


async def test_what_is_over_is_played_from_its_beginning_to_its_end(
    runtime: Runtime, screen: Screen, channel: UUID
) -> None:
    starts = at(-120)
    airing_id = await make_airing(runtime, channel, starts, 45)
    answer = await screen.airing(airing_id)
    assert answer.status_code == 201
    told = answer.json()
    ticket = screen.ticket(told["playback"]["url"])
    begin = int(starts.timestamp())
    assert (ticket.kind, ticket.subject) == ("channel", channel)
    assert (ticket.from_at, ticket.until_at) == (begin, begin + 2700)
    assert (told["airing_id"], told["duration_seconds"]) == (airing_id, 2700)
    assert await scalar(runtime, "SELECT airing_id FROM viewing_sessions") == airing_id


async def test_what_is_on_is_started_over(runtime: Runtime, screen: Screen, channel: UUID) -> None:
    airing_id = await make_airing(runtime, channel, at(-10), 45)
    assert (await screen.airing(airing_id)).status_code == 201


NOT_KEPT: dict[str, tuple[dict[str, Any], float, dict[str, Any]]] = {
    "still to come": ({}, 10, {}),
    "kept for no day": ({"catch_up_days": 0}, -120, {}),
    "too long ago": ({"catch_up_days": 1}, -1600, {}),
    "not allowed by its makers": ({}, -120, {"catch_up": False}),
    "of a channel that nobody records": ({"kind": "external"}, -120, {}),
}


@pytest.mark.parametrize("case", NOT_KEPT)
async def test_what_cannot_be_had_afterwards_is_told_so(
    runtime: Runtime, screen: Screen, case: str
) -> None:
    columns, starts, flags = NOT_KEPT[case]
    defaults = {"kind": "linear", "catch_up_days": 7, "start_over": True}
    channel_id = await make_channel(runtime, **(defaults | columns))
    airing_id = await make_airing(runtime, channel_id, at(starts), 60, **flags)
    assert code_of(await screen.airing(airing_id)) == (409, "not_playable")


async def test_an_airing_that_is_not_for_the_profile_is_not_found(
    runtime: Runtime, child: Screen, channel: UUID
) -> None:
    airing_id = await make_airing(runtime, channel, at(-120), maturity_score=16)
    assert code_of(await child.airing(airing_id)) == (404, "not_found")


async def test_catching_up_minds_no_programme_but_its_own(
    runtime: Runtime, child: Screen, channel: UUID
) -> None:
    airing_id = await make_airing(runtime, channel, at(-120))
    await make_late_film(runtime, channel)
    session_id = (await child.airing(airing_id)).json()["session_id"]
    beat = {"position_seconds": 60, "state": "playing"}
    path = f"/api/v1/viewing/sessions/{session_id}/heartbeat"
    await child.client.post(path, json=beat, headers=child.who.headers)
    await runtime.buffers.flush()
    assert await scalar(runtime, "SELECT end_reason FROM viewing_sessions") is None


async def test_catching_up_is_no_view_of_the_channel(
    runtime: Runtime, screen: Screen, channel: UUID
) -> None:
    airing_id = await make_airing(runtime, channel, at(-120))
    session_id = (await screen.airing(airing_id)).json()["session_id"]
    path = f"/api/v1/viewing/sessions/{session_id}/heartbeat"
    for _ in range(3):
        await execute(
            runtime,
            "UPDATE viewing_sessions SET heartbeat_at = heartbeat_at - interval '40 seconds'",
        )
        beat = {"position_seconds": 60, "state": "playing"}
        await screen.client.post(path, json=beat, headers=screen.who.headers)
        await runtime.buffers.flush()
    assert await scalar(runtime, "SELECT watched_seconds FROM viewing_sessions") > 60
    assert await scalar(runtime, "SELECT count(*) FROM channel_views") == 0


async def test_what_was_blacked_out_cannot_be_had_afterwards(
    runtime: Runtime, screen: Screen, channel: UUID
) -> None:
    airing_id = await make_airing(runtime, channel, at(-120))
    await black_out(runtime, channel, -110, -100, territory="US")
    assert code_of(await screen.airing(airing_id)) == (403, "blackout")


async def test_what_was_sent_before_a_blackout_can_be_had_during_it(
    runtime: Runtime, screen: Screen, channel: UUID
) -> None:
    airing_id = await make_airing(runtime, channel, at(-120))
    await black_out(runtime, channel, -10, 60)
    assert code_of(await screen.channel(channel)) == (403, "blackout")
    answer = await screen.airing(airing_id)
    assert answer.status_code == 201
    path = f"/api/v1/viewing/sessions/{answer.json()['session_id']}/heartbeat"
    beat = {"position_seconds": 60, "state": "playing"}
    await screen.client.post(path, json=beat, headers=screen.who.headers)
    await runtime.buffers.flush()
    assert await scalar(runtime, "SELECT end_reason FROM viewing_sessions") is None


async def test_catching_up_needs_the_package(
    runtime: Runtime, screen: Screen, channel: UUID
) -> None:
    airing_id = await make_airing(runtime, channel, at(-120))
    await carry_channel(runtime, await make_package(runtime), channel)
    assert code_of(await screen.airing(airing_id)) == (402, "not_entitled")
