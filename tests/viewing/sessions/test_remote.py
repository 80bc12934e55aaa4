"""What plays in a household, and ending it from elsewhere."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import as_staff, choose_profile, make_profile, scalar, sign_in
from tests.viewing.progress.makers import Somebody, make_somebody
from tests.viewing.sessions.calls import SESSIONS, Headers, Player, code_of, start


async def end(client: AsyncClient, headers: Headers, session_id: UUID) -> tuple[int, str]:
    answer = await client.delete(f"{SESSIONS}/{session_id}", headers=headers)
    return (204, "") if answer.status_code == 204 else code_of(answer)


@pytest.fixture
async def child(runtime: Runtime, client: AsyncClient, ana: Somebody) -> Headers:
    """A child's tablet in Ana's household."""
    profile_id = await make_profile(runtime, ana.user_id, "Mia", kind="kids", max_maturity=9)
    return await choose_profile(client, await sign_in(client), profile_id)


async def test_a_household_sees_what_it_plays(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player, child: Headers
) -> None:
    tablet = await start(runtime, client, child, film, device_id="b", device_name="Tablet")
    answer = (await client.get(SESSIONS, headers=ana.headers)).json()
    assert answer["limit"] == 20
    found = [
        (one["profile_name"], one["device_name"], one["title_name"]) for one in answer["items"]
    ]
    assert found == [("Ana", "Television", "Metropolis"), ("Mia", "Tablet", "Metropolis")]
    await tablet.stop()
    [left] = (await client.get(SESSIONS, headers=child)).json()["items"]
    assert (left["session_id"], left["can_stop"]) == (str(player.session_id), False)


async def test_nobody_sees_what_another_household_plays(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    stranger = await make_somebody(runtime, client, "eve@example.com")
    assert (await client.get(SESSIONS, headers=stranger.headers)).json()["items"] == []
    assert await end(client, stranger.headers, player.session_id) == (404, "not_found")
    assert await player.column("ended_at") is None


async def test_a_stream_is_ended_from_elsewhere_and_its_player_told(
    runtime: Runtime, client: AsyncClient, ana: Somebody, player: Player
) -> None:
    await player.heard()
    telephone = await choose_profile(client, await sign_in(client), ana.profile_id)
    assert await end(client, telephone, player.session_id) == (204, "")
    assert code_of(await player.beat()) == (409, "stream_stopped")
    assert await scalar(runtime, "SELECT count(*) FROM stream_slots") == 0


async def test_a_player_of_another_process_is_told_after_the_next_write(
    player: Player, elsewhere: tuple[Runtime, AsyncClient]
) -> None:
    other, client = elsewhere
    there = replace(player, runtime=other, client=client)
    await there.heard()
    assert await end(player.client, player.headers, player.session_id) == (204, "")
    await there.heard()
    assert code_of(await there.beat()) == (409, "stream_stopped")


async def test_ending_it_twice_is_fine(client: AsyncClient, ana: Somebody, player: Player) -> None:
    await player.stop()
    assert await end(client, ana.headers, player.session_id) == (204, "")
    assert await player.column("end_reason") == "stopped"


async def test_what_does_not_exist_cannot_be_ended(client: AsyncClient, ana: Somebody) -> None:
    assert await end(client, ana.headers, uuid4()) == (404, "not_found")


async def test_a_child_ends_only_its_own(
    runtime: Runtime, client: AsyncClient, film: UUID, player: Player, child: Headers
) -> None:
    assert await end(client, child, player.session_id) == (403, "forbidden")
    own = await start(runtime, client, child, film, device_id="b")
    assert await end(client, child, own.session_id) == (204, "")


async def test_staff_sees_and_ends_what_a_household_plays(
    runtime: Runtime, client: AsyncClient, ana: Somebody, player: Player
) -> None:
    support = await as_staff(runtime, client, "support")
    path = f"/api/v1/admin/users/{ana.user_id}/streams"
    [stream] = (await client.get(path, headers=support)).json()["items"]
    assert stream["session_id"] == str(player.session_id)
    address = f"{path}/{player.session_id}"
    for _ in range(2):
        answer = await client.delete(address, params={"reason": "asked to"}, headers=support)
        assert answer.status_code == 204
    assert code_of(await player.beat()) == (409, "stream_stopped")
    written = "SELECT array_agg(reason) FROM admin_audit_log WHERE action = 'stream.stop'"
    assert await scalar(runtime, written) == ["asked to"]


async def test_staff_has_to_say_why(
    runtime: Runtime, client: AsyncClient, ana: Somebody, player: Player
) -> None:
    support = await as_staff(runtime, client, "support")
    address = f"/api/v1/admin/users/{ana.user_id}/streams/{player.session_id}"
    assert (await client.delete(address, headers=support)).status_code == 422
    assert await player.column("ended_at") is None


async def test_staff_finds_no_stream_in_the_wrong_household(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    support = await as_staff(runtime, client, "support")
    for path in (f"{uuid4()}/streams", f"{uuid4()}/streams/{player.session_id}"):
        call = client.delete if path.endswith(str(player.session_id)) else client.get
        query = "?reason=why" if path.endswith(str(player.session_id)) else ""
        answer = await call(f"/api/v1/admin/users/{path}{query}", headers=support)
        assert code_of(answer) == (404, "not_found")


async def test_what_staff_sees_of_an_incognito_stream_is_that_it_plays(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await start(runtime, client, ana.headers, film, incognito=True)
    support = await as_staff(runtime, client, "support")
    answer = await client.get(f"/api/v1/admin/users/{ana.user_id}/streams", headers=support)
    [stream] = answer.json()["items"]
    assert (stream["title_id"], stream["title_name"]) == (None, None)
