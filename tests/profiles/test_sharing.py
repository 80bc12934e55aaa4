"""Whether what a profile likes counts for the household's rail."""

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import PASSWORD, choose_profile, make_profile, make_user, sign_in
from tests.profiles.calls import add, change, code_of

PIN = "4711"


@pytest.fixture
async def ana(runtime: Runtime, client: AsyncClient) -> dict[str, str]:
    user_id = await make_user(runtime)
    profile_id = await make_profile(runtime, user_id)
    return await choose_profile(client, await sign_in(client), profile_id)


async def test_without_a_wish_a_profile_has_none(client: AsyncClient, ana: dict[str, str]) -> None:
    assert (await add(client, ana)).json()["share_taste"] is None


async def test_a_wish_is_kept_until_it_is_cleared(client: AsyncClient, ana: dict[str, str]) -> None:
    made = (await add(client, ana)).json()
    for wish in (False, True, None):
        assert (await change(client, ana, made["id"], share_taste=wish)).json()[
            "share_taste"
        ] is wish
    await change(client, ana, made["id"], share_taste=False)
    renamed = await change(client, ana, made["id"], name="Beatriz")
    assert renamed.json()["share_taste"] is False


async def test_nobody_shares_the_taste_of_a_locked_profile_without_a_proof(
    runtime: Runtime, client: AsyncClient
) -> None:
    user_id = await make_user(runtime)
    locked = await make_profile(runtime, user_id, pin_hash=await runtime.passwords.hash(PIN))
    open_one = await make_profile(runtime, user_id, "Ben")
    headers = await choose_profile(client, await sign_in(client), open_one)
    assert code_of(await change(client, headers, locked, share_taste=True)) == "pin_required"
    assert (await change(client, headers, locked, share_taste=False)).status_code == 200
    for proof in (PIN, PASSWORD):
        answer = await change(client, headers, locked, share_taste=True, proof=proof)
        assert answer.json()["share_taste"] is True
        await change(client, headers, locked, share_taste=None)
    assert (await change(client, headers, open_one, share_taste=True)).status_code == 200
