"""Opening a household."""

import asyncio
import json
from typing import Any

import pytest
from httpx import AsyncClient

from matinee.accounts.households import FIRST_AVATAR
from matinee.profiles.gallery import is_suitable
from matinee.runtime import Runtime
from tests.makers import PASSWORD, make_user, scalar, sign_in

URL = "/api/v1/auth/register"
ANA = {"email": "ana@example.com", "password": PASSWORD, "country": "US"}


async def register(caller: AsyncClient, **fields: Any) -> Any:
    return await caller.post(URL, json=ANA | fields)


async def test_a_new_household_is_signed_in_with_its_first_profile(client: AsyncClient) -> None:
    answer = await register(client)
    assert answer.status_code == 201
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    profiles = (await client.get("/api/v1/profiles", headers=headers)).json()["items"]
    assert [profile["id"] for profile in profiles] == [answer.json()["profile_id"]]
    assert (await client.get("/api/v1/catalog/titles", headers=headers)).status_code == 200


async def test_the_first_profile_has_the_name_that_was_given(client: AsyncClient) -> None:
    token = (await register(client, profile_name="Ana Lima")).json()["access_token"]
    answer = await client.get("/api/v1/profiles", headers={"Authorization": f"Bearer {token}"})
    assert [profile["name"] for profile in answer.json()["items"]] == ["Ana Lima"]


def test_the_first_avatar_is_one_of_the_gallery() -> None:
    assert is_suitable(FIRST_AVATAR, kids=True)


async def test_a_browser_gets_a_cookie_and_no_tokens(client: AsyncClient) -> None:
    answer = await register(client, client="web")
    assert answer.json()["access_token"] is None
    assert answer.json()["refresh_token"] is None
    assert (await client.get("/api/v1/me")).json()["email"] == "ana@example.com"


async def test_passwords_are_stored_as_argon2id_of_the_agreed_cost(
    runtime: Runtime, client: AsyncClient
) -> None:
    await register(client)
    stored = await scalar(runtime, "SELECT password_hash FROM users")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize("again", ["ana@example.com", "ANA@Example.COM"])
async def test_an_address_belongs_to_one_household(client: AsyncClient, again: str) -> None:
    await register(client)
    answer = await register(client, email=again)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "conflict"
    assert answer.json()["error"]["field"] == "email"


async def test_of_many_registrations_of_one_address_at_once_one_succeeds(
    runtime: Runtime, client: AsyncClient
) -> None:
    spellings = ["ana@example.com", "Ana@example.com", "ANA@EXAMPLE.COM"] * 4
    answers = await asyncio.gather(*(register(client, email=email) for email in spellings))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 11
    assert await scalar(runtime, "SELECT count(*) FROM users") == 1
    assert await scalar(runtime, "SELECT count(*) FROM profiles") == 1


@pytest.mark.parametrize(
    "password",
    [
        "short12",
        "x" * 257,
        "password123",
        "PassWord123",
        "my name is carla!",
        "CARLA-likes-films",
    ],
)
async def test_passwords_that_are_easily_guessed_are_refused(
    client: AsyncClient, password: str
) -> None:
    answer = await register(client, email="carla+tv@example.com", password=password)
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "password"


@pytest.mark.parametrize("password", ["x7#kqw!z", "p" + "x" * 255, " leading and trailing "])
async def test_passwords_of_8_to_256_characters_are_taken_as_typed(
    client: AsyncClient, password: str
) -> None:
    assert (await register(client, password=password)).status_code == 201
    await sign_in(client, password=password)


async def test_spaces_around_a_password_belong_to_it(client: AsyncClient) -> None:
    await register(client, password=" leading and trailing ")
    answer = await client.post(
        "/api/v1/auth/login", json={"email": ANA["email"], "password": "leading and trailing"}
    )
    assert answer.json()["error"]["code"] == "invalid_credentials"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "a\0na@example.com"),
        ("email", "not an address"),
        ("email", "a" * 300 + "@example.com"),
        ("email", ["ana@example.com"]),
        ("password", "null\0null\0null"),
        ("password", "\ud800 lone surrogate"),
        ("country", "us"),
        ("country", "XX"),
        ("client", "toaster"),
        ("device_name", "x" * 201),
        ("profile_name", ""),
        ("admin", True),
    ],
)
async def test_hostile_fields_are_refused_by_name(
    client: AsyncClient, field: str, value: Any
) -> None:
    body = json.dumps(ANA | {field: value})
    answer = await client.post(URL, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["field"] in (field, None)


async def test_an_operator_may_close_registration(app: Any, client: AsyncClient) -> None:
    runtime = app.state.runtime
    runtime.settings = runtime.settings.model_copy(update={"registration_open": False})
    assert (await register(client)).json()["error"]["code"] == "forbidden"


async def test_one_subscriber_opens_ten_households_an_hour(app: Any, client: AsyncClient) -> None:
    runtime = app.state.runtime
    runtime.settings = runtime.settings.model_copy(update={"rate_limits_enabled": True})
    answers = [await register(client, email=f"ana{n}@example.com") for n in range(11)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429]


async def test_a_household_that_existed_before_is_left_alone(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime, "ana@example.com")
    await register(client, password="another good password")
    await sign_in(client, "ana@example.com", PASSWORD)
