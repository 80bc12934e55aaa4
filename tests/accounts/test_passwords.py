"""Changing a password, and replacing a forgotten one."""

import asyncio
import re
from typing import Any

import pytest
from httpx import AsyncClient

from matinee.accounts.passwords import check_new_password, common_passwords
from matinee.core.errors import InvalidValue
from matinee.core.ratelimit import PASSWORD_RESETS
from matinee.runtime import Runtime
from tests.accounts.conftest import MailBox
from tests.makers import PASSWORD, execute, make_profile, make_user, scalar, sign_in

NEW = "a quite different password"
CHANGE = "/api/v1/auth/password/change"
FORGOT = "/api/v1/auth/password/forgot"
RESET = "/api/v1/auth/password/reset"


async def change(client: AsyncClient, headers: dict[str, str], **fields: Any) -> Any:
    body = {"current_password": PASSWORD, "new_password": NEW} | fields
    return await client.post(CHANGE, json=body, headers=headers)


async def can_sign_in(client: AsyncClient, password: str) -> bool:
    body = {"email": "ana@example.com", "password": password}
    return (await client.post("/api/v1/auth/login", json=body)).status_code == 200


async def reset_link(runtime: Runtime, client: AsyncClient, mail_box: MailBox) -> str:
    """The token of a link that was really sent."""
    await client.post(FORGOT, json={"email": "ANA@example.com"})
    await runtime.worker.drain()
    found = re.search(r"token=([\w-]{43})", mail_box.mails[-1].text)
    assert found
    return found[1]


async def reset(client: AsyncClient, token: str, password: str = NEW) -> Any:
    return await client.post(RESET, json={"token": token, "new_password": password})


@pytest.mark.parametrize(
    "password", ["password", "PASSWORD1", "Qwertyuiop", "iloveyou", "12345678"]
)
def test_the_most_common_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidValue):
        check_new_password(password, "ana@example.com")


def test_some_hundreds_of_passwords_count_as_common() -> None:
    assert len(common_passwords()) >= 500
    assert all(len(word) >= 8 and word == word.casefold() for word in common_passwords())


@pytest.mark.parametrize("email", ["al@example.com", "x@example.com"])
def test_names_of_two_letters_occur_by_chance(email: str) -> None:
    check_new_password("a walrus in the exhibition", email)


async def test_a_changed_password_takes_effect(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    assert (await change(client, await sign_in(client))).status_code == 200
    assert await can_sign_in(client, NEW)
    assert not await can_sign_in(client, PASSWORD)


async def test_changing_it_signs_out_everywhere_and_here_anew(
    runtime: Runtime, client: AsyncClient
) -> None:
    profile_id = await make_profile(runtime, await make_user(runtime))
    other, here = await sign_in(client), await sign_in(client)
    await client.post(f"/api/v1/profiles/{profile_id}/select", json={}, headers=here)
    answer = (await change(client, here)).json()
    for old in (other, here):
        assert (await client.get("/api/v1/me", headers=old)).status_code == 401
    new = {"Authorization": f"Bearer {answer['access_token']}"}
    assert (await client.get("/api/v1/me", headers=new)).status_code == 200
    assert answer["profile_id"] == str(profile_id)


async def test_a_browser_gets_a_new_cookie(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    body = {"email": "ana@example.com", "password": PASSWORD, "client": "web"}
    await client.post("/api/v1/auth/login", json=body)
    old = client.cookies["matinee"]
    assert (await change(client, {"Sec-Fetch-Site": "same-origin"})).status_code == 200
    assert client.cookies["matinee"] != old
    assert (await client.get("/api/v1/me")).status_code == 200


async def test_the_owner_is_told(runtime: Runtime, client: AsyncClient, mail_box: MailBox) -> None:
    await make_user(runtime)
    await change(client, await sign_in(client))
    await runtime.worker.drain()
    assert [mail.subject for mail in mail_box.mails] == ["Your password was changed"]


async def test_the_current_password_is_needed(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    answer = await change(client, await sign_in(client), current_password="wrong password")
    assert answer.json()["error"]["code"] == "invalid_credentials"
    assert answer.json()["error"]["field"] == "current_password"


@pytest.mark.parametrize("new_password", ["password123", "ana likes films", "short"])
async def test_the_new_password_obeys_the_same_rules(
    runtime: Runtime, client: AsyncClient, new_password: str
) -> None:
    await make_user(runtime)
    answer = await change(client, await sign_in(client), new_password=new_password)
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "new_password"


async def test_of_two_changes_at_once_one_succeeds(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    headers = await sign_in(client)
    wishes = [f"another password {n}" for n in range(4)]
    answers = await asyncio.gather(*(change(client, headers, new_password=wish) for wish in wishes))
    accepted = [
        wish for wish, answer in zip(wishes, answers, strict=True) if answer.status_code == 200
    ]
    assert len(accepted) == 1
    assert await can_sign_in(client, accepted[0])


async def test_guessing_the_current_password_is_limited(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_user(runtime)
    headers = await sign_in(client)
    answers = await asyncio.gather(
        *(change(client, headers, current_password=f"wrong {n}") for n in range(12))
    )
    assert sorted(answer.status_code for answer in answers) == [401] * 10 + [429] * 2


async def test_a_link_replaces_a_forgotten_password(
    runtime: Runtime, client: AsyncClient, mail_box: MailBox
) -> None:
    await make_user(runtime)
    token = await reset_link(runtime, client, mail_box)
    assert mail_box.mails[-1].to == "ana@example.com"
    assert (await reset(client, token)).status_code == 204
    assert await can_sign_in(client, NEW)


async def test_only_the_hash_of_a_link_is_stored_anywhere(
    runtime: Runtime, client: AsyncClient, mail_box: MailBox
) -> None:
    await make_user(runtime)
    token = await reset_link(runtime, client, mail_box)
    jobs = await scalar(runtime, "SELECT string_agg(args::text, ' ') FROM procrastinate_jobs")
    links = await scalar(runtime, "SELECT string_agg(r::text, ' ') FROM password_resets r")
    assert token not in jobs
    assert token not in links


async def test_a_link_works_once(runtime: Runtime, client: AsyncClient, mail_box: MailBox) -> None:
    await make_user(runtime)
    token = await reset_link(runtime, client, mail_box)
    answers = await asyncio.gather(*(reset(client, token, f"{NEW} {n}") for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [204] + [401] * 5
    assert (await reset(client, token)).json()["error"]["code"] == "token_invalid"


async def test_a_newer_link_makes_an_older_one_worthless(
    runtime: Runtime, client: AsyncClient, mail_box: MailBox
) -> None:
    await make_user(runtime)
    older = await reset_link(runtime, client, mail_box)
    newer = await reset_link(runtime, client, mail_box)
    assert (await reset(client, older)).status_code == 401
    assert (await reset(client, newer)).status_code == 204


async def test_a_link_is_good_for_half_an_hour(
    runtime: Runtime, client: AsyncClient, mail_box: MailBox
) -> None:
    await make_user(runtime)
    token = await reset_link(runtime, client, mail_box)
    await execute(
        runtime, "UPDATE password_resets SET expires_at = expires_at - interval '30 minutes'"
    )
    assert (await reset(client, token)).status_code == 401


async def test_a_refused_password_leaves_the_link_good(
    runtime: Runtime, client: AsyncClient, mail_box: MailBox
) -> None:
    await make_user(runtime)
    token = await reset_link(runtime, client, mail_box)
    assert (await reset(client, token, "password123")).status_code == 422
    assert (await reset(client, token)).status_code == 204


async def test_a_reset_signs_out_everywhere(
    runtime: Runtime, client: AsyncClient, mail_box: MailBox
) -> None:
    await make_user(runtime)
    headers = await sign_in(client)
    await reset(client, await reset_link(runtime, client, mail_box))
    assert (await client.get("/api/v1/me", headers=headers)).status_code == 401


async def test_changing_the_password_makes_a_sent_link_worthless(
    runtime: Runtime, client: AsyncClient, mail_box: MailBox
) -> None:
    await make_user(runtime)
    token = await reset_link(runtime, client, mail_box)
    await change(client, await sign_in(client))
    assert (await reset(client, token)).status_code == 401


async def test_a_reset_lets_a_locked_out_owner_in(
    runtime: Runtime, client: AsyncClient, mail_box: MailBox
) -> None:
    await make_user(runtime)
    await asyncio.gather(*(can_sign_in(client, f"wrong {n}") for n in range(9)))
    await reset(client, await reset_link(runtime, client, mail_box))
    for _ in range(3):
        assert await can_sign_in(client, NEW)


async def test_forgetting_is_answered_the_same_for_everybody(
    runtime: Runtime, client: AsyncClient, mail_box: MailBox
) -> None:
    await make_user(runtime)
    known = await client.post(FORGOT, json={"email": "ana@example.com"})
    unknown = await client.post(FORGOT, json={"email": "nobody@example.com"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert await scalar(runtime, "SELECT count(*) FROM procrastinate_jobs") == 2
    await runtime.worker.drain()
    assert [mail.to for mail in mail_box.mails] == ["ana@example.com"]


async def test_links_are_limited_per_address(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    allowed = PASSWORD_RESETS.amount
    answers = [await client.post(FORGOT, json={"email": "ana@example.com"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [202] * allowed + [429]


@pytest.mark.parametrize("token", ["", "x", "\0", "x" * 200, "é"])
async def test_junk_is_no_link(client: AsyncClient, token: str) -> None:
    assert (await reset(client, token)).json()["error"]["code"] == "token_invalid"
