"""What editors do with titles: create, change, publish, withdraw, take down, delete."""

from typing import Any
from uuid import UUID, uuid4

from matinee.accounts.audit import Actor, record
from matinee.accounts.viewer import Viewer
from matinee.catalog.editing import (
    AdminTitle,
    AdminTitleRow,
    AdminTitles,
    ChangeStatus,
    CreateTitle,
    TitleFields,
    UpdateTitle,
)
from matinee.catalog.importers import loader
from matinee.catalog.importers.loader import Numbered
from matinee.catalog.importers.rows import TitleRow
from matinee.catalog.tags import CATALOG
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Conflict, InvalidValue, NotFound, RuleViolated, VersionConflict
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.text import like_pattern, searchable

_ONE = """
    SELECT t.*,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('person_id', p.id, 'name', p.name,
                    'role', c.role, 'character', c.character) ORDER BY c.position), '[]')
         FROM title_people c JOIN people p ON p.id = c.person_id WHERE c.title_id = t.id) AS people,
        (SELECT coalesce(jsonb_agg(to_jsonb(l) - 'title_id' ORDER BY l.language), '[]')
         FROM title_localizations l WHERE l.title_id = t.id) AS localizations,
        (SELECT coalesce(jsonb_agg(to_jsonb(r) - 'title_id' ORDER BY r.territory,
                    r.available_from), '[]')
         FROM title_rights r WHERE r.title_id = t.id) AS rights,
        (SELECT coalesce(jsonb_agg(to_jsonb(i) - 'title_id' ORDER BY i.kind, i.position), '[]')
         FROM title_images i WHERE i.title_id = t.id) AS images,
        (SELECT coalesce(jsonb_agg(to_jsonb(a) - 'title_id' ORDER BY a.kind, a.position), '[]')
         FROM media_assets a WHERE a.title_id = t.id AND a.episode_id IS NULL) AS assets
    FROM titles t WHERE t.id = :title_id
"""
_LOCK = "SELECT version, external_id FROM titles WHERE id = :title_id FOR UPDATE"
_LIST = """
    SELECT t.id, t.external_id, t.kind, t.status, t.name, t.year, t.genres, t.maturity_score,
           t.version, t.updated_at
    FROM titles t
    WHERE (:q::text IS NULL OR t.folded_name LIKE '%' || :q || '%')
      AND (:status::text IS NULL OR t.status = :status)
      AND (:kind::text IS NULL OR t.kind = :kind)
      AND (:after_id::uuid IS NULL OR (t.updated_at, t.id) < (:after_at::timestamptz, :after_id))
    ORDER BY t.updated_at DESC, t.id DESC LIMIT :wanted
"""
_ID_OF = "SELECT id FROM titles WHERE external_id = :external_id"
_SET_STATUS = """
    UPDATE titles
    SET status = :status, version = version + 1, updated_at = clock_timestamp(),
        added_at = CASE WHEN :status = 'published' AND status = 'draft'
                        THEN clock_timestamp() ELSE added_at END
    WHERE id = :title_id
"""
_DELETE = "DELETE FROM titles WHERE id = :title_id AND status <> 'published'"

LISTS = (
    "audio_languages", "subtitle_languages", "genres", "countries", "studios", "tags", "mood_tags",
    "theme_tags", "people", "localizations", "rights", "images", "assets",
)  # fmt: skip


async def list_titles(
    tx: ReadTx,
    *,
    q: str | None,
    status: str | None,
    kind: str | None,
    cursor: str | None,
    page_size: int,
) -> AdminTitles:
    """Titles for editors, last changed first."""
    after_at, after_id = decode_cursor(cursor, (str, UUID)) if cursor else (None, None)
    rows = await tx.all(
        _LIST,
        q=like_pattern(searchable(q)) if q else None,
        status=status,
        kind=kind,
        after_at=after_at,
        after_id=after_id,
        wanted=page_size + 1,
    )
    page = rows[:page_size]
    more = len(rows) > len(page)
    cursor = encode_cursor(page[-1]["updated_at"], page[-1]["id"]) if more else None
    return AdminTitles(items=[AdminTitleRow(**row) for row in page], next_cursor=cursor)


async def get_title(tx: ReadTx, title_id: UUID) -> AdminTitle:
    """A title with all that belongs to it.

    Raises:
        NotFound: there is none.
    """
    row = await tx.one(_ONE, title_id=title_id)
    if row is None:
        raise NotFound()
    return AdminTitle.model_validate(dict(row))


async def create_title(tx: WriteTx, staff: Viewer, wish: CreateTitle) -> AdminTitle:
    """Add a title; a draft unless asked otherwise.

    Raises:
        Conflict: the external id is taken.
        InvalidValue: the age rating is unknown.
    """
    external_id = wish.external_id or f"matinee:{uuid4()}"
    if await tx.scalar(_ID_OF, external_id=external_id) is not None:
        raise Conflict("external_id")
    said = _said(wish) | {"external_id": external_id, "kind": wish.kind, "status": wish.status}
    await _write(tx, TitleRow(**said))
    title_id = await tx.scalar(_ID_OF, external_id=external_id)
    created = await get_title(tx, title_id)
    await record(
        tx,
        Actor.of(staff),
        "title.create",
        targets={"title": title_id},
        after=created.model_dump(mode="json"),
    )
    tx.invalidate(CATALOG)
    return created


async def update_title(
    tx: WriteTx, staff: Viewer, title_id: UUID, wish: UpdateTitle, version: int | None
) -> AdminTitle:
    """Change what was given.

    Raises:
        NotFound: there is no such title.
        VersionConflict: somebody changed it since it was read.
    """
    external_id = await _locked(tx, title_id, version)
    before = await get_title(tx, title_id)
    said = _said(wish) | {"external_id": external_id, "kind": before.kind, "status": before.status}
    await _write(tx, TitleRow(**({"name": before.name} | said)))
    after = await get_title(tx, title_id)
    await _record_change(tx, staff, "title.update", before, after, wish.reason)
    return after


async def change_status(
    tx: WriteTx, staff: Viewer, title_id: UUID, wish: ChangeStatus, version: int | None
) -> AdminTitle:
    """Publish, withdraw or take down.

    Raises:
        RuleViolated: a takedown without a reason.
    """
    if wish.status == "takedown" and not wish.reason:
        raise RuleViolated("reason", message="A takedown needs a reason.")
    await _locked(tx, title_id, version)
    before = await get_title(tx, title_id)
    await tx.execute(_SET_STATUS, title_id=title_id, status=wish.status)
    after = await get_title(tx, title_id)
    await _record_change(tx, staff, f"title.{_VERBS[wish.status]}", before, after, wish.reason)
    return after


_VERBS = {"published": "publish", "draft": "unpublish", "takedown": "takedown"}


async def delete_title(tx: WriteTx, staff: Viewer, title_id: UUID, version: int | None) -> None:
    """Remove a title that is not published, with all that belongs to it.

    Raises:
        Conflict: it is published.
    """
    await _locked(tx, title_id, version)
    before = await get_title(tx, title_id)
    if not await tx.execute(_DELETE, title_id=title_id):
        raise Conflict("status", message="Withdraw the title before deleting it.")
    await record(
        tx,
        Actor.of(staff),
        "title.delete",
        targets={"title": title_id},
        before=before.model_dump(mode="json"),
    )
    tx.invalidate(CATALOG)


async def _locked(tx: WriteTx, title_id: UUID, version: int | None) -> str:
    """The external id of a title that is now ours to change."""
    row = await tx.one(_LOCK, title_id=title_id)
    if row is None:
        raise NotFound()
    if version is not None and version != row["version"]:
        raise VersionConflict(version=row["version"])
    return str(row["external_id"])


def _said(wish: TitleFields) -> dict[str, Any]:
    """The fields that were given; null empties a list."""
    given = wish.model_dump(exclude_unset=True, include=set(TitleFields.model_fields))
    return {
        name: ([] if value is None and name in LISTS else value) for name, value in given.items()
    }


async def _write(tx: WriteTx, row: TitleRow) -> None:
    ratings = await loader.known_ratings(tx)
    _, errors = loader.check_ratings([(0, row)], ratings)
    if errors:
        allowed = sorted(f"{system} {label}" for system, label in ratings)
        raise InvalidValue("maturity", allowed=allowed)
    await loader.write_rows(tx, [Numbered(0, row, None, exists=True)], ratings)


async def _record_change(
    tx: WriteTx,
    staff: Viewer,
    action: str,
    before: AdminTitle,
    after: AdminTitle,
    reason: str | None,
) -> None:
    await record(
        tx,
        Actor.of(staff),
        action,
        targets={"title": after.id},
        before=before.model_dump(mode="json"),
        after=after.model_dump(mode="json"),
        reason=reason,
    )
    tx.invalidate(CATALOG)
