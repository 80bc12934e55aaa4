"""Makers of linear channels: media, plans, and a clock that tests wind."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from matinee.playback.linear.plans import store_plan
from matinee.playback.linear.scheduling import schedule_channel
from matinee.playback.linear.schemas import WritePlan
from matinee.runtime import Runtime
from tests.epg.makers import make_channel
from tests.makers import execute, insert

DAY, HOUR = 24 * 3600, 3600
NOON = int(datetime(2027, 3, 10, 12, tzinfo=UTC).timestamp())
"""A moment of a quiet day; clocks are changed in the United States on 14 March 2027."""

LENGTHS = {"slate": 6, "short": 7, "clip": 8, "film": 1350}
"""Segments of the media that `make_media` registers; the film lasts 90 minutes."""

_RUNS = """
    SELECT first_sequence, segment_count, media, media_segments, first_discontinuity
    FROM playout_runs WHERE channel_id = :channel_id ORDER BY first_sequence
"""
_GUIDE = """
    SELECT s.id, s.starts_at, s.ends_at, p.title
    FROM schedule_entries s JOIN programmes p ON p.id = s.programme_id
    WHERE s.channel_id = :channel_id ORDER BY s.starts_at
"""
_SLOTS = """
    SELECT s.*, p.title FROM linear_slots s JOIN programmes p ON p.id = s.programme_id
    WHERE s.channel_id = :channel_id ORDER BY s.starts_at
"""


def item(title: str, *media: str, **fields: Any) -> dict[str, Any]:
    """An item of a plan."""
    return {"title": title, "media": list(media or ("clip",)), **fields}


def loop(*titles: str, minutes: int = 30) -> dict[str, Any]:
    """A plan that plays programmes of these titles in turn."""
    return {"kind": "loop", "items": [item(title, minutes=minutes) for title in titles]}


async def make_media(runtime: Runtime) -> None:
    """Register media, without files."""
    sql = """
        INSERT INTO media_files (slug, name, segment_count, size_bytes)
        VALUES ($1, initcap($1), $2, 1) ON CONFLICT DO NOTHING
    """
    for slug, segments in LENGTHS.items():
        await execute(runtime, sql, slug, segments)


async def make_linear(
    runtime: Runtime,
    plan: dict[str, Any] | None = None,
    name: str = "Reel",
    *,
    slot_minutes: int = 30,
    **columns: Any,
) -> UUID:
    """A linear channel with a plan and its media."""
    await make_media(runtime)
    channel_id = await make_channel(
        runtime, name, **({"kind": "linear", "hls_live_url": None} | columns)
    )
    await change_plan(runtime, channel_id, plan or loop("One", "Two", "Three"), slot_minutes)
    return channel_id


async def change_plan(
    runtime: Runtime, channel_id: UUID, plan: dict[str, Any], slot_minutes: int = 30
) -> None:
    """Give a channel another plan."""
    wish = WritePlan.model_validate({"plan": plan, "filler": "slate", "slot_minutes": slot_minutes})
    async with runtime.database.write() as tx:
        await store_plan(tx, channel_id, wish)


async def make_playable(
    runtime: Runtime, title_id: UUID, slug: str = "clip", **columns: Any
) -> UUID:
    """Have a title play media of ours."""
    return await insert(
        runtime, "media_assets", title_id=title_id, protocol="builtin", url=slug, **columns
    )


async def plan_at(runtime: Runtime, channel_id: UUID, now: int = NOON, **options: Any) -> bool:
    """Plan a channel at a moment."""
    async with runtime.database.write() as tx:
        return await schedule_channel(tx, channel_id, now, **options)


async def runs_of(runtime: Runtime, channel_id: UUID) -> list[dict[str, Any]]:
    """What is settled."""
    async with runtime.database.read() as tx:
        return [dict(row) for row in await tx.all(_RUNS, channel_id=channel_id)]


async def guide_of(runtime: Runtime, channel_id: UUID) -> list[dict[str, Any]]:
    """Airings of the channel."""
    async with runtime.database.read() as tx:
        return [dict(row) for row in await tx.all(_GUIDE, channel_id=channel_id)]


async def slots_of(runtime: Runtime, channel_id: UUID) -> list[dict[str, Any]]:
    """Slots of the channel."""
    async with runtime.database.read() as tx:
        return [dict(row) for row in await tx.all(_SLOTS, channel_id=channel_id)]
