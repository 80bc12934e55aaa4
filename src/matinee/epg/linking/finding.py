"""Finding the titles of our catalogue that programmes of the guide are."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from matinee.core.database import ReadTx, WriteTx
from matinee.epg.revisions import raise_days
from matinee.epg.tags import GUIDE, guide_of

LEAST_LIKENESS = "0.6"
MOST_SUGGESTIONS = 3

_LOCK = """
    SELECT id, external_ids <> '{}' AS has_ids FROM programmes
    WHERE id = ANY(:ids::bigint[]) AND title_id IS NULL ORDER BY id FOR NO KEY UPDATE
"""

# Numbers of TMDB and TVDB mean different things for films and series, so where the guide does not
# say which, both are looked at.
SAME_IDS = """
    SELECT p.id AS programme_id, t.id AS title_id, 'external_id' AS method
    FROM (
        SELECT p.id, split_part(i.key, '_', 1) AS service, split_part(i.key, '_', 2) AS kind,
               i.value
        FROM programmes p CROSS JOIN jsonb_each_text(p.external_ids) AS i
        WHERE p.id = ANY(:ids::bigint[]) AND i.key ~ '^(imdb|tmdb|tvdb)(_movie|_series)?$'
    ) AS p
    JOIN (
        SELECT t.id, t.kind, i.key AS service, i.value
        FROM titles t CROSS JOIN jsonb_each_text(t.external_ids) AS i
        WHERE t.external_ids <> '{}'
    ) AS t USING (service, value)
    WHERE p.kind IN ('', t.kind)
"""
SAME_NAME_AND_YEAR = """
    SELECT p.id AS programme_id, t.id AS title_id, 'title_year' AS method
    FROM programmes p JOIN titles t ON t.folded_name = p.folded_title AND t.year = p.year
    WHERE p.id = ANY(:ids::bigint[]) AND t.kind = 'movie'
      AND p.season IS NULL AND p.episode IS NULL
"""
SAME_EPISODE = """
    SELECT p.id AS programme_id, t.id AS title_id, 'episode' AS method
    FROM programmes p
    JOIN titles t ON t.folded_name = p.folded_title AND t.kind = 'series'
    JOIN seasons s ON s.title_id = t.id AND s.number = p.season
    JOIN episodes e ON e.season_id = s.id AND e.number = p.episode
    WHERE p.id = ANY(:ids::bigint[])
"""

EPISODE = """(
    SELECT e.id FROM seasons s JOIN episodes e ON e.season_id = s.id
    WHERE s.title_id = t.id AND s.number = p.season AND e.number = p.episode
)"""
"""SQL over `titles t` and `programmes p`: the episode that it is, where the title is a series."""

# What a rung finds for a programme counts where it is one thing; several are suggested. What
# somebody rejected is not found.
_TRIED = f"""
    WITH found AS (
        SELECT DISTINCT programme_id, title_id, method FROM ({{rung}}) AS f
        WHERE NOT EXISTS (
            SELECT FROM programme_suggestions r
            WHERE r.programme_id = f.programme_id AND r.title_id = f.title_id
              AND r.state = 'rejected')
    ), counted AS (
        SELECT *, count(*) OVER (PARTITION BY programme_id) AS answers FROM found
    ), linked AS (
        UPDATE programmes p
        SET title_id = t.id, episode_id = {EPISODE}, link_method = c.method,
            linked_at = clock_timestamp()
        FROM counted c JOIN titles t ON t.id = c.title_id
        WHERE p.id = c.programme_id AND c.answers = 1
        RETURNING p.id
    ), suggested AS (
        INSERT INTO programme_suggestions (programme_id, title_id, episode_id, score)
        SELECT p.id, t.id, {EPISODE}, 0.9
        FROM counted c JOIN titles t ON t.id = c.title_id JOIN programmes p ON p.id = c.programme_id
        WHERE c.answers BETWEEN 2 AND :most ORDER BY p.id, t.id
        ON CONFLICT (programme_id, title_id) DO NOTHING
    )
    SELECT id FROM linked
"""
_THRESHOLD = "SELECT set_config('pg_trgm.similarity_threshold', :least, true)"
_SUGGEST_ALIKE = f"""
    INSERT INTO programme_suggestions (programme_id, title_id, episode_id, score)
    SELECT p.id, alike.id, alike.episode_id, alike.score
    FROM programmes p CROSS JOIN LATERAL (
        SELECT t.id, similarity(t.folded_name, p.folded_title) AS score, {EPISODE} AS episode_id
        FROM titles t
        WHERE t.folded_name % p.folded_title
          AND (p.season IS NULL AND p.episode IS NULL OR t.kind = 'series')
          AND (t.kind = 'series' OR coalesce(abs(t.year - p.year) <= 1, true))
        ORDER BY score DESC, t.id LIMIT :most
    ) AS alike
    WHERE p.id = ANY(:ids::bigint[])
      AND (p.year IS NOT NULL OR p.season IS NOT NULL OR p.episode IS NOT NULL
           OR p.genres && '{{Film,Series}}')
    ORDER BY p.id, alike.id
    ON CONFLICT (programme_id, title_id) DO NOTHING
"""
_LOOKED_AT = """
    UPDATE programmes SET linked_at = clock_timestamp()
    WHERE id = ANY(:ids::bigint[]) AND linked_at IS NULL
"""
_FORGET_SUGGESTIONS = """
    DELETE FROM programme_suggestions
    WHERE programme_id = ANY(:ids::bigint[]) AND state = 'suggested'
"""
_DAYS = """
    SELECT DISTINCT s.channel_id, day::date AS day
    FROM schedule_entries s
    CROSS JOIN generate_series(s.starts_at::date,
                               (s.ends_at - interval '1 microsecond')::date, '1 day') AS day
    WHERE s.programme_id = ANY(:ids::bigint[]) AND s.ends_at > statement_timestamp()
"""


async def link_programmes(tx: WriteTx, ids: Sequence[int]) -> list[int]:
    """Link programmes where it is certain which title they are, else suggest some.

    Those that are linked already stay. Returns the ids of those that are linked now.
    """
    rows = await tx.all(_LOCK, ids=list(ids))
    linked = await _try(tx, SAME_IDS, [row["id"] for row in rows if row["has_ids"]])
    for rung in (SAME_NAME_AND_YEAR, SAME_EPISODE):
        left = [row["id"] for row in rows if row["id"] not in linked]
        linked |= await _try(tx, rung, left)
    if left := [row["id"] for row in rows if row["id"] not in linked]:
        await tx.scalar(_THRESHOLD, least=LEAST_LIKENESS)
        await tx.execute(_SUGGEST_ALIKE, ids=left, most=MOST_SUGGESTIONS)
        await tx.execute(_LOOKED_AT, ids=left)
    await links_changed(tx, linked)
    return sorted(linked)


async def _try(tx: WriteTx, rung: str, ids: Sequence[int]) -> set[int]:
    if not ids:
        return set()
    rows = await tx.all(_TRIED.format(rung=rung), ids=list(ids), most=MOST_SUGGESTIONS)
    return {row["id"] for row in rows}


async def links_changed(tx: WriteTx, ids: Collection[int]) -> None:
    """Forget what was suggested for programmes whose link is settled, and show it.

    What a title says counts for who may see its airings, so that their days have changed. It is the
    last write of its transaction.
    """
    if not ids:
        return
    await tx.execute(_FORGET_SUGGESTIONS, ids=list(ids))
    days = await _days_of(tx, ids)
    await raise_days(tx, days)
    tx.invalidate(GUIDE, *{guide_of(channel_id) for channel_id, _ in days})


async def _days_of(tx: ReadTx, ids: Collection[int]) -> list[tuple[UUID, date]]:
    """The channels and days (UTC) of the airings of programmes that are not over yet."""
    return [(row["channel_id"], row["day"]) for row in await tx.all(_DAYS, ids=list(ids))]
