"""Live television in the demo: linear channels that play, and a guide of channels that do not.

The channels and their plans are stored together and once, so that what somebody changes in the demo
stays changed. Planning goes on at every start where it ended, however long the demo slept.
"""

import asyncio
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from matinee.core.database import WriteTx
from matinee.core.text import searchable
from matinee.demo.guide import external_channels, import_guide
from matinee.demo.media import SLATE
from matinee.entitlements.tags import FOR_SALE
from matinee.epg.tags import CHANNELS
from matinee.playback.linear.plans import store_plan
from matinee.playback.linear.scheduling import DAY, schedule
from matinee.playback.linear.schemas import WritePlan
from matinee.runtime import Runtime

FILE = Path(__file__).with_name("data") / "live.json"
TIME_ZONE = "America/New_York"
AT_ONCE = 2
"""Channels that are planned side by side."""

_HAS_CHANNELS = "SELECT EXISTS (SELECT FROM channels)"
_PUT = """
    INSERT INTO channels (slug, tvg_id, number, name, folded_name, description, kind, status,
                          group_title, genres, language, maturity_score, catch_up_days, start_over,
                          time_zone)
    VALUES (:slug, :tvg_id, :number, :name, :folded_name, :description, :kind, 'published',
            :group_title, :genres, :language, :maturity_score, :catch_up_days, :start_over, :zone)
    RETURNING id
"""
_BLACK_OUT = """
    INSERT INTO blackouts (channel_id, territory, starts_at, ends_at, reason)
    SELECT :channel_id, :territory, at, at + :lasting::interval, :reason
    FROM (SELECT date_trunc('hour', clock_timestamp()) + :later::interval AS at) AS begin
"""
_LINEAR = """
    SELECT p.channel_id FROM linear_plans p JOIN channels c ON c.id = p.channel_id
    WHERE c.kind = 'linear' ORDER BY c.number
"""
_IS_SOLD = "SELECT EXISTS (SELECT FROM package_channels)"
_SELL = """
    INSERT INTO package_channels (package_id, channel_id)
    SELECT p.id, c.id
    FROM unnest(:packages::text[], :channels::text[]) AS sold(package, channel)
    JOIN content_packages p ON p.slug = sold.package
    JOIN channels c ON c.slug = sold.channel
    ORDER BY p.id, c.id
"""
CARRYING = {
    "basic": ("basic", "premium"),
    "premium": ("premium",),
    "sports": ("sports",),
}
"""Packages that carry what belongs to the least of them."""


async def go_on_air(runtime: Runtime) -> None:
    """Have the demo's channels, with a past of a day and a future of a week, and its guide.

    The demo's media must be there.
    """
    async with runtime.database.write() as tx:
        if not await tx.scalar(_HAS_CHANNELS):
            await _put_channels(tx)
    async with runtime.database.read() as rtx:
        channels = [row["channel_id"] for row in await rtx.all(_LINEAR)]
    yesterday, some = int(time.time()) - DAY, asyncio.Semaphore(AT_ONCE)

    async def plan(channel_id: UUID) -> None:
        async with some:
            await schedule(runtime, channel_id, since=yesterday)

    await asyncio.gather(import_guide(runtime), *map(plan, channels))


async def sell_channels(runtime: Runtime) -> None:
    """Have the demo's packages carry its channels, once there are both."""
    sold = [
        (package, channel["slug"])
        for channel in _channels()
        for package in CARRYING[channel["package"]]
    ]
    async with runtime.database.write() as tx:
        if not await tx.scalar(_IS_SOLD):
            packages, channels = (list(column) for column in zip(*sold, strict=True))
            await tx.execute(_SELL, packages=packages, channels=channels)
            tx.invalidate(CHANNELS, FOR_SALE)


def _linear() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["channels"]
    return found


def _channels() -> list[dict[str, Any]]:
    return [*_linear(), *external_channels()]


async def _put_channels(tx: WriteTx) -> None:
    for channel in _linear():
        channel_id = await _put(tx, channel, kind="linear", start_over=True)
        wish = {"plan": channel["plan"], "filler": SLATE}
        if "slot_minutes" in channel:
            wish["slot_minutes"] = channel["slot_minutes"]
        await store_plan(tx, channel_id, WritePlan.model_validate(wish))
        for blackout in channel.get("blackouts", ()):
            await _black_out(tx, channel_id, **blackout)
    for channel in external_channels():
        await _put(tx, channel, kind="external", start_over=False)
    tx.invalidate(CHANNELS)


async def _put(tx: WriteTx, channel: dict[str, Any], *, kind: str, start_over: bool) -> UUID:
    made: UUID = await tx.scalar(
        _PUT,
        slug=channel["slug"],
        tvg_id=channel.get("tvg_id"),
        number=channel["number"],
        name=channel["name"],
        folded_name=searchable(channel["name"]),
        description=channel["description"],
        kind=kind,
        group_title=channel["genres"][0],
        genres=channel["genres"],
        language=channel["language"],
        maturity_score=channel.get("maturity_score"),
        catch_up_days=channel.get("catch_up_days", 0),
        start_over=start_over,
        zone=TIME_ZONE,
    )
    return made


async def _black_out(
    tx: WriteTx,
    channel_id: UUID,
    *,
    territory: str,
    starts_in_hours: int,
    hours: int,
    reason: str,
) -> None:
    await tx.execute(
        _BLACK_OUT,
        channel_id=channel_id,
        territory=territory,
        later=timedelta(hours=starts_in_hours),
        lasting=timedelta(hours=hours),
        reason=reason,
    )
