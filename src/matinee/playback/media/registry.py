"""Which media of the folder the service may play: rows of `media_files`, kept by staff."""

import asyncio
import shutil
from dataclasses import asdict
from typing import Any

from matinee.accounts.audit import Actor, record
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, NotFound, RuleViolated
from matinee.core.jobs import JobRun, enqueue, job
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.playback.media.library import Library, MediaDamaged, MediaFile, library_at
from matinee.playback.media.schemas import Media, MediaPage
from matinee.runtime import Runtime

_LIST = """
    SELECT * FROM media_files WHERE slug > :after ORDER BY slug LIMIT :limit
"""
_ONE = "SELECT * FROM media_files WHERE slug = :slug"
_LOCK = "SELECT * FROM media_files WHERE slug = :slug FOR UPDATE"
_PUT = """
    INSERT INTO media_files (slug, name, segment_count, size_bytes, details)
    VALUES (:slug, :name, :segment_count, :size_bytes, :details::jsonb)
    ON CONFLICT (slug) DO UPDATE SET name = excluded.name,
        segment_count = excluded.segment_count, size_bytes = excluded.size_bytes,
        details = excluded.details
    RETURNING *
"""
_USES = """
    SELECT
        EXISTS (SELECT FROM media_assets
                WHERE protocol = 'builtin' AND url = :slug) AS titles,
        EXISTS (SELECT FROM linear_plans
                WHERE filler = :slug
                   OR jsonb_path_exists(plan, '$.** ? (@ == $slug)',
                                        jsonb_build_object('slug', :slug::text))) AS plans,
        EXISTS (SELECT FROM linear_slots WHERE :slug = ANY (media))
        OR EXISTS (SELECT FROM playout_runs WHERE :slug = ANY (media)) AS broadcasts
"""
_DELETE = "DELETE FROM media_files WHERE slug = :slug"
_EXISTS = "SELECT EXISTS (SELECT FROM media_files WHERE slug = :slug)"
_SLUGS = "SELECT slug FROM media_files"


class MediaInUse(Conflict):
    """Titles or channels play these media."""


class NoSuchMedia(RuleViolated):
    """There is no such folder of media on this machine, or it is damaged."""


async def list_media(tx: ReadTx, cursor: str | None, page_size: int) -> MediaPage:
    """One page of what is registered."""
    after = decode_cursor(cursor, [str])[0] if cursor else ""
    rows = await tx.all(_LIST, after=after or "", limit=page_size + 1)
    items = [_shown(row) for row in rows[:page_size]]
    more = len(rows) > page_size
    return MediaPage(items=items, next_cursor=encode_cursor(items[-1].slug) if more else None)


async def registered_slugs(tx: ReadTx) -> set[str]:
    """All that is registered."""
    return {row["slug"] for row in await tx.all(_SLUGS)}


async def register_media(tx: WriteTx, actor: Actor, library: Library, slug: str) -> Media:
    """Let the service play the media of a folder; what was registered before is brought up to date.

    Raises:
        NoSuchMedia: there is no such folder, or it is damaged.
    """
    try:
        media = await asyncio.to_thread(library.get, slug)
    except MediaDamaged as error:
        raise NoSuchMedia("slug") from error
    if media is None:
        raise NoSuchMedia("slug")
    before = await tx.one(_LOCK, slug=slug)
    row = await put_media(tx, media)
    await record(
        tx,
        actor,
        "media.register",
        targets={"media": slug},
        before=_audited(before),
        after=_audited(row),
    )
    return _shown(row)


async def put_media(tx: WriteTx, media: MediaFile) -> Row:
    """Write the row of media."""
    details = {
        "duration_seconds": media.seconds,
        "renditions": [
            {name: value for name, value in asdict(rendition).items() if name != "segments"}
            for rendition in media.renditions
        ],
    }
    row = await tx.one(
        _PUT,
        slug=media.slug,
        name=media.name,
        segment_count=media.segment_count,
        size_bytes=media.size_bytes,
        details=details,
    )
    assert row is not None
    return row


async def delete_media(tx: WriteTx, actor: Actor, slug: str) -> None:
    """Forget media; a job removes their folder.

    Raises:
        NotFound: there are none of that slug.
        MediaInUse: `details.by` says what plays them.
    """
    row = await tx.one(_LOCK, slug=slug)
    if row is None:
        raise NotFound()
    uses = await tx.one(_USES, slug=slug)
    assert uses is not None
    if by := [name for name, is_used in uses.items() if is_used]:
        raise MediaInUse(by=by)
    await tx.execute(_DELETE, slug=slug)
    await record(tx, actor, "media.delete", targets={"media": slug}, before=_audited(row))
    await enqueue(tx, remove_folder, slug=slug)


@job("playback.remove_media")
async def remove_folder(runtime: Runtime, _run: JobRun, slug: str) -> None:
    """Remove the folder of media that were deleted, unless they were registered again."""
    async with runtime.database.read() as tx:
        if await tx.scalar(_EXISTS, slug=slug):
            return
    root = runtime.settings.media_dir
    doomed = root / f".{slug}.deleted"
    await asyncio.to_thread(shutil.rmtree, doomed, ignore_errors=True)
    if (root / slug).is_dir():
        (root / slug).rename(doomed)
        await asyncio.to_thread(shutil.rmtree, doomed)


def library_of(runtime: Runtime) -> Library:
    """What is in the media folder of this installation."""
    return library_at(runtime.settings.media_dir)


def _shown(row: Row) -> Media:
    details = row["details"]
    return Media(
        slug=row["slug"],
        name=row["name"],
        segment_count=row["segment_count"],
        size_bytes=row["size_bytes"],
        duration_seconds=details.get("duration_seconds", 0),
        renditions=details.get("renditions", []),
        created_at=row["created_at"],
    )


def _audited(row: Row | None) -> dict[str, Any] | None:
    columns = ("name", "segment_count", "size_bytes")
    return {name: row[name] for name in columns} if row is not None else None
