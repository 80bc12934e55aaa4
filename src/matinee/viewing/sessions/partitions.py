"""Partitions of `play_events`: one a month, made ahead of time, dropped when their time is over."""

import re
from datetime import UTC, date, datetime, time

import structlog

from matinee.core.database import ReadTx, WriteTx
from matinee.core.jobs import EVERY_NIGHT, JobRun, job
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

MONTHS_AHEAD = 2

_MONTHLY = re.compile(r"play_events_(\d{4})_(\d{2})")

_PARTITIONS = """
    -- cross-user
    SELECT child.relname AS name
    FROM pg_inherits i JOIN pg_class child ON child.oid = i.inhrelid
    WHERE i.inhparent = 'play_events'::regclass ORDER BY child.relname
"""
_TODAY = "SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date"
# Nobody may add rows of the month to the default partition between their move and the attachment.
_HOLD_DEFAULT = """
    -- cross-user
    LOCK TABLE play_events_default IN ACCESS EXCLUSIVE MODE
"""
_MOVE = """
    -- cross-user
    WITH moved AS (
        DELETE FROM play_events_default WHERE at >= :begins AND at < :ends RETURNING *
    )
    INSERT INTO {name} SELECT * FROM moved
"""
_FORGET = """
    -- cross-user
    DELETE FROM play_events_default WHERE at < :begins
"""


@job("viewing.partition_play_events", every=EVERY_NIGHT)
async def partition_play_events(runtime: Runtime, _run: JobRun) -> None:
    """Have a partition for this month and the next ones, and none that is too old.

    Rows that came before their partition was there lie in the default one, and move.
    """
    async with runtime.database.read() as tx:
        existing = await _partitions(tx)
        today: date = await tx.scalar(_TODAY)
    this_month = today.replace(day=1)
    for ahead in range(MONTHS_AHEAD + 1):
        month = month_after(this_month, ahead)
        if month not in existing:
            async with runtime.database.write() as wtx:
                await _add(wtx, month)
            log.info("play_events_partitioned", month=str(month))
    oldest = month_after(this_month, -runtime.settings.play_events_months)
    await _remove_before(runtime, oldest, existing)


def month_after(month: date, months: int) -> date:
    """The first day so many months later, or earlier."""
    years, index = divmod(month.month - 1 + months, 12)
    return date(month.year + years, index + 1, 1)


def name_of(month: date) -> str:
    """The table that holds a month."""
    return f"play_events_{month:%Y_%m}"


async def _partitions(tx: ReadTx) -> list[date]:
    """The months that have a table of their own."""
    names = [_MONTHLY.fullmatch(row["name"]) for row in await tx.all(_PARTITIONS)]
    return [date(int(found[1]), int(found[2]), 1) for found in names if found]


async def _add(tx: WriteTx, month: date) -> None:
    name, begins, ends = name_of(month), _midnight(month), _midnight(month_after(month, 1))
    await tx.execute(_HOLD_DEFAULT)
    await tx.execute(f"CREATE TABLE {name} (LIKE play_events INCLUDING ALL)")
    await tx.execute(_MOVE.format(name=name), begins=begins, ends=ends)
    await tx.execute(
        f"ALTER TABLE play_events ATTACH PARTITION {name}"
        f" FOR VALUES FROM ('{begins.isoformat()}') TO ('{ends.isoformat()}') -- cross-user"
    )


async def _remove_before(runtime: Runtime, oldest: date, existing: list[date]) -> None:
    for month in existing:
        if month < oldest:
            async with runtime.database.write() as tx:
                await tx.execute(f"DROP TABLE {name_of(month)}")
            log.info("play_events_dropped", month=str(month))
    async with runtime.database.write() as tx:
        await tx.execute(_FORGET, begins=_midnight(oldest))


def _midnight(month: date) -> datetime:
    return datetime.combine(month, time(), UTC)
