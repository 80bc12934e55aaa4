"""The people of a household: adding and changing them."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import (
    PASSWORD,
    as_viewer,
    choose_profile,
    make_profile,
    make_title,
    make_user,
    scalar,
    sign_in,
)
from tests.profiles.calls import PROFILES, add, change, code_of


async def test_a_new_profile_starts_open(client: AsyncClient, ana: dict[str, str]) -> None:
    answer = await add(client, ana)
    assert answer.status_code == 201
    profile = answer.json()
    assert (profile["kind"], profile["max_maturity"]) == ("standard", 21)
    assert (profile["block_unrated"], profile["allow_list_only"]) == (False, False)
    assert profile["autoplay"] is True
    assert profile["avatar_url"] == f"/api/v1/catalog/avatars/{profile['avatar_id']}.svg"
    assert (await client.get(profile["avatar_url"])).status_code == 200


async def test_a_kids_profile_starts_closed(client: AsyncClient, ana: dict[str, str]) -> None:
    profile = (await add(client, ana, kind="kids")).json()
    assert (profile["max_maturity"], profile["block_unrated"]) == (9, True)


async def test_all_fields_are_kept(client: AsyncClient, ana: dict[str, str]) -> None:
    fields = {
        "name": "Béa 🎬",
        "avatar_id": "robot",
        "kind": "kids",
        "max_maturity": 6,
        "allow_list_only": True,
        "block_unrated": False,
        "blocked_tags": ["horror"],
        "ui_language": "pt-BR",
        "audio_languages": ["pt", "en"],
        "subtitle_languages": ["zh-Hant"],
        "preferred_language": "pt",
        "autoplay": False,
        "time_zone": "America/Sao_Paulo",
    }
    made = (await add(client, ana, **fields)).json()
    read = (await client.get(f"{PROFILES}/{made['id']}", headers=ana)).json()
    assert {name: read[name] for name in fields} == fields


async def test_new_profiles_get_avatars_that_nobody_has(
    client: AsyncClient, ana: dict[str, str]
) -> None:
    for _ in range(3):
        await add(client, ana)
    items = (await client.get(PROFILES, headers=ana)).json()["items"]
    assert len({profile["avatar_id"] for profile in items}) == 4


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 41),
        ("name", "a\0b"),
        ("avatar_id", "nobody"),
        ("avatar_id", "../secrets"),
        ("kind", "pet"),
        ("max_maturity", 22),
        ("max_maturity", -1),
        ("max_maturity", 10**30),
        ("max_maturity", "nine"),
        ("ui_language", "English"),
        ("audio_languages", ["en"] * 11),
        ("audio_languages", [None]),
        ("blocked_tags", ["x"] * 101),
        ("blocked_tags", ["a\0b"]),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("pin", "123"),
        ("pin", "1234567"),
        ("pin", "12 4"),
        ("id", "01a21116-4c03-71f7-a93f-69053ff62319"),
        ("user_id", "01a21116-4c03-71f7-a93f-69053ff62319"),
        ("version", 7),
    ],
)
async def test_hostile_fields_are_refused_by_name(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str], field: str, value: Any
) -> None:
    answer = await add(client, ana, **{field: value})
    assert answer.status_code == 422
    assert answer.json()["error"]["field"].startswith(field)
    assert await scalar(runtime, "SELECT count(*) FROM profiles") == 1


async def test_children_get_avatars_for_children(client: AsyncClient, ana: dict[str, str]) -> None:
    gallery = (await client.get("/api/v1/catalog/avatars?kids=false")).json()["items"]
    if not gallery:
        pytest.skip("every avatar of the gallery is for children")
    answer = await add(client, ana, kind="kids", avatar_id=gallery[0]["id"])
    assert code_of(answer) == "invalid_value"


async def test_there_are_five_profiles_at_most(client: AsyncClient, ana: dict[str, str]) -> None:
    answers = [await add(client, ana) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [201] * 4 + [409]
    assert code_of(answers[-1]) == "profile_limit_reached"
    assert answers[-1].json()["error"]["details"]["limit"] == 5


async def test_there_are_five_at_most_also_when_many_are_added_at_once(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str]
) -> None:
    answers = await asyncio.gather(*(add(client, ana) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [409] * 16
    assert await scalar(runtime, "SELECT count(*) FROM profiles") == 5


async def test_an_operator_may_allow_more(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str]
) -> None:
    runtime.settings = runtime.settings.model_copy(update={"max_profiles": 7})
    answers = [await add(client, ana) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [201] * 6 + [409]
    assert (await client.get(PROFILES, headers=ana)).json()["limit"] == 7


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"name": "Mallory"}),
        ("DELETE", "", None),
        ("POST", "/select", {}),
        ("PUT", "/pin", {"pin": "4711"}),
        ("DELETE", "/pin", {}),
        ("GET", "/preferences", None),
        ("PUT", "/preferences", {}),
        ("GET", "/allowed-titles", None),
        ("PUT", "/allowed-titles", {"title_ids": []}),
    ],
)
async def test_a_foreign_profile_is_answered_like_a_missing_one(
    runtime: Runtime,
    client: AsyncClient,
    ana: dict[str, str],
    method: str,
    suffix: str,
    body: dict[str, Any] | None,
) -> None:
    bob = await make_user(runtime, "bob@example.com")
    his = await make_profile(runtime, bob, pin_hash=await runtime.passwords.hash("4711"))
    errors = []
    for profile_id in (his, uuid4()):
        url = f"{PROFILES}/{profile_id}{suffix}"
        answer = await client.request(method, url, json=body, headers=ana)
        assert answer.status_code == 404
        errors.append(answer.json()["error"] | {"request_id": None})
    assert errors[0] == errors[1]
    assert await scalar(runtime, "SELECT name FROM profiles WHERE user_id = $1", bob) == "Ana"


async def test_the_list_holds_the_own_household_only(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str]
) -> None:
    await make_profile(runtime, await make_user(runtime, "bob@example.com"), name="Bob")
    items = (await client.get(PROFILES, headers=ana)).json()["items"]
    assert [profile["name"] for profile in items] == ["Ana"]


async def test_only_what_is_given_changes(client: AsyncClient, ana: dict[str, str]) -> None:
    before = (await add(client, ana, preferred_language="pt", max_maturity=12)).json()
    after = (await change(client, ana, before["id"], name="Beatriz")).json()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"name", "version", "server_time"}


async def test_a_preferred_language_is_cleared_by_null(
    client: AsyncClient, ana: dict[str, str]
) -> None:
    made = (await add(client, ana, preferred_language="pt")).json()
    after = (await change(client, ana, made["id"], preferred_language=None, name=None)).json()
    assert (after["preferred_language"], after["name"]) == (None, "Bea")


async def test_a_change_takes_effect_with_the_next_request(
    runtime: Runtime, client: AsyncClient
) -> None:
    headers = await as_viewer(runtime, client)
    profile = (await client.get(PROFILES, headers=headers)).json()["items"][0]
    await make_title(runtime, maturity_label="R", maturity_score=17)
    url = "/api/v1/catalog/titles"
    assert len((await client.get(url, headers=headers)).json()["items"]) == 1
    await change(client, headers, profile["id"], max_maturity=12)
    assert (await client.get(url, headers=headers)).json()["items"] == []


async def test_a_stale_version_changes_nothing(client: AsyncClient, ana: dict[str, str]) -> None:
    made = (await add(client, ana)).json()
    first = await change(client, ana, made["id"], version='"1"', name="Beatriz")
    assert first.json()["version"] == 2
    stale = await change(client, ana, made["id"], version='"1"', name="Bia")
    assert (stale.status_code, code_of(stale)) == (412, "version_conflict")
    assert (await client.get(f"{PROFILES}/{made['id']}", headers=ana)).json()["name"] == "Beatriz"


async def test_of_changes_at_once_none_is_lost_unnoticed(
    client: AsyncClient, ana: dict[str, str]
) -> None:
    made = (await add(client, ana)).json()
    wishes: list[dict[str, Any]] = [{"name": f"Bea {n}"} for n in range(3)]
    wishes += [{"autoplay": False}, {"time_zone": "Europe/Lisbon"}]
    answers = await asyncio.gather(*(change(client, ana, made["id"], **wish) for wish in wishes))
    accepted = sum(answer.status_code == 200 for answer in answers)
    assert {answer.status_code for answer in answers} <= {200, 412}
    after = (await client.get(f"{PROFILES}/{made['id']}", headers=ana)).json()
    assert after["version"] == 1 + accepted


async def test_a_profile_that_becomes_a_childs_is_closed(
    client: AsyncClient, ana: dict[str, str]
) -> None:
    made = (await add(client, ana)).json()
    after = (await change(client, ana, made["id"], kind="kids")).json()
    assert (after["max_maturity"], after["block_unrated"]) == (9, True)
    wished = (await change(client, ana, made["id"], kind="kids", max_maturity=12)).json()
    assert wished["max_maturity"] == 12


@pytest.mark.parametrize(
    "loosening",
    [
        {"max_maturity": 16},
        {"kind": "standard"},
        {"block_unrated": False},
        {"allow_list_only": False},
        {"blocked_tags": []},
    ],
)
async def test_a_kids_profile_never_loosens_itself(
    runtime: Runtime, client: AsyncClient, loosening: dict[str, Any]
) -> None:
    """Not even where no PIN keeps it from leaving."""
    limits = {"max_maturity": 9, "block_unrated": True, "allow_list_only": True}
    headers = await as_viewer(runtime, client, kind="kids", blocked_tags=["horror"], **limits)
    profile = (await client.get(PROFILES, headers=headers)).json()["items"][0]
    for proof in (None, "0000", "wrong password"):
        answer = await change(client, headers, profile["id"], proof=proof, **loosening)
        assert code_of(answer) == "pin_required"
    proven = await change(client, headers, profile["id"], proof=PASSWORD, **loosening)
    assert proven.status_code == 200


async def test_loosening_needs_a_proof_where_the_household_has_a_pin(
    runtime: Runtime, client: AsyncClient
) -> None:
    user_id = await make_user(runtime)
    pin_hash = await runtime.passwords.hash("4711")
    await make_profile(runtime, user_id, name="Ana", pin_hash=pin_hash)
    teenager = await make_profile(runtime, user_id, name="Bea", max_maturity=12)
    headers = await choose_profile(client, await sign_in(client), teenager)
    assert (await change(client, headers, teenager, max_maturity=6)).status_code == 200
    assert (await change(client, headers, teenager, name="Beatriz")).status_code == 200
    assert code_of(await change(client, headers, teenager, max_maturity=12)) == "pin_required"
    for proof in ("4711", PASSWORD):
        answer = await change(client, headers, teenager, max_maturity=16, proof=proof)
        assert answer.status_code == 200
        await change(client, headers, teenager, max_maturity=6)


async def test_adding_needs_a_proof_where_the_household_has_a_pin(
    runtime: Runtime, client: AsyncClient
) -> None:
    pin_hash = await runtime.passwords.hash("4711")
    await make_profile(runtime, await make_user(runtime), pin_hash=pin_hash)
    headers = await sign_in(client)
    assert code_of(await add(client, headers)) == "pin_required"
    assert code_of(await add(client, headers, proof="0000")) == "pin_required"
    assert (await add(client, headers, proof="4711")).status_code == 201
    assert (await add(client, headers, proof=PASSWORD)).status_code == 201


async def test_a_childs_pin_proves_no_grown_up(runtime: Runtime, client: AsyncClient) -> None:
    pin_hash = await runtime.passwords.hash("1111")
    user_id = await make_user(runtime)
    await make_profile(runtime, user_id, kind="kids", max_maturity=9, pin_hash=pin_hash)
    headers = await sign_in(client)
    assert code_of(await add(client, headers, proof="1111")) == "pin_required"
    assert (await add(client, headers, proof=PASSWORD)).status_code == 201


async def test_guessing_proofs_is_limited(runtime: Runtime, client: AsyncClient) -> None:
    pin_hash = await runtime.passwords.hash("4711")
    await make_profile(runtime, await make_user(runtime), pin_hash=pin_hash)
    headers = await sign_in(client)
    answers = await asyncio.gather(*(add(client, headers, proof=f"{n:04}") for n in range(8)))
    assert sorted(answer.status_code for answer in answers) == [403] * 5 + [429] * 3
    assert (await add(client, headers, proof="4711")).status_code == 429


async def test_nobody_signed_in_sees_no_profiles(client: AsyncClient) -> None:
    assert code_of(await client.get(PROFILES)) == "not_authenticated"
