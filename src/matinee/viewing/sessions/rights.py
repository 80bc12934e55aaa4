"""By which right something is played: found at the start, and looked at again when it may end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from matinee.accounts.viewer import HOUSEHOLD, Viewer, somebody_of
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.entitlements.access import Decision, Via
from matinee.entitlements.channels import channel_decision_on
from matinee.entitlements.facts import decision_on
from matinee.entitlements.problems import NotEntitled, refuse
from matinee.runtime import Runtime
from matinee.viewing.sessions.courses import Course
from matinee.viewing.sessions.items import Item

ATTEMPTS = 3
"""A right that is lost just now makes room for another one, which may be lost just as well."""

SLACK = timedelta(minutes=15)
"""On top of what is left of a film when the right to watch it ends: for pauses."""
LONGEST_FINISH = timedelta(hours=4)
LIVE_CHECK = timedelta(minutes=15)
"""A channel may be watched for days: so often its right is looked at whatever else is known."""
WARNINGS = (timedelta(minutes=15), timedelta(minutes=5))
"""So long before the end players are warned."""

Warned = Literal["ends_in_15_minutes", "ends_in_5_minutes"]

# The household's first play begins a rental's time, and ends the time in which what was bought can
# be given back: of it and a refund, whoever comes second finds the row changed.
_PLAY = """
    UPDATE user_entitlements
    SET first_played_at = coalesce(first_played_at, clock.now),
        expires_at = CASE WHEN kind = 'rent' AND first_played_at IS NULL
            THEN clock.now + make_interval(hours => rental_window_hours) ELSE expires_at END
    FROM (SELECT clock_timestamp() AS now) AS clock
    WHERE user_id = :user_id AND id = :grant_id AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > clock.now)
    RETURNING expires_at, CASE WHEN first_played_at = clock.now THEN first_played_at END AS begun_at
"""
_SEASON = "SELECT season_id FROM episodes WHERE id = :episode_id"
_REBASE = """
    UPDATE viewing_sessions
    SET access_via = :via, grant_id = :grant_id, entitled_until = :until, play_until = :play_until
    WHERE user_id = :user_id AND id = :session_id
"""


class Right(NamedTuple):
    """What lets a household play something, and until when; `begun_at`: its first play is now."""

    via: Via
    until: datetime | None = None
    grant_id: UUID | None = None
    begun_at: datetime | None = None

    @property
    def rental(self) -> UUID | None:
        """The grant, where it is a rental."""
        return self.grant_id if self.via == "rent" else None


async def require_right(tx: WriteTx, viewer: Viewer, item: Item) -> Right:
    """The right by which the viewer plays something; a rental that waited begins.

    The one place where playing is allowed or refused.

    Raises:
        Problem: one of `REFUSALS`: there is none.
    """
    for _ in range(ATTEMPTS):
        decision = await _decide(tx, viewer, item)
        if not decision.playable:
            raise refuse(decision)
        if decision.via not in ("rent", "buy"):
            return Right(decision.via, decision.until, decision.grant_id)
        played = await tx.one(_PLAY, user_id=viewer.household, grant_id=decision.grant_id)
        if played is not None:
            return Right(decision.via, played["expires_at"], decision.grant_id, played["begun_at"])
    raise NotEntitled()


async def _decide(tx: ReadTx, viewer: Viewer, item: Item) -> Decision:
    if item.channel_id is not None:
        return await channel_decision_on(tx, viewer, item.channel_id, live=item.airing_id is None)
    assert item.title_id is not None
    return await decision_on(tx, viewer, item.title_id, item.season_id)


def play_until(
    until: datetime | None, remaining_seconds: int | None, mode: Literal["finish", "hard"]
) -> datetime | None:
    """When a session has to end whose right ends at a moment (A7); None: no end is known.

    In `finish` what is left of the film may be watched to its end, within four hours; in `hard`
    nothing of it.
    """
    if until is None or mode == "hard":
        return until
    if remaining_seconds is None:
        return until + LONGEST_FINISH
    return until + min(timedelta(seconds=remaining_seconds) + SLACK, LONGEST_FINISH)


def mode_of(runtime: Runtime, title_id: UUID | None) -> Literal["finish", "hard"]:
    """What happens when a right ends; television has no end that one could wait for."""
    return "hard" if title_id is None else runtime.settings.expired_playback


def warning(ends_at: datetime | None, now: datetime) -> Warned | None:
    """What a player is told of the end that is near."""
    if ends_at is None or now < ends_at - WARNINGS[0]:
        return None
    return "ends_in_15_minutes" if now < ends_at - WARNINGS[1] else "ends_in_5_minutes"


async def renew_rights(tx: WriteTx, runtime: Runtime, courses: Sequence[Course]) -> None:
    """Look again at rights that are gone or about to end, and end the sessions that have none.

    Most flushes find nothing to look at. A session is looked at when its grant was taken back or
    shortened, and when it passes a warning or its end: so a renewal is found in time. Channels are
    looked at every quarter of an hour besides.
    """
    for course in courses:
        if course.ending is None and _may_have_changed(course.session):
            await _look_again(tx, runtime, course)


def _may_have_changed(row: Row) -> bool:
    if row["grant_gone"] or _is_shortened(row) or _is_due(row):
        return True
    if row["play_until"] is None:
        return False
    marks = [row["play_until"] - ahead for ahead in (*WARNINGS, timedelta(0))]
    return any(row["heartbeat_at"] < mark <= row["now"] for mark in marks) or _is_over(row)


def _is_due(row: Row) -> bool:
    """Whether a session of a channel passes the end of a quarter of an hour."""
    if row["channel_id"] is None:
        return False
    quarters = [
        max(row[name] - row["started_at"], timedelta(0)) // LIVE_CHECK
        for name in ("heartbeat_at", "now")
    ]
    return bool(quarters[0] < quarters[1])


def _is_shortened(row: Row) -> bool:
    grant_until, known = row["grant_until"], row["entitled_until"]
    return grant_until is not None and (known is None or grant_until < known)


def _is_over(row: Row) -> bool:
    return row["play_until"] is not None and bool(row["play_until"] <= row["now"])


async def _look_again(tx: WriteTx, runtime: Runtime, course: Course) -> None:
    row = course.session
    decision = await _decide_again(tx, runtime, row)
    if _goes_on_by(decision, row):
        right = Right(decision.via, decision.until, decision.grant_id)
    elif row["grant_gone"] or _is_refused(decision, row) or _is_over(row):
        course.end("blackout" if decision.via == "blackout" else "not_entitled", row["now"])
        return
    elif _is_shortened(row):
        right = Right(row["access_via"], row["grant_until"], row["grant_id"])
    else:
        return
    await _rebase(tx, runtime, course, right)


def _goes_on_by(decision: Decision, row: Row) -> bool:
    """Whether a decision lets a session go on; another rental has to be begun by a start."""
    is_same = decision.grant_id == row["grant_id"]
    return decision.playable and (decision.via != "rent" or is_same)


def _is_refused(decision: Decision, row: Row) -> bool:
    """Whether a decision ends a session before its time: a film may be seen to its end."""
    return decision.via == "account_held" or row["channel_id"] is not None


async def _decide_again(tx: ReadTx, runtime: Runtime, row: Row) -> Decision:
    found = await tx.one(HOUSEHOLD, user_id=row["user_id"], profile_id=row["profile_id"])
    assert found is not None  # the session was read with its profile
    unsold_is_free = runtime.settings.unsold_titles == "free"
    viewer = somebody_of(row["user_id"], found, unsold_is_free=unsold_is_free)
    viewer = replace(viewer, territory=row["territory"])
    if row["channel_id"] is not None:
        live = row["airing_id"] is None
        return await channel_decision_on(tx, viewer, row["channel_id"], live=live)
    season_id = None
    if row["episode_id"] is not None:
        season_id = await tx.scalar(_SEASON, episode_id=row["episode_id"])
    return await decision_on(tx, viewer, row["title_id"], season_id)


async def _rebase(tx: WriteTx, runtime: Runtime, course: Course, right: Right) -> None:
    row = course.session
    if right.until != row["entitled_until"]:
        duration = row["duration_seconds"]
        left = None if duration is None else duration - course.standing.position_seconds
        course.play_until = play_until(right.until, left, mode_of(runtime, row["title_id"]))
    await tx.execute(
        _REBASE,
        user_id=row["user_id"],
        session_id=row["id"],
        via=right.via,
        grant_id=right.grant_id,
        until=right.until,
        play_until=course.play_until,
    )
    if course.play_until is not None and course.play_until <= row["now"]:
        course.end("not_entitled", row["now"])
