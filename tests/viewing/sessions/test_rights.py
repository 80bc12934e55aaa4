"""By which right something is played, and when the time of a rental begins."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.core.settings import Settings
from matinee.runtime import Runtime
from tests.catalog.makers import make_asset
from tests.core.offices import until
from tests.entitlements.makers import (
    ONE_DAY,
    carry,
    grant_package,
    grant_title,
    hold,
    make_offer,
    make_package,
)
from tests.makers import as_staff, execute, make_title, scalar
from tests.viewing.progress.makers import Somebody, make_numbered_series
from tests.viewing.sessions.calls import ask, code_of, start


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"unsold_titles": "locked"})


@pytest.fixture
async def rental(runtime: Runtime, ana: Somebody, film: UUID) -> UUID:
    """The film, rented for 48 hours and not begun."""
    await make_offer(runtime, film)
    return await grant_title(runtime, ana.user_id, film, "rent")


async def access(
    runtime: Runtime, client: AsyncClient, ana: Somebody, title_id: UUID, **wish: Any
) -> dict[str, Any]:
    found: dict[str, Any] = (await start(runtime, client, ana.headers, title_id, **wish)).started
    return dict(found["access"])


async def moment(runtime: Runtime, column: str, grant_id: UUID) -> datetime | None:
    statement = f"SELECT {column} FROM user_entitlements WHERE id = $1"
    found: datetime | None = await scalar(runtime, statement, grant_id)
    return found


async def test_what_nobody_can_get_is_locked(
    client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    assert code_of(await ask(client, ana.headers, film)) == (402, "not_entitled")


async def test_who_is_refused_is_told_what_would_help(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    offer_id = await make_offer(runtime, film)
    answer = await ask(client, ana.headers, film)
    assert code_of(answer) == (402, "not_entitled")
    details = answer.json()["error"]["details"]
    assert details["best_option"]["offer_id"] == str(offer_id)
    assert [one["type"] for one in details["access_options"]] == ["rent"]


async def test_a_household_on_hold_plays_nothing(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await grant_title(runtime, ana.user_id, film)
    await hold(runtime, ana.user_id)
    assert code_of(await ask(client, ana.headers, film)) == (403, "account_held")


async def test_a_hold_ends_what_plays(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await grant_title(runtime, ana.user_id, film)
    player = await start(runtime, client, ana.headers, film)
    support = await as_staff(runtime, client, "support")
    path = f"/api/v1/admin/users/{ana.user_id}/holds"
    wish = {"blocks_playback": True, "reason": "a stolen card"}
    assert (await client.post(path, json=wish, headers=support)).status_code == 201
    assert code_of(await player.beat()) == (402, "not_entitled")


async def test_what_is_sold_elsewhere_only_is_said_to_be(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await make_offer(runtime, film, territory="FR")
    assert code_of(await ask(client, ana.headers, film)) == (451, "not_in_territory")


async def test_a_package_lets_play_until_it_ends(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    until = datetime.now(UTC) + ONE_DAY
    package_id = await make_package(runtime)
    await carry(runtime, package_id, film)
    await grant_package(runtime, ana.user_id, package_id, expires_at=until)
    told = await access(runtime, client, ana, film)
    assert (told["via"], told["clock_started"]) == ("svod", False)
    assert datetime.fromisoformat(told["until"]) == until


async def test_an_episode_is_played_by_the_right_to_its_season(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=1, s2=1)
    for episode_id in episodes.values():
        await make_asset(runtime, series, episode_id=episode_id)
    season = await scalar(runtime, "SELECT id FROM seasons WHERE number = 1")
    await make_offer(runtime, series, "buy")
    await grant_title(runtime, ana.user_id, series, season_id=season)
    first, second = (str(episodes[number, 1]) for number in (1, 2))
    assert (await access(runtime, client, ana, series, episode_id=first))["via"] == "buy"
    answer = await ask(client, ana.headers, series, episode_id=second)
    assert code_of(answer) == (402, "not_entitled")


async def test_the_first_play_begins_the_time_of_a_rental(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, rental: UUID
) -> None:
    told = await access(runtime, client, ana, film)
    assert (told["via"], told["clock_started"]) == ("rent", True)
    played, until = [await moment(runtime, c, rental) for c in ("first_played_at", "expires_at")]
    assert played is not None
    assert until == played + timedelta(hours=48)
    assert datetime.fromisoformat(told["until"]) == until


async def test_later_plays_leave_the_time_alone(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, rental: UUID
) -> None:
    first = await access(runtime, client, ana, film)
    assert await access(runtime, client, ana, film) == first | {"clock_started": False}


async def test_of_a_hundred_first_plays_one_begins_the_time(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, rental: UUID
) -> None:
    answers = await asyncio.gather(*(ask(client, ana.headers, film) for _ in range(100)))
    begun = Counter(answer.json()["access"]["clock_started"] for answer in answers)
    assert begun == {True: 1, False: 99}
    untils = {answer.json()["access"]["until"] for answer in answers}
    expires_at = await moment(runtime, "expires_at", rental)
    assert {datetime.fromisoformat(until) for until in untils} == {expires_at}


async def test_a_refused_stream_leaves_a_rental_waiting(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, rental: UUID
) -> None:
    runtime.settings = runtime.settings.model_copy(update={"included_streams": 1})
    other = await make_title(runtime, "Cops")
    await make_asset(runtime, other)
    await make_offer(runtime, other, "free")
    await start(runtime, client, ana.headers, other, device_id="tablet")
    before = await moment(runtime, "expires_at", rental)
    assert code_of(await ask(client, ana.headers, film)) == (409, "stream_limit_reached")
    assert await moment(runtime, "first_played_at", rental) is None
    assert await moment(runtime, "expires_at", rental) == before


async def test_a_rental_waits_while_another_right_lets_play(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, rental: UUID
) -> None:
    package_id = await make_package(runtime)
    await carry(runtime, package_id, film)
    await grant_package(runtime, ana.user_id, package_id)
    assert (await access(runtime, client, ana, film))["via"] == "svod"
    assert await moment(runtime, "first_played_at", rental) is None


async def test_a_rental_that_waited_too_long_is_over(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, rental: UUID
) -> None:
    await execute(runtime, "UPDATE user_entitlements SET expires_at = clock_timestamp()")
    assert code_of(await ask(client, ana.headers, film)) == (402, "not_entitled")


async def test_of_a_first_play_and_a_refund_exactly_one_succeeds(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, rental: UUID
) -> None:
    refund = (
        "UPDATE user_entitlements SET revoked_at = clock_timestamp(), revoke_reason = 'refunded'"
        " WHERE first_played_at IS NULL AND revoked_at IS NULL"
    )
    answer, _ = await asyncio.gather(ask(client, ana.headers, film), execute(runtime, refund))
    is_refunded = await moment(runtime, "revoked_at", rental) is not None
    is_played = await moment(runtime, "first_played_at", rental) is not None
    assert is_refunded != is_played
    assert answer.status_code == (402 if is_refunded else 201)


async def test_a_refund_that_comes_first_refuses_the_play_that_waited_for_it(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, rental: UUID
) -> None:
    async with runtime.database.write() as tx:
        await tx.execute(
            "UPDATE user_entitlements SET revoked_at = clock_timestamp(),"
            " revoke_reason = 'refunded' WHERE user_id = :user_id",
            user_id=ana.user_id,
        )
        playing = asyncio.create_task(ask(client, ana.headers, film))
        await until(lambda: scalar(runtime, "SELECT count(*) FROM pg_locks WHERE NOT granted"))
    assert code_of(await playing) == (402, "not_entitled")
    assert await scalar(runtime, "SELECT count(*) FROM viewing_sessions") == 0


async def test_what_was_bought_is_known_to_be_played(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    bought = await grant_title(runtime, ana.user_id, film)
    told = await access(runtime, client, ana, film)
    assert told == {"via": "buy", "until": None, "clock_started": False}
    first = await moment(runtime, "first_played_at", bought)
    assert first is not None
    await access(runtime, client, ana, film)
    assert await moment(runtime, "first_played_at", bought) == first
    assert await moment(runtime, "expires_at", bought) is None
