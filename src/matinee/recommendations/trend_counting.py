"""Counting plays for trends: once per profile, title and day, by a job that follows viewing."""

from datetime import date
from typing import Any

import structlog

from matinee.core.database import Row, WriteTx
from matinee.core.jobs import EVERY_NIGHT, JobRun, job
from matinee.recommendations.trends import EVERYWHERE, HOT_DAYS, LEAST_EXPONENT, PRIOR_DAYS
from matinee.runtime import Runtime
from matinee.viewing.events import PLAYED

log = structlog.get_logger(__name__)

KEPT_DAYS = 365
"""Older plays have faded to a twentieth of one in the slower count."""

# The day is that of the session's start, so that a redelivered job finds its plays counted.
_ADD_PLAYS = """
    -- cross-user
    INSERT INTO trend_plays (user_id, profile_id, title_id, day, territory, audience)
    SELECT n.user_id, n.profile_id, n.title_id,
           (coalesce(uuid_extract_timestamp(n.session_id), clock_timestamp())
               AT TIME ZONE 'UTC')::date,
           n.territory, p.kind
    FROM jsonb_to_recordset(:plays::jsonb) AS n(
        user_id uuid, profile_id uuid, session_id uuid, title_id uuid, territory text)
    JOIN profiles p ON p.user_id = n.user_id AND p.id = n.profile_id
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (user_id, profile_id, title_id, day) DO NOTHING
    RETURNING user_id, title_id, day, territory, audience
"""


def _key(days: int) -> str:
    """SQL of the landmark key of the plays of a group, summed up as seen from today."""
    share = f"power(2.0::float8, greatest({LEAST_EXPONENT}, (day - :today::date) / {days}.0))"
    return f"ln(sum({share})) / ln(2.0::float8) + (:today::date - date '1970-01-01') / {days}.0"


_KEYS = (
    f"coalesce(territory, '{EVERYWHERE}'), audience, title_id, {_key(HOT_DAYS)}, {_key(PRIOR_DAYS)}"
)
_PLACES = "GROUPING SETS ((territory, audience, title_id), (audience, title_id))"


def _added(key: str) -> str:
    """SQL of the key of two counts together: log2(2^a + 2^b) without leaving what fits a float."""
    old, new = f"r.{key}", f"excluded.{key}"
    share = f"power(2.0::float8, greatest({LEAST_EXPONENT}, -abs({old} - {new})))"
    return f"greatest({old}, {new}) + ln(1 + {share}) / ln(2.0::float8)"


# a household is new to a title when all its plays of it are among these
_FOLD = f"""
    -- cross-user
    INSERT INTO title_trends AS r (territory, audience, title_id, hot, prior, households)
    SELECT {_KEYS}, count(DISTINCT user_id) FILTER (WHERE is_new)
    FROM (
        SELECT *, count(*) OVER (PARTITION BY user_id, title_id, audience) = (
            SELECT count(*) FROM trend_plays e
            WHERE e.user_id = n.user_id AND e.title_id = n.title_id AND e.audience = n.audience
        ) AS is_new
        FROM unnest(:user_ids::uuid[], :title_ids::uuid[], :days::date[], :territories::text[],
                    :audiences::text[]) AS n(user_id, title_id, day, territory, audience)
        WHERE EXISTS (SELECT FROM titles t WHERE t.id = n.title_id)
    ) AS plays
    GROUP BY {_PLACES} ORDER BY 1, 2, 3
    ON CONFLICT (territory, audience, title_id) DO UPDATE
    SET hot = {_added("hot")}, prior = {_added("prior")},
        households = r.households + excluded.households
"""

# no play is missed: those that were counted before the lock are seen, the others come after it
_HOLD = "LOCK TABLE title_trends IN SHARE ROW EXCLUSIVE MODE"
_FORGET = """
    -- cross-user
    DELETE FROM trend_plays WHERE day < :today::date - :kept::int
"""
_CLEAR = "DELETE FROM title_trends"
_RECOUNT = f"""
    -- cross-user
    INSERT INTO title_trends (territory, audience, title_id, hot, prior, households)
    SELECT {_KEYS}, count(DISTINCT user_id)
    FROM trend_plays WHERE EXISTS (SELECT FROM titles t WHERE t.id = title_id)
    GROUP BY {_PLACES}
"""
_TODAY = "SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date"


@job("recommendations.count_plays", follows=PLAYED)
async def count_plays(runtime: Runtime, _run: JobRun, plays: list[dict[str, Any]]) -> None:
    """Count plays that have not been counted yet; running twice counts once."""
    async with runtime.database.write() as tx:
        rows = await tx.all(_ADD_PLAYS, plays=plays)
        if rows:
            await _fold(tx, rows)


async def _fold(tx: WriteTx, plays: list[Row]) -> None:
    await tx.execute(
        _FOLD,
        today=await _today(tx),
        user_ids=[play["user_id"] for play in plays],
        title_ids=[play["title_id"] for play in plays],
        days=[play["day"] for play in plays],
        territories=[play["territory"] for play in plays],
        audiences=[play["audience"] for play in plays],
    )


@job("recommendations.recount_trends", every=EVERY_NIGHT)
async def recount_trends(runtime: Runtime, _run: JobRun) -> None:
    """Count all anew, without what was deleted meanwhile, and forget what is very old."""
    timeout = runtime.settings.job_statement_timeout_ms
    async with runtime.database.write(statement_timeout_ms=timeout) as tx:
        forgotten = await tx.execute(_FORGET, today=await _today(tx), kept=KEPT_DAYS)
    async with runtime.database.write(statement_timeout_ms=timeout) as tx:
        counted = await recount(tx)
    log.info("trends_recounted", rows=counted, forgotten=forgotten)


async def recount(tx: WriteTx) -> int:
    """Make the trends what the stored plays say; returns how many rows they have."""
    await tx.execute(_HOLD)
    await tx.execute(_CLEAR)
    return await tx.execute(_RECOUNT, today=await _today(tx))


async def _today(tx: WriteTx) -> date:
    today: date = await tx.scalar(_TODAY)
    return today
