"""The life of purchases with the practice provider, told by its signed webhooks over HTTP."""

from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import ASGITransport

from matinee.runtime import Runtime
from tests.entitlements.purchases.conftest import Buyer, balances, code_of
from tests.makers import scalar

PAID = {"provider:sandbox": 999, "revenue:buy": -999}


@pytest.fixture(autouse=True)
def webhooks(runtime: Runtime, app: FastAPI) -> None:
    """The provider reaches the application without a network."""
    runtime.payments.sandbox.transport = ASGITransport(app)
    runtime.payments.sandbox.delay = 0


async def all_told(runtime: Runtime, buyer: Buyer, purchase: Any) -> Any:
    """The purchase once everything was told."""
    for _ in range(3):
        await runtime.worker.drain()
    return await buyer.get(f"/purchases/{purchase['id']}")


async def ref_of(runtime: Runtime, purchase: Any) -> str:
    ref: str = await scalar(
        runtime, "SELECT provider_ref FROM purchases WHERE id = $1", UUID(purchase["id"])
    )
    return ref


@pytest.mark.parametrize(
    "method", ["tok_ok", "tok_slow", "tok_double_webhook", "tok_shuffled_webhook"]
)
async def test_however_it_is_told_it_is_paid_and_booked_once(
    runtime: Runtime, buyer: Buyer, method: str
) -> None:
    answer = await buyer.order("buy", method)
    assert answer.status_code in (201, 202)
    assert (await all_told(runtime, buyer, answer.json()))["status"] == "paid"
    assert await balances(runtime) == PAID
    assert await scalar(runtime, "SELECT count(*) FROM user_entitlements") == 1


@pytest.mark.parametrize(("outcome", "status"), [("ok", "paid"), ("declined", "failed")])
async def test_the_payer_decides(runtime: Runtime, buyer: Buyer, outcome: Any, status: str) -> None:
    order = (await buyer.order("buy", "tok_needs_action")).json()
    await runtime.payments.sandbox.confirm(await ref_of(runtime, order), outcome)
    ended = await all_told(runtime, buyer, order)
    assert (ended["status"], ended["action_url"]) == (status, None)
    assert await balances(runtime) == (PAID if status == "paid" else {})


async def test_a_dispute_stops_buying_until_it_is_won(runtime: Runtime, buyer: Buyer) -> None:
    bought = (await buyer.order("buy", "tok_dispute")).json()
    assert (await all_told(runtime, buyer, bought))["status"] == "disputed"
    assert code_of(await buyer.order("rent")) == (403, "account_held")
    assert (await buyer.get(f"/catalog/titles/{buyer.film}"))["access"]["via"] == "buy"
    await runtime.payments.sandbox.dispute(await ref_of(runtime, bought), "won")
    assert (await all_told(runtime, buyer, bought))["status"] == "paid"
    assert code_of(await buyer.order("rent")) == (409, "already_owned")
    assert await balances(runtime) == PAID


async def test_a_lost_dispute_takes_it_all_back(runtime: Runtime, buyer: Buyer) -> None:
    bought = (await buyer.order("buy", "tok_dispute")).json()
    await all_told(runtime, buyer, bought)
    await runtime.payments.sandbox.dispute(await ref_of(runtime, bought), "lost")
    ended = await all_told(runtime, buyer, bought)
    assert (ended["status"], ended["grant"]["revoke_reason"]) == ("charged_back", "charged_back")
    assert code_of(await buyer.order("rent")) == (403, "account_held")
    assert await balances(runtime) == {}


async def test_a_refund_is_booked_once_by_answer_and_webhook(
    runtime: Runtime, buyer: Buyer
) -> None:
    bought = await buyer.buy("buy")
    await buyer.post(f"/purchases/{bought['id']}/refund")
    assert (await all_told(runtime, buyer, bought))["status"] == "refunded"
    booked = "SELECT count(*) FROM ledger_entries WHERE movement LIKE 'refund:%'"
    assert await scalar(runtime, booked) == 1
    assert await balances(runtime) == {}
