"""What is rated best (R-05): Bayesian means of thumbs; never empty while anything is visible."""

from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.visibility import VISIBLE, visibility_of
from matinee.core.database import ReadTx
from matinee.recommendations.trends import EVERYWHERE
from matinee.viewing.taste import NOT_UNWANTED, unwanted_of

# each list is limited by itself, so that none is sorted whole; the first one to name a title counts
_TOP_RATED = f"""
    SELECT id FROM (
        (
            SELECT t.id, 1 AS list, s.score AS place
            FROM title_scores s JOIN titles t ON t.id = s.title_id
            WHERE s.score > 0 AND {VISIBLE} AND {NOT_UNWANTED}
            ORDER BY s.score DESC, s.title_id DESC LIMIT :limit
        ) UNION ALL (
            SELECT t.id, 2, r.prior
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
    ) AS found
    GROUP BY id ORDER BY min(list), max(place) FILTER (WHERE list = 1) DESC,
        max(place) FILTER (WHERE list = 2) DESC, max(place) DESC, id
    LIMIT :limit
"""


async def top_rated(tx: ReadTx, viewer: Viewer, limit: int, *, least: int = 3) -> list[UUID]:
    """Ids of the best rated titles; then what is watched most, what is featured, what is new.

    `least` is the number of households without which what is watched says nothing.
    """
    rows = await tx.all(
        _TOP_RATED,
        audience=viewer.kind,
        least=least,
        limit=limit,
        **visibility_of(viewer) | unwanted_of(viewer),
    )
    return [row["id"] for row in rows]
