"""The SQL of scoring: candidates of a profile, and titles similar to one."""

from matinee.catalog.visibility import VISIBLE
from matinee.recommendations.blend import CONTENT_SHARE, GENRE_SHARE, LANGUAGE_SHARE, NEXT_SHARE
from matinee.recommendations.trends import EVERYWHERE, HOT_DAYS, HOT_NOW, PRIOR_DAYS, PRIOR_NOW
from matinee.viewing.taste import NOT_UNWANTED, NOT_WATCHED

VOICES = 1024
"""A voice is `millionths * VOICES + place of the seed`: the largest one is of the loudest seed."""
MILLION = 1_000_000

UNKNOWN = """NOT EXISTS (
    SELECT FROM profile_signals known
    WHERE known.user_id = :user_id::uuid AND known.profile_id = :profile_id::uuid
      AND known.title_id = t.id
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

# seeds come newest first with their weights as seeds of each list; only seeds that the viewer
# likes and still sees are named as reasons, the others speak without being named
_SEEDS = f"""
    seeds AS MATERIALIZED (
        SELECT s.*, s.weight > 0 AND EXISTS (
            SELECT FROM titles t WHERE t.number = s.number AND {VISIBLE}
        ) AS named
        FROM unnest(
            (SELECT :numbers::bigint[]), (SELECT :weights::float8[]),
            (SELECT :next_weights::float8[]), (SELECT :content_weights::float8[])
        ) WITH ORDINALITY AS s(number, weight, next_weight, content_weight, place)
    ), learned AS MATERIALIZED (
        SELECT seeds.*, l.together_numbers[:(SELECT :nearest::int)] AS together_numbers,
               l.together_weights[:(SELECT :nearest::int)] AS together_weights, l.next_numbers,
               l.next_weights,
               l.content_numbers, l.content_weights
        FROM seeds JOIN title_neighbors l
            ON l.model_id = {CURRENT_MODEL} AND l.title_number = seeds.number
    )
"""


def _list(name: str, weight: str, combine: str) -> str:
    """The neighbours of one kind of all seeds, strongest first, cut at `:depth`."""
    return f"""
    {name} AS MATERIALIZED (
        SELECT number, {combine}(weight * near) AS value,
               max((weight * near * {MILLION})::bigint * {VOICES} + place) FILTER (WHERE named)
                   AS voice
        FROM (
            SELECT {weight} AS weight, place, named, unnest({name}_numbers) AS number,
                   unnest({name}_weights) AS near
            FROM learned WHERE {weight} <> 0
        ) AS spoken
        GROUP BY number HAVING {combine}(weight * near) > 0
        ORDER BY value DESC, number LIMIT (SELECT :depth::int)
    )"""


# what is in these lists is decided behind them; genres are looked for among the most watched, so
# that a rare one does not make PostgreSQL read all trends
_OTHERS = f"""
    watched AS MATERIALIZED (
        SELECT t.number, r.prior
        FROM (
            SELECT title_id, prior FROM title_trends
            WHERE territory = '{EVERYWHERE}' AND audience = :audience AND households >= :least
            ORDER BY prior DESC LIMIT {{popular}}
        ) AS r JOIN titles t ON t.id = r.title_id
    ), chosen AS MATERIALIZED (
        SELECT t.number
        FROM (
            SELECT title_id, prior FROM title_trends
            WHERE territory = '{EVERYWHERE}' AND audience = :audience AND households >= :least
              AND :liked_labels::text[] <> '{{}}'
            ORDER BY prior DESC LIMIT 1000
        ) AS r JOIN titles t ON t.id = r.title_id
        WHERE {LABELS} && :liked_labels
        ORDER BY r.prior DESC LIMIT {{popular}}
    ), fresh AS MATERIALIZED (
        SELECT t.number FROM titles t
        WHERE :liked_labels::text[] <> '{{}}' AND t.status = 'published'
          AND t.genres && :liked_labels
        ORDER BY t.added_at DESC, t.id DESC LIMIT {{popular}}
    )
"""

_SCORED = f"""
    greatest_of AS MATERIALIZED (
        SELECT (SELECT max(value) FROM together) AS together, (SELECT max(value) FROM next) AS next,
               (SELECT max(value) FROM content) AS content
    ), listed AS MATERIALIZED (
        SELECT number, sum(together) AS together, sum(next) AS next, sum(content) AS content,
               max(together_voice) AS together_voice, max(next_voice) AS next_voice,
               max(content_voice) AS content_voice
        FROM (
            SELECT number, value / g.together AS together, 0::float8 AS next,
                   0::float8 AS content, voice AS together_voice, NULL::bigint AS next_voice,
                   NULL::bigint AS content_voice
            FROM together, greatest_of g
            UNION ALL SELECT number, 0, value / g.next, 0, NULL, voice, NULL
            FROM next, greatest_of g
            UNION ALL SELECT number, 0, 0, value / g.content, NULL, NULL, voice
            FROM content, greatest_of g
        ) AS lists
        GROUP BY number
        ORDER BY sum(together) + {NEXT_SHARE} * sum(next) + {CONTENT_SHARE} * sum(content) DESC,
                 number
        LIMIT (SELECT :depth::int)
    ), pooled AS (
        SELECT * FROM listed
        UNION ALL
        SELECT number, 0, 0, 0, NULL, NULL, NULL
        FROM (
            SELECT number FROM watched UNION SELECT number FROM chosen UNION
            SELECT number FROM fresh
        ) AS others
        WHERE number NOT IN (SELECT number FROM listed)
    ), most AS MATERIALIZED (
        SELECT ln(1 + {PRIOR_NOW}) AS watched
        FROM (SELECT max(prior) AS prior FROM watched) AS r
    ), parts AS (
        SELECT {_TITLE}, p.together, p.next, p.content,
               coalesce(ln(1 + {PRIOR_NOW}) / nullif(most.watched, 0), 0) AS trend,
               {_IS_RISING} AS rising,
               ({LABELS} && :liked_labels)::int - ({LABELS} && :disliked_labels::text[])::int
                   AS genre,
               {SPEAKS_PREFERRED}::int AS language,
               p.together_voice, p.next_voice, p.content_voice
        FROM pooled p JOIN titles t ON t.number = p.number CROSS JOIN most
        LEFT JOIN title_trends r ON r.territory = '{EVERYWHERE}' AND r.audience = :audience
            AND r.title_id = t.id AND r.households >= :least
        WHERE {OFFERED} AND {{where}}
    )
    SELECT parts.*,
           (SELECT count(*) FROM listed) < :depth AND (SELECT count(*) FROM watched) < {{popular}}
               AS whole,
           (SELECT together FROM greatest_of) AS greatest_together,
           (SELECT next FROM greatest_of) AS greatest_next,
           (SELECT content FROM greatest_of) AS greatest_content,
           together + {NEXT_SHARE} * next + {CONTENT_SHARE} * content
               + :trend_share::float8 * least(trend, 1)
               + :genre_trust::float8 * {GENRE_SHARE} * genre + {LANGUAGE_SHARE} * language
               AS score
    FROM parts ORDER BY score DESC, id LIMIT (SELECT :limit::int)
"""

CANDIDATES = f"""
    WITH {_SEEDS}, {_list("together", "weight", "sum")}, {_list("next", "next_weight", "sum")},
    {_list("content", "content_weight", "max")}, {_OTHERS}, {_SCORED}
"""
"""Titles for a profile with the parts of their scores, best first.

`{where}` and `{popular}` are left to fill in; the latter is no parameter, for PostgreSQL must
know that it is small when it plans the statement.

Seeds are signals newest first. Each list is cut at `:depth` before anything is known about its
titles but their weights; what the viewer may see and does not know yet is decided behind it.
"""

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
