"""What is on a channel and what comes next: SQL for any number of channels at once."""

from matinee.core.database import Row
from matinee.entitlements.channels import AIRING_SUITABLE
from matinee.entitlements.on_air import SUITABLE_IN_A_GAP
from matinee.epg.guide.schemas import AiringOut
from matinee.epg.guide.shapes import AIRING_FIELDS, LONGEST_AIRING, airing_in

LOOKED_AT = 8
"""Airings to come of which the first suitable one is next."""

_WIDTH = len(AIRING_FIELDS)
_AIRING = ", ".join(f"{field} AS a{n}" for n, field in enumerate(AIRING_FIELDS))
_OF_NOW, _OF_NEXT = (", ".join(f"{side}.a{n}" for n in range(_WIDTH)) for side in ("now", "next"))

# No two airings of a channel overlap, so the one that began last is the only one that can be on.
ON_NOW = f"""
    LEFT JOIN LATERAL (
        SELECT {_AIRING}, s.ends_at, p.genres, {AIRING_SUITABLE} IS TRUE AS suitable
        FROM (
            SELECT * FROM schedule_entries
            WHERE channel_id = c.id AND starts_at <= statement_timestamp()
              AND starts_at > statement_timestamp() - {LONGEST_AIRING}
            ORDER BY starts_at DESC LIMIT 1
        ) AS s JOIN programmes p ON p.id = s.programme_id
        WHERE s.ends_at > statement_timestamp()
    ) AS now ON true
    LEFT JOIN LATERAL (
        SELECT {_AIRING}, s.starts_at
        FROM (
            SELECT * FROM schedule_entries
            WHERE channel_id = c.id AND starts_at > statement_timestamp()
            ORDER BY starts_at LIMIT {LOOKED_AT}
        ) AS s JOIN programmes p ON p.id = s.programme_id
        WHERE {AIRING_SUITABLE} IS TRUE ORDER BY s.starts_at LIMIT 1
    ) AS next ON true
"""
"""SQL after `channels c`: `now`, also where it is not `suitable`, and the suitable one that comes
`next`; parameters: `visibility_of`."""

ON_NOW_COLUMNS = f"""
    NOT coalesce(now.suitable, {SUITABLE_IN_A_GAP}) AS blocked,
    least(now.ends_at, next.starts_at) AS changes_at, {_OF_NOW}, {_OF_NEXT}
"""
"""Columns over `ON_NOW`, the last ones of a row: for `now_in` and `next_in`, and when the first of
it ends or begins. Many small columns are read much faster than records of them."""


def now_in(row: Row) -> AiringOut | None:
    """What is on, in a row of `ON_NOW_COLUMNS`, where it may be seen."""
    airing = row[-2 * _WIDTH : -_WIDTH]
    return None if row["blocked"] or airing[0] is None else airing_in(airing)


def next_in(row: Row) -> AiringOut | None:
    """What comes next, in a row of `ON_NOW_COLUMNS`."""
    airing = row[-_WIDTH:]
    return None if airing[0] is None else airing_in(airing)
