"""Stripe's objects as our facts, in the shapes of its API versions since 2024.

Since 2025-03-31 the period is written on a subscription's items, and an invoice names its
subscription under `parent`; a webhook has the shape of the version of its endpoint.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from matinee.integrations.payments.protocol import (
    Dispute,
    InvoiceFacts,
    Money,
    PaymentFacts,
    Reference,
    SubscriptionFacts,
)

Object = Mapping[str, Any]
State = Literal["pending", "requires_action", "captured", "failed", "canceled"]
Status = Literal["incomplete", "trialing", "active", "past_due", "paused", "canceled"]

WRITTEN_WITH_CENTS = frozenset({"ISK", "UGX"})
"""Currencies without a smaller unit that Stripe counts in hundredths all the same."""

_STATES: dict[str, State] = {
    "succeeded": "captured",
    "requires_action": "requires_action",
    "requires_payment_method": "failed",
    "canceled": "canceled",
}
_STATUSES: dict[str, Status] = {
    "incomplete": "incomplete",
    "incomplete_expired": "canceled",
    "trialing": "trialing",
    "active": "active",
    "past_due": "past_due",
    "unpaid": "past_due",
    "paused": "paused",
    "canceled": "canceled",
}
_RANKS: dict[Status, int] = {
    "incomplete": 0,
    "trialing": 1,
    "active": 2,
    "past_due": 3,
    "paused": 4,
    "canceled": 5,
}
"""Which of two descriptions of the same second is the later one, as far as one can tell."""

_DISPUTES: dict[str, Dispute] = {"won": "won", "lost": "lost"}


def amount_of(money: Money) -> int:
    """The amount as Stripe counts it."""
    return money.cents * 100 if money.currency in WRITTEN_WITH_CENTS else money.cents


def money_of(amount: int, currency: str) -> Money:
    """Stripe's amount as we count it."""
    currency = currency.upper()
    return Money(amount // 100 if currency in WRITTEN_WITH_CENTS else amount, currency)


def reference_of(item: Object) -> Reference | None:
    """What an object is about, where we made it."""
    return Reference.parse((item.get("metadata") or {}).get("matinee"))


def payment_facts(intent: Object) -> PaymentFacts:
    """Facts of a PaymentIntent; what was given back is known where `latest_charge` is expanded."""
    currency = intent["currency"]
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, Mapping) else {}
    state = _STATES.get(intent["status"], "pending")
    error = intent.get("last_payment_error") or {}
    return PaymentFacts(
        ref=intent["id"],
        currency=currency.upper(),
        captured_cents=money_of(intent.get("amount_received") or 0, currency).cents,
        refunded_cents=money_of(charge.get("amount_refunded") or 0, currency).cents,
        state=state,
        failure_code=_failure(error) if state == "failed" else None,
        action_url=_action_url(intent) if state == "requires_action" else None,
    )


def charge_facts(charge: Object) -> PaymentFacts:
    """Facts of a Charge, which belongs to a PaymentIntent."""
    currency = charge["currency"]
    return PaymentFacts(
        ref=charge.get("payment_intent") or charge["id"],
        currency=currency.upper(),
        captured_cents=money_of(charge.get("amount_captured") or 0, currency).cents,
        refunded_cents=money_of(charge.get("amount_refunded") or 0, currency).cents,
        state="captured" if charge.get("captured") else "pending",
    )


def dispute_facts(dispute: Object) -> PaymentFacts:
    """Facts of a Dispute; an inquiry that came to nothing never was one."""
    status = dispute["status"]
    harmless = status == "prevented" or status.startswith("warning_")
    return PaymentFacts(
        ref=dispute.get("payment_intent") or dispute["charge"],
        currency=dispute["currency"].upper(),
        dispute=None if harmless else _DISPUTES.get(status, "open"),
        state="pending",
    )


def subscription_facts(subscription: Object, at: datetime) -> SubscriptionFacts:
    """Facts of a Subscription as it was at a moment."""
    metadata = subscription.get("metadata") or {}
    status = _STATUSES[subscription["status"]]
    if subscription.get("pause_collection") and status in ("trialing", "active", "past_due"):
        status = "paused"
    start, end = _period(subscription)
    overdue = status == "past_due"
    if overdue:
        # Stripe goes on to a period that nobody paid
        start, end = None, start
    elif status == "paused" and (paid_until := metadata.get("paid_until")):
        # and to others while it is paused
        end = _moment(int(paid_until))
    elif status == "canceled":
        end = _moment(subscription.get("ended_at")) or end
    expired = subscription["status"] == "incomplete_expired"
    return SubscriptionFacts(
        ref=subscription["id"],
        status=status,
        at=at,
        rank=_RANKS[status],
        plan=metadata.get("plan") or None,
        pending_plan=metadata.get("pending_plan") or None,
        period_start=start,
        period_end=end,
        trial_end=_moment(subscription.get("trial_end")),
        cancel_at_period_end=bool(subscription.get("cancel_at_period_end")),
        past_due_since=end if overdue else None,
        failure_code="expired" if expired else None,
    )


def invoice_facts(invoice: Object) -> InvoiceFacts | None:
    """Facts of a paid Invoice; None where it is not for a subscription, or over nothing."""
    details = _subscription_details(invoice)
    subscription = details.get("subscription") or invoice.get("subscription")
    if not subscription or not invoice.get("amount_paid"):
        return None
    paid_at = _moment((invoice.get("status_transitions") or {}).get("paid_at"))
    periods = [line["period"] for line in (invoice.get("lines") or {}).get("data") or ()]
    period: Object = max(periods, key=lambda period: period["end"], default={})
    return InvoiceFacts(
        ref=invoice["id"],
        subscription_ref=subscription if isinstance(subscription, str) else subscription["id"],
        amount=money_of(invoice["amount_paid"], invoice["currency"]),
        paid_at=paid_at or datetime.fromtimestamp(invoice["created"], UTC),
        period_start=_moment(period.get("start")),
        period_end=_moment(period.get("end")),
    )


def invoice_reference(invoice: Object) -> Reference | None:
    """What an invoice's subscription is about."""
    return reference_of(_subscription_details(invoice)) or reference_of(invoice)


def refusal(intent: Object) -> str | None:
    """Why a PaymentIntent was refused; None where it was not."""
    if intent["status"] != "requires_payment_method":
        return None
    return _failure(intent.get("last_payment_error") or {})


def action_url(intent: Object) -> str | None:
    """Where whoever pays has to go."""
    return _action_url(intent) if intent["status"] == "requires_action" else None


def _failure(error: Object) -> str:
    return str(error.get("decline_code") or error.get("code") or "card_declined")


def _action_url(intent: Object) -> str | None:
    redirect = (intent.get("next_action") or {}).get("redirect_to_url") or {}
    return redirect.get("url")


def _subscription_details(invoice: Object) -> Object:
    parent = invoice.get("parent") or {}
    return parent.get("subscription_details") or invoice.get("subscription_details") or {}


def _period(subscription: Object) -> tuple[datetime | None, datetime | None]:
    items = (subscription.get("items") or {}).get("data") or [{}]
    both = {**subscription, **items[0]}
    return _moment(both.get("current_period_start")), _moment(both.get("current_period_end"))


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
