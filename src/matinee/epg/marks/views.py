"""Forgetting what was watched on channels so long ago that it weighs nothing any more."""

from matinee.core.jobs import EVERY_NIGHT, JobRun, job
from matinee.runtime import Runtime

KEPT_DAYS = 180
"""Thirteen half-lives (`epg/guide/order.py`)."""

_FORGET = """
    -- cross-user
    DELETE FROM channel_views WHERE day < clock_timestamp()::date - :kept_days::int
"""


@job("epg.forget_views", every=EVERY_NIGHT)
async def forget_views(runtime: Runtime, _run: JobRun) -> None:
    """Drop old days of all profiles."""
    timeout = runtime.settings.job_statement_timeout_ms
    async with runtime.database.write(statement_timeout_ms=timeout) as tx:
        await tx.execute(_FORGET, kept_days=KEPT_DAYS)
