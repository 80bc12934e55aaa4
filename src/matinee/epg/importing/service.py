"""Running the import of a source: leased, written down, and closed whatever comes of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import structlog

from matinee.catalog.importers.service import again_on_conflict
from matinee.core.errors import Problem
from matinee.epg.feeds.problems import FeedRefused
from matinee.epg.feeds.unpacking import Limits
from matinee.epg.importing import leases, runs
from matinee.epg.importing.leases import Lease
from matinee.epg.importing.problems import GuideShrunk, GuideUnreadable
from matinee.epg.importing.reading import Feed, channels_at_head
from matinee.epg.importing.schemas import GuideImport
from matinee.epg.importing.sources import Source, note_success, source_for_import
from matinee.epg.importing.storing import Storing, know_channels, patient_write, publish
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

MOST_RATIO = 200


@dataclass(frozen=True)
class Wish:
    """How to import."""

    accept_shrink: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Arrived:
    """A feed in a file, and by what its server recognises it."""

    path: Path
    etag: str | None = None
    last_modified: str | None = None


Fetch = Callable[[Source], Awaitable[Arrived | None]]
"""Brings the feed of a source; None where it has nothing new."""


@dataclass(frozen=True)
class Run:
    """One import on its way."""

    runtime: Runtime
    lease: Lease
    id: UUID
    source: Source
    wish: Wish


class _Undone(Exception):
    """Ends the transaction of a dry run."""

    def __init__(self, report: dict[str, Any]) -> None:
        super().__init__()
        self.report = report


async def import_source(
    runtime: Runtime, source_id: UUID, fetch: Fetch, wish: Wish, started_by: UUID | None = None
) -> GuideImport:
    """Import what `fetch` brings; a failed import leaves the old guide untouched.

    Raises:
        NotFound: there is no such source.
        ImportRunning: it is being imported already.
        GuideUnreadable: the feed cannot be read to its end.
        GuideShrunk: it has suddenly less than half of its programmes.
        LeaseLost: another process took over, because this one stood still.
        UrlNotAllowed, ProviderError: it could not be fetched.
    """
    async with runtime.database.write() as tx:
        lease = await leases.take(tx, source_id)
        import_id = await runs.begin_run(tx, source_id, started_by)
        source = await source_for_import(tx, source_id)
    run = Run(runtime, lease, import_id, source, wish)
    try:
        async with leases.renewed(runtime, lease):
            arrived = await fetch(source)
            if arrived is None:
                await _close_unchanged(run)
            else:
                await again_on_conflict(partial(_import, run, arrived))
    except BaseException as error:
        await _close_failed(run, error)
        raise
    async with runtime.database.read() as rtx:
        return await runs.get_run(rtx, import_id)


async def _import(run: Run, arrived: Arrived) -> None:
    settings = run.runtime.settings
    limits = replace(Limits(), packed=settings.max_import_bytes)
    feed = Feed(arrived.path, run.source.default_offset_minutes, limits)
    try:
        head = await asyncio.to_thread(channels_at_head, feed)
        if not run.wish.dry_run:
            async with patient_write(run.runtime) as tx:
                await know_channels(tx, run.source, head)
        async with patient_write(run.runtime) as tx:
            if run.wish.dry_run:
                await know_channels(tx, run.source, head)
            kept_days = settings.guide_days_kept
            storing = Storing(tx, run.source, feed, head=head, kept_days=kept_days)
            report, changed = await storing.run(accept_shrink=run.wish.accept_shrink)
            if run.wish.dry_run:
                raise _Undone(report | {"dry_run": True})
            await note_success(
                tx,
                run.source.id,
                programmes=storing.programmes,
                etag=arrived.etag,
                last_modified=arrived.last_modified,
            )
            await runs.finish_run(tx, run.id, "done", report)
            await leases.give_back(tx, run.lease)
            await publish(tx, changed)
    except FeedRefused as refused:
        raise GuideUnreadable(message=str(refused)) from None
    except _Undone as undone:
        await _close(run, "done", undone.report)


async def _close_unchanged(run: Run) -> None:
    async with run.runtime.database.write() as tx:
        await note_success(
            tx,
            run.source.id,
            programmes=None,
            etag=run.source.etag,
            last_modified=run.source.last_modified,
        )
        await runs.finish_run(tx, run.id, "done", {"not_modified": True})
        await leases.give_back(tx, run.lease)


async def _close_failed(run: Run, error: BaseException) -> None:
    report: dict[str, Any] = {"reason": "interrupted"}
    if isinstance(error, Problem):
        report = {"reason": error.code, "problems": [error.text]} | (error.details or {})
    elif isinstance(error, Exception):
        report = {"reason": "internal_error"}
    await _close(run, "refused" if isinstance(error, GuideShrunk) else "failed", report)


async def _close(run: Run, state: Literal["done", "refused", "failed"], report: Any) -> None:
    async with run.runtime.database.write() as tx:
        await runs.finish_run(tx, run.id, state, report)
        await leases.let_go(tx, run.lease)
