"""What changes for households when what is for sale changes: at once, and nothing is taken away."""

from typing import Any

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import CATALOG, make_season
from tests.entitlements.makers import (
    carry,
    grant_package,
    grant_title,
    make_package,
    make_purchase,
)
from tests.entitlements.packages.conftest import Seller, refusal
from tests.makers import as_viewer, execute, insert, make_title, make_user, scalar

HOME = "/api/v1/recommendations/home"


async def prices_at_home(client: AsyncClient, headers: dict[str, str]) -> set[int]:
    """What best lets play the titles of the home screen costs."""
    answer = await client.get(HOME, headers=headers)
    assert answer.status_code == 200, answer.text
    cards = [item["card"] for rail in answer.json()["rails"] for item in rail["items"]]
    assert cards
    return {card["best_option"]["price_cents"] for card in cards if card["best_option"]}


async def test_a_change_shows_on_the_home_screen_at_once(
    runtime: Runtime, client: AsyncClient, seller: Seller
) -> None:
    for number in range(12):
        title_id = await make_title(runtime, f"Film {number}")
    headers = await as_viewer(runtime, client)
    assert await prices_at_home(client, headers) == set()
    package = await seller.package()
    path = f"/packages/{package['id']}"
    await seller.make(f"{path}/rules")
    assert await prices_at_home(client, headers) == {999}
    await seller.ask("PATCH", path, {"price_cents": 1099})
    assert await prices_at_home(client, headers) == {1099}
    await seller.ask("PATCH", path, {"active": False})
    assert await prices_at_home(client, headers) == set()
    await seller.make(
        f"/titles/{title_id}/offers", offer_type="rent", price_cents=399, currency="USD"
    )
    assert await prices_at_home(client, headers) == {399}


async def access(client: AsyncClient, headers: dict[str, str], title_id: object) -> dict[str, Any]:
    answer = await client.get(f"{CATALOG}/titles/{title_id}", headers=headers)
    found: dict[str, Any] = answer.json()["access"]
    return found


async def test_an_archived_package_still_plays_for_those_who_have_it(
    runtime: Runtime, client: AsyncClient, seller: Seller
) -> None:
    title_id = await make_title(runtime)
    package_id = await make_package(runtime)
    await carry(runtime, package_id, title_id)
    headers = await as_viewer(runtime, client, "ben@example.com")
    user_id = await scalar(runtime, "SELECT user_id FROM users WHERE email LIKE 'ben%'")
    await grant_package(runtime, user_id, package_id)
    await seller.ask("PATCH", f"/packages/{package_id}", {"active": False})
    assert (await access(client, headers, title_id))["via"] == "svod"


@pytest.fixture
async def title_id(runtime: Runtime) -> Any:
    return await make_title(runtime, kind="series", status="draft")


@pytest.mark.parametrize("kind", ["buy", "rent"])
async def test_a_title_that_a_household_has_is_not_deleted(
    runtime: Runtime, seller: Seller, title_id: Any, kind: str
) -> None:
    await grant_title(runtime, await make_user(runtime), title_id, kind)
    answer = await seller.ask("DELETE", f"/titles/{title_id}")
    assert refusal(answer)[:2] == (409, "title_in_use")
    assert answer.json()["error"]["details"] == {"by": ["grants"]}
    assert "take it down" in answer.json()["error"]["message"]


async def test_a_title_that_was_ordered_is_not_deleted(
    runtime: Runtime, seller: Seller, title_id: Any
) -> None:
    await make_purchase(runtime, await make_user(runtime), title_id, status="failed")
    answer = await seller.ask("DELETE", f"/titles/{title_id}")
    assert answer.json()["error"]["details"] == {"by": ["purchases"]}


async def test_a_title_that_a_code_still_gives_is_not_deleted(
    runtime: Runtime, seller: Seller, title_id: Any
) -> None:
    await seller.make("/codes", label="Gift", title_id=str(title_id))
    refused = await seller.ask("DELETE", f"/titles/{title_id}")
    assert refused.json()["error"]["details"] == {"by": ["codes"]}
    await seller.ask("POST", "/codes/disable", {"label": "Gift"})
    assert (await seller.ask("DELETE", f"/titles/{title_id}")).status_code == 204


@pytest.mark.parametrize(
    "ended", ["revoked_at = clock_timestamp(), revoke_reason = 'refund'", "expires_at = starts_at"]
)
async def test_a_title_that_nobody_has_any_more_is_deleted_with_its_offers(
    runtime: Runtime, seller: Seller, title_id: Any, ended: str
) -> None:
    await grant_title(runtime, await make_user(runtime), title_id, "rent")
    await execute(runtime, f"UPDATE user_entitlements SET {ended}")
    await carry(runtime, await make_package(runtime), title_id)
    await seller.make(
        f"/titles/{title_id}/offers", offer_type="buy", price_cents=999, currency="USD"
    )
    assert (await seller.ask("DELETE", f"/titles/{title_id}")).status_code == 204
    left = "SELECT (SELECT count(*) FROM title_offers) + (SELECT count(*) FROM package_contents)"
    assert await scalar(runtime, left) == 0


async def test_a_season_that_a_household_has_is_not_deleted(
    runtime: Runtime, seller: Seller, title_id: Any
) -> None:
    had, other = [await make_season(runtime, title_id, number) for number in (1, 2)]
    await grant_title(runtime, await make_user(runtime), title_id, season_id=had)
    answers = [
        await seller.ask("DELETE", f"/titles/{title_id}/seasons/{season_id}")
        for season_id in (had, other)
    ]
    assert refusal(answers[0])[:2] == (409, "title_in_use")
    assert answers[1].status_code == 204


async def add_profile(client: AsyncClient, headers: dict[str, str], name: str) -> int:
    answer = await client.post("/api/v1/profiles", json={"name": name}, headers=headers)
    return answer.status_code


@pytest.mark.parametrize("most", [2, 8])
async def test_a_household_has_as_many_profiles_as_its_packages_allow(
    runtime: Runtime, client: AsyncClient, most: int
) -> None:
    headers = await as_viewer(runtime, client)
    user_id = await scalar(runtime, "SELECT user_id FROM users")
    for slug, profiles in (("a", most), ("b", 1), ("c", None)):
        package_id = await make_package(runtime, slug, max_profiles=profiles)
        await grant_package(runtime, user_id, package_id)
    added = [await add_profile(client, headers, f"P{number}") for number in range(most)]
    assert added == [201] * (most - 1) + [409]
    listed = await client.get("/api/v1/profiles", headers=headers)
    assert listed.json()["limit"] == most


@pytest.mark.parametrize(
    "columns",
    [
        {"max_profiles": None},
        {"max_profiles": 2, "ended": True},
    ],
)
async def test_without_a_word_from_a_live_package_the_usual_limit_holds(
    runtime: Runtime, client: AsyncClient, columns: dict[str, Any]
) -> None:
    headers = await as_viewer(runtime, client)
    user_id = await scalar(runtime, "SELECT user_id FROM users")
    package_id = await make_package(runtime, max_profiles=columns["max_profiles"])
    await grant_package(runtime, user_id, package_id)
    if columns.get("ended"):
        await execute(runtime, "UPDATE user_entitlements SET expires_at = clock_timestamp()")
    listed = await client.get("/api/v1/profiles", headers=headers)
    assert listed.json()["limit"] == runtime.settings.max_profiles


async def test_profiles_beyond_a_lower_limit_stay(runtime: Runtime, client: AsyncClient) -> None:
    headers = await as_viewer(runtime, client)
    user_id = await scalar(runtime, "SELECT user_id FROM users")
    await insert(runtime, "profiles", user_id=user_id, name="Ben", avatar_id="usherette")
    await grant_package(runtime, user_id, await make_package(runtime, max_profiles=1))
    assert await add_profile(client, headers, "Cleo") == 409
    listed = (await client.get("/api/v1/profiles", headers=headers)).json()
    assert (len(listed["items"]), listed["limit"]) == (2, 1)
