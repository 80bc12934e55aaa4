"""Revisions of the guide: which days of which channels changed, in a trustworthy order."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from matinee.core.database import ReadTx, WriteTx

# Overlaps are looked for now instead of at the commit: the row below is everybody's, and held only
# by who is done.
_CHECK_OVERLAPS = "SET CONSTRAINTS schedule_entries_no_overlap IMMEDIATE"
_RAISE = "UPDATE guide_revision SET rev = rev + 1 WHERE id = 1 RETURNING rev"
_CURRENT = "SELECT rev FROM guide_revision WHERE id = 1"
_DAYS = """
    INSERT INTO guide_days (channel_id, day, rev)
    SELECT channel_id, day, :rev FROM unnest(:channels::uuid[], :days::date[]) AS d(channel_id, day)
    ORDER BY channel_id, day
    ON CONFLICT (channel_id, day) DO UPDATE SET rev = excluded.rev
"""


async def current_revision(tx: ReadTx) -> int:
    """The revision of the last change that was stored."""
    rev: int = await tx.scalar(_CURRENT)
    return rev


async def raise_days(tx: WriteTx, days: Collection[tuple[UUID, date]]) -> int:
    """Give changed days (channel, day in UTC) the next revision, and return it.

    It is the last write of its transaction: until that ends every other one waits here, so that
    revisions become visible in their order. Without days nothing is written, and the revision is
    the current one.

    Raises:
        asyncpg.ExclusionViolationError: airings of a channel overlap.
    """
    if not days:
        return await current_revision(tx)
    await tx.execute(_CHECK_OVERLAPS)
    ordered = sorted(set(days))
    rev: int = await tx.scalar(_RAISE)
    await tx.execute(
        _DAYS,
        rev=rev,
        channels=[channel for channel, _ in ordered],
        days=[day for _, day in ordered],
    )
    return rev
