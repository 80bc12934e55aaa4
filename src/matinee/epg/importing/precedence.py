"""Which source fills which channel from when on, where several could.

A locked mapping goes before others, then the source of higher priority, then the better score. A
lower source fills a channel from where the guide of the better ones ends.
"""

from uuid import UUID

from matinee.core.database import ReadTx, WriteTx

_FILLED = """
    SELECT DISTINCT ON (m.channel_id) m.xmltv_id, m.channel_id, m.shift_minutes, m.locked, m.score
    FROM channel_epg_map m JOIN channels c ON c.id = m.channel_id
    WHERE m.source_id = :source_id AND m.state = 'applied' AND c.kind = 'external'
    ORDER BY m.channel_id, m.locked DESC, m.score DESC, m.xmltv_id
"""
_WANTED_IDS = f"SELECT DISTINCT xmltv_id FROM ({_FILLED}) AS filled"

# Mappings of a channel are what imports that fill the same one wait for: the second sees what the
# first stored.
_LOCK = f"""
    SELECT 1 FROM channel_epg_map
    WHERE channel_id IN (SELECT channel_id FROM ({_FILLED}) AS filled)
    ORDER BY channel_id, source_id, xmltv_id FOR NO KEY UPDATE
"""
_FORGET = "DROP TABLE IF EXISTS guide_targets"
_TARGETS = f"""
    CREATE TEMP TABLE guide_targets ON COMMIT DROP AS
    SELECT f.xmltv_id, f.channel_id, f.shift_minutes * interval '1 minute' AS shift,
           (SELECT max(s.ends_at)
            FROM channel_epg_map o
            JOIN epg_sources other ON other.id = o.source_id AND other.active
            JOIN schedule_entries s ON s.channel_id = o.channel_id AND s.source_id = o.source_id
            WHERE o.channel_id = f.channel_id AND o.source_id <> mine.id AND o.state = 'applied'
              AND ((o.locked, other.priority, o.score) > (f.locked, mine.priority, f.score)
                   OR (o.locked, other.priority, o.score) = (f.locked, mine.priority, f.score)
                      AND other.id < mine.id)
           ) AS from_at
    FROM ({_FILLED}) AS f CROSS JOIN epg_sources mine
    WHERE mine.id = :source_id
"""


async def wanted_channels(tx: ReadTx, source_id: UUID) -> list[str]:
    """The channels of a source that fill any of ours."""
    return [row["xmltv_id"] for row in await tx.all(_WANTED_IDS, source_id=source_id)]


async def settle_targets(tx: WriteTx, source_id: UUID) -> None:
    """Make `guide_targets`: our channels that this source fills, each from `from_at` on.

    Until the transaction ends nobody else fills these channels, or maps them otherwise.
    """
    await tx.all(_LOCK, source_id=source_id)
    await tx.execute(_FORGET)
    await tx.execute(_TARGETS, source_id=source_id)
