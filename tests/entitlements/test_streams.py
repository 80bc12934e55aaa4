"""How many streams a household may have at once, and who has to go."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.core.jobs import JobRun
from matinee.core.settings import Settings
from matinee.entitlements.streams import end_sessions_of, stream_limit
from matinee.runtime import Runtime
from matinee.viewing.sessions.closing import close_sessions
from tests.catalog.makers import make_asset
from tests.entitlements.makers import grant_package, grant_title, make_offer, make_package
from tests.makers import (
    choose_profile,
    execute,
    make_profile,
    make_title,
    make_user,
    scalar,
    sign_in,
)
from tests.viewing.progress.makers import Somebody, make_somebody
from tests.viewing.sessions.calls import Player, ask, code_of, start

LIMITED = (409, "stream_limit_reached")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"included_streams": 1})


@pytest.fixture
async def ana(runtime: Runtime, client: AsyncClient) -> Somebody:
    return await make_somebody(runtime, client)


@pytest.fixture
async def film(runtime: Runtime) -> UUID:
    title_id = await make_title(runtime)
    await make_asset(runtime, title_id, duration_seconds=5400)
    return title_id


@pytest.fixture
async def player(runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID) -> Player:
    return await start(runtime, client, ana.headers, film)


async def allow(runtime: Runtime, user_id: UUID, streams: int, **grant: datetime) -> UUID:
    """Let a household have so many streams."""
    package_id = await make_package(runtime, f"allows-{uuid4().hex}", max_streams=streams)
    return await grant_package(runtime, user_id, package_id, **grant)


async def limit_of(runtime: Runtime, user_id: UUID) -> int:
    async with runtime.database.read() as tx:
        return await stream_limit(tx, user_id, 1)


async def slots(runtime: Runtime) -> list[int]:
    found: list[int] = await scalar(
        runtime, "SELECT coalesce(array_agg(slot::int ORDER BY slot), '{}') FROM stream_slots"
    )
    return found


async def test_without_a_package_there_is_one_stream(runtime: Runtime) -> None:
    assert await limit_of(runtime, await make_user(runtime)) == 1


async def test_the_most_generous_live_package_counts(runtime: Runtime) -> None:
    user_id = await make_user(runtime)
    await allow(runtime, user_id, 2)
    await allow(runtime, user_id, 4)
    await allow(runtime, user_id, 6, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert await limit_of(runtime, user_id) == 4


async def test_of_a_hundred_starts_at_once_as_many_succeed_as_allowed(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await allow(runtime, ana.user_id, 2)
    answers = await asyncio.gather(
        *(ask(client, ana.headers, film, device_id=f"device-{n}") for n in range(100))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 2, 409: 98}
    assert await slots(runtime) == [1, 2]
    assert await scalar(runtime, "SELECT count(*) FROM viewing_sessions") == 2


async def test_a_device_replaces_itself_at_the_limit(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    again = await start(runtime, client, ana.headers, film)
    assert await slots(runtime) == [1]
    assert code_of(await player.beat()) == (409, "stream_taken_over")
    assert (await again.beat()).status_code == 200


async def test_many_starts_of_one_device_leave_one_stream(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    answers = await asyncio.gather(*(ask(client, ana.headers, film) for _ in range(20)))
    started = [answer for answer in answers if answer.status_code == 201]
    assert started
    assert {code_of(answer) for answer in answers if answer not in started} <= {"busy"}
    assert await slots(runtime) == [1]
    assert (
        await scalar(runtime, "SELECT count(*) FROM viewing_sessions WHERE ended_at IS NULL") == 1
    )


async def test_who_is_refused_is_told_what_is_in_the_way(
    client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    answer = await ask(client, ana.headers, film, device_id="tablet")
    assert code_of(answer) == LIMITED
    details = answer.json()["error"]["details"]
    [stream] = details["streams"]
    assert (details["limit"], details["of"], details["can_take_over"]) == (1, "household", True)
    assert stream["session_id"] == str(player.session_id)
    assert (stream["device_name"], stream["profile_name"]) == ("Television", "Ana")
    assert (stream["title_id"], stream["title_name"]) == (str(film), "Metropolis")


async def as_profile(
    runtime: Runtime, client: AsyncClient, ana: Somebody, **profile: object
) -> dict[str, str]:
    """Another device of the household, with another profile."""
    profile_id = await make_profile(runtime, ana.user_id, "Bea", **profile)
    return await choose_profile(client, await sign_in(client), profile_id)


@pytest.mark.parametrize(
    "hides",
    [
        "UPDATE viewing_sessions SET incognito = true",
        "UPDATE profiles SET pin_hash = 'x' WHERE name = 'Ana'",
        "UPDATE titles SET maturity_score = 18",
    ],
    ids=["incognito", "pin", "not suitable"],
)
async def test_what_is_nobody_elses_business_is_not_told(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player, hides: str
) -> None:
    other = await make_title(runtime, "Cops")
    await make_asset(runtime, other)
    headers = await as_profile(runtime, client, ana, max_maturity=12)
    await execute(runtime, hides + (" WHERE name = 'Metropolis'" if "titles" in hides else ""))
    answer = await ask(client, headers, other, device_id="tablet")
    assert code_of(answer) == LIMITED
    [stream] = answer.json()["error"]["details"]["streams"]
    assert (stream["title_id"], stream["title_name"]) == (None, None)
    assert stream["profile_name"] == "Ana"


async def test_a_stream_is_taken_over_and_its_player_told(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    await player.heard()
    taken = str(player.session_id)
    tablet = await start(runtime, client, ana.headers, film, device_id="tablet", take_over=taken)
    assert code_of(await player.beat()) == (409, "stream_taken_over")
    assert (await tablet.beat()).status_code == 200
    assert await slots(runtime) == [1]


async def test_what_ended_meanwhile_is_taken_over_without_harm(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    await player.stop()
    taken = str(player.session_id)
    await start(runtime, client, ana.headers, film, device_id="tablet", take_over=taken)
    assert await player.column("end_reason") == "stopped"


async def test_nobody_takes_over_a_stream_of_another_household(
    runtime: Runtime, client: AsyncClient, film: UUID, player: Player
) -> None:
    stranger = await make_somebody(runtime, client, "eve@example.com")
    taken = str(player.session_id)
    await start(runtime, client, stranger.headers, film, take_over=taken)
    assert await player.column("ended_at") is None


async def test_a_child_does_not_take_over_what_its_parents_watch(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    headers = await as_profile(runtime, client, ana, kind="kids", max_maturity=9)
    refused = await ask(client, headers, film, device_id="tablet")
    assert refused.json()["error"]["details"]["can_take_over"] is False
    taken = str(player.session_id)
    answer = await ask(client, headers, film, device_id="tablet", take_over=taken)
    assert code_of(answer) == (403, "forbidden")
    assert await player.column("ended_at") is None


async def test_silence_frees_a_stream_and_the_late_heartbeat_is_told(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    await player.heard()
    await fall_silent(runtime)
    await start(runtime, client, ana.headers, film, device_id="tablet")
    assert await slots(runtime) == [1]
    assert code_of(await player.beat()) == (410, "playback_ended")


async def fall_silent(runtime: Runtime) -> None:
    """Nothing was heard of any session for longer than a lease."""
    await execute(
        runtime, "UPDATE viewing_sessions SET lease_until = clock_timestamp() - interval '1 second'"
    )


async def test_who_comes_back_from_silence_goes_on_while_nobody_needed_the_stream(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    await fall_silent(runtime)
    await player.heard()
    assert code_of(await ask(client, ana.headers, film, device_id="tablet")) == LIMITED


@pytest.mark.parametrize("way", ["stop", "sign out"])
async def test_who_leaves_frees_the_stream(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player, way: str
) -> None:
    headers = await choose_profile(client, await sign_in(client), ana.profile_id)
    if way == "stop":
        await player.stop()
        assert await slots(runtime) == []
    else:
        await client.post("/api/v1/auth/logout", headers=ana.headers)
    await start(runtime, client, headers, film, device_id="tablet")
    assert await slots(runtime) == [1]


async def test_running_streams_go_on_when_fewer_are_allowed_and_new_ones_wait(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    grant_id = await allow(runtime, ana.user_id, 3)
    players = [
        await start(runtime, client, ana.headers, film, device_id=f"device-{n}") for n in range(3)
    ]
    await execute(runtime, "DELETE FROM user_entitlements WHERE id = $1", grant_id)
    for one in players:
        await one.heard()
    await players[0].stop()
    assert code_of(await ask(client, ana.headers, film, device_id="new")) == LIMITED
    await players[1].stop()
    await players[2].stop()
    await start(runtime, client, ana.headers, film, device_id="new")
    assert await slots(runtime) == [1]


async def test_the_lowest_free_slot_is_taken(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    await allow(runtime, ana.user_id, 3)
    await start(runtime, client, ana.headers, film, device_id="second")
    await player.stop()
    await start(runtime, client, ana.headers, film, device_id="third")
    assert await slots(runtime) == [1, 2]


async def test_a_session_from_before_slots_counts(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    await execute(runtime, "DELETE FROM stream_slots")
    assert code_of(await ask(client, ana.headers, film, device_id="tablet")) == LIMITED


async def test_a_rental_plays_once_at_a_time(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    rented = await make_title(runtime, "Cops")
    await make_asset(runtime, rented)
    await allow(runtime, ana.user_id, 3)
    await make_offer(runtime, rented, "rent")
    await grant_title(runtime, ana.user_id, rented, "rent")
    first = await start(runtime, client, ana.headers, rented)
    answer = await ask(client, ana.headers, rented, device_id="tablet")
    assert code_of(answer) == LIMITED
    details = answer.json()["error"]["details"]
    assert (details["of"], details["limit"]) == ("rental", 1)
    assert [one["session_id"] for one in details["streams"]] == [str(first.session_id)]
    taken = str(first.session_id)
    await start(runtime, client, ana.headers, rented, device_id="tablet", take_over=taken)


async def test_what_a_grant_plays_can_be_ended_with_it(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    grant_id = await grant_title(runtime, ana.user_id, film)
    await allow(runtime, ana.user_id, 2)
    owned = await start(runtime, client, ana.headers, film, device_id="tablet")
    async with runtime.database.write() as tx:
        assert await end_sessions_of(tx, ana.user_id, [grant_id]) == [owned.session_id]
    assert await owned.column("end_reason") == "not_entitled"
    assert await player.column("ended_at") is None
    assert await slots(runtime) == [1]


async def test_all_that_a_household_plays_can_be_ended(
    runtime: Runtime, ana: Somebody, player: Player
) -> None:
    async with runtime.database.write() as tx:
        await end_sessions_of(tx, ana.user_id)
    assert code_of(await player.beat()) == (402, "not_entitled")
    assert await slots(runtime) == []


async def test_closing_frees_the_slots_of_what_has_ended(runtime: Runtime, player: Player) -> None:
    await execute(
        runtime, "UPDATE viewing_sessions SET lease_until = clock_timestamp() - interval '2 hours'"
    )
    await close_sessions(runtime, JobRun(0, 1, runtime.database))
    assert await slots(runtime) == []
