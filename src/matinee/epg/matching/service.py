"""Matching a source's channels with ours, and storing what came of it."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from matinee.core.database import ReadTx, Row, WriteTx
from matinee.epg.matching.ladder import Candidate, Match
from matinee.epg.matching.pairs import Known, Pair, SourceChannel, match_all

_COUNTRY = "SELECT country FROM epg_sources WHERE id = :source_id"
_THEIRS = """
    SELECT xmltv_id, names FROM epg_source_channels WHERE source_id = :source_id ORDER BY xmltv_id
"""
_OURS = """
    SELECT c.id, c.name, c.tvg_id, c.country,
           ARRAY(SELECT a.folded_name FROM channel_aliases a WHERE a.channel_id = c.id) AS aliases
    FROM channels c WHERE c.kind = 'external' ORDER BY c.id
"""
_KNOWN = """
    SELECT xmltv_id, channel_id, state FROM channel_epg_map
    WHERE source_id = :source_id AND (locked OR method = 'manual' OR state = 'rejected')
"""
_OWN = "NOT m.locked AND m.method <> 'manual' AND m.state <> 'rejected'"
_FORGET = f"""
    DELETE FROM channel_epg_map m
    WHERE m.source_id = :source_id AND {_OWN}
      AND NOT EXISTS (
          SELECT FROM unnest(:xmltv_ids::text[], :channel_ids::uuid[]) AS w(xmltv_id, channel_id)
          WHERE w.xmltv_id = m.xmltv_id AND w.channel_id = m.channel_id)
"""
# A channel that was deleted, or for which somebody chose, since it was read is left out.
_STORE = f"""
    INSERT INTO channel_epg_map AS m
        (source_id, xmltv_id, channel_id, method, state, score, shift_minutes)
    SELECT :source_id, w.xmltv_id, w.channel_id, w.method, w.state, w.score, c.guide_shift_minutes
    FROM unnest(
        :xmltv_ids::text[], :channel_ids::uuid[], :methods::text[], :states::text[],
        :scores::float8[]
    ) AS w(xmltv_id, channel_id, method, state, score)
    JOIN channels c ON c.id = w.channel_id
    WHERE NOT EXISTS (
        SELECT FROM channel_epg_map l
        WHERE l.source_id = :source_id AND l.xmltv_id = w.xmltv_id
          AND (l.locked OR l.method = 'manual'))
    ORDER BY w.xmltv_id, w.channel_id
    ON CONFLICT (source_id, xmltv_id, channel_id) DO UPDATE
    SET method = excluded.method, state = excluded.state, score = excluded.score,
        shift_minutes = excluded.shift_minutes, changed_at = clock_timestamp()
    WHERE {_OWN}
      AND (m.method, m.state, m.score, m.shift_minutes)
          IS DISTINCT FROM
          (excluded.method, excluded.state, excluded.score, excluded.shift_minutes)
"""
_COUNTS = """
    SELECT count(*) FILTER (WHERE EXISTS (
               SELECT FROM channel_epg_map m
               WHERE m.source_id = s.source_id AND m.xmltv_id = s.xmltv_id
                 AND m.state = 'applied')) AS applied,
           count(*) FILTER (WHERE EXISTS (
               SELECT FROM channel_epg_map m
               WHERE m.source_id = s.source_id AND m.xmltv_id = s.xmltv_id
                 AND m.state = 'suggested')
               AND NOT EXISTS (
               SELECT FROM channel_epg_map m
               WHERE m.source_id = s.source_id AND m.xmltv_id = s.xmltv_id
                 AND m.state = 'applied')) AS suggested,
           count(*) AS channels
    FROM epg_source_channels s WHERE s.source_id = :source_id
"""


class Matched(NamedTuple):
    """Channels of a source: how many fill ours, how many perhaps could, and rows that changed."""

    channels: int
    applied: int
    suggested: int
    changed: int

    @property
    def unmatched(self) -> int:
        """Channels that nothing is known about."""
        return self.channels - self.applied - self.suggested


async def match_source(tx: WriteTx, source_id: UUID) -> Matched:
    """Match all channels of a source; what staff chose or rejected stays as it is.

    Matching the same again writes nothing.
    """
    country = await tx.scalar(_COUNTRY, source_id=source_id)
    theirs = [SourceChannel(**row) for row in await tx.all(_THEIRS, source_id=source_id)]
    known = await _known(tx, source_id)
    found = await asyncio.to_thread(match_all, theirs, await our_channels(tx), country, known)
    changed = await _store(tx, source_id, found)
    counts = await tx.one(_COUNTS, source_id=source_id)
    assert counts is not None
    return Matched(**counts, changed=changed)


async def our_channels(tx: ReadTx) -> list[Candidate]:
    """Channels that guides can fill; those of our own media write theirs themselves."""
    return [Candidate(**row) for row in await tx.all(_OURS)]


async def _known(tx: ReadTx, source_id: UUID) -> Known:
    rows = await tx.all(_KNOWN, source_id=source_id)
    return Known(
        chosen=frozenset(_pair(row) for row in rows if row["state"] != "rejected"),
        rejected=frozenset(_pair(row) for row in rows if row["state"] == "rejected"),
    )


def _pair(row: Row) -> Pair:
    return Pair(row["xmltv_id"], row["channel_id"])


async def _store(tx: WriteTx, source_id: UUID, found: Mapping[Pair, Match]) -> int:
    pairs = list(found)
    keys = {
        "source_id": source_id,
        "xmltv_ids": [pair.xmltv_id for pair in pairs],
        "channel_ids": [pair.channel_id for pair in pairs],
    }
    forgotten = await tx.execute(_FORGET, **keys)
    stored = await tx.execute(_STORE, **keys, **_columns(found.values()))
    return forgotten + stored


def _columns(matches: Iterable[Match]) -> dict[str, list[Any]]:
    matches = list(matches)
    return {
        "methods": [match.method for match in matches],
        "states": ["applied" if match.applied else "suggested" for match in matches],
        "scores": [round(match.score, 4) for match in matches],
    }
