"""Who gets a playlist: sessions that live, and may see what is on at this moment."""

import asyncio
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.playback.grid import seconds_at
from matinee.playback.states import SessionStates
from matinee.runtime import Runtime
from tests.epg.makers import at, make_airing
from tests.makers import execute, scalar
from tests.playback.origin.conftest import Player, make_player


async def refused(player: Player, *span: int) -> tuple[int, str]:
    """With which status and code a player is refused."""
    answer = await player.get("v360", *span)
    return answer.status_code, answer.json()["error"]["code"]


def past() -> tuple[int, int]:
    """A quarter of an hour that is over."""
    now = int(datetime.now(UTC).timestamp())
    return now - 3000, now - 2100


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("taken_over", "stream_taken_over"),
        ("stopped_remotely", "stream_stopped"),
        ("not_entitled", "not_entitled"),
        ("viewing_limit", "viewing_limit"),
        ("signed_out", "session_revoked"),
        ("stopped", "playback_ended"),
        ("gone", "playback_ended"),
    ],
)
async def test_a_session_that_has_ended_gets_nothing_more(
    player: Player, reason: str, code: str
) -> None:
    await player.change(f"ended_at = clock_timestamp(), end_reason = '{reason}'")
    assert await refused(player) == (410, code)
    assert await refused(player, *past()) == (410, code)


async def test_a_session_that_fell_silent_gets_nothing_until_it_is_heard_again(
    player: Player,
) -> None:
    await player.change("lease_until = clock_timestamp() - interval '1 second'")
    assert await refused(player) == (410, "playback_ended")


async def test_a_session_that_is_not_there_gets_nothing(runtime: Runtime, player: Player) -> None:
    await execute(runtime, "DELETE FROM viewing_sessions")
    assert await refused(player) == (410, "playback_ended")


async def test_an_end_reaches_a_player_within_a_second(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await player.get("v360")).status_code == 200
    await player.change("ended_at = clock_timestamp(), end_reason = 'taken_over'")
    monkeypatch.setattr("matinee.playback.states.time.monotonic", later_by(1.01))
    assert await refused(player) == (410, "stream_taken_over")


def later_by(seconds: float) -> Callable[[], float]:
    """A clock that is so far ahead."""
    now = time.monotonic()
    return lambda: now + seconds


async def test_a_blackout_stops_what_is_live(runtime: Runtime, player: Player) -> None:
    await black_out(runtime, player.subject, "US")
    now = int(datetime.now(UTC).timestamp())
    assert await refused(player) == (403, "blackout")
    assert await refused(player, now - 600, now + 600) == (403, "blackout")
    assert (await player.get("v360", *past())).status_code == 200


@pytest.mark.parametrize("columns", ["max_maturity = 12", "blocked_tags = '{gore}'"])
async def test_nobody_looks_back_at_what_he_may_not_see(
    runtime: Runtime, player: Player, columns: str
) -> None:
    await execute(runtime, f"UPDATE profiles SET {columns}")
    hidden = {"maturity_score": 16, "genres": ["Gore"]}
    begin = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=62)
    await make_airing(runtime, player.subject, begin, 60, "Thriller", **hidden)
    await make_airing(runtime, player.subject, begin + timedelta(hours=1), title="Cartoon")
    assert await first_shown(player) == begin + timedelta(hours=1)


async def test_what_a_pin_opened_can_be_looked_back_at(runtime: Runtime, player: Player) -> None:
    await execute(runtime, "UPDATE profiles SET max_maturity = 12")
    begin = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=62)
    await make_airing(runtime, player.subject, begin, 60, "Thriller", maturity_score=16)
    await execute(
        runtime, "UPDATE viewing_sessions SET unlocked_until = $1", begin + timedelta(hours=1)
    )
    await make_airing(runtime, player.subject, begin + timedelta(hours=1), title="Cartoon")
    assert await first_shown(player) < begin + timedelta(hours=1)


async def test_nobody_looks_back_into_a_blackout(runtime: Runtime, player: Player) -> None:
    await black_out(runtime, player.subject, "US")
    end = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
    sql = "UPDATE blackouts SET starts_at = $1, ends_at = $2"
    await execute(runtime, sql, end - timedelta(hours=1), end)
    assert await first_shown(player) == end


async def first_shown(player: Player) -> datetime:
    """When the first segment of the live playlist was sent."""
    playlist = (await player.get("v360")).text
    found = re.search("MEDIA-SEQUENCE:([0-9]+)", playlist)
    assert found, playlist
    return datetime.fromtimestamp(seconds_at(int(found[1])), UTC)


async def test_a_blackout_elsewhere_stops_nobody_here(runtime: Runtime, player: Player) -> None:
    await black_out(runtime, player.subject, "CA")
    assert (await player.get("v360")).status_code == 200


async def black_out(runtime: Runtime, channel_id: UUID, territory: str) -> None:
    """Nobody may watch a channel there, from a minute ago on."""
    await execute(
        runtime,
        "INSERT INTO blackouts (channel_id, territory, starts_at, ends_at, reason)"
        " VALUES ($1, $2, $3, $4, 'rights')",
        channel_id,
        territory,
        at(-1),
        at(10),
    )


async def test_a_programme_above_the_ceiling_stops_what_is_live_only(
    runtime: Runtime, player: Player
) -> None:
    await execute(runtime, "UPDATE profiles SET max_maturity = 12")
    await make_airing(runtime, player.subject, at(-1), title="Thriller", maturity_score=16)
    assert await refused(player) == (403, "parental_blocked")
    assert (await player.get("v360", *past())).status_code == 200


async def test_a_pin_opens_it_until_the_programme_ends(runtime: Runtime, player: Player) -> None:
    await execute(runtime, "UPDATE profiles SET max_maturity = 12")
    await make_airing(runtime, player.subject, at(-1), title="Thriller", maturity_score=16)
    await player.change("unlocked_until = clock_timestamp() + interval '1 minute'")
    assert (await player.get("v360")).status_code == 200


async def test_it_is_looked_at_again_when_the_next_programme_begins(
    runtime: Runtime, player: Player
) -> None:
    await execute(runtime, "UPDATE profiles SET max_maturity = 12")
    await make_airing(runtime, player.subject, at(-30), 29.99, title="Cartoon", maturity_score=0)
    await make_airing(runtime, player.subject, at(-0.01), 60, title="Thriller", maturity_score=16)
    assert await refused(player) == (403, "parental_blocked")


async def test_a_hidden_channel_plays_no_more(runtime: Runtime, player: Player) -> None:
    await execute(runtime, "UPDATE channels SET status = 'hidden'")
    assert await refused(player) == (410, "playback_ended")


async def test_whoever_asks_at_the_same_time_shares_a_statement(
    runtime: Runtime, device: AsyncClient, channel: UUID
) -> None:
    players = [
        await make_player(runtime, device, f"{number}@example.com", channel_id=channel)
        for number in range(20)
    ]
    await players[7].change("ended_at = clock_timestamp(), end_reason = 'taken_over'")
    states = SessionStates(runtime.database)
    before = runtime.metrics.statements._value.get()
    found = await asyncio.gather(
        *(states.get(one.user_id, one.session_id) for one in [*players, *players])
    )
    assert runtime.metrics.statements._value.get() - before == 1
    assert [one.end_reason for one in found[:20]] == [None] * 7 + ["taken_over"] + [None] * 12


async def test_nobody_uses_the_session_of_another_household(
    runtime: Runtime, device: AsyncClient, channel: UUID, player: Player
) -> None:
    other = await make_player(runtime, device, "bob@example.com", channel_id=channel)
    other.session_id = player.session_id
    assert await refused(other) == (410, "playback_ended")


async def test_a_reload_does_not_renew_the_lease(runtime: Runtime, player: Player) -> None:
    lease = "SELECT lease_until FROM viewing_sessions"
    before = await scalar(runtime, lease)
    assert (await player.get("v360")).status_code == 200
    assert await scalar(runtime, lease) == before
