"""Titles that editors put at the top of the answer to a query."""

from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.editing.changes import write_down
from matinee.catalog.search.question import folded_query
from matinee.catalog.search.schemas import Pin, Pins, PutPin
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import InvalidValue, NotFound
from matinee.entitlements.visibility import VISIBLE, visibility_of

LISTED = 1000

_PINNED = f"""
    SELECT t.id FROM search_pins p JOIN titles t ON t.id = p.title_id
    WHERE p.folded_query = :query AND {VISIBLE}
    ORDER BY p.position, t.id
"""
_LIST = """
    SELECT folded_query AS query, array_agg(title_id ORDER BY position, title_id) AS title_ids
    FROM search_pins WHERE :query::text IS NULL OR folded_query = :query
    GROUP BY folded_query ORDER BY folded_query LIMIT :listed
"""
_CLEAR = "DELETE FROM search_pins WHERE folded_query = :query"
_ADD = """
    INSERT INTO search_pins (folded_query, title_id, position)
    SELECT :query, t.id, item.n
    FROM unnest(:title_ids::uuid[]) WITH ORDINALITY AS item (id, n) JOIN titles t ON t.id = item.id
    ORDER BY t.id FOR KEY SHARE OF t
    ON CONFLICT (folded_query, title_id) DO UPDATE SET position = excluded.position
"""


async def pinned_titles(tx: ReadTx, viewer: Viewer, folded: str) -> list[UUID]:
    """Pinned titles that this viewer may see, in order."""
    rows = await tx.all(_PINNED, query=folded, **visibility_of(viewer))
    return [row["id"] for row in rows]


async def list_pins(tx: ReadTx) -> Pins:
    """The first thousand, by query."""
    rows = await tx.all(_LIST, query=None, listed=LISTED)
    return Pins(items=[Pin(**row) for row in rows])


async def put_pin(tx: WriteTx, staff: Viewer, wish: PutPin) -> Pin:
    """Replace the titles of a query, in order; none removes the pin.

    Raises:
        InvalidValue: some ids are of no title.
    """
    query = folded_query(wish.query)
    before = await _pin(tx, query)
    title_ids = list(dict.fromkeys(wish.title_ids))
    await tx.execute(_CLEAR, query=query)
    if await tx.execute(_ADD, query=query, title_ids=title_ids) < len(title_ids):
        raise InvalidValue("title_ids")
    after = Pin(query=query, title_ids=title_ids)
    await write_down(tx, staff, "search_pin.put", {"query": query}, before=before, after=after)
    return after


async def delete_pin(tx: WriteTx, staff: Viewer, query: str) -> None:
    """Remove the pin of a query.

    Raises:
        NotFound: it has none.
    """
    before = await _pin(tx, folded_query(query))
    if before is None:
        raise NotFound()
    await tx.execute(_CLEAR, query=before.query)
    await write_down(tx, staff, "search_pin.delete", {"query": before.query}, before=before)


async def _pin(tx: ReadTx, query: str) -> Pin | None:
    row = await tx.one(_LIST, query=query, listed=1)
    return Pin(**row) if row else None
