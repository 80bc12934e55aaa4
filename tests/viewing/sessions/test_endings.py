"""How sessions end, and how their players are told."""

from dataclasses import replace
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import PASSWORD, choose_profile, execute, make_profile, scalar, sign_in
from tests.viewing.progress.makers import Somebody
from tests.viewing.sessions.calls import Player, bookmark, code_of, start

ENDS = {
    "taken_over": (409, "stream_taken_over"),
    "not_entitled": (402, "not_entitled"),
    "viewing_limit": (403, "viewing_limit"),
    "gone": (410, "playback_ended"),
    "stopped": (410, "playback_ended"),
    "signed_out": (401, "session_revoked"),
}


@pytest.mark.parametrize("reason", ENDS)
async def test_the_heartbeat_after_an_end_is_told_why(
    runtime: Runtime, player: Player, reason: str
) -> None:
    await player.heard()
    await end_elsewhere(runtime, reason)
    await player.heard()
    assert code_of(await player.beat()) == ENDS[reason]


async def test_the_first_heartbeat_in_a_process_is_told_at_once(
    runtime: Runtime, player: Player
) -> None:
    await end_elsewhere(runtime, "taken_over")
    assert code_of(await player.beat()) == (409, "stream_taken_over")


async def end_elsewhere(runtime: Runtime, reason: str) -> None:
    """Another process ends the session."""
    await execute(
        runtime,
        "UPDATE viewing_sessions SET ended_at = clock_timestamp(), end_reason = $1",
        reason,
    )


async def test_what_comes_after_the_end_is_not_written(runtime: Runtime, player: Player) -> None:
    await player.heard(600)
    await end_elsewhere(runtime, "taken_over")
    await player.heard(700)
    assert await bookmark(runtime) == 600


async def test_heartbeats_may_come_to_different_processes(
    runtime: Runtime, player: Player, elsewhere: tuple[Runtime, AsyncClient]
) -> None:
    other, client = elsewhere
    there = replace(player, client=client)
    await player.wait(40)
    await player.beat(30)
    await there.beat(40)
    await other.buffers.flush()
    await runtime.buffers.flush()
    assert await player.column("watched_seconds") == 40
    assert await player.column("position_seconds") == 40


async def test_a_session_that_another_process_ended_is_over_here(
    player: Player, elsewhere: tuple[Runtime, AsyncClient]
) -> None:
    _, client = elsewhere
    await player.stop()
    there = replace(player, client=client)
    assert code_of(await there.beat()) == (410, "playback_ended")


async def test_a_title_that_disappears_ends_the_session_politely(
    runtime: Runtime, film: UUID, player: Player
) -> None:
    await player.wait(30)
    await execute(runtime, "UPDATE titles SET status = 'takedown' WHERE id = $1", film)
    await player.heard(30)
    answer = await player.beat()
    assert code_of(answer) == (410, "playback_ended")
    assert answer.json()["error"]["details"] == {"reason": "gone"}
    assert await player.column("watched_seconds") == 30


async def test_so_does_one_that_is_deleted(runtime: Runtime, film: UUID, player: Player) -> None:
    await execute(runtime, "DELETE FROM titles WHERE id = $1", film)
    await player.heard()
    assert code_of(await player.beat()) == (410, "playback_ended")


async def test_so_does_one_that_the_profile_may_no_longer_see(
    runtime: Runtime, film: UUID, player: Player
) -> None:
    await execute(runtime, "UPDATE titles SET maturity_score = 18 WHERE id = $1", film)
    await execute(runtime, "UPDATE profiles SET max_maturity = 12")
    await player.heard()
    assert code_of(await player.beat()) == (410, "playback_ended")


async def test_a_device_that_is_signed_out_is_told_so(
    runtime: Runtime, client: AsyncClient, ana: Somebody, player: Player
) -> None:
    await player.heard(600)
    assert (await client.post("/api/v1/auth/logout", headers=ana.headers)).status_code < 300
    await player.heard(700)
    assert code_of(await player.beat()) == (401, "session_revoked")
    assert await player.column("end_reason") == "signed_out"


async def test_a_household_that_is_locked_out_is_too(runtime: Runtime, player: Player) -> None:
    await player.heard()
    await execute(runtime, "UPDATE users SET status = 'disabled'")
    await player.heard()
    assert code_of(await player.beat()) == (401, "session_revoked")


async def test_a_device_that_goes_on_with_another_profile_has_stopped(
    runtime: Runtime, client: AsyncClient, ana: Somebody, player: Player
) -> None:
    await player.heard()
    await choose_profile(client, ana.headers, await make_profile(runtime, ana.user_id, "Bea"))
    await player.heard()
    assert code_of(await player.beat()) == (410, "playback_ended")


async def test_another_device_of_the_profile_may_go_on(
    runtime: Runtime, client: AsyncClient, ana: Somebody, player: Player
) -> None:
    """A telephone that has handed its film to the television."""
    headers = await choose_profile(client, await sign_in(client), ana.profile_id)
    television = replace(player, headers=headers)
    await television.heard(700)
    assert await player.column("position_seconds") == 700


async def test_a_forged_token_has_no_heartbeat(player: Player) -> None:
    await player.heard()
    forged = replace(player, headers={"Authorization": player.headers["Authorization"] + "x"})
    assert code_of(await forged.beat()) == (401, "token_invalid")
    nobody = replace(player, headers={})
    assert code_of(await nobody.beat()) == (401, "not_authenticated")


async def test_a_page_of_another_origin_cannot_beat_with_a_cookie(
    client: AsyncClient, ana: Somebody, player: Player
) -> None:
    login = {"email": "ana@example.com", "password": PASSWORD, "client": "web"}
    ours = {"Origin": "http://testserver"}
    await client.post("/api/v1/auth/login", json=login, headers=ours)
    await choose_profile(client, ours, ana.profile_id)
    assert (await replace(player, headers=ours).beat()).status_code == 200
    theirs = replace(player, headers={"Origin": "https://evil.example.com"})
    assert code_of(await theirs.beat()) == (403, "csrf_failed")


async def test_the_devices_of_a_deleted_child_are_signed_out(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    child = await make_profile(runtime, ana.user_id, "Mia", kind="kids", max_maturity=9)
    tablet = await start_as(runtime, client, child, film)
    answer = await client.delete(f"/api/v1/profiles/{child}", headers=ana.headers)
    assert answer.status_code == 204
    assert code_of(await tablet.beat()) == (401, "session_revoked")


async def test_the_devices_of_a_deleted_profile_choose_another(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    bea = await make_profile(runtime, ana.user_id, "Bea")
    television = await start_as(runtime, client, bea, film)
    await television.beat(600)
    answer = await client.delete(f"/api/v1/profiles/{bea}", headers=ana.headers)
    assert answer.status_code == 204
    await runtime.buffers.flush()
    assert code_of(await television.beat()) == (401, "not_authenticated")
    assert await scalar(runtime, "SELECT count(*) FROM viewing_sessions") == 0


async def start_as(
    runtime: Runtime, client: AsyncClient, profile_id: UUID, title_id: UUID
) -> Player:
    """Another device of the household begins to play with another profile."""
    headers = await choose_profile(client, await sign_in(client), profile_id)
    return await start(runtime, client, headers, title_id, device_id="other")
