"""What editors do with collections (S-07): fill them by hand or by a saved filter, publish them."""

from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.editing.changes import assignments, lock, write_down
from matinee.catalog.genres import read_genres, unknown_genres
from matinee.catalog.importers.rows import BEGINNING_OF_TIME, END_OF_TIME
from matinee.catalog.shelves.schemas import (
    AdminCollection,
    AdminCollections,
    CollectionFields,
    CollectionItems,
    CreateCollection,
    UpdateCollection,
)
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import InvalidValue, NotFound, RuleViolated

_COLLECTIONS = """
    SELECT c.id, c.slug, c.name, c.description, c.kind, c.filter, c.image_url, c.position,
           c.status, c.version, nullif(c.published_from, '-infinity') AS published_from,
           nullif(c.published_until, 'infinity') AS published_until,
           ARRAY(SELECT i.title_id FROM collection_items i WHERE i.collection_id = c.id
                 ORDER BY i.position, i.title_id) AS title_ids
    FROM collections c
    WHERE :collection_id::uuid IS NULL OR c.id = :collection_id
    ORDER BY c.position, c.name, c.slug
"""
_LOCK = "SELECT version, kind FROM collections WHERE id = :collection_id FOR UPDATE"
_ADD = "INSERT INTO collections (slug, name) VALUES (:slug, :name) RETURNING id"
_UPDATE = """
    UPDATE collections SET {assignments}, updated_at = clock_timestamp() WHERE id = :collection_id
"""
_NEXT_VERSION = "UPDATE collections SET version = version + 1 WHERE id = :collection_id"
_DELETE = "DELETE FROM collections WHERE id = :collection_id"
_EMPTY = "DELETE FROM collection_items WHERE collection_id = :collection_id"
_FILL = """
    INSERT INTO collection_items (collection_id, title_id, position)
    SELECT :collection_id, title_id, n
    FROM unnest(:title_ids::uuid[]) WITH ORDINALITY AS item(title_id, n)
"""
_UNKNOWN_TITLES = """
    SELECT item.id FROM unnest(:title_ids::uuid[]) AS item(id)
    WHERE NOT EXISTS (SELECT FROM titles t WHERE t.id = item.id)
"""

UNBOUNDED = {"published_from": BEGINNING_OF_TIME, "published_until": END_OF_TIME}
CANNOT_BE_CLEARED = ("slug", "name", "position", "status")


async def list_collections(tx: ReadTx) -> AdminCollections:
    """All collections, drafts included, in the operator's order."""
    rows = await tx.all(_COLLECTIONS, collection_id=None)
    return AdminCollections(items=[AdminCollection(**row) for row in rows])


async def get_collection(tx: ReadTx, collection_id: UUID) -> AdminCollection:
    """A collection.

    Raises:
        NotFound: there is none of that id.
    """
    row = await tx.one(_COLLECTIONS, collection_id=collection_id)
    if row is None:
        raise NotFound()
    return AdminCollection(**row)


async def create_collection(tx: WriteTx, staff: Viewer, wish: CreateCollection) -> AdminCollection:
    """Add a collection.

    Raises:
        Conflict: the slug is taken.
        InvalidValue: the filter names an unknown genre.
    """
    collection_id = await tx.scalar(_ADD, slug=wish.slug, name=wish.name)
    await _set(tx, collection_id, wish)
    created = await get_collection(tx, collection_id)
    await write_down(tx, staff, "collection.create", {"collection": created.id}, after=created)
    return created


async def update_collection(
    tx: WriteTx, staff: Viewer, collection_id: UUID, wish: UpdateCollection, version: int | None
) -> AdminCollection:
    """Change what was given.

    Raises:
        NotFound: there is none of that id.
        VersionConflict: somebody changed it since it was read.
        Conflict: the slug is taken.
        InvalidValue: the filter names an unknown genre.
        RuleViolated: it would close before it opens.
    """
    await lock(tx, _LOCK, version, collection_id=collection_id)
    before = await get_collection(tx, collection_id)
    await _set(tx, collection_id, wish)
    return await _changed(tx, staff, "collection.update", before)


async def put_items(
    tx: WriteTx, staff: Viewer, collection_id: UUID, wish: CollectionItems, version: int | None
) -> AdminCollection:
    """Replace the titles of a collection made by hand, in order.

    Raises:
        NotFound: there is none of that id.
        VersionConflict: somebody changed it since it was read.
        RuleViolated: it is a smart one.
        InvalidValue: some ids are of no title.
    """
    row = await lock(tx, _LOCK, version, collection_id=collection_id)
    if row["kind"] == "smart":
        raise RuleViolated("title_ids", message="A smart collection fills itself.")
    title_ids = list(dict.fromkeys(wish.title_ids))
    if unknown := await tx.all(_UNKNOWN_TITLES, title_ids=title_ids):
        raise InvalidValue("title_ids", unknown=[str(row["id"]) for row in unknown])
    before = await get_collection(tx, collection_id)
    await tx.execute(_EMPTY, collection_id=collection_id)
    await tx.execute(_FILL, collection_id=collection_id, title_ids=title_ids)
    return await _changed(tx, staff, "collection.fill", before)


async def delete_collection(
    tx: WriteTx, staff: Viewer, collection_id: UUID, version: int | None
) -> None:
    """Remove a collection; its titles stay.

    Raises:
        NotFound: there is none of that id.
        VersionConflict: somebody changed it since it was read.
    """
    await lock(tx, _LOCK, version, collection_id=collection_id)
    before = await get_collection(tx, collection_id)
    await tx.execute(_DELETE, collection_id=collection_id)
    await write_down(tx, staff, "collection.delete", {"collection": collection_id}, before=before)


async def _set(tx: WriteTx, collection_id: UUID, wish: CollectionFields) -> None:
    """Store what was given; a filter makes the collection smart, and empties it."""
    columns = wish.model_dump(exclude_unset=True, exclude={"filter"})
    for required in CANNOT_BE_CLEARED:
        if columns.get(required, required) is None:
            raise InvalidValue(required, message="This cannot be cleared.")
    for bound, unbounded in UNBOUNDED.items():
        if bound in columns:
            columns[bound] = columns[bound] or unbounded
    if "filter" in wish.model_fields_set:
        columns |= await _filter_columns(tx, wish)
        if columns["kind"] == "smart":
            await tx.execute(_EMPTY, collection_id=collection_id)
    if columns:
        sql = _UPDATE.format(assignments=assignments(columns))
        await tx.execute(sql, collection_id=collection_id, **columns)


async def _filter_columns(tx: ReadTx, wish: CollectionFields) -> dict[str, Any]:
    if wish.filter is None:
        return {"kind": "manual", "filter": None}
    genres = await read_genres(tx)
    if unknown_genres(wish.filter.genre, genres):
        raise InvalidValue("filter.genre", allowed=sorted(genres))
    return {"kind": "smart", "filter": wish.filter.model_dump(exclude_defaults=True)}


async def _changed(
    tx: WriteTx, staff: Viewer, action: str, before: AdminCollection
) -> AdminCollection:
    await tx.execute(_NEXT_VERSION, collection_id=before.id)
    after = await get_collection(tx, before.id)
    await write_down(tx, staff, action, {"collection": before.id}, before=before, after=after)
    return after
