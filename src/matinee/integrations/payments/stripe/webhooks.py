"""Stripe's events as ours."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from matinee.integrations.payments.protocol import (
    BadSignature,
    Facts,
    ProviderEvent,
    Reference,
)
from matinee.integrations.payments.stripe import facts

Object = Mapping[str, Any]

PAYMENTS = frozenset(
    f"payment_intent.{word}"
    for word in ("succeeded", "payment_failed", "canceled", "processing", "requires_action")
)
CHARGES = frozenset({"charge.refunded"})
DISPUTES = frozenset(
    f"charge.dispute.{word}"
    for word in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
)
SUBSCRIPTIONS = frozenset(
    f"customer.subscription.{word}"
    for word in ("created", "updated", "deleted", "paused", "resumed")
)
INVOICES = frozenset({"invoice.paid"})
FOLLOWED = sorted(PAYMENTS | CHARGES | DISPUTES | SUBSCRIPTIONS | INVOICES)
"""The types of events that the endpoint at Stripe should send."""


def parsed(body: bytes) -> ProviderEvent:
    """The event in a body that Stripe has signed.

    Raises:
        BadSignature: it is not an event.
    """
    try:
        return event_of(orjson.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise BadSignature from None


def event_of(event: Object) -> ProviderEvent:
    """An Event of Stripe as ours; its facts are those of its moment."""
    at = datetime.fromtimestamp(event["created"], UTC)
    read, reference = _read(event["type"], event["data"]["object"], at)
    return ProviderEvent(
        id=str(event["id"]),
        type=str(event["type"]),
        at=at,
        payload=event,
        facts=read,
        reference=reference,
    )


def _read(kind: str, item: Object, at: datetime) -> tuple[Facts | None, Reference | None]:
    """What an event tells, and about what.

    A charge or a dispute need not name what it is about: that is known by its payment. Whatever
    else at Stripe does not name it was not made by us.
    """
    reference = facts.reference_of(item)
    if kind in CHARGES:
        return facts.charge_facts(item), reference
    if kind in DISPUTES:
        return facts.dispute_facts(item), reference
    if kind in INVOICES:
        reference = facts.invoice_reference(item)
        return (facts.invoice_facts(item), reference) if reference else (None, None)
    if reference and kind in PAYMENTS:
        return facts.payment_facts(item), reference
    if reference and kind in SUBSCRIPTIONS:
        return facts.subscription_facts(item, at), reference
    return None, None
