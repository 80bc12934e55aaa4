"""Heartbeats: heard at once, written a moment later, and told when the session has ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from matinee.core.ratelimit import HEARTBEATS
from matinee.core.settings import Settings
from matinee.runtime import Runtime
from tests.makers import scalar
from tests.viewing.makers import counted, kinds_of
from tests.viewing.progress.makers import Somebody, make_somebody
from tests.viewing.sessions.calls import LENGTH, Player, bookmark, code_of, start


async def test_a_heartbeat_moves_the_bookmark(runtime: Runtime, player: Player) -> None:
    await player.heard(600)
    assert await bookmark(runtime) == 600


async def test_a_heartbeat_renews_the_lease(player: Player) -> None:
    before = await player.column("lease_until")
    await player.heard()
    assert await player.column("lease_until") > before


async def test_a_heartbeat_is_told_when_the_next_is_due(player: Player) -> None:
    answer = (await player.beat()).json()
    lasts = moment(answer["expires_at"]) - moment(answer["server_time"])
    assert (answer["next_heartbeat_seconds"], lasts) == (30, timedelta(seconds=90))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_time_between_heartbeats_is_watched_time(runtime: Runtime, player: Player) -> None:
    await player.wait(30)
    await player.heard(30)
    assert await player.column("watched_seconds") == 30
    assert await scalar(runtime, "SELECT sum(seconds) FROM watch_time") == 30
    assert await scalar(runtime, "SELECT watched_seconds FROM bookmarks") == 30


async def test_pauses_are_not_watched_time(runtime: Runtime, player: Player) -> None:
    await player.heard(0, "paused")
    await player.wait(30)
    await player.heard(0, "paused")
    assert await scalar(runtime, "SELECT count(*) FROM watch_time") == 0


async def test_several_heartbeats_in_one_write_count_once(runtime: Runtime, player: Player) -> None:
    await player.wait(30)
    for position in (28, 29, 30):
        await player.beat(position)
    await runtime.buffers.flush()
    assert await player.column("watched_seconds") == 30
    assert await bookmark(runtime) == 0
    assert await player.column("position_seconds") == 30


async def test_a_position_beyond_the_end_is_the_end(runtime: Runtime, player: Player) -> None:
    await player.heard(LENGTH + 500)
    assert await player.column("position_seconds") == LENGTH
    assert await scalar(runtime, "SELECT finished FROM bookmarks")


WRONG: dict[str, dict[str, Any]] = {
    "a negative position": {"position_seconds": -1},
    "a position of years": {"position_seconds": 10**9},
    "a position that is no number": {"position_seconds": "NaN"},
    "a position that is true": {"position_seconds": True},
    "no position": {"position_seconds": None},
    "an unknown state": {"state": "asleep"},
    "an unknown field": {"volume": 11},
    "a language that is none": {"audio_language": "Klingon"},
    "a moment without an offset": {"at": "2026-03-14T12:00:00"},
    "a moment that is a number": {"at": 1_700_000_000},
    "a bitrate below nothing": {"bitrate": -1},
    "an error with a NUL": {"error_code": "\0"},
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_is_wrong_is_refused_and_changes_nothing(
    runtime: Runtime, player: Player, case: str
) -> None:
    body = {"position_seconds": 60, "state": "playing"} | WRONG[case]
    answer = await player.client.post(
        f"/api/v1/viewing/sessions/{player.session_id}/heartbeat", json=body, headers=player.headers
    )
    assert answer.status_code == 422
    [field] = WRONG[case]
    assert answer.json()["error"]["field"] == field
    await runtime.buffers.flush()
    assert await player.column("position_seconds") == 0


@pytest.mark.parametrize("body", [None, [], "text", 7])
async def test_a_body_that_is_no_object_is_refused(player: Player, body: Any) -> None:
    answer = await player.client.post(
        f"/api/v1/viewing/sessions/{player.session_id}/heartbeat", json=body, headers=player.headers
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("session_id", ["x", "0", str(UUID(int=7))])
async def test_a_session_that_does_not_exist_has_no_heartbeat(
    client: AsyncClient, ana: Somebody, session_id: str
) -> None:
    body = {"position_seconds": 60, "state": "playing"}
    answer = await client.post(
        f"/api/v1/viewing/sessions/{session_id}/heartbeat", json=body, headers=ana.headers
    )
    assert answer.status_code == (404 if len(session_id) > 1 else 422)


async def test_of_heartbeats_out_of_order_the_latest_client_time_wins(
    runtime: Runtime, player: Player
) -> None:
    await player.heard(300, at="2020-01-01T00:01:00Z")
    await player.heard(200, at="2020-01-01T00:00:30Z")
    assert await bookmark(runtime) == 300
    assert await player.column("position_seconds") == 300


async def test_in_one_write_too(runtime: Runtime, player: Player) -> None:
    await player.beat(300, at="2020-01-01T00:01:00Z")
    await player.beat(200, at="2020-01-01T00:00:30Z")
    await runtime.buffers.flush()
    assert await bookmark(runtime) == 300


async def test_how_well_it_plays_goes_to_the_events(runtime: Runtime, player: Player) -> None:
    figures = {
        "startup_ms": 800,
        "rebuffer_ms": 250,
        "bitrate": 4_000_000,
        "dropped_frames": 3,
        "error_code": "MEDIA_ERR_DECODE",
    }
    await player.heard(90, **figures)
    async with runtime.database.read() as tx:
        row = await tx.one("SELECT * FROM play_events WHERE kind = 'error' -- cross-user")
    assert row is not None
    assert {name: row[name] for name in figures} == figures
    assert (row["position_seconds"], row["device_kind"], row["territory"]) == (90, "app", "US")


async def test_reaching_the_end_is_an_event_once(runtime: Runtime, player: Player) -> None:
    await player.heard(LENGTH)
    await player.heard(LENGTH)
    kinds = await scalar(runtime, "SELECT array_agg(kind ORDER BY at, id) FROM play_events")
    assert kinds == ["start", "finish", "progress"]


async def test_what_was_watched_becomes_a_signal(
    runtime: Runtime, ana: Somebody, film: UUID, player: Player
) -> None:
    await player.heard(LENGTH // 2)
    assert await kinds_of(runtime, ana.profile_id) == {film: "watched"}


async def test_a_session_of_another_profile_is_not_found(
    runtime: Runtime, client: AsyncClient, ana: Somebody, player: Player
) -> None:
    other = await make_somebody(runtime, client, "bea@example.com")
    body = {"position_seconds": 60, "state": "playing"}
    for address in (f"{player.session_id}/heartbeat", f"{player.session_id}/stop"):
        path = f"/api/v1/viewing/sessions/{address}"
        answer = await client.post(
            path, json=body if "heartbeat" in address else {}, headers=other.headers
        )
        assert code_of(answer) == (404, "not_found")


async def test_incognito_leaves_nothing_behind(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    player = await start(runtime, client, ana.headers, film, incognito=True)
    await player.wait(30)
    await player.heard(LENGTH)
    await player.stop(LENGTH)
    for table in ("bookmarks", "profile_signals", "watch_time", "play_events"):
        assert await scalar(runtime, f"SELECT count(*) FROM {table}") == 0


async def test_a_play_is_announced_once_after_two_minutes(
    runtime: Runtime, ana: Somebody, film: UUID, player: Player
) -> None:
    announced = "SELECT args->'plays' FROM procrastinate_jobs WHERE args ? 'plays'"
    for position in (40, 80, 120, 160):
        await player.wait(40)
        await player.heard(position)
        if position == 80:
            assert await scalar(runtime, announced) is None
    [play] = await scalar(runtime, announced)
    assert play == {
        "user_id": str(ana.user_id),
        "profile_id": str(ana.profile_id),
        "session_id": str(player.session_id),
        "title_id": str(film),
        "territory": "US",
    }
    assert await scalar(runtime, f"SELECT count(*) FROM ({announced}) AS found") == 1


async def test_a_write_takes_as_many_statements_for_many_sessions_as_for_one(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    others = [
        await start(runtime, client, ana.headers, film, device_id=f"device-{number}")
        for number in range(5)
    ]
    await player.wait(30)
    one = await statements_of(runtime, [player], 1000)
    for each in (player, *others):
        await each.wait(30)
    assert await statements_of(runtime, [player, *others], 5000) == one


async def statements_of(runtime: Runtime, players: Sequence[Player], position: int) -> int:
    for each in players:
        assert (await each.beat(position)).status_code == 200
    with counted(runtime) as statements:
        await runtime.buffers.flush()
    return len(statements)


async def test_a_heartbeat_itself_asks_the_database_nothing(
    runtime: Runtime, player: Player
) -> None:
    await player.beat()
    with counted(runtime) as statements:
        await player.beat()
    assert len(statements) == 0


async def test_heartbeats_are_limited_by_session(
    settings: Settings, runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    first = await start(runtime, client, ana.headers, film)
    second = await start(runtime, client, ana.headers, film, device_id="tablet")
    runtime.settings = settings.model_copy(update={"rate_limits_enabled": True})
    answers = [await first.beat() for _ in range(HEARTBEATS.amount + 1)]
    assert [answer.status_code for answer in answers] == [200] * HEARTBEATS.amount + [429]
    assert (await second.beat()).status_code == 200


def test_it_is_documented_like_any_other(app: FastAPI) -> None:
    path = "/api/v1/viewing/sessions/{viewing_session_id}/heartbeat"
    operation = app.openapi()["paths"][path]["post"]
    assert operation["requestBody"]["required"]
    assert {"200", "402", "403", "404", "409", "410", "422", "429"} <= operation["responses"].keys()
