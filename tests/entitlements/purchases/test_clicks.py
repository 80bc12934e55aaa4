"""However often and fast somebody clicks, money is taken once, for one grant."""

import asyncio
from typing import Any

import pytest
from httpx import Response

from matinee.core.errors import ProviderError
from matinee.runtime import Runtime
from tests.entitlements.makers import make_offer
from tests.entitlements.purchases.conftest import (
    CHARGES,
    Buyer,
    balances,
    code_of,
    rows,
    take_over,
)
from tests.makers import execute, scalar

CLICKS = 100


async def one_of_everything(runtime: Runtime) -> bool:
    """One charge, one grant, and the ledger says so."""
    grants = await scalar(runtime, "SELECT count(*) FROM user_entitlements")
    paid = await scalar(runtime, "SELECT count(*) FROM purchases WHERE status = 'paid'")
    charges = await scalar(runtime, CHARGES)
    booked = await balances(runtime) == {"provider:sandbox": 999, "revenue:buy": -999}
    return (grants, paid, charges, booked) == (1, 1, 1, True)


async def clicks(buyer: Buyer, keys: list[str | None], method: str = "tok_ok") -> list[Response]:
    return list(await asyncio.gather(*(buyer.order("buy", method, key) for key in keys)))


async def test_a_hundred_clicks_with_one_key(runtime: Runtime, buyer: Buyer) -> None:
    answers = await clicks(buyer, ["the-key"] * CLICKS)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await one_of_everything(runtime)


async def test_a_hundred_clicks_with_a_hundred_keys(runtime: Runtime, buyer: Buyer) -> None:
    answers = await clicks(buyer, [None] * CLICKS)
    assert {answer.status_code for answer in answers} <= {201, 409}
    refused = {code_of(answer)[1] for answer in answers if answer.status_code == 409}
    assert refused <= {"already_owned"}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert await one_of_everything(runtime)


async def test_clicks_on_a_card_that_is_refused_never_leave_more_than_they_are(
    runtime: Runtime, buyer: Buyer
) -> None:
    answers = await clicks(buyer, ["one", "two"] * 20, "tok_declined")
    assert {code_of(answer) for answer in answers} == {(402, "payment_declined")}
    assert await balances(runtime) == {}
    assert await scalar(runtime, "SELECT count(*) FROM user_entitlements") == 0


async def test_the_same_key_gives_the_first_outcome(runtime: Runtime, buyer: Buyer) -> None:
    first, second = [await buyer.order("buy", key="the-key") for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["grant"] == second.json()["grant"]
    assert await one_of_everything(runtime)


async def test_the_same_key_gives_the_first_refusal(runtime: Runtime, buyer: Buyer) -> None:
    for _ in range(2):
        answer = await buyer.order("buy", "tok_declined", key="the-key")
        assert code_of(answer) == (402, "payment_declined")
    assert await scalar(runtime, CHARGES) == 1


OTHER_BODIES: list[dict[str, Any]] = [
    {"kind": "rent"},
    {"method": "tok_slow"},
    {"expected_price_cents": 999},
]


@pytest.mark.parametrize("other", OTHER_BODIES)
async def test_the_same_key_is_for_the_same_request(
    runtime: Runtime, buyer: Buyer, other: dict[str, Any]
) -> None:
    await buyer.order("buy", key="the-key")
    answer = await buyer.order(**({"kind": "buy", "key": "the-key"} | other))
    assert code_of(answer) == (422, "idempotency_key_reused")
    assert await one_of_everything(runtime)


async def test_a_second_click_goes_on_where_the_first_was_cut_short(
    runtime: Runtime, buyer: Buyer
) -> None:
    sandbox = runtime.payments.sandbox

    async def lost(order: Any) -> None:
        await sandbox.charge(order)
        raise ProviderError

    take_over(runtime, charge=lost)
    first = await buyer.order("buy")
    assert first.json()["status"] == "pending"
    take_over(runtime)
    second = await buyer.order("buy")
    assert (second.status_code, second.json()["id"]) == (201, first.json()["id"])
    assert await one_of_everything(runtime)


async def test_a_click_while_the_payer_is_asked_joins(runtime: Runtime, buyer: Buyer) -> None:
    first = await buyer.order("buy", "tok_needs_action")
    second = await buyer.order("buy", "tok_needs_action")
    assert first.json()["id"] == second.json()["id"]
    assert second.json()["action_url"] == first.json()["action_url"]
    assert await scalar(runtime, CHARGES) == 1


async def test_a_click_after_the_provider_forgot_the_key_charges_nothing_again(
    runtime: Runtime, buyer: Buyer
) -> None:
    first = await buyer.order("buy", "tok_needs_action")
    async with runtime.database.write() as tx:
        await tx.execute("UPDATE sandbox_objects SET key = NULL")
    second = await buyer.order("buy", "tok_needs_action")
    assert second.json()["action_url"] == first.json()["action_url"]
    assert await scalar(runtime, CHARGES) == 1


async def test_who_joins_is_told_when_that_costs_something_else(
    runtime: Runtime, buyer: Buyer
) -> None:
    await buyer.order("buy", "tok_needs_action")
    answer = await buyer.order("buy", expected_price_cents=899)
    assert code_of(answer) == (409, "price_changed")
    assert answer.json()["error"]["details"]["price_cents"] == 999


async def test_who_names_an_offer_joins_no_order_of_another(runtime: Runtime, buyer: Buyer) -> None:
    finer = await make_offer(runtime, buyer.film, "buy", quality="uhd", price_cents=1999)
    first = (await buyer.order("buy", "tok_needs_action")).json()
    assert first["amount_cents"] == 999
    answer = await buyer.order("buy", offer_id=str(finer))
    assert code_of(answer) == (409, "request_in_progress")
    assert answer.json()["error"]["details"]["purchase_id"] == first["id"]
    joined = await buyer.order("buy", offer_id=first["offer_id"])
    assert joined.json()["id"] == first["id"]


async def test_clicks_on_rent_and_buy_are_two_things(runtime: Runtime, buyer: Buyer) -> None:
    answers = await asyncio.gather(buyer.order("rent"), buyer.order("buy"))
    paid = [answer for answer in answers if answer.status_code == 201]
    kinds = {row["kind"] for row in await rows(runtime, "SELECT kind FROM user_entitlements")}
    assert kinds == {answer.json()["kind"] for answer in paid}
    assert "buy" in kinds


async def test_a_key_remembers_what_is_not_for_sale_any_more(
    runtime: Runtime, buyer: Buyer
) -> None:
    first = await buyer.order("buy", key="the-key")
    await execute(runtime, "UPDATE title_offers SET active = false")
    second = await buyer.order("buy", key="the-key")
    assert (second.status_code, second.json()["id"]) == (201, first.json()["id"])
    answer = await buyer.order("buy", "tok_slow", key="the-key")
    assert code_of(answer) == (422, "idempotency_key_reused")
