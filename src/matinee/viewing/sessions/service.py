"""Starting and stopping playback: one transaction each."""

import time
from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.schemas import Segment
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, Forbidden, NotFound
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.runtime import Runtime
from matinee.viewing.progress.bookmarks import Mark, remembered_tracks, save_bookmarks
from matinee.viewing.progress.next_episode import next_episode
from matinee.viewing.progress.schemas import NextUp
from matinee.viewing.sessions.beats import Beat
from matinee.viewing.sessions.flush import lease, note, settle
from matinee.viewing.sessions.heartbeats import load, next_heartbeat
from matinee.viewing.sessions.limits import UNLIMITED, Allowance, ViewingLimit, allowances
from matinee.viewing.sessions.play_events import PlayEvent, record_events
from matinee.viewing.sessions.schemas import (
    Access,
    Playback,
    SessionStarted,
    StartSession,
    StopSession,
)
from matinee.viewing.taste import refresh_signals

_ITEM = f"""
    SELECT t.id AS title_id, t.kind, e.id AS episode_id,
           CASE WHEN e.id IS NULL THEN t.segments ELSE e.segments END AS segments,
           asset.protocol, asset.url, asset.trickplay_url,
           coalesce(asset.duration_seconds,
                    60 * CASE WHEN e.id IS NULL THEN t.runtime_minutes ELSE e.runtime_minutes END)
               AS duration_seconds,
           coalesce(b.position_seconds, 0) AS resume_seconds
    FROM titles t
    LEFT JOIN episodes e
        ON e.id = :episode_id::uuid AND e.title_id = t.id AND e.status = 'published'
    LEFT JOIN LATERAL (
        SELECT m.protocol, m.url, m.trickplay_url, m.duration_seconds FROM media_assets m
        WHERE m.title_id = t.id AND m.kind = 'main' AND m.episode_id IS NOT DISTINCT FROM e.id
        ORDER BY m.position, m.id LIMIT 1
    ) AS asset ON true
    LEFT JOIN bookmarks b
        ON b.user_id = :user_id::uuid AND b.profile_id = :profile_id::uuid
       AND b.title_id = t.id AND b.item_id = coalesce(e.id, t.id)
    WHERE t.id = :title_id AND {VISIBLE}
"""
_END_ON_DEVICE = """
    UPDATE viewing_sessions
    SET ended_at = clock_timestamp(), end_reason = 'taken_over', lease_until = clock_timestamp()
    WHERE user_id = :user_id AND device_id = :device_id AND ended_at IS NULL
"""
_START = """
    INSERT INTO viewing_sessions (
        user_id, profile_id, title_id, episode_id, auth_session_id, device_id, device_name,
        territory, incognito, recommendation_id, position_seconds, duration_seconds, lease_until
    )
    VALUES (
        :user_id, :profile_id, :title_id, :episode_id, :auth_session_id, :device_id, :device_name,
        :territory, :incognito, :recommendation_id, :position_seconds, :duration_seconds,
        clock_timestamp() + :lease
    )
    RETURNING id, started_at, lease_until
"""


class NotPlayable(Conflict):
    """There is nothing to play yet."""


class IncognitoNotAllowed(Forbidden):
    """This profile is looked after; it cannot watch unseen."""


async def start(
    runtime: Runtime, tx: WriteTx, viewer: Viewer, wish: StartSession
) -> SessionStarted:
    """Begin to play something; what the device played before has ended.

    Raises:
        NotFound: no such title or episode, or the viewer may not see it.
        ViewingLimit: the profile has no time left.
        IncognitoNotAllowed: a kids profile, or one with limits, asks for it.
        NotPlayable: it has no media yet.
    """
    item = await _item(tx, viewer, wish.title_id, wish.episode_id)
    next_up = await _next_up(tx, viewer, item)
    allowed = await _require_time(tx, viewer, wish)
    access = await _require_access(tx, viewer, item)
    await tx.execute(_END_ON_DEVICE, user_id=viewer.household, device_id=wish.device_id)
    session = await _insert(runtime, tx, viewer, wish, item)
    tracks = await remembered_tracks(tx, viewer, item["title_id"])
    if not wish.incognito:
        await _remember_start(tx, viewer, wish, item, session)
    return SessionStarted(
        session_id=session["id"],
        episode_id=item["episode_id"],
        playback=Playback(
            url=item["url"], type=item["protocol"], expires_at=session["lease_until"]
        ),
        resume_seconds=item["resume_seconds"],
        duration_seconds=item["duration_seconds"],
        next_heartbeat_seconds=next_heartbeat(runtime, allowed.seconds_left),
        access=access,
        audio_language=tracks.audio_language,
        subtitle_language=tracks.subtitle_language,
        segments=[Segment(**segment) for segment in item["segments"]],
        trickplay_url=item["trickplay_url"],
        next_up=next_up,
        server_time=session["started_at"],
    )


async def _item(tx: ReadTx, viewer: Viewer, title_id: UUID, episode_id: UUID | None) -> Row:
    """What is to be played, with its media; of a series what the profile should play now."""
    item = await tx.one(_ITEM, title_id=title_id, episode_id=episode_id, **visibility_of(viewer))
    if item is None:
        raise NotFound()
    if episode_id is None and item["kind"] == "series":
        now = await next_episode(tx, viewer, title_id)
        if now.kind != "next_episode" or now.episode is None:
            raise NotPlayable()
        return await _item(tx, viewer, title_id, now.episode.id)
    if item["episode_id"] != episode_id:
        raise NotFound()
    if item["url"] is None:
        raise NotPlayable()
    return item


async def _next_up(tx: ReadTx, viewer: Viewer, item: Row) -> NextUp | None:
    """What the player offers when the credits roll; None after a movie."""
    if item["episode_id"] is None:
        return None
    return await next_episode(tx, viewer, item["title_id"], item["episode_id"])


async def _require_time(tx: ReadTx, viewer: Viewer, wish: StartSession) -> Allowance:
    """What viewing limits leave to the profile; unseen watching would not count for them."""
    key = viewer.household, viewer.profile
    limited = await allowances(tx, [key])
    if wish.incognito and (viewer.is_kids or limited):
        raise IncognitoNotAllowed("incognito")
    allowed = limited.get(key, UNLIMITED)
    if allowed.is_over:
        raise ViewingLimit(allowed.resets_at)
    return allowed


async def _require_access(_tx: WriteTx, _viewer: Viewer, _item: Row) -> Access:
    """By which right the household plays what it sees: nothing is for sale yet, so all is free.

    The one place where playing is allowed or refused.
    """
    return "free"


async def _insert(
    runtime: Runtime, tx: WriteTx, viewer: Viewer, wish: StartSession, item: Row
) -> Row:
    session = await tx.one(
        _START,
        user_id=viewer.household,
        profile_id=viewer.profile,
        title_id=item["title_id"],
        episode_id=item["episode_id"],
        auth_session_id=viewer.session_id,
        device_id=wish.device_id,
        device_name=wish.device_name,
        territory=viewer.territory,
        incognito=wish.incognito,
        recommendation_id=wish.recommendation_id,
        position_seconds=item["resume_seconds"],
        duration_seconds=item["duration_seconds"],
        lease=lease(runtime),
    )
    assert session is not None
    return session


async def _remember_start(
    tx: WriteTx, viewer: Viewer, wish: StartSession, item: Row, session: Row
) -> None:
    """The bookmark of what was begun, what that says of the taste, and the event."""
    mark = Mark(
        viewer.household,
        viewer.profile,
        item["title_id"],
        item["episode_id"],
        position_seconds=item["resume_seconds"],
        at=session["started_at"],
        duration_seconds=item["duration_seconds"],
        starts=1,
    )
    saved = await save_bookmarks(tx, [mark])
    if any(one.is_telling for one in saved):
        await refresh_signals(tx, [(mark.user_id, mark.profile_id, mark.title_id)])
    await record_events(tx, [_start_event(viewer, wish, item, session)])


def _start_event(viewer: Viewer, wish: StartSession, item: Row, session: Row) -> PlayEvent:
    nothing: dict[str, Any] = dict.fromkeys(PlayEvent._fields)
    known = {
        "user_id": viewer.household,
        "at": session["started_at"],
        "profile_id": viewer.profile,
        "session_id": session["id"],
        "title_id": item["title_id"],
        "episode_id": item["episode_id"],
        "kind": "start",
        "position_seconds": item["resume_seconds"],
        "watched_seconds": 0,
        "device_kind": viewer.device_kind,
        "territory": viewer.territory,
        "recommendation_id": wish.recommendation_id,
    }
    return PlayEvent(**(nothing | known))


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
