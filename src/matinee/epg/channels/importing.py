"""Importing channel lists: read, compared, and stored in one transaction."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, BinaryIO
from uuid import UUID

import asyncpg

from matinee.accounts.audit import Actor, record
from matinee.catalog.importers.service import again_on_conflict
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Conflict, Problem
from matinee.core.text import searchable
from matinee.epg.channels.list_schemas import (
    ChannelChange,
    ImportListWish,
    ListReport,
    MissingChannel,
    RefusedEntry,
    SkippedLines,
)
from matinee.epg.channels.planning import KnownChannel, Plan, Step, known_channel, plan_import
from matinee.epg.channels.service import OWNED_BY_IMPORTS
from matinee.epg.channels.slugs import free_slug, slug_of
from matinee.epg.feeds.m3u import Playlist, PlaylistEntry
from matinee.epg.feeds.problems import FeedRefused
from matinee.epg.feeds.unpacking import PIECE, Limits
from matinee.epg.matching.events import map_changed
from matinee.epg.tags import CHANNELS, GUIDE
from matinee.runtime import Runtime

MOST_LISTED = 500
IN_MEMORY = 8 << 20

_WRITTEN = ("tvg_id", "country", "status", *OWNED_BY_IMPORTS)
_TYPES = {
    "genres": "text[]", "radio": "boolean", "number": "int", "catch_up": "jsonb",
    "catch_up_days": "smallint", "stream_headers": "jsonb", "guide_shift_minutes": "smallint",
}  # fmt: skip
_COLUMNS = ", ".join(_WRITTEN)
_RECORD = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in _WRITTEN)

_KNOWN = f"SELECT id, kind, slug, edited_fields, {_COLUMNS} FROM channels ORDER BY id"
# Nobody else changes a channel, or adds one by a list, between the comparison and the writing.
_KNOWN_AND_LOCKED = f"{_KNOWN} FOR NO KEY UPDATE"
_ADD = f"""
    INSERT INTO channels (slug, folded_name, {_COLUMNS})
    SELECT slug, folded_name, {_COLUMNS}
    FROM jsonb_to_recordset(:rows::jsonb) AS d(slug text, folded_name text, {_RECORD})
    RETURNING id, slug
"""
_UPDATE = f"""
    UPDATE channels c
    SET folded_name = d.folded_name, version = c.version + 1, updated_at = clock_timestamp(),
        {", ".join(f"{name} = d.{name}" for name in _WRITTEN)}
    FROM jsonb_to_recordset(:rows::jsonb) AS d(id uuid, folded_name text, {_RECORD})
    WHERE c.id = d.id
"""
_SHIFT = """
    UPDATE channel_epg_map m
    SET shift_minutes = c.guide_shift_minutes, changed_at = clock_timestamp()
    FROM channels c
    WHERE c.id = m.channel_id AND c.id = ANY(:ids::uuid[]) AND NOT m.locked
      AND m.shift_minutes <> c.guide_shift_minutes
    RETURNING m.source_id
"""


class ListUnreadable(Problem):
    """The channel list cannot be read."""

    status = 422


@dataclass(frozen=True)
class _List:
    """A channel list that was read to its end."""

    entries: list[PlaylistEntry]
    guide_urls: list[str]
    skipped: SkippedLines


async def import_list(
    runtime: Runtime, actor: Actor, pieces: AsyncIterator[bytes], wish: ImportListWish
) -> ListReport:
    """Import a channel list that comes in pieces, packed or not; all of it or nothing.

    Raises:
        ListUnreadable: it is no channel list, damaged, or too long.
        Conflict: somebody added such a channel at the same moment, again and again.
    """
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)
        file.seek(0)
        limits = replace(Limits(), packed=runtime.settings.max_import_bytes)
        found = await asyncio.to_thread(_read, file, limits)
    if wish.dry_run:
        async with runtime.database.read() as tx:
            plan, _ = await _plan(tx, found, wish, _KNOWN)
        return _report(found, plan, wish, {})
    try:
        return await again_on_conflict(partial(_import, runtime, actor, found, wish))
    except asyncpg.UniqueViolationError:
        raise Conflict() from None


def _read(file: BinaryIO | Any, limits: Limits) -> _List:
    playlist = Playlist(_pieces(file), limits=limits)
    try:
        entries = list(playlist)
    except FeedRefused as refused:
        raise ListUnreadable(message=str(refused)) from None
    summary = playlist.summary
    return _List(
        entries,
        list(playlist.header.guide_urls),
        SkippedLines(
            without_url=summary.without_url,
            without_header=summary.without_header,
            without_name=summary.without_name,
            unknown_urls=summary.unknown_urls,
        ),
    )


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


async def _plan(
    tx: ReadTx, found: _List, wish: ImportListWish, select: str
) -> tuple[Plan, set[str]]:
    """What is to be done, and the slugs that are taken."""
    rows = await tx.all(select)
    known = [known_channel(row) for row in rows]
    plan = await asyncio.to_thread(plan_import, found.entries, known, publish=wish.publish)
    return plan, {row["slug"] for row in rows}


async def _import(runtime: Runtime, actor: Actor, found: _List, wish: ImportListWish) -> ListReport:
    timeout = runtime.settings.slow_statement_timeout_ms
    async with runtime.database.write(statement_timeout_ms=timeout) as tx:
        plan, slugs = await _plan(tx, found, wish, _KNOWN_AND_LOCKED)
        ids = await _store(tx, plan, slugs)
        report = _report(found, plan, wish, ids)
        counts = report.model_dump(
            include={"entries", "created", "updated", "refused", "published"}
        )
        await record(tx, actor, "channels.import", targets={"channels": len(ids)}, after=counts)
        if plan.steps:
            tx.invalidate(CHANNELS, GUIDE)
    return report


async def _store(tx: WriteTx, plan: Plan, slugs: set[str]) -> dict[int, UUID]:
    """Write the steps of a plan; returns the channel of each by its line."""
    created = [step for step in plan.steps if step.known is None]
    updated = [(step, step.known) for step in plan.steps if step.known is not None]
    rows = [_new_row(step, slugs) for step in created]
    added = {row["slug"]: row["id"] for row in await tx.all(_ADD, rows=rows)} if rows else {}
    if updated:
        await tx.execute(_UPDATE, rows=[_changed_row(step, known) for step, known in updated])
        shifted = await tx.all(_SHIFT, ids=[known.id for _, known in updated])
        for source_id in sorted({row["source_id"] for row in shifted}):
            await map_changed(tx, source_id)
    ids = {step.entry.line: known.id for step, known in updated}
    return ids | {
        step.entry.line: added[row["slug"]] for step, row in zip(created, rows, strict=True)
    }


def _new_row(step: Step, slugs: set[str]) -> dict[str, Any]:
    slug = free_slug(slug_of(step.columns["name"], step.entry.tvg_id), slugs)
    slugs.add(slug)
    row = {"genres": [], "slug": slug, "folded_name": searchable(step.columns["name"])}
    return row | step.columns


def _changed_row(step: Step, known: KnownChannel) -> dict[str, Any]:
    row = {
        "id": str(known.id), "tvg_id": known.tvg_id, "country": known.country,
        "status": known.status, **known.said, **step.columns,
    }  # fmt: skip
    return row | {"folded_name": searchable(row["name"])}


def _report(found: _List, plan: Plan, wish: ImportListWish, ids: dict[int, UUID]) -> ListReport:
    created = sum(step.known is None for step in plan.steps)
    return ListReport(
        dry_run=wish.dry_run,
        entries=len(found.entries),
        created=created,
        updated=len(plan.steps) - created,
        unchanged=plan.unchanged,
        refused=len(plan.refused),
        missing=len(plan.missing),
        published=sum(step.columns.get("status") == "published" for step in plan.steps),
        changes=[_change(step, ids) for step in plan.steps[:MOST_LISTED]],
        refusals=[
            RefusedEntry(line=entry.line, name=entry.name, reason=reason)
            for entry, reason in plan.refused[:MOST_LISTED]
        ],
        missing_channels=[
            MissingChannel(channel_id=each.id, name=each.said["name"])
            for each in plan.missing[:MOST_LISTED]
        ],
        skipped=found.skipped,
        guide_urls=found.guide_urls,
    )


def _change(step: Step, ids: dict[int, UUID]) -> ChannelChange:
    return ChannelChange(
        line=step.entry.line,
        action="created" if step.known is None else "updated",
        channel_id=step.known.id if step.known else ids.get(step.entry.line),
        name=step.entry.name,
        fields=step.changed,
    )
