"""Forgetting the guide of the past, a batch at a time."""

from datetime import UTC, datetime, timedelta

from matinee.core.jobs import EVERY_NIGHT, JobRun, job
from matinee.epg.importing.runs import forget_old_runs
from matinee.epg.tags import GUIDE
from matinee.runtime import Runtime

BATCH = 5_000

_AIRINGS = """
    DELETE FROM schedule_entries WHERE id IN (
        SELECT id FROM schedule_entries
        WHERE starts_at < :before AND ends_at <= :before ORDER BY starts_at LIMIT :batch)
"""
_DAYS = "DELETE FROM guide_days WHERE day < :before::timestamptz::date"
# One that an import or a plan is just about to use is locked by it, and left alone; the foreign
# keys guard the rest. New ones get time to be used.
_PROGRAMMES = """
    DELETE FROM programmes WHERE id IN (
        SELECT p.id FROM programmes p
        WHERE p.created_at < clock_timestamp() - interval '1 day'
          AND NOT EXISTS (SELECT FROM schedule_entries s WHERE s.programme_id = p.id)
          AND NOT EXISTS (SELECT FROM linear_slots l WHERE l.programme_id = p.id)
        ORDER BY p.id LIMIT :batch FOR UPDATE SKIP LOCKED)
"""


@job("epg.prune_guide", every=EVERY_NIGHT)
async def prune_guide(runtime: Runtime, _run: JobRun) -> None:
    """Delete airings that ended too long ago, programmes without airings, and old reports."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    before = today - timedelta(days=runtime.settings.guide_days_kept)
    while await _prune(runtime, _AIRINGS, before=before, batch=BATCH):
        pass
    while await _prune(runtime, _PROGRAMMES, batch=BATCH):
        pass
    await _prune(runtime, _DAYS, before=before)
    async with runtime.database.write() as tx:
        await forget_old_runs(tx)


async def _prune(runtime: Runtime, statement: str, **params: object) -> int:
    async with runtime.database.write() as tx:
        pruned = await tx.execute(statement, **params)
        if pruned:
            tx.invalidate(GUIDE)
    return pruned
