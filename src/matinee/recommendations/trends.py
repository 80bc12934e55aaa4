"""What is watched a lot these days (R-06): reading counts that fade by half with time.

A count is kept as a *landmark key*, the base-2 logarithm of what it would be worth on 1970-01-01:
a play on day `d` is worth 2^(d / half-life) there. Keys never change by waiting, so that an index
on them is always in order, and nothing has to be recomputed as time passes (forward decay:
Cormode et al., ICDE 2009). The value on day `t` is 2^(key - t / half-life).
"""

from matinee.entitlements.visibility import VISIBLE
from matinee.viewing.taste import NOT_UNWANTED

HOT_DAYS = 14
"""Half-life of what is trending."""
PRIOR_DAYS = 90
"""Half-life of how popular a title is at all, for ranking."""
EVERYWHERE = "**"
LEAST_HOUSEHOLDS = 3
"""Fewer do not make a trend: nobody's evening can be read from a list (R-06)."""
LEAST_EXPONENT = -60
"""Below it a share is nothing; PostgreSQL's `power` refuses results that are much too small."""

# asked for once a statement, not once a row
_TODAY = "(SELECT extract(epoch FROM statement_timestamp())::float8 / 86400)"

HOT_NOW = f"power(2.0::float8, greatest({LEAST_EXPONENT}, r.hot - {_TODAY} / {HOT_DAYS}))"
"""SQL over `title_trends r`: plays of late, each worth half after 14 days."""

PRIOR_NOW = f"power(2.0::float8, greatest({LEAST_EXPONENT}, r.prior - {_TODAY} / {PRIOR_DAYS}))"
"""SQL over `title_trends r`: plays of late, each worth half after 90 days."""

# the viewer's country first; what is watched elsewhere fills the rest of the list, and is not
# read where nothing is missing
TRENDING = f"""
    WITH here AS MATERIALIZED (
        SELECT t.id, true AS here, r.hot
        FROM title_trends r JOIN titles t ON t.id = r.title_id
        WHERE r.territory = :territory AND r.audience = :audience
          AND r.households >= :least AND {VISIBLE} AND {NOT_UNWANTED}
        ORDER BY r.hot DESC LIMIT :limit
    ), everywhere AS (
        SELECT t.id, false AS here, r.hot
        FROM title_trends r JOIN titles t ON t.id = r.title_id
        WHERE r.territory = '{EVERYWHERE}' AND r.audience = :audience
          AND r.households >= :least AND {VISIBLE} AND {NOT_UNWANTED}
        ORDER BY r.hot DESC LIMIT :limit
    )
    SELECT id, false AS pinned FROM (
        SELECT * FROM here
        UNION ALL
        SELECT * FROM everywhere WHERE (SELECT count(*) FROM here) < :limit
    ) AS found
    GROUP BY id ORDER BY bool_or(here) DESC, max(hot) FILTER (WHERE here) DESC NULLS LAST,
        max(hot) DESC, id
    LIMIT :limit
"""
"""SQL of a shelf (see `rails.shelves`): what many households watch these days, hottest first."""
