"""Subscriptions as the practice provider remembers them, and the periods that are paid."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import TypeAdapter

from matinee.core.database import WriteTx
from matinee.core.errors import NotFound
from matinee.integrations.payments.protocol import (
    InvoiceFacts,
    Money,
    Plan,
    Reference,
    SubscriptionFacts,
)
from matinee.integrations.payments.sandbox import invoices, memory
from matinee.integrations.payments.sandbox.invoices import Invoice
from matinee.integrations.payments.sandbox.months import months_after
from matinee.integrations.payments.sandbox.telling import News
from matinee.integrations.payments.sandbox.tokens import Story, story_of

MONTHS = {"month": 1, "year": 12}


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
    news = await bill(tx, subscription, plan.price, (start, end), now)
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


async def bill(
    tx: WriteTx,
    subscription: Subscription,
    amount: Money,
    period: tuple[datetime, datetime | None],
    now: datetime,
) -> list[News]:
    """Write a paid invoice."""
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
    await memory.keep(tx, subscription.facts.ref, dumped(subscription))


def loaded(state: Mapping[str, Any]) -> Subscription:
    """The subscription in a row."""
    return _STATE.validate_python(state)


def dumped(subscription: Subscription) -> dict[str, Any]:
    """What is stored of it."""
    state: dict[str, Any] = _STATE.dump_python(subscription, mode="json")
    return state
