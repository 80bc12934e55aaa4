"""Makers of channels, programmes and airings."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from matinee.core.text import searchable, slugify
from matinee.runtime import Runtime
from tests.makers import execute, insert

EPG = "/api/v1/epg"

FLAGS = {
    "new": 1,
    "premiere": 2,
    "repeat": 4,
    "live": 8,
    "last_chance": 16,
    "subtitles": 32,
    "audio_described": 64,
}
"""The bits of `schedule_entries.flags`."""


def at(minutes: float) -> datetime:
    """The moment so many minutes from now."""
    return datetime.now(UTC) + timedelta(minutes=minutes)


async def make_channel(runtime: Runtime, name: str = "One", **columns: Any) -> UUID:
    """A published channel that everybody may see, with any columns of `channels`."""
    defaults = {
        "slug": slugify(name),
        "folded_name": searchable(name),
        "status": "published",
        "maturity_score": 0,
        "hls_live_url": f"https://live.example.com/{slugify(name)}.m3u8",
    }
    return await insert(runtime, "channels", name=name, **(defaults | columns))


async def make_programme(runtime: Runtime, title: str = "News", **columns: Any) -> int:
    """A programme that everybody may see; the same title and columns make the same one."""
    said = repr((title, sorted(columns.items(), key=lambda column: column[0])))
    row = {
        "title": title,
        "folded_title": searchable(title),
        "content_key": hashlib.blake2b(said.encode(), digest_size=16).digest(),
        "maturity_score": 0,
    } | columns
    names = ", ".join(row)
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    sql = f"""
        INSERT INTO programmes ({names}) VALUES ({places})
        ON CONFLICT (content_key) DO UPDATE SET title = excluded.title RETURNING id
    """
    async with runtime.database.write() as tx:
        made: int = await (await tx.connection()).fetchval(sql, *row.values())
    return made


async def make_airing(
    runtime: Runtime,
    channel_id: UUID,
    starts_at: datetime,
    minutes: float = 60,
    title: str = "News",
    *,
    programme_id: int | None = None,
    flags: int = 0,
    start_over: bool = True,
    catch_up: bool = True,
    **programme: Any,
) -> int:
    """An airing of a programme that was made before, or of one with this title and columns.

    Its days get the next revision, as when a guide is imported.
    """
    made: int = await insert(  # type: ignore[assignment]
        runtime,
        "schedule_entries",
        channel_id=channel_id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        programme_id=programme_id or await make_programme(runtime, title, **programme),
        flags=flags,
        start_over=start_over,
        catch_up=catch_up,
    )
    await raise_days(runtime, channel_id, starts_at, starts_at + timedelta(minutes=minutes))
    return made


async def raise_days(
    runtime: Runtime, channel_id: UUID, starts_at: datetime, ends_at: datetime
) -> None:
    """Give the days (UTC) on which something of a channel changed the next revision."""
    await execute(
        runtime,
        """
        WITH next AS (UPDATE guide_revision SET rev = rev + 1 RETURNING rev)
        INSERT INTO guide_days (channel_id, day, rev)
        SELECT $1, day::date, rev FROM next, generate_series($2::date, $3::date, '1 day') AS day
        ON CONFLICT (channel_id, day) DO UPDATE SET rev = excluded.rev
        """,
        channel_id,
        starts_at.astimezone(UTC).date(),
        (ends_at.astimezone(UTC) - timedelta(microseconds=1)).date(),
    )


async def carry_channel(
    runtime: Runtime, package_id: UUID, channel_id: UUID, **columns: Any
) -> UUID:
    """Let a package carry a channel."""
    return await insert(
        runtime, "package_channels", package_id=package_id, channel_id=channel_id, **columns
    )


async def black_out(
    runtime: Runtime, channel_id: UUID, starts: float = -10, ends: float = 60, **columns: Any
) -> UUID:
    """Let a channel be off from `starts` until `ends`, minutes from now."""
    return await insert(
        runtime,
        "blackouts",
        channel_id=channel_id,
        starts_at=at(starts),
        ends_at=at(ends),
        **({"reason": "rights"} | columns),
    )
