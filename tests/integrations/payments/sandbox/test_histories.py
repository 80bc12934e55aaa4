"""Whatever is done to a practice subscription, in whatever order: what must hold all the time."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from matinee.integrations.payments.protocol import InvoiceFacts, Money, Plan, SubscriptionFacts
from matinee.integrations.payments.sandbox.provider import Sandbox
from tests.integrations.payments.sandbox.posting import subscription_order

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
STEPS = 40
PLANS = [
    Plan("basic", "Basic", Money(799, "EUR"), "month"),
    Plan("premium", "Premium", Money(1299, "EUR"), "month"),
    Plan("premium-year", "Premium", Money(12990, "EUR"), "year"),
]
TOKENS = ["tok_ok", "tok_slow", "tok_needs_action", "tok_shuffled_webhook", "tok_fail_later"]

Call = Callable[[], Awaitable[object]]


def keyed_call(sandbox: Sandbox, ref: str, chance: random.Random, key: str) -> Call:
    """Something that a household can do to a subscription."""
    prorated = chance.choice([None, Money(chance.randrange(500), "EUR")])
    plan = chance.choice(PLANS)
    cancel = chance.random() < 0.5
    return chance.choice(
        [
            lambda: sandbox.change_subscription(ref, plan, prorated=prorated, key=key),
            lambda: sandbox.set_cancellation(ref, cancel=cancel, key=key),
            lambda: sandbox.pause_subscription(ref, key),
            lambda: sandbox.resume_subscription(ref, key),
        ]
    )


def any_call(sandbox: Sandbox, ref: str, chance: random.Random, key: str) -> Call:
    """Something that a household, its bank or the clock can do."""
    by_household = keyed_call(sandbox, ref, chance, key)
    return chance.choice(
        [by_household, lambda: sandbox.advance(ref), lambda: sandbox.confirm(ref, "ok")]
    )


async def told_by(sandbox: Sandbox) -> tuple[list[SubscriptionFacts], list[InvoiceFacts]]:
    """What was told of a subscription, and of its invoices."""
    told = [event.facts for event in await sandbox.events_since(LONG_AGO)]
    return (
        [facts for facts in told if isinstance(facts, SubscriptionFacts)],
        [facts for facts in told if isinstance(facts, InvoiceFacts)],
    )


@pytest.mark.parametrize("seed", range(6))
async def test_any_history_is_told_in_order_and_ends_once(sandbox: Sandbox, seed: int) -> None:
    chance = random.Random(seed)
    trial_days = chance.choice([0, 14])
    order = subscription_order(chance.choice(TOKENS), trial_days=trial_days)
    ref = (await sandbox.start_subscription(order)).ref
    for step in range(STEPS):
        await any_call(sandbox, ref, chance, f"step-{step}")()
    subscriptions, _ = await told_by(sandbox)
    moments = [(facts.at, facts.rank) for facts in subscriptions]
    assert moments == sorted(set(moments))
    ends = [place for place, facts in enumerate(subscriptions) if facts.status == "canceled"]
    assert ends in ([], [len(subscriptions) - 1])
    assert all(facts.period_end for facts in subscriptions if facts.status == "active")


@pytest.mark.parametrize("seed", range(6))
async def test_every_call_can_be_repeated_without_paying_again(sandbox: Sandbox, seed: int) -> None:
    chance = random.Random(seed)
    ref = (await sandbox.start_subscription(subscription_order("tok_ok"))).ref
    calls = [keyed_call(sandbox, ref, chance, f"step-{step}") for step in range(STEPS)]
    for call in calls:
        await call()
    once = await told_by(sandbox)
    for call in chance.sample(calls, len(calls)):
        await call()
    assert await told_by(sandbox) == once
