"""Forgetting which titles a profile looked at: when it asks, and after 90 days (S-06)."""

import structlog

from matinee.accounts.viewer import Viewer, profile_tag
from matinee.core.jobs import EVERY_NIGHT, JobRun, job
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

_CLEAR = "DELETE FROM title_views WHERE user_id = :user_id AND profile_id = :profile_id"
_OLD = """
    -- cross-user
    DELETE FROM title_views WHERE viewed_at < clock_timestamp() - interval '90 days'
"""


async def clear_views(runtime: Runtime, viewer: Viewer) -> None:
    """Forget what the profile looked at, also what waits to be written."""
    await runtime.buffers.flush()
    async with runtime.database.write() as tx:
        await tx.execute(_CLEAR, user_id=viewer.household, profile_id=viewer.profile)
        tx.invalidate(profile_tag(viewer.profile_id))


@job("viewing.forget_views", every=EVERY_NIGHT)
async def forget_old_views(runtime: Runtime, _run: JobRun) -> None:
    """Delete views whose time is over."""
    async with runtime.database.write() as tx:
        removed = await tx.execute(_OLD)
    log.info("tidied", table="title_views", rows=removed)
