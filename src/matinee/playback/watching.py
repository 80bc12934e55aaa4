"""Watching channels: live with a PIN where that is needed, from the beginning, and afterwards."""

from datetime import datetime
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import NotFound
from matinee.entitlements.channels import AIRING_SUITABLE, for_profile
from matinee.entitlements.on_air import CAN_GO_BACK
from matinee.integrations.playback.tickets import PlaybackTicket
from matinee.playback.schemas import CatchUp, WatchAiring, WatchChannel, Watching
from matinee.profiles.pins import check_any_pin
from matinee.runtime import Runtime
from matinee.viewing.sessions.addresses import seconds_of
from matinee.viewing.sessions.channels import is_open, live_item
from matinee.viewing.sessions.items import OnAir
from matinee.viewing.sessions.schemas import SessionStarted, StartSession
from matinee.viewing.sessions.starting import Opening, start

CATCH_UP_URL = "/api/v1/epg/airings/{airing_id}/playback"

_KEEPERS = f"""
    SELECT who.id
    FROM schedule_entries e
    JOIN programmes p ON p.id = e.programme_id
    JOIN profiles who ON who.user_id = :user_id AND who.pin_hash IS NOT NULL
    WHERE e.id = :airing_id AND {for_profile(AIRING_SUITABLE, "who")}
    ORDER BY who.id
"""
_CATCH_UP_DAYS = f"""
    SELECT c.catch_up_days FROM channels c WHERE c.id = :channel_id AND {CAN_GO_BACK}
"""
_CHANNEL_OF = "SELECT channel_id FROM schedule_entries WHERE id = :airing_id"


async def watch_channel(
    runtime: Runtime, viewer: Viewer, channel_id: UUID, wish: WatchChannel, key: str | None
) -> Watching:
    """Begin to watch a channel live; what the device played before has ended.

    A PIN is looked at first, in transactions of its own: a wrong one is counted though nothing
    begins.

    Raises:
        PinRequired, PinLocked: the PIN is wrong, or was too often.
        Problem: whatever `start` raises.
    """
    opened = await _opened_until(runtime, viewer, channel_id, wish.pin)
    async with runtime.database.write() as tx:
        begin = StartSession(channel_id=channel_id, **wish.model_dump(exclude={"pin"}))
        opening = Opening(unlocked_until=opened)
        started = await start(runtime, tx, viewer, begin, key, opening)
        return await _live(runtime, tx, viewer, channel_id, started, opened)


async def watch_airing(
    runtime: Runtime,
    tx: WriteTx,
    viewer: Viewer,
    airing_id: int,
    wish: WatchAiring,
    key: str | None,
) -> Watching:
    """Begin to watch an airing that is over, or from the beginning the one that is on.

    Raises:
        NotFound: there is none of that id, or the viewer may not see it.
        Problem: whatever `start` raises.
    """
    channel_id = await tx.scalar(_CHANNEL_OF, airing_id=airing_id)
    if channel_id is None:
        raise NotFound()
    begin = StartSession(channel_id=channel_id, **wish.model_dump())
    started = await start(runtime, tx, viewer, begin, key, Opening(airing_id=airing_id))
    return Watching(
        session_id=started.session_id,
        channel_id=channel_id,
        airing_id=airing_id,
        playback=started.playback,
        duration_seconds=started.duration_seconds,
        unlocked_until=None,
        start_over_url=None,
        catch_up=None,
        next_heartbeat_seconds=started.next_heartbeat_seconds,
        access=started.access,
        server_time=started.server_time,
    )


async def _opened_until(
    runtime: Runtime, viewer: Viewer, channel_id: UUID, pin: str | None
) -> datetime | None:
    """Until when a PIN opens the channel: the end of what is on; None where it opens nothing."""
    if pin is None:
        return None
    async with runtime.database.read() as tx:
        air = (await live_item(tx, viewer, channel_id)).on_air
        assert air is not None
        if air.suitable or air.airing_id is None:
            return None
        rows = await tx.all(_KEEPERS, user_id=viewer.household, airing_id=air.airing_id)
    if not rows:
        return None
    await check_any_pin(runtime, viewer.household, [row["id"] for row in rows], pin)
    return air.ends_at


async def _live(
    runtime: Runtime,
    tx: ReadTx,
    viewer: Viewer,
    channel_id: UUID,
    started: SessionStarted,
    opened: datetime | None,
) -> Watching:
    air = (await live_item(tx, viewer, channel_id)).on_air
    assert air is not None
    days = await tx.scalar(_CATCH_UP_DAYS, channel_id=channel_id)
    return Watching(
        session_id=started.session_id,
        channel_id=channel_id,
        airing_id=None,
        playback=started.playback,
        duration_seconds=None,
        unlocked_until=opened,
        # a session that began before may be told of again, when something else is on
        start_over_url=(
            _start_over_url(runtime, viewer, channel_id, started, air)
            if air.start_over and is_open(air, opened)
            else None
        ),
        catch_up=CatchUp(days=days, url_template=CATCH_UP_URL) if days else None,
        next_heartbeat_seconds=started.next_heartbeat_seconds,
        access=started.access,
        server_time=started.server_time,
    )


def _start_over_url(
    runtime: Runtime, viewer: Viewer, channel_id: UUID, started: SessionStarted, air: OnAir
) -> str:
    ticket = PlaybackTicket(
        viewer.household,
        started.session_id,
        "channel",
        channel_id,
        seconds_of(air.starts_at),
        seconds_of(air.ends_at),
    )
    return runtime.playback.playlist_url(ticket)
