"""Sources of guides: what staff does with them, and what an import needs to know."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from matinee.accounts.changes import assignments, lock, write_down
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Conflict, InvalidValue, NotFound
from matinee.epg.importing.problems import ImportRunning
from matinee.epg.importing.schemas import (
    CreateSource,
    GuideSource,
    GuideSources,
    SourceFields,
    UpdateSource,
)
from matinee.epg.tags import GUIDE

_SOURCES = """
    SELECT s.*, coalesce(s.lease_until > clock_timestamp(), false) AS importing,
           (SELECT count(*) FROM epg_source_channels c WHERE c.source_id = s.id) AS channels,
           (SELECT count(DISTINCT m.xmltv_id) FROM channel_epg_map m
            WHERE m.source_id = s.id AND m.state = 'applied') AS mapped_channels
    FROM epg_sources s
    WHERE :source_id::uuid IS NULL OR s.id = :source_id
    ORDER BY s.priority DESC, s.name
"""
_LOCK = """
    SELECT version, lease_until > clock_timestamp() AS importing FROM epg_sources
    WHERE id = :source_id FOR UPDATE
"""
_ID_OF = "SELECT id FROM epg_sources WHERE name = :name"
_ADD = """
    INSERT INTO epg_sources (name, kind, url) VALUES (:name, :kind, :url)
    ON CONFLICT (name) DO NOTHING RETURNING id
"""
_UPDATE = "UPDATE epg_sources SET {assignments} WHERE id = :source_id"
# What was fetched before may mean something else now.
_NEXT_VERSION = """
    UPDATE epg_sources SET version = version + 1, http_etag = NULL, http_last_modified = NULL
    WHERE id = :source_id
"""
_DELETE = "DELETE FROM epg_sources WHERE id = :source_id"
_SLOWLY = "SET LOCAL statement_timeout = '60s'"
# A channel that was mapped since, or that could be, would be missed by asking only for what is new.
_FOR_IMPORT = """
    SELECT id, name, kind, url, country, default_offset_minutes,
           CASE WHEN outdated THEN NULL ELSE http_etag END AS etag,
           CASE WHEN outdated THEN NULL ELSE http_last_modified END AS last_modified
    FROM (
        SELECT s.*, EXISTS (
                   SELECT FROM channel_epg_map m
                   WHERE m.source_id = s.id AND m.changed_at >= s.last_success_at
               ) OR EXISTS (
                   SELECT FROM channels c
                   WHERE c.kind = 'external' AND c.updated_at >= s.last_success_at
               ) AS outdated
        FROM epg_sources s WHERE s.id = :source_id
    ) AS found
"""
_SUCCEEDED = """
    UPDATE epg_sources
    SET programmes = coalesce(:programmes, programmes), last_success_at = last_run_at,
        http_etag = :etag, http_last_modified = :last_modified
    WHERE id = :source_id
"""

CLEARABLE = ("country",)
"""Columns that null empties."""


@dataclass(frozen=True)
class Source:
    """A source as an import needs it; `etag` and `last_modified` of what was imported last."""

    id: UUID
    name: str
    kind: str
    url: str | None
    country: str | None
    default_offset_minutes: int
    etag: str | None
    last_modified: str | None


async def list_sources(tx: ReadTx) -> GuideSources:
    """All sources, the highest first."""
    rows = await tx.all(_SOURCES, source_id=None)
    return GuideSources(items=[GuideSource.model_validate(dict(row)) for row in rows])


async def get_source(tx: ReadTx, source_id: UUID) -> GuideSource:
    """A source.

    Raises:
        NotFound: there is none of that id.
    """
    row = await tx.one(_SOURCES, source_id=source_id)
    if row is None:
        raise NotFound()
    return GuideSource.model_validate(dict(row))


async def create_source(tx: WriteTx, staff: Viewer, wish: CreateSource) -> GuideSource:
    """Add a source; one with an address is fetched within a minute.

    Raises:
        Conflict: the name is taken.
        InvalidValue: the address is missing, or there is one of what is uploaded.
    """
    if (wish.kind == "url") != (wish.url is not None):
        raise InvalidValue("url", message="An address belongs to a source that is fetched.")
    source_id = await add_source(tx, wish.name, wish.url)
    if source_id is None:
        raise Conflict("name")
    await _set(tx, source_id, _given(wish, besides={"name", "kind", "url"}))
    created = await get_source(tx, source_id)
    await write_down(tx, staff, "guide_source.create", {"source": source_id}, after=created)
    return created


async def add_source(tx: WriteTx, name: str, url: str | None) -> UUID | None:
    """A new source: of an address, or else of uploads; None where the name is taken."""
    added: UUID | None = await tx.scalar(_ADD, name=name, kind="url" if url else "upload", url=url)
    return added


async def find_source(tx: ReadTx, name: str) -> UUID | None:
    """The source of that name."""
    found: UUID | None = await tx.scalar(_ID_OF, name=name)
    return found


async def update_source(
    tx: WriteTx, staff: Viewer, source_id: UUID, wish: UpdateSource, version: int | None
) -> GuideSource:
    """Change what was given; what it fills changes with its next import.

    Raises:
        NotFound: there is none of that id.
        VersionConflict: somebody changed it since it was read.
        Conflict: the name is taken.
        InvalidValue: something is null that cannot be, or what is uploaded would get an address.
    """
    await lock(tx, _LOCK, version, source_id=source_id)
    before = await get_source(tx, source_id)
    given = _given(wish, besides={"reason"})
    if "url" in given and before.kind != "url":
        raise InvalidValue("url", message="This source is uploaded.")
    if "name" in given and await find_source(tx, given["name"]) not in (None, source_id):
        raise Conflict("name")
    await _set(tx, source_id, given)
    await tx.execute(_NEXT_VERSION, source_id=source_id)
    after = await get_source(tx, source_id)
    await write_down(
        tx,
        staff,
        "guide_source.update",
        {"source": source_id},
        before=before,
        after=after,
        reason=wish.reason,
    )
    tx.invalidate(GUIDE)
    return after


async def delete_source(tx: WriteTx, staff: Viewer, source_id: UUID, version: int | None) -> None:
    """Remove a source with its channels and mappings; airings stay until others replace them.

    Raises:
        NotFound: there is none of that id.
        VersionConflict: somebody changed it since it was read.
        ImportRunning: it is being imported.
    """
    row = await lock(tx, _LOCK, version, source_id=source_id)
    if row["importing"]:
        raise ImportRunning()
    before = await get_source(tx, source_id)
    await tx.execute(_SLOWLY)
    await tx.execute(_DELETE, source_id=source_id)
    await write_down(tx, staff, "guide_source.delete", {"source": source_id}, before=before)
    tx.invalidate(GUIDE)


async def source_for_import(tx: ReadTx, source_id: UUID) -> Source:
    """What an import needs to know.

    Raises:
        NotFound: there is none of that id.
    """
    row = await tx.one(_FOR_IMPORT, source_id=source_id)
    if row is None:
        raise NotFound()
    return Source(**row)


async def note_success(
    tx: WriteTx,
    source_id: UUID,
    *,
    programmes: int | None,
    etag: str | None,
    last_modified: str | None,
) -> None:
    """Remember what was imported last; `programmes` None leaves their number as it is."""
    await tx.execute(
        _SUCCEEDED,
        source_id=source_id,
        programmes=programmes,
        etag=etag,
        last_modified=last_modified,
    )


def _given(wish: SourceFields, besides: set[str]) -> dict[str, Any]:
    given = wish.model_dump(exclude_unset=True, exclude=besides)
    for name, value in given.items():
        if value is None and name not in CLEARABLE:
            raise InvalidValue(name, message="This cannot be cleared.")
    return given


async def _set(tx: WriteTx, source_id: UUID, columns: dict[str, Any]) -> None:
    if columns:
        sql = _UPDATE.format(assignments=assignments(columns))
        await tx.execute(sql, source_id=source_id, **columns)
