"""From programmes as feeds list them to airings that follow one another, in SQL.

Two that begin together: the one with an end, that is not a placeholder of days, the longer, the
last. An airing ends where the next begins, at the latest; without an end it lasts until then, or an
hour, and never more than a day.
"""

from datetime import datetime, timedelta
from uuid import UUID

from matinee.core.database import Row, WriteTx

FARTHEST = timedelta(days=60)
"""How far ahead a guide is believed."""

_TABLES = ("guide_airings", "guide_new")
_AIRINGS = """
    CREATE TEMP TABLE guide_airings ON COMMIT DROP AS
    WITH one_per_start AS (
        SELECT DISTINCT ON (xmltv_id, starts_at)
               seq, xmltv_id, starts_at, ends_at, flags, content_key
        FROM guide_stage
        ORDER BY xmltv_id, starts_at, ends_at IS NULL, ends_at - starts_at > interval '24 hours',
                 ends_at DESC, seq DESC
    ), followed AS (
        SELECT *, lead(starts_at) OVER (PARTITION BY xmltv_id ORDER BY starts_at) AS next_at
        FROM one_per_start
    )
    SELECT seq, xmltv_id, starts_at, flags, content_key, next_at, ends_at AS said_end,
           least(coalesce(ends_at, next_at, starts_at + interval '1 hour'), next_at,
                 starts_at + interval '24 hours') AS ends_at
    FROM followed
"""
_NEW = """
    CREATE TEMP TABLE guide_new ON COMMIT DROP AS
    SELECT t.channel_id, a.starts_at + t.shift AS starts_at, a.ends_at + t.shift AS ends_at,
           a.flags, a.content_key, a.seq
    FROM guide_airings a JOIN guide_targets t ON t.xmltv_id = a.xmltv_id
    WHERE a.ends_at + t.shift > :kept_from AND a.starts_at + t.shift < :until_at
      AND (t.from_at IS NULL OR a.starts_at + t.shift >= t.from_at)
"""
_TALLY = """
    SELECT count(*) FILTER (WHERE said_end > ends_at) AS clipped,
           count(*) FILTER (WHERE ends_at < next_at) AS gaps,
           count(*) FILTER (WHERE said_end IS NULL) AS without_end,
           (SELECT count(*) FROM guide_stage) - count(*) AS duplicates
    FROM guide_airings
"""
_PROGRAMMES = """
    INSERT INTO programmes
        (content_key, title, folded_title, sub_title, description, season, episode, series_key,
         language, categories, genres, maturity_label, maturity_score, year, original_air_date,
         image_url, credits, external_ids)
    SELECT DISTINCT ON (s.content_key)
           s.content_key, s.title, s.folded_title, s.sub_title, s.description, s.season, s.episode,
           s.series_key, s.language, s.categories, s.genres, s.maturity_label, s.maturity_score,
           s.year, s.original_air_date, s.image_url, s.credits::jsonb, s.external_ids::jsonb
    FROM guide_new n JOIN guide_stage s ON s.seq = n.seq
    WHERE NOT EXISTS (SELECT FROM programmes p WHERE p.content_key = s.content_key)
    ORDER BY s.content_key
    ON CONFLICT (content_key) DO NOTHING
"""
_TAKE_NEW = """
    INSERT INTO airings_new
    SELECT NULL, n.channel_id, n.starts_at, n.ends_at, p.id, n.flags, :source_id, NULL, NULL
    FROM guide_new n JOIN programmes p ON p.content_key = n.content_key
"""
# From the first new airing on: what this source said before, what is of no source that still fills
# the channel, and what lower sources said as long as this one says something.
_TAKE_OLD = """
    WITH spans AS (
        SELECT channel_id, min(starts_at) AS from_at, max(ends_at) AS until_at
        FROM airings_new GROUP BY channel_id
    )
    INSERT INTO airings_old
    SELECT s.id, s.channel_id, s.starts_at, s.ends_at, s.programme_id, s.flags, s.source_id,
           s.start_over, s.catch_up
    FROM spans JOIN schedule_entries s
      ON s.channel_id = spans.channel_id AND s.starts_at >= spans.from_at
    WHERE s.starts_at < spans.until_at OR s.source_id IS NULL OR s.source_id = :source_id
       OR NOT EXISTS (
            SELECT FROM channel_epg_map m
            WHERE m.channel_id = s.channel_id AND m.source_id = s.source_id
              AND m.state = 'applied')
"""


async def normalise(tx: WriteTx, kept_from: datetime) -> Row:
    """Make `guide_new`, the airings that our channels get, from `guide_stage`.

    Returns what had to be put right: `clipped`, `gaps`, `without_end`, `duplicates`.
    """
    await tx.execute("ANALYZE guide_stage")
    for table in _TABLES:
        await tx.execute(f"DROP TABLE IF EXISTS {table}")
    await tx.execute(_AIRINGS)
    until_at = datetime.now(kept_from.tzinfo) + FARTHEST
    await tx.execute(_NEW, kept_from=kept_from, until_at=until_at)
    await tx.execute("ANALYZE guide_new")
    tally = await tx.one(_TALLY)
    assert tally is not None
    return tally


async def fill_difference(tx: WriteTx, source_id: UUID) -> None:
    """Store programmes that are new, and set the airings against those that they replace."""
    await tx.execute(_PROGRAMMES)
    await tx.execute(_TAKE_NEW, source_id=source_id)
    await tx.execute(_TAKE_OLD, source_id=source_id)
