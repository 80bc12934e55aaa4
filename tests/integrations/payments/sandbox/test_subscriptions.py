"""Subscriptions at the practice provider: beginning, changing, pausing, ending them."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from matinee.integrations.payments.protocol import InvoiceFacts, Money, Plan
from matinee.integrations.payments.sandbox.months import months_after
from matinee.integrations.payments.sandbox.provider import Sandbox
from matinee.runtime import Runtime
from tests.integrations.payments.sandbox.posting import (
    MONTHLY,
    SUBSCRIPTION,
    Listener,
    subscription_order,
)

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PREMIUM = Plan("premium", "Premium", Money(1299, "EUR"), "month")


async def invoices(sandbox: Sandbox) -> list[InvoiceFacts]:
    """What was paid for subscriptions, in order."""
    events = await sandbox.events_since(LONG_AGO)
    return [event.facts for event in events if isinstance(event.facts, InvoiceFacts)]


async def test_a_subscription_begins_with_a_paid_period(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok"))
    [invoice] = await invoices(sandbox)
    assert (facts.status, facts.plan, facts.trial_end) == ("active", "basic", None)
    assert facts.period_start is not None
    assert facts.period_end == months_after(facts.period_start, 1)
    assert (invoice.amount, invoice.subscription_ref) == (MONTHLY.price, facts.ref)
    assert (invoice.period_start, invoice.period_end) == (facts.period_start, facts.period_end)


async def test_a_trial_costs_nothing(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok", trial_days=14))
    assert facts.status == "trialing"
    assert facts.period_start is not None
    assert facts.trial_end == facts.period_end == facts.period_start + timedelta(days=14)
    assert await invoices(sandbox) == []


async def test_a_refused_card_begins_nothing(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_declined", trial_days=14))
    assert (facts.status, facts.failure_code) == ("canceled", "card_declined")


async def test_the_same_key_begins_one_subscription(sandbox: Sandbox) -> None:
    order = subscription_order("tok_ok")
    answers = await asyncio.gather(*(sandbox.start_subscription(order) for _ in range(5)))
    assert len(set(answers)) == 1
    assert len(await invoices(sandbox)) == 1


async def test_a_subscription_is_found_by_its_order(sandbox: Sandbox) -> None:
    order = subscription_order("tok_ok")
    facts = await sandbox.start_subscription(order)
    assert await sandbox.fetch_subscription(None, order) == facts
    assert await sandbox.fetch_subscription(None, subscription_order("tok_ok", key="sub-2")) is None


@pytest.mark.parametrize(
    ("token", "rounds"), [("tok_slow", 2), ("tok_shuffled_webhook", 1), ("tok_double_webhook", 1)]
)
async def test_webhooks_tell_what_came_after_the_answer(
    sandbox: Sandbox, listener: Listener, runtime: Runtime, token: str, rounds: int
) -> None:
    await sandbox.start_subscription(subscription_order(token))
    for _ in range(rounds):
        await runtime.worker.drain()
    last = max(
        (event.facts for event in listener.heard if event.type.startswith("subscription")),
        key=lambda facts: (facts.at, facts.rank),
    )
    assert last.status == "active"
    assert {event.reference for event in listener.heard} == {SUBSCRIPTION}


async def test_shuffled_webhooks_end_with_the_first_event(
    sandbox: Sandbox, listener: Listener, runtime: Runtime
) -> None:
    await sandbox.start_subscription(subscription_order("tok_shuffled_webhook"))
    await runtime.worker.drain()
    assert listener.types == ["subscription.updated", "invoice.paid", "subscription.created"]


async def test_a_change_now_costs_what_we_say(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok"))
    prorated = Money(333, "EUR")
    for _ in range(2):
        after = await sandbox.change_subscription(
            facts.ref, PREMIUM, prorated=prorated, key="change-1"
        )
    assert (after.plan, after.period_end) == ("premium", facts.period_end)
    assert [invoice.amount.cents for invoice in await invoices(sandbox)] == [799, 333]


async def test_a_refused_change_leaves_all_as_it_was(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_fail_later"))
    for _ in range(2):
        after = await sandbox.change_subscription(
            facts.ref, PREMIUM, prorated=Money(333, "EUR"), key="change-1"
        )
        assert (after.plan, after.status, after.failure_code) == (
            "basic",
            "active",
            "card_declined",
        )
    assert len(await invoices(sandbox)) == 1


async def test_a_change_at_the_end_waits_for_the_renewal(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok"))
    after = await sandbox.change_subscription(facts.ref, PREMIUM, prorated=None, key="change-1")
    assert (after.plan, after.pending_plan) == ("basic", "premium")
    renewed = await sandbox.advance(facts.ref)
    assert (renewed.plan, renewed.pending_plan) == ("premium", None)
    assert [invoice.amount.cents for invoice in await invoices(sandbox)] == [799, 1299]


async def test_changing_back_forgets_the_change(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok"))
    await sandbox.change_subscription(facts.ref, PREMIUM, prorated=None, key="change-1")
    after = await sandbox.change_subscription(facts.ref, MONTHLY, prorated=None, key="change-2")
    assert (after.plan, after.pending_plan) == ("basic", None)


async def test_a_cancellation_can_be_undone(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok"))
    canceled = await sandbox.set_cancellation(facts.ref, cancel=True, key="cancel-1")
    undone = await sandbox.set_cancellation(facts.ref, cancel=False, key="cancel-2")
    assert (canceled.status, canceled.cancel_at_period_end) == ("active", True)
    assert not undone.cancel_at_period_end


async def test_an_old_call_repeated_does_not_undo_a_later_one(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok"))
    for cancel, key in [(True, "cancel-1"), (False, "cancel-2"), (True, "cancel-1")]:
        after = await sandbox.set_cancellation(facts.ref, cancel=cancel, key=key)
    assert not after.cancel_at_period_end


async def test_a_canceled_one_ends_at_once(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok"))
    after = await sandbox.cancel_subscription(facts.ref, "end-1")
    assert (after.status, after.period_end) == ("canceled", after.at)


@pytest.mark.parametrize("call", ["pause_subscription", "resume_subscription"])
async def test_what_has_ended_stays_ended(sandbox: Sandbox, call: str) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok"))
    ended = await sandbox.cancel_subscription(facts.ref, "end-1")
    assert await getattr(sandbox, call)(facts.ref, "later") == ended


async def test_a_change_of_what_has_ended_is_refused(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok"))
    await sandbox.cancel_subscription(facts.ref, "end-1")
    after = await sandbox.change_subscription(facts.ref, PREMIUM, prorated=None, key="change-1")
    assert (after.status, after.failure_code) == ("canceled", "subscription_not_active")


async def test_a_pause_within_the_period_costs_nothing(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok"))
    paused = await sandbox.pause_subscription(facts.ref, "pause-1")
    resumed = await sandbox.resume_subscription(facts.ref, "resume-1")
    assert (paused.status, resumed.status) == ("paused", "active")
    assert resumed.period_end == facts.period_end
    assert len(await invoices(sandbox)) == 1


async def test_a_pause_beyond_the_period_ends_with_a_new_one(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok"))
    await sandbox.pause_subscription(facts.ref, "pause-1")
    paused = await sandbox.advance(facts.ref)
    assert (paused.status, len(await invoices(sandbox))) == ("paused", 1)
    for _ in range(2):
        resumed = await sandbox.resume_subscription(facts.ref, "resume-1")
    assert (resumed.status, resumed.period_start) == ("active", resumed.at)
    assert len(await invoices(sandbox)) == 2


async def test_a_canceled_one_is_not_resumed_beyond_its_period(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok"))
    await sandbox.pause_subscription(facts.ref, "pause-1")
    await sandbox.advance(facts.ref)
    await sandbox.set_cancellation(facts.ref, cancel=True, key="cancel-1")
    assert (await sandbox.resume_subscription(facts.ref, "resume-1")).status == "canceled"
    assert len(await invoices(sandbox)) == 1


async def test_invoices_are_given_back(sandbox: Sandbox) -> None:
    await sandbox.start_subscription(subscription_order("tok_ok"))
    [invoice] = await invoices(sandbox)
    for _ in range(2):
        facts = await sandbox.refund(invoice.ref, Money(300, "EUR"), "refund-1")
    assert (facts.captured_cents, facts.refunded_cents) == (799, 300)
    refused = await sandbox.refund(invoice.ref, Money(500, "EUR"), "refund-2")
    assert (refused.refunded_cents, refused.failure_code) == (300, "amount_not_refundable")
