"""What editors do with people: find, rename, merge duplicates."""

from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.editing.changes import assignments, write_down
from matinee.catalog.events import titles_changed
from matinee.catalog.importers.children import person_key
from matinee.catalog.shelves.schemas import (
    AdminPeople,
    AdminPerson,
    MergePerson,
    PeopleSearch,
    UpdatePerson,
)
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import InvalidValue, NotFound, RuleViolated
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.text import like_pattern

_COLUMNS = """
    p.id, p.name, p.name_key, p.external_ids,
    (SELECT count(*) FROM title_people c WHERE c.person_id = p.id) AS credits
"""
_LIST = f"""
    SELECT {_COLUMNS} FROM people p
    WHERE (:q::text IS NULL OR p.name_key LIKE '%' || :q || '%')
      AND (:after::text IS NULL OR p.name_key > :after)
    ORDER BY p.name_key LIMIT :wanted
"""
_ONE = f"SELECT {_COLUMNS} FROM people p WHERE p.id = :person_id"
_LOCK = "SELECT id FROM people WHERE id = ANY (:ids::uuid[]) ORDER BY id FOR UPDATE"
_TOUCH_TITLES = """
    UPDATE titles SET version = version + 1, updated_at = clock_timestamp()
    WHERE id IN (SELECT title_id FROM title_people WHERE person_id = :person_id) RETURNING id
"""
_MOVE_CREDITS = "UPDATE title_people SET person_id = :into WHERE person_id = :person_id"
_DROP_REPEATED_CREDITS = """
    DELETE FROM title_people repeated
    USING title_people kept
    WHERE repeated.person_id = :into AND kept.person_id = :into
      AND repeated.title_id = kept.title_id AND repeated.position > kept.position
      AND repeated.role = kept.role AND repeated.character IS NOT DISTINCT FROM kept.character
"""
_MOVE_EXTERNAL_IDS = """
    UPDATE people p SET external_ids = gone.external_ids || p.external_ids
    FROM people gone WHERE p.id = :into AND gone.id = :person_id
"""
_DELETE = "DELETE FROM people WHERE id = :person_id"


async def list_people(tx: ReadTx, wish: PeopleSearch) -> AdminPeople:
    """People by name, found by any part of it."""
    (after,) = decode_cursor(wish.cursor, (str,)) if wish.cursor else (None,)
    rows = await tx.all(
        _LIST,
        q=like_pattern(person_key(wish.q)) if wish.q else None,
        after=after,
        wanted=wish.page_size + 1,
    )
    page = rows[: wish.page_size]
    more = len(rows) > len(page)
    cursor = encode_cursor(page[-1]["name_key"]) if more else None
    return AdminPeople(items=[AdminPerson(**row) for row in page], next_cursor=cursor)


async def get_person(tx: ReadTx, person_id: UUID) -> AdminPerson:
    """Somebody.

    Raises:
        NotFound: nobody has that id.
    """
    row = await tx.one(_ONE, person_id=person_id)
    if row is None:
        raise NotFound()
    return AdminPerson(**row)


async def update_person(
    tx: WriteTx, staff: Viewer, person_id: UUID, wish: UpdatePerson
) -> AdminPerson:
    """Rename somebody; an import that still gives the old name brings a namesake.

    Raises:
        NotFound: nobody has that id.
        Conflict: somebody else has that name; merge the two.
    """
    await _lock(tx, person_id)
    before = await get_person(tx, person_id)
    given = wish.model_dump(exclude_unset=True)
    if given.get("name", "") is None:
        raise InvalidValue("name", message="Everybody needs a name.")
    if "external_ids" in given:
        given["external_ids"] = given["external_ids"] or {}
    if "name" in given:
        given["name_key"] = person_key(given["name"])
        await _touch_titles(tx, person_id)
    if given:
        sql = f"UPDATE people SET {assignments(given)} WHERE id = :person_id"
        await tx.execute(sql, person_id=person_id, **given)
    after = await get_person(tx, person_id)
    await write_down(tx, staff, "person.update", {"person": person_id}, before=before, after=after)
    return after


async def merge_person(
    tx: WriteTx, staff: Viewer, person_id: UUID, wish: MergePerson
) -> AdminPerson:
    """Give all credits of somebody to another entry of the same person, and remove the first.

    Raises:
        NotFound: one of the two does not exist.
        RuleViolated: both are the same.
    """
    if person_id == wish.into:
        raise RuleViolated("into", message="Nobody can be merged into himself.")
    await _lock(tx, person_id, wish.into)
    before = await get_person(tx, person_id)
    await _touch_titles(tx, person_id)
    await tx.execute(_MOVE_CREDITS, person_id=person_id, into=wish.into)
    await tx.execute(_DROP_REPEATED_CREDITS, into=wish.into)
    await tx.execute(_MOVE_EXTERNAL_IDS, person_id=person_id, into=wish.into)
    await tx.execute(_DELETE, person_id=person_id)
    merged = await get_person(tx, wish.into)
    targets = {"person": wish.into, "merged": person_id}
    await write_down(tx, staff, "person.merge", targets, before=before, after=merged)
    return merged


async def _touch_titles(tx: WriteTx, person_id: UUID) -> None:
    touched = await tx.all(_TOUCH_TITLES, person_id=person_id)
    await titles_changed(tx, [row["id"] for row in touched])


async def _lock(tx: WriteTx, *ids: UUID) -> None:
    if len(await tx.all(_LOCK, ids=list(ids))) < len(ids):
        raise NotFound()
