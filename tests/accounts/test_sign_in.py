"""Signing in and out."""

import asyncio
from typing import Any

import argon2
import pytest
from httpx import AsyncClient

from matinee.core.ratelimit import LOGIN_TRIES
from matinee.core.security import Passwords
from matinee.runtime import Runtime
from tests.makers import PASSWORD, execute, make_profile, make_user, scalar, sign_in

URL = "/api/v1/auth/login"


async def login(caller: AsyncClient, **fields: Any) -> Any:
    return await caller.post(URL, json={"email": "ana@example.com", "password": PASSWORD} | fields)


async def test_signing_in_gives_tokens_and_no_profile(
    runtime: Runtime, client: AsyncClient
) -> None:
    user_id = await make_user(runtime)
    await make_profile(runtime, user_id)
    answer = (await login(client, device_name="Telephone")).json()
    assert answer["user_id"] == str(user_id)
    assert answer["profile_id"] is None
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    browsing = await client.get("/api/v1/catalog/titles", headers=headers)
    assert browsing.json()["error"]["code"] == "profile_required"


async def test_the_address_may_be_typed_in_any_case(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    assert (await login(client, email="ANA@Example.com")).status_code == 200


async def test_an_unknown_address_is_answered_like_a_wrong_password(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    wrong = await login(client, password="wrong password")
    unknown = await login(client, email="nobody@example.com", password="wrong password")
    answers = [answer.json()["error"] | {"request_id": None} for answer in (wrong, unknown)]
    assert answers[0] == answers[1]
    assert answers[0]["code"] == "invalid_credentials"
    assert wrong.status_code == unknown.status_code == 401


async def test_an_unknown_address_costs_as_much_as_a_wrong_password(
    runtime: Runtime, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The expensive work is done as often; its time is not measured, which would be fickle."""
    await make_user(runtime)
    work: list[bool] = []
    verify = Passwords.verify

    async def counted(self: Passwords, stored: str | None, password: str) -> bool:
        work.append(stored is None)
        return await verify(self, stored, password)

    monkeypatch.setattr(Passwords, "verify", counted)
    await login(client, password="wrong password")
    await login(client, email="nobody@example.com")
    assert work == [False, True]


async def test_after_ten_failures_even_the_right_password_waits(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    failures = await asyncio.gather(*(login(client, password=f"wrong {n}") for n in range(14)))
    assert sorted(answer.status_code for answer in failures) == [401] * 10 + [429] * 4
    answer = await login(client)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= LOGIN_TRIES.get_expiry()


async def test_failures_are_limited_per_subscriber_over_all_accounts(
    runtime: Runtime, client: AsyncClient
) -> None:
    for n in range(10):
        assert (await login(client, email=f"nobody{n}@example.com")).status_code == 401
    assert (await login(client, email="nobody@example.com")).status_code == 429


async def test_signing_in_counts_as_no_failure(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    answers = [await login(client) for _ in range(12)]
    assert {answer.status_code for answer in answers} == {200}


async def test_success_does_not_excuse_failures_at_other_accounts(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    for n in range(10):
        await login(client, email=f"nobody{n}@example.com")
        if n < 9:
            assert (await login(client)).status_code == 200
    assert (await login(client)).status_code == 429


async def test_a_disabled_household_learns_so_only_with_its_password(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    await execute(runtime, "UPDATE users SET status = 'disabled'")
    assert (await login(client)).json()["error"]["code"] == "account_held"
    wrong = await login(client, password="wrong password")
    assert wrong.json()["error"]["code"] == "invalid_credentials"


async def test_a_hash_of_older_cost_is_renewed_by_signing_in(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    cheap = argon2.PasswordHasher(1, 8, 1).hash(PASSWORD)
    await execute(runtime, "UPDATE users SET password_hash = $1", cheap)
    await sign_in(client)
    renewed = await scalar(runtime, "SELECT password_hash FROM users")
    assert renewed.startswith("$argon2id$v=19$m=19456")
    await sign_in(client)


async def test_signing_out_ends_the_session_at_once(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    headers = await sign_in(client)
    assert (await client.get("/api/v1/me", headers=headers)).status_code == 200
    assert (await client.post("/api/v1/auth/logout", headers=headers)).status_code == 204
    answer = await client.get("/api/v1/me", headers=headers)
    assert answer.json()["error"]["code"] == "session_revoked"


async def test_signing_out_twice_is_no_error(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    headers = await sign_in(client)
    await client.post("/api/v1/auth/logout", headers=headers)
    assert (await client.post("/api/v1/auth/logout", headers=headers)).status_code == 204
    assert (await client.post("/api/v1/auth/logout")).status_code == 204


async def test_other_devices_stay_signed_in(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    mine, other = await sign_in(client), await sign_in(client)
    await client.post("/api/v1/auth/logout", headers=mine)
    assert (await client.get("/api/v1/me", headers=other)).status_code == 200
