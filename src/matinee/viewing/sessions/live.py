"""What this process knows of sessions that are alive, so that heartbeats need no query."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from matinee.core.errors import RateLimited
from matinee.core.ratelimit import Limit
from matinee.viewing.sessions.endings import Ending

MOST_SESSIONS = 100_000


@dataclass(slots=True)
class Live:
    """A session as the last write found it; one that has ended stays ended."""

    user_id: UUID
    duration_seconds: int | None
    device_kind: str | None
    ending: Ending | None = None
    credential: tuple[UUID, bytes | None] | None = None
    """`Credential.identity` of a device that was found good; the writes see it revoked."""
    seconds_left: float | None = None
    """Of what viewing limits and the right to watch allow; None where nothing limits."""
    ends_at: datetime | None = None
    """When the right to watch ends, as far as is known."""
    _room_at: float = 0.0

    def count_one(self, limit: Limit) -> None:
        """Let through as many as the limit says in a row, and then at its pace.

        One number in place of a window (GCRA), for the thinnest path; each process counts for
        itself.

        Raises:
            RateLimited: they come too fast.
        """
        now, expiry = time.monotonic(), limit.get_expiry()
        pace = expiry / limit.amount
        room_at = max(self._room_at, now) + pace
        if room_at - now > expiry:
            raise RateLimited(room_at - now - expiry, limit=limit.namespace)
        self._room_at = room_at


class LiveSessions:
    """Sessions by id, in bounded memory: those that were silent for longest are forgotten."""

    def __init__(self, most: int = MOST_SESSIONS) -> None:
        self._most = most
        self._sessions: OrderedDict[UUID, Live] = OrderedDict()

    def get(self, session_id: UUID) -> Live | None:
        """What is known of a session; it may have ended in another process since."""
        live = self._sessions.get(session_id)
        if live is not None:
            self._sessions.move_to_end(session_id)
        return live

    def put(self, session_id: UUID, live: Live) -> None:
        """Remember a session."""
        self._sessions[session_id] = live
        if len(self._sessions) > self._most:
            self._sessions.popitem(last=False)

    def forget(self, session_id: UUID) -> None:
        """The next heartbeat asks the database."""
        self._sessions.pop(session_id, None)
