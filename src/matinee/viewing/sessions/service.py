"""Ending playback: by its player, by others of the household from elsewhere, and by staff."""

import time
from uuid import UUID

from matinee.accounts import audit
from matinee.accounts.audit import Actor
from matinee.accounts.households import require_household
from matinee.accounts.viewer import Viewer, profile_tag
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Forbidden, NotFound
from matinee.entitlements import streams
from matinee.runtime import Runtime
from matinee.viewing.sessions.beats import Beat
from matinee.viewing.sessions.flush import note, settle
from matinee.viewing.sessions.heartbeats import load
from matinee.viewing.sessions.live import LiveSessions
from matinee.viewing.sessions.schemas import StopSession, Streams

_SESSION = """
    SELECT id, profile_id, device_name FROM viewing_sessions
    WHERE user_id = :user_id AND id = :session_id
"""
_NOW = "SELECT clock_timestamp()"


async def stop(
    runtime: Runtime, viewer: Viewer, session_id: UUID, wish: StopSession | None
) -> None:
    """End a session of the viewer's profile; one that has ended stays as it is.

    Raises:
        NotFound: the profile has no such session.
    """
    async with runtime.database.write() as tx:
        duration = (await load(tx, viewer, session_id)).duration_seconds
        courses = await settle(tx, [_last_beat(viewer, session_id, duration, wish)], runtime)
    for course in courses:
        note(runtime, course)


def _last_beat(
    viewer: Viewer, session_id: UUID, duration: int | None, wish: StopSession | None
) -> Beat:
    position = wish.position_seconds if wish else None
    if position is not None and duration is not None:
        position = min(position, duration)
    return Beat(
        viewer.household,
        session_id,
        viewer.session_id,
        time.monotonic(),
        position,
        client_at=wish.at if wish else None,
        device_kind=viewer.device_kind,
        ends=True,
    )


async def list_streams(runtime: Runtime, tx: ReadTx, viewer: Viewer) -> Streams:
    """What the household plays now."""
    return Streams(
        items=await streams.household_streams(tx, viewer),
        limit=await streams.stream_limit(tx, viewer.household, runtime.settings.included_streams),
        server_time=await tx.scalar(_NOW),
    )


async def stop_remotely(runtime: Runtime, tx: WriteTx, viewer: Viewer, session_id: UUID) -> None:
    """End a stream of the viewer's household; one that has ended stays as it is.

    Raises:
        NotFound: the household has no such session.
        Forbidden: it belongs to another profile, and a kids profile asks.
    """
    session = await _session(tx, viewer.household, session_id)
    if not streams.may_end(viewer, session["profile_id"]):
        raise Forbidden()
    await _end(runtime, tx, viewer.household, session)


async def list_streams_for_staff(runtime: Runtime, tx: ReadTx, user_id: UUID) -> Streams:
    """What a household plays now.

    Raises:
        NotFound: there is no such household.
    """
    await require_household(tx, user_id)
    return Streams(
        items=await streams.streams_for_staff(tx, user_id),
        limit=await streams.stream_limit(tx, user_id, runtime.settings.included_streams),
        server_time=await tx.scalar(_NOW),
    )


async def stop_by_staff(
    runtime: Runtime, tx: WriteTx, staff: Viewer, user_id: UUID, session_id: UUID, reason: str
) -> None:
    """End a stream of a household, as staff; one that has ended stays as it is.

    Raises:
        NotFound: the household has no such session.
    """
    session = await _session(tx, user_id, session_id)
    if not await _end(runtime, tx, user_id, session):
        return
    await audit.record(
        tx,
        Actor.of(staff),
        "stream.stop",
        targets={"user": user_id, "session": session_id},
        before={"device_name": session["device_name"], "end_reason": None},
        after={"device_name": session["device_name"], "end_reason": "stopped_remotely"},
        reason=reason,
    )


async def _session(tx: ReadTx, user_id: UUID, session_id: UUID) -> Row:
    session = await tx.one(_SESSION, user_id=user_id, session_id=session_id)
    if session is None:
        raise NotFound()
    return session


async def _end(runtime: Runtime, tx: WriteTx, user_id: UUID, session: Row) -> bool:
    """End a session; whether it was running."""
    if not await streams.end_sessions(tx, user_id, [session["id"]], "stopped_remotely"):
        return False
    runtime.part(LiveSessions).forget(session["id"])
    tx.invalidate(profile_tag(session["profile_id"]))
    return True
