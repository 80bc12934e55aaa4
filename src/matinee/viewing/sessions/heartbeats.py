"""Heartbeats: heard in memory by the thinnest path there is, written together a moment later."""

import time
from math import ceil
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx
from matinee.core.errors import NotFound
from matinee.core.ratelimit import HEARTBEATS
from matinee.runtime import Runtime
from matinee.viewing.sessions.beats import Beat
from matinee.viewing.sessions.endings import Ending
from matinee.viewing.sessions.flush import write_heartbeats
from matinee.viewing.sessions.limits import UNLIMITED, allowances
from matinee.viewing.sessions.live import Live, LiveSessions
from matinee.viewing.sessions.schemas import Heartbeat

_LOAD = """
    SELECT duration_seconds, end_reason FROM viewing_sessions
    WHERE user_id = :user_id AND id = :session_id AND profile_id = :profile_id
"""


async def hear(runtime: Runtime, viewer: Viewer, session_id: UUID, sent: Heartbeat) -> int:
    """Take a heartbeat; returns the seconds until the next one is due.

    It is written within a second. An end that another process brought about is told to the
    heartbeat after the next write.

    Raises:
        NotFound: the profile has no such session.
        Problem: the session has ended; one of `ENDINGS`.
        RateLimited: they come too fast.
    """
    sessions = runtime.part(LiveSessions)
    live = sessions.get(session_id) or await load(runtime, viewer, session_id)
    if (live.user_id, live.profile_id) != (viewer.user_id, viewer.profile_id):
        raise NotFound()
    if runtime.settings.rate_limits_enabled:
        await runtime.limiter.hit(HEARTBEATS, session_id)
    if live.ending is not None:
        raise live.ending.problem()
    runtime.buffers.add(write_heartbeats, _beat(viewer, session_id, sent, live.duration_seconds))
    return next_heartbeat(runtime, live.seconds_left)


def next_heartbeat(runtime: Runtime, seconds_left: float | None) -> int:
    """Seconds until the next heartbeat: sooner where the time for watching ends before."""
    interval = runtime.settings.heartbeat_seconds
    return interval if seconds_left is None else max(1, min(interval, ceil(seconds_left)))


async def load(runtime: Runtime, viewer: Viewer, session_id: UUID) -> Live:
    """A session that began in another process, or before this one was started."""
    async with runtime.database.read() as tx:
        row = await tx.one(
            _LOAD,
            user_id=viewer.household,
            session_id=session_id,
            profile_id=viewer.profile,
        )
        if row is None:
            raise NotFound()
        ending = await _ending(tx, viewer, row["end_reason"])
    live = Live(viewer.household, viewer.profile, row["duration_seconds"], ending)
    runtime.part(LiveSessions).put(session_id, live)
    return live


async def _ending(tx: ReadTx, viewer: Viewer, reason: str | None) -> Ending | None:
    if reason != "viewing_limit":
        return Ending(reason) if reason else None
    key = viewer.household, viewer.profile
    allowed = (await allowances(tx, [key])).get(key, UNLIMITED)
    return Ending(reason, allowed.resets_at)


def _beat(viewer: Viewer, session_id: UUID, sent: Heartbeat, duration: int | None) -> Beat:
    position = sent.position_seconds
    return Beat(
        viewer.household,
        session_id,
        time.monotonic(),
        position if duration is None else min(position, duration),
        sent.state,
        sent.at,
        viewer.device_kind,
        sent.audio_language,
        sent.subtitle_language,
        sent.startup_ms,
        sent.rebuffer_ms,
        sent.bitrate,
        sent.dropped_frames,
        sent.error_code,
    )
