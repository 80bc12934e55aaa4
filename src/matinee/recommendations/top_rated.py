"""What is rated best (R-05): Bayesian means of thumbs; never empty while anything is visible."""

import structlog

from matinee.core.database import WriteTx
from matinee.core.jobs import EVERY_HOUR, JobRun, job
from matinee.entitlements.visibility import VISIBLE
from matinee.recommendations.trends import EVERYWHERE
from matinee.runtime import Runtime
from matinee.viewing.taste import NOT_UNWANTED

log = structlog.get_logger(__name__)

CONFIDENCE = 10
"""So many thumbs of average opinion stand behind every title before its own count."""

# each list is limited by itself, so that none is sorted whole; the first one to name a title
# counts, and the others are not read where the first one is long enough
TOP_RATED = f"""
    WITH rated AS MATERIALIZED (
        SELECT t.id, 1 AS list, s.score AS place
        FROM title_scores s JOIN titles t ON t.id = s.title_id
        WHERE s.up + 2 * s.love > s.down AND {VISIBLE} AND {NOT_UNWANTED}
        ORDER BY s.score DESC, s.title_id DESC LIMIT :limit
    ), others AS (
        (
            SELECT t.id, 2 AS list, r.prior AS place
            FROM title_trends r JOIN titles t ON t.id = r.title_id
            WHERE r.territory = '{EVERYWHERE}' AND r.audience = :audience
              AND r.households >= :least AND {VISIBLE} AND {NOT_UNWANTED}
            ORDER BY r.prior DESC LIMIT :limit
        ) UNION ALL (
            SELECT t.id, 3, extract(epoch FROM t.added_at)
            FROM titles t WHERE t.is_featured AND {VISIBLE} AND {NOT_UNWANTED}
            ORDER BY t.added_at DESC, t.id DESC LIMIT :limit
        ) UNION ALL (
            SELECT t.id, 4, extract(epoch FROM t.added_at)
            FROM titles t WHERE t.status = 'published' AND {VISIBLE} AND {NOT_UNWANTED}
            ORDER BY t.added_at DESC, t.id DESC LIMIT :limit
        )
    )
    SELECT id, false AS pinned FROM (
        SELECT * FROM rated
        UNION ALL
        SELECT * FROM others WHERE (SELECT count(*) FROM rated) < :limit
    ) AS found
    GROUP BY id ORDER BY min(list), max(place) FILTER (WHERE list = 1) DESC,
        max(place) FILTER (WHERE list = 2) DESC, max(place) DESC, id
    LIMIT :limit
"""
"""SQL of a shelf (see `rails.shelves`): the best rated titles; then what is watched most, what is
featured, what is new."""

_COUNT = """
    -- cross-user
    WITH counted AS (
        SELECT title_id, count(*) AS thumbs, sum(value) AS total,
               count(*) FILTER (WHERE value = -1) AS down,
               count(*) FILTER (WHERE value = 1) AS up, count(*) FILTER (WHERE value = 2) AS love
        FROM ratings WHERE EXISTS (SELECT FROM titles t WHERE t.id = title_id) GROUP BY title_id
    ), average AS (
        SELECT sum(total)::float8 / sum(thumbs) AS mean FROM counted
    )
    INSERT INTO title_scores AS s (title_id, down, up, love, score)
    SELECT title_id, down, up, love,
           (:confidence::int * mean + total) / (:confidence::int + thumbs)
    FROM counted, average
    ORDER BY title_id
    ON CONFLICT (title_id) DO UPDATE
    SET down = excluded.down, up = excluded.up, love = excluded.love, score = excluded.score
    WHERE (s.down, s.up, s.love, s.score)
        <> (excluded.down, excluded.up, excluded.love, excluded.score)
"""
_FORGET_UNRATED = """
    -- cross-user
    DELETE FROM title_scores s
    WHERE NOT EXISTS (SELECT FROM ratings r WHERE r.title_id = s.title_id)
"""


@job("recommendations.score_titles", every=EVERY_HOUR)
async def score_titles(runtime: Runtime, _run: JobRun) -> None:
    """Count all thumbs anew."""
    async with runtime.database.write() as tx:
        changed = await score_all(tx)
    log.info("titles_scored", changed=changed)


async def score_all(tx: WriteTx) -> int:
    """Give each rated title its mean, drawn towards everybody's; returns how many changed."""
    changed = await tx.execute(_COUNT, confidence=CONFIDENCE)
    return changed + await tx.execute(_FORGET_UNRATED)
