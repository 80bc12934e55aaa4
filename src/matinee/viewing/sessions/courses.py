"""How sessions go on: heartbeats put to the rows they are about, and what follows from them."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from matinee.core.database import Row, WriteTx
from matinee.entitlements.channels import CHANNEL_VISIBLE, for_profile
from matinee.entitlements.on_air import SUITABLE_NOW, blacked_out
from matinee.entitlements.visibility import visible_to
from matinee.viewing.events import Play
from matinee.viewing.progress.bookmarks import Mark, Saved
from matinee.viewing.sessions.beats import (
    Beat,
    Standing,
    advance,
    confirmed_seconds,
    overtaken,
)
from matinee.viewing.sessions.clock import DatabaseClock
from matinee.viewing.sessions.endings import Ending
from matinee.viewing.sessions.limits import UNLIMITED, Allowance
from matinee.viewing.sessions.play_events import PlayEvent

PLAY_SECONDS = 120
"""From so much confirmed watching on a session counts as a play."""

VIEW_SECONDS = 60
"""Whoever leaves a channel before was zapping."""

# A player of somebody else's making has no sign-in: its session ends with its credential.
_LET_IN = "(heard.sender IS NULL AND s.auth_session_id IS NULL)"

# What was sent before a blackout may be seen during it.
_STILL_ON = """(
    s.airing_id IS NULL OR EXISTS (
        SELECT FROM schedule_entries own
        WHERE own.id = s.airing_id AND own.ends_at > statement_timestamp()
    )
)"""

# Locked in the order of the key, so that two flushes of the same sessions wait and never deadlock.
_HOLD = f"""
    -- cross-user
    SELECT s.user_id, s.id, s.profile_id, s.title_id, s.episode_id, s.channel_id, s.territory,
           s.incognito, s.recommendation_id, s.state, s.position_seconds, s.client_at,
           s.duration_seconds, s.watched_seconds, s.heartbeat_at, s.lease_until, s.ended_at,
           s.end_reason, s.started_at, s.airing_id, s.access_via, s.grant_id, s.entitled_until,
           s.play_until, g.expires_at AS grant_until, clock_timestamp() AS now,
           s.grant_id IS NOT NULL AND (g.id IS NULL OR g.revoked_at IS NOT NULL) AS grant_gone,
           EXISTS (SELECT FROM viewing_limits l
                   WHERE l.user_id = s.user_id AND l.profile_id = s.profile_id) AS limited,
           CASE WHEN s.title_id IS NULL THEN coalesce({for_profile(CHANNEL_VISIBLE, "who")}, false)
                ELSE coalesce({visible_to("who", "s.territory")} AND (
                    s.episode_id IS NULL
                    OR EXISTS (SELECT FROM episodes e
                               WHERE e.id = s.episode_id AND e.status = 'published')
                ), false) END AS visible,
           s.channel_id IS NOT NULL AND {_STILL_ON} AND {blacked_out("s.territory")}
               AS blacked_out,
           s.channel_id IS NULL OR s.airing_id IS NOT NULL
               OR coalesce(s.unlocked_until > statement_timestamp(), false)
               OR coalesce({for_profile(SUITABLE_NOW, "who")}, false) AS suitable,
           coalesce(u.status = 'active' AND (
               {_LET_IN}
               OR a.user_id = s.user_id AND a.revoked_at IS NULL
                  AND a.expires_at > clock_timestamp()
           ), false) AS signed_in,
           coalesce(a.profile_id = s.profile_id, {_LET_IN}) AS same_profile
    FROM unnest(:user_ids::uuid[], :session_ids::uuid[], :senders::uuid[])
        AS heard(user_id, id, sender)
    JOIN viewing_sessions s ON s.user_id = heard.user_id AND s.id = heard.id
    JOIN users u ON u.user_id = s.user_id
    JOIN profiles who ON who.user_id = s.user_id AND who.id = s.profile_id
    LEFT JOIN auth_sessions a ON a.id = heard.sender
    LEFT JOIN titles t ON t.id = s.title_id
    LEFT JOIN channels c ON c.id = s.channel_id
    LEFT JOIN user_entitlements g ON g.user_id = s.user_id AND g.id = s.grant_id
    ORDER BY s.user_id, s.id
    FOR NO KEY UPDATE OF s
"""


class Step(NamedTuple):
    """A heartbeat with the moment of its arrival and the seconds it confirmed."""

    beat: Beat
    at: datetime
    standing: Standing
    seconds: int


@dataclass(slots=True)
class Course:
    """How one session went on: where it stands after its heartbeats, and whether it has ended."""

    session: Row
    profile: tuple[UUID, UUID]
    """The household and the profile."""
    standing: Standing
    steps: list[Step] = field(default_factory=list)
    seconds: int = 0
    """What was watched in this course."""
    ended_at: datetime | None = None
    ending: Ending | None = None
    allowance: Allowance = UNLIMITED
    play_until: datetime | None = None
    """When it has to end, as far as is known."""

    @property
    def seconds_left(self) -> float | None:
        """How long it may go on; None where no end is known."""
        limits = [self.allowance.seconds_left]
        if self.play_until is not None:
            limits.append((self.play_until - self.session["now"]).total_seconds())
        return min((one for one in limits if one is not None), default=None)

    @property
    def item(self) -> tuple[UUID, UUID, UUID, UUID | None]:
        """The bookmark that belongs to it."""
        return (*self.profile, self.session["title_id"], self.session["episode_id"])

    def end(self, reason: str, at: datetime, resets_at: datetime | None = None) -> None:
        """Let the session end; one that has ended stays as it is."""
        if self.ending is None:
            self.ended_at, self.ending = at, Ending(reason, resets_at)

    def take(self, beat: Beat, at: datetime, interval: int) -> None:
        """Put one heartbeat to it; what came after its end is not heard.

        That it began is heard whenever it comes: it moves nothing.
        """
        if beat.begins:
            self.steps.append(Step(beat, self.session["started_at"], self.standing, 0))
            return
        if self.ended_at is not None and at > self.ended_at:
            return
        before, seconds = self.standing, 0
        if not overtaken(before, beat, at):
            self.standing = advance(before, beat, at)
            seconds = confirmed_seconds(before, self.standing, interval)
        self.seconds += seconds
        self.steps.append(Step(beat, at, self.standing, seconds))
        if beat.ends:
            self.end("stopped", at)


async def hold_courses(
    tx: WriteTx, beats: Sequence[Beat], interval: int, clock: DatabaseClock
) -> list[Course]:
    """Lock the sessions of these heartbeats and put the heartbeats to them, in the order given.

    Sessions that are gone are left out.
    """
    heard: dict[tuple[UUID, UUID], list[Beat]] = defaultdict(list)
    for beat in beats:
        heard[beat.user_id, beat.session_id].append(beat)
    asked_at = time.monotonic()
    rows = await tx.all(
        _HOLD,
        user_ids=[user_id for user_id, _ in heard],
        session_ids=[session_id for _, session_id in heard],
        senders=[group[-1].sender for group in heard.values()],
    )
    if rows:
        clock.learn(min(row["now"] for row in rows), asked_at)
    courses = []
    for row in rows:
        course = _course_of(row)
        for beat in heard[row["user_id"], row["id"]]:
            course.take(beat, clock.at(beat.arrived), interval)
        if reason := _reason_to_end(row):
            course.end(reason, row["now"])
        courses.append(course)
    return courses


def _reason_to_end(row: Row) -> str | None:
    """Why a session may not go on; None where it may."""
    if not row["signed_in"]:
        return "signed_out"
    if not row["same_profile"]:
        return "stopped"
    if not row["visible"]:
        return "gone"
    if row["blacked_out"]:
        return "blackout"
    return None if row["suitable"] else "parental_blocked"


def _course_of(row: Row) -> Course:
    standing = Standing(
        row["state"], row["position_seconds"], row["client_at"], row["heartbeat_at"]
    )
    ending = Ending(row["end_reason"]) if row["end_reason"] else None
    profile = row["user_id"], row["profile_id"]
    return Course(
        row,
        profile,
        standing,
        ended_at=row["ended_at"],
        ending=ending,
        play_until=row["play_until"],
    )


def mark_of(course: Course) -> Mark:
    """The bookmark that a course leaves."""
    audio = subtitles = None
    for step in course.steps:
        audio = step.beat.audio_language or audio
        subtitles = step.beat.subtitle_language or subtitles
    return Mark(
        *course.item,
        position_seconds=course.standing.position_seconds,
        at=course.standing.heartbeat_at,
        duration_seconds=course.session["duration_seconds"],
        watched_seconds=course.seconds,
        starts=sum(step.beat.begins for step in course.steps),
        audio_language=audio,
        subtitle_language=subtitles,
    )


def play_of(course: Course) -> Play | None:
    """The play that a session has become in this course, if it has."""
    row = course.session
    before = row["watched_seconds"]
    if row["title_id"] is None or not before < PLAY_SECONDS <= before + course.seconds:
        return None
    return Play(*course.profile, row["id"], row["title_id"], row["territory"])


def viewed_seconds(course: Course) -> int:
    """What a course adds to the time a channel was watched live; all of it once it counts."""
    row = course.session
    before = row["watched_seconds"]
    after: int = before + course.seconds
    if row["channel_id"] is None or row["airing_id"] is not None or after < VIEW_SECONDS:
        return 0
    return course.seconds if before >= VIEW_SECONDS else after


def events_of(course: Course, saved: Iterable[Saved]) -> list[PlayEvent]:
    """The play events of a course; the one that reached the end for the first time says so."""
    kinds = [_kind(step.beat) for step in course.steps]
    if kinds and any(_newly_finished(one) for one in saved):
        kinds[-1] = "finish"
    return [_event(course.session, *both) for both in zip(course.steps, kinds, strict=True)]


def _newly_finished(saved: Saved) -> bool:
    return saved.after.finished and not (saved.before and saved.before.finished)


def _kind(beat: Beat) -> str:
    if beat.error_code is not None:
        return "error"
    if beat.begins:
        return "start"
    return "stop" if beat.ends else "progress"


def _event(row: Row, step: Step, kind: str) -> PlayEvent:
    beat = step.beat
    return PlayEvent(
        user_id=row["user_id"],
        at=step.at,
        profile_id=row["profile_id"],
        session_id=row["id"],
        title_id=row["title_id"],
        episode_id=row["episode_id"],
        channel_id=row["channel_id"],
        kind=kind,
        position_seconds=_or(beat.position_seconds, step.standing.position_seconds),
        watched_seconds=step.seconds,
        startup_ms=beat.startup_ms,
        rebuffer_ms=beat.rebuffer_ms,
        bitrate=beat.bitrate,
        dropped_frames=beat.dropped_frames,
        error_code=beat.error_code,
        device_kind=beat.device_kind,
        territory=row["territory"],
        recommendation_id=row["recommendation_id"],
    )


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
