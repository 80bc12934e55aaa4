"""Likes and dislikes (P-01), and the allow-list of a kids profile."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from matinee.catalog.vocabulary import MOODS, THEMES
from matinee.runtime import Runtime
from tests.makers import (
    PASSWORD,
    as_viewer,
    choose_profile,
    execute,
    make_profile,
    make_title,
    make_user,
    scalar,
    sign_in,
)

PROFILES = "/api/v1/profiles"
MOOD, OTHER_MOOD = sorted(MOODS)[:2]
THEME = min(THEMES)
NOTHING: dict[str, list[str]] = {
    f"{attitude}_{kind}s": []
    for kind in ("genre", "mood", "theme")
    for attitude in ("liked", "disliked")
}


@pytest.fixture
async def ana(runtime: Runtime, client: AsyncClient) -> dict[str, str]:
    """The headers of a household with one profile, in a catalogue with two genres."""
    await execute(
        runtime, "INSERT INTO genres (slug, name) VALUES ('comedy', 'Comedy'), ('drama', 'Drama')"
    )
    return await as_viewer(runtime, client)


async def url_of(runtime: Runtime, what: str) -> str:
    return f"{PROFILES}/{await scalar(runtime, 'SELECT id FROM profiles')}/{what}"


async def put(runtime: Runtime, client: AsyncClient, headers: dict[str, str], **wish: Any) -> Any:
    url = await url_of(runtime, "preferences")
    return await client.put(url, json=wish, headers=headers)


async def test_a_new_profile_has_said_nothing(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str]
) -> None:
    answer = await client.get(await url_of(runtime, "preferences"), headers=ana)
    assert answer.json() == NOTHING


async def test_what_is_said_replaces_what_was_said(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str]
) -> None:
    wish = {
        "liked_genres": ["comedy"],
        "disliked_genres": ["drama"],
        "liked_moods": [MOOD],
        "disliked_moods": [OTHER_MOOD],
        "liked_themes": [THEME],
    }
    assert (await put(runtime, client, ana, **wish)).json() == NOTHING | wish
    assert (await put(runtime, client, ana, liked_genres=["drama", "drama"])).json() == (
        NOTHING | {"liked_genres": ["drama"]}
    )
    answer = await client.get(await url_of(runtime, "preferences"), headers=ana)
    assert answer.json() == NOTHING | {"liked_genres": ["drama"]}


@pytest.mark.parametrize("field", ["liked_genres", "disliked_moods", "liked_themes"])
async def test_an_unknown_label_is_refused_with_the_allowed_ones(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str], field: str
) -> None:
    await put(runtime, client, ana, liked_genres=["comedy"])
    answer = await put(runtime, client, ana, **{field: ["no such label"]})
    error = answer.json()["error"]
    assert (error["code"], error["field"]) == ("invalid_value", field)
    assert error["details"]["allowed"]
    kept = await client.get(await url_of(runtime, "preferences"), headers=ana)
    assert kept.json()["liked_genres"] == ["comedy"]


async def test_nothing_is_liked_and_disliked_at_once(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str]
) -> None:
    answer = await put(runtime, client, ana, liked_genres=["comedy"], disliked_genres=["comedy"])
    assert answer.json()["error"]["code"] == "invalid_value"


async def test_saying_it_many_times_at_once_is_saying_it(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str]
) -> None:
    answers = await asyncio.gather(
        *(put(runtime, client, ana, liked_genres=["comedy"]) for _ in range(10))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert await scalar(runtime, "SELECT count(*) FROM profile_preferences") == 1


async def test_an_allow_list_is_all_that_its_profile_sees(
    runtime: Runtime, client: AsyncClient
) -> None:
    user_id = await make_user(runtime)
    ana = await make_profile(runtime, user_id)
    kid = await make_profile(
        runtime, user_id, name="Caio", kind="kids", max_maturity=9, allow_list_only=True
    )
    listed, unlisted = await make_title(runtime, "Metropolis"), await make_title(runtime, "Sunrise")
    parent = await choose_profile(client, await sign_in(client), ana)
    tablet = await choose_profile(client, await sign_in(client), kid)
    catalogue = "/api/v1/catalog/titles"
    assert (await client.get(catalogue, headers=tablet)).json()["items"] == []
    url = f"{PROFILES}/{kid}/allowed-titles"
    answer = await client.put(url, json={"title_ids": [str(listed)] * 2}, headers=parent)
    assert answer.json() == {"title_ids": [str(listed)]}
    seen = (await client.get(catalogue, headers=tablet)).json()["items"]
    assert [title["id"] for title in seen] == [str(listed)]
    assert (await client.get(f"{catalogue}/{unlisted}", headers=tablet)).status_code == 404
    await client.put(url, json={"title_ids": []}, headers=parent)
    assert (await client.get(f"{catalogue}/{listed}", headers=tablet)).status_code == 404


async def test_a_kids_profile_does_not_widen_its_list(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_title(runtime)
    headers = await as_viewer(runtime, client, kind="kids", max_maturity=9, allow_list_only=True)
    url = await url_of(runtime, "allowed-titles")
    answer = await client.put(url, json={"title_ids": [str(title_id)]}, headers=headers)
    assert answer.json()["error"]["code"] == "forbidden"


async def test_the_list_needs_a_proof_where_the_household_has_a_pin(
    runtime: Runtime, client: AsyncClient
) -> None:
    pin_hash = await runtime.passwords.hash("4711")
    await make_profile(runtime, await make_user(runtime), pin_hash=pin_hash)
    headers = await sign_in(client)
    url, body = await url_of(runtime, "allowed-titles"), {"title_ids": []}
    refused = await client.put(url, json=body, headers=headers)
    assert refused.json()["error"]["code"] == "pin_required"
    for proof in ("4711", PASSWORD):
        proven = headers | {"X-Household-Proof": proof}
        assert (await client.put(url, json=body, headers=proven)).status_code == 200


async def test_a_hidden_title_is_refused_like_a_missing_one(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str]
) -> None:
    draft = await make_title(runtime, status="draft")
    url = await url_of(runtime, "allowed-titles")
    for title_id in (draft, uuid4()):
        answer = await client.put(url, json={"title_ids": [str(title_id)]}, headers=ana)
        assert answer.json()["error"]["code"] == "invalid_value"
        assert answer.json()["error"]["details"] == {"unknown": [str(title_id)]}


async def test_a_title_that_was_hidden_later_leaves_the_list_as_shown(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str]
) -> None:
    title_id = await make_title(runtime)
    url = await url_of(runtime, "allowed-titles")
    await client.put(url, json={"title_ids": [str(title_id)]}, headers=ana)
    await execute(runtime, "UPDATE titles SET status = 'draft'")
    assert (await client.get(url, headers=ana)).json() == {"title_ids": []}


async def test_a_list_holds_two_thousand_titles_at_most(
    runtime: Runtime, client: AsyncClient, ana: dict[str, str]
) -> None:
    body = {"title_ids": [str(uuid4()) for _ in range(2001)]}
    answer = await client.put(await url_of(runtime, "allowed-titles"), json=body, headers=ana)
    assert answer.json()["error"]["code"] == "validation_failed"
