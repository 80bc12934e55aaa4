"""Sessions of channels as they go on: what is counted, and what ends them."""

from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.entitlements.makers import grant_package, make_package
from tests.epg.makers import at, black_out, carry_channel, make_airing, make_channel
from tests.makers import execute, scalar
from tests.viewing.makers import counted
from tests.viewing.progress.makers import Somebody, make_somebody
from tests.viewing.sessions.calls import Player, code_of, watch_channel


@pytest.fixture
async def channel(runtime: Runtime) -> UUID:
    return await make_channel(runtime)


@pytest.fixture
async def watching(runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID) -> Player:
    """Ana's television, which shows the channel."""
    return await watch_channel(runtime, client, ana.headers, channel)


async def watched(player: Player, seconds: int) -> None:
    """So many seconds of television, in heartbeats of 30 at most."""
    while seconds > 0:
        step = min(seconds, 30)
        await player.wait(step)
        await player.heard()
        seconds -= step


async def views(runtime: Runtime) -> int | None:
    seconds: int | None = await scalar(runtime, "SELECT sum(seconds)::int FROM channel_views")
    return seconds


async def test_time_in_front_of_a_channel_is_live_time(
    runtime: Runtime, watching: Player, channel: UUID
) -> None:
    await watched(watching, 30)
    found = await scalar(runtime, "SELECT ROW(watched_id, live, seconds) FROM watch_time")
    assert found == (channel, True, 30)
    assert await scalar(runtime, "SELECT count(*) FROM bookmarks") == 0


async def test_zapping_is_no_view(runtime: Runtime, watching: Player) -> None:
    await watched(watching, 59)
    assert await views(runtime) is None


async def test_from_a_minute_on_all_of_it_is_one(runtime: Runtime, watching: Player) -> None:
    await watched(watching, 60)
    assert await views(runtime) == 60
    await watched(watching, 45)
    assert await views(runtime) == 105
    day = await scalar(runtime, "SELECT day FROM channel_views")
    assert day == (await watching.column("heartbeat_at")).date()


async def test_views_add_up_over_sessions(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID, watching: Player
) -> None:
    await watched(watching, 60)
    again = await watch_channel(runtime, client, ana.headers, channel)
    await watched(again, 30)
    assert await views(runtime) == 60
    await watched(again, 60)
    assert await views(runtime) == 150


@pytest.mark.parametrize("which", ["it", "everything"])
async def test_it_can_be_forgotten(
    runtime: Runtime,
    client: AsyncClient,
    ana: Somebody,
    channel: UUID,
    watching: Player,
    which: str,
) -> None:
    await watched(watching, 60)
    await watching.stop()
    path = f"/api/v1/viewing/history/{channel}" if which == "it" else "/api/v1/viewing/history"
    answer = await client.delete(path, headers=ana.headers)
    assert answer.status_code == 204
    left = (
        "SELECT (SELECT count(*) FROM {}) + (SELECT count(*) FROM {}) + (SELECT count(*) FROM {})"
    )
    tables = ("channel_views", "play_events", "viewing_sessions")
    assert await scalar(runtime, left.format(*tables)) == 0


async def test_incognito_leaves_nothing(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    player = await watch_channel(runtime, client, ana.headers, channel, incognito=True)
    await watched(player, 90)
    assert await views(runtime) is None
    assert await scalar(runtime, "SELECT count(*) FROM watch_time") == 0
    assert await scalar(runtime, "SELECT count(*) FROM play_events") == 0


async def test_flushing_many_is_as_many_statements_as_flushing_one(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID, watching: Player
) -> None:
    players, counts = [watching], []
    for email in ("bea@example.com", "cy@example.com"):
        other = await make_somebody(runtime, client, email)
        players.append(await watch_channel(runtime, client, other.headers, channel))
    for several in (players[:1], players):
        for player in several:
            await watched(player, 60)
        for player in several:
            await player.wait(30)
            await player.beat()
        with counted(runtime) as statements:
            await runtime.buffers.flush()
        counts.append(len(statements))
    assert counts == [6, 6]


async def test_a_blackout_ends_it(runtime: Runtime, watching: Player, channel: UUID) -> None:
    await black_out(runtime, channel)
    await watching.heard()
    assert await watching.column("end_reason") == "blackout"
    assert code_of(await watching.beat()) == (403, "blackout")
    assert await scalar(runtime, "SELECT count(*) FROM stream_slots") == 0


async def test_a_blackout_elsewhere_does_not(
    runtime: Runtime, watching: Player, channel: UUID
) -> None:
    await black_out(runtime, channel, territory="DE")
    await watching.heard()
    assert await watching.column("end_reason") is None


async def test_a_channel_that_is_taken_off_ends(runtime: Runtime, watching: Player) -> None:
    await execute(runtime, "UPDATE channels SET status = 'hidden'")
    await watching.heard()
    assert await watching.column("end_reason") == "gone"


async def test_a_programme_that_is_not_for_the_profile_ends_it(
    runtime: Runtime, client: AsyncClient, channel: UUID
) -> None:
    child = await make_somebody(runtime, client, "child@example.com", max_maturity=12)
    player = await watch_channel(runtime, client, child.headers, channel)
    await player.heard()
    assert await player.column("end_reason") is None
    await make_airing(runtime, channel, at(-0.1), maturity_score=16)
    await player.heard()
    assert await player.column("end_reason") == "parental_blocked"
    assert code_of(await player.beat()) == (403, "parental_blocked")


async def test_what_a_pin_has_opened_goes_on_until_then(
    runtime: Runtime, client: AsyncClient, channel: UUID
) -> None:
    child = await make_somebody(runtime, client, "child@example.com", max_maturity=12)
    player = await watch_channel(runtime, client, child.headers, channel)
    await make_airing(runtime, channel, at(-0.1), maturity_score=16)
    await execute(runtime, "UPDATE viewing_sessions SET unlocked_until = now() + interval '1 hour'")
    await player.heard()
    assert await player.column("end_reason") is None
    await execute(runtime, "UPDATE viewing_sessions SET unlocked_until = now()")
    await player.heard()
    assert await player.column("end_reason") == "parental_blocked"


@pytest.fixture
async def subscribed(runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID) -> Player:
    """Ana's television, which shows the channel by a package."""
    package_id = await make_package(runtime)
    await carry_channel(runtime, package_id, channel)
    await grant_package(runtime, ana.user_id, package_id, expires_at=at(300))
    return await watch_channel(runtime, client, ana.headers, channel)


async def test_a_package_that_was_taken_back_ends_it(runtime: Runtime, subscribed: Player) -> None:
    await execute(
        runtime, "UPDATE user_entitlements SET revoked_at = now(), revoke_reason = 'admin'"
    )
    await subscribed.heard()
    assert await subscribed.column("end_reason") == "not_entitled"


async def test_a_package_that_ended_ends_it_at_once(runtime: Runtime, subscribed: Player) -> None:
    """A film may be seen to its end; television has none."""
    await execute(runtime, "UPDATE user_entitlements SET expires_at = now()")
    await subscribed.heard()
    assert await subscribed.column("end_reason") == "not_entitled"


async def test_a_renewed_package_lets_it_go_on(runtime: Runtime, subscribed: Player) -> None:
    await execute(runtime, "UPDATE viewing_sessions SET play_until = now()")
    renewed = at(900)
    await execute(runtime, "UPDATE user_entitlements SET expires_at = $1", renewed)
    await subscribed.heard()
    assert await subscribed.column("end_reason") is None
    assert await subscribed.column("play_until") == renewed


async def test_a_channel_that_left_the_package_ends_within_a_quarter_of_an_hour(
    runtime: Runtime, subscribed: Player
) -> None:
    await execute(runtime, "UPDATE package_channels SET territory = 'DE'")
    await subscribed.heard()
    assert await subscribed.column("end_reason") is None
    await execute(
        runtime,
        "UPDATE viewing_sessions SET started_at = started_at - $1::interval,"
        " heartbeat_at = heartbeat_at - interval '30 seconds'",
        timedelta(minutes=15),
    )
    await subscribed.heard()
    assert await subscribed.column("end_reason") == "not_entitled"


async def test_the_end_of_a_planned_blackout_is_told_apart(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    blackout = await black_out(runtime, channel, 10, 60)
    player = await watch_channel(runtime, client, ana.headers, channel)
    answer = (await player.beat()).json()
    assert answer["warning"] == "ends_in_15_minutes"
    await execute(runtime, "DELETE FROM blackouts WHERE id = $1", blackout)
    await execute(runtime, "UPDATE viewing_sessions SET play_until = now()")
    await player.heard()
    assert await player.column("end_reason") is None
    assert await player.column("play_until") is None
