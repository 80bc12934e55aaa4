"""Editorial collections (S-07): lists made by hand or by a saved filter."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog import browse
from matinee.catalog.browse import Browse
from matinee.catalog.cards import cards_for
from matinee.catalog.schemas import CollectionCard, CollectionOut, Collections
from matinee.catalog.visibility import VISIBLE, visibility_of
from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound
from matinee.core.paging import decode_cursor, encode_cursor

LEAST = 3
"""A collection with fewer visible titles is not shown at all."""

_PUBLISHED = """
    SELECT c.id, c.slug, c.name, c.description, c.kind, c.filter, c.image_url,
           (
               SELECT count(*) FROM collection_items i JOIN titles t ON t.id = i.title_id
               WHERE c.kind = 'manual' AND i.collection_id = c.id AND {visible}
           ) AS titles
    FROM collections c
    WHERE c.status = 'published' AND c.published_from <= statement_timestamp()
      AND statement_timestamp() < c.published_until AND (:slug::text IS NULL OR c.slug = :slug)
    ORDER BY c.position, c.name
"""
_ITEMS = f"""
    SELECT t.id, i.position
    FROM collection_items i JOIN titles t ON t.id = i.title_id
    WHERE i.collection_id = :collection_id AND {VISIBLE}
      AND (:after_position::int IS NULL
           OR (i.position, t.id) > (:after_position::int, :after_id::uuid))
    ORDER BY i.position, t.id LIMIT :wanted
"""


async def list_collections(tx: ReadTx, viewer: Viewer) -> Collections:
    """Published collections with enough titles for this viewer, in the operator's order."""
    cards = [await _card_of(tx, viewer, row) for row in await _published(tx, viewer, None)]
    return Collections(items=[card for card in cards if card.titles >= LEAST])


async def collection(
    tx: ReadTx, viewer: Viewer, slug: str, *, cursor: str | None, page_size: int
) -> CollectionOut:
    """A collection with one page of its visible titles.

    Raises:
        NotFound: no such collection, or too few of its titles are visible.
    """
    found = await _published(tx, viewer, slug)
    if not found:
        raise NotFound()
    card = await _card_of(tx, viewer, found[0])
    if card.titles < LEAST:
        raise NotFound()
    ids, next_cursor = await _page(tx, viewer, found[0], cursor, page_size)
    items = await cards_for(tx, viewer, ids)
    return CollectionOut(**card.model_dump(), items=items, next_cursor=next_cursor)


async def _published(tx: ReadTx, viewer: Viewer, slug: str | None) -> Sequence[Row]:
    sql = _PUBLISHED.format(visible=VISIBLE)
    return await tx.all(sql, slug=slug, **visibility_of(viewer))


async def _card_of(tx: ReadTx, viewer: Viewer, row: Row) -> CollectionCard:
    titles = row["titles"]
    if row["kind"] == "smart":
        titles = await browse.count_titles(tx, viewer, saved_filter(row["filter"], 1))
    return CollectionCard(
        slug=row["slug"],
        name=row["name"],
        description=row["description"],
        image_url=row["image_url"],
        titles=titles,
    )


async def _page(
    tx: ReadTx, viewer: Viewer, row: Row, cursor: str | None, page_size: int
) -> tuple[list[UUID], str | None]:
    if row["kind"] == "smart":
        wish = saved_filter(row["filter"], page_size)
        return await browse.find_ids(tx, viewer, wish.model_copy(update={"cursor": cursor}))
    after_position, after_id = decode_cursor(cursor, (int, UUID)) if cursor else (None, None)
    rows = await tx.all(
        _ITEMS,
        collection_id=row["id"],
        after_position=after_position,
        after_id=after_id,
        wanted=page_size + 1,
        **visibility_of(viewer),
    )
    page = rows[:page_size]
    more = len(rows) > len(page)
    next_cursor = encode_cursor(page[-1]["position"], page[-1]["id"]) if more else None
    return [item["id"] for item in page], next_cursor


def saved_filter(stored: dict[str, Any], page_size: int) -> Browse:
    """The filter of a smart collection as a list request."""
    return Browse(**(stored | {"page_size": page_size}))
