"""What the home screen says about access, and that it never says it for too long."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import Viewer, user_tag
from matinee.entitlements.tags import FOR_SALE
from matinee.runtime import Runtime
from tests.catalog.makers import Headers
from tests.entitlements.makers import carry, grant_package, grant_title, make_offer, make_package
from tests.recommendations.makers import headers_of, make_viewer
from tests.recommendations.screens import home, make_titles


@pytest.fixture
async def viewer(runtime: Runtime) -> Viewer:
    return await make_viewer(runtime)


@pytest.fixture
async def headers(client: AsyncClient, viewer: Viewer) -> Headers:
    return await headers_of(client, viewer)


@pytest.fixture
async def film(runtime: Runtime) -> UUID:
    return (await make_titles(runtime, 4))[0]


async def card_of(client: AsyncClient, headers: Headers, title_id: UUID) -> Any:
    rails = await home(client, headers)
    cards = (item["card"] for rail in rails.values() for item in rail["items"])
    return next(card for card in cards if card["id"] == str(title_id))


async def via(client: AsyncClient, headers: Headers, title_id: UUID) -> Any:
    return (await card_of(client, headers, title_id))["access"]["via"]


async def test_a_card_says_what_would_allow_it(
    runtime: Runtime, client: AsyncClient, headers: Headers, film: UUID
) -> None:
    offer_id = await make_offer(runtime, film)
    card = await card_of(client, headers, film)
    assert card["access"] == {
        "playable": False,
        "via": "locked",
        "until": None,
        "starts_clock": False,
    }
    assert card["best_option"]["offer_id"] == str(offer_id)


async def test_a_new_right_shows_at_once(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers, film: UUID
) -> None:
    package_id = await make_package(runtime)
    await carry(runtime, package_id, film)
    assert await via(client, headers, film) == "locked"
    await grant_package(runtime, viewer.household, package_id)
    await runtime.cache.invalidate({user_tag(viewer.user_id)})
    assert await via(client, headers, film) == "svod"


async def test_a_new_offer_shows_at_once(
    runtime: Runtime, client: AsyncClient, headers: Headers, film: UUID
) -> None:
    await make_offer(runtime, film)
    assert await via(client, headers, film) == "locked"
    await make_offer(runtime, film, "free")
    await runtime.cache.invalidate({FOR_SALE})
    assert await via(client, headers, film) == "free"


@pytest.mark.parametrize("what", ["right", "price"])
async def test_a_screen_is_kept_no_longer_than_a_right_or_price_on_it(
    runtime: Runtime,
    client: AsyncClient,
    viewer: Viewer,
    headers: Headers,
    film: UUID,
    what: str,
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    if what == "right":
        await make_offer(runtime, film)
        await grant_title(runtime, viewer.household, film, "rent", expires_at=soon)
    else:
        await make_offer(runtime, film, "buy", available_until=soon)
        await make_offer(runtime, film, "rent")
    before = await card_of(client, headers, film)
    await asyncio.sleep((soon - datetime.now(UTC)).total_seconds() + 0.1)
    after = await card_of(client, headers, film)
    if what == "right":
        assert (before["access"]["via"], after["access"]["via"]) == ("rent", "locked")
    else:
        assert [option["type"] for option in before["access_options"]] == ["rent", "buy"]
        assert [option["type"] for option in after["access_options"]] == ["rent"]
