"""One's own account: looking, changing, exporting, deleting."""

import asyncio
import json
from typing import Any

import pytest
from httpx import AsyncClient

from matinee.accounts.deletion import delete_due_households
from matinee.accounts.personal_data import ANONYMISED, ERASED, KEPT, held_tables
from matinee.core.jobs import JobRun
from matinee.models import Base
from matinee.runtime import Runtime
from tests.accounts.conftest import MailBox
from tests.makers import (
    PASSWORD,
    as_staff,
    as_viewer,
    choose_profile,
    execute,
    make_profile,
    make_title,
    make_user,
    scalar,
    sign_in,
)

ME = "/api/v1/me"


async def delete_me(client: AsyncClient, headers: dict[str, str], password: str = PASSWORD) -> Any:
    return await client.request("DELETE", ME, json={"password": password}, headers=headers)


async def run_deletion(runtime: Runtime) -> None:
    await delete_due_households(runtime, JobRun(0, 0, runtime.database))


async def days_pass(runtime: Runtime, days: float) -> None:
    await execute(
        runtime,
        "UPDATE users SET deletion_requested_at = deletion_requested_at - $1 * interval '1 day'",
        days,
    )


async def test_the_account_tells_what_is_known(runtime: Runtime, client: AsyncClient) -> None:
    user_id = await make_user(runtime, country="DE")
    me = (await client.get(ME, headers=await sign_in(client))).json()
    assert me["user_id"] == str(user_id)
    assert (me["email"], me["country"], me["role"]) == ("ana@example.com", "DE", None)
    assert me["has_purchase_pin"] is False
    assert me["server_time"] > me["created_at"]


async def test_the_country_changes_without_a_password(
    runtime: Runtime, client: AsyncClient
) -> None:
    headers = await as_viewer(runtime, client)
    answer = await client.patch(ME, json={"country": "FR"}, headers=headers)
    assert answer.json()["country"] == "FR"
    assert (await client.get(ME, headers=headers)).json()["country"] == "FR"


@pytest.mark.parametrize("change", [{"email": "new@example.com"}, {"purchase_pin": "4711"}])
@pytest.mark.parametrize("password", [None, "wrong password"])
async def test_the_address_and_the_purchase_pin_need_the_password(
    runtime: Runtime, client: AsyncClient, change: dict[str, str], password: str | None
) -> None:
    await make_user(runtime)
    headers = await sign_in(client)
    answer = await client.patch(ME, json=change | {"password": password}, headers=headers)
    assert answer.json()["error"]["code"] == "invalid_credentials"
    assert (await client.get(ME, headers=headers)).json()["email"] == "ana@example.com"


async def test_the_purchase_pin_is_set_and_removed(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    headers = await sign_in(client)
    for pin, has_pin in (("4711", True), ("", False)):
        answer = await client.patch(
            ME, json={"purchase_pin": pin, "password": PASSWORD}, headers=headers
        )
        assert answer.json()["has_purchase_pin"] is has_pin
    assert await scalar(runtime, "SELECT purchase_pin_hash FROM users") is None


@pytest.mark.parametrize("pin", ["123", "1234567", "12a4", "١٢٣٤", "12345\n"])
async def test_a_purchase_pin_has_four_to_six_digits(
    runtime: Runtime, client: AsyncClient, pin: str
) -> None:
    await make_user(runtime)
    body = {"purchase_pin": pin, "password": PASSWORD}
    answer = await client.patch(ME, json=body, headers=await sign_in(client))
    accepted = pin == "12345\n"  # surrounding white space is trimmed
    assert answer.status_code == (200 if accepted else 422)


async def test_a_new_address_is_signed_in_with_and_the_old_one_is_told(
    runtime: Runtime, client: AsyncClient, mail_box: MailBox
) -> None:
    await make_user(runtime)
    body = {"email": "Ana.Lima@example.com", "password": PASSWORD}
    answer = await client.patch(ME, json=body, headers=await sign_in(client))
    assert answer.json()["email"] == "Ana.Lima@example.com"
    await sign_in(client, "ana.lima@example.com")
    old = await client.post(
        "/api/v1/auth/login", json={"email": "ana@example.com", "password": PASSWORD}
    )
    assert old.status_code == 401
    await runtime.worker.drain()
    assert [(mail.to, mail.subject) for mail in mail_box.mails] == [
        ("ana@example.com", "Your e-mail address was changed")
    ]


async def test_the_address_of_somebody_else_is_taken(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    await make_user(runtime, "bob@example.com")
    body = {"email": "BOB@example.com", "password": PASSWORD}
    answer = await client.patch(ME, json=body, headers=await sign_in(client))
    assert (answer.status_code, answer.json()["error"]["field"]) == (409, "email")
    await sign_in(client, "ana@example.com")


async def test_of_two_who_want_one_address_at_once_one_gets_it(
    runtime: Runtime, client: AsyncClient
) -> None:
    emails = ["ana@example.com", "bob@example.com"]
    for email in emails:
        await make_user(runtime, email)
    headers = [await sign_in(client, email) for email in emails]
    body = {"email": "wanted@example.com", "password": PASSWORD}
    answers = await asyncio.gather(*(client.patch(ME, json=body, headers=who) for who in headers))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await scalar(runtime, "SELECT count(*) FROM login_identities") == 2


async def test_the_same_address_in_another_case_is_kept(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    body = {"email": "ANA@example.com", "password": PASSWORD}
    answer = await client.patch(ME, json=body, headers=await sign_in(client))
    assert answer.json()["email"] == "ANA@example.com"
    await sign_in(client)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", ME, {"country": "DE"}),
        ("DELETE", ME, {"password": PASSWORD}),
        ("GET", f"{ME}/export", None),
        (
            "POST",
            "/api/v1/auth/password/change",
            {"current_password": PASSWORD, "new_password": "quite another one"},
        ),
    ],
)
async def test_a_kids_profile_does_not_manage_the_account(
    runtime: Runtime, client: AsyncClient, method: str, path: str, body: dict[str, str] | None
) -> None:
    headers = await as_viewer(runtime, client, kind="kids", max_maturity=9)
    answer = await client.request(method, path, json=body, headers=headers)
    assert answer.json()["error"]["code"] == "forbidden"


async def test_the_export_holds_everything_but_secrets(
    runtime: Runtime, client: AsyncClient
) -> None:
    user_id = await make_user(runtime)
    pin_hash = await runtime.passwords.hash("4711")
    profile_id = await make_profile(runtime, user_id, name="Ana Lima", pin_hash=pin_hash)
    title_id = await make_title(runtime)
    for sql in (
        "INSERT INTO profile_allowed_titles VALUES ($1, $2, $3)",
        "INSERT INTO profile_preferences VALUES ($1, $2, 'genre', $3::text, true)",
    ):
        value: Any = title_id if "titles" in sql else "comedy"
        await execute(runtime, sql, user_id, profile_id, value)
    headers = await sign_in(client)
    answer = await client.get(f"{ME}/export", headers=headers)
    held = answer.json()
    assert held["users"][0]["email"] == "ana@example.com"
    assert held["profiles"][0]["name"] == "Ana Lima"
    assert held["profile_allowed_titles"][0]["title_id"] == str(title_id)
    assert held["profile_preferences"][0]["label"] == "comedy"
    assert held["auth_sessions"][0]["last_ip"] == "203.0.113.7"
    assert set(held) == {table.name for table in held_tables()} | {
        "exported_at",
        "admin_audit_log",
    }
    assert "argon2" not in answer.text
    assert "salt" not in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"


async def test_the_export_holds_nothing_of_others(runtime: Runtime, client: AsyncClient) -> None:
    await as_viewer(runtime, client, "bob@example.com", name="Roberto")
    headers = await as_viewer(runtime, client)
    answer = await client.get(f"{ME}/export", headers=headers)
    assert "bob@example.com" not in answer.text
    assert "Roberto" not in answer.text


async def test_the_export_tells_what_staff_did(runtime: Runtime, client: AsyncClient) -> None:
    admin = await as_staff(runtime, client)
    user_id = await make_user(runtime)
    for status in ("disabled", "active"):
        body = {"status": status, "reason": "a question of safety"}
        await client.patch(f"/api/v1/admin/users/{user_id}", json=body, headers=admin)
    answer = await client.get(f"{ME}/export", headers=await sign_in(client))
    actions = [row["action"] for row in answer.json()["admin_audit_log"]]
    assert actions == ["user.disable", "user.enable"]


async def test_a_large_export_is_valid_json(runtime: Runtime, client: AsyncClient) -> None:
    user_id = await make_user(runtime)
    profile_id = await make_profile(runtime, user_id)
    await execute(
        runtime,
        """INSERT INTO profile_allowed_titles (user_id, profile_id, title_id)
           SELECT $1, $2, uuidv7() FROM generate_series(1, 20000)""",
        user_id,
        profile_id,
    )
    answer = await client.get(f"{ME}/export", headers=await sign_in(client))
    assert len(json.loads(answer.content)["profile_allowed_titles"]) == 20_000


def test_every_table_of_households_is_erased_or_anonymised() -> None:
    held = {table.name for table in held_tables()}
    assert sorted([*ERASED, *ANONYMISED, *KEPT]) == sorted(held)
    assert held >= {
        name
        for name, table in Base.metadata.tables.items()
        if table.info["placement"].kind == "distributed"
    }


async def test_deleting_needs_the_password(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    headers = await sign_in(client)
    answer = await delete_me(client, headers, "wrong password")
    assert answer.json()["error"]["code"] == "invalid_credentials"
    assert (await client.get(ME, headers=headers)).json()["deletes_at"] is None


async def test_deleting_signs_out_everywhere_and_tells_the_owner(
    runtime: Runtime, client: AsyncClient, mail_box: MailBox
) -> None:
    await make_user(runtime)
    here, other = await sign_in(client), await sign_in(client)
    answer = await delete_me(client, here)
    assert answer.status_code == 202
    assert answer.json()["deletes_at"] > answer.json()["server_time"]
    for headers in (here, other):
        assert (await client.get(ME, headers=headers)).status_code == 401
    await runtime.worker.drain()
    assert "in 7 days" in mail_box.mails[0].text


async def test_signing_in_within_the_grace_keeps_the_account(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    await delete_me(client, await sign_in(client))
    await days_pass(runtime, 6.9)
    await run_deletion(runtime)
    headers = await sign_in(client)
    assert (await client.get(ME, headers=headers)).json()["deletion_requested_at"] is None
    await run_deletion(runtime)
    assert (await client.get(ME, headers=headers)).status_code == 200


async def test_after_the_grace_nothing_personal_is_left(
    runtime: Runtime, client: AsyncClient
) -> None:
    user_id = await make_user(runtime)
    await make_profile(runtime, user_id, name="Ana Lima")
    device = (await client.post("/api/v1/auth/device/code", json={})).json()
    headers = await sign_in(client)
    await client.post(
        "/api/v1/auth/device/approve", json={"user_code": device["user_code"]}, headers=headers
    )
    await client.post("/api/v1/auth/password/forgot", json={"email": "ana@example.com"})
    await runtime.worker.drain()
    await delete_me(client, headers)
    await days_pass(runtime, 7)
    await run_deletion(runtime)
    for table in ERASED:
        assert await scalar(runtime, f"SELECT count(*) FROM {table}") == 0, table
    left = await scalar(runtime, "SELECT row_to_json(users)::text FROM users")
    assert json.loads(left)["user_id"] == str(user_id)
    assert json.loads(left)["status"] == "deleted"
    for word in ("ana", "Lima", "argon2"):
        assert word not in left


async def test_a_deleted_address_can_register_again(runtime: Runtime, client: AsyncClient) -> None:
    old = await make_user(runtime)
    await delete_me(client, await sign_in(client))
    await days_pass(runtime, 7)
    await run_deletion(runtime)
    body = {"email": "ana@example.com", "password": PASSWORD, "country": "US"}
    answer = await client.post("/api/v1/auth/register", json=body)
    assert answer.status_code == 201
    assert answer.json()["user_id"] != str(old)


async def test_deletion_is_written_down(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    await delete_me(client, await sign_in(client))
    await days_pass(runtime, 7)
    await run_deletion(runtime)
    await run_deletion(runtime)
    assert await scalar(runtime, "SELECT string_agg(action, ' ') FROM admin_audit_log") == (
        "user.delete"
    )


async def test_others_stay_when_one_household_goes(runtime: Runtime, client: AsyncClient) -> None:
    bob = await as_viewer(runtime, client, "bob@example.com")
    await make_profile(runtime, await make_user(runtime))
    await delete_me(client, await sign_in(client))
    await days_pass(runtime, 7)
    await run_deletion(runtime)
    assert (await client.get("/api/v1/catalog/titles", headers=bob)).status_code == 200


async def test_signing_in_while_the_account_is_being_deleted_is_all_or_nothing(
    runtime: Runtime, client: AsyncClient
) -> None:
    """Whoever comes first wins: a session of an account that is gone never starts."""
    await make_user(runtime)
    await delete_me(client, await sign_in(client))
    await days_pass(runtime, 7)
    body = {"email": "ana@example.com", "password": PASSWORD}
    answer, _ = await asyncio.gather(
        client.post("/api/v1/auth/login", json=body), run_deletion(runtime)
    )
    status = await scalar(runtime, "SELECT status FROM users")
    sessions = await scalar(runtime, "SELECT count(*) FROM auth_sessions WHERE revoked_at IS NULL")
    signed_in = answer.status_code == 200
    assert (status, sessions) == (("active", 1) if signed_in else ("deleted", 0))


async def test_the_last_administrator_cannot_delete_himself(
    runtime: Runtime, client: AsyncClient
) -> None:
    headers = await as_staff(runtime, client)
    assert (await delete_me(client, headers)).json()["error"]["code"] == "last_admin"


async def test_a_profile_may_be_chosen_before_the_account_is_read(
    runtime: Runtime, client: AsyncClient
) -> None:
    profile_id = await make_profile(runtime, await make_user(runtime))
    headers = await choose_profile(client, await sign_in(client), profile_id)
    assert (await client.get(ME, headers=headers)).status_code == 200
