"""What becomes of a session whose right ends while it plays (A7)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from matinee.core.settings import Settings
from matinee.runtime import Runtime
from matinee.viewing.sessions.rights import play_until, warning
from tests.entitlements.makers import carry, grant_package, grant_title, make_offer, make_package
from tests.makers import execute, scalar
from tests.viewing.progress.makers import Somebody
from tests.viewing.sessions.calls import LENGTH, Player, ask, code_of, start

END = datetime(2026, 11, 25, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"unsold_titles": "locked"})


@pytest.mark.parametrize(
    ("until", "remaining", "mode", "expected"),
    [
        (None, 5400, "finish", None),
        (None, 5400, "hard", None),
        (END, 5400, "hard", END),
        (END, 0, "finish", END + 15 * MINUTE),
        (END, 5400, "finish", END + 90 * MINUTE + 15 * MINUTE),
        (END, 4 * 3600, "finish", END + 4 * HOUR),
        (END, None, "finish", END + 4 * HOUR),
    ],
)
def test_a_session_ends(
    until: datetime | None, remaining: int | None, mode: str, expected: datetime | None
) -> None:
    assert play_until(until, remaining, "hard" if mode == "hard" else "finish") == expected


@given(st.one_of(st.none(), st.integers(0, 604_800)))
def test_finishing_takes_at_least_the_slack_and_at_most_four_hours(remaining: int | None) -> None:
    ends = play_until(END, remaining, "finish")
    assert ends is not None
    assert END + 15 * MINUTE <= ends <= END + 4 * HOUR
    if remaining is not None:
        assert ends >= min(END + timedelta(seconds=remaining), END + 4 * HOUR)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (timedelta(minutes=15, microseconds=1), None),
        (timedelta(minutes=15), "ends_in_15_minutes"),
        (timedelta(minutes=5, microseconds=1), "ends_in_15_minutes"),
        (timedelta(minutes=5), "ends_in_5_minutes"),
        (timedelta(0), "ends_in_5_minutes"),
    ],
)
def test_a_player_is_warned(before: timedelta, expected: str | None) -> None:
    assert warning(END, END - before) == expected


def test_without_an_end_nobody_is_warned() -> None:
    assert warning(None, END) is None


@pytest.fixture
async def grant(runtime: Runtime, ana: Somebody, film: UUID) -> UUID:
    """A package that carries the film, for an hour more."""
    package_id = await make_package(runtime)
    await carry(runtime, package_id, film)
    until = datetime.now(UTC) + HOUR
    return await grant_package(runtime, ana.user_id, package_id, expires_at=until)


@pytest.fixture
async def player(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, grant: UUID
) -> Player:
    return await start(runtime, client, ana.headers, film)


async def pass_by(runtime: Runtime, minutes: float) -> None:
    """So many minutes pass for grants and sessions, which keep their leases."""
    await execute(
        runtime,
        "UPDATE user_entitlements SET starts_at = starts_at - $1 * interval '1 minute',"
        " expires_at = expires_at - $1 * interval '1 minute'",
        minutes,
    )
    await execute(
        runtime,
        "UPDATE viewing_sessions SET play_until = play_until - $1 * interval '1 minute',"
        " entitled_until = entitled_until - $1 * interval '1 minute',"
        " heartbeat_at = heartbeat_at - $1 * interval '1 minute'",
        minutes,
    )


async def test_a_session_knows_how_long_it_may_go_on(player: Player) -> None:
    until = await player.column("entitled_until")
    assert await player.column("play_until") == until + timedelta(seconds=LENGTH) + 15 * MINUTE


async def test_who_watches_when_the_right_ends_may_finish(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    await pass_by(runtime, 61)
    await player.heard()
    answer = await player.beat()
    assert (answer.status_code, answer.json()["warning"]) == (200, None)
    assert code_of(await ask(client, ana.headers, film, device_id="b")) == (402, "not_entitled")


async def test_players_are_warned_of_the_end(runtime: Runtime, player: Player) -> None:
    ends_at = await player.column("play_until") - 155 * MINUTE
    await pass_by(runtime, 155)
    await player.heard()
    heard = (await player.beat()).json()
    assert heard["warning"] == "ends_in_15_minutes"
    assert datetime.fromisoformat(heard["ends_at"]) == ends_at
    await pass_by(runtime, 6)
    await player.heard()
    assert (await player.beat()).json()["warning"] == "ends_in_5_minutes"


async def test_the_last_heartbeat_is_asked_for_when_it_ends(
    runtime: Runtime, player: Player
) -> None:
    await pass_by(runtime, 164.8)
    await player.heard()
    assert 1 <= (await player.beat()).json()["next_heartbeat_seconds"] <= 12


async def test_then_it_is_over(runtime: Runtime, player: Player) -> None:
    await pass_by(runtime, 166)
    await player.heard()
    assert code_of(await player.beat()) == (402, "not_entitled")
    assert await player.column("end_reason") == "not_entitled"
    assert await scalar(runtime, "SELECT count(*) FROM stream_slots") == 0


async def test_a_renewal_lets_it_go_on_without_a_warning(
    runtime: Runtime, grant: UUID, player: Player
) -> None:
    await pass_by(runtime, 155)
    await execute(runtime, "UPDATE user_entitlements SET expires_at = expires_at + '31 days'")
    await player.heard()
    assert (await player.beat()).json()["warning"] is None
    until = await scalar(runtime, "SELECT expires_at FROM user_entitlements")
    assert await player.column("entitled_until") == until
    assert await player.column("play_until") > until


async def test_so_does_one_at_the_last_moment(runtime: Runtime, player: Player) -> None:
    await pass_by(runtime, 166)
    await execute(runtime, "UPDATE user_entitlements SET expires_at = expires_at + '31 days'")
    await player.heard()
    assert (await player.beat()).status_code == 200


_REVOKE = """
    UPDATE user_entitlements SET revoked_at = clock_timestamp(), revoke_reason = 'refunded'
    WHERE id = $1
"""


async def test_what_is_taken_back_ends_with_the_next_heartbeat(
    runtime: Runtime, grant: UUID, player: Player
) -> None:
    await execute(runtime, _REVOKE, grant)
    await player.heard()
    assert code_of(await player.beat()) == (402, "not_entitled")


async def test_another_right_takes_over_from_one_that_is_taken_back(
    runtime: Runtime, ana: Somebody, film: UUID, grant: UUID, player: Player
) -> None:
    bought = await grant_title(runtime, ana.user_id, film)
    await execute(runtime, _REVOKE, grant)
    await player.heard()
    assert (await player.beat()).status_code == 200
    assert await player.column("grant_id") == bought
    assert await player.column("access_via") == "buy"
    assert await player.column("play_until") is None


async def test_no_rental_is_begun_while_something_plays(
    runtime: Runtime, ana: Somebody, film: UUID, grant: UUID, player: Player
) -> None:
    await make_offer(runtime, film)
    rental = await grant_title(runtime, ana.user_id, film, "rent")
    await execute(runtime, _REVOKE, grant)
    await player.heard()
    assert code_of(await player.beat()) == (402, "not_entitled")
    played = "SELECT first_played_at FROM user_entitlements WHERE id = $1"
    assert await scalar(runtime, played, rental) is None


async def test_a_right_that_is_cut_short_may_be_finished(
    runtime: Runtime, grant: UUID, player: Player
) -> None:
    await execute(runtime, "UPDATE user_entitlements SET expires_at = clock_timestamp()")
    await player.heard(LENGTH - 60)
    assert (await player.beat()).status_code == 200
    until = await scalar(runtime, "SELECT expires_at FROM user_entitlements")
    assert await player.column("play_until") == until + 16 * MINUTE


async def test_where_the_operator_wants_it_hard_it_ends_at_once(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, grant: UUID
) -> None:
    runtime.settings = runtime.settings.model_copy(update={"expired_playback": "hard"})
    player = await start(runtime, client, ana.headers, film)
    assert await player.column("play_until") == await player.column("entitled_until")
    await pass_by(runtime, 61)
    await player.heard()
    assert code_of(await player.beat()) == (402, "not_entitled")


async def test_what_was_bought_has_no_end(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await grant_title(runtime, ana.user_id, film)
    player = await start(runtime, client, ana.headers, film)
    assert await player.column("play_until") is None
