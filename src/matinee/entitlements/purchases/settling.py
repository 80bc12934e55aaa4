"""Applying what is heard of a payment: idempotent, in whatever order it is heard.

The direct answer of a provider, its webhooks, the sweeper and reconciliation all end here.
"""

from typing import NamedTuple

from matinee.accounts.viewer import user_tag
from matinee.core.database import Row, WriteTx
from matinee.core.jobs import announce
from matinee.entitlements import holds
from matinee.entitlements.events import PURCHASE_CHANGED
from matinee.entitlements.ledger import TAX, Entry, book, provider_account, revenue_account
from matinee.entitlements.purchases.grants import DUPLICATE, grant_of, project_grant
from matinee.entitlements.purchases.refund_orders import close_refunds, order_refund
from matinee.entitlements.purchases.standing import Standing, tax_part
from matinee.integrations.payments.protocol import PaymentFacts, Reference

_LOCK = """
    SELECT *, clock_timestamp() AS server_time,
           EXISTS (SELECT FROM users u
                   WHERE u.user_id = p.user_id AND u.status = 'deleted') AS is_orphaned
    FROM purchases p
    WHERE user_id = :user_id AND id = :purchase_id AND provider = :provider FOR UPDATE OF p
"""
# Where more was taken since it was asked for, a refund is not one of all that is left any more.
_DESCRIBE = """
    UPDATE purchases
    SET provider_ref = coalesce(provider_ref, :ref), status = :status,
        captured_cents = :captured_cents, refunded_cents = :refunded_cents, dispute = :dispute,
        action_url = CASE WHEN :status = 'requires_action'
            THEN coalesce(:action_url, action_url) END,
        failure_code = CASE WHEN :status IN ('failed', 'canceled') AND :refunded_cents::int = 0
            THEN coalesce(failure_code, :failure_code) END,
        refund_requested_at = CASE
            WHEN :returned_cents::int < :captured_cents::int AND captured_cents = :captured_cents
            THEN refund_requested_at END,
        settled_at = CASE WHEN :is_paid::bool
            THEN coalesce(settled_at, clock_timestamp()) END
    WHERE user_id = :user_id AND id = :purchase_id
    RETURNING *, clock_timestamp() AS server_time
"""
# Nothing is written where the payment is that of something else: it pays for one thing only.
_PLACE = """
    INSERT INTO payment_objects AS known (provider, ref, user_id, subject, subject_id)
    VALUES (:provider, :ref, :user_id, 'purchase', :purchase_id)
    ON CONFLICT (provider, ref) DO UPDATE SET subject = known.subject
    WHERE (known.user_id, known.subject, known.subject_id)
        = (excluded.user_id, excluded.subject, excluded.subject_id)
"""


class Settled(NamedTuple):
    """A purchase after applying facts, and its grant where it was paid."""

    purchase: Row
    grant: Row | None


async def apply_payment(
    tx: WriteTx, reference: Reference, provider: str, facts: PaymentFacts
) -> bool:
    """Make a purchase, its grant, the ledger and holds say what the provider says.

    Returns:
        False where that is impossible (yet): the purchase is unknown, something is missing, or
        the payment is that of something else.
    """
    return await settle(tx, reference, provider, facts) is not None


async def settle(
    tx: WriteTx, reference: Reference, provider: str, facts: PaymentFacts
) -> Settled | None:
    """The same; returns the purchase as it is then."""
    mine = {"user_id": reference.user_id, "purchase_id": reference.id}
    known = await tx.one(_LOCK, **mine, provider=provider)
    if known is None or reference.subject != "purchase" or facts.currency != known["currency"]:
        return None
    before = Standing.of(known)
    after = before.with_facts(facts)
    if not after.is_possible:
        return None
    if facts.ref != known["provider_ref"]:
        if not await tx.execute(_PLACE, **mine, provider=provider, ref=facts.ref):
            return None
    elif after == before and facts.action_url in (None, known["action_url"]):
        return Settled(known, await grant_of(tx, known) if after.is_paid else None)
    purchase = await _describe(tx, known, facts, after)
    await book(tx, _entries(purchase, before, after))
    grant = None if known["is_orphaned"] else await project_grant(tx, purchase)
    await _follow_up(tx, purchase, before, after)
    if _is_unwanted(known, before, grant):
        purchase = await _give_back(tx, purchase, after)
    return Settled(purchase, grant)


async def _describe(tx: WriteTx, known: Row, facts: PaymentFacts, after: Standing) -> Row:
    purchase = await tx.one(
        _DESCRIBE,
        user_id=known["user_id"],
        purchase_id=known["id"],
        ref=facts.ref,
        status=after.status,
        is_paid=after.is_paid,
        captured_cents=after.captured_cents,
        refunded_cents=after.refunded_cents,
        returned_cents=after.returned_cents,
        dispute=after.dispute,
        action_url=facts.action_url,
        failure_code=facts.failure_code,
    )
    assert purchase is not None
    return purchase


def _entries(purchase: Row, before: Standing, after: Standing) -> list[Entry]:
    """What was taken and what was lost since the last news, split into tax and revenue.

    Only differences of totals are booked, so that the sums depend on what is so, not on the way.
    """
    taken = _split(purchase, before.captured_cents, after.captured_cents)
    lost = _split(purchase, before.returned_cents, after.returned_cents)
    back = "chargeback" if after.dispute == "lost" else "refund"
    ours = provider_account(purchase["provider"])
    return [
        *(
            _entry(purchase, f"capture:{purchase['id']}:{after.captured_cents}", ours, to, cents)
            for to, cents in taken.items()
        ),
        *(
            _entry(purchase, f"{back}:{purchase['id']}:{after.returned_cents}", to, ours, cents)
            for to, cents in lost.items()
        ),
    ]


def _split(purchase: Row, before_cents: int, after_cents: int) -> dict[str, int]:
    """The difference of two totals, by the account that it concerns."""
    shares = {"tax_cents": purchase["tax_cents"], "amount_cents": purchase["amount_cents"]}
    tax = tax_part(after_cents, **shares) - tax_part(before_cents, **shares)
    return {revenue_account(purchase["kind"]): after_cents - before_cents - tax, TAX: tax}


def _entry(purchase: Row, movement: str, debit: str, credit: str, cents: int) -> Entry:
    return Entry(
        purchase["user_id"],
        movement,
        debit,
        credit,
        cents,
        purchase["currency"],
        purchase_id=purchase["id"],
    )


async def _follow_up(tx: WriteTx, purchase: Row, before: Standing, after: Standing) -> None:
    """What the news means for others: refunds under way, holds, whoever is to be told."""
    whose = (purchase["user_id"], purchase["id"])
    if after.returned_cents > before.returned_cents:
        await close_refunds(tx, purchase, after.returned_cents)
    if after.dispute != before.dispute:
        if after.dispute == "won":
            await holds.lift_for_dispute(tx, *whose)
        else:
            await holds.hold_for_dispute(tx, *whose)
    if after.status != before.status:
        user_id, purchase_id = map(str, whose)
        await announce(
            tx, PURCHASE_CHANGED, user_id=user_id, purchase_id=purchase_id, status=after.status
        )
    tx.invalidate(user_tag(purchase["user_id"]))


def _is_unwanted(known: Row, before: Standing, grant: Row | None) -> bool:
    """Whether was paid for what is held already, or after the account was deleted."""
    if grant is not None:
        return bool(grant["revoke_reason"] == DUPLICATE)
    return bool(known["is_orphaned"] and not before.captured_cents)


async def _give_back(tx: WriteTx, purchase: Row, standing: Standing) -> Row:
    """Return all that is left of what was paid for nothing."""
    left = standing.captured_cents - standing.returned_cents
    if not left or purchase["refund_requested_at"]:
        return purchase
    key = f"unwanted:{purchase['id']}"
    return await order_refund(tx, purchase, left, requested_by="system", key=key) or purchase
