"""Lists of titles by filter: pages that a keyset continues, and totals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.filters import Browse, Filters, condition_for
from matinee.core.database import ReadTx
from matinee.core.paging import TOTAL_CAP, decode_cursor, encode_cursor
from matinee.entitlements.visibility import VISIBLE, VISIBLE_IN_BULK, visibility_of


@dataclass(frozen=True)
class _Order:
    """A sort order that a keyset can continue; `key` and `id` stand together in an index."""

    key: str
    direction: Literal["ASC", "DESC"]
    kind: type
    cast: str


ORDERS: dict[str, _Order] = {
    "newest": _Order("t.added_at", "DESC", datetime, "timestamptz"),
    "name": _Order("t.sort_name", "ASC", str, "text"),
    "year": _Order("coalesce(t.year, 0)", "DESC", int, "bigint"),
    "oldest": _Order("coalesce(t.year, 32767)", "ASC", int, "bigint"),
}


async def find_ids(tx: ReadTx, viewer: Viewer, browse: Browse) -> tuple[list[UUID], str | None]:
    """The ids of one page in order, and the cursor of the next one.

    Raises:
        BadCursor: the cursor belongs to another order, or to no list at all.
    """
    order = ORDERS[browse.sort]
    condition, params = condition_for(viewer, browse)
    continued, offset = "true", 0
    if browse.cursor:
        after_key, after_id = decode_cursor(browse.cursor, (order.kind, UUID))
        comparison = "<" if order.direction == "DESC" else ">"
        continued = f"({order.key}, t.id) {comparison} (:after_key::{order.cast}, :after_id::uuid)"
        params |= {"after_key": after_key, "after_id": after_id}
    elif browse.page:
        offset = (browse.page - 1) * browse.page_size
    rows = await tx.all(
        f"""
        SELECT t.id, {order.key} AS key FROM titles t
        WHERE {VISIBLE} AND {condition} AND {continued}
        ORDER BY {order.key} {order.direction}, t.id {order.direction}
        LIMIT :wanted OFFSET :offset
        """,
        wanted=browse.page_size + 1,
        offset=offset,
        **params,
        **visibility_of(viewer),
    )
    page = rows[: browse.page_size]
    more = len(rows) > len(page)
    cursor = encode_cursor(page[-1]["key"], page[-1]["id"]) if more else None
    return [row["id"] for row in page], cursor


async def count_titles(
    tx: ReadTx, viewer: Viewer, filters: Sequence[Filters], *, cap: int = TOTAL_CAP
) -> list[int]:
    """How many titles match each of the filters, counted up to `cap`, in one statement."""
    if not filters:
        return []
    params = visibility_of(viewer)
    counts = []
    for number, one in enumerate(filters):
        condition, given = condition_for(viewer, one, suffix=f"_{number}")
        params |= given
        counts.append(f"""(
            SELECT count(*) FROM (
                SELECT FROM titles t WHERE {VISIBLE_IN_BULK} AND {condition} LIMIT :cap
            ) AS matching
        )""")
    row = await tx.one(f"SELECT {', '.join(counts)}", cap=cap, **params)
    return list(row.values()) if row else []
