"""The channels and airings that an export holds: what its profile may see and play."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row
from matinee.entitlements.channels import (
    AIRING_SUITABLE,
    CHANNEL_ENTITLED,
    CHANNEL_VISIBLE,
    airing_visibility_of,
    channel_entitlement_of,
    channel_visibility_of,
)
from matinee.entitlements.on_air import CAN_GO_BACK
from matinee.epg.guide.shapes import BY_NUMBER, LONGEST_AIRING

DAYS_AHEAD = 14
MOST_DAYS_BACK = 14

_CHANNELS = f"""
    SELECT c.id, c.stream_number, c.slug, c.number, c.name, c.group_title, c.logo_url, c.radio,
           c.language, c.created_at, c.maturity_score,
           CASE WHEN {CAN_GO_BACK} THEN c.catch_up_days ELSE 0 END AS catch_up_days
    FROM channels c
    WHERE {CHANNEL_VISIBLE} AND {CHANNEL_ENTITLED}
      AND (:stream_number::bigint IS NULL OR c.stream_number = :stream_number)
    ORDER BY {BY_NUMBER}
"""
# OFFSET 0: else all programmes there are would be looked at, for each few channels once more.
_AIRINGS = f"""
    SELECT s.channel_id, s.id, s.starts_at, s.ends_at, s.flags, s.catch_up, p.title, p.sub_title,
           p.description, p.season, p.episode, p.language, p.categories, p.genres,
           p.maturity_label, p.year, p.original_air_date, p.image_url, p.credits
    FROM schedule_entries s
    CROSS JOIN LATERAL (
        SELECT p.*, coalesce({AIRING_SUITABLE}, false) AS suitable
        FROM programmes p WHERE p.id = s.programme_id OFFSET 0
    ) AS p
    WHERE s.channel_id = ANY (:channel_ids::uuid[])
      AND s.starts_at < :to AND s.ends_at > :from
      AND s.starts_at > :from::timestamptz - {LONGEST_AIRING}
      AND p.suitable
    ORDER BY s.channel_id, s.starts_at
    LIMIT :limit
"""
_AIRING_AT = """
    SELECT s.id FROM schedule_entries s JOIN channels c ON c.id = s.channel_id
    WHERE c.stream_number = :stream_number AND s.starts_at <= :at AND s.ends_at > :at
"""
_CHANNEL_ID = "SELECT id FROM channels WHERE stream_number = :stream_number"
_NOW = "SELECT statement_timestamp()"


@dataclass(frozen=True, slots=True)
class ExportChannel:
    """A channel as players of others know it: `slug` is its name in the guide."""

    id: UUID
    stream_number: int
    slug: str
    number: int | None
    name: str
    group_title: str | None
    logo_url: str | None
    radio: bool
    language: str | None
    created_at: datetime
    maturity_score: int | None
    catch_up_days: int


class Window(NamedTuple):
    """From a moment until before another."""

    starts_at: datetime
    ends_at: datetime


async def export_channels(
    tx: ReadTx, viewer: Viewer, stream_number: int | None = None
) -> list[ExportChannel]:
    """Channels that the profile may see and its household may play, by number; or one of them."""
    rows = await tx.all(
        _CHANNELS,
        stream_number=stream_number,
        **channel_visibility_of(viewer),
        **channel_entitlement_of(viewer),
    )
    return [ExportChannel(**row) for row in rows]


async def export_airings(
    tx: ReadTx,
    viewer: Viewer,
    channel_ids: Sequence[UUID],
    window: Window,
    limit: int | None = None,
) -> list[Row]:
    """What the profile may see on channels, by channel and time."""
    return await tx.all(
        _AIRINGS,
        channel_ids=list(channel_ids),
        **{"from": window.starts_at, "to": window.ends_at},
        limit=limit,
        **airing_visibility_of(viewer),
    )


async def export_window(tx: ReadTx, channels: Sequence[ExportChannel]) -> Window:
    """Whole days (UTC): as far back as something can be watched again, at least yesterday."""
    now: datetime = await tx.scalar(_NOW)
    today = datetime.combine(now.date(), time.min, UTC)
    back = max((channel.catch_up_days for channel in channels), default=0)
    return Window(
        today - timedelta(days=min(max(back, 1), MOST_DAYS_BACK)),
        today + timedelta(days=DAYS_AHEAD),
    )


async def airing_at(tx: ReadTx, stream_number: int, at: datetime) -> int | None:
    """The airing that was on a channel at a moment."""
    found: int | None = await tx.scalar(_AIRING_AT, stream_number=stream_number, at=at)
    return found


async def channel_by_stream(tx: ReadTx, stream_number: int) -> UUID | None:
    """The channel of a stream number; whether it may be played is not asked here."""
    found: UUID | None = await tx.scalar(_CHANNEL_ID, stream_number=stream_number)
    return found


def version_of(*parts: object) -> str:
    """An ETag for a document that depends on these parts alone."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=12)
    return f'W/"{digest.hexdigest()}"'
