"""Profiles with viewing limits: refused at the start, stopped by a heartbeat."""

from datetime import datetime
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import execute, scalar
from tests.viewing.progress.makers import Somebody
from tests.viewing.sessions.calls import Player, ask, code_of, start

_LIMIT = """
    INSERT INTO viewing_limits (user_id, profile_id, weekday, minutes)
    SELECT user_id, id, generate_series(0, 6), $1 FROM profiles
"""
_WATCHED = """
    INSERT INTO watch_time (user_id, profile_id, half_hour, watched_id, seconds)
    SELECT user_id, id, date_bin('30 minutes', clock_timestamp(), '2000-01-01+00'), $1, $2
    FROM profiles
"""
OVER = (403, "viewing_limit")


async def limit(runtime: Runtime, minutes: int) -> None:
    """So many minutes each day for everybody."""
    await execute(runtime, _LIMIT, minutes)


async def test_nobody_starts_without_time(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await limit(runtime, 10)
    await execute(runtime, _WATCHED, film, 600)
    answer = await ask(client, ana.headers, film)
    assert code_of(answer) == OVER
    resets_at = datetime.fromisoformat(answer.json()["error"]["details"]["resets_at"])
    assert resets_at > await scalar(runtime, "SELECT clock_timestamp()")


async def test_a_heartbeat_is_told_when_the_time_is_over(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await limit(runtime, 1)
    player = await start(runtime, client, ana.headers, film)
    for position in (40, 80):
        await player.wait(40)
        await player.heard(position)
    answer = await player.beat()
    assert code_of(answer) == OVER
    assert answer.json()["error"]["details"]["resets_at"] is not None
    assert await player.column("end_reason") == "viewing_limit"
    assert await scalar(runtime, "SELECT sum(seconds) FROM watch_time") == 80


async def test_limits_that_are_set_later_stop_what_plays(
    runtime: Runtime, film: UUID, player: Player
) -> None:
    await player.heard()
    await limit(runtime, 0)
    await player.heard()
    assert code_of(await player.beat()) == OVER


async def test_all_devices_share_the_minutes(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await limit(runtime, 1)
    devices = [
        await start(runtime, client, ana.headers, film, device_id=name) for name in ("a", "b")
    ]
    for device in devices:
        await device.wait(40)
        await device.beat(40)
    await runtime.buffers.flush()
    assert [code_of(await device.beat()) for device in devices] == [OVER, OVER]


async def test_the_next_heartbeat_is_due_when_the_time_ends(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await limit(runtime, 1)
    player = await start(runtime, client, ana.headers, film)
    await player.wait(40)
    await player.heard(40)
    assert (await player.beat(40)).json()["next_heartbeat_seconds"] == 20


async def test_another_process_tells_the_same(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    await limit(runtime, 0)
    await execute(
        runtime,
        "UPDATE viewing_sessions SET ended_at = clock_timestamp(), end_reason = 'viewing_limit'",
    )
    assert code_of(await player.beat()) == OVER


@pytest.mark.parametrize("minutes", [0, 60])
async def test_with_limits_nobody_watches_unseen(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, minutes: int
) -> None:
    await limit(runtime, minutes)
    answer = await ask(client, ana.headers, film, incognito=True)
    assert code_of(answer) == (403, "incognito_not_allowed")


async def test_nor_does_a_child(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await execute(runtime, "UPDATE profiles SET kind = 'kids'")
    await client.post(f"/api/v1/profiles/{ana.profile_id}/select", json={}, headers=ana.headers)
    answer = await ask(client, ana.headers, film, incognito=True)
    assert code_of(answer) == (403, "incognito_not_allowed")
