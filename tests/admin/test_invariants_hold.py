"""Rules of the data never cry wolf: they hold for whatever the product itself writes down."""

from datetime import timedelta
from typing import Any

import pytest

from matinee.accounts import personal_data
from matinee.admin.invariants import check_all
from matinee.runtime import Runtime
from tests.admin.rules.sales import NOW, order, purchase, subscription
from tests.makers import execute

DAY = timedelta(days=1)

PAYMENTS: dict[str, dict[str, Any]] = {
    "captured": {},
    "captured in part": {"captured_cents": 100},
    "captured in part and disputed": {"captured_cents": 100, "dispute": "open"},
    "captured in part and lost": {"captured_cents": 100, "dispute": "lost"},
    "captured in part and given back in part": {"captured_cents": 100, "refunded_cents": 1},
    "captured in part and given back": {"captured_cents": 100, "refunded_cents": 100},
    "captured in part and declined": {"captured_cents": 100, "state": "failed"},
    "given back in part": {"refunded_cents": 133},
    "given back": {"refunded_cents": 399},
    "disputed": {"dispute": "open"},
    "won": {"dispute": "won"},
    "charged back": {"dispute": "lost"},
    "charged back after a refund in part": {"dispute": "lost", "refunded_cents": 133},
}
STANDINGS: dict[str, dict[str, Any]] = {
    "active": {},
    "trialing": {"status": "trialing", "trial_end": NOW + DAY},
    "to be canceled": {"cancel_at_period_end": True},
    "paused": {"status": "paused"},
    "past due": {"status": "past_due", "past_due_since": NOW},
    "past due before its end": {"status": "past_due", "past_due_since": NOW - 9 * DAY},
    "canceled at once": {"status": "canceled"},
    "canceled at its end": {"status": "canceled", "period_end": NOW - DAY},
    "refused": {
        "status": "incomplete",
        "failure_code": "card_declined",
        "period_start": None,
        "period_end": None,
    },
    "waiting": {"status": "incomplete", "period_start": None, "period_end": None},
}


async def broken(runtime: Runtime) -> list[str]:
    async with runtime.database.read() as tx:
        found = await check_all(tx, runtime.settings)
    return [item.name for item in found.items if not item.holds]


@pytest.mark.parametrize("kind", ["rent", "buy"])
@pytest.mark.parametrize("facts", PAYMENTS.values(), ids=PAYMENTS.keys())
async def test_they_hold_however_a_payment_stands(
    runtime: Runtime, kind: str, facts: dict[str, Any]
) -> None:
    await purchase(runtime, kind, **facts)
    assert await broken(runtime) == []


async def test_they_hold_for_an_order_that_waits(runtime: Runtime) -> None:
    await order(runtime)
    assert await broken(runtime) == []


@pytest.mark.parametrize("facts", STANDINGS.values(), ids=STANDINGS.keys())
async def test_they_hold_however_a_subscription_stands(
    runtime: Runtime, facts: dict[str, Any]
) -> None:
    await subscription(runtime, **facts)
    assert await broken(runtime) == []


async def test_they_hold_when_the_days_of_grace_were_edited_meanwhile(runtime: Runtime) -> None:
    await subscription(runtime, status="past_due", past_due_since=NOW, period_end=NOW)
    await execute(
        runtime,
        "UPDATE content_packages SET grace_days = 30, updated_at = clock_timestamp()",
    )
    assert await broken(runtime) == []


async def test_they_hold_when_a_household_is_gone_but_its_books_are_kept(runtime: Runtime) -> None:
    for sell in (purchase, subscription):
        made = await sell(runtime)
        async with runtime.database.write() as tx:
            await personal_data.erase(tx, made.user_id)
    assert await broken(runtime) == []
