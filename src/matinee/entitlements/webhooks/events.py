"""Events of payment providers as rows: what was read in them, and what was sent."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from matinee.core.database import Row, WriteTx
from matinee.entitlements.webhooks.payloads import harmless, storable
from matinee.integrations.payments.protocol import (
    BadSignature,
    Facts,
    InvoiceFacts,
    PaymentFacts,
    ProviderEvent,
    Reference,
    SubscriptionFacts,
)

LONGEST = 255
_EVENT_ID = re.compile(r"[A-Za-z0-9_.:=+@~-]{1,255}")

_FACTS: dict[str, TypeAdapter[Any]] = {
    "payment": TypeAdapter(PaymentFacts),
    "subscription": TypeAdapter(SubscriptionFacts),
    "invoice": TypeAdapter(InvoiceFacts),
}
_KINDS: dict[type[Facts], str] = {
    PaymentFacts: "payment",
    SubscriptionFacts: "subscription",
    InvoiceFacts: "invoice",
}

_ADD = """
    INSERT INTO payment_events
        (provider, event_id, type, object_ref, user_id, subject, subject_id, occurred_at, facts,
         payload, state)
    VALUES (:provider, :event_id, :type, :object_ref, :user_id, :subject, :subject_id,
            :occurred_at, :facts, :payload,
            CASE WHEN :facts::jsonb IS NULL THEN 'ignored' ELSE 'parked' END)
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event in our table; its facts are not read before they are applied."""

    provider: str
    event_id: str
    facts: dict[str, Any] | None
    reference: Reference | None

    @classmethod
    def of(cls, row: Row) -> "KeptEvent":
        """The event of a row of `payment_events`."""
        reference = None
        if row["subject"]:
            reference = Reference(row["subject"], row["user_id"], row["subject_id"])
        return cls(row["provider"], row["event_id"], row["facts"], reference)


async def keep(tx: WriteTx, provider: str, event: ProviderEvent) -> KeptEvent | None:
    """Add an event; None where we have it already.

    Of two transactions that add the same one the second waits until the first has ended.

    Raises:
        BadSignature: what it is called cannot be a name.
    """
    _check_names(event)
    reference = event.reference
    facts = _written(event.facts) if event.facts else None
    added = await tx.execute(
        _ADD,
        provider=provider,
        event_id=event.id,
        type=storable(event.type)[:LONGEST],
        object_ref=event.facts.ref if event.facts else None,
        user_id=reference.user_id if reference else None,
        subject=reference.subject if reference else None,
        subject_id=reference.id if reference else None,
        occurred_at=event.at,
        facts=facts,
        payload=harmless(event.payload),
    )
    return KeptEvent(provider, event.id, facts, reference) if added else None


def facts_of(event: KeptEvent) -> Facts:
    """The facts of an event that has some.

    Raises:
        ValueError: they were written by a version of ours that wrote them in another way.
    """
    [(kind, values)] = (event.facts or {}).items()
    facts: Facts = _FACTS[kind].validate_python(values)
    return facts


def _written(facts: Facts) -> dict[str, Any]:
    kind = _KINDS[type(facts)]
    return {kind: storable(_FACTS[kind].dump_python(facts, mode="json"))}


def _check_names(event: ProviderEvent) -> None:
    """Names that no provider gives could not be kept, looked up, or written in an address."""
    if not _EVENT_ID.fullmatch(event.id):
        raise BadSignature
    names = [event.facts.ref] if event.facts else []
    if isinstance(event.facts, InvoiceFacts):
        names.append(event.facts.subscription_ref)
    if not all(0 < len(name) <= LONGEST and "\0" not in name for name in names):
        raise BadSignature
