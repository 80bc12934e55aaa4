"""Airings, programmes and channels as JSON made by PostgreSQL, the same wherever they are shown."""

import json

from matinee.entitlements.channels import AIRING_SUITABLE
from matinee.entitlements.on_air import SUITABLE_IN_A_GAP

FLAGS = ("new", "premiere", "repeat", "live", "last_chance", "subtitles", "audio_described")
"""Names of the bits of `schedule_entries.flags`, lowest first."""

LONGEST_AIRING = "interval '24 hours'"
"""No airing is longer, so what is on at a moment has begun less than that before."""

_EVERY_SET = json.dumps(
    [[flag for n, flag in enumerate(FLAGS) if bits >> n & 1] for bits in range(1 << len(FLAGS))]
)
FLAG_NAMES = f"('{_EVERY_SET}'::jsonb -> s.flags::int)"
"""SQL over `schedule_entries s`: the names of its flags."""

PROGRAMME_FIELDS = """
    'id', p.id, 'title', p.title, 'sub_title', p.sub_title, 'description', p.description,
    'season', p.season, 'episode', p.episode, 'genres', p.genres, 'language', p.language,
    'maturity_label', p.maturity_label, 'maturity_score', p.maturity_score, 'year', p.year,
    'image_url', p.image_url
"""
PROGRAMME_JSON = f"json_build_object({PROGRAMME_FIELDS})"
"""SQL over `programmes p`: a `ProgrammeOut`."""

AIRING_JSON = f"""json_build_object(
    'id', s.id, 'starts_at', s.starts_at, 'ends_at', s.ends_at, 'flags', {FLAG_NAMES},
    'start_over', s.start_over, 'catch_up', s.catch_up, 'programme', {PROGRAMME_JSON}
)"""
"""SQL over `schedule_entries s` and `programmes p`: an `AiringOut`."""

CHANNEL_FIELDS = """
    c.id, c.number, c.name, c.slug, c.logo_url, c.genres, c.group_title AS "group", c.radio
"""
"""Columns over `channels c`: a `GuideChannel`."""

CHANNEL_JSON = """json_build_object(
    'id', c.id, 'number', c.number, 'name', c.name, 'slug', c.slug, 'logo_url', c.logo_url,
    'genres', c.genres, 'group', c.group_title, 'radio', c.radio
)"""
"""SQL over `channels c`: a `GuideChannel`."""

AIRING_ON_CHANNEL = f"""json_build_object(
    'id', s.id, 'starts_at', s.starts_at, 'ends_at', s.ends_at, 'flags', {FLAG_NAMES},
    'channel', {CHANNEL_JSON}
)"""
"""SQL over `schedule_entries s` and `channels c`: an `AiringOnChannel`."""

BY_NUMBER = "coalesce(c.number, 2147483647), c.name, c.id"
"""The order of channels that nobody has put into another."""

_SUITABLE = f"coalesce({AIRING_SUITABLE}, false)"
_LOOKED_AT = 8

# No two airings of a channel overlap, so the one that began last is the only one that can be on.
ON_NOW = f"""
    LEFT JOIN LATERAL (
        SELECT CASE WHEN {_SUITABLE} THEN {AIRING_JSON} END AS airing, s.ends_at
        FROM (
            SELECT * FROM schedule_entries
            WHERE channel_id = c.id AND starts_at <= statement_timestamp()
              AND starts_at > statement_timestamp() - {LONGEST_AIRING}
            ORDER BY starts_at DESC LIMIT 1
        ) AS s JOIN programmes p ON p.id = s.programme_id
        WHERE s.ends_at > statement_timestamp()
    ) AS now ON true
    LEFT JOIN LATERAL (
        SELECT {AIRING_JSON} AS airing, s.starts_at
        FROM (
            SELECT * FROM schedule_entries
            WHERE channel_id = c.id AND starts_at > statement_timestamp()
            ORDER BY starts_at LIMIT {_LOOKED_AT}
        ) AS s JOIN programmes p ON p.id = s.programme_id
        WHERE {_SUITABLE} ORDER BY s.starts_at LIMIT 1
    ) AS next ON true
"""
"""SQL after `channels c`: what is on (`now.airing`, null where it may not be seen; `now.ends_at`)
and the next of the following few that may be seen (`next.airing`, `next.starts_at`)."""

ON_NOW_COLUMNS = f"""
    now.airing AS now, next.airing AS next,
    CASE WHEN now.ends_at IS NULL THEN NOT {SUITABLE_IN_A_GAP} ELSE now.airing IS NULL END
        AS blocked,
    least(now.ends_at, next.starts_at) AS changes_at
"""
"""Columns over `ON_NOW`: an `OnChannel`, and when the first of it ends or begins."""
