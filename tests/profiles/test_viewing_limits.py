"""Grown-ups say when and for how long a profile may watch; everybody sees what is left."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.makers import as_viewer, execute, scalar
from tests.profiles.calls import PROFILES, code_of

MONDAY = {"weekday": "monday", "minutes": 90, "from_time": "17:00", "until_time": "20:00"}

Headers = dict[str, str]


@pytest.fixture
async def profile_id(runtime: Runtime, ana: Headers) -> UUID:
    found: UUID = await scalar(runtime, "SELECT id FROM profiles")
    return found


async def put(
    client: AsyncClient, headers: Headers, profile_id: UUID, *days: dict[str, Any]
) -> Response:
    return await client.put(
        f"{PROFILES}/{profile_id}/limits", json={"days": list(days)}, headers=headers
    )


async def get(client: AsyncClient, headers: Headers, profile_id: UUID) -> dict[str, Any]:
    answer = await client.get(f"{PROFILES}/{profile_id}/limits", headers=headers)
    found: dict[str, Any] = answer.json()
    return found


async def test_a_profile_starts_without_limits(
    client: AsyncClient, ana: Headers, profile_id: UUID
) -> None:
    found = await get(client, ana, profile_id)
    assert (found["days"], found["seconds_left"]) == ([], None)


async def test_what_was_set_is_read_back(
    client: AsyncClient, ana: Headers, profile_id: UUID
) -> None:
    assert (await put(client, ana, profile_id, MONDAY)).status_code == 200
    assert (await get(client, ana, profile_id))["days"] == [MONDAY]


async def test_setting_replaces_all(client: AsyncClient, ana: Headers, profile_id: UUID) -> None:
    await put(client, ana, profile_id, MONDAY)
    await put(client, ana, profile_id)
    assert (await get(client, ana, profile_id))["days"] == []


async def test_it_is_told_what_is_left_of_today(
    runtime: Runtime, client: AsyncClient, ana: Headers, profile_id: UUID
) -> None:
    every_day = [
        {"weekday": name, "minutes": 0}
        for name in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    ]
    answer = (await put(client, ana, profile_id, *every_day)).json()
    assert (answer["seconds_left"], answer["resets_at"]) == (0, None)


WRONG: list[dict[str, Any]] = [
    {"weekday": "someday"},
    {"weekday": "monday", "minutes": -1},
    {"weekday": "monday", "minutes": 1441},
    {"weekday": "monday", "minutes": True},
    {"weekday": "monday", "from_time": "25:00"},
    {"weekday": "monday", "from_time": "20:00", "until_time": "17:00"},
    {"weekday": "monday", "from_time": "17:00", "until_time": "17:00"},
    {"weekday": "monday", "hours": 3},
]


@pytest.mark.parametrize("day", WRONG)
async def test_what_makes_no_sense_is_refused(
    client: AsyncClient, ana: Headers, profile_id: UUID, day: dict[str, Any]
) -> None:
    assert (await put(client, ana, profile_id, day)).status_code == 422


async def test_a_weekday_stands_only_once(
    client: AsyncClient, ana: Headers, profile_id: UUID
) -> None:
    assert (await put(client, ana, profile_id, MONDAY, MONDAY)).status_code == 422


async def test_a_child_does_not_change_its_limits(runtime: Runtime, client: AsyncClient) -> None:
    child = await as_viewer(runtime, client, kind="kids")
    profile_id = await scalar(runtime, "SELECT id FROM profiles")
    assert code_of(await put(client, child, profile_id)) == "forbidden"


async def test_a_household_with_a_pin_asks_for_a_proof(
    runtime: Runtime, client: AsyncClient, ana: Headers, profile_id: UUID
) -> None:
    await execute(runtime, "UPDATE profiles SET pin_hash = $1", await runtime.passwords.hash("47"))
    assert code_of(await put(client, ana, profile_id, MONDAY)) == "pin_required"


async def test_profiles_that_do_not_exist_have_none(client: AsyncClient, ana: Headers) -> None:
    assert code_of(await put(client, ana, uuid4(), MONDAY)) == "not_found"
