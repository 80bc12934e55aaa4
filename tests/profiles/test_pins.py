"""Choosing profiles, and the PINs that protect them."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.integrations.mail import Mail
from matinee.runtime import Runtime
from tests.makers import (
    PASSWORD,
    choose_profile,
    execute,
    make_profile,
    make_user,
    scalar,
    sign_in,
)

PROFILES = "/api/v1/profiles"
PIN = "4711"


class Household:
    """Ana with a PIN, Bea without one, and two children."""

    def __init__(self, headers: dict[str, str], ids: dict[str, UUID]) -> None:
        self.headers = headers
        self.ids = ids


@pytest.fixture
async def house(runtime: Runtime, client: AsyncClient) -> Household:
    user_id = await make_user(runtime)
    pin_hash = await runtime.passwords.hash(PIN)
    ids = {
        "ana": await make_profile(runtime, user_id, name="Ana", pin_hash=pin_hash),
        "bea": await make_profile(runtime, user_id, name="Bea"),
        "kid": await make_profile(runtime, user_id, name="Caio", kind="kids", max_maturity=6),
        "big": await make_profile(runtime, user_id, name="Davi", kind="kids", max_maturity=12),
    }
    return Household(await sign_in(client), ids)


async def select(
    client: AsyncClient,
    house: Household,
    name: str,
    headers: dict[str, str] | None = None,
    **body: Any,
) -> Any:
    url = f"{PROFILES}/{house.ids[name]}/select"
    return await client.post(url, json=body, headers=headers or house.headers)


async def change_pin(
    client: AsyncClient, house: Household, name: str, method: str = "PUT", **body: Any
) -> Any:
    url = f"{PROFILES}/{house.ids[name]}/pin"
    return await client.request(method, url, json=body, headers=house.headers)


def code_of(answer: Any) -> str:
    code: str = answer.json()["error"]["code"]
    return code


async def test_choosing_binds_the_session_to_the_profile(
    runtime: Runtime, client: AsyncClient, house: Household
) -> None:
    answer = (await select(client, house, "bea")).json()
    assert answer["profile_id"] == str(house.ids["bea"])
    new = {"Authorization": f"Bearer {answer['access_token']}"}
    for headers in (house.headers, new):
        assert (await client.get("/api/v1/catalog/titles", headers=headers)).status_code == 200
    assert await scalar(runtime, "SELECT count(*) FROM auth_sessions") == 1


async def test_choosing_does_not_prolong_the_access_token(
    client: AsyncClient, house: Household
) -> None:
    body = {"email": "ana@example.com", "password": PASSWORD}
    signed_in = (await client.post("/api/v1/auth/login", json=body)).json()
    headers = {"Authorization": f"Bearer {signed_in['access_token']}"}
    answer = (await select(client, house, "bea", headers)).json()
    assert answer["access_expires_at"][:19] == signed_in["access_expires_at"][:19]
    assert answer["refresh_token"] is None


async def test_a_browser_keeps_its_cookie(
    runtime: Runtime, client: AsyncClient, house: Household
) -> None:
    body = {"email": "ana@example.com", "password": PASSWORD, "client": "web"}
    await client.post("/api/v1/auth/login", json=body)
    headers = {"Sec-Fetch-Site": "same-origin"}
    answer = await select(client, house, "bea", headers)
    assert answer.json()["access_token"] is None
    assert "Set-Cookie" not in answer.headers
    assert (await client.get("/api/v1/catalog/titles")).status_code == 200


async def test_a_profile_with_a_pin_wants_it(client: AsyncClient, house: Household) -> None:
    missing = await select(client, house, "ana")
    assert (missing.status_code, code_of(missing)) == (403, "pin_required")
    wrong = await select(client, house, "ana", pin="0000")
    assert code_of(wrong) == "pin_required"
    assert wrong.json()["error"]["details"]["tries_left"] == 4
    assert (await select(client, house, "ana", pin=PIN)).status_code == 200


async def test_asking_without_a_pin_uses_up_no_try(client: AsyncClient, house: Household) -> None:
    for _ in range(8):
        assert code_of(await select(client, house, "ana")) == "pin_required"
    assert (await select(client, house, "ana", pin=PIN)).status_code == 200


async def test_five_wrong_pins_lock_the_profile(client: AsyncClient, house: Household) -> None:
    answers = [await select(client, house, "ana", pin="0000") for _ in range(5)]
    assert [code_of(answer) for answer in answers] == ["pin_required"] * 4 + ["pin_locked"]
    locked = await select(client, house, "ana", pin=PIN)
    assert code_of(locked) == "pin_locked"
    details = locked.json()["error"]["details"]
    assert details["locked_until"] > details["server_time"]


async def test_guesses_at_once_get_no_more_than_five_tries(
    runtime: Runtime, client: AsyncClient, house: Household
) -> None:
    guesses = [f"{n:04}" for n in range(4700, 4720)]
    answers = await asyncio.gather(*(select(client, house, "ana", pin=guess) for guess in guesses))
    refused = [code_of(answer) for answer in answers if answer.status_code != 200]
    assert refused.count("pin_required") <= 4
    tried = await scalar(runtime, "SELECT pin_failures FROM profiles WHERE pin_hash IS NOT NULL")
    assert tried <= 5


async def test_the_lock_opens_after_a_quarter_of_an_hour(
    runtime: Runtime, client: AsyncClient, house: Household
) -> None:
    for _ in range(5):
        await select(client, house, "ana", pin="0000")
    await execute(
        runtime,
        """UPDATE profiles SET pin_locked_until = pin_locked_until - interval '15 minutes',
                               pin_failed_at = pin_failed_at - interval '15 minutes'""",
    )
    wrong = await select(client, house, "ana", pin="0000")
    assert wrong.json()["error"]["details"]["tries_left"] == 4
    assert (await select(client, house, "ana", pin=PIN)).status_code == 200


async def test_wrong_pins_are_forgotten_after_a_quarter_of_an_hour(
    runtime: Runtime, client: AsyncClient, house: Household
) -> None:
    for _ in range(4):
        await select(client, house, "ana", pin="0000")
    await execute(
        runtime, "UPDATE profiles SET pin_failed_at = pin_failed_at - interval '15 minutes'"
    )
    wrong = await select(client, house, "ana", pin="0000")
    assert wrong.json()["error"]["details"]["tries_left"] == 4


async def test_the_right_pin_starts_the_count_anew(client: AsyncClient, house: Household) -> None:
    for _ in range(3):
        for _ in range(4):
            await select(client, house, "ana", pin="0000")
        assert (await select(client, house, "ana", pin=PIN)).status_code == 200


async def test_the_last_try_may_be_the_right_one(client: AsyncClient, house: Household) -> None:
    for _ in range(4):
        await select(client, house, "ana", pin="0000")
    assert (await select(client, house, "ana", pin=PIN)).status_code == 200
    assert (await select(client, house, "ana", pin=PIN)).status_code == 200


async def test_a_lock_is_shown_and_concerns_one_profile(
    client: AsyncClient, house: Household
) -> None:
    for _ in range(5):
        await select(client, house, "ana", pin="0000")
    items = (await client.get(PROFILES, headers=house.headers)).json()["items"]
    locked = {one["name"]: one["pin_locked_until"] is not None for one in items}
    assert locked == {"Ana": True, "Bea": False, "Caio": False, "Davi": False}
    assert (await select(client, house, "bea")).status_code == 200


async def test_the_owner_is_told_of_a_lock_once(
    runtime: Runtime, client: AsyncClient, house: Household
) -> None:
    sent: list[Mail] = []

    class MailBox:
        async def send(self, mail: Mail) -> None:
            sent.append(mail)

    runtime.mailer = MailBox()
    for _ in range(8):
        await select(client, house, "ana", pin="0000")
    await runtime.worker.drain()
    assert [mail.to for mail in sent] == ["ana@example.com"]
    assert "“Ana”" in sent[0].text


async def test_a_pin_is_stored_as_argon2id(
    runtime: Runtime, client: AsyncClient, house: Household
) -> None:
    assert (
        await change_pin(client, house, "bea", pin="123456", password=PASSWORD)
    ).status_code == 204
    stored = await scalar(runtime, "SELECT pin_hash FROM profiles WHERE id = $1", house.ids["bea"])
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 403),
        ({"current_pin": "0000"}, 403),
        ({"password": "wrong password"}, 403),
        ({"current_pin": PIN}, 204),
        ({"password": PASSWORD}, 204),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_pin_is_replaced_or_removed_with_itself_or_the_password(
    client: AsyncClient, house: Household, method: str, body: dict[str, str], status: int
) -> None:
    wish = {"pin": "1234"} | body if method == "PUT" else body
    assert (await change_pin(client, house, "ana", method, **wish)).status_code == status


async def test_the_password_opens_a_locked_profile(client: AsyncClient, house: Household) -> None:
    for _ in range(5):
        await select(client, house, "ana", pin="0000")
    locked = await change_pin(client, house, "ana", pin="1234", current_pin=PIN)
    assert code_of(locked) == "pin_locked"
    assert (
        await change_pin(client, house, "ana", pin="1234", password=PASSWORD)
    ).status_code == 204
    assert (await select(client, house, "ana", pin="1234")).status_code == 200


async def test_guessing_the_password_of_a_pin_is_limited(
    client: AsyncClient, house: Household
) -> None:
    answers = await asyncio.gather(
        *(change_pin(client, house, "ana", pin="1234", password=f"wrong {n}") for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [403] * 5 + [429] * 3


async def test_a_first_pin_needs_a_proof_where_another_profile_has_one(
    client: AsyncClient, house: Household
) -> None:
    assert code_of(await change_pin(client, house, "bea", pin="1234")) == "pin_required"
    proven = await change_pin(client, house, "bea", pin="1234", current_pin=PIN)
    assert proven.status_code == 204


async def test_the_first_pin_of_a_household_needs_none(
    runtime: Runtime, client: AsyncClient
) -> None:
    profile_id = await make_profile(runtime, await make_user(runtime))
    headers = await sign_in(client)
    answer = await client.put(f"{PROFILES}/{profile_id}/pin", json={"pin": PIN}, headers=headers)
    assert answer.status_code == 204


async def test_a_child_locks_no_grown_up_out_with_a_first_pin(
    runtime: Runtime, client: AsyncClient
) -> None:
    user_id = await make_user(runtime)
    ana = await make_profile(runtime, user_id)
    kid = await make_profile(runtime, user_id, name="Caio", kind="kids", max_maturity=6)
    headers = await choose_profile(client, await sign_in(client), kid)
    answer = await client.put(f"{PROFILES}/{ana}/pin", json={"pin": PIN}, headers=headers)
    assert code_of(answer) == "pin_required"


@pytest.mark.parametrize("target", ["bea", "big"])
async def test_leaving_a_kids_profile_needs_a_proof(
    client: AsyncClient, house: Household, target: str
) -> None:
    await select(client, house, "kid")
    assert code_of(await select(client, house, target)) == "pin_required"
    assert code_of(await select(client, house, target, proof="0000")) == "pin_required"
    assert (await select(client, house, target, proof=PIN)).status_code == 200
    await select(client, house, "kid", proof=PIN)
    assert (await select(client, house, target, proof=PASSWORD)).status_code == 200


async def test_leaving_a_kids_profile_for_one_with_a_pin_needs_that_pin(
    client: AsyncClient, house: Household
) -> None:
    await select(client, house, "kid")
    assert code_of(await select(client, house, "ana", proof=PASSWORD)) == "pin_required"
    assert (await select(client, house, "ana", pin=PIN)).status_code == 200


async def test_a_kids_profile_may_be_chosen_again_by_itself(
    client: AsyncClient, house: Household
) -> None:
    await select(client, house, "kid")
    assert (await select(client, house, "kid")).status_code == 200


async def test_a_household_without_a_pin_trusts_its_people(
    runtime: Runtime, client: AsyncClient
) -> None:
    user_id = await make_user(runtime)
    ana = await make_profile(runtime, user_id)
    kid = await make_profile(runtime, user_id, name="Caio", kind="kids", max_maturity=6)
    headers = await choose_profile(client, await sign_in(client), kid)
    await choose_profile(client, headers, ana)


async def test_renewing_tokens_does_not_leave_a_kids_profile(
    runtime: Runtime, client: AsyncClient, house: Household
) -> None:
    body = {"email": "ana@example.com", "password": PASSWORD}
    signed_in = (await client.post("/api/v1/auth/login", json=body)).json()
    headers = {"Authorization": f"Bearer {signed_in['access_token']}"}
    await select(client, house, "kid", headers)
    renewed = await client.post(
        "/api/v1/auth/refresh", json={"refresh_token": signed_in["refresh_token"]}
    )
    assert renewed.json()["profile_id"] == str(house.ids["kid"])
