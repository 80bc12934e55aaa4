"""What was cut short is gone on with: the provider is asked how it stands."""

from dataclasses import replace
from typing import Any

import pytest

from matinee.core.errors import ProviderError
from matinee.entitlements.purchases.sweeping import sweep_purchases
from matinee.integrations.payments.protocol import PaymentFacts
from matinee.runtime import Runtime
from tests.entitlements.purchases.conftest import Buyer, balances, run_job, take_over
from tests.makers import execute, scalar


async def down(*_args: object, **_more: object) -> None:
    raise ProviderError


async def age(runtime: Runtime, table: str, interval: str) -> None:
    """Let time pass."""
    await execute(
        runtime,
        f"UPDATE {table} SET created_at = created_at - interval '{interval}',"
        f" checked_at = checked_at - interval '{interval}'",
    )


async def sweep_after(runtime: Runtime, interval: str, table: str = "purchases") -> None:
    await age(runtime, table, interval)
    await run_job(runtime, sweep_purchases)


async def test_money_that_was_taken_unheard_is_found(runtime: Runtime, buyer: Buyer) -> None:
    sandbox = runtime.payments.sandbox

    async def lost(order: Any) -> None:
        await sandbox.charge(order)
        raise ProviderError

    take_over(runtime, charge=lost)
    order = (await buyer.order("buy")).json()
    await sweep_after(runtime, "14 minutes")
    assert (await buyer.get(f"/purchases/{order['id']}"))["status"] == "pending"
    await sweep_after(runtime, "2 minutes")
    assert (await buyer.get(f"/purchases/{order['id']}"))["status"] == "paid"
    assert await balances(runtime) == {"provider:sandbox": 999, "revenue:buy": -999}


async def test_a_lost_webhook_is_made_up_for(runtime: Runtime, buyer: Buyer) -> None:
    order = (await buyer.order("buy", "tok_lost_webhook")).json()
    assert order["status"] == "pending"
    await sweep_after(runtime, "16 minutes")
    assert (await buyer.get(f"/purchases/{order['id']}"))["status"] == "paid"


async def test_what_the_provider_never_got_fails_after_a_day(
    runtime: Runtime, buyer: Buyer
) -> None:
    take_over(runtime, charge=down)
    order = (await buyer.order("buy")).json()
    await sweep_after(runtime, "23 hours")
    assert (await buyer.get(f"/purchases/{order['id']}"))["status"] == "pending"
    await sweep_after(runtime, "2 hours")
    failed = await buyer.get(f"/purchases/{order['id']}")
    assert (failed["status"], failed["failure_code"]) == ("failed", "never_received")


@pytest.mark.parametrize("state", ["pending", "failed", "canceled"])
async def test_a_part_of_the_amount_is_asked_about_until_all_is_there(
    runtime: Runtime, buyer: Buyer, state: Any
) -> None:
    order = (await buyer.order("buy", "tok_needs_action")).json()
    ref = await scalar(runtime, "SELECT provider_ref FROM purchases")
    facts = PaymentFacts(ref, "USD", captured_cents=1, state=state)

    async def fetch(*_args: object) -> PaymentFacts:
        return facts

    take_over(runtime, fetch_payment=fetch)
    await sweep_after(runtime, "16 minutes")
    shown = await buyer.get(f"/purchases/{order['id']}")
    assert (shown["status"] == "paid", shown["grant"]) == (False, None)
    facts = replace(facts, captured_cents=999, state="captured")
    await sweep_after(runtime, "16 minutes")
    assert (await buyer.get(f"/purchases/{order['id']}"))["status"] == "paid"


async def test_what_could_still_be_paid_is_not_given_up(runtime: Runtime, buyer: Buyer) -> None:
    order = (await buyer.order("buy", "tok_needs_action")).json()
    await sweep_after(runtime, "30 days")
    assert (await buyer.get(f"/purchases/{order['id']}"))["status"] == "requires_action"


async def test_a_provider_that_stays_down_is_asked_again_later(
    runtime: Runtime, buyer: Buyer
) -> None:
    asked: list[object] = []

    async def fetch(*args: object) -> None:
        asked.append(args)
        raise ProviderError

    take_over(runtime, charge=down, fetch_payment=fetch)
    await buyer.order("buy")
    await sweep_after(runtime, "16 minutes")
    await sweep_after(runtime, "1 minute")
    assert len(asked) == 1
    await sweep_after(runtime, "15 minutes")
    assert len(asked) == 2


async def test_a_refund_goes_on_after_five_minutes(runtime: Runtime, buyer: Buyer) -> None:
    bought = await buyer.buy("buy")
    take_over(runtime, refund=down)
    await buyer.post(f"/purchases/{bought['id']}/refund")
    take_over(runtime)
    await sweep_after(runtime, "4 minutes", "purchase_refunds")
    assert (await buyer.get(f"/purchases/{bought['id']}"))["status"] == "paid"
    await sweep_after(runtime, "2 minutes", "purchase_refunds")
    assert (await buyer.get(f"/purchases/{bought['id']}"))["status"] == "refunded"
    assert await balances(runtime) == {}


async def test_payments_by_hand_are_left_to_staff(runtime: Runtime, buyer: Buyer) -> None:
    runtime.payments.default = runtime.payments.named("manual")
    await buyer.order("buy")
    await sweep_after(runtime, "30 days")
    assert await scalar(runtime, "SELECT checked_at FROM purchases") is None


async def test_a_refund_that_the_provider_forgot_the_key_of_is_not_made_twice(
    runtime: Runtime, buyer: Buyer
) -> None:
    sandbox = runtime.payments.sandbox
    calls: list[str] = []

    async def lost(ref: str, amount: Any, key: str) -> None:
        calls.append(key)
        await sandbox.refund(ref, amount, key)
        raise ProviderError

    bought = await buyer.buy("buy")
    take_over(runtime, refund=lost)
    await buyer.post(f"/purchases/{bought['id']}/refund")
    await sweep_after(runtime, "2 days", "purchase_refunds")
    assert (await buyer.get(f"/purchases/{bought['id']}"))["status"] == "refunded"
    assert len(calls) == 1


async def test_what_belongs_to_a_provider_that_is_not_set_up_waits(
    runtime: Runtime, buyer: Buyer
) -> None:
    bought = await buyer.buy("buy")
    await execute(runtime, "UPDATE purchases SET provider = 'elsewhere'")
    answer = await buyer.post(f"/purchases/{bought['id']}/refund")
    assert (answer.status_code, answer.json()["status"]) == (202, "paid")
    await sweep_after(runtime, "6 minutes", "purchase_refunds")
    assert await scalar(runtime, "SELECT status FROM purchase_refunds") == "open"
