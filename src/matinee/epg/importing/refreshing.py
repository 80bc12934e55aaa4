"""Fetching sources again and again: the job of one source, and the one that looks who is due."""

from functools import partial
from uuid import UUID

import structlog

from matinee.core.errors import InvalidValue, NotFound, UrlNotAllowed
from matinee.core.jobs import EVERY_MINUTE, JobRun, enqueue, job
from matinee.core.safe_fetch import INTERNET, Reach
from matinee.epg.importing.fetching import download, own_folder
from matinee.epg.importing.problems import GuideShrunk, GuideUnreadable, ImportRunning
from matinee.epg.importing.schemas import GuideImport
from matinee.epg.importing.service import Wish, import_source
from matinee.epg.matching.events import MAP_CHANGED
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

REFUSED = (NotFound, InvalidValue, UrlNotAllowed, GuideUnreadable, GuideShrunk)
"""What another try a moment later would change nothing about."""

AFTER_ANOTHER_SECONDS = 30

_DUE = """
    SELECT id FROM epg_sources
    WHERE active AND kind = 'url'
      AND coalesce(last_run_at + refresh_minutes * interval '1 minute' <= clock_timestamp(), true)
      AND coalesce(lease_until < clock_timestamp(), true)
    ORDER BY priority DESC, id
"""


async def fetch_and_import(
    runtime: Runtime,
    source_id: UUID,
    wish: Wish,
    *,
    conditional: bool = False,
    started_by: UUID | None = None,
    reach: Reach = INTERNET,
) -> GuideImport:
    """Fetch a source and import it; `conditional` only if it has something new.

    Raises:
        NotFound, ImportRunning, GuideUnreadable, GuideShrunk, LeaseLost: as `import_source`.
        InvalidValue: the source has no address.
        UrlNotAllowed, ProviderError: it could not be fetched.
    """
    with own_folder() as folder:
        fetch = partial(
            download,
            folder=folder,
            most_bytes=runtime.settings.max_import_bytes,
            conditional=conditional,
            reach=reach,
        )
        return await import_source(runtime, source_id, fetch, wish, started_by)


@job(
    "epg.refresh_source",
    queue="imports",
    attempts=3,
    deduplicate=("source_id", "conditional"),
    follows=MAP_CHANGED,
)
async def refresh_source(
    runtime: Runtime,
    _run: JobRun,
    *,
    source_id: str,
    accept_shrink: bool = False,
    dry_run: bool = False,
    conditional: bool = False,
    started_by: str | None = None,
) -> None:
    """Fetch a source and import it; what the source is to blame for is not tried again.

    While it is being imported already somebody waits for his turn who wants it whether or not it
    has something new: he may have changed what it fills.
    """
    try:
        await fetch_and_import(
            runtime,
            UUID(source_id),
            Wish(accept_shrink, dry_run),
            conditional=conditional,
            started_by=UUID(started_by) if started_by else None,
        )
    except ImportRunning:
        if conditional:
            return
        async with runtime.database.write() as tx:
            await enqueue(
                tx,
                refresh_source,
                delay=AFTER_ANOTHER_SECONDS,
                source_id=source_id,
                accept_shrink=accept_shrink,
                dry_run=dry_run,
                started_by=started_by,
            )
    except REFUSED as problem:
        log.warning("guide_not_imported", source_id=source_id, reason=problem.code)


@job("epg.refresh_sources", every=EVERY_MINUTE)
async def refresh_sources(runtime: Runtime, _run: JobRun) -> None:
    """Have every source fetched whose time has come."""
    async with runtime.database.write() as tx:
        for row in await tx.all(_DUE):
            await enqueue(tx, refresh_source, source_id=str(row["id"]), conditional=True)
