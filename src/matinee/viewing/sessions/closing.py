"""Closing sessions whose players fell silent, and forgetting those that were incognito."""

import structlog

from matinee.core.jobs import EVERY_HOUR, JobRun, job
from matinee.entitlements.streams import release_ended
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

# A player may come back after an hour of silence; the lease says what holds a stream until then.
_CLOSE = """
    -- cross-user
    UPDATE viewing_sessions SET ended_at = lease_until, end_reason = 'stopped'
    WHERE ended_at IS NULL AND lease_until < clock_timestamp() - interval '1 hour'
"""
_FORGET = """
    -- cross-user
    DELETE FROM viewing_sessions WHERE incognito AND ended_at IS NOT NULL
"""


@job("viewing.close_sessions", every=EVERY_HOUR)
async def close_sessions(runtime: Runtime, _run: JobRun) -> None:
    """End what is over, and leave no trace of what nobody should remember."""
    timeout = runtime.settings.job_statement_timeout_ms
    async with runtime.database.write(statement_timeout_ms=timeout) as tx:
        closed = await tx.execute(_CLOSE)
        await release_ended(tx)
        forgotten = await tx.execute(_FORGET)
    log.info("sessions_closed", closed=closed, forgotten=forgotten)
