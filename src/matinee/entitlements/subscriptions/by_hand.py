"""Subscriptions that are paid by hand: what staff says takes the place of a provider's facts."""

from datetime import datetime
from uuid import UUID

from matinee.accounts import audit
from matinee.accounts.audit import Actor
from matinee.accounts.households import lock_household
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, NotFound, RuleViolated
from matinee.entitlements.subscriptions.orders import reference_of
from matinee.entitlements.subscriptions.queries import get_subscription
from matinee.entitlements.subscriptions.schemas import ConfirmPayment, SubscriptionOut
from matinee.entitlements.subscriptions.settling import apply_invoice, apply_subscription
from matinee.integrations.payments.protocol import InvoiceFacts, Money, SubscriptionFacts

NAME = "manual"

_ROW = """
    SELECT s.provider, coalesce(s.provider_ref, 'manual_' || s.id) AS ref, s.status,
           s.price_cents, s.currency, s.current_period_start, s.current_period_end,
           clock_timestamp() AS now
    FROM subscriptions s WHERE s.user_id = :user_id AND s.id = :subscription_id
"""


async def confirm(
    tx: WriteTx, viewer: Viewer, user_id: UUID, subscription_id: UUID, wish: ConfirmPayment
) -> SubscriptionOut:
    """Write down that a period was paid, from the end of the last one or from now.

    Saying the same again changes nothing: a payment is known by the end of its period.

    Raises:
        NotFound: the household has no such subscription.
        Conflict: a provider manages it, or it has ended.
        RuleViolated: the period ends before it begins.
    """
    await lock_household(tx, user_id)
    row = await _row(tx, user_id, subscription_id)
    if row["status"] == "canceled":
        raise Conflict(message="It has ended; the household must subscribe anew.")
    reference = reference_of(user_id, subscription_id)
    now: datetime = row["now"]
    if wish.paid_until != row["current_period_end"]:
        start = max(row["current_period_end"] or now, now)
        if wish.paid_until <= start:
            raise RuleViolated("paid_until", message="The period must end after it begins.")
        facts = SubscriptionFacts(
            row["ref"], "active", now, period_start=start, period_end=wish.paid_until
        )
        await apply_subscription(tx, reference, NAME, facts)
        await apply_invoice(tx, reference, NAME, _invoice(row, wish, start))
    await audit.record(
        tx,
        Actor.of(viewer),
        "subscription.confirm",
        targets={"user": user_id, "subscription": subscription_id},
        before={"status": row["status"], "paid_until": str(row["current_period_end"])},
        after={"status": "active", "paid_until": str(wish.paid_until)},
        reason=wish.reason,
    )
    return await get_subscription(tx, user_id, subscription_id)


async def end_by_hand(tx: WriteTx, user_id: UUID, subscription_id: UUID) -> None:
    """End a subscription that is paid by hand at once.

    Raises:
        NotFound: the household has no such subscription.
        Conflict: a provider manages it.
    """
    row = await _row(tx, user_id, subscription_id)
    facts = SubscriptionFacts(
        row["ref"],
        "canceled",
        row["now"],
        period_start=row["current_period_start"],
        period_end=row["current_period_end"],
    )
    await apply_subscription(tx, reference_of(user_id, subscription_id), NAME, facts)


async def _row(tx: ReadTx, user_id: UUID, subscription_id: UUID) -> Row:
    row = await tx.one(_ROW, user_id=user_id, subscription_id=subscription_id)
    if row is None:
        raise NotFound()
    if row["provider"] != NAME:
        raise Conflict(message="This subscription is managed by its payment provider.")
    return row


def _invoice(row: Row, wish: ConfirmPayment, start: datetime) -> InvoiceFacts:
    cents = row["price_cents"] if wish.amount_cents is None else wish.amount_cents
    return InvoiceFacts(
        ref=f"{row['ref']}:{wish.paid_until.isoformat()}",
        subscription_ref=row["ref"],
        amount=Money(cents, row["currency"]),
        paid_at=row["now"],
        period_start=start,
        period_end=wish.paid_until,
    )
