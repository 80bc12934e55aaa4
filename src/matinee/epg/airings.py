"""Replacing a part of the guide by another as a difference: what stays the same is not touched.

Whoever replaces airings fills two temporary tables, `airings_old` (what may be replaced) and
`airings_new` (what shall be), and has the difference applied. An airing that stays the same, or
only moves, keeps its id, so that reminders survive.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from matinee.core.database import WriteTx

_TABLES = (
    """
    CREATE TEMP TABLE IF NOT EXISTS airings_old (
        id bigint, channel_id uuid, starts_at timestamptz, ends_at timestamptz,
        programme_id bigint, flags smallint, source_id uuid, start_over boolean, catch_up boolean
    ) ON COMMIT DROP
    """,
    """
    CREATE TEMP TABLE IF NOT EXISTS airings_new (
        id bigint, channel_id uuid, starts_at timestamptz, ends_at timestamptz,
        programme_id bigint, flags smallint, source_id uuid, start_over boolean, catch_up boolean
    ) ON COMMIT DROP
    """,
    "TRUNCATE airings_old, airings_new",
    "SET CONSTRAINTS schedule_entries_no_overlap DEFERRED",
)
_ANALYZE = "ANALYZE airings_old, airings_new"

MOST_ROUNDS = 20
"""Of finding what moved. Repeats without end that all move by half of their distance find one
another one by one: what is left then is as good as new."""

# An airing that is not replaced, but runs into the first new one, is clipped where that begins.
_CLIP = """
    WITH first AS (
        SELECT channel_id, min(starts_at) AS starts_at FROM airings_new GROUP BY channel_id
    ), running AS (
        SELECT s.id, s.channel_id, s.starts_at, s.ends_at, s.programme_id, s.flags, s.source_id,
               s.start_over, s.catch_up, first.starts_at AS cut
        FROM first JOIN schedule_entries s
          ON s.channel_id = first.channel_id AND s.starts_at < first.starts_at
             AND s.ends_at > first.starts_at
        WHERE NOT EXISTS (SELECT FROM airings_old o WHERE o.id = s.id)
    ), old AS (
        INSERT INTO airings_old
        SELECT id, channel_id, starts_at, ends_at, programme_id, flags, source_id, start_over,
               catch_up FROM running
    )
    INSERT INTO airings_new
    SELECT id, channel_id, starts_at, cut, programme_id, flags, source_id, start_over, catch_up
    FROM running
"""
_STAYED = """
    UPDATE airings_new n SET id = o.id FROM airings_old o
    WHERE n.id IS NULL AND o.channel_id = n.channel_id AND o.starts_at = n.starts_at
      AND o.programme_id = n.programme_id
"""
# Pairs of airings of one programme that are nearest to one another. Those that lost their nearest
# to another pair find the next in the next round.
_MOVED = """
    WITH candidates AS (
        SELECT o.id, o.starts_at AS was, n.channel_id, n.starts_at,
               greatest(o.starts_at, n.starts_at) - least(o.starts_at, n.starts_at) AS far
        FROM airings_new n JOIN airings_old o
          ON o.channel_id = n.channel_id AND o.programme_id = n.programme_id
             AND o.starts_at BETWEEN n.starts_at - interval '3 hours'
                                 AND n.starts_at + interval '3 hours'
        WHERE n.id IS NULL AND NOT EXISTS (SELECT FROM airings_new t WHERE t.id = o.id)
    ), ranked AS (
        SELECT id, channel_id, starts_at,
               row_number() OVER (PARTITION BY id ORDER BY far, was, starts_at) AS of_old,
               row_number() OVER (
                   PARTITION BY channel_id, starts_at ORDER BY far, was, starts_at) AS of_new
        FROM candidates
    )
    UPDATE airings_new n SET id = r.id FROM ranked r
    WHERE r.of_old = 1 AND r.of_new = 1 AND n.channel_id = r.channel_id
      AND n.starts_at = r.starts_at
"""
# Said in other words, but still the same airing.
_REWORDED = """
    UPDATE airings_new n SET id = o.id
    FROM airings_old o JOIN programmes was ON was.id = o.programme_id, programmes p
    WHERE n.id IS NULL AND o.channel_id = n.channel_id AND o.starts_at = n.starts_at
      AND p.id = n.programme_id AND p.folded_title = was.folded_title
      AND NOT EXISTS (SELECT FROM airings_new t WHERE t.id = o.id)
"""
_DIFFERENT = """
    (o.starts_at, o.ends_at, o.programme_id, o.flags, o.source_id, o.start_over, o.catch_up)
    IS DISTINCT FROM
    (n.starts_at, n.ends_at, n.programme_id, n.flags, n.source_id,
     coalesce(n.start_over, o.start_over), coalesce(n.catch_up, o.catch_up))
"""
_COUNTS = f"""
    SELECT count(*) FILTER (WHERE o.id IS NULL) AS created,
           count(*) FILTER (WHERE n.channel_id IS NULL) AS deleted,
           count(*) FILTER (WHERE n.starts_at <> o.starts_at) AS moved,
           count(*) FILTER (WHERE n.starts_at = o.starts_at AND {_DIFFERENT}) AS updated
    FROM airings_old o FULL JOIN airings_new n ON n.id = o.id
"""
_DAYS = f"""
    SELECT DISTINCT spans.channel_id, day::date AS day
    FROM airings_old o FULL JOIN airings_new n ON n.id = o.id
    CROSS JOIN LATERAL (VALUES (o.channel_id, o.starts_at, o.ends_at),
                               (n.channel_id, n.starts_at, n.ends_at))
        AS spans(channel_id, starts_at, ends_at)
    CROSS JOIN LATERAL generate_series(
        date_trunc('day', spans.starts_at, 'UTC'), spans.ends_at - interval '1 microsecond',
        interval '1 day') AS day
    WHERE spans.channel_id IS NOT NULL AND {_DIFFERENT}
"""
_UPDATE = f"""
    UPDATE schedule_entries s
    SET starts_at = n.starts_at, ends_at = n.ends_at, programme_id = n.programme_id,
        flags = n.flags, source_id = n.source_id,
        start_over = coalesce(n.start_over, o.start_over),
        catch_up = coalesce(n.catch_up, o.catch_up)
    FROM airings_old o JOIN airings_new n ON n.id = o.id
    WHERE s.id = o.id AND {_DIFFERENT}
"""
_DELETE = """
    DELETE FROM schedule_entries s USING airings_old o
    WHERE s.id = o.id AND NOT EXISTS (SELECT FROM airings_new n WHERE n.id = o.id)
"""
_INSERT = """
    INSERT INTO schedule_entries (channel_id, starts_at, ends_at, programme_id, flags, source_id,
                                  start_over, catch_up)
    SELECT channel_id, starts_at, ends_at, programme_id, flags, source_id,
           coalesce(start_over, true), coalesce(catch_up, true)
    FROM airings_new WHERE id IS NULL ORDER BY channel_id, starts_at
"""
_TAKE_OLD = """
    INSERT INTO airings_old
    SELECT id, channel_id, starts_at, ends_at, programme_id, flags, source_id, start_over, catch_up
    FROM schedule_entries
    WHERE channel_id = :channel_id AND starts_at >= :from_at AND starts_at < :until_at
"""
_TAKE_NEW = """
    INSERT INTO airings_new
    SELECT NULL, :channel_id, d.*
    FROM unnest(:starts::timestamptz[], :ends::timestamptz[], :programmes::bigint[],
                :flags::smallint[], :sources::uuid[], :start_over::boolean[],
                :catch_up::boolean[]) AS d
"""


@dataclass(frozen=True, slots=True)
class AiringDraft:
    """An airing that shall be; rights that are None stay as they are, and are given to new ones."""

    programme_id: int
    starts_at: datetime
    ends_at: datetime
    flags: int = 0
    start_over: bool | None = None
    catch_up: bool | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """How many airings changed, and the days (channel, day in UTC) on which something did."""

    created: int = 0
    updated: int = 0
    moved: int = 0
    deleted: int = 0
    days: frozenset[tuple[UUID, date]] = field(default_factory=frozenset)

    @property
    def channels(self) -> set[UUID]:
        """The channels whose guide changed."""
        return {channel_id for channel_id, _ in self.days}


async def replace_airings(
    tx: WriteTx,
    channel_id: UUID,
    from_at: datetime,
    until_at: datetime,
    drafts: Sequence[AiringDraft],
    source_id: UUID | None = None,
) -> Changed:
    """Have exactly these airings begin on a channel from `from_at` until before `until_at`.

    One that began before and runs into the first of them is clipped. The caller raises the changed
    days (`raise_days`) as his last write.
    """
    await prepare(tx)
    await tx.execute(_TAKE_OLD, channel_id=channel_id, from_at=from_at, until_at=until_at)
    await tx.execute(
        _TAKE_NEW,
        channel_id=channel_id,
        starts=[draft.starts_at for draft in drafts],
        ends=[draft.ends_at for draft in drafts],
        programmes=[draft.programme_id for draft in drafts],
        flags=[draft.flags for draft in drafts],
        sources=[source_id] * len(drafts),
        start_over=[draft.start_over for draft in drafts],
        catch_up=[draft.catch_up for draft in drafts],
    )
    return await apply(tx)


async def prepare(tx: WriteTx) -> None:
    """Make `airings_old` and `airings_new`, empty, until this transaction ends."""
    for statement in _TABLES:
        await tx.execute(statement)


async def apply(tx: WriteTx) -> Changed:
    """Replace what is in `airings_old` by what is in `airings_new`."""
    await tx.execute(_ANALYZE)
    await tx.execute(_CLIP)
    await tx.execute(_STAYED)
    for _ in range(MOST_ROUNDS):
        if not await tx.execute(_MOVED):
            break
    await tx.execute(_REWORDED)
    counts = await tx.one(_COUNTS)
    assert counts is not None
    if not any(counts):
        return Changed()
    days = {(row["channel_id"], row["day"]) for row in await tx.all(_DAYS)}
    for statement in (_UPDATE, _DELETE, _INSERT):
        await tx.execute(statement)
    return Changed(**counts, days=frozenset(days))
