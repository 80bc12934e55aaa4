"""What providers say leads to the same place in any order, however often it is heard."""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from matinee.core.database import Row
from matinee.entitlements.subscriptions.orders import reference_of
from matinee.entitlements.subscriptions.settling import apply_invoice, apply_subscription
from matinee.integrations.payments.protocol import InvoiceFacts, Money, SubscriptionFacts
from matinee.runtime import Runtime
from tests.entitlements.makers import make_subscription
from tests.entitlements.subscriptions.conftest import Packages
from tests.makers import make_user, scalar

MONTH = timedelta(days=30)
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
ACTIVE = SubscriptionFacts("sub_1", "active", NOW, period_start=NOW, period_end=NOW + MONTH)
PAID = InvoiceFacts("in_1", "sub_1", Money(999, "USD"), paid_at=NOW)

_STATE = """
    SELECT s.status, s.package_id, s.price_cents, s.current_period_start, s.current_period_end,
           s.trial_end, s.cancel_at_period_end, s.past_due_since, s.pending_package_id, s.facts_at,
           s.facts_rank, s.failure_code, s.canceled_at, u.subscription_tier,
           CASE WHEN g.expires_at > g.starts_at THEN g.expires_at END AS access_until,
           CASE WHEN g.expires_at > g.starts_at THEN g.package_id END AS gives
    FROM subscriptions s JOIN users u ON u.user_id = s.user_id
    LEFT JOIN user_entitlements g ON g.user_id = s.user_id AND g.source_id = s.id
    WHERE s.user_id = :user_id AND s.id = :subscription_id
"""
_LEDGER = """
    SELECT debit, credit, sum(amount_cents)::int AS cents FROM ledger_entries
    WHERE user_id = :user_id GROUP BY 1, 2 ORDER BY 1, 2
"""


class Order:
    """An order of a household, and what its provider says of it under names of its own."""

    def __init__(
        self, runtime: Runtime, user_id: UUID, subscription_id: UUID, suffix: str = ""
    ) -> None:
        self.suffix = suffix
        self.runtime = runtime
        self.mine = {"user_id": user_id, "subscription_id": subscription_id}
        self.reference = reference_of(user_id, subscription_id)

    async def hear(self, *said: SubscriptionFacts | InvoiceFacts) -> None:
        for told in said:
            facts = replace(told, ref=told.ref + self.suffix)
            async with self.runtime.database.write() as tx:
                if isinstance(facts, InvoiceFacts):
                    sub_ref = facts.subscription_ref + self.suffix
                    facts = replace(facts, subscription_ref=sub_ref)
                    assert await apply_invoice(tx, self.reference, "sandbox", facts)
                else:
                    assert await apply_subscription(tx, self.reference, "sandbox", facts)

    async def state(self) -> dict[str, Any]:
        async with self.runtime.database.read() as tx:
            row = await tx.one(_STATE, **self.mine)
        assert row is not None
        return dict(row)

    async def books(self) -> list[Row]:
        async with self.runtime.database.read() as tx:
            return await tx.all(_LEDGER, user_id=self.reference.user_id)


async def make_order(runtime: Runtime, packages: Packages, email: str, suffix: str = "") -> Order:
    user_id = await make_user(runtime, email)
    subscription_id = await make_subscription(runtime, user_id, packages.basic)
    return Order(runtime, user_id, subscription_id, suffix)


@pytest.fixture
async def order(runtime: Runtime, packages: Packages) -> Order:
    return await make_order(runtime, packages, "ana@example.com")


def some_facts(rng: random.Random, names_plans: bool) -> SubscriptionFacts:
    """Anything a provider could say; moments and ranks often meet."""
    status: Any = rng.choice(["incomplete", "trialing", "active", "past_due", "paused", "canceled"])
    start = NOW + MONTH * rng.randrange(3)
    return SubscriptionFacts(
        "sub_1",
        status,
        NOW + timedelta(days=rng.randrange(4)),
        rng.randrange(3),
        plan=rng.choice(["basic", "premium"]) if names_plans else None,
        pending_plan=rng.choice([None, "basic", "premium"]),
        period_start=start,
        period_end=rng.choice([None, start + MONTH]),
        trial_end=rng.choice([None, start + timedelta(days=14)]),
        cancel_at_period_end=rng.random() < 0.3,
        past_due_since=rng.choice([None, start + MONTH]),
        failure_code=rng.choice([None, None, "card_declined"]),
        action_url=rng.choice([None, "https://bank.example/confirm"]),
    )


def some_story(rng: random.Random) -> list[SubscriptionFacts | InvoiceFacts]:
    """Descriptions of different moments, and invoices that are given back bit by bit."""
    names_plans = rng.random() < 0.8
    said = (some_facts(rng, names_plans) for _ in range(6))
    latest = {(facts.at, facts.rank): facts for facts in said}
    story: list[SubscriptionFacts | InvoiceFacts] = [latest[moment] for moment in sorted(latest)]
    for number in range(rng.randrange(3)):
        invoice = replace(PAID, ref=f"in_{number}")
        story += [replace(invoice, refunded_cents=cents) for cents in (0, 200, 999)]
    return story


@pytest.mark.parametrize("seed", range(60))
async def test_shuffled_and_repeated_facts_lead_where_ordered_ones_lead(
    runtime: Runtime, packages: Packages, seed: int
) -> None:
    rng = random.Random(seed)
    story = some_story(rng)
    ordered = await make_order(runtime, packages, "ordered@example.com")
    await ordered.hear(*story)
    shuffled = await make_order(runtime, packages, "shuffled@example.com", "_s")
    told = story + rng.choices(story, k=5)
    rng.shuffle(told)
    await shuffled.hear(*told)
    assert await shuffled.state() == await ordered.state()
    assert await shuffled.books() == await ordered.books()


@pytest.mark.parametrize("seed", range(5))
async def test_news_that_come_at_once_lead_where_ordered_ones_lead(
    runtime: Runtime, packages: Packages, seed: int
) -> None:
    story = some_story(random.Random(seed))
    ordered = await make_order(runtime, packages, "ordered@example.com")
    await ordered.hear(*story)
    at_once = await make_order(runtime, packages, "at-once@example.com", "_a")
    await asyncio.gather(*(at_once.hear(facts) for facts in story * 3))
    assert await at_once.state() == await ordered.state()
    assert await at_once.books() == await ordered.books()


async def test_of_two_descriptions_the_later_wins(order: Order) -> None:
    await order.hear(replace(ACTIVE, at=NOW + MONTH, status="paused"), ACTIVE)
    assert (await order.state())["status"] == "paused"


async def test_at_one_moment_the_higher_rank_wins(order: Order) -> None:
    await order.hear(replace(ACTIVE, rank=2, status="paused"), replace(ACTIVE, rank=1))
    assert (await order.state())["status"] == "paused"


async def test_the_same_moment_and_rank_changes_nothing(order: Order) -> None:
    await order.hear(ACTIVE, replace(ACTIVE, status="canceled"))
    assert (await order.state())["status"] == "active"


async def test_what_is_not_known_is_parked(runtime: Runtime, order: Order) -> None:
    foreign = reference_of(order.reference.user_id, uuid4())
    async with runtime.database.write() as tx:
        assert not await apply_subscription(tx, foreign, "sandbox", ACTIVE)
        assert not await apply_subscription(tx, order.reference, "stripe", ACTIVE)
        assert not await apply_invoice(tx, foreign, "sandbox", PAID)


async def test_objects_of_the_provider_can_be_placed_afterwards(
    runtime: Runtime, order: Order
) -> None:
    await order.hear(ACTIVE, PAID)
    places = "SELECT array_agg(ref ORDER BY ref) FROM payment_objects WHERE subject_id = $1"
    assert await scalar(runtime, places, order.reference.id) == ["in_1", "sub_1"]


async def test_what_is_about_another_subscription_changes_nothing(
    runtime: Runtime, packages: Packages, order: Order
) -> None:
    await order.hear(ACTIVE, PAID)
    other = await make_order(runtime, packages, "bob@example.com")
    before = await other.state()
    async with runtime.database.write() as tx:
        assert not await apply_subscription(tx, other.reference, "sandbox", ACTIVE)
        assert not await apply_invoice(tx, other.reference, "sandbox", PAID)
        unheard = replace(PAID, ref="in_2")
        assert not await apply_invoice(tx, other.reference, "sandbox", unheard)
    assert (await other.state(), await other.books()) == (before, [])
    places = "SELECT count(*) FROM payment_objects WHERE ref = 'in_2'"
    assert await scalar(runtime, places) == 0


async def test_a_payment_is_booked_once(runtime: Runtime, order: Order) -> None:
    await order.hear(ACTIVE, PAID, PAID)
    assert [tuple(row) for row in await order.books()] == [
        ("provider:sandbox", "revenue:subscription", 999)
    ]
    movement = await scalar(runtime, "SELECT movement FROM ledger_entries")
    assert movement == "invoice:sandbox:in_1"


async def test_what_is_given_back_is_booked_by_the_difference(order: Order) -> None:
    await order.hear(
        ACTIVE,
        replace(PAID, refunded_cents=200),
        replace(PAID, refunded_cents=500),
        replace(PAID, refunded_cents=200),
    )
    assert [tuple(row) for row in await order.books()] == [
        ("provider:sandbox", "revenue:subscription", 999),
        ("revenue:subscription", "provider:sandbox", 500),
    ]


async def test_more_is_never_given_back_than_was_paid(order: Order) -> None:
    await order.hear(ACTIVE, replace(PAID, refunded_cents=5_000))
    assert (await order.books())[1]["cents"] == 999


async def test_an_invoice_of_nothing_is_a_payment_without_a_movement(
    runtime: Runtime, order: Order
) -> None:
    await order.hear(ACTIVE, replace(PAID, amount=Money(0, "USD")))
    assert await order.books() == []
    assert await scalar(runtime, "SELECT count(*) FROM subscription_payments") == 1


async def test_a_second_live_base_subscription_counts_for_nothing_and_is_ended(
    runtime: Runtime, packages: Packages, order: Order
) -> None:
    await order.hear(ACTIVE)
    other_id = await make_subscription(
        runtime, order.reference.user_id, packages.premium, idempotency_key="other"
    )
    other = Order(runtime, order.reference.user_id, other_id)
    await other.hear(replace(ACTIVE, ref="sub_2"))
    state = await other.state()
    assert (state["status"], state["failure_code"]) == ("canceled", "duplicate")
    assert state["access_until"] is None
    waiting = "SELECT args->>'subscription_id' FROM procrastinate_jobs WHERE task_name = $1"
    assert await scalar(runtime, waiting, "entitlements.end_unwanted") == str(other_id)


async def test_a_household_that_is_gone_gets_nothing(runtime: Runtime, order: Order) -> None:
    async with runtime.database.write() as tx:
        await tx.execute(
            "UPDATE users SET status = 'deleted' WHERE user_id = :user_id",
            user_id=order.reference.user_id,
        )
    await order.hear(ACTIVE)
    assert (await order.state())["access_until"] is None
