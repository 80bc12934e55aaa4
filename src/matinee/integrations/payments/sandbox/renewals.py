"""What time does to subscriptions at the practice provider: renewals, retries, ends."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from matinee.core.database import ReadTx, WriteTx
from matinee.integrations.payments.protocol import SubscriptionFacts
from matinee.integrations.payments.sandbox import memory
from matinee.integrations.payments.sandbox.periods import (
    Subscription,
    changed,
    ended,
    keep,
    locked,
    pay_period,
)
from matinee.integrations.payments.sandbox.telling import News, Step

RETRIES = 3
RETRY_AFTER = timedelta(days=1)

_DUE = """
    SELECT ref FROM sandbox_objects
    WHERE kind = 'subscription' AND CASE state #>> '{facts,status}'
        WHEN 'trialing' THEN (state #>> '{facts,period_end}')::timestamptz <= clock_timestamp()
        WHEN 'active' THEN (state #>> '{facts,period_end}')::timestamptz <= clock_timestamp()
        WHEN 'paused' THEN (state #>> '{facts,cancel_at_period_end}')::boolean
            AND (state #>> '{facts,period_end}')::timestamptz <= clock_timestamp()
        WHEN 'past_due' THEN (state ->> 'next_attempt')::timestamptz <= clock_timestamp()
        WHEN 'incomplete' THEN created_at <= clock_timestamp() - interval '23 hours'
        ELSE false
    END
    ORDER BY created_at, ref
"""


async def due(tx: ReadTx) -> Sequence[str]:
    """The subscriptions that time has something to do for."""
    return [row["ref"] for row in await tx.all(_DUE)]


async def advance(tx: WriteTx, ref: str) -> Step[SubscriptionFacts]:
    """Let the current period have ended just now, or the next retry be due."""
    subscription = await locked(tx, ref)
    now = await memory.clock(tx)
    facts = subscription.facts
    if facts.status != "canceled" and facts.period_end and facts.period_end > now:
        subscription = _moved_back(subscription, facts.period_end - now, now)
        await keep(tx, subscription)
    return await _turn(tx, subscription, now)


async def renew(tx: WriteTx, ref: str) -> Step[SubscriptionFacts]:
    """Do what is due; nothing where somebody else was faster."""
    subscription = await locked(tx, ref)
    now = await memory.clock(tx)
    facts = subscription.facts
    moment = subscription.next_attempt if facts.status == "past_due" else facts.period_end
    if moment and moment > now:
        return Step(facts, subscription.story)
    return await _turn(tx, subscription, now)


async def _turn(tx: WriteTx, subscription: Subscription, now: datetime) -> Step[SubscriptionFacts]:
    """What becomes of a subscription whose time has come."""
    facts = subscription.facts
    if facts.status == "incomplete":
        return await _ended(tx, subscription, now, "expired")
    if facts.cancel_at_period_end and facts.status != "canceled":
        return await _ended(tx, subscription, now, None)
    if facts.status in ("paused", "canceled"):
        return Step(facts, subscription.story)
    if not subscription.story.renews:
        return await _unpaid(tx, subscription, now)
    start = facts.period_end or now
    if facts.status == "trialing":
        subscription = replace(subscription, anchor=start, months=0)
    paid, news = await pay_period(tx, subscription, start, now)
    return Step(paid.facts, paid.story, news)


async def _unpaid(
    tx: WriteTx, subscription: Subscription, now: datetime
) -> Step[SubscriptionFacts]:
    """The card was refused: try again some days, then give up."""
    if subscription.refusals >= RETRIES:
        return await _ended(tx, subscription, now, "card_declined")
    waiting = changed(
        replace(subscription, refusals=subscription.refusals + 1, next_attempt=now + RETRY_AFTER),
        now,
        status="past_due",
        past_due_since=subscription.facts.past_due_since or subscription.facts.period_end,
        failure_code="card_declined",
    )
    await keep(tx, waiting)
    return Step(waiting.facts, waiting.story, [waiting.news("updated")])


async def _ended(
    tx: WriteTx, subscription: Subscription, now: datetime, failure_code: str | None
) -> Step[SubscriptionFacts]:
    over = ended(subscription, now, failure_code)
    await keep(tx, over)
    news: list[News] = [over.news("canceled")]
    return Step(over.facts, over.story, news)


def _moved_back(subscription: Subscription, by: timedelta, now: datetime) -> Subscription:
    """As if it had begun so much earlier; its next period begins, and counts, from now."""
    facts = subscription.facts
    moved = changed(
        subscription,
        now,
        period_start=facts.period_start - by if facts.period_start else None,
        period_end=now,
        trial_end=facts.trial_end - by if facts.trial_end else None,
    )
    return replace(moved, anchor=now, months=0)
