"""Channels as sessions play them: live, an airing from its beginning, or one that is over."""

from dataclasses import fields
from datetime import datetime
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound
from matinee.entitlements.channels import (
    AIRING_SUITABLE,
    CHANNEL_VISIBLE,
    airing_visibility_of,
    channel_visibility_of,
)
from matinee.entitlements.on_air import CAN_GO_BACK, ON_AIR, SUITABLE_IN_A_GAP
from matinee.entitlements.problems import Blackout, ParentalBlocked
from matinee.viewing.sessions.items import LIMITED, Item, NotPlayable, OnAir

_LIVE = f"""
    SELECT c.id AS channel_id, air.id AS airing_id, air.starts_at, air.ends_at,
           coalesce({CAN_GO_BACK} AND c.start_over AND air.start_over, false) AS start_over,
           coalesce(air.suitable, {SUITABLE_IN_A_GAP}) AS suitable,
           c.kind = 'linear' OR c.hls_live_url IS NOT NULL AS sends,
           statement_timestamp() AS now, {LIMITED} AS limited
    FROM channels c LEFT JOIN LATERAL {ON_AIR} AS air ON true
    WHERE c.id = :channel_id AND {CHANNEL_VISIBLE}
"""
_ON_AIR = [field.name for field in fields(OnAir)]
# A channel's own flags say what can be done with it, an airing's what its makers allow.
_AIRING = f"""
    SELECT c.id AS channel_id, e.id AS airing_id, e.starts_at, e.ends_at, {LIMITED} AS limited,
           CASE WHEN e.starts_at > statement_timestamp() OR NOT {CAN_GO_BACK} THEN false
                WHEN e.ends_at > statement_timestamp() THEN c.start_over AND e.start_over
                ELSE e.catch_up AND e.ends_at > statement_timestamp()
                                                - make_interval(days => c.catch_up_days)
           END AS offered,
           EXISTS (
               SELECT FROM blackouts b
               WHERE b.channel_id = c.id AND b.territory IN (:territory::text, '**')
                 AND b.starts_at < e.ends_at AND e.starts_at < b.ends_at
           ) AS blacked_out
    FROM schedule_entries e
    JOIN channels c ON c.id = e.channel_id
    JOIN programmes p ON p.id = e.programme_id
    WHERE e.id = :airing_id AND {CHANNEL_VISIBLE} AND {AIRING_SUITABLE}
"""


async def live_item(tx: ReadTx, viewer: Viewer, channel_id: UUID) -> Item:
    """A channel as it is now, in one statement.

    Raises:
        NotFound: there is none of that id, or the viewer may not see it.
        NotPlayable: only its guide is known, not where its stream is.
    """
    row = await tx.one(
        _LIVE,
        channel_id=channel_id,
        user_id=viewer.household,
        profile_id=viewer.profile,
        **channel_visibility_of(viewer) | airing_visibility_of(viewer),
    )
    if row is None:
        raise NotFound()
    if not row["sends"]:
        raise NotPlayable()
    air = {name: row[name] for name in _ON_AIR}
    return Item(row["limited"], channel_id=channel_id, on_air=OnAir(**air))


def is_open(air: OnAir, unlocked_until: datetime | None) -> bool:
    """Whether the profile may see what is on now, or a PIN has opened it."""
    return air.suitable or (unlocked_until is not None and unlocked_until > air.now)


def require_suitable(item: Item, unlocked_until: datetime | None) -> None:
    """Let pass what the profile may see now, or what a PIN has opened.

    Raises:
        ParentalBlocked: `details`: `channel_id`, and when the programme `ends_at`.
    """
    air = item.on_air
    if air is None or is_open(air, unlocked_until):
        return
    ends_at = air.ends_at.isoformat() if air.ends_at else None
    raise ParentalBlocked(channel_id=str(item.channel_id), ends_at=ends_at)


async def airing_item(tx: ReadTx, viewer: Viewer, airing_id: int) -> Item:
    """An airing that is over or on, from its beginning.

    Raises:
        NotFound: there is none of that id, or the viewer may not see it or its channel.
        NotPlayable: it is still to come, or cannot be watched again.
        Blackout: its channel was not to be shown here while it was on.
    """
    row = await tx.one(
        _AIRING,
        airing_id=airing_id,
        user_id=viewer.household,
        profile_id=viewer.profile,
        territory=viewer.territory,
        **channel_visibility_of(viewer) | airing_visibility_of(viewer),
    )
    if row is None:
        raise NotFound()
    if not row["offered"]:
        raise NotPlayable()
    if row["blacked_out"]:
        raise Blackout()
    return _item_of(row)


def _item_of(row: Row) -> Item:
    length = row["ends_at"] - row["starts_at"]
    return Item(
        row["limited"],
        channel_id=row["channel_id"],
        airing_id=row["airing_id"],
        airing_starts_at=row["starts_at"],
        airing_ends_at=row["ends_at"],
        duration_seconds=round(length.total_seconds()),
    )
