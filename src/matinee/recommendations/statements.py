"""The SQL of scoring: what was learned of a history, and the candidates of a profile."""

from matinee.entitlements.visibility import VISIBLE
from matinee.recommendations.blend import GENRE_SHARE, LANGUAGE_SHARE
from matinee.recommendations.trends import EVERYWHERE, HOT_DAYS, HOT_NOW, PRIOR_DAYS, PRIOR_NOW
from matinee.viewing.taste import NOT_UNWANTED, NOT_WATCHED

UNKNOWN = """t.id NOT IN (
    SELECT known.title_id FROM profile_signals known
    WHERE known.user_id = :user_id::uuid AND known.profile_id = :profile_id::uuid
)"""
"""SQL over `titles t`: the profile has shown no opinion of it yet."""

WANTED = f"{VISIBLE} AND {NOT_UNWANTED}"
OFFERED = f"{WANTED} AND {NOT_WATCHED} AND {UNKNOWN}"

CURRENT_MODEL = "(SELECT id FROM recommendation_models WHERE state = 'current')"

LABELS = "(t.genres || t.mood_tags || t.theme_tags)"

SPEAKS_PREFERRED = """coalesce(
    split_part(t.language, '-', 1) = :spoken::text OR :spoken::text = ANY (t.audio_languages),
    false
)"""
"""SQL over `titles t`: made in the profile's preferred language, or to be heard in it (P-02)."""

_TITLE = "t.id, t.number, t.name, t.genres, t.external_ids, t.added_at"

# plays a day of late against plays a day on average: a mean life is a half-life divided by ln 2
_IS_RISING = f"coalesce({HOT_NOW} / {HOT_DAYS} > {PRIOR_NOW} / {PRIOR_DAYS}, false)"

NEIGHBOURS = f"""
    SELECT s.place - 1 AS place,
           EXISTS (SELECT FROM titles t WHERE t.number = s.number AND {VISIBLE}) AS is_visible,
           array_send(l.together_numbers[:(SELECT :nearest::int)]) AS together_numbers,
           array_send(l.together_weights[:(SELECT :nearest::int)]) AS together_weights,
           CASE WHEN s.follows THEN array_send(l.next_numbers) ELSE '' END AS next_numbers,
           CASE WHEN s.follows THEN array_send(l.next_weights) ELSE '' END AS next_weights,
           CASE WHEN s.resembles THEN array_send(l.content_numbers) ELSE '' END AS content_numbers,
           CASE WHEN s.resembles THEN array_send(l.content_weights) ELSE '' END AS content_weights
    FROM unnest(
        (SELECT :numbers::bigint[]), (SELECT :follows::bool[]), (SELECT :resembles::bool[])
    ) WITH ORDINALITY AS s(number, follows, resembles, place)
    JOIN title_neighbors l ON l.model_id = {CURRENT_MODEL} AND l.title_number = s.number
    ORDER BY s.place
"""
"""The learned lists of seeds, as bytes for numpy: tens of thousands of numbers in one request."""


# what is in these lists is decided behind them
_WATCHED = f"""
    watched AS MATERIALIZED (
        SELECT t.number, r.prior
        FROM (
            SELECT title_id, prior FROM title_trends
            WHERE territory = '{EVERYWHERE}' AND audience = :audience AND households >= :least
            ORDER BY prior DESC LIMIT {{popular}}
        ) AS r JOIN titles t ON t.id = r.title_id
    )
"""

# genres are looked for among the most watched, so that a rare one does not make PostgreSQL read
# all trends
_PREFERRED = f"""
    (
        SELECT t.number
        FROM (
            SELECT title_id, prior FROM title_trends
            WHERE territory = '{EVERYWHERE}' AND audience = :audience AND households >= :least
            ORDER BY prior DESC LIMIT 1000
        ) AS r JOIN titles t ON t.id = r.title_id
        WHERE {LABELS} && :liked_labels
        ORDER BY r.prior DESC LIMIT {{popular}}
    ) UNION (
        SELECT t.number FROM titles t
        WHERE t.status = 'published' AND t.genres && :liked_labels
        ORDER BY t.added_at DESC, t.id DESC LIMIT {{popular}}
    )
"""

_CANDIDATES = f"""
    WITH {_WATCHED}, listed AS MATERIALIZED (
        SELECT * FROM unnest((SELECT :listed::bigint[]), (SELECT :learned::float8[]))
            AS l(number, learned)
    ), pooled AS (
        SELECT * FROM listed
        UNION ALL
        SELECT number, 0 FROM (SELECT number FROM watched {{preferred}}) AS others
        WHERE number NOT IN (SELECT number FROM listed)
    ), most AS MATERIALIZED (
        SELECT ln(1 + {PRIOR_NOW}) AS watched
        FROM (SELECT max(prior) AS prior FROM watched) AS r
    ), parts AS (
        SELECT {_TITLE}, p.learned,
               least(coalesce(ln(1 + {PRIOR_NOW}) / nullif(most.watched, 0), 0), 1) AS trend,
               {_IS_RISING} AS rising,
               ({LABELS} && :liked_labels::text[])::int
                   - ({LABELS} && :disliked_labels::text[])::int AS genre,
               {SPEAKS_PREFERRED}::int AS language
        FROM pooled p JOIN titles t ON t.number = p.number CROSS JOIN most
        LEFT JOIN title_trends r ON r.territory = '{EVERYWHERE}' AND r.audience = :audience
            AND r.title_id = t.id AND r.households >= :least
        WHERE {OFFERED} AND {{where}}
    )
    SELECT parts.*, (SELECT count(*) FROM watched) < {{popular}} AS has_all_watched,
           learned + :trend_share::float8 * trend + :genre_trust::float8 * {GENRE_SHARE} * genre
               + {LANGUAGE_SHARE} * language AS score
    FROM parts ORDER BY score DESC, id LIMIT (SELECT :limit::int)
"""


def candidates_sql(where: str, popular: int, *, has_preferences: bool) -> str:
    """Titles for a profile with the parts of their scores, best first.

    They come from the titles `:listed` by what was learned, so many of the most watched ones and,
    with preferences, from those that are liked by their labels. What the viewer may see and does
    not know yet is decided behind these lists. PostgreSQL must know that they are small when it
    plans the statement: `popular` is no parameter. Without preferences nothing asks for them, or
    the lists never read would make a plan for all profiles look dearer than planning each time.
    """
    preferred = f"UNION ({_PREFERRED})" if has_preferences else ""
    statement = _CANDIDATES.replace("{preferred}", preferred)
    return statement.replace("{where}", where).replace("{popular}", str(popular))


REST = f"""
    SELECT id, number, name, genres, external_ids, added_at FROM (
        (
            SELECT {_TITLE}, 1 AS list, s.score AS place
            FROM title_scores s JOIN titles t ON t.id = s.title_id
            WHERE s.up + 2 * s.love > s.down AND {{offered}} AND {{where}}
            ORDER BY s.score DESC, s.title_id DESC LIMIT :limit
        ) UNION ALL (
            SELECT {_TITLE}, 2, extract(epoch FROM t.added_at)
            FROM titles t WHERE t.status = 'published' AND {{offered}} AND {{where}}
            ORDER BY t.added_at DESC, t.id DESC LIMIT :limit
        )
    ) AS found
    WHERE id <> ALL (:there::uuid[])
    GROUP BY id, number, name, genres, external_ids, added_at
    ORDER BY min(list), max(place) FILTER (WHERE list = 1) DESC NULLS LAST,
        max(place) DESC, id LIMIT :limit
"""
"""What fills a list: the best rated titles, then the newest, of those that meet `{offered}`."""
