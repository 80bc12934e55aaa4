"""Signing a television in with a code (RFC 8628)."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient

from matinee.accounts.devices import ALPHABET
from matinee.runtime import Runtime
from tests.makers import choose_profile, execute, make_profile, make_user, scalar, sign_in

CODE = "/api/v1/auth/device/code"
TOKEN = "/api/v1/auth/device/token"
APPROVE = "/api/v1/auth/device/approve"


async def ask(client: AsyncClient) -> dict[str, Any]:
    answer = await client.post(CODE, json={"client_name": "Living room TV"})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def poll(client: AsyncClient, device: dict[str, Any]) -> Any:
    return await client.post(TOKEN, json={"device_code": device["device_code"]})


async def approve(
    client: AsyncClient, headers: dict[str, str], user_code: str, **fields: Any
) -> Any:
    return await client.post(APPROVE, json={"user_code": user_code} | fields, headers=headers)


async def wait(runtime: Runtime, seconds: float = 60) -> None:
    """The television waits before it polls again."""
    await execute(
        runtime,
        "UPDATE device_codes SET last_poll_at = last_poll_at - $1 * interval '1 second'",
        seconds,
    )


def code_of(answer: Any) -> str:
    code: str = answer.json()["error"]["code"]
    return code


async def test_a_code_has_eight_letters_that_nobody_confuses(client: AsyncClient) -> None:
    device = await ask(client)
    first, _, second = device["user_code"].partition("-")
    assert len(first) == len(second) == 4
    assert set(first + second) <= set(ALPHABET) == set("BCDFGHJKLMNPQRSTVWXZ")
    assert device["expires_in"] == 600
    assert device["interval"] == 5
    assert device["verification_uri_complete"].endswith(device["user_code"])


async def test_an_approved_television_gets_the_tokens_of_the_household(
    runtime: Runtime, client: AsyncClient
) -> None:
    user_id = await make_user(runtime)
    device = await ask(client)
    assert code_of(await poll(client, device)) == "authorization_pending"
    answer = await approve(client, await sign_in(client), device["user_code"])
    assert answer.json() == {"client_name": "Living room TV", "approved": True}
    await wait(runtime)
    session = (await poll(client, device)).json()
    assert session["user_id"] == str(user_id)
    assert session["profile_id"] is None
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    devices = (await client.get("/api/v1/auth/sessions", headers=headers)).json()["items"]
    assert (devices[0]["kind"], devices[0]["device_name"]) == ("tv", "Living room TV")


@pytest.mark.parametrize("form", ["{0}-{1}", "{0}{1}", " {0} {1} ", "{0}–{1}"])
@pytest.mark.parametrize("lower", [True, False])
async def test_the_code_may_be_typed_in_any_form(
    runtime: Runtime, client: AsyncClient, form: str, lower: bool
) -> None:
    await make_user(runtime)
    code = form.format(*(await ask(client))["user_code"].split("-"))
    typed = code.lower() if lower else code
    assert (await approve(client, await sign_in(client), typed)).status_code == 200


async def test_a_code_is_used_once(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    device = await ask(client)
    await approve(client, await sign_in(client), device["user_code"])
    answers = await asyncio.gather(*(poll(client, device) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 7
    assert code_of(await poll(client, device)) == "device_code_expired"
    assert await scalar(runtime, "SELECT count(*) FROM auth_sessions WHERE kind = 'tv'") == 1


async def test_of_two_households_that_approve_one_code_the_first_gets_it(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    await make_user(runtime, "bob@example.com")
    headers = [await sign_in(client), await sign_in(client, "bob@example.com")] * 2
    device = await ask(client)
    answers = await asyncio.gather(*(approve(client, who, device["user_code"]) for who in headers))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]


async def test_a_refused_television_is_told_so(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    device = await ask(client)
    answer = await approve(client, await sign_in(client), device["user_code"], approve=False)
    assert answer.json()["approved"] is False
    refused = await poll(client, device)
    assert (refused.status_code, code_of(refused)) == (403, "access_denied")


async def test_polling_too_fast_slows_down_more_each_time(
    runtime: Runtime, client: AsyncClient
) -> None:
    device = await ask(client)
    await poll(client, device)
    for interval in (10, 15):
        answer = await poll(client, device)
        assert (answer.status_code, code_of(answer)) == (429, "slow_down")
        assert answer.json()["error"]["details"]["interval"] == interval
        assert answer.headers["Retry-After"] == str(interval)
    await wait(runtime, 10)
    assert code_of(await poll(client, device)) == "slow_down"
    await wait(runtime, 20)
    answer = await poll(client, device)
    assert (answer.status_code, code_of(answer)) == (400, "authorization_pending")


async def test_a_code_is_good_for_ten_minutes(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    device = await ask(client)
    await execute(runtime, "UPDATE device_codes SET expires_at = expires_at - interval '10 min'")
    answer = await poll(client, device)
    assert (answer.status_code, code_of(answer)) == (410, "device_code_expired")
    late = await approve(client, await sign_in(client), device["user_code"])
    assert late.status_code == 404


@pytest.mark.parametrize("device_code", ["", "x", "\0", "x" * 200])
async def test_an_unknown_device_code_has_expired(client: AsyncClient, device_code: str) -> None:
    answer = await client.post(TOKEN, json={"device_code": device_code})
    assert code_of(answer) == "device_code_expired"


async def test_after_five_wrong_codes_even_the_right_one_waits(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    headers = await sign_in(client)
    device = await ask(client)
    guesses = await asyncio.gather(
        *(approve(client, headers, f"BCDF-GHJ{letter}") for letter in "BCDFGHJK")
    )
    assert sorted(answer.status_code for answer in guesses) == [404] * 5 + [429] * 3
    assert (await approve(client, headers, device["user_code"])).status_code == 429


async def test_right_codes_are_no_wrong_entries(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    headers = await sign_in(client)
    for _ in range(7):
        device = await ask(client)
        assert (await approve(client, headers, device["user_code"])).status_code == 200


async def test_only_somebody_signed_in_approves(client: AsyncClient) -> None:
    device = await ask(client)
    answer = await approve(client, {}, device["user_code"])
    assert code_of(answer) == "not_authenticated"


async def test_a_kids_profile_signs_no_television_in(runtime: Runtime, client: AsyncClient) -> None:
    """The television would let the child choose any profile."""
    kid = await make_profile(runtime, await make_user(runtime), kind="kids", max_maturity=9)
    headers = await choose_profile(client, await sign_in(client), kid)
    answer = await approve(client, headers, (await ask(client))["user_code"])
    assert code_of(answer) == "forbidden"


async def test_a_disabled_household_signs_no_television_in(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    device = await ask(client)
    await approve(client, await sign_in(client), device["user_code"])
    await execute(runtime, "UPDATE users SET status = 'disabled'")
    assert code_of(await poll(client, device)) == "account_held"


async def test_a_change_of_password_calls_off_a_waiting_television(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    headers = await sign_in(client)
    device = await ask(client)
    await approve(client, headers, device["user_code"])
    body = {"current_password": "correct horse battery staple", "new_password": "quite another one"}
    await client.post("/api/v1/auth/password/change", json=body, headers=headers)
    assert code_of(await poll(client, device)) == "access_denied"
