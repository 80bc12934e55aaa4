"""The order of channels for a profile: what it chose, what it watches, then by number (L-06)."""

HALF_LIFE_DAYS = 14
"""After so long a minute of watching counts half."""

PERSONAL_ORDER = f"""
    (SELECT f.position FROM channel_favourites f
     WHERE f.user_id = :user_id::uuid AND f.profile_id = :profile_id::uuid
       AND f.channel_id = c.id),
    (SELECT -sum(v.seconds * 0.5 ^ ((statement_timestamp()::date - v.day) / {HALF_LIFE_DAYS}.0))
     FROM channel_views v
     WHERE v.user_id = :user_id::uuid AND v.profile_id = :profile_id::uuid
       AND v.channel_id = c.id),
    coalesce(c.number, 2147483647), c.name, c.id
"""
"""SQL over `channels c`, to order by: favourites in their own order, then what was watched most
lately, then the rest. Without a profile: by number."""
