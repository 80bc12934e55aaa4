"""Applying kept events: to a purchase or a subscription, or parking them for later."""

import structlog

from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import problem_of
from matinee.entitlements.purchases.settling import apply_payment
from matinee.entitlements.subscriptions.settling import apply_invoice, apply_subscription
from matinee.entitlements.webhooks.events import KeptEvent, facts_of
from matinee.integrations.payments.protocol import (
    Facts,
    InvoiceFacts,
    PaymentFacts,
    Reference,
    SubscriptionFacts,
)

log = structlog.get_logger(__name__)

WAITS = (1.0, 5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 21_600.0)
"""Seconds until a parked event is tried again, by how often it was tried; then the last one."""

LONGEST_ERROR = 300

UNKNOWN = "Nothing here is known by the provider's name for it."
UNFIT = (
    "What it is about is not here, something that comes before it is missing, or the payment is"
    " known as that of something else."
)

_PLACED = """
    SELECT subject, user_id, subject_id FROM payment_objects
    WHERE provider = :provider AND ref = :ref
"""
_NOTE = """
    UPDATE payment_events
    SET state = CASE
            WHEN :error::text IS NULL THEN 'applied'
            WHEN received_at < clock_timestamp() - interval '7 days' THEN 'dead'
            ELSE 'parked' END,
        applied_at = CASE WHEN :error IS NULL THEN clock_timestamp() END,
        attempts = attempts + 1, last_error = :error,
        next_attempt_at = clock_timestamp() + interval '1 second'
            * (:waits::float8[])[least(attempts + 1, cardinality(:waits::float8[]))],
        user_id = coalesce(:user_id, user_id), subject = coalesce(:subject, subject),
        subject_id = coalesce(:subject_id, subject_id)
    WHERE provider = :provider AND event_id = :event_id
    RETURNING state
"""


async def attempt(tx: WriteTx, event: KeptEvent) -> str:
    """Apply an event and note what became of it; returns its state.

    What goes wrong while applying it is undone alone, and said in its row: the event is not lost
    and stands in nobody's way. Only what will have passed in a moment (a lock that is not given, a
    database that goes away) ends the transaction.
    """
    reference = event.reference
    try:
        async with tx.savepoint():
            facts = facts_of(event)
            reference = reference or await _placed(tx, event.provider, facts)
            error = await _apply(tx, reference, event.provider, facts)
    except Exception as failure:
        if _passes(failure):
            raise
        log.exception("payment_event_failed", provider=event.provider, event_id=event.event_id)
        error = described(failure)
    return await note(tx, event, reference, error)


async def note(
    tx: WriteTx, event: KeptEvent, reference: Reference | None, error: str | None
) -> str:
    """Write down a try and plan the next one; returns the event's state.

    Without an error it is applied; with one it is parked, and dead a week after it came.
    """
    state: str = await tx.scalar(
        _NOTE,
        provider=event.provider,
        event_id=event.event_id,
        error=error,
        waits=WAITS,
        user_id=reference.user_id if reference else None,
        subject=reference.subject if reference else None,
        subject_id=reference.id if reference else None,
    )
    return state


def described(failure: Exception) -> str:
    """A failure in one line; what PostgreSQL adds to it quotes the row."""
    text = (str(failure).splitlines() or [""])[0].replace("\0", "�")
    return f"{type(failure).__name__}: {text}"[:LONGEST_ERROR]


async def _placed(tx: ReadTx, provider: str, facts: Facts) -> Reference | None:
    """What the provider's object is about, from what was applied before."""
    ref = facts.subscription_ref if isinstance(facts, InvoiceFacts) else facts.ref
    row = await tx.one(_PLACED, provider=provider, ref=ref)
    return Reference(row["subject"], row["user_id"], row["subject_id"]) if row else None


async def _apply(
    tx: WriteTx, reference: Reference | None, provider: str, facts: Facts
) -> str | None:
    """None, or why it cannot be applied (yet)."""
    if reference is None:
        return UNKNOWN
    match facts:
        case PaymentFacts():
            applied = await apply_payment(tx, reference, provider, facts)
        case SubscriptionFacts():
            applied = await apply_subscription(tx, reference, provider, facts)
        case InvoiceFacts():
            applied = await apply_invoice(tx, reference, provider, facts)
    return None if applied else UNFIT


def _passes(failure: Exception) -> bool:
    """Whether the same could go well in a moment.

    A value that does not fit its column is reported by asyncpg like a broken connection, too.
    """
    return not isinstance(failure, ValueError) and problem_of(failure).status == 503
