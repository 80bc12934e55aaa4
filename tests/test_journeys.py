"""What a newcomer does first, from end to end, on the demo's own data."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient

from matinee.demo.people import HOUSEHOLD, PASSWORD, PIN, STAFF
from matinee.demo.seed import seed
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.runtime import Runtime
from tests.conftest import cloned

ADULT = "Häxan"
"""Rated R in the demo catalogue."""


@pytest.fixture
async def database_url(
    postgres: EmbeddedPostgres, admin_connection: asyncpg.Connection, demo_url: str
) -> AsyncIterator[str]:
    async with cloned(postgres, admin_connection, "demo") as url:
        yield url


async def signed_in(client: AsyncClient, email: str) -> dict[str, str]:
    answer = await client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def watching_as(
    client: AsyncClient, headers: dict[str, str], name: str, pin: str | None = None
) -> dict[str, str]:
    profiles = (await client.get("/api/v1/profiles", headers=headers)).json()["items"]
    chosen = next(profile for profile in profiles if profile["name"] == name)
    url = f"/api/v1/profiles/{chosen['id']}/select"
    answer = await client.post(url, json={"pin": pin}, headers=headers)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def found(client: AsyncClient, headers: dict[str, str], name: str) -> list[str]:
    """Ids of the titles that a search by name finds."""
    answer = await client.get("/api/v1/catalog/titles", params={"q": name}, headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_a_profile_with_a_pin_is_entered_with_it(client: AsyncClient) -> None:
    headers = await signed_in(client, HOUSEHOLD.email)
    profiles = (await client.get("/api/v1/profiles", headers=headers)).json()["items"]
    ana = next(profile for profile in profiles if profile["has_pin"])
    refused = await client.post(
        f"/api/v1/profiles/{ana['id']}/select", json={"pin": "0000"}, headers=headers
    )
    assert refused.json()["error"]["code"] == "pin_required"
    await watching_as(client, headers, ana["name"], PIN)


async def test_a_viewer_browses_and_opens_a_title(client: AsyncClient) -> None:
    headers = await watching_as(client, await signed_in(client, HOUSEHOLD.email), "Ana", PIN)
    page = (await client.get("/api/v1/catalog/titles?page_size=50", headers=headers)).json()
    assert len(page["items"]) == 50
    assert page["total"] >= 240
    for card in page["items"]:
        answer = await client.get(f"/api/v1/catalog/titles/{card['id']}", headers=headers)
        assert answer.json()["synopsis"]


async def test_a_child_does_not_see_an_adult_title(client: AsyncClient) -> None:
    headers = await signed_in(client, HOUSEHOLD.email)
    ana = await watching_as(client, headers, "Ana", PIN)
    adult = await found(client, ana, ADULT)
    assert adult
    mia = await watching_as(client, headers, "Mia")
    assert await found(client, mia, ADULT) == []
    answer = await client.get(f"/api/v1/catalog/titles/{adult[0]}", headers=mia)
    assert answer.status_code == 404


async def test_a_child_finds_plenty_to_watch(client: AsyncClient) -> None:
    mia = await watching_as(client, await signed_in(client, HOUSEHOLD.email), "Mia")
    page = (await client.get("/api/v1/catalog/titles?page_size=100", headers=mia)).json()
    assert page["total"] >= 20
    assert all(card["maturity"]["score"] <= 9 for card in page["items"])


async def test_collections_lead_to_titles(client: AsyncClient) -> None:
    ana = await watching_as(client, await signed_in(client, HOUSEHOLD.email), "Ana", PIN)
    collections = (await client.get("/api/v1/catalog/collections", headers=ana)).json()["items"]
    assert len(collections) >= 10
    for collection in collections:
        answer = await client.get(f"/api/v1/catalog/collections/{collection['slug']}", headers=ana)
        assert len(answer.json()["items"]) >= 3


async def test_an_editor_withdraws_a_title_and_viewers_lose_it_at_once(client: AsyncClient) -> None:
    ana = await watching_as(client, await signed_in(client, HOUSEHOLD.email), "Ana", PIN)
    editor = await signed_in(client, next(one.email for one in STAFF if one.role == "editor"))
    [title_id] = await found(client, ana, "Nosferatu")
    answer = await client.post(
        f"/api/v1/admin/titles/{title_id}/status",
        json={"status": "takedown", "reason": "Rights are being checked"},
        headers=editor,
    )
    assert answer.status_code == 200, answer.text
    assert await found(client, ana, "Nosferatu") == []


async def home_of(client: AsyncClient, headers: dict[str, str]) -> dict[str, Any]:
    """The rails of the home screen by their ids, in order."""
    answer = await client.get("/api/v1/recommendations/home", headers=headers)
    assert answer.status_code == 200, answer.text
    return {rail["id"]: rail for rail in answer.json()["rails"]}


def ids_in(rails: dict[str, Any]) -> set[str]:
    return {item["card"]["id"] for rail in rails.values() for item in rail["items"]}


async def rate(client: AsyncClient, headers: dict[str, str], title_id: str, value: int) -> None:
    url = f"/api/v1/viewing/ratings/{title_id}"
    answer = await client.put(url, json={"value": value}, headers=headers)
    assert answer.status_code == 204, answer.text


async def test_a_newcomer_sees_what_is_popular(client: AsyncClient) -> None:
    guests = await watching_as(client, await signed_in(client, HOUSEHOLD.email), "Guests")
    rails = await home_of(client, guests)
    assert next(iter(rails)) == "hero"
    assert {"for-you", "trending", "top-rated", "new"} <= rails.keys()
    assert {item["reason"]["code"] for item in rails["for-you"]["items"]} <= {
        "popular",
        "trending",
        "top_pick",
    }


async def test_three_ratings_change_the_next_home_and_are_named(
    client: AsyncClient, runtime: Runtime
) -> None:
    await runtime.worker.drain()
    guests = await watching_as(client, await signed_in(client, HOUSEHOLD.email), "Guests")
    before = await home_of(client, guests)
    liked = [
        (await found(client, guests, name))[0]
        for name in ("Nosferatu", "The Phantom of the Opera", "The Cabinet of Dr. Caligari")
    ]
    for title_id in liked:
        await rate(client, guests, title_id, 1)
    after = await home_of(client, guests)
    assert ids_in({"": before["for-you"]}) != ids_in({"": after["for-you"]})
    named = {
        item["reason"]["title_id"]
        for rail in after.values()
        for item in rail["items"]
        if item["reason"]["title_id"]
    }
    assert named
    assert named <= set(liked)


async def test_a_thumbs_down_is_gone_from_home_at_once(client: AsyncClient) -> None:
    ben = await watching_as(client, await signed_in(client, HOUSEHOLD.email), "Ben")
    shown = (await home_of(client, ben))["trending"]["items"][0]["card"]
    await rate(client, ben, shown["id"], -1)
    rails = await home_of(client, ben)
    kept = ("continue-watching", "my-list", "recently-browsed")
    assert shown["id"] not in ids_in(
        {name: rail for name, rail in rails.items() if name not in kept}
    )
    assert shown["id"] in await found(client, ben, shown["name"])


async def test_a_mistyped_name_finds_its_title(client: AsyncClient) -> None:
    guests = await watching_as(client, await signed_in(client, HOUSEHOLD.email), "Guests")
    answer = await client.get(
        "/api/v1/catalog/search", params={"q": "cabinet of dr caligary"}, headers=guests
    )
    assert answer.json()["items"][0]["title"]["name"] == "The Cabinet of Dr. Caligari"


async def test_seeding_twice_changes_nothing(runtime: Runtime) -> None:
    counted = "SELECT (SELECT count(*) FROM titles), (SELECT max(updated_at) FROM titles)"
    async with runtime.database.read() as tx:
        before = await tx.one(counted)
    assert await seed(runtime) is False
    async with runtime.database.read() as tx:
        assert await tx.one(counted) == before
