"""Who works for the operator, and the first administrator."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.accounts.staffing import create_staff, issue_setup_token
from matinee.core.errors import Conflict, InvalidValue
from matinee.runtime import Runtime
from tests.makers import PASSWORD, as_staff, execute, make_user, scalar, sign_in

SETUP = "/api/v1/auth/setup"
STAFF = "/api/v1/admin/staff"
REASON = "joins the catalogue team"
BOSS = {"email": "boss@example.com", "password": PASSWORD, "country": "US"}


async def set_up(client: AsyncClient, token: str | None, **fields: Any) -> Any:
    return await client.post(SETUP, json=BOSS | {"token": token} | fields)


async def appoint(
    client: AsyncClient, headers: dict[str, str], user_id: UUID | str, role: str
) -> Any:
    body = {"role": role, "reason": REASON}
    return await client.put(f"{STAFF}/{user_id}", json=body, headers=headers)


async def dismiss(client: AsyncClient, headers: dict[str, str], user_id: UUID | str) -> Any:
    return await client.delete(
        f"{STAFF}/{user_id}", params={"reason": "leaves us"}, headers=headers
    )


async def admins(runtime: Runtime) -> int:
    count: int = await scalar(runtime, "SELECT count(*) FROM staff WHERE role = 'admin'")
    return count


async def test_the_setup_token_makes_the_first_administrator(
    runtime: Runtime, client: AsyncClient
) -> None:
    token = await issue_setup_token(runtime)
    answer = await set_up(client, token)
    assert answer.status_code == 201
    assert answer.json()["role"] == "admin"
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await client.get(STAFF, headers=headers)).status_code == 200
    assert await scalar(runtime, "SELECT action FROM admin_audit_log") == "staff.appoint"


async def test_a_setup_token_works_once(runtime: Runtime, client: AsyncClient) -> None:
    tokens = [await issue_setup_token(runtime), await issue_setup_token(runtime)]
    answers = await asyncio.gather(
        *(
            set_up(client, token, email=f"boss{n}{m}@example.com")
            for n, token in enumerate(tokens)
            for m in range(3)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [401] * 5
    assert await admins(runtime) == 1
    assert await scalar(runtime, "SELECT count(*) FROM users") == 1


async def test_no_token_is_issued_where_there_is_an_administrator(runtime: Runtime) -> None:
    await make_user(runtime, role="admin")
    assert await issue_setup_token(runtime) is None


async def test_an_older_token_is_worthless_once_there_is_an_administrator(
    runtime: Runtime, client: AsyncClient
) -> None:
    token = await issue_setup_token(runtime)
    await create_staff(
        runtime, email="root@example.com", password=PASSWORD, role="admin", country="US"
    )
    assert (await set_up(client, token)).status_code == 401


async def test_a_setup_token_is_good_for_a_day(runtime: Runtime, client: AsyncClient) -> None:
    token = await issue_setup_token(runtime)
    await execute(runtime, "UPDATE setup_tokens SET expires_at = expires_at - interval '1 day'")
    assert (await set_up(client, token)).json()["error"]["code"] == "token_invalid"


async def test_only_the_hash_of_a_setup_token_is_stored(runtime: Runtime) -> None:
    token = await issue_setup_token(runtime)
    assert token is not None
    assert token not in await scalar(runtime, "SELECT setup_tokens::text FROM setup_tokens")


async def test_a_refused_password_leaves_the_setup_token_good(
    runtime: Runtime, client: AsyncClient
) -> None:
    token = await issue_setup_token(runtime)
    assert (await set_up(client, token, password="password123")).status_code == 422
    assert (await set_up(client, token)).status_code == 201


@pytest.mark.parametrize("token", ["", "x", "\0", "x" * 200])
async def test_junk_is_no_setup_token(client: AsyncClient, token: str) -> None:
    assert (await set_up(client, token)).status_code == 401


async def test_the_command_line_makes_staff_and_writes_it_down(
    runtime: Runtime, client: AsyncClient
) -> None:
    user_id = await create_staff(
        runtime, email="Ed@example.com", password=PASSWORD, role="editor", country="DE"
    )
    headers = await sign_in(client, "ed@example.com")
    assert (await client.get("/api/v1/me", headers=headers)).json()["role"] == "editor"
    row = await scalar(
        runtime, "SELECT actor_type || ' ' || (targets ->> 'user') FROM admin_audit_log"
    )
    assert row == f"cli {user_id}"


async def test_the_command_line_obeys_the_same_rules(runtime: Runtime) -> None:
    await make_user(runtime)
    with pytest.raises(Conflict):
        await create_staff(
            runtime, email="ANA@example.com", password=PASSWORD, role="admin", country="US"
        )
    assert await scalar(runtime, "SELECT count(*) FROM staff") == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "root"), ("password", "short"), ("password", "password1"), ("country", "Germany")],
)
async def test_the_command_line_checks_what_was_typed(
    runtime: Runtime, field: str, value: str
) -> None:
    typed = {"email": "root@example.com", "password": PASSWORD, "country": "DE"} | {field: value}
    with pytest.raises(InvalidValue) as refused:
        await create_staff(runtime, role="admin", **typed)
    assert refused.value.field == field
    assert await scalar(runtime, "SELECT count(*) FROM users") == 0


async def test_an_appointment_takes_effect_with_the_next_request(
    runtime: Runtime, client: AsyncClient
) -> None:
    admin = await as_staff(runtime, client)
    user_id = await make_user(runtime)
    headers = await sign_in(client)
    assert (await client.get("/api/v1/admin/users", headers=headers)).status_code == 403
    answer = await appoint(client, admin, user_id, "support")
    assert (answer.json()["role"], answer.json()["email"]) == ("support", "ana@example.com")
    assert (await client.get("/api/v1/admin/users", headers=headers)).status_code == 200
    assert (await dismiss(client, admin, user_id)).status_code == 204
    assert (await client.get("/api/v1/admin/users", headers=headers)).status_code == 403


async def test_appointing_and_dismissing_are_written_down(
    runtime: Runtime, client: AsyncClient
) -> None:
    admin = await as_staff(runtime, client)
    user_id = await make_user(runtime)
    await appoint(client, admin, user_id, "editor")
    await dismiss(client, admin, user_id)
    await dismiss(client, admin, user_id)
    rows = await scalar(
        runtime,
        """SELECT json_agg(json_build_array(action, changes -> 'role', reason) ORDER BY id)
           FROM admin_audit_log""",
    )
    assert rows == [
        ["staff.appoint", [None, "editor"], REASON],
        ["staff.dismiss", ["editor", None], "leaves us"],
    ]


async def test_staff_are_listed(runtime: Runtime, client: AsyncClient) -> None:
    admin = await as_staff(runtime, client)
    await make_user(runtime, "ed@example.com", role="editor")
    items = (await client.get(STAFF, headers=admin)).json()["items"]
    assert [(one["email"], one["role"]) for one in items] == [
        ("admin@example.com", "admin"),
        ("ed@example.com", "editor"),
    ]


@pytest.mark.parametrize("role", ["editor", "support", "analyst"])
async def test_only_administrators_manage_staff(
    runtime: Runtime, client: AsyncClient, role: str
) -> None:
    headers = await as_staff(runtime, client, role)
    user_id = await make_user(runtime)
    answers = [
        await client.get(STAFF, headers=headers),
        await appoint(client, headers, user_id, "admin"),
        await dismiss(client, headers, user_id),
    ]
    assert {answer.json()["error"]["code"] for answer in answers} == {"forbidden"}


async def test_nobody_is_appointed_who_does_not_exist(
    runtime: Runtime, client: AsyncClient
) -> None:
    admin = await as_staff(runtime, client)
    assert (await appoint(client, admin, uuid4(), "editor")).status_code == 404


async def test_the_last_administrator_stays(runtime: Runtime, client: AsyncClient) -> None:
    admin = await as_staff(runtime, client)
    me = (await client.get("/api/v1/me", headers=admin)).json()["user_id"]
    for answer in (
        await dismiss(client, admin, me),
        await appoint(client, admin, me, "editor"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "last_admin")


async def test_two_administrators_cannot_remove_each_other_at_once(
    runtime: Runtime, client: AsyncClient
) -> None:
    first, second = (
        await make_user(runtime, "a@example.com", role="admin"),
        await make_user(runtime, "b@example.com", role="admin"),
    )
    headers = [await sign_in(client, "a@example.com"), await sign_in(client, "b@example.com")]
    answers = await asyncio.gather(
        dismiss(client, headers[0], second),
        dismiss(client, headers[1], first),
        appoint(client, headers[0], second, "editor"),
        appoint(client, headers[1], first, "editor"),
    )
    assert all(answer.status_code < 500 for answer in answers)
    assert await admins(runtime) == 1


async def test_a_disabled_administrator_is_no_other_administrator(
    runtime: Runtime, client: AsyncClient
) -> None:
    admin = await as_staff(runtime, client)
    me = (await client.get("/api/v1/me", headers=admin)).json()["user_id"]
    other = await make_user(runtime, role="admin")
    body = {"status": "disabled", "reason": "lost his laptop"}
    url = f"/api/v1/admin/users/{other}"
    assert (await client.patch(url, json=body, headers=admin)).status_code == 200
    assert (await dismiss(client, admin, me)).json()["error"]["code"] == "last_admin"
