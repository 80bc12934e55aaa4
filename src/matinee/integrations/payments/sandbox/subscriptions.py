"""Subscriptions at the practice provider, as households change them: steps in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from pydantic import TypeAdapter

from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import NotFound, ProviderError
from matinee.integrations.payments.protocol import (
    InvoiceFacts,
    Money,
    Plan,
    Reference,
    SubscriptionFacts,
    SubscriptionOrder,
)
from matinee.integrations.payments.sandbox import invoices, memory
from matinee.integrations.payments.sandbox.invoices import Invoice
from matinee.integrations.payments.sandbox.months import months_after
from matinee.integrations.payments.sandbox.telling import News, Step
from matinee.integrations.payments.sandbox.tokens import Story, story_of

PREFIX = "sub_"
MONTHS = {"month": 1, "year": 12}
RUNNING = ("trialing", "active", "past_due")


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as it is remembered.

    Its periods end whole months after `anchor`: `months` of them are paid. `answered` holds the
    failure (or None) of every call by its key; `refusals` counts those of the renewal that is due.
    """

    facts: SubscriptionFacts
    plan: Plan
    trial_days: int
    payment_method: str
    reference: Reference
    pending: Plan | None = None
    anchor: datetime | None = None
    months: int = 0
    refusals: int = 0
    next_attempt: datetime | None = None
    answered: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def story(self) -> Story:
        """How paying with its token goes."""
        return story_of(self.payment_method)

    def news(self, kind: Literal["created", "updated", "canceled"]) -> News:
        """An event that tells how it is now."""
        return News(f"subscription.{kind}", self.facts, self.reference)


_STATE: TypeAdapter[Subscription] = TypeAdapter(Subscription)


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
    if not await memory.add(tx, "subscription", ref, order.key, _dumped(subscription)):
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


async def begin(
    tx: WriteTx, subscription: Subscription, now: datetime
) -> tuple[Subscription, list[News]]:
    """Start the trial, or the first period and take money for it."""
    if subscription.trial_days:
        end = now + timedelta(days=subscription.trial_days)
        begun = changed(
            subscription,
            now,
            status="trialing",
            period_start=now,
            period_end=end,
            trial_end=end,
            action_url=None,
        )
        await keep(tx, begun)
        return begun, [begun.news("updated")]
    return await pay_period(tx, replace(subscription, anchor=now), now, now)


async def pay_period(
    tx: WriteTx, subscription: Subscription, start: datetime, now: datetime
) -> tuple[Subscription, list[News]]:
    """Take money for the period that begins at `start`, by the plan that is due."""
    plan = subscription.pending or subscription.plan
    months = subscription.months + MONTHS[plan.billing_period]
    end = months_after(subscription.anchor or start, months)
    news = await _invoice(tx, subscription, plan.price, (start, end), now)
    paid = changed(
        replace(subscription, plan=plan, pending=None, months=months, refusals=0),
        now,
        status="active",
        plan=plan.slug,
        pending_plan=None,
        period_start=start,
        period_end=end,
        past_due_since=None,
        failure_code=None,
        action_url=None,
    )
    await keep(tx, paid)
    return paid, [*news, paid.news("updated")]


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
    news = await _invoice(tx, subscription, prorated, period, now)
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


def changed(subscription: Subscription, now: datetime, **facts: Any) -> Subscription:
    """The same with other facts, which are later than those before."""
    before = subscription.facts
    return replace(
        subscription, facts=replace(before, at=max(now, before.at), rank=before.rank + 1, **facts)
    )


def ended(
    subscription: Subscription, now: datetime, failure_code: str | None = None
) -> Subscription:
    """The same, canceled; its last period ends with it."""
    end = subscription.facts.period_end
    return changed(
        replace(subscription, pending=None),
        now,
        status="canceled",
        pending_plan=None,
        period_end=min(end, now) if end else None,
        failure_code=failure_code,
        action_url=None,
    )


async def locked(tx: WriteTx, ref: str) -> Subscription:
    """The subscription of that name, which nobody else can change now.

    Raises:
        NotFound: there is none.
    """
    kept = await memory.locked(tx, "subscription", ref)
    if kept is None:
        raise NotFound
    return loaded(kept.state)


async def keep(tx: WriteTx, subscription: Subscription) -> None:
    """Remember how it is now."""
    await memory.keep(tx, subscription.facts.ref, _dumped(subscription))


def loaded(state: Mapping[str, Any]) -> Subscription:
    """The subscription in a row."""
    return _STATE.validate_python(state)


async def _invoice(
    tx: WriteTx,
    subscription: Subscription,
    amount: Money,
    period: tuple[datetime, datetime | None],
    now: datetime,
) -> list[News]:
    facts = InvoiceFacts(
        invoices.new_ref(),
        subscription.facts.ref,
        amount,
        paid_at=now,
        period_start=period[0],
        period_end=period[1],
    )
    return await invoices.paid(
        tx, Invoice(facts, subscription.payment_method, subscription.reference)
    )


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


def _dumped(subscription: Subscription) -> dict[str, Any]:
    state: dict[str, Any] = _STATE.dump_python(subscription, mode="json")
    return state
