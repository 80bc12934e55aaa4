"""How many streams a household may have at once: slots, who holds them, and who has to go (E-07).

Locks are taken in this order everywhere: the household's row in `users`, grants, viewing sessions,
slots. So a start that waits for somebody never holds what that one needs.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import Field

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, Forbidden
from matinee.core.schema import Output
from matinee.entitlements.channels import CHANNEL_VISIBLE
from matinee.entitlements.facts import live_at
from matinee.entitlements.visibility import VISIBLE, visibility_of

MOST_STREAMS = 20
"""Of one household, whatever it pays."""

_LIMIT = f"""
    greatest(:included::int, (
        SELECT max(p.max_streams)
        FROM user_entitlements g JOIN content_packages p ON p.id = g.package_id
        WHERE g.user_id = :user_id::uuid AND {live_at("clock_timestamp()")}
    ))
"""
_STREAM_LIMIT = f"SELECT {_LIMIT}"
_QUEUE_UP = f"SELECT {_LIMIT} FROM users WHERE user_id = :user_id FOR NO KEY UPDATE"

# `over` says why a stream does not count any more. It was begun by a device that was signed out,
# it fell silent, or its session ended by somebody who left the slot to us.
_HELD = """
    WITH held AS (
        SELECT id FROM viewing_sessions WHERE user_id = :user_id AND ended_at IS NULL
        UNION
        SELECT session_id FROM stream_slots WHERE user_id = :user_id
    )
    SELECT s.id, s.profile_id, s.device_id, k.slot, k.grant_id,
           CASE WHEN s.ended_at IS NOT NULL THEN s.end_reason
                WHEN s.lease_until <= clock_timestamp() THEN 'stopped'
                WHEN a.revoked_at IS NOT NULL THEN 'signed_out' END AS over
    FROM held
    JOIN viewing_sessions s ON s.user_id = :user_id AND s.id = held.id
    LEFT JOIN stream_slots k ON k.user_id = s.user_id AND k.session_id = s.id
    LEFT JOIN auth_sessions a ON a.id = s.auth_session_id
    ORDER BY s.id
    FOR NO KEY UPDATE OF s
"""
_END = """
    UPDATE viewing_sessions
    SET ended_at = least(lease_until, clock_timestamp()), end_reason = :reason,
        lease_until = least(lease_until, clock_timestamp())
    WHERE user_id = :user_id AND id = ANY (:session_ids::uuid[]) AND ended_at IS NULL
"""
_RELEASE = """
    -- cross-user
    DELETE FROM stream_slots k
    USING unnest(:user_ids::uuid[], :session_ids::uuid[]) AS over(user_id, session_id)
    WHERE k.user_id = over.user_id AND k.session_id = over.session_id
"""
_RELEASE_ENDED = """
    -- cross-user
    DELETE FROM stream_slots k USING viewing_sessions s
    WHERE s.user_id = k.user_id AND s.id = k.session_id AND s.ended_at IS NOT NULL
"""
_OPEN_OF = """
    SELECT id FROM viewing_sessions
    WHERE user_id = :user_id AND ended_at IS NULL
      AND (:grant_ids::uuid[] IS NULL OR grant_id = ANY (:grant_ids::uuid[]))
    ORDER BY id FOR NO KEY UPDATE
"""
_SHOWN = """
    SELECT s.id AS session_id, s.profile_id, p.name AS profile_name, s.device_name,
           t.id AS title_id, t.name AS title_name, c.id AS channel_id, c.name AS channel_name,
           s.started_at
    FROM viewing_sessions s
    JOIN profiles p ON p.user_id = s.user_id AND p.id = s.profile_id
    LEFT JOIN titles t ON t.id = s.title_id AND NOT s.incognito AND {title_shown}
    LEFT JOIN channels c ON c.id = s.channel_id AND NOT s.incognito AND {channel_shown}
    WHERE s.user_id = :user_id AND s.ended_at IS NULL AND s.lease_until > clock_timestamp()
    ORDER BY s.started_at, s.id
"""
_OPEN_PROFILE = "(s.profile_id = :profile_id OR p.pin_hash IS NULL)"
_SHOWN_TO_VIEWER = _SHOWN.format(
    title_shown=f"{_OPEN_PROFILE} AND {VISIBLE}",
    channel_shown=f"{_OPEN_PROFILE} AND {CHANNEL_VISIBLE}",
)
_SHOWN_TO_STAFF = _SHOWN.format(title_shown="true", channel_shown="true")


TAKE = """
    INSERT INTO stream_slots (user_id, slot, stream_limit, session_id, device_id, grant_id)
    SELECT user_id, :slot, :limit, id, device_id, :rental FROM session
"""
"""SQL over a new row of `viewing_sessions` called `session`: it holds the slot that `make_room`
found free, below the limit that holds now."""


class Stream(Output):
    """Something that is being played in a household."""

    session_id: UUID
    profile_id: UUID
    profile_name: str = Field(examples=["Ana"])
    device_name: str = Field(examples=["Living room"])
    title_id: UUID | None = Field(
        description="Null where it is nobody else's business: incognito, of a profile with a PIN,"
        " or a title that the profile that asks may not see."
    )
    title_name: str | None
    channel_id: UUID | None = Field(description="The same, of a channel.")
    channel_name: str | None
    started_at: datetime
    can_stop: bool = Field(
        description="Whether the profile that asks may end it; a kids profile only its own."
    )


class StreamLimitReached(Conflict):
    """As many streams as allowed are running; end one of them first."""


def may_end(viewer: Viewer, profile_id: UUID) -> bool:
    """Whether a profile may end a stream of another one: children may not turn parents off."""
    return not viewer.is_kids or viewer.profile == profile_id


async def stream_limit(tx: ReadTx, user_id: UUID, included: int) -> int:
    """How many streams at once the household's packages allow, at least those that are included."""
    limit: int = await tx.scalar(_STREAM_LIMIT, user_id=user_id, included=included)
    return limit


async def queue_up(tx: WriteTx, user_id: UUID, included: int) -> int:
    """Wait for other starts of the household, let later ones wait, and return its limit."""
    limit: int = await tx.scalar(_QUEUE_UP, user_id=user_id, included=included)
    return limit


async def make_room(
    tx: WriteTx,
    viewer: Viewer,
    device_id: str,
    *,
    limit: int,
    rental: UUID | None = None,
    take_over: UUID | None = None,
) -> tuple[int, list[UUID]]:
    """A free slot for a device, and the sessions that were ended for it.

    Call it after `queue_up`. What the device played before ends, and so do streams that fell
    silent and the one that is taken over; one that ended meanwhile is taken over without harm.
    `rental` is the grant, where it is a rental: it can be played once at a time.

    Raises:
        StreamLimitReached: `details`: `limit`, `of` (`household` or `rental`), `streams` that are
            in the way, and whether the viewer `can_take_over` one of them.
        Forbidden: a child would take over the stream of somebody else.
    """
    ended: dict[str, list[UUID]] = defaultdict(list)
    running = []
    for one in await tx.all(_HELD, user_id=viewer.household):
        if one["over"]:
            ended[one["over"]].append(one["id"])
        elif one["device_id"] == device_id or one["id"] == take_over:
            _require_may_end(viewer, one, device_id)
            ended["taken_over"].append(one["id"])
        else:
            running.append(one)
    await _require_room(tx, viewer, running, limit, rental)
    for reason, session_ids in ended.items():
        await end_sessions(tx, viewer.household, session_ids, reason)
    taken = {one["slot"] for one in running}
    slot = next(number for number in range(1, MOST_STREAMS + 1) if number not in taken)
    return slot, [session_id for group in ended.values() for session_id in group]


def _require_may_end(viewer: Viewer, stream: Row, device_id: str) -> None:
    if stream["device_id"] != device_id and not may_end(viewer, stream["profile_id"]):
        raise Forbidden("take_over")


async def _require_room(
    tx: ReadTx, viewer: Viewer, running: Sequence[Row], limit: int, rental: UUID | None
) -> None:
    """Running streams count, not slots: they go on when a household may have fewer than before."""
    of_rental = [one for one in running if rental is not None and one["grant_id"] == rental]
    in_the_way = of_rental or (running if len(running) >= limit else [])
    if not in_the_way:
        return
    ids = {one["id"] for one in in_the_way}
    streams = [one for one in await household_streams(tx, viewer) if one.session_id in ids]
    raise StreamLimitReached(
        limit=1 if of_rental else limit,
        of="rental" if of_rental else "household",
        streams=[one.model_dump(mode="json") for one in streams],
        can_take_over=any(one.can_stop for one in streams),
    )


async def release(tx: WriteTx, sessions: Iterable[tuple[UUID, UUID]]) -> None:
    """Free the slots of sessions that have ended, each with its household; none is fine."""
    over = sorted(sessions)
    if over:
        await tx.execute(
            _RELEASE,
            user_ids=[user_id for user_id, _ in over],
            session_ids=[session_id for _, session_id in over],
        )


async def release_ended(tx: WriteTx) -> None:
    """Free every slot whose session has ended, of all households."""
    await tx.execute(_RELEASE_ENDED)


async def end_sessions(tx: WriteTx, user_id: UUID, session_ids: Sequence[UUID], reason: str) -> int:
    """End sessions of a household, for a reason of `viewing_sessions.end_reason`; how many ran.

    One that fell silent ended then. Their players are told by their next heartbeat but one.
    """
    ended = await tx.execute(_END, user_id=user_id, session_ids=list(session_ids), reason=reason)
    await release(tx, [(user_id, session_id) for session_id in session_ids])
    return ended


async def end_sessions_of(
    tx: WriteTx,
    user_id: UUID,
    grant_ids: Collection[UUID] | None = None,
    reason: str = "not_entitled",
) -> list[UUID]:
    """End what is being played by these grants, or (None) all that the household plays.

    For whoever takes a grant back, or puts a household on hold; call it after the write, in the
    same transaction. Grants that are revoked or shortened without it are noticed by the session's
    next heartbeat; this frees the streams at once.
    """
    ids = None if grant_ids is None else list(grant_ids)
    rows = await tx.all(_OPEN_OF, user_id=user_id, grant_ids=ids)
    session_ids = [row["id"] for row in rows]
    if session_ids:
        await end_sessions(tx, user_id, session_ids, reason)
    return session_ids


async def household_streams(tx: ReadTx, viewer: Viewer) -> list[Stream]:
    """What the viewer's household plays now, as far as this profile may know; oldest first."""
    rows = await tx.all(_SHOWN_TO_VIEWER, **visibility_of(viewer))
    return [Stream(**row, can_stop=may_end(viewer, row["profile_id"])) for row in rows]


async def streams_for_staff(tx: ReadTx, user_id: UUID) -> list[Stream]:
    """What a household plays now; what is incognito stays so."""
    rows = await tx.all(_SHOWN_TO_STAFF, user_id=user_id)
    return [Stream(**row, can_stop=True) for row in rows]
