"""Removing somebody from a household."""

import asyncio

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import (
    as_viewer,
    choose_profile,
    execute,
    make_profile,
    make_user,
    scalar,
    sign_in,
)
from tests.profiles.calls import PROFILES, add, code_of, remove


async def test_the_last_profile_stays(client: AsyncClient, ana: dict[str, str]) -> None:
    (profile,) = (await client.get(PROFILES, headers=ana)).json()["items"]
    assert code_of(await remove(client, ana, profile["id"])) == "conflict"


async def test_two_removals_at_once_leave_one_profile(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str]
) -> None:
    await add(client, ana)
    items = (await client.get(PROFILES, headers=ana)).json()["items"]
    answers = await asyncio.gather(*(remove(client, ana, one["id"]) for one in items))
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    assert await scalar(runtime, "SELECT count(*) FROM profiles") == 1


async def test_devices_of_a_removed_profile_choose_another(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str]
) -> None:
    bea = (await add(client, ana)).json()["id"]
    television = await choose_profile(client, await sign_in(client), bea)
    assert (await remove(client, ana, bea)).status_code == 204
    browsing = await client.get("/api/v1/catalog/titles", headers=television)
    assert (browsing.status_code, code_of(browsing)) == (401, "not_authenticated")
    [other] = (await client.get(PROFILES, headers=television)).json()["items"]
    television = await choose_profile(client, television, other["id"])
    browsing = await client.get("/api/v1/catalog/titles", headers=television)
    assert browsing.status_code == 200


async def test_devices_of_a_removed_child_are_signed_out(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str]
) -> None:
    """Else the tablet would stand before the profiles of the grown-ups."""
    kid = (await add(client, ana, kind="kids")).json()["id"]
    tablet = await choose_profile(client, await sign_in(client), kid)
    assert (await remove(client, ana, kid)).status_code == 204
    answer = await client.get(PROFILES, headers=tablet)
    assert code_of(answer) == "session_revoked"


async def test_a_kids_profile_removes_nobody_without_a_proof(
    runtime: Runtime, client: AsyncClient
) -> None:
    headers = await as_viewer(runtime, client, kind="kids", max_maturity=9)
    await make_profile(runtime, await scalar(runtime, "SELECT user_id FROM users"), name="Bea")
    items = (await client.get(PROFILES, headers=headers)).json()["items"]
    for profile in items:
        assert code_of(await remove(client, headers, profile["id"])) == "pin_required"


async def test_removal_needs_a_proof_where_the_household_has_a_pin(
    runtime: Runtime, client: AsyncClient
) -> None:
    user_id = await make_user(runtime)
    pin_hash = await runtime.passwords.hash("4711")
    ana = await make_profile(runtime, user_id, pin_hash=pin_hash)
    await make_profile(runtime, user_id, name="Bea")
    headers = await sign_in(client)
    assert code_of(await remove(client, headers, ana)) == "pin_required"
    assert (await remove(client, headers, ana, proof="4711")).status_code == 204


async def test_what_belongs_to_a_removed_profile_goes_with_it(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str]
) -> None:
    bea = (await add(client, ana)).json()["id"]
    user_id = await scalar(runtime, "SELECT user_id FROM users")
    await execute(
        runtime,
        "INSERT INTO profile_preferences VALUES ($1, $2, 'genre', 'comedy', true)",
        user_id,
        bea,
    )
    await remove(client, ana, bea)
    assert await scalar(runtime, "SELECT count(*) FROM profile_preferences") == 0
