"""The grant of a purchase: one row per purchase, which follows from how its payment stands."""

from typing import Any

import asyncpg

from matinee.core.database import ReadTx, Row, WriteTx
from matinee.entitlements.purchases.standing import Standing

DUPLICATE = "duplicate"
"""The household got the same by another way while it paid: nothing is granted, money goes back."""

_COLUMNS = (
    "id, kind, starts_at, expires_at, first_played_at, rental_window_hours, revoked_at,"
    " revoke_reason"
)
# Where the window begins at the purchase, the clock runs from then on. Nothing is inserted where
# the grant is there already, or where the household holds the same by another one.
_GRANT = f"""
    INSERT INTO user_entitlements
        (user_id, source_type, source_id, kind, title_id, season_id, quality, rental_window_hours,
         starts_at, first_played_at, expires_at, revoked_at, revoke_reason)
    SELECT user_id, 'tvod', id, kind, title_id, season_id, quality, rental_window_hours,
           settled_at, CASE WHEN start_within_hours = 0 THEN settled_at END,
           settled_at + make_interval(
               hours => coalesce(nullif(start_within_hours, 0), rental_window_hours)),
           CASE WHEN :reason::text IS NOT NULL THEN clock_timestamp() END, :reason
    FROM purchases WHERE user_id = :user_id AND id = :purchase_id
    ON CONFLICT DO NOTHING
    RETURNING {_COLUMNS}
"""
_OF_PURCHASE = f"""
    SELECT {_COLUMNS} FROM user_entitlements
    WHERE user_id = :user_id AND source_type = 'tvod' AND source_id = :purchase_id
"""
_REVOKE = f"""
    UPDATE user_entitlements
    SET revoked_at = coalesce(revoked_at, clock_timestamp()), revoke_reason = :reason
    WHERE user_id = :user_id AND source_type = 'tvod' AND source_id = :purchase_id
    RETURNING {_COLUMNS}
"""
_RESTORE = f"""
    UPDATE user_entitlements SET revoked_at = NULL, revoke_reason = NULL
    WHERE user_id = :user_id AND source_type = 'tvod' AND source_id = :purchase_id
    RETURNING {_COLUMNS}
"""
_REVOKE_UNPLAYED = """
    UPDATE user_entitlements
    SET revoked_at = clock_timestamp(), revoke_reason = 'refund_requested'
    WHERE user_id = :user_id AND source_type = 'tvod' AND source_id = :purchase_id
      AND first_played_at IS NULL AND revoked_at IS NULL
"""


async def project_grant(tx: WriteTx, purchase: Row) -> Row | None:
    """Make the grant of a purchase say what the purchase says; None where it is not paid.

    A rental's times are written once: what is heard later never moves a clock.
    """
    standing = Standing.of(purchase)
    if not standing.is_paid:
        return None
    of_purchase = {"user_id": purchase["user_id"], "purchase_id": purchase["id"]}
    reason = _revoke_reason(purchase, standing.status)
    if made := await tx.one(_GRANT, **of_purchase, reason=reason):
        return made
    grant = await tx.one(_OF_PURCHASE, **of_purchase)
    if grant is None:
        return await _written(tx, _GRANT, **of_purchase, reason=DUPLICATE)
    if grant["revoke_reason"] in (reason, DUPLICATE):
        return grant
    if reason is not None:
        return await _written(tx, _REVOKE, **of_purchase, reason=reason)
    return await _restored(tx, of_purchase)


async def revoke_unplayed(tx: WriteTx, purchase: Row) -> bool:
    """Take the grant back unless it was played; of this and a first play exactly one succeeds."""
    return bool(
        await tx.execute(_REVOKE_UNPLAYED, user_id=purchase["user_id"], purchase_id=purchase["id"])
    )


async def grant_of(tx: ReadTx, purchase: Row) -> Row | None:
    """The grant of a purchase, where there is one."""
    return await tx.one(_OF_PURCHASE, user_id=purchase["user_id"], purchase_id=purchase["id"])


def _revoke_reason(purchase: Row, status: str) -> str | None:
    if status in ("charged_back", "refunded"):
        return status
    return "refund_requested" if purchase["refund_requested_at"] else None


async def _restored(tx: WriteTx, of_purchase: dict[str, Any]) -> Row:
    """The grant, live again; not where the household got the same by another way meanwhile."""
    try:
        async with tx.savepoint():
            return await _written(tx, _RESTORE, **of_purchase)
    except (asyncpg.UniqueViolationError, asyncpg.ExclusionViolationError):
        return await _written(tx, _REVOKE, **of_purchase, reason=DUPLICATE)


async def _written(tx: WriteTx, statement: str, **params: Any) -> Row:
    row = await tx.one(statement, **params)
    assert row is not None
    return row
