"""Stopping: stored at once, once, whatever else happens at the same time."""

import asyncio
from dataclasses import replace

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import make_profile, scalar
from tests.viewing.progress.makers import Somebody
from tests.viewing.sessions.calls import LENGTH, Player, bookmark, code_of


async def test_a_stop_is_stored_when_it_is_answered(runtime: Runtime, player: Player) -> None:
    await player.wait(30)
    assert (await player.stop(700)).status_code == 204
    assert await bookmark(runtime) == 700
    assert await player.column("watched_seconds") == 30
    assert await player.column("end_reason") == "stopped"
    assert await player.column("lease_until <= clock_timestamp()")


async def test_a_stop_may_say_nothing(runtime: Runtime, player: Player) -> None:
    await player.heard(700)
    assert (await player.stop()).status_code == 204
    assert await bookmark(runtime) == 700


async def test_a_stop_beyond_the_end_is_at_the_end(player: Player) -> None:
    await player.stop(LENGTH * 2)
    assert await player.column("position_seconds") == LENGTH


async def test_stopping_twice_is_fine_and_changes_nothing(runtime: Runtime, player: Player) -> None:
    await player.stop(700)
    assert (await player.stop(100)).status_code == 204
    assert await bookmark(runtime) == 700
    assert await scalar(runtime, "SELECT count(*) FROM play_events WHERE kind = 'stop'") == 1


async def test_after_a_stop_no_heartbeat_is_heard(player: Player) -> None:
    await player.beat()
    await player.stop()
    assert code_of(await player.beat()) == (410, "playback_ended")


async def test_what_was_heard_before_the_stop_does_not_move_it_back(
    runtime: Runtime, player: Player
) -> None:
    await player.beat(600)
    await player.stop(700)
    await runtime.buffers.flush()
    assert await bookmark(runtime) == 700


async def test_two_heartbeats_at_once_count_once(runtime: Runtime, player: Player) -> None:
    await player.wait(30)
    answers = await asyncio.gather(player.beat(30), player.beat(30))
    assert {answer.status_code for answer in answers} == {200}
    await runtime.buffers.flush()
    assert await player.column("watched_seconds") == 30


async def test_two_processes_that_write_at_once_count_once(
    runtime: Runtime, elsewhere: tuple[Runtime, AsyncClient], player: Player
) -> None:
    other, client = elsewhere
    await player.wait(40)
    await asyncio.gather(player.beat(90), replace(player, client=client).beat(90))
    await asyncio.gather(runtime.buffers.flush(), other.buffers.flush())
    assert await player.column("watched_seconds") == 40
    assert await scalar(runtime, "SELECT sum(seconds) FROM watch_time") == 40
    assert await bookmark(runtime) == 90


async def test_a_stop_amid_heartbeats_and_writes_ends_the_session_for_good(
    runtime: Runtime, player: Player
) -> None:
    await player.wait(40)
    await player.beat(80)
    stopped, *beats, _ = await asyncio.gather(
        player.stop(100), *(player.beat(90) for _ in range(10)), runtime.buffers.flush()
    )
    assert stopped.status_code == 204
    assert {answer.status_code for answer in beats} <= {200, 410}
    await runtime.buffers.flush()
    assert await player.column("end_reason") == "stopped"
    assert await player.column("watched_seconds") == 40
    assert await scalar(runtime, "SELECT sum(seconds) FROM watch_time") == 40
    assert code_of(await player.beat()) == (410, "playback_ended")


async def test_a_write_amid_stops_is_made_once(runtime: Runtime, player: Player) -> None:
    await player.wait(40)
    await player.beat(80)
    answers = await asyncio.gather(
        *(player.stop(100) for _ in range(5)), runtime.buffers.flush(), return_exceptions=True
    )
    assert [answer.status_code for answer in answers if answer is not None] == [204] * 5
    assert await player.column("watched_seconds") == 40
    assert await bookmark(runtime) == 100
    assert await scalar(runtime, "SELECT count(*) FROM play_events WHERE kind = 'stop'") == 1


async def test_a_write_amid_the_end_of_a_profile_leaves_nothing(
    runtime: Runtime, client: AsyncClient, ana: Somebody, player: Player
) -> None:
    await make_profile(runtime, ana.user_id, "Bea")
    await player.beat(600)
    deleted, _ = await asyncio.gather(
        client.delete(f"/api/v1/profiles/{ana.profile_id}", headers=ana.headers),
        runtime.buffers.flush(),
    )
    assert deleted.status_code == 204
    await runtime.buffers.flush()
    for table in ("viewing_sessions", "bookmarks", "watch_time", "profile_signals"):
        assert await scalar(runtime, f"SELECT count(*) FROM {table}") == 0
