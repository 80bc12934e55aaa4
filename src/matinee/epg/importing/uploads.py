"""Guides that staff uploads, or wants to be fetched now."""

from collections.abc import AsyncIterator
from pathlib import Path

from matinee.accounts.audit import Actor, record
from matinee.accounts.viewer import Viewer
from matinee.core.database import WriteTx
from matinee.core.errors import InvalidValue
from matinee.core.jobs import enqueue
from matinee.epg.importing.fetching import own_folder, store
from matinee.epg.importing.refreshing import refresh_source
from matinee.epg.importing.schemas import GuideImportAccepted, ImportGuideWish
from matinee.epg.importing.service import Arrived, Wish, import_source
from matinee.epg.importing.sources import Source, get_source
from matinee.runtime import Runtime


async def import_upload(
    runtime: Runtime, staff: Viewer, pieces: AsyncIterator[bytes], wish: ImportGuideWish
) -> GuideImportAccepted:
    """Import an uploaded guide at once; where nothing is uploaded, have a job fetch the source.

    Raises:
        NotFound: there is no such source.
        InvalidValue: nothing was uploaded, and the source has no address.
        ImportRunning, GuideUnreadable, GuideShrunk, LeaseLost: as `import_source`.
    """
    with own_folder() as folder:
        path = await store(pieces, folder)
        if not path.stat().st_size:
            return await _fetch_later(runtime, staff, wish)
        async with runtime.database.write() as tx:
            await _write_down(tx, staff, wish)
        return await _import_now(runtime, staff, path, wish)


async def _import_now(
    runtime: Runtime, staff: Viewer, path: Path, wish: ImportGuideWish
) -> GuideImportAccepted:
    async def uploaded(_source: Source) -> Arrived:
        return Arrived(path)

    how = Wish(wish.accept_shrink, wish.dry_run)
    done = await import_source(runtime, wish.source_id, uploaded, how, staff.household)
    return GuideImportAccepted(finished=done)


async def _fetch_later(
    runtime: Runtime, staff: Viewer, wish: ImportGuideWish
) -> GuideImportAccepted:
    async with runtime.database.write() as tx:
        await _write_down(tx, staff, wish)
        source = await get_source(tx, wish.source_id)
        if source.url is None:
            raise InvalidValue("source_id", message="This source is uploaded: send its guide.")
        job_id = await enqueue(
            tx,
            refresh_source,
            source_id=str(wish.source_id),
            accept_shrink=wish.accept_shrink,
            dry_run=wish.dry_run,
            started_by=str(staff.household),
        )
    return GuideImportAccepted(job_id=job_id)


async def _write_down(tx: WriteTx, staff: Viewer, wish: ImportGuideWish) -> None:
    """Whoever reads the audit log finds the import that was asked for, whatever came of it.

    Raises:
        NotFound: there is no such source.
    """
    await get_source(tx, wish.source_id)
    await record(
        tx,
        Actor.of(staff),
        "guide.import",
        targets={"source": wish.source_id},
        after={"accept_shrink": wish.accept_shrink, "dry_run": wish.dry_run},
    )
