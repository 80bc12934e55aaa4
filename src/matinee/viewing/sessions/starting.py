"""Starting to play: the right, the stream and the session are had in one transaction, or none."""

import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from matinee.accounts.viewer import Viewer
from matinee.catalog.schemas import Segment
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Forbidden
from matinee.entitlements import streams
from matinee.entitlements.spending import refuse_other_request, request_hash
from matinee.runtime import Runtime
from matinee.viewing.progress.next_episode import next_episode
from matinee.viewing.progress.schemas import NextUp
from matinee.viewing.sessions.addresses import address_of
from matinee.viewing.sessions.beats import Beat
from matinee.viewing.sessions.channels import airing_item, live_item, require_suitable
from matinee.viewing.sessions.flush import lease, write_heartbeats
from matinee.viewing.sessions.heartbeats import next_heartbeat
from matinee.viewing.sessions.items import Item, title_item
from matinee.viewing.sessions.limits import UNLIMITED, Allowance, ViewingLimit, allowances
from matinee.viewing.sessions.live import LiveSessions
from matinee.viewing.sessions.rights import Right, mode_of, play_until, require_right
from matinee.viewing.sessions.schemas import (
    Playback,
    PlaybackAccess,
    SessionStarted,
    StartSession,
)

# A session that begins a rental's time starts at that very moment, and is known by it.
_STARTED = """
    id, title_id, episode_id, channel_id, airing_id, started_at, lease_until, position_seconds,
    access_via AS via, entitled_until AS until, clock_timestamp() AS now
"""
# The session with its slot.
_START = f"""
    WITH session AS (
        INSERT INTO viewing_sessions (
            user_id, profile_id, title_id, episode_id, channel_id, airing_id, unlocked_until,
            auth_session_id, device_id, device_name, territory, incognito, recommendation_id,
            position_seconds, duration_seconds, access_via, grant_id, entitled_until, play_until,
            idempotency_key, request_hash, started_at, lease_until
        )
        VALUES (
            :user_id, :profile_id, :title_id, :episode_id, :channel_id, :airing_id,
            :unlocked_until, :auth_session_id, :device_id, :device_name, :territory, :incognito,
            :recommendation_id, :position_seconds, :duration_seconds, :via, :grant_id, :until,
            :play_until, :key, :request_hash,
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


class IncognitoNotAllowed(Forbidden):
    """This profile is looked after; it cannot watch unseen."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of a start of a channel besides the wish.

    `airing_id`: an airing from its beginning instead of what is on; `unlocked_until`: how far a PIN
    has opened what the profile may not see.
    """

    airing_id: int | None = None
    unlocked_until: datetime | None = None


LIVE = Opening()


async def start(
    runtime: Runtime,
    tx: WriteTx,
    viewer: Viewer,
    wish: StartSession,
    key: str | None = None,
    opening: Opening = LIVE,
) -> SessionStarted:
    """Begin to play something; what the device played before has ended.

    With a key: the same wish once more is answered by the session that it began.

    Raises:
        NotFound: no such title, episode, channel or airing, or the viewer may not see it.
        ViewingLimit: the profile has no time left.
        IncognitoNotAllowed: a kids profile, or one with limits, asks for it.
        NotPlayable: it has no media yet; or the airing cannot be watched again.
        Blackout: the channel must not be shown here now.
        ParentalBlocked: nor what is on to this profile.
        StreamLimitReached: the household plays too much already.
        IdempotencyKeyReused: the key was used for another wish.
        Problem: one of `REFUSALS`: the household has no right to play it.
    """
    limit = await streams.queue_up(tx, viewer.household, runtime.settings.included_streams)
    asked = request_hash(viewer.profile, wish.model_dump(), opening.airing_id)
    if key is not None and (first := await tx.one(_FIRST, user_id=viewer.household, key=key)):
        refuse_other_request(first["request_hash"], asked)
        item = await _item(tx, viewer, _again(wish, first), opening)
        return await _answer(runtime, tx, viewer, item, first)
    item = await _item(tx, viewer, wish, opening)
    right = await require_right(tx, viewer, item)
    require_suitable(item, opening.unlocked_until)
    allowed = await _require_time(tx, viewer, wish, limited=item.limited)
    slot, ended = await streams.make_room(
        tx, viewer, wish.device_id, limit=limit, rental=right.rental, take_over=wish.take_over
    )
    keyed = {"key": key, "request_hash": asked if key else None}
    session = await _insert(
        runtime,
        tx,
        viewer,
        wish,
        item,
        right,
        slot=slot,
        limit=limit,
        unlocked_until=opening.unlocked_until,
        **keyed,
    )
    if not wish.incognito:
        _remember_start(runtime, tx, viewer, session)
    for session_id in ended:
        runtime.part(LiveSessions).forget(session_id)
    return await _answer(runtime, tx, viewer, item, session, allowed)


async def _answer(
    runtime: Runtime,
    tx: ReadTx,
    viewer: Viewer,
    item: Item,
    session: Row,
    allowed: Allowance = UNLIMITED,
) -> SessionStarted:
    """What the player of a session is told at its beginning."""
    return SessionStarted(
        session_id=session["id"],
        episode_id=item.episode_id,
        channel_id=item.channel_id,
        playback=Playback(
            url=address_of(runtime, viewer.household, session["id"], item),
            type=item.protocol,
            expires_at=session["lease_until"],
        ),
        resume_seconds=session["position_seconds"],
        duration_seconds=item.duration_seconds,
        next_heartbeat_seconds=next_heartbeat(runtime, allowed.seconds_left),
        access=PlaybackAccess(
            via=session["via"], until=session["until"], clock_started=session["clock_started"]
        ),
        audio_language=item.audio_language,
        subtitle_language=item.subtitle_language,
        segments=[Segment(**segment) for segment in item.segments],
        trickplay_url=item.trickplay_url,
        next_up=await _next_up(tx, viewer, item),
        server_time=session["now"],
    )


async def _item(tx: ReadTx, viewer: Viewer, wish: StartSession, opening: Opening) -> Item:
    """What is to be played, where the viewer may see it."""
    if wish.title_id is not None:
        return await title_item(tx, viewer, wish.title_id, wish.episode_id)
    if opening.airing_id is not None:
        return await airing_item(tx, viewer, opening.airing_id)
    assert wish.channel_id is not None
    return await live_item(tx, viewer, wish.channel_id)


def _again(wish: StartSession, first: Row) -> StartSession:
    """The wish with the episode that was chosen for it the first time."""
    return wish.model_copy(update={"episode_id": first["episode_id"]})


async def _next_up(tx: ReadTx, viewer: Viewer, item: Item) -> NextUp | None:
    """What the player offers when the credits roll; None after a movie."""
    if item.title_id is None or item.episode_id is None:
        return None
    return await next_episode(tx, viewer, item.title_id, item.episode_id)


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
    item: Item,
    right: Right,
    **more: Any,
) -> Row:
    """The session with its slot."""
    duration, resume = item.duration_seconds, item.resume_seconds
    remaining = None if duration is None else max(0, duration - resume)
    session = await tx.one(
        _START,
        user_id=viewer.household,
        profile_id=viewer.profile,
        title_id=item.title_id,
        episode_id=item.episode_id,
        channel_id=item.channel_id,
        airing_id=item.airing_id,
        auth_session_id=viewer.session_id,
        device_id=wish.device_id,
        device_name=wish.device_name,
        territory=viewer.territory,
        incognito=wish.incognito,
        recommendation_id=wish.recommendation_id,
        position_seconds=resume,
        duration_seconds=duration,
        play_until=play_until(right.until, remaining, mode_of(runtime, item.title_id)),
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
