"""Editorial collections (S-07) as viewers see them: lists made by hand or by a saved filter."""

from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog import browse
from matinee.catalog.cards import cards_for
from matinee.catalog.filters import Browse
from matinee.catalog.schemas import CollectionCard, CollectionOut, Collections
from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.entitlements.visibility import VISIBLE, visibility_of

LEAST = 3
"""A collection with fewer visible titles is not shown at all."""
MOST = 200
"""So many collections are listed at most."""
COUNTED = 1000

_PUBLISHED = f"""
    SELECT c.id, c.slug, c.name, c.description, c.kind, c.filter, c.image_url,
           (
               SELECT count(*) FROM collection_items i JOIN titles t ON t.id = i.title_id
               WHERE c.kind = 'manual' AND i.collection_id = c.id AND {VISIBLE}
           ) AS titles
    FROM collections c
    WHERE c.status = 'published' AND c.published_from <= statement_timestamp()
      AND statement_timestamp() < c.published_until AND (:slug::text IS NULL OR c.slug = :slug)
    ORDER BY c.position, c.name, c.slug LIMIT :most
"""
_ITEMS = f"""
    SELECT t.id, i.position
    FROM collection_items i JOIN titles t ON t.id = i.title_id
    WHERE i.collection_id = :collection_id AND {VISIBLE}
      AND (:after_position::bigint IS NULL
           OR (i.position, t.id) > (:after_position::bigint, :after_id::uuid))
    ORDER BY i.position, t.id LIMIT :wanted
"""


async def list_collections(tx: ReadTx, viewer: Viewer) -> Collections:
    """Published collections with enough titles for this viewer, in the operator's order."""
    return Collections(items=[card for _, card in await _published(tx, viewer, None)])


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
    row, card = found[0]
    ids, next_cursor = await _page(tx, viewer, row, cursor, page_size)
    items = await cards_for(tx, viewer, ids)
    return CollectionOut(**card.model_dump(), items=items, next_cursor=next_cursor)


async def _published(
    tx: ReadTx, viewer: Viewer, slug: str | None
) -> list[tuple[Row, CollectionCard]]:
    """Collections with enough visible titles; all smart ones are counted by one statement."""
    rows = await tx.all(_PUBLISHED, slug=slug, most=MOST, **visibility_of(viewer))
    smart = [row for row in rows if row["kind"] == "smart"]
    filters = [saved_filter(row["filter"]) for row in smart]
    counts = await browse.count_titles(tx, viewer, filters, cap=COUNTED)
    counted = {row["id"]: count for row, count in zip(smart, counts, strict=True)}
    cards = [(row, _card_of(row, counted.get(row["id"], row["titles"]))) for row in rows]
    return [(row, card) for row, card in cards if card.titles >= LEAST]


def _card_of(row: Row, titles: int) -> CollectionCard:
    return CollectionCard(
        slug=row["slug"],
        name=row["name"],
        description=row["description"],
        image_url=row["image_url"],
        titles=min(titles, COUNTED),
    )


async def _page(
    tx: ReadTx, viewer: Viewer, row: Row, cursor: str | None, page_size: int
) -> tuple[list[UUID], str | None]:
    if row["kind"] == "smart":
        wish = saved_filter(row["filter"])
        page = wish.model_copy(update={"cursor": cursor, "page_size": page_size})
        return await browse.find_ids(tx, viewer, page)
    after_position, after_id = decode_cursor(cursor, (int, UUID)) if cursor else (None, None)
    rows = await tx.all(
        _ITEMS,
        collection_id=row["id"],
        after_position=after_position,
        after_id=after_id,
        wanted=page_size + 1,
        **visibility_of(viewer),
    )
    found = rows[:page_size]
    more = len(rows) > len(found)
    next_cursor = encode_cursor(found[-1]["position"], found[-1]["id"]) if more else None
    return [item["id"] for item in found], next_cursor


def saved_filter(stored: dict[str, Any]) -> Browse:
    """The filter of a smart collection as a list request.

    It was checked when it was saved; a label that has left the vocabulary since matches nothing.
    """
    return Browse.model_construct(**stored)
