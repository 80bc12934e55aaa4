"""Events about many purchases, each posted several times, shuffled, while connections die."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from matinee.integrations.payments.protocol import PaymentFacts, Reference
from matinee.runtime import Runtime
from tests.entitlements.makers import make_purchase
from tests.entitlements.purchases.conftest import rows
from tests.entitlements.webhooks.conftest import Provider, later, written
from tests.makers import make_title, make_user, scalar

PER_PURCHASE = 4

_OUTCOME = """
    SELECT p.payment_method AS story, p.status, p.captured_cents, p.refunded_cents, p.dispute,
           g.revoked_at IS NULL AND g.id IS NOT NULL AS playable, g.revoke_reason,
           (SELECT count(*) FROM user_entitlements o WHERE o.source_id = p.id) AS grants,
           (SELECT count(*) FROM account_holds h
            WHERE h.source_id = p.id AND h.lifted_at IS NULL) AS holds,
           (SELECT array_agg((account, cents) ORDER BY account) FROM (
                SELECT account, sum(cents)::int AS cents
                FROM ledger_entries l, LATERAL (VALUES
                    (l.debit, l.amount_cents), (l.credit, -l.amount_cents)) AS side (account, cents)
                WHERE l.user_id = p.user_id AND l.purchase_id = p.id GROUP BY account
            ) AS booked) AS booked
    FROM purchases p
    LEFT JOIN user_entitlements g ON g.user_id = p.user_id AND g.source_id = p.id
    WHERE p.user_id = $1 ORDER BY p.payment_method
"""
_UNAPPLIED = "SELECT count(*) FROM payment_events WHERE state <> 'applied'"


@dataclass(frozen=True)
class Event:
    """What is posted, under which name."""

    id: str
    body: bytes


async def make_orders(runtime: Runtime, email: str, count: int) -> list[Reference]:
    """Orders of one household; `payment_method` numbers them."""
    user_id = await make_user(runtime, email)
    orders = []
    for number in range(count):
        title_id = await make_title(runtime, f"Film {number}")
        purchase_id = await make_purchase(
            runtime, user_id, title_id, "buy", payment_method=f"story {number:03}"
        )
        orders.append(Reference("purchase", user_id, purchase_id))
    return orders


def events_of(orders: Sequence[Reference], prefix: str) -> list[Event]:
    """What happens to the orders, in order: paid, given back, disputed.

    Only what tells of the payment names the order; the rest is known by the payment, as with some
    providers, and says nothing of what was captured.
    """
    events = []
    for number, order in enumerate(orders):
        ref = f"{prefix}_{number}"
        quiet = PaymentFacts(ref, "USD")
        paid = replace(quiet, captured_cents=1000, state="captured")
        back = replace(quiet, refunded_cents=1000 if number % 3 == 0 else 500)
        decision = {0: "lost", 1: "won"}.get(number % 5)
        last = replace(quiet, dispute=decision or "open") if number % 5 < 3 else back
        story = [(paid, order), (replace(quiet, refunded_cents=300), None), (back, None),
                 (last, None)]  # fmt: skip
        events += [
            Event(f"{ref}_{step}", written(facts, about))
            for step, (facts, about) in enumerate(story)
        ]
    return events


async def deliver_once(provider: Provider, events: Sequence[Event]) -> None:
    """Post each in order."""
    for event in events:
        answer = await provider.post(event.id, event.body)
        assert answer.status_code == 200, answer.text


async def deliver_in_a_storm(
    provider: Provider, events: Sequence[Event], *, times: int, workers: int, seed: int
) -> Counter[int]:
    """Post each several times, shuffled, many at once; then again whatever was never taken.

    Returns how often which status was answered during the storm.
    """
    queue = list(events) * times
    random.Random(seed).shuffle(queue)
    answers: Counter[int] = Counter()
    taken: set[str] = set()

    async def work() -> None:
        while queue:
            event = queue.pop()
            answer = await provider.post(event.id, event.body)
            answers[answer.status_code] += 1
            if answer.status_code == 200:
                taken.add(event.id)

    await asyncio.gather(*[work() for _ in range(workers)])
    left = [event for event in events if event.id not in taken]
    while left:
        statuses = [(await provider.post(event.id, event.body)).status_code for event in left]
        left = [event for event, status in zip(left, statuses, strict=True) if status != 200]
    return answers


async def settle_down(runtime: Runtime) -> None:
    """Let hours pass until nothing is parked any more."""
    for _ in range(5):
        await later(runtime)
    assert await scalar(runtime, _UNAPPLIED) == 0


async def outcome(runtime: Runtime, user_id: UUID) -> list[tuple[object, ...]]:
    """What became of a household's orders: status, cents, grants, holds, books."""
    return [tuple(row) for row in await rows(runtime, _OUTCOME, user_id)]
