"""Money by hand: orders wait for the staff, whose word counts."""

from datetime import UTC, datetime

import pytest

from matinee.core.errors import NotFound
from matinee.integrations.payments.manual import Manual, PaidByHand, confirmed, returned
from matinee.integrations.payments.protocol import Money
from tests.integrations.payments.sandbox.posting import MONTHLY, order, subscription_order

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PRICE = Money(499, "EUR")


async def test_an_order_waits_for_the_staff() -> None:
    facts = await Manual().charge(order("cash"))
    assert (facts.state, facts.captured_cents) == ("pending", 0)
    assert await Manual().fetch_payment(None, order("cash")) == facts


async def test_a_subscription_waits_for_the_staff() -> None:
    order_ = subscription_order("cash")
    facts = await Manual().start_subscription(order_)
    assert facts.status == "incomplete"
    assert await Manual().fetch_subscription(None, order_) == facts


async def test_a_refund_says_nothing_before_the_staff_does() -> None:
    facts = await Manual().refund("manual_1", PRICE, "refund-1")
    assert (facts.captured_cents, facts.refunded_cents) == (0, 0)


def test_the_word_of_the_staff_makes_facts() -> None:
    assert confirmed("manual_1", PRICE).captured_cents == 499
    facts = returned("manual_1", PRICE, 200)
    assert (facts.captured_cents, facts.refunded_cents) == (499, 200)


async def test_subscriptions_are_changed_by_staff_alone() -> None:
    provider = Manual()
    with pytest.raises(PaidByHand):
        await provider.change_subscription("manual_1", MONTHLY, prorated=None, key="k")
    with pytest.raises(PaidByHand):
        await provider.set_cancellation("manual_1", cancel=True, key="k")
    for call in (
        provider.cancel_subscription,
        provider.pause_subscription,
        provider.resume_subscription,
    ):
        with pytest.raises(PaidByHand):
            await call("manual_1", "k")


async def test_nobody_posts_and_nothing_happens_by_itself() -> None:
    with pytest.raises(NotFound):
        Manual().verify({}, b"{}", LONG_AGO)
    assert await Manual().events_since(LONG_AGO) == []
    assert await Manual().fingerprint("cash") is None
