"""Rules about what linear channels play."""

from matinee.admin.rules.rule import Rule, sql

# Behind a recording's runs there may be a gap, and before what is kept for everybody.
_NEIGHBOURS = """
    SELECT r.*, r.first_sequence + r.segment_count AS ending,
           lead(r.first_sequence) OVER behind AS following,
           lead(r.first_discontinuity) OVER behind AS following_discontinuity,
           floor((extract(epoch FROM clock_timestamp()) - 1767225600) / 4)
               - (c.catch_up_days + 1) * 21600 AS keep_from
    FROM playout_runs r JOIN channels c ON c.id = r.channel_id
    WINDOW behind AS (PARTITION BY r.channel_id ORDER BY r.first_sequence)
"""

RULES = (
    Rule(
        "runs_follow_each_other",
        "What a linear channel plays has neither gaps nor overlaps.",
        sql(
            f"""
            SELECT channel_id::text || ' at ' || ending
            FROM ({_NEIGHBOURS}) AS r
            WHERE following < ending
               OR following > ending AND following > keep_from AND NOT EXISTS (
                   SELECT FROM channel_recordings k
                   WHERE k.channel_id = r.channel_id
                     AND extract(epoch FROM k.ends_at) > 1767225600 + r.first_sequence * 4)
            """
        ),
    ),
    Rule(
        "discontinuities_are_counted",
        "Every run's first discontinuity is that of the run before, and what began in it.",
        sql(
            f"""
            SELECT channel_id::text || ' at ' || following
            FROM ({_NEIGHBOURS}) AS r
            CROSS JOIN LATERAL (
                SELECT sum(n) AS length FROM unnest(media_segments) AS n
            ) AS whole
            CROSS JOIN LATERAL (
                SELECT count(*) AS begun
                FROM (
                    SELECT sum(n) OVER (ORDER BY place) - n AS start
                    FROM unnest(media_segments) WITH ORDINALITY AS s(n, place)
                ) AS starts
                WHERE start < segment_count % length
            ) AS rest
            WHERE following = ending
              AND following_discontinuity <> first_discontinuity + begun
                  + segment_count / length * cardinality(media)
            """
        ),
    ),
    Rule(
        "settled_slots_are_played",
        "Slots that are settled are those for which there are runs.",
        sql(
            """
            SELECT s.channel_id::text || ' at ' || s.starts_at
            FROM linear_slots s
            WHERE s.locked <> EXISTS (
                SELECT FROM playout_runs r
                WHERE r.channel_id = s.channel_id
                  AND r.first_sequence < (extract(epoch FROM s.ends_at) - 1767225600) / 4
                  AND r.first_sequence + r.segment_count
                      >= (extract(epoch FROM s.ends_at) - 1767225600) / 4)
            """
        ),
    ),
)
