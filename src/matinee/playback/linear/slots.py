"""The stored slots of linear channels: which may stay, what is missing, what replaces them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from matinee.core.database import ReadTx, Row, WriteTx
from matinee.epg.airings import AiringDraft, Changed, replace_airings
from matinee.epg.programmes import put_programmes
from matinee.playback.linear.locking import Planned
from matinee.playback.linear.planning import Item, Slot

FAR = datetime(9999, 1, 1, tzinfo=UTC)

_UNLOCKED = """
    SELECT starts_at, ends_at, programme_id, media, content_segments, asset_id, plan_version
    FROM linear_slots WHERE channel_id = :channel_id AND NOT locked ORDER BY starts_at
"""
_DELETE = """
    DELETE FROM linear_slots
    WHERE channel_id = :channel_id AND NOT locked AND starts_at = ANY (:starts::timestamptz[])
"""
_INSERT = """
    INSERT INTO linear_slots (channel_id, starts_at, ends_at, programme_id, media,
                              content_segments, asset_id, plan_version)
    SELECT :channel_id, s.starts_at, s.ends_at, s.programme_id, s.media, s.content_segments,
           s.asset_id, :plan_version
    FROM jsonb_to_recordset(:slots::jsonb) AS s(
        starts_at timestamptz, ends_at timestamptz, programme_id bigint, media text[],
        content_segments int, asset_id uuid)
    ORDER BY s.starts_at
"""
_LOCK_IN = """
    UPDATE linear_slots SET locked = true
    WHERE channel_id = :channel_id AND NOT locked AND starts_at < :until
    RETURNING starts_at, ends_at, media, content_segments
"""
_PRUNE = """
    DELETE FROM linear_slots WHERE channel_id = :channel_id AND locked AND ends_at <= :keep_from
"""
# What a programme is of our catalogue we know, and need not guess. Locked in order: channels that
# play the same titles are planned side by side.
_LINK = """
    WITH wanted AS (
        SELECT p.id, l.title_id, l.episode_id
        FROM programmes p
        JOIN unnest(:programmes::bigint[], :titles::uuid[], :episodes::uuid[])
            AS l(programme_id, title_id, episode_id) ON l.programme_id = p.id
        WHERE p.title_id IS NULL ORDER BY p.id FOR NO KEY UPDATE OF p
    )
    UPDATE programmes p
    SET title_id = w.title_id, episode_id = w.episode_id, link_method = 'external_id',
        linked_at = clock_timestamp()
    FROM wanted w WHERE p.id = w.id AND p.title_id IS NULL
"""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A slot that is or will be stored; moments are Unix seconds. What is new has its item."""

    starts_at: int
    ends_at: int
    programme_id: int
    item: Item | None = None


def seconds(moment: datetime) -> int:
    """A moment of the grid in Unix seconds."""
    return int(moment.timestamp())


def moment(at: int) -> datetime:
    """Unix seconds as a moment."""
    return datetime.fromtimestamp(at, UTC)


async def unlocked_slots(tx: ReadTx, channel_id: UUID) -> list[Row]:
    """All slots of which may be said anew what they are, in order."""
    return await tx.all(_UNLOCKED, channel_id=channel_id)


def gaps_between(kept: Sequence[Row], from_at: int) -> tuple[list[tuple[int, int]], int]:
    """The times between kept slots that none of them fills, and when the last of them ends."""
    gaps, at = [], from_at
    for row in kept:
        if (starts_at := seconds(row["starts_at"])) > at:
            gaps.append((at, starts_at))
        at = seconds(row["ends_at"])
    return gaps, at


async def replace_slots(
    tx: WriteTx, channel_id: UUID, version: int, dropped: Sequence[Row], added: Sequence[Slot]
) -> list[Broadcast]:
    """Delete slots and store others; returns the new ones with their programmes."""
    starts = [row["starts_at"] for row in dropped]
    await tx.execute(_DELETE, channel_id=channel_id, starts=starts)
    programmes = await _programmes_of(tx, [slot.item for slot in added])
    broadcasts = [
        Broadcast(slot.starts_at, slot.ends_at, programmes[id(slot.item)], slot.item)
        for slot in added
    ]
    rows = [
        {
            "starts_at": moment(slot.starts_at).isoformat(),
            "ends_at": moment(slot.ends_at).isoformat(),
            "programme_id": programmes[id(slot.item)],
            "media": slot.item.media,
            "content_segments": slot.item.segments,
            "asset_id": str(slot.item.asset_id) if slot.item.asset_id else None,
        }
        for slot in added
    ]
    await tx.execute(_INSERT, channel_id=channel_id, plan_version=version, slots=rows)
    return broadcasts


async def _programmes_of(tx: WriteTx, items: Sequence[Item]) -> Mapping[int, int]:
    """The ids of programmes by the identity of the items."""
    distinct = list({id(item): item for item in items}.values())
    ids = await put_programmes(tx, [item.programme for item in distinct])
    linked = [
        (programme_id, item.title_id, item.episode_id)
        for programme_id, item in zip(ids, distinct, strict=True)
        if item.title_id is not None
    ]
    if linked:
        programmes, titles, episodes = zip(*linked, strict=True)
        await tx.execute(
            _LINK, programmes=list(programmes), titles=list(titles), episodes=list(episodes)
        )
    return {id(item): programme_id for item, programme_id in zip(distinct, ids, strict=True)}


async def write_guide(
    tx: WriteTx, channel_id: UUID, from_at: int, broadcasts: Sequence[Broadcast]
) -> Changed:
    """Have the guide of a channel say just these slots from a moment on."""
    drafts = [
        AiringDraft(
            slot.programme_id,
            moment(slot.starts_at),
            moment(slot.ends_at),
            start_over=slot.item.start_over if slot.item else None,
            catch_up=slot.item.catch_up if slot.item else None,
        )
        for slot in broadcasts
    ]
    return await replace_airings(tx, channel_id, moment(from_at), FAR, drafts)


async def lock_slots(tx: WriteTx, channel_id: UUID, until: datetime) -> list[Planned]:
    """Settle the slots that begin before a moment; they are in order."""
    rows = await tx.all(_LOCK_IN, channel_id=channel_id, until=until)
    return sorted(
        Planned(
            seconds(row["starts_at"]),
            seconds(row["ends_at"]),
            row["media"],
            row["content_segments"],
        )
        for row in rows
    )


async def prune_slots(tx: WriteTx, channel_id: UUID, keep_from: int) -> None:
    """Delete slots that ended before a moment."""
    await tx.execute(_PRUNE, channel_id=channel_id, keep_from=moment(keep_from))
