"""Heartbeats: heard in memory by the thinnest path there is, written together a moment later."""

import time
from datetime import UTC, datetime
from math import ceil
from uuid import UUID

from matinee.accounts.viewer import Asker, Viewer
from matinee.core.database import ReadTx
from matinee.core.errors import NotFound
from matinee.core.ratelimit import HEARTBEATS
from matinee.runtime import Runtime
from matinee.viewing.sessions.beats import Beat
from matinee.viewing.sessions.endings import Ending
from matinee.viewing.sessions.flush import lease, write_heartbeats
from matinee.viewing.sessions.limits import UNLIMITED, allowances
from matinee.viewing.sessions.live import Live, LiveSessions
from matinee.viewing.sessions.rights import warning
from matinee.viewing.sessions.schemas import Heartbeat, HeartbeatHeard

_LOAD = """
    SELECT duration_seconds, end_reason, play_until FROM viewing_sessions
    WHERE user_id = :user_id AND id = :session_id AND profile_id = :profile_id
"""


async def hear(asker: Asker, session_id: UUID, sent: Heartbeat) -> HeartbeatHeard:
    """Take a heartbeat: it is written within a second.

    The database is asked for a session's first heartbeat in this process. What ends it afterwards
    is found by the writes, and told to the heartbeat after that.

    Raises:
        NotFound: the profile has no such session.
        Problem: the session has ended; one of `ENDINGS`.
        RateLimited: they come too fast.
    """
    runtime = asker.runtime
    live = runtime.part(LiveSessions).get(session_id)
    if live is None or live.credential != asker.credential.identity:
        live = await _recognise(asker, session_id)
    if runtime.settings.rate_limits_enabled:
        live.count_one(HEARTBEATS)
    if live.ending is not None:
        raise live.ending.problem()
    runtime.buffers.add(
        write_heartbeats, _beat(live, session_id, asker.credential.session_id, sent)
    )
    now = datetime.now(UTC)
    warned = warning(live.ends_at, now)
    return HeartbeatHeard(
        next_heartbeat_seconds=next_heartbeat(runtime, live.seconds_left),
        expires_at=now + lease(runtime),
        ends_at=live.ends_at if warned else None,
        warning=warned,
        server_time=now,
    )


def next_heartbeat(runtime: Runtime, seconds_left: float | None) -> int:
    """Seconds until the next heartbeat: sooner where the time for watching ends before."""
    interval = runtime.settings.heartbeat_seconds
    return interval if seconds_left is None else max(1, min(interval, ceil(seconds_left)))


async def _recognise(asker: Asker, session_id: UUID) -> Live:
    """Find out who asks, and remember the session, wherever it began."""
    viewer = await asker.viewer()
    async with asker.runtime.database.read() as tx:
        live = await load(tx, viewer, session_id)
    live.credential = asker.credential.identity
    asker.runtime.part(LiveSessions).put(session_id, live)
    return live


async def load(tx: ReadTx, viewer: Viewer, session_id: UUID) -> Live:
    """A session of the viewer's profile, as it is stored.

    Raises:
        NotFound: the profile has none of that id.
    """
    row = await tx.one(
        _LOAD, user_id=viewer.household, session_id=session_id, profile_id=viewer.profile
    )
    if row is None:
        raise NotFound()
    ending = await _ending(tx, viewer, row["end_reason"])
    return Live(
        viewer.household,
        row["duration_seconds"],
        viewer.device_kind,
        ending,
        ends_at=row["play_until"],
    )


async def _ending(tx: ReadTx, viewer: Viewer, reason: str | None) -> Ending | None:
    if reason != "viewing_limit":
        return Ending(reason) if reason else None
    key = viewer.household, viewer.profile
    allowed = (await allowances(tx, [key])).get(key, UNLIMITED)
    return Ending(reason, allowed.resets_at)


def _beat(live: Live, session_id: UUID, sender: UUID, sent: Heartbeat) -> Beat:
    position, duration = sent.position_seconds, live.duration_seconds
    return Beat(
        live.user_id,
        session_id,
        sender,
        time.monotonic(),
        position if duration is None else min(position, duration),
        sent.state,
        sent.at,
        live.device_kind,
        sent.audio_language,
        sent.subtitle_language,
        sent.startup_ms,
        sent.rebuffer_ms,
        sent.bitrate,
        sent.dropped_frames,
        sent.error_code,
    )
