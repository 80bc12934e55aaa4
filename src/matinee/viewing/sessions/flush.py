"""Writing heartbeats: what many of them mean, in one transaction of so many statements."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from matinee.accounts.viewer import profile_tag
from matinee.core.buffers import sink
from matinee.core.database import WriteTx
from matinee.core.garbage import collected_rarely
from matinee.entitlements.streams import release
from matinee.runtime import Runtime
from matinee.viewing.events import played
from matinee.viewing.progress.bookmarks import Saved, save_bookmarks
from matinee.viewing.sessions.beats import Beat
from matinee.viewing.sessions.clock import DatabaseClock
from matinee.viewing.sessions.courses import (
    Course,
    events_of,
    hold_courses,
    mark_of,
    play_of,
    viewed_seconds,
)
from matinee.viewing.sessions.limits import allowances
from matinee.viewing.sessions.live import LiveSessions
from matinee.viewing.sessions.play_events import record_events
from matinee.viewing.sessions.rights import renew_rights
from matinee.viewing.taste import refresh_signals

FLUSH_SECONDS = 0.5
"""So that a crash costs less than a second, the time to write included."""

LEASE_INTERVALS = 3
"""A session that was silent for so long is over."""

# What a crash of PostgreSQL could take is what a crash of this process takes anyway.
_DO_NOT_WAIT = "SET LOCAL synchronous_commit = off"
_ADD_WATCH_TIME = """
    -- cross-user
    INSERT INTO watch_time AS w (user_id, profile_id, half_hour, watched_id, live, seconds)
    SELECT * FROM unnest(:user_ids::uuid[], :profile_ids::uuid[], :half_hours::timestamptz[],
                         :watched_ids::uuid[], :live::bool[], :seconds::int[])
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (user_id, profile_id, half_hour, watched_id)
    DO UPDATE SET seconds = w.seconds + excluded.seconds
"""
# in the order of the key, as always
_ADD_VIEWS = """
    -- cross-user
    INSERT INTO channel_views AS v (user_id, profile_id, channel_id, day, seconds)
    SELECT * FROM unnest(:user_ids::uuid[], :profile_ids::uuid[], :channel_ids::uuid[],
                         :days::date[], :seconds::int[])
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (user_id, profile_id, channel_id, day)
    DO UPDATE SET seconds = v.seconds + excluded.seconds
"""
_UPDATE_SESSIONS = """
    -- cross-user
    UPDATE viewing_sessions s
    SET state = n.state, position_seconds = n.position_seconds, client_at = n.client_at,
        watched_seconds = s.watched_seconds + n.seconds, heartbeat_at = n.heartbeat_at,
        lease_until = n.lease_until, ended_at = n.ended_at, end_reason = n.end_reason
    FROM unnest(
        :user_ids::uuid[], :session_ids::uuid[], :states::text[], :positions::int[],
        :client_at::timestamptz[], :seconds::int[], :heartbeat_at::timestamptz[],
        :lease_until::timestamptz[], :ended_at::timestamptz[], :end_reasons::text[]
    ) AS n(user_id, id, state, position_seconds, client_at, seconds, heartbeat_at, lease_until,
           ended_at, end_reason)
    WHERE s.user_id = n.user_id AND s.id = n.id
"""


def lease(runtime: Runtime) -> timedelta:
    """How long a session lives without a heartbeat."""
    return timedelta(seconds=LEASE_INTERVALS * runtime.settings.heartbeat_seconds)


@sink("heartbeats", every=FLUSH_SECONDS)
async def write_heartbeats(runtime: Runtime, beats: list[Beat]) -> None:
    """Write all that was heard, and note which sessions have ended meanwhile."""
    with collected_rarely():
        async with runtime.database.write() as tx:
            await tx.execute(_DO_NOT_WAIT)
            courses = await settle(tx, beats, runtime)
    sessions = runtime.part(LiveSessions)
    for missing in {beat.session_id for beat in beats} - {one.session["id"] for one in courses}:
        sessions.forget(missing)
    for course in courses:
        note(runtime, course)


def note(runtime: Runtime, course: Course) -> None:
    """Let this process know how a session stands, once that is stored."""
    live = runtime.part(LiveSessions).get(course.session["id"])
    if live is not None:
        live.ending = course.ending
        live.seconds_left = course.seconds_left
        live.ends_at = course.play_until


async def settle(tx: WriteTx, beats: Sequence[Beat], runtime: Runtime) -> list[Course]:
    """Store what heartbeats mean, in a fixed number of statements; returns what became of each.

    Sessions that end, or whose right to be watched may have changed, take a few more. Sessions
    come first, then what belongs to profiles: every writer locks in this order.
    """
    interval, clock = runtime.settings.heartbeat_seconds, runtime.part(DatabaseClock)
    courses = await hold_courses(tx, beats, interval, clock)
    remembered = [one for one in courses if one.steps and not one.session["incognito"]]
    await _add_watch_time(tx, remembered)
    await _add_views(tx, remembered)
    await _enforce_limits(tx, courses)
    await renew_rights(tx, runtime, courses)
    await _update_sessions(tx, courses, lease(runtime))
    await release(tx, [_key(one) for one in courses if one.ending and not one.session["ended_at"]])
    saved = await _save_bookmarks(tx, remembered)
    await record_events(
        tx, [event for one in remembered for event in events_of(one, saved[one.item])]
    )
    await played(tx, filter(None, map(play_of, remembered)))
    return courses


async def _add_watch_time(tx: WriteTx, courses: Sequence[Course]) -> None:
    """By half hours; what was confirmed counts for the one in which that was said."""
    seconds: Counter[tuple[UUID, UUID, datetime, UUID, bool]] = Counter()
    for course in courses:
        row = course.session
        watched_id = row["title_id"] or row["channel_id"]
        for step in course.steps:
            if step.seconds:
                key = (*course.profile, _half_hour(step.at), watched_id, row["title_id"] is None)
                seconds[key] += step.seconds
    if not seconds:
        return
    keys = list(seconds)
    await tx.execute(
        _ADD_WATCH_TIME,
        user_ids=[key[0] for key in keys],
        profile_ids=[key[1] for key in keys],
        half_hours=[key[2] for key in keys],
        watched_ids=[key[3] for key in keys],
        live=[key[4] for key in keys],
        seconds=list(seconds.values()),
    )


async def _add_views(tx: WriteTx, courses: Sequence[Course]) -> None:
    """How long channels were watched live, by days (UTC)."""
    seconds: Counter[tuple[UUID, UUID, UUID, date]] = Counter()
    for course in courses:
        if viewed := viewed_seconds(course):
            day = course.standing.heartbeat_at.astimezone(UTC).date()
            seconds[(*course.profile, course.session["channel_id"], day)] += viewed
    if not seconds:
        return
    keys = list(seconds)
    await tx.execute(
        _ADD_VIEWS,
        user_ids=[key[0] for key in keys],
        profile_ids=[key[1] for key in keys],
        channel_ids=[key[2] for key in keys],
        days=[key[3] for key in keys],
        seconds=list(seconds.values()),
    )


def _half_hour(at: datetime) -> datetime:
    return at.replace(minute=at.minute // 30 * 30, second=0, microsecond=0)


async def _enforce_limits(tx: WriteTx, courses: Sequence[Course]) -> None:
    """End the sessions of profiles whose time is over."""
    limited = [one for one in courses if one.session["limited"] and one.ending is None]
    if not limited:
        return
    found = await allowances(tx, {one.profile for one in limited})
    for course in limited:
        course.allowance = found.get(course.profile, course.allowance)
        if course.allowance.is_over:
            course.end("viewing_limit", course.session["now"], course.allowance.resets_at)


async def _update_sessions(tx: WriteTx, courses: Sequence[Course], lease: timedelta) -> None:
    if not courses:
        return
    await tx.execute(
        _UPDATE_SESSIONS,
        user_ids=[one.session["user_id"] for one in courses],
        session_ids=[one.session["id"] for one in courses],
        states=[one.standing.state for one in courses],
        positions=[one.standing.position_seconds for one in courses],
        client_at=[one.standing.client_at for one in courses],
        seconds=[one.seconds for one in courses],
        heartbeat_at=[one.standing.heartbeat_at for one in courses],
        lease_until=[_lease_until(one, lease) for one in courses],
        ended_at=[one.ended_at for one in courses],
        end_reasons=[one.ending.reason if one.ending else None for one in courses],
    )


def _key(course: Course) -> tuple[UUID, UUID]:
    return course.session["user_id"], course.session["id"]


def _lease_until(course: Course, lease: timedelta) -> datetime:
    """Renewed by each heartbeat, also one that came late; an end ends it."""
    heard = [step.at + lease for step in course.steps]
    until: datetime = max([course.session["lease_until"], *heard])
    return until if course.ended_at is None else min(until, course.ended_at)


async def _save_bookmarks(
    tx: WriteTx, courses: Sequence[Course]
) -> dict[tuple[UUID, UUID, UUID, UUID | None], list[Saved]]:
    """Bookmarks and, where they tell something new, signals; what was saved, by item."""
    found = defaultdict(list)
    marks = [mark_of(one) for one in courses if one.session["title_id"] is not None]
    for saved in await save_bookmarks(tx, marks):
        found[saved.user_id, saved.profile_id, saved.title_id, saved.episode_id].append(saved)
    told = [one for group in found.values() for one in group if one.is_telling]
    await refresh_signals(tx, {(one.user_id, one.profile_id, one.title_id) for one in told})
    # who stops watching looks at a home screen that says where to go on
    ended = {one.session["profile_id"] for one in courses if one.ending is not None}
    tx.invalidate(*map(profile_tag, ended))
    return found
