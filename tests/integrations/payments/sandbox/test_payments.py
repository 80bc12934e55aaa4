"""Single payments at the practice provider: by each token, once by key, given back, disputed."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from matinee.core.errors import NotFound, ProviderError
from matinee.integrations.payments.protocol import Money
from matinee.integrations.payments.sandbox.provider import Sandbox
from matinee.runtime import Runtime
from tests.integrations.payments.sandbox.posting import PURCHASE, Listener, order

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def test_a_good_card_pays_at_once(sandbox: Sandbox) -> None:
    facts = await sandbox.charge(order("tok_ok"))
    assert (facts.state, facts.captured_cents, facts.currency) == ("captured", 499, "EUR")


@pytest.mark.parametrize(
    ("token", "code"),
    [("tok_declined", "card_declined"), ("4242", "unknown_payment_method")],
)
async def test_a_refused_card_is_a_fact(sandbox: Sandbox, token: str, code: str) -> None:
    facts = await sandbox.charge(order(token))
    assert (facts.state, facts.captured_cents, facts.failure_code) == ("failed", 0, code)


async def test_the_same_key_never_charges_twice(sandbox: Sandbox) -> None:
    answers = await asyncio.gather(*(sandbox.charge(order("tok_ok")) for _ in range(8)))
    assert len(set(answers)) == 1
    assert len(await sandbox.events_since(LONG_AGO)) == 1


async def test_the_same_key_for_another_amount_is_refused(sandbox: Sandbox) -> None:
    await sandbox.charge(order("tok_ok"))
    with pytest.raises(ProviderError):
        await sandbox.charge(order("tok_ok", cents=500))


async def test_a_payment_is_found_by_its_order(sandbox: Sandbox) -> None:
    """Whoever never heard the answer can ask how it went."""
    facts = await sandbox.charge(order("tok_ok"))
    assert await sandbox.fetch_payment(None, order("tok_ok")) == facts
    assert await sandbox.fetch_payment(facts.ref, order("tok_ok")) == facts
    assert await sandbox.fetch_payment(None, order("tok_ok", key="another")) is None


async def test_a_webhook_says_whose_payment_it_was(
    sandbox: Sandbox, listener: Listener, runtime: Runtime
) -> None:
    facts = await sandbox.charge(order("tok_ok"))
    await runtime.worker.drain()
    [event] = listener.heard
    assert (event.type, event.facts, event.reference) == ("payment.captured", facts, PURCHASE)


async def test_a_slow_payment_is_captured_after_the_answer(
    sandbox: Sandbox, listener: Listener, runtime: Runtime
) -> None:
    facts = await sandbox.charge(order("tok_slow"))
    assert (facts.state, facts.captured_cents) == ("pending", 0)
    for _ in range(2):
        await runtime.worker.drain()
    assert listener.types == ["payment.pending", "payment.captured"]


async def test_a_lost_webhook_is_only_seen_by_who_asks(
    sandbox: Sandbox, listener: Listener, runtime: Runtime
) -> None:
    facts = await sandbox.charge(order("tok_lost_webhook"))
    await runtime.worker.drain()
    assert (facts.state, listener.types) == ("pending", [])
    told = [event.type for event in await sandbox.events_since(LONG_AGO)]
    assert told == ["payment.pending", "payment.captured"]


async def test_a_double_webhook_comes_three_times(
    sandbox: Sandbox, listener: Listener, runtime: Runtime
) -> None:
    await sandbox.charge(order("tok_double_webhook"))
    await runtime.worker.drain()
    assert listener.types == ["payment.captured"] * 3
    assert len({event.id for event in listener.heard}) == 1


async def test_shuffled_webhooks_come_with_the_later_one_first(
    sandbox: Sandbox, listener: Listener, runtime: Runtime
) -> None:
    await sandbox.charge(order("tok_shuffled_webhook"))
    await runtime.worker.drain()
    assert listener.types == ["payment.captured", "payment.pending"]


@pytest.mark.parametrize(
    ("outcome", "state", "cents"), [("ok", "captured", 499), ("declined", "failed", 0)]
)
async def test_whoever_pays_ends_what_needs_an_action(
    sandbox: Sandbox, outcome: str, state: str, cents: int
) -> None:
    facts = await sandbox.charge(order("tok_needs_action"))
    assert facts.state == "requires_action"
    assert facts.action_url == f"http://testserver/sandbox/payments/{facts.ref}"
    ended = await sandbox.confirm(facts.ref, outcome)  # type: ignore[arg-type]
    assert (ended.state, ended.captured_cents, ended.action_url) == (state, cents, None)


async def test_what_has_ended_is_not_ended_again(sandbox: Sandbox) -> None:
    facts = await sandbox.charge(order("tok_needs_action"))
    await sandbox.confirm(facts.ref, "declined")
    assert (await sandbox.confirm(facts.ref, "ok")).state == "failed"


async def test_nobody_ends_a_payment_that_is_not_there(sandbox: Sandbox) -> None:
    with pytest.raises(NotFound):
        await sandbox.confirm("pay_none", "ok")


async def test_refunds_add_up_once_by_key(sandbox: Sandbox) -> None:
    facts = await sandbox.charge(order("tok_ok"))
    part = Money(200, "EUR")
    await asyncio.gather(*(sandbox.refund(facts.ref, part, "refund-1") for _ in range(5)))
    after = await sandbox.refund(facts.ref, Money(299, "EUR"), "refund-2")
    assert after == replace(facts, refunded_cents=499)


@pytest.mark.parametrize(
    "amount", [Money(500, "EUR"), Money(0, "EUR"), Money(-1, "EUR"), Money(499, "USD")]
)
async def test_no_more_is_given_back_than_was_taken(sandbox: Sandbox, amount: Money) -> None:
    facts = await sandbox.charge(order("tok_ok"))
    refused = await sandbox.refund(facts.ref, amount, "refund")
    assert refused == replace(facts, failure_code="amount_not_refundable")
    assert await sandbox.fetch_payment(facts.ref, order("tok_ok")) == facts


async def test_a_dispute_is_opened_a_moment_after_the_payment(
    sandbox: Sandbox, listener: Listener, runtime: Runtime
) -> None:
    facts = await sandbox.charge(order("tok_dispute"))
    assert facts.dispute is None
    for _ in range(2):
        await runtime.worker.drain()
    assert listener.types == ["payment.captured", "dispute.opened"]


async def test_what_the_bank_has_decided_stays(sandbox: Sandbox) -> None:
    facts = await sandbox.charge(order("tok_ok"))
    assert (await sandbox.dispute(facts.ref, "open")).dispute == "open"
    assert (await sandbox.dispute(facts.ref, "lost")).dispute == "lost"
    assert (await sandbox.dispute(facts.ref, "won")).dispute == "lost"


async def test_what_was_not_paid_cannot_be_disputed(sandbox: Sandbox) -> None:
    facts = await sandbox.charge(order("tok_declined"))
    assert (await sandbox.dispute(facts.ref, "open")).dispute is None
