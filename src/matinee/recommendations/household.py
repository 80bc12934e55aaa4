"""What is popular in the household (R-10): liked by the others, never saying by whom."""

from matinee.entitlements.visibility import VISIBLE
from matinee.viewing.taste import NOT_UNWANTED, NOT_WATCHED

LEAST_PROFILES = 2
"""With fewer contributing profiles there is no rail: everybody would know whose it is."""
HALF_LIFE_DAYS = 90

# What only the asker likes is no news. A profile with a PIN contributes where it said so only.
POPULAR_IN_HOUSEHOLD = f"""
    WITH contributed AS MATERIALIZED (
        SELECT s.profile_id, s.title_id,
               CASE s.kind WHEN 'loved' THEN 1.3 WHEN 'liked' THEN 1 WHEN 'completed' THEN 0.6
                   ELSE 0.3 END
               * power(0.5, least(1000,
                   extract(epoch FROM statement_timestamp() - s.at) / 86400 / {HALF_LIFE_DAYS}
               )) AS weight
        FROM profile_signals s
        JOIN profiles p ON p.user_id = s.user_id AND p.id = s.profile_id
        WHERE s.user_id = :user_id AND s.kind IN ('loved', 'liked', 'completed', 'watched')
          AND coalesce(p.share_taste, p.pin_hash IS NULL)
    )
    SELECT t.id, false AS pinned
    FROM contributed c JOIN titles t ON t.id = c.title_id
    WHERE (SELECT count(DISTINCT profile_id) FROM contributed) >= {LEAST_PROFILES}
      AND {VISIBLE} AND {NOT_UNWANTED} AND {NOT_WATCHED}
    GROUP BY t.id HAVING bool_or(c.profile_id <> :profile_id)
    ORDER BY sum(c.weight) DESC, t.id LIMIT :limit
"""
"""SQL of a shelf (see `rails.shelves`)."""
