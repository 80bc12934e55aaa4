"""Subscriptions at the practice provider, as households change them: steps in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import uuid4

from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import ProviderError
from matinee.integrations.payments.protocol import (
    Money,
    Plan,
    SubscriptionFacts,
    SubscriptionOrder,
)
from matinee.integrations.payments.sandbox import memory
from matinee.integrations.payments.sandbox.periods import (
    Subscription,
    begin,
    bill,
    changed,
    dumped,
    ended,
    keep,
    loaded,
    locked,
    pay_period,
)
from matinee.integrations.payments.sandbox.telling import News, Step
from matinee.integrations.payments.sandbox.tokens import story_of

PREFIX = "sub_"
RUNNING = ("trialing", "active", "past_due")


async def start(tx: WriteTx, order: SubscriptionOrder, page: str) -> Step[SubscriptionFacts]:
    """Begin a subscription, once by key; its first payment goes as the token's story says."""
    ref = f"{PREFIX}{uuid4().hex}"
    story = story_of(order.payment_method)
    now = await memory.clock(tx)
    facts = SubscriptionFacts(
        ref=ref,
        status="canceled" if story.first == "failed" else "incomplete",
        at=now,
        plan=order.plan.slug,
        failure_code=story.failure_code,
        action_url=f"{page}{ref}" if story.first == "requires_action" else None,
    )
    subscription = Subscription(
        facts, order.plan, order.trial_days, order.payment_method, order.reference
    )
    if not await memory.add(tx, "subscription", ref, order.key, dumped(subscription)):
        return await _again(tx, order)
    news = [subscription.news("created")]
    if story.first == "captured" or (story.first == "pending" and not story.slow):
        subscription, more = await begin(tx, subscription, now)
        news += more
    answer = subscription.facts if story.first == "captured" else facts
    return Step(answer, story, news)


async def _again(tx: WriteTx, order: SubscriptionOrder) -> Step[SubscriptionFacts]:
    """The same key for the second time: how its subscription stands."""
    kept = await memory.by_key(tx, "subscription", order.key)
    if kept is None:
        raise ProviderError(message="This key was used for something else.")
    subscription = loaded(kept.state)
    return Step(subscription.facts, subscription.story)


async def change(
    tx: WriteTx, ref: str, plan: Plan, prorated: Money | None, key: str
) -> Step[SubscriptionFacts]:
    """Change to another plan: now and for a price, or at the period's end."""
    subscription = await locked(tx, ref)
    if key in subscription.answered:
        return _answered(subscription, key)
    now = await memory.clock(tx)
    if subscription.facts.status not in RUNNING:
        return await _refused(tx, subscription, key, "subscription_not_active", now)
    if prorated is None:
        pending = plan if plan != subscription.plan else None
        later = replace(subscription, pending=pending)
        slug = pending.slug if pending else None
        return await _done(tx, changed(later, now, pending_plan=slug), key)
    if prorated.cents and not subscription.story.renews:
        return await _refused(tx, subscription, key, "card_declined", now)
    period = (now, subscription.facts.period_end)
    news = await bill(tx, subscription, prorated, period, now)
    at_once = replace(subscription, plan=plan, pending=None)
    return await _done(tx, changed(at_once, now, plan=plan.slug, pending_plan=None), key, news)


async def set_cancellation(
    tx: WriteTx, ref: str, cancel: bool, key: str
) -> Step[SubscriptionFacts]:
    """Have it end with its period, or not."""
    subscription = await locked(tx, ref)
    if key in subscription.answered or subscription.facts.status not in (*RUNNING, "paused"):
        return await _unchanged(tx, subscription, key)
    now = await memory.clock(tx)
    return await _done(tx, changed(subscription, now, cancel_at_period_end=cancel), key)


async def cancel(tx: WriteTx, ref: str, key: str) -> Step[SubscriptionFacts]:
    """End it at once."""
    subscription = await locked(tx, ref)
    if key in subscription.answered or subscription.facts.status == "canceled":
        return await _unchanged(tx, subscription, key)
    return await _done(tx, ended(subscription, await memory.clock(tx)), key)


async def pause(tx: WriteTx, ref: str, key: str) -> Step[SubscriptionFacts]:
    """Take no money from now on."""
    subscription = await locked(tx, ref)
    if key in subscription.answered or subscription.facts.status not in RUNNING:
        return await _unchanged(tx, subscription, key)
    now = await memory.clock(tx)
    return await _done(tx, changed(subscription, now, status="paused", past_due_since=None), key)


async def resume(tx: WriteTx, ref: str, key: str) -> Step[SubscriptionFacts]:
    """Go on: with the rest of the period, or with a new one that begins and is paid now."""
    subscription = await locked(tx, ref)
    facts = subscription.facts
    if key in subscription.answered or facts.status != "paused":
        return await _unchanged(tx, subscription, key)
    now = await memory.clock(tx)
    if facts.period_end and facts.period_end > now:
        status = "trialing" if facts.trial_end and facts.trial_end > now else "active"
        return await _done(tx, changed(subscription, now, status=status), key)
    if facts.cancel_at_period_end:
        return await _done(tx, ended(subscription, now), key)
    if not subscription.story.renews:
        return await _refused(tx, subscription, key, "card_declined", now)
    anew = replace(subscription, anchor=now, months=0, answered=_with(subscription, key))
    paid, news = await pay_period(tx, anew, now, now)
    return Step(paid.facts, paid.story, news)


async def confirm(
    tx: WriteTx, ref: str, outcome: Literal["ok", "declined"]
) -> Step[SubscriptionFacts]:
    """End the first payment as whoever pays wants it, or pay what is overdue."""
    subscription = await locked(tx, ref)
    now = await memory.clock(tx)
    facts = subscription.facts
    if facts.status == "past_due" and outcome == "ok":
        paid, news = await pay_period(tx, subscription, facts.period_end or now, now)
        return Step(paid.facts, paid.story, news)
    if facts.status != "incomplete":
        return Step(facts, subscription.story)
    if outcome == "ok":
        begun, news = await begin(tx, subscription, now)
        return Step(begun.facts, begun.story, news)
    refused = ended(subscription, now, failure_code="card_declined")
    await keep(tx, refused)
    return Step(refused.facts, refused.story, [refused.news("canceled")])


async def find(tx: ReadTx, ref: str | None, key: str) -> SubscriptionFacts | None:
    """How a subscription stands; None where there is none of that name or key."""
    kept = await (
        memory.by_ref(tx, "subscription", ref) if ref else memory.by_key(tx, "subscription", key)
    )
    return loaded(kept.state).facts if kept else None


async def _done(
    tx: WriteTx, subscription: Subscription, key: str, news: Sequence[News] = ()
) -> Step[SubscriptionFacts]:
    kept = replace(subscription, answered=_with(subscription, key))
    await keep(tx, kept)
    kind: Literal["canceled", "updated"] = (
        "canceled" if kept.facts.status == "canceled" else "updated"
    )
    return Step(kept.facts, kept.story, [*news, kept.news(kind)])


async def _refused(
    tx: WriteTx, subscription: Subscription, key: str, code: str, now: datetime
) -> Step[SubscriptionFacts]:
    """Nothing changes but that this key was answered."""
    kept = changed(replace(subscription, answered=_with(subscription, key, code)), now)
    await keep(tx, kept)
    return _answered(kept, key)


async def _unchanged(tx: WriteTx, subscription: Subscription, key: str) -> Step[SubscriptionFacts]:
    """There is nothing to do, nor will there be when this call comes again."""
    if key not in subscription.answered:
        await keep(tx, replace(subscription, answered=_with(subscription, key)))
    return _answered(subscription, key)


def _answered(subscription: Subscription, key: str) -> Step[SubscriptionFacts]:
    facts = subscription.facts
    failure = subscription.answered.get(key) or facts.failure_code
    return Step(replace(facts, failure_code=failure), subscription.story)


def _with(
    subscription: Subscription, key: str, failure: str | None = None
) -> Mapping[str, str | None]:
    return {**subscription.answered, key: failure}
