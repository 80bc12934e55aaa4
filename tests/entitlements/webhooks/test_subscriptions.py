"""Events about subscriptions and their invoices reach them, named or not, in any order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from matinee.integrations.payments.protocol import (
    InvoiceFacts,
    Money,
    PaymentFacts,
    Reference,
    SubscriptionFacts,
)
from matinee.runtime import Runtime
from tests.entitlements.makers import make_package, make_subscription
from tests.entitlements.webhooks.conftest import Provider, event, later
from tests.makers import scalar

NOW = datetime.now(UTC)
BEGUN = SubscriptionFacts(
    "sub_1",
    "active",
    NOW,
    rank=2,
    plan="basic",
    period_start=NOW,
    period_end=NOW + timedelta(days=30),
)
PAID = InvoiceFacts("in_1", "sub_1", Money(999, "USD"), NOW)

_STATUS = "SELECT status FROM subscriptions"
_GRANT_ENDS = "SELECT expires_at FROM user_entitlements"
_BOOKED = "SELECT coalesce(sum(amount_cents), 0)::int FROM ledger_entries"


@pytest.fixture
async def subscription(runtime: Runtime, household: UUID) -> Reference:
    """An order of a package of which the provider has not said anything."""
    package_id = await make_package(runtime)
    made = await make_subscription(runtime, household, package_id)
    return Reference("subscription", household, made)


async def test_a_subscription_begins_by_its_event(
    provider: Provider, runtime: Runtime, subscription: Reference
) -> None:
    assert await provider.tell(BEGUN, subscription) == ("applied", False)
    assert await scalar(runtime, _STATUS) == "active"
    assert await scalar(runtime, _GRANT_ENDS) == BEGUN.period_end + timedelta(hours=6)


async def test_an_earlier_description_that_comes_later_changes_nothing(
    provider: Provider, runtime: Runtime, subscription: Reference
) -> None:
    await provider.tell(BEGUN, subscription)
    before = replace(BEGUN, status="incomplete", rank=0, at=NOW - timedelta(seconds=1))
    assert await provider.tell(before, subscription, "evt_0") == ("applied", False)
    assert await scalar(runtime, _STATUS) == "active"


async def test_an_invoice_that_does_not_name_us_is_placed_by_its_subscription(
    provider: Provider, runtime: Runtime, subscription: Reference
) -> None:
    assert await provider.tell(PAID, None, "evt_2") == ("parked", False)
    assert (await event(runtime, "evt_2"))["object_ref"] == "in_1"
    await provider.tell(BEGUN, subscription)
    await later(runtime)
    assert (await event(runtime, "evt_2"))["subject_id"] == subscription.id
    assert await scalar(runtime, _BOOKED) == 999


async def test_what_was_given_back_of_an_invoice_is_booked_once(
    provider: Provider, runtime: Runtime, subscription: Reference
) -> None:
    returned = replace(PAID, refunded_cents=999)
    for event_id in ("evt_1", "evt_2"):
        assert await provider.tell(returned, subscription, event_id) == ("applied", False)
    assert await scalar(runtime, _BOOKED) == 2 * 999


@pytest.mark.parametrize("facts", [BEGUN, PAID, PaymentFacts("sub_1", "USD", captured_cents=999)])
async def test_an_event_about_an_order_that_is_not_here_waits(
    provider: Provider,
    runtime: Runtime,
    household: UUID,
    facts: SubscriptionFacts | InvoiceFacts | PaymentFacts,
) -> None:
    nobody = Reference("subscription", household, household)
    assert await provider.tell(facts, nobody) == ("parked", False)
    assert (await event(runtime))["last_error"].startswith("What it is about is not here")
