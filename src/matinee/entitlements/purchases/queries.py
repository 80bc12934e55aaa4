"""Reading purchases: the household's own, and those that support looks into."""

from typing import Any
from uuid import UUID

from matinee.accounts.households import require_household
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.entitlements.purchases.schemas import (
    LedgerLine,
    Purchases,
    PurchaseStatus,
    PurchaseWithTitle,
    RefundOut,
    StaffPurchase,
    StaffPurchaseDetail,
    StaffPurchases,
    purchase_fields,
)
from matinee.entitlements.visibility import VISIBLE, visibility_of

_GRANT = """
    g.id AS grant_id, g.expires_at, g.first_played_at, g.revoked_at, g.revoke_reason
    FROM purchases p
    LEFT JOIN user_entitlements g
        ON g.user_id = p.user_id AND g.source_type = 'tvod' AND g.source_id = p.id
"""
_OWN = f"""
    SELECT p.*, clock_timestamp() AS server_time, t.name AS title_name, {_GRANT}
    LEFT JOIN titles t ON t.id = p.title_id AND {VISIBLE}
    WHERE p.user_id = :user_id
"""
_OWN_PAGE = f"""
    {_OWN} AND (:after::uuid IS NULL OR p.id < :after) ORDER BY p.id DESC LIMIT :wanted
"""
_OWN_ONE = f"{_OWN} AND p.id = :purchase_id"
_ANY = f"""
    SELECT p.*, clock_timestamp() AS server_time, t.name AS title_name, {_GRANT}
    LEFT JOIN titles t ON t.id = p.title_id
    WHERE p.user_id = :user_id
"""
_ANY_PAGE = f"""
    {_ANY}
      AND (:status::text IS NULL OR p.status = :status)
      AND (:title_id::uuid IS NULL OR p.title_id = :title_id)
      AND (:after::uuid IS NULL OR p.id < :after)
    ORDER BY p.id DESC LIMIT :wanted
"""
_ANY_ONE = f"{_ANY} AND p.id = :purchase_id"
_REFUNDS = """
    SELECT id, amount_cents, requested_by, status, failure_code, created_at, settled_at
    FROM purchase_refunds WHERE user_id = :user_id AND purchase_id = :purchase_id ORDER BY id
"""
_LEDGER = """
    SELECT movement, debit, credit, amount_cents, created_at
    FROM ledger_entries WHERE user_id = :user_id AND purchase_id = :purchase_id
    ORDER BY created_at, movement, debit, credit
"""


async def list_purchases(
    tx: ReadTx, viewer: Viewer, refund_hours: int, cursor: str | None, page_size: int
) -> Purchases:
    """A page of the household's own purchases, newest first.

    Raises:
        BadCursor: it is not one of ours.
    """
    rows = await tx.all(_OWN_PAGE, **_page(cursor, page_size), **visibility_of(viewer))
    page, next_cursor = _cut(rows, page_size)
    items = [_own(row, refund_hours) for row in page]
    return Purchases(items=items, next_cursor=next_cursor)


async def get_purchase(
    tx: ReadTx, viewer: Viewer, refund_hours: int, purchase_id: UUID
) -> PurchaseWithTitle:
    """One of the household's own purchases.

    Raises:
        NotFound: it has none of that id.
    """
    row = await tx.one(_OWN_ONE, purchase_id=purchase_id, **visibility_of(viewer))
    if row is None:
        raise NotFound()
    return _own(row, refund_hours)


async def find_purchases(
    tx: ReadTx,
    user_id: UUID,
    refund_hours: int,
    *,
    status: PurchaseStatus | None,
    title_id: UUID | None,
    cursor: str | None,
    page_size: int,
) -> StaffPurchases:
    """A page of a household's purchases, newest first.

    Raises:
        NotFound: there is no such household.
        BadCursor: it is not one of ours.
    """
    await require_household(tx, user_id)
    rows = await tx.all(
        _ANY_PAGE, user_id=user_id, status=status, title_id=title_id, **_page(cursor, page_size)
    )
    page, next_cursor = _cut(rows, page_size)
    items = [StaffPurchase(**_fields(row, refund_hours)) for row in page]
    return StaffPurchases(items=items, next_cursor=next_cursor)


async def look_into_purchase(
    tx: ReadTx, user_id: UUID, refund_hours: int, purchase_id: UUID
) -> StaffPurchaseDetail:
    """One purchase with everything that moved.

    Raises:
        NotFound: the household has none of that id.
    """
    whose = {"user_id": user_id, "purchase_id": purchase_id}
    row = await tx.one(_ANY_ONE, **whose)
    if row is None:
        raise NotFound()
    return StaffPurchaseDetail(
        **_fields(row, refund_hours),
        refunds=[RefundOut(**refund) for refund in await tx.all(_REFUNDS, **whose)],
        ledger=[LedgerLine(**entry) for entry in await tx.all(_LEDGER, **whose)],
    )


def _page(cursor: str | None, page_size: int) -> dict[str, Any]:
    (after,) = decode_cursor(cursor, [UUID]) if cursor else (None,)
    return {"after": after, "wanted": page_size + 1}


def _cut(rows: list[Row], page_size: int) -> tuple[list[Row], str | None]:
    """The rows of the page, and the cursor of the next one where there is one."""
    page = rows[:page_size]
    return page, encode_cursor(page[-1]["id"]) if len(rows) > page_size else None


def _own(row: Row, refund_hours: int) -> PurchaseWithTitle:
    """A purchase for its household; which title that was only where the profile sees it."""
    fields = _fields(row, refund_hours)
    if row["title_name"] is None:
        fields |= {"title_id": None, "season_id": None}
    return PurchaseWithTitle(**fields)


def _fields(row: Row, refund_hours: int) -> dict[str, Any]:
    grant = dict(row) | {"id": row["grant_id"]} if row["grant_id"] else None
    return purchase_fields(row, grant, refund_hours)
