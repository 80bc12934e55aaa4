"""Starting to play: the right, the stream and the session are had in one transaction, or none."""

import time
from functools import partial
from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.schemas import Segment
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, Forbidden, NotFound
from matinee.entitlements import streams
from matinee.entitlements.spending import refuse_other_request, request_hash
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.runtime import Runtime
from matinee.viewing.progress.bookmarks import TRACKS
from matinee.viewing.progress.next_episode import next_episode
from matinee.viewing.progress.schemas import NextUp
from matinee.viewing.sessions.beats import Beat
from matinee.viewing.sessions.flush import lease, write_heartbeats
from matinee.viewing.sessions.heartbeats import next_heartbeat
from matinee.viewing.sessions.limits import UNLIMITED, Allowance, ViewingLimit, allowances
from matinee.viewing.sessions.live import LiveSessions
from matinee.viewing.sessions.rights import Right, play_until, require_right
from matinee.viewing.sessions.schemas import (
    Playback,
    PlaybackAccess,
    SessionStarted,
    StartSession,
)

_ITEM = f"""
    SELECT t.id AS title_id, t.kind, e.id AS episode_id, e.season_id,
           CASE WHEN e.id IS NULL THEN t.segments ELSE e.segments END AS segments,
           asset.protocol, asset.url, asset.trickplay_url,
           coalesce(asset.duration_seconds,
                    60 * CASE WHEN e.id IS NULL THEN t.runtime_minutes ELSE e.runtime_minutes END)
               AS duration_seconds,
           coalesce(b.position_seconds, 0) AS resume_seconds,
           tracks.audio_language, tracks.subtitle_language,
           EXISTS (SELECT FROM viewing_limits l
                   WHERE l.user_id = :user_id::uuid AND l.profile_id = :profile_id::uuid) AS limited
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
    CROSS JOIN ({TRACKS}) AS tracks
    WHERE t.id = :title_id AND {VISIBLE}
"""
# A session that begins a rental's time starts at that very moment, and is known by it.
_STARTED = """
    id, title_id, episode_id, started_at, lease_until, position_seconds, access_via AS via,
    entitled_until AS until, clock_timestamp() AS now
"""
# The session with its slot.
_START = f"""
    WITH session AS (
        INSERT INTO viewing_sessions (
            user_id, profile_id, title_id, episode_id, auth_session_id, device_id, device_name,
            territory, incognito, recommendation_id, position_seconds, duration_seconds,
            access_via, grant_id, entitled_until, play_until, idempotency_key, request_hash,
            started_at, lease_until
        )
        VALUES (
            :user_id, :profile_id, :title_id, :episode_id, :auth_session_id, :device_id,
            :device_name, :territory, :incognito, :recommendation_id, :position_seconds,
            :duration_seconds, :via, :grant_id, :until, :play_until, :key, :request_hash,
            coalesce(:begun_at::timestamptz, clock_timestamp()), clock_timestamp() + :lease
        )
        RETURNING *
    ), slot AS ({streams.TAKE}
    )
    SELECT {_STARTED}, :begun_at::timestamptz IS NOT NULL AND access_via = 'rent' AS clock_started
    FROM session
"""
_FIRST = f"""
    SELECT {_STARTED}, request_hash,
           EXISTS (SELECT FROM user_entitlements g
                   WHERE g.user_id = s.user_id AND g.id = s.grant_id AND g.kind = 'rent'
                     AND g.first_played_at = s.started_at) AS clock_started
    FROM viewing_sessions s WHERE user_id = :user_id AND idempotency_key = :key
"""


class NotPlayable(Conflict):
    """There is nothing to play yet."""


class IncognitoNotAllowed(Forbidden):
    """This profile is looked after; it cannot watch unseen."""


async def start(
    runtime: Runtime, tx: WriteTx, viewer: Viewer, wish: StartSession, key: str | None = None
) -> SessionStarted:
    """Begin to play something; what the device played before has ended.

    With a key: the same wish once more is answered by the session that it began.

    Raises:
        NotFound: no such title or episode, or the viewer may not see it.
        ViewingLimit: the profile has no time left.
        IncognitoNotAllowed: a kids profile, or one with limits, asks for it.
        NotPlayable: it has no media yet.
        StreamLimitReached: the household plays too much already.
        IdempotencyKeyReused: the key was used for another wish.
        Problem: one of `REFUSALS`: the household has no right to play it.
    """
    limit = await streams.queue_up(tx, viewer.household, runtime.settings.included_streams)
    asked = request_hash(viewer.profile, wish.model_dump())
    if key is not None and (first := await tx.one(_FIRST, user_id=viewer.household, key=key)):
        refuse_other_request(first["request_hash"], asked)
        item = await _item(tx, viewer, first["title_id"], first["episode_id"])
        return await _answer(runtime, tx, viewer, item, first)
    item = await _item(tx, viewer, wish.title_id, wish.episode_id)
    allowed = await _require_time(tx, viewer, wish, limited=item["limited"])
    right = await require_right(tx, viewer, item["title_id"], item["season_id"])
    slot, ended = await streams.make_room(
        tx, viewer, wish.device_id, limit=limit, rental=right.rental, take_over=wish.take_over
    )
    keyed = {"key": key, "request_hash": asked if key else None}
    session = await _insert(runtime, tx, viewer, wish, item, right, slot=slot, limit=limit, **keyed)
    if not wish.incognito:
        _remember_start(runtime, tx, viewer, session)
    for session_id in ended:
        runtime.part(LiveSessions).forget(session_id)
    return await _answer(runtime, tx, viewer, item, session, allowed)


async def _answer(
    runtime: Runtime,
    tx: ReadTx,
    viewer: Viewer,
    item: Row,
    session: Row,
    allowed: Allowance = UNLIMITED,
) -> SessionStarted:
    """What the player of a session is told at its beginning."""
    return SessionStarted(
        session_id=session["id"],
        episode_id=item["episode_id"],
        playback=Playback(
            url=item["url"], type=item["protocol"], expires_at=session["lease_until"]
        ),
        resume_seconds=session["position_seconds"],
        duration_seconds=item["duration_seconds"],
        next_heartbeat_seconds=next_heartbeat(runtime, allowed.seconds_left),
        access=PlaybackAccess(
            via=session["via"], until=session["until"], clock_started=session["clock_started"]
        ),
        audio_language=item["audio_language"],
        subtitle_language=item["subtitle_language"],
        segments=[Segment(**segment) for segment in item["segments"]],
        trickplay_url=item["trickplay_url"],
        next_up=await _next_up(tx, viewer, item),
        server_time=session["now"],
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


async def _require_time(
    tx: ReadTx, viewer: Viewer, wish: StartSession, *, limited: bool
) -> Allowance:
    """What viewing limits leave to the profile; unseen watching would not count for them."""
    if wish.incognito and (viewer.is_kids or limited):
        raise IncognitoNotAllowed("incognito")
    if not limited:
        return UNLIMITED
    key = viewer.household, viewer.profile
    allowed = (await allowances(tx, [key])).get(key, UNLIMITED)
    if allowed.is_over:
        raise ViewingLimit(allowed.resets_at)
    return allowed


async def _insert(
    runtime: Runtime,
    tx: WriteTx,
    viewer: Viewer,
    wish: StartSession,
    item: Row,
    right: Right,
    **more: Any,
) -> Row:
    """The session with its slot."""
    duration, resume = item["duration_seconds"], item["resume_seconds"]
    remaining = None if duration is None else max(0, duration - resume)
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
        position_seconds=resume,
        duration_seconds=duration,
        play_until=play_until(right.until, remaining, runtime.settings.expired_playback),
        lease=lease(runtime),
        rental=right.rental,
        **right._asdict(),
        **more,
    )
    assert session is not None
    return session


def _remember_start(runtime: Runtime, tx: WriteTx, viewer: Viewer, session: Row) -> None:
    """Its bookmark, taste and event are written a moment later, with the heartbeats of all."""
    beat = Beat(
        viewer.household,
        session["id"],
        viewer.session_id,
        time.monotonic(),
        session["position_seconds"],
        device_kind=viewer.device_kind,
        begins=True,
    )
    tx.when_committed(partial(runtime.buffers.add, write_heartbeats, beat))
