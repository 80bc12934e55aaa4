"""What is on a channel now, and whether a profile may see it: looked at on every reload."""

from matinee.entitlements.channels import AIRING_SUITABLE

ON_AIR = f"""(
    SELECT latest.id, latest.starts_at, latest.ends_at, latest.start_over,
           {AIRING_SUITABLE} AS suitable
    FROM (
        SELECT e.id, e.starts_at, e.ends_at, e.start_over, e.programme_id FROM schedule_entries e
        WHERE e.channel_id = c.id AND e.starts_at <= statement_timestamp()
        ORDER BY e.starts_at DESC LIMIT 1
    ) AS latest
    JOIN programmes p ON p.id = latest.programme_id
    WHERE statement_timestamp() < latest.ends_at
)"""
"""A table over `channels c`: the airing that is on, or no row; `suitable`: the profile may see it.

Its parameters are those of `airing_visibility_of`, or a row of `profiles`: see `for_profile`.
"""

CAN_GO_BACK = "(c.kind = 'linear' OR c.catch_up <> '{}')"
"""SQL over `channels c`: what it sent before can be had, of our own media or from its server."""

SUITABLE_IN_A_GAP = "coalesce(c.maturity_score <= :max_maturity::int, NOT :block_unrated::bool)"
"""SQL over `channels c`: the profile may watch it while the guide says nothing."""

SUITABLE_NOW = f"coalesce((SELECT air.suitable FROM {ON_AIR} AS air), {SUITABLE_IN_A_GAP})"
"""SQL over `channels c`: the profile may see what is on now. Its parameters are those of `ON_AIR`;
a PIN may have opened it all the same (`viewing_sessions.unlocked_until`)."""


def blacked_out(territory: str) -> str:
    """SQL over `channels c`: the channel must not be played now in a territory (its SQL)."""
    return f"""EXISTS (
        SELECT FROM blackouts b
        WHERE b.channel_id = c.id AND b.territory IN ({territory}, '**')
          AND b.starts_at <= statement_timestamp() AND statement_timestamp() < b.ends_at
    )"""
