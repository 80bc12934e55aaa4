"""Sales as the product itself writes them down, for tests that then spoil them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from matinee.entitlements.purchases.settling import apply_payment
from matinee.entitlements.subscriptions.settling import apply_invoice, apply_subscription
from matinee.integrations.payments.protocol import (
    InvoiceFacts,
    Money,
    PaymentFacts,
    Reference,
    SubscriptionFacts,
)
from matinee.runtime import Runtime
from tests.entitlements.makers import make_offer, make_package, make_subscription
from tests.makers import insert, make_title, make_user

NOW = datetime.now(UTC)
CAPTURED = PaymentFacts("pay_1", "USD", captured_cents=399, state="captured")
ACTIVE = SubscriptionFacts(
    "sub_1",
    "active",
    NOW,
    plan="basic",
    period_start=NOW - timedelta(days=10),
    period_end=NOW + timedelta(days=20),
)


async def order(runtime: Runtime, kind: str = "rent", **columns: Any) -> Reference:
    """A new household's order of a title, of which nothing was heard yet."""
    user_id = await make_user(runtime)
    title_id = await make_title(runtime)
    offer_id = await make_offer(runtime, title_id, kind, price_cents=399)
    purchase_id = await insert(
        runtime,
        "purchases",
        **{
            "user_id": user_id,
            "offer_id": offer_id,
            "title_id": title_id,
            "kind": kind,
            "quality": "hd",
            "amount_cents": 399,
            "tax_cents": 64,
            "currency": "USD",
            "territory": "US",
            "rental_window_hours": 48 if kind == "rent" else None,
            "start_within_hours": 720 if kind == "rent" else None,
            "provider": "sandbox",
            "payment_method": "tok_ok",
            "idempotency_key": "made",
            "request_hash": b"",
        }
        | columns,
    )
    return Reference("purchase", user_id, purchase_id)


async def purchase(runtime: Runtime, kind: str = "rent", **facts: Any) -> Reference:
    """A title that a new household has paid for; more facts can have been heard."""
    reference = await order(runtime, kind)
    async with runtime.database.write() as tx:
        assert await apply_payment(tx, reference, "sandbox", replace(CAPTURED, **facts))
    return reference


async def subscription(runtime: Runtime, **facts: Any) -> Reference:
    """A subscription to the basic package by a new household, with one payment."""
    user_id = await make_user(runtime)
    package_id = await make_package(runtime)
    reference = await ordered_subscription(runtime, user_id, package_id)
    paid = InvoiceFacts("inv_1", "sub_1", Money(999, "USD"), NOW, refunded_cents=99)
    async with runtime.database.write() as tx:
        assert await apply_subscription(tx, reference, "sandbox", replace(ACTIVE, **facts))
        assert await apply_invoice(tx, reference, "sandbox", paid)
    return reference


async def ordered_subscription(
    runtime: Runtime, user_id: UUID, package_id: UUID, **columns: Any
) -> Reference:
    """An order of a package, of which nothing was heard yet."""
    made = await make_subscription(runtime, user_id, package_id, **columns)
    return Reference("subscription", user_id, made)
