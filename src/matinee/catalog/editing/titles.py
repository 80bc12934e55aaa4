"""What editors do with titles: create, change, publish, withdraw, take down, delete."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from matinee.accounts.viewer import Viewer
from matinee.catalog.editing.changes import lock, write_down
from matinee.catalog.editing.schemas import (
    AdminTitle,
    AdminTitleRow,
    AdminTitles,
    ChangeStatus,
    CreateTitle,
    TitleFields,
    TitleSearch,
    UpdateTitle,
)
from matinee.catalog.events import titles_changed
from matinee.catalog.importers import loader
from matinee.catalog.importers.loader import Numbered, Written
from matinee.catalog.importers.problems import InvalidRow
from matinee.catalog.importers.rows import title_of
from matinee.catalog.requirements import MISSING, gaps_of
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Conflict, InvalidValue, NotFound, RuleViolated
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.text import like_pattern, searchable
from matinee.entitlements.ownership import refuse_in_use

_ONE = f"""
    SELECT t.id, t.external_id, t.kind, t.status, t.name, t.original_name, t.tagline, t.synopsis,
        t.year, t.runtime_minutes, t.language, t.audio_languages, t.subtitle_languages, t.genres,
        t.countries, t.studios, t.tags, t.mood_tags, t.theme_tags, t.ai_description,
        t.maturity_score, t.is_featured, t.segments, t.external_ids, t.version, t.added_at,
        t.updated_at,
        CASE WHEN t.maturity_label IS NOT NULL THEN
            jsonb_build_object('system', t.maturity_system, 'label', t.maturity_label)
        END AS maturity,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('name', p.name, 'role', c.role,
                    'character', c.character) ORDER BY c.position), '[]')
         FROM title_people c JOIN people p ON p.id = c.person_id WHERE c.title_id = t.id) AS people,
        (SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.language), '[]')
         FROM title_localizations l WHERE l.title_id = t.id) AS localizations,
        (SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'territory', r.territory, 'announced', r.announced,
                    'available_from', nullif(r.available_from, '-infinity'),
                    'available_until', nullif(r.available_until, 'infinity'))
                    ORDER BY r.territory, r.available_from), '[]')
         FROM title_rights r WHERE r.title_id = t.id) AS rights,
        (SELECT coalesce(jsonb_agg(to_jsonb(i) ORDER BY i.position), '[]')
         FROM title_images i WHERE i.title_id = t.id) AS images,
        (SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.position), '[]')
         FROM media_assets a WHERE a.title_id = t.id AND a.episode_id IS NULL) AS assets,
        {MISSING} AS missing
    FROM titles t WHERE t.id = :title_id
"""
_LOCK = "SELECT version, external_id FROM titles WHERE id = :title_id FOR UPDATE"
_NAME_IT = "UPDATE titles SET external_id = :external_id WHERE id = :title_id"
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
    "theme_tags", "segments", "people", "localizations", "rights", "images", "assets",
)  # fmt: skip
EMPTY: dict[str, Any] = {"external_ids": {}} | {name: [] for name in LISTS}
VERBS = {"published": "publish", "draft": "unpublish", "takedown": "takedown"}


async def list_titles(tx: ReadTx, wish: TitleSearch) -> AdminTitles:
    """Titles for editors, last changed first."""
    after_at, after_id = (
        decode_cursor(wish.cursor, (datetime, UUID)) if wish.cursor else (None, None)
    )
    rows = await tx.all(
        _LIST,
        q=like_pattern(searchable(wish.q)) if wish.q else None,
        status=wish.status,
        kind=wish.kind,
        after_at=after_at,
        after_id=after_id,
        wanted=wish.page_size + 1,
    )
    page = rows[: wish.page_size]
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
    return AdminTitle.model_validate({**row, "gaps": gaps_of(row["missing"])})


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
    if not (await _write(tx, said)).created:  # somebody added it at the same moment
        raise Conflict("external_id")
    created = await get_title(tx, await tx.scalar(_ID_OF, external_id=external_id))
    await write_down(tx, staff, "title.create", {"title": created.id}, after=created)
    return created


async def update_title(
    tx: WriteTx, staff: Viewer, title_id: UUID, wish: UpdateTitle, version: int | None
) -> AdminTitle:
    """Change what was given.

    Raises:
        NotFound: there is no such title.
        VersionConflict: somebody changed it since it was read.
        InvalidValue: the age rating is unknown.
        RuleViolated: the lists contradict themselves.
    """
    external_id = await _locked(tx, title_id, version)
    before = await get_title(tx, title_id)
    await _write(tx, {"name": before.name, **_said(wish), "external_id": external_id})
    after = await get_title(tx, title_id)
    targets = {"title": title_id}
    await write_down(
        tx, staff, "title.update", targets, before=before, after=after, reason=wish.reason
    )
    return after


async def change_status(
    tx: WriteTx, staff: Viewer, title_id: UUID, wish: ChangeStatus, version: int | None
) -> AdminTitle:
    """Publish, withdraw or take down; gaps are told, they do not prevent it.

    Raises:
        RuleViolated: a takedown without a reason.
        NotFound: there is no such title.
        VersionConflict: somebody changed it since it was read.
    """
    if wish.status == "takedown" and not wish.reason:
        raise RuleViolated("reason", message="A takedown needs a reason.")
    await _locked(tx, title_id, version)
    before = await get_title(tx, title_id)
    await tx.execute(_SET_STATUS, title_id=title_id, status=wish.status)
    await titles_changed(tx, [title_id])
    after = await get_title(tx, title_id)
    action, targets = f"title.{VERBS[wish.status]}", {"title": title_id}
    await write_down(tx, staff, action, targets, before=before, after=after, reason=wish.reason)
    return after


async def delete_title(tx: WriteTx, staff: Viewer, title_id: UUID, version: int | None) -> None:
    """Remove a title that is not published, with all that belongs to it.

    Raises:
        Conflict: it is published.
        TitleInUse: a household has it, or has ordered it.
        NotFound: there is no such title.
        VersionConflict: somebody changed it since it was read.
    """
    await _locked(tx, title_id, version)
    await refuse_in_use(tx, title_id)
    before = await get_title(tx, title_id)
    if not await tx.execute(_DELETE, title_id=title_id):
        raise Conflict("status", message="Withdraw the title before deleting it.")
    await write_down(tx, staff, "title.delete", {"title": title_id}, before=before)


async def _locked(tx: WriteTx, title_id: UUID, version: int | None) -> str:
    """The external id of a title that is now ours to change; it gets one where it had none."""
    row = await lock(tx, _LOCK, version, title_id=title_id)
    if row["external_id"] is not None:
        return str(row["external_id"])
    external_id = f"matinee:{title_id}"
    await tx.execute(_NAME_IT, title_id=title_id, external_id=external_id)
    return external_id


def _said(wish: TitleFields) -> dict[str, Any]:
    """The fields that were given; null empties a list."""
    given = wish.model_dump(exclude_unset=True, include=set(TitleFields.model_fields))
    return {name: EMPTY.get(name) if value is None else value for name, value in given.items()}


async def _write(tx: WriteTx, said: dict[str, Any]) -> Written:
    """Store it as an import would, without touching what the last import said."""
    try:
        row = title_of(said)
    except InvalidRow as problem:
        raise RuleViolated(problem.field, message=str(problem)) from None
    ratings = await loader.known_ratings(tx)
    if not loader.rating_is_known(row, ratings):
        allowed = sorted(f"{system} {label}" for system, label in ratings)
        raise InvalidValue("maturity", allowed=allowed)
    return await loader.write_rows(tx, [Numbered(0, row, None)], ratings)
