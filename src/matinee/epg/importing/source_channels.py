"""The channels of a source as it names them: kept for mapping, whether or not they are mapped."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from matinee.core.database import ReadTx, WriteTx
from matinee.epg.feeds.entries import FeedChannel

_PUT = """
    INSERT INTO epg_source_channels AS c (source_id, xmltv_id, names, number, icon_url, seen_at)
    SELECT :source_id, d.xmltv_id, d.names, d.number, d.icon_url, clock_timestamp()
    FROM jsonb_to_recordset(:channels::jsonb)
        AS d(xmltv_id text, names text[], number text, icon_url text)
    ORDER BY d.xmltv_id
    ON CONFLICT (source_id, xmltv_id) DO UPDATE
    SET names = excluded.names, number = excluded.number, icon_url = excluded.icon_url,
        seen_at = excluded.seen_at
    WHERE (c.names, c.number, c.icon_url)
          IS DISTINCT FROM (excluded.names, excluded.number, excluded.icon_url)
       OR c.seen_at < excluded.seen_at - interval '1 day'
"""
# Known by its programmes only: what an earlier feed called it stays.
_PUT_NAMELESS = """
    INSERT INTO epg_source_channels (source_id, xmltv_id)
    SELECT :source_id, xmltv_id FROM unnest(:ids::text[]) AS d(xmltv_id) ORDER BY xmltv_id
    ON CONFLICT (source_id, xmltv_id) DO NOTHING
"""
_COUNT = """
    UPDATE epg_source_channels c SET programmes = d.programmes
    FROM (
        SELECT k.xmltv_id, coalesce(n.programmes, 0) AS programmes
        FROM epg_source_channels k
        LEFT JOIN unnest(:ids::text[], :programmes::int[]) AS n(xmltv_id, programmes)
          ON n.xmltv_id = k.xmltv_id
        WHERE k.source_id = :source_id
    ) AS d
    WHERE c.source_id = :source_id AND c.xmltv_id = d.xmltv_id
      AND c.programmes IS DISTINCT FROM d.programmes
"""
_UNMAPPED = """
    SELECT c.xmltv_id FROM epg_source_channels c
    WHERE c.source_id = :source_id AND c.xmltv_id = ANY(:ids::text[]) AND NOT EXISTS (
        SELECT FROM channel_epg_map m
        WHERE m.source_id = c.source_id AND m.xmltv_id = c.xmltv_id AND m.state = 'applied')
    ORDER BY c.xmltv_id
"""
_PROGRAMMES_BEFORE = """
    SELECT coalesce(sum(programmes), 0) FROM epg_source_channels
    WHERE source_id = :source_id AND xmltv_id = ANY(:ids::text[])
"""


async def put_channels(tx: WriteTx, source_id: UUID, channels: Iterable[FeedChannel]) -> int:
    """Keep what a feed calls its channels; one that it names twice gets all its names.

    Returns how many of them are new, are called otherwise, or were not seen for a day.
    """
    merged: dict[str, dict[str, Any]] = {}
    for channel in channels:
        known = merged.setdefault(channel.xmltv_id, {"xmltv_id": channel.xmltv_id, "names": []})
        known["names"] = list(dict.fromkeys([*known["names"], *channel.names]))
        known["number"] = known.get("number") or channel.number
        known["icon_url"] = known.get("icon_url") or channel.icon_url
    if not merged:
        return 0
    return await tx.execute(_PUT, source_id=source_id, channels=list(merged.values()))


async def put_nameless(tx: WriteTx, source_id: UUID, ids: Collection[str]) -> int:
    """Keep channels that a feed has programmes for, but does not name; how many are new."""
    if not ids:
        return 0
    return await tx.execute(_PUT_NAMELESS, source_id=source_id, ids=list(ids))


async def count_programmes(tx: WriteTx, source_id: UUID, counts: Mapping[str, int]) -> None:
    """Keep how many programmes each channel has in the feed of today."""
    await tx.execute(
        _COUNT, source_id=source_id, ids=list(counts), programmes=list(counts.values())
    )


async def programmes_before(tx: ReadTx, source_id: UUID, ids: Collection[str]) -> int:
    """How many programmes these channels had in the feed that was imported last."""
    return int(await tx.scalar(_PROGRAMMES_BEFORE, source_id=source_id, ids=list(ids)))


async def unmapped_channels(tx: ReadTx, source_id: UUID, ids: Collection[str]) -> list[str]:
    """Those that fill none of our channels."""
    rows = await tx.all(_UNMAPPED, source_id=source_id, ids=list(ids))
    return [row["xmltv_id"] for row in rows]
