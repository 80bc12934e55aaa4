"""Refunds that were asked for, from the wish until the provider's answer."""

from typing import Literal
from uuid import UUID

from matinee.accounts.viewer import user_tag
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.jobs import announce
from matinee.entitlements.events import REFUND_WANTED

RequestedBy = Literal["household", "staff", "system"]

# Where one is under way already, a second has to wait.
_ORDER = """
    INSERT INTO purchase_refunds
        (user_id, purchase_id, amount_cents, total_cents, requested_by, idempotency_key,
         request_hash)
    VALUES (:user_id, :purchase_id, :amount_cents, :total_cents, :requested_by, :key,
            :request_hash)
    ON CONFLICT DO NOTHING
"""
_REQUEST = """
    UPDATE purchases SET refund_requested_at = coalesce(refund_requested_at, clock_timestamp())
    WHERE user_id = :user_id AND id = :purchase_id
    RETURNING *, clock_timestamp() AS server_time
"""
_BY_KEY = """
    SELECT id, request_hash FROM purchase_refunds
    WHERE user_id = :user_id AND idempotency_key = :key
"""
_OPEN = """
    SELECT * FROM purchase_refunds
    WHERE user_id = :user_id AND purchase_id = :purchase_id AND status = 'open'
"""
_CLOSE = """
    UPDATE purchase_refunds SET status = 'done', settled_at = clock_timestamp()
    WHERE user_id = :user_id AND purchase_id = :purchase_id AND status = 'open'
      AND total_cents <= :returned_cents
"""
_REFUSE = """
    UPDATE purchase_refunds
    SET status = 'refused', failure_code = :failure_code, settled_at = clock_timestamp()
    WHERE user_id = :user_id AND id = :refund_id AND status = 'open'
"""
_WITHDRAW = """
    UPDATE purchases SET refund_requested_at = NULL
    WHERE user_id = :user_id AND id = :purchase_id
    RETURNING *, clock_timestamp() AS server_time
"""


async def order_refund(
    tx: WriteTx,
    purchase: Row,
    amount_cents: int,
    *,
    requested_by: RequestedBy,
    key: str,
    request_hash: bytes = b"",
) -> Row | None:
    """Write down that money is to be given back, and have that done; returns the purchase.

    The purchase must be locked. None where a refund of it is under way already.
    """
    total_cents = purchase["refunded_cents"] + amount_cents
    whose = {"user_id": purchase["user_id"], "purchase_id": purchase["id"]}
    ordered = await tx.execute(
        _ORDER,
        **whose,
        amount_cents=amount_cents,
        total_cents=total_cents,
        requested_by=requested_by,
        key=key,
        request_hash=request_hash,
    )
    if not ordered:
        return None
    if total_cents == purchase["captured_cents"]:
        purchase = await tx.one(_REQUEST, **whose) or purchase
    await announce(tx, REFUND_WANTED, **{name: str(id_) for name, id_ in whose.items()})
    tx.invalidate(user_tag(purchase["user_id"]))
    return purchase


async def refund_by_key(tx: ReadTx, user_id: UUID, key: str) -> Row | None:
    """The refund that a household, or staff for it, asked for with this key."""
    return await tx.one(_BY_KEY, user_id=user_id, key=key)


async def open_refund(tx: ReadTx, user_id: UUID, purchase_id: UUID) -> Row | None:
    """The refund of a purchase that is under way."""
    return await tx.one(_OPEN, user_id=user_id, purchase_id=purchase_id)


async def close_refunds(tx: WriteTx, purchase: Row, returned_cents: int) -> None:
    """End what has been done, now that so much was given back in all."""
    await tx.execute(
        _CLOSE,
        user_id=purchase["user_id"],
        purchase_id=purchase["id"],
        returned_cents=returned_cents,
    )


async def refuse_refund(tx: WriteTx, refund: Row, failure_code: str) -> Row | None:
    """End a refund that the provider refused for good; returns the purchase.

    None where it has ended otherwise in the meantime.
    """
    whose = {"user_id": refund["user_id"]}
    if not await tx.execute(_REFUSE, **whose, refund_id=refund["id"], failure_code=failure_code):
        return None
    tx.invalidate(user_tag(refund["user_id"]))
    return await tx.one(_WITHDRAW, **whose, purchase_id=refund["purchase_id"])
