"""Renting and buying over HTTP: what it leads to, and what refuses it without taking money."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.core.errors import ProviderError
from matinee.core.ratelimit import PURCHASES, Limiter
from matinee.runtime import Runtime
from tests.catalog.makers import make_season
from tests.catalog.test_statements import Counter
from tests.entitlements.makers import LONG_AGO, grant_title, hold, make_offer
from tests.entitlements.purchases.conftest import (
    API,
    CHARGES,
    Buyer,
    balances,
    code_of,
    make_buyer,
    rows,
    take_over,
)
from tests.makers import PASSWORD, execute, make_title, scalar


async def nothing_was_taken(runtime: Runtime) -> bool:
    orders = await scalar(runtime, "SELECT count(*) FROM purchases")
    return not orders and not await scalar(runtime, CHARGES)


async def test_a_rental_waits_for_its_first_play(runtime: Runtime, buyer: Buyer) -> None:
    rental = await buyer.buy("rent")
    settled = datetime.fromisoformat(rental["settled_at"])
    assert (rental["status"], rental["amount_cents"]) == ("paid", 399)
    assert datetime.fromisoformat(rental["grant"]["start_by"]) == settled + timedelta(hours=720)
    detail = await buyer.get(f"/catalog/titles/{buyer.film}")
    assert (detail["access"]["via"], detail["access"]["starts_clock"]) == ("rent", True)


async def test_what_is_bought_is_kept(runtime: Runtime, buyer: Buyer) -> None:
    bought = await buyer.buy("buy")
    assert bought["grant"]["expires_at"] is None
    assert (await buyer.get(f"/catalog/titles/{buyer.film}"))["access"]["via"] == "buy"


async def test_a_rental_that_need_not_be_begun_runs_from_the_purchase(
    runtime: Runtime, buyer: Buyer
) -> None:
    await execute(runtime, "UPDATE title_offers SET start_within_hours = 0")
    rental = await buyer.buy("rent")
    settled = datetime.fromisoformat(rental["settled_at"])
    assert rental["grant"]["start_by"] is None
    assert datetime.fromisoformat(rental["grant"]["expires_at"]) == settled + timedelta(hours=48)
    detail = await buyer.get(f"/catalog/titles/{buyer.film}")
    assert detail["access"]["starts_clock"] is False


async def test_the_ledger_has_what_was_taken(runtime: Runtime, buyer: Buyer) -> None:
    await buyer.buy("rent")
    assert await balances(runtime) == {"provider:sandbox": 399, "revenue:rent": -399}


async def test_the_provider_can_name_the_purchase_later(runtime: Runtime, buyer: Buyer) -> None:
    purchase = await buyer.buy("rent")
    [known] = await rows(runtime, "SELECT subject, subject_id, user_id FROM payment_objects")
    assert tuple(known) == ("purchase", UUID(purchase["id"]), buyer.user_id)


async def test_of_two_keys_none_is_taken(runtime: Runtime, buyer: Buyer) -> None:
    answer = await buyer.client.post(
        f"{API}/catalog/titles/{buyer.film}/purchase",
        json={"offer_type": "rent", "payment_method": "tok_ok"},
        headers=[*buyer.headers.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")],
    )
    assert code_of(answer) == (422, "invalid_value")
    assert await nothing_was_taken(runtime)


async def test_a_refused_card_leaves_nothing(runtime: Runtime, buyer: Buyer) -> None:
    answer = await buyer.order("rent", "tok_declined")
    assert code_of(answer) == (402, "payment_declined")
    assert answer.json()["error"]["details"]["failure_code"] == "card_declined"
    assert await rows(runtime, "SELECT FROM user_entitlements") == []
    assert await balances(runtime) == {}
    assert (await buyer.order("rent", "tok_ok")).status_code == 201


async def test_a_payment_can_need_the_payer(runtime: Runtime, buyer: Buyer) -> None:
    answer = await buyer.order("buy", "tok_needs_action")
    purchase = answer.json()
    assert (answer.status_code, purchase["status"]) == (202, "requires_action")
    assert purchase["action_url"]
    assert purchase["grant"] is None


async def test_a_provider_that_is_down_leaves_it_pending(runtime: Runtime, buyer: Buyer) -> None:
    async def down(_order: object) -> None:
        raise ProviderError

    take_over(runtime, charge=down)
    answer = await buyer.order("buy")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    purchase = await buyer.get(f"/purchases/{answer.json()['id']}")
    assert (purchase["status"], purchase["title_name"]) == ("pending", "Sherlock Jr.")


async def test_no_transaction_is_open_while_the_provider_is_asked(
    runtime: Runtime, buyer: Buyer
) -> None:
    sandbox = runtime.payments.sandbox
    seen: list[int] = []

    async def charge(order: Any) -> Any:
        seen.append(
            await scalar(
                runtime,
                "SELECT count(*) FROM pg_stat_activity WHERE xact_start IS NOT NULL"
                " AND datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'",
            )
        )
        return await sandbox.charge(order)

    take_over(runtime, charge=charge)
    await buyer.buy("rent")
    assert seen == [0]


async def test_what_is_owned_is_not_sold_again(runtime: Runtime, buyer: Buyer) -> None:
    bought = await buyer.buy("buy")
    answer = await buyer.order("buy")
    assert code_of(answer) == (409, "already_owned")
    assert answer.json()["error"]["details"]["grant"]["id"] == bought["grant"]["id"]
    assert code_of(await buyer.order("rent")) == (409, "already_owned")
    assert await scalar(runtime, CHARGES) == 1


async def test_what_is_rented_can_be_bought_but_not_rented_again(
    runtime: Runtime, buyer: Buyer
) -> None:
    rental = await buyer.buy("rent")
    answer = await buyer.order("rent")
    assert code_of(answer) == (409, "already_rented")
    assert answer.json()["error"]["details"]["grant"]["expires_at"] is not None
    assert (await buyer.order("buy")).status_code == 201
    assert rental["status"] == "paid"


async def test_a_rental_that_ended_can_be_rented_again(runtime: Runtime, buyer: Buyer) -> None:
    await grant_title(runtime, buyer.user_id, buyer.film, "rent", expires_at=LONG_AGO)
    assert (await buyer.order("rent")).status_code == 201


async def test_a_price_that_has_changed_takes_nothing(runtime: Runtime, buyer: Buyer) -> None:
    answer = await buyer.order("rent", expected_price_cents=299)
    assert code_of(answer) == (409, "price_changed")
    details = answer.json()["error"]["details"]
    assert (details["price_cents"], details["currency"]) == (399, "USD")
    assert await nothing_was_taken(runtime)
    assert (await buyer.order("rent", expected_price_cents=399)).status_code == 201


async def test_a_title_that_is_not_shown_is_not_sold(runtime: Runtime, buyer: Buyer) -> None:
    await execute(runtime, "UPDATE titles SET status = 'draft'")
    assert code_of(await buyer.order()) == (404, "not_found")
    assert await nothing_was_taken(runtime)


async def test_a_title_that_the_profile_may_not_see_is_not_sold(
    runtime: Runtime, client: AsyncClient, film: UUID
) -> None:
    await execute(runtime, "UPDATE titles SET maturity_score = 18")
    teenager = await make_buyer(runtime, client, film, max_maturity=12)
    assert code_of(await teenager.order()) == (404, "not_found")
    assert await nothing_was_taken(runtime)


async def test_children_buy_nothing(runtime: Runtime, client: AsyncClient, film: UUID) -> None:
    child = await make_buyer(runtime, client, film, kind="kids", max_maturity=9)
    assert code_of(await child.order()) == (403, "purchase_not_allowed")
    answer = await client.get("/api/v1/purchases", headers=child.headers)
    assert code_of(answer) == (403, "purchase_not_allowed")
    assert await nothing_was_taken(runtime)


@pytest.mark.parametrize("blocks", ["blocks_purchase", "blocks_playback"])
async def test_households_on_hold_buy_nothing(runtime: Runtime, buyer: Buyer, blocks: str) -> None:
    both = {"blocks_purchase": False, "blocks_playback": False}
    await hold(runtime, buyer.user_id, **(both | {blocks: True}))
    assert code_of(await buyer.order()) == (403, "account_held")
    assert await nothing_was_taken(runtime)


async def test_only_offers_of_this_title_count(runtime: Runtime, buyer: Buyer) -> None:
    other = await make_title(runtime, "Cops")
    foreign = await make_offer(runtime, other, "rent")
    for offer_id in (foreign, uuid4()):
        assert code_of(await buyer.order(offer_id=str(offer_id))) == (404, "not_found")
    assert await nothing_was_taken(runtime)


@pytest.mark.parametrize(
    "change", ["active = false", "territory = 'FR'", "available_until = '2020-02-02'"]
)
async def test_only_offers_that_hold_here_and_now_count(
    runtime: Runtime, buyer: Buyer, change: str
) -> None:
    offer_id = await scalar(runtime, "SELECT id FROM title_offers WHERE offer_type = 'rent'")
    await execute(runtime, f"UPDATE title_offers SET {change}")
    for body in ({}, {"offer_id": str(offer_id)}):
        assert code_of(await buyer.order(**body)) == (404, "not_found")
    assert await nothing_was_taken(runtime)


async def test_an_offer_is_what_it_says(runtime: Runtime, buyer: Buyer) -> None:
    rent = await scalar(runtime, "SELECT id FROM title_offers WHERE offer_type = 'rent'")
    assert code_of(await buyer.order("buy", offer_id=str(rent))) == (404, "not_found")
    assert code_of(await buyer.order("free")) == (422, "invalid_value")


async def test_a_season_can_be_bought_alone(runtime: Runtime, buyer: Buyer) -> None:
    buyer.film = await make_title(runtime, "Fantomas", kind="series")
    first, second = [await make_season(runtime, buyer.film, number) for number in (1, 2)]
    offers = [
        await make_offer(runtime, buyer.film, "buy", season_id=one) for one in (first, second)
    ]
    bought = (await buyer.order("buy", offer_id=str(offers[0]))).json()
    assert bought["season_id"] == str(first)
    assert code_of(await buyer.order("buy", offer_id=str(offers[0]))) == (409, "already_owned")
    assert (await buyer.order("buy", offer_id=str(offers[1]))).status_code == 201


async def test_who_owns_the_series_needs_no_season(runtime: Runtime, buyer: Buyer) -> None:
    buyer.film = await make_title(runtime, "Fantomas", kind="series")
    season = await make_season(runtime, buyer.film, 1)
    await make_offer(runtime, buyer.film, "buy", price_cents=2999)
    one = await make_offer(runtime, buyer.film, "buy", season_id=season)
    assert (await buyer.order("buy")).json()["amount_cents"] == 2999
    assert code_of(await buyer.order("buy", offer_id=str(one))) == (409, "already_owned")


async def test_the_purchase_pin_is_asked_for(
    runtime: Runtime, client: AsyncClient, buyer: Buyer
) -> None:
    body = {"purchase_pin": "4711", "password": PASSWORD}
    await client.patch("/api/v1/me", json=body, headers=buyer.headers)
    for pin in ({}, {"purchase_pin": "1147"}):
        assert code_of(await buyer.order(**pin)) == (403, "pin_required")
    assert await nothing_was_taken(runtime)
    assert (await buyer.order(purchase_pin="4711")).status_code == 201


async def test_a_key_is_needed(runtime: Runtime, client: AsyncClient, buyer: Buyer) -> None:
    answer = await client.post(
        f"/api/v1/catalog/titles/{buyer.film}/purchase",
        json={"offer_type": "rent", "payment_method": "tok_ok"},
        headers=buyer.headers,
    )
    assert code_of(answer) == (400, "idempotency_key_required")


async def test_purchases_are_limited(runtime: Runtime, buyer: Buyer) -> None:
    runtime.limiter = Limiter(None, clock=lambda: 2e9)
    for _ in range(PURCHASES.amount):
        assert (await buyer.order(expected_price_cents=1)).status_code == 409
    assert code_of(await buyer.order()) == (429, "rate_limited")


async def test_the_household_sees_its_purchases_newest_first(
    runtime: Runtime, client: AsyncClient, buyer: Buyer
) -> None:
    made = [await buyer.buy("rent"), await buyer.buy("buy")]
    first = await buyer.get("/purchases?page_size=1")
    second = await buyer.get(f"/purchases?page_size=1&cursor={first['next_cursor']}")
    listed = [page["items"][0]["id"] for page in (first, second)]
    assert listed == [made[1]["id"], made[0]["id"]]
    assert second["next_cursor"] is None


async def test_nobody_else_sees_them(runtime: Runtime, client: AsyncClient, buyer: Buyer) -> None:
    purchase = await buyer.buy("rent")
    other = await make_buyer(runtime, client, buyer.film, "ben@example.com")
    assert (await other.get("/purchases"))["items"] == []
    path = f"/api/v1/purchases/{purchase['id']}"
    answer = await client.get(path, headers=other.headers)
    assert code_of(answer) == (404, "not_found")
    assert code_of(await other.post(f"/purchases/{purchase['id']}/refund")) == (404, "not_found")


async def test_a_purchase_takes_at_most_twelve_statements(runtime: Runtime, buyer: Buyer) -> None:
    """Besides those of the practice provider, which would be elsewhere."""
    sandbox = runtime.payments.sandbox

    async def charge(order: Any) -> Any:
        with Counter(runtime).counted():
            return await sandbox.charge(order)

    take_over(runtime, charge=charge)
    with Counter(runtime).counted() as made:
        await buyer.buy("rent")
    assert made.count <= 12


async def test_what_a_profile_may_not_see_is_not_named(
    runtime: Runtime, client: AsyncClient, buyer: Buyer
) -> None:
    await buyer.buy("rent")
    await execute(runtime, "UPDATE titles SET status = 'draft'")
    [purchase] = (await buyer.get("/purchases"))["items"]
    assert (purchase["title_id"], purchase["title_name"], purchase["amount_cents"]) == (
        None,
        None,
        399,
    )
