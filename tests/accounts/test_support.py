"""Households as support sees them."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import as_staff, as_viewer, make_profile, make_user, scalar, sign_in

USERS = "/api/v1/admin/users"


async def set_status(
    client: AsyncClient, headers: dict[str, str], user_id: UUID | str, status: str = "disabled"
) -> Any:
    body = {"status": status, "reason": "asked by phone"}
    return await client.patch(f"{USERS}/{user_id}", json=body, headers=headers)


async def emails(client: AsyncClient, headers: dict[str, str], **params: Any) -> list[str]:
    answer = await client.get(USERS, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return [user["email"] for user in answer.json()["items"]]


async def test_households_are_found_by_how_their_address_begins(
    runtime: Runtime, client: AsyncClient
) -> None:
    support = await as_staff(runtime, client, "support")
    for email in ("ana@example.com", "anabel@example.com", "bob@example.com"):
        await make_user(runtime, email)
    assert await emails(client, support, email="ANA") == ["ana@example.com", "anabel@example.com"]
    assert await emails(client, support, email="bob@example.com") == ["bob@example.com"]


@pytest.mark.parametrize("email", ["%", "_na@", "a%", "\\", "'; DROP TABLE users --", "\ud83c"])
async def test_what_is_looked_for_is_taken_literally(
    runtime: Runtime, client: AsyncClient, email: str
) -> None:
    support = await as_staff(runtime, client, "support")
    await make_user(runtime)
    encoded = email.encode("utf-8", "surrogatepass")
    answer = await client.get(USERS, params={"email": encoded}, headers=support)
    assert answer.status_code in (200, 422)
    assert answer.status_code == 422 or answer.json()["items"] == []


async def test_the_list_goes_on_page_by_page(runtime: Runtime, client: AsyncClient) -> None:
    support = await as_staff(runtime, client, "support")
    expected = ["support@example.com"]
    for n in range(5):
        await make_user(runtime, f"user{n}@example.com")
        expected.append(f"user{n}@example.com")
    seen: list[str] = []
    cursor = None
    while True:
        params = {"page_size": 2} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(USERS, params=params, headers=support)).json()
        seen += [user["email"] for user in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == expected


async def test_support_sees_what_helps_and_no_more(runtime: Runtime, client: AsyncClient) -> None:
    support = await as_staff(runtime, client, "support")
    await as_viewer(runtime, client, name="Secret Name")
    user_id = await scalar(runtime, "SELECT user_id FROM users WHERE email = 'ana@example.com'")
    answer = await client.get(f"{USERS}/{user_id}", headers=support)
    assert (answer.json()["profiles"], answer.json()["live_sessions"]) == (1, 1)
    assert "Secret Name" not in answer.text
    assert "hash" not in answer.text


async def test_a_missing_household_is_not_found(runtime: Runtime, client: AsyncClient) -> None:
    support = await as_staff(runtime, client, "support")
    assert (await client.get(f"{USERS}/{uuid4()}", headers=support)).status_code == 404
    assert (await set_status(client, support, uuid4())).status_code == 404


async def test_disabling_signs_out_everywhere_at_once(
    runtime: Runtime, client: AsyncClient
) -> None:
    support = await as_staff(runtime, client, "support")
    user_id = await make_user(runtime)
    headers = await sign_in(client)
    assert (await client.get("/api/v1/me", headers=headers)).status_code == 200
    assert (await set_status(client, support, user_id)).json()["status"] == "disabled"
    assert (await client.get("/api/v1/me", headers=headers)).status_code == 401
    assert (await set_status(client, support, user_id, "active")).status_code == 200
    assert (await client.get("/api/v1/me", headers=headers)).status_code == 401
    await sign_in(client)


async def test_no_session_starts_while_the_household_is_being_disabled(
    runtime: Runtime, client: AsyncClient
) -> None:
    support = await as_staff(runtime, client, "support")
    user_id = await make_user(runtime)
    body = {"email": "ana@example.com", "password": "correct horse battery staple"}
    await asyncio.gather(
        set_status(client, support, user_id),
        *(client.post("/api/v1/auth/login", json=body) for _ in range(6)),
    )
    live = await scalar(
        runtime,
        "SELECT count(*) FROM auth_sessions WHERE user_id = $1 AND revoked_at IS NULL",
        user_id,
    )
    assert live == 0


async def test_disabling_is_written_down_once(runtime: Runtime, client: AsyncClient) -> None:
    support = await as_staff(runtime, client, "support")
    user_id = await make_user(runtime)
    for _ in range(2):
        await set_status(client, support, user_id)
    row = await scalar(
        runtime,
        "SELECT json_agg(json_build_array(action, role, changes, reason)) FROM admin_audit_log",
    )
    assert row == [
        ["user.disable", "support", {"status": ["active", "disabled"]}, "asked by phone"]
    ]


async def test_a_reason_is_needed(runtime: Runtime, client: AsyncClient) -> None:
    support = await as_staff(runtime, client, "support")
    user_id = await make_user(runtime)
    answer = await client.patch(f"{USERS}/{user_id}", json={"status": "disabled"}, headers=support)
    assert answer.json()["error"]["field"] == "reason"


async def test_nobody_disables_himself(runtime: Runtime, client: AsyncClient) -> None:
    support = await as_staff(runtime, client, "support")
    me = (await client.get("/api/v1/me", headers=support)).json()["user_id"]
    assert (await set_status(client, support, me)).json()["error"]["code"] == "rule_violated"


async def test_support_does_not_touch_accounts_of_staff(
    runtime: Runtime, client: AsyncClient
) -> None:
    support = await as_staff(runtime, client, "support")
    await make_user(runtime, "root@example.com", role="admin")
    editor = await make_user(runtime, "ed@example.com", role="editor")
    admin = await make_user(runtime, "boss@example.com", role="admin")
    for user_id in (editor, admin):
        answer = await set_status(client, support, user_id)
        assert answer.json()["error"]["code"] == "forbidden"


@pytest.mark.parametrize("role", ["editor", "analyst"])
async def test_other_roles_see_no_households(
    runtime: Runtime, client: AsyncClient, role: str
) -> None:
    headers = await as_staff(runtime, client, role)
    user_id = await make_user(runtime)
    answers = [
        await client.get(USERS, headers=headers),
        await client.get(f"{USERS}/{user_id}", headers=headers),
        await set_status(client, headers, user_id),
    ]
    assert {answer.json()["error"]["code"] for answer in answers} == {"forbidden"}


async def test_viewers_see_no_households(runtime: Runtime, client: AsyncClient) -> None:
    headers = await as_viewer(runtime, client)
    assert (await client.get(USERS, headers=headers)).json()["error"]["code"] == "forbidden"
    assert (await client.get(USERS)).json()["error"]["code"] == "not_authenticated"


async def test_a_kids_profile_of_staff_has_no_role_to_use_by_accident(
    runtime: Runtime, client: AsyncClient
) -> None:
    """Roles belong to the account: who signed in with it may use them, whatever the profile."""
    user_id = await make_user(runtime, role="support")
    profile_id = await make_profile(runtime, user_id)
    headers = await sign_in(client)
    await client.post(f"/api/v1/profiles/{profile_id}/select", json={}, headers=headers)
    assert (await client.get(USERS, headers=headers)).status_code == 200
