"""What cards and titles say about access, to whom, and the filter by it (E-04)."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import user_tag
from matinee.core.settings import Settings
from matinee.entitlements.tags import FOR_SALE
from matinee.runtime import Runtime
from tests.catalog.makers import CATALOG, Headers, browse, make_series
from tests.entitlements.makers import (
    carry,
    grant_package,
    grant_title,
    hold,
    make_offer,
    make_package,
)
from tests.makers import choose_profile, make_profile, make_title, make_user, scalar, sign_in


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """What nobody sells nobody may play."""
    return settings.model_copy(update={"unsold_titles": "locked", "operator_country": "US"})


@pytest.fixture
async def household(runtime: Runtime) -> UUID:
    return await make_user(runtime)


@pytest.fixture
async def headers(runtime: Runtime, client: AsyncClient, household: UUID) -> Headers:
    return await choose_profile(
        client, await sign_in(client), await make_profile(runtime, household)
    )


async def names(client: AsyncClient, headers: Headers | None = None, **wish: Any) -> list[str]:
    page = await browse(client, headers, **wish)
    return sorted(item["name"] for item in page["items"])


async def card(client: AsyncClient, headers: Headers | None = None) -> Any:
    [only] = (await browse(client, headers))["items"]
    return only


async def detail(client: AsyncClient, title_id: UUID, headers: Headers | None = None) -> Any:
    answer = await client.get(f"{CATALOG}/titles/{title_id}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_package_of_the_household_lets_play(
    runtime: Runtime, client: AsyncClient, household: UUID, headers: Headers
) -> None:
    title_id, package_id = await make_title(runtime), await make_package(runtime)
    await carry(runtime, package_id, title_id)
    await grant_package(runtime, household, package_id)
    shown = await card(client, headers)
    assert shown["access"]["via"] == "svod"
    assert shown["best_option"] == {
        "type": "svod",
        "package": {"id": str(package_id), "slug": "basic", "name": "Basic"},
        "offer_id": None,
        "season_id": None,
        "price_cents": 999,
        "currency": "USD",
        "billing_period": "month",
        "rental_window_hours": None,
        "quality": "hd",
        "state": "active",
        "expires_at": None,
        "start_by": None,
    }


async def test_options_come_in_order(
    runtime: Runtime, client: AsyncClient, household: UUID, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    for slug, price in (("dear", 1999), ("cheap", 499), ("mine", 2999)):
        package_id = await make_package(runtime, slug, price_cents=price)
        await carry(runtime, package_id, title_id)
        if slug == "mine":
            await grant_package(runtime, household, package_id)
    await make_offer(runtime, title_id, "buy")
    await make_offer(runtime, title_id, "rent")
    options = (await card(client, headers))["access_options"]
    told = [(one["package"] or {}).get("slug") or one["type"] for one in options]
    assert told == ["mine", "cheap", "dear", "rent", "buy"]


async def test_visitors_see_the_prices_of_the_operator_s_country(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_title(runtime)
    await make_offer(runtime, title_id, "rent", territory="US", price_cents=299)
    await make_offer(runtime, title_id, "rent", territory="DE", price_cents=199)
    shown = await card(client)
    assert [option["price_cents"] for option in shown["access_options"]] == [299]
    assert shown["access"] == {
        "playable": False,
        "via": "locked",
        "until": None,
        "starts_clock": False,
    }


async def test_visitors_may_play_what_is_free(runtime: Runtime, client: AsyncClient) -> None:
    await make_offer(runtime, await make_title(runtime), "free")
    assert (await card(client))["access"]["playable"]


async def test_kids_see_no_prices(runtime: Runtime, client: AsyncClient, household: UUID) -> None:
    kid = await make_profile(runtime, household, "Kim", kind="kids", max_maturity=7)
    headers = await choose_profile(client, await sign_in(client), kid)
    title_id = await make_title(runtime)
    await make_offer(runtime, title_id)
    for shown in (await card(client, headers), await detail(client, title_id, headers)):
        assert (shown["access_options"], shown["best_option"]) == ([], None)


async def test_a_title_says_what_its_card_says(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    await make_offer(runtime, title_id)
    shown, told = await card(client, headers), await detail(client, title_id, headers)
    for field in ("access", "access_options", "best_option"):
        assert shown[field] == told[field]


async def test_each_season_has_a_decision_of_its_own(
    runtime: Runtime, client: AsyncClient, household: UUID, headers: Headers
) -> None:
    series = await make_series(runtime, seasons=2)
    first = await scalar(
        runtime, "SELECT id FROM seasons WHERE title_id = $1 AND number = 1", series
    )
    await grant_title(runtime, household, series, season_id=first)
    await make_offer(runtime, series, "buy")
    told = await detail(client, series, headers)
    assert told["access"]["via"] == "buy"
    assert [season["access"]["via"] for season in told["seasons"]] == ["buy", "locked"]
    listed = (await client.get(f"{CATALOG}/titles/{series}/seasons", headers=headers)).json()
    assert listed["items"] == told["seasons"]


async def test_the_filter_keeps_what_may_be_played(
    runtime: Runtime, client: AsyncClient, household: UUID, headers: Headers
) -> None:
    owned, rented = await make_title(runtime, "Owned"), await make_title(runtime, "Rented")
    await grant_title(runtime, household, owned)
    await grant_title(runtime, household, rented, "rent")
    await make_offer(runtime, await make_title(runtime, "Free"), "free")
    await make_offer(runtime, await make_title(runtime, "Locked"), "rent")
    await make_title(runtime, "Unsold")
    assert await names(client, headers, entitled=True) == ["Free", "Owned", "Rented"]
    assert await names(client, headers, entitled=False) == ["Locked", "Unsold"]
    assert await names(client, entitled=True) == ["Free"]


async def test_the_filter_agrees_with_the_cards(
    runtime: Runtime, client: AsyncClient, household: UUID, headers: Headers
) -> None:
    package_id = await make_package(runtime)
    await grant_package(runtime, household, package_id)
    for number in range(9):
        title_id = await make_title(runtime, f"Film {number}")
        if number % 3 == 0:
            await carry(runtime, package_id, title_id)
    every = (await browse(client, headers))["items"]
    playable = sorted(one["name"] for one in every if one["access"]["playable"])
    assert await names(client, headers, entitled=True) == playable


async def test_totals_and_counts_of_the_filter_are_the_household_s_own(
    runtime: Runtime, client: AsyncClient, household: UUID, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    wish = {"entitled": True}
    assert (await browse(client, headers, **wish))["total"] == 0
    await grant_title(runtime, household, title_id)
    await runtime.cache.invalidate({user_tag(household)})
    assert (await browse(client, headers, **wish))["total"] == 1
    assert (await browse(client, **wish))["total"] == 0
    counted = await browse(client, headers, facets=True, **wish)
    assert counted["facets"]["kind"] == [{"value": "movie", "label": "movie", "count": 1}]


async def test_a_new_offer_changes_totals_at_once(runtime: Runtime, client: AsyncClient) -> None:
    title_id = await make_title(runtime)
    assert (await browse(client, entitled=True))["total"] == 0
    await make_offer(runtime, title_id, "free")
    await runtime.cache.invalidate({FOR_SALE})
    assert (await browse(client, entitled=True))["total"] == 1


async def test_a_household_on_hold_is_entitled_to_nothing(
    runtime: Runtime, client: AsyncClient, household: UUID, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    await make_offer(runtime, title_id, "free")
    await hold(runtime, household)
    assert await names(client, headers, entitled=True) == []
    assert (await card(client, headers))["access"]["via"] == "account_held"
