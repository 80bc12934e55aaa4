"""Signed-in devices: listing them, ending them, renewing their tokens."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.accounts.sessions import GRACE_SECONDS
from matinee.runtime import Runtime
from tests.makers import PASSWORD, as_staff, execute, make_profile, make_user, scalar, sign_in

SESSIONS = "/api/v1/auth/sessions"
JUNK = [
    "",
    "junk",
    "mrt_x.y.z",
    "mrt_" + "0" * 32 + ".1." + "A" * 43,
    "mrt_" + "0" * 32 + ".999999999." + "A" * 43,
    "mrt_" + "0" * 32 + ".1." + "A" * 42 + "\0",
    "mrt_" + "٣" * 32 + ".1." + "A" * 43,
]


async def signed_in(caller: AsyncClient, **fields: Any) -> dict[str, Any]:
    body = {"email": "ana@example.com", "password": PASSWORD, "client": "app"} | fields
    answer = await caller.post("/api/v1/auth/login", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def bearer(answer: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer['access_token']}"}


async def refresh(client: AsyncClient, token: str) -> Any:
    return await client.post("/api/v1/auth/refresh", json={"refresh_token": token})


async def pass_grace(runtime: Runtime) -> None:
    await execute(
        runtime,
        "UPDATE auth_sessions SET rotated_at = rotated_at - $1 * interval '1 second'",
        float(GRACE_SECONDS),
    )


async def test_a_refresh_token_gives_the_next_one(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    first = await signed_in(client)
    second = (await refresh(client, first["refresh_token"])).json()
    assert second["session_id"] == first["session_id"]
    assert second["refresh_token"] != first["refresh_token"]
    assert (await client.get("/api/v1/me", headers=bearer(second))).status_code == 200


async def test_fifty_refreshes_at_once_rotate_once_and_give_one_successor(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    token = (await signed_in(client))["refresh_token"]
    answers = await asyncio.gather(*(refresh(client, token) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert await scalar(runtime, "SELECT generation FROM auth_sessions") == 2


async def test_a_lost_answer_can_be_asked_for_again_within_the_grace(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    token = (await signed_in(client))["refresh_token"]
    lost = (await refresh(client, token)).json()["refresh_token"]
    assert (await refresh(client, token)).json()["refresh_token"] == lost


async def test_a_token_used_again_after_the_grace_ends_the_session(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    first = await signed_in(client)
    second = (await refresh(client, first["refresh_token"])).json()
    await pass_grace(runtime)
    reused = await refresh(client, first["refresh_token"])
    assert reused.json()["error"]["code"] == "session_revoked"
    assert (await refresh(client, second["refresh_token"])).status_code == 401
    assert (await client.get("/api/v1/me", headers=bearer(second))).status_code == 401
    assert await scalar(runtime, "SELECT revoke_reason FROM auth_sessions") == "refresh_reuse"


async def test_a_token_two_generations_old_ends_the_session_even_within_the_grace(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    first = await signed_in(client)
    second = (await refresh(client, first["refresh_token"])).json()
    await refresh(client, second["refresh_token"])
    assert (await refresh(client, first["refresh_token"])).status_code == 401
    assert await scalar(runtime, "SELECT revoked_at IS NOT NULL FROM auth_sessions")


async def test_a_database_restored_from_before_a_rotation_signs_nobody_out(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    first = await signed_in(client)
    second = (await refresh(client, first["refresh_token"])).json()
    await execute(runtime, "UPDATE auth_sessions SET generation = 1")
    assert (await refresh(client, second["refresh_token"])).status_code == 200


@pytest.mark.parametrize("token", JUNK)
async def test_junk_is_no_refresh_token(client: AsyncClient, token: str) -> None:
    answer = await refresh(client, token)
    assert answer.json()["error"]["code"] in ("token_invalid", "validation_failed")
    assert answer.status_code in (401, 422)


async def test_a_changed_refresh_token_is_refused_and_ends_nothing(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    token = (await signed_in(client))["refresh_token"]
    prefix, generation, proof = token.split(".")
    other = (await signed_in(client))["refresh_token"].split(".")
    for forged in (
        f"{prefix}.{int(generation) + 1}.{proof}",
        f"{prefix}.{generation}.{proof[::-1]}",
        f"{other[0]}.{generation}.{proof}",
    ):
        assert (await refresh(client, forged)).json()["error"]["code"] == "token_invalid"
    assert (await refresh(client, token)).status_code == 200


async def test_an_access_token_is_no_refresh_token_and_the_other_way_round(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    session = await signed_in(client)
    assert (await refresh(client, session["access_token"])).status_code in (401, 422)
    swapped = {"Authorization": f"Bearer {session['refresh_token']}"}
    answer = await client.get("/api/v1/me", headers=swapped)
    assert answer.json()["error"]["code"] == "token_invalid"


async def test_an_ended_session_is_not_renewed(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    session = await signed_in(client)
    await client.post("/api/v1/auth/logout", headers=bearer(session))
    answer = await refresh(client, session["refresh_token"])
    assert answer.json()["error"]["code"] == "session_revoked"


async def test_an_expired_session_is_not_renewed(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    session = await signed_in(client)
    await execute(runtime, "UPDATE auth_sessions SET expires_at = clock_timestamp()")
    answer = await refresh(client, session["refresh_token"])
    assert answer.json()["error"]["code"] == "session_revoked"


async def test_using_a_device_keeps_it_signed_in(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    session = await signed_in(client, client="tv")
    await execute(
        runtime, "UPDATE auth_sessions SET expires_at = clock_timestamp() + interval '1 day'"
    )
    await refresh(client, session["refresh_token"])
    assert await scalar(
        runtime, "SELECT expires_at > clock_timestamp() + interval '364 days' FROM auth_sessions"
    )


async def test_devices_are_listed_newest_first_and_the_asking_one_is_marked(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    await signed_in(client, client="tv", device_name="Living room TV")
    here = await signed_in(client, device_name="Telephone")
    answer = (await client.get(SESSIONS, headers=bearer(here))).json()
    seen = [(one["device_name"], one["kind"], one["current"]) for one in answer["items"]]
    assert seen == [("Telephone", "app", True), ("Living room TV", "tv", False)]
    assert answer["items"][0]["last_ip"] == "203.0.113.7"


async def test_the_list_of_devices_goes_on_page_by_page(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    answers = [await signed_in(client) for _ in range(5)]
    seen, cursor = [], None
    while True:
        params = {"page_size": 2} | ({"cursor": cursor} if cursor else {})
        page = await client.get(SESSIONS, params=params, headers=bearer(answers[0]))
        seen += [one["id"] for one in page.json()["items"]]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    assert seen == [answer["session_id"] for answer in reversed(answers)]


@pytest.mark.parametrize("cursor", ["x", "WyJub3QgYSB1dWlkIl0", "WzFd", "W10"])
async def test_a_foreign_cursor_is_refused(
    runtime: Runtime, client: AsyncClient, cursor: str
) -> None:
    await make_user(runtime)
    headers = await sign_in(client)
    answer = await client.get(SESSIONS, params={"cursor": cursor}, headers=headers)
    assert answer.json()["error"]["code"] == "bad_cursor"


async def test_a_device_is_signed_out_from_another_at_once(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    stolen, here = await signed_in(client), await signed_in(client)
    assert (await client.get("/api/v1/me", headers=bearer(stolen))).status_code == 200
    url = f"{SESSIONS}/{stolen['session_id']}"
    assert (await client.delete(url, headers=bearer(here))).status_code == 204
    assert (await client.delete(url, headers=bearer(here))).status_code == 204
    assert (await client.get("/api/v1/me", headers=bearer(stolen))).status_code == 401
    assert (await client.get("/api/v1/me", headers=bearer(here))).status_code == 200


async def test_a_foreign_session_is_answered_like_a_missing_one(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime, "bob@example.com")
    bobs = await signed_in(client, email="bob@example.com")
    await make_user(runtime)
    headers = await sign_in(client)
    foreign = await client.delete(f"{SESSIONS}/{bobs['session_id']}", headers=headers)
    missing = await client.delete(f"{SESSIONS}/{uuid4()}", headers=headers)
    errors = [answer.json()["error"] | {"request_id": None} for answer in (foreign, missing)]
    assert errors[0] == errors[1]
    assert foreign.status_code == 404
    assert (await client.get("/api/v1/me", headers=bearer(bobs))).status_code == 200


async def test_a_kids_profile_signs_no_device_out(runtime: Runtime, client: AsyncClient) -> None:
    user_id = await make_user(runtime)
    kid = await make_profile(runtime, user_id, kind="kids", max_maturity=9)
    headers = await sign_in(client)
    await client.post(f"/api/v1/profiles/{kid}/select", json={}, headers=headers)
    other = await signed_in(client)
    answer = await client.delete(f"{SESSIONS}/{other['session_id']}", headers=headers)
    assert answer.json()["error"]["code"] == "forbidden"


async def test_another_process_believes_in_an_ended_session_for_seconds_at_most(
    runtime: Runtime, client: AsyncClient
) -> None:
    """Only where the row is not read each time: this process has not heard of the change."""
    await make_user(runtime)
    headers = await sign_in(client)
    admin = await as_staff(runtime, client)
    for who in (headers, admin):
        assert (await client.get("/api/v1/me", headers=who)).status_code == 200
    await execute(runtime, "UPDATE auth_sessions SET revoked_at = clock_timestamp()")
    assert (await client.get("/api/v1/me", headers=headers)).status_code == 200
    assert (await client.get("/api/v1/admin/users", headers=admin)).status_code == 401
    change = await client.patch("/api/v1/me", json={"country": "DE"}, headers=headers)
    assert change.json()["error"]["code"] == "session_revoked"


async def test_the_role_is_told_to_staff(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime, role="editor")
    assert (await signed_in(client))["role"] == "editor"


async def test_ids_of_sessions_are_made_by_the_database(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    assert UUID((await signed_in(client))["session_id"]).version == 7
