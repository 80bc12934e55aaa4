"""Whether a session may go on playing: asked for on each reload of a playlist, many at a time."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from matinee.core.database import Database
from matinee.entitlements.channels import AIRING_SUITABLE, for_profile
from matinee.entitlements.on_air import SUITABLE_NOW, blacked_out
from matinee.epg.guide.shapes import LONGEST_AIRING
from matinee.epg.ratings import OLDEST

REMEMBERED_SECONDS = 1.0
MOST_AT_ONCE = 500
MOST_REMEMBERED = 100_000

Key = tuple[UUID, UUID]
"""The household and the session."""

# What a channel sent before, as far back as players can go, in SQL over its rows. Most profiles may
# see everything; of the others what a PIN had opened stays open.
_LOOK_BACK = "make_interval(mins => c.dvr_minutes)"
_SENT = f"""
    {{ends}} <= statement_timestamp() AND {{ends}} > statement_timestamp() - {_LOOK_BACK}
"""
_HIDDEN_UNTIL = f"""ceil(extract(epoch FROM greatest(
    CASE WHEN pr.max_maturity < {OLDEST} OR pr.block_unrated OR pr.blocked_tags <> '{{}}' THEN (
        SELECT max(e.ends_at)
        FROM schedule_entries e JOIN programmes p ON p.id = e.programme_id
        WHERE e.channel_id = c.id AND {_SENT.format(ends="e.ends_at")}
          AND e.starts_at BETWEEN statement_timestamp() - {_LOOK_BACK} - {LONGEST_AIRING}
                              AND statement_timestamp()
          AND e.ends_at IS DISTINCT FROM s.unlocked_until
          AND {for_profile(AIRING_SUITABLE, "pr")} IS NOT TRUE
    ) END,
    (
        SELECT max(b.ends_at) FROM blackouts b
        WHERE b.channel_id = c.id AND b.territory IN (s.territory, '**')
          AND {_SENT.format(ends="b.ends_at")}
    )
)))::bigint"""

# A session whose player fell silent may be taken up again by a heartbeat, but plays nothing until
# then. When the right to watch ends is looked at by heartbeats, which know of renewals.
_STATES = f"""
    -- cross-user
    SELECT s.user_id, s.id,
           CASE WHEN s.end_reason IS NOT NULL THEN s.end_reason
                WHEN s.lease_until <= clock_timestamp() THEN 'silent'
                WHEN c.status <> 'published' THEN 'gone' END AS end_reason,
           c.id IS NOT NULL AND {blacked_out("s.territory")} AS blacked_out,
           s.auth_session_id IS NULL AS unattended,
           c.id IS NOT NULL AND NOT coalesce(s.unlocked_until > clock_timestamp(), false)
               AND NOT {for_profile(SUITABLE_NOW, "pr")} AS unsuitable,
           {_HIDDEN_UNTIL} AS hidden_until
    FROM unnest(:user_ids::uuid[], :session_ids::uuid[]) AS asked(user_id, id)
    JOIN viewing_sessions s ON s.user_id = asked.user_id AND s.id = asked.id
    JOIN profiles pr ON pr.user_id = s.user_id AND pr.id = s.profile_id
    LEFT JOIN channels c ON c.id = s.channel_id
"""


class SessionState(NamedTuple):
    """How a session stands: why it ended, and what of its channel holds at this moment.

    `unattended`: no signed-in device began it, so that nobody sends heartbeats. `hidden_until`
    (Unix seconds): nothing before is shown, because there was something that must not be.
    """

    end_reason: str | None = None
    blacked_out: bool = False
    unsuitable: bool = False
    unattended: bool = False
    hidden_until: int | None = None


FORGOTTEN = SessionState(end_reason="gone")
"""Of a session that is not there (any more)."""


class SessionStates:
    """States of sessions, at most a second old; however many ask, one statement is under way."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[Key, tuple[float, SessionState]] = OrderedDict()
        self._waiting: dict[Key, asyncio.Future[SessionState]] = {}
        self._loading: asyncio.Task[None] | None = None

    async def get(self, user_id: UUID, session_id: UUID) -> SessionState:
        """The state of a session."""
        key = (user_id, session_id)
        known = self._known.get(key)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = asyncio.get_running_loop().create_future()
            if self._loading is None:
                self._loading = asyncio.create_task(self._load_all())
        return await asyncio.shield(waiting)

    async def _load_all(self) -> None:
        """Load what is asked for until nobody waits; those who come meanwhile go together."""
        try:
            while self._waiting:
                keys = list(self._waiting)[:MOST_AT_ONCE]
                batch = {key: self._waiting.pop(key) for key in keys}
                await self._load(batch)
        finally:
            self._loading = None

    async def _load(self, batch: dict[Key, asyncio.Future[SessionState]]) -> None:
        good_until = time.monotonic() + REMEMBERED_SECONDS
        try:
            states = await self._read(list(batch))
        except Exception as error:
            for future in batch.values():
                future.set_exception(error)
                future.exception()  # whoever asked may have gone
            return
        for key, future in batch.items():
            state = states.get(key, FORGOTTEN)
            self._known[key] = (good_until, state)
            self._known.move_to_end(key)
            future.set_result(state)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)

    async def _read(self, keys: Sequence[Key]) -> dict[Key, SessionState]:
        async with self._database.read() as tx:
            rows = await tx.all(
                _STATES,
                user_ids=[user_id for user_id, _ in keys],
                session_ids=[session_id for _, session_id in keys],
            )
        return {
            (row["user_id"], row["id"]): SessionState(
                row["end_reason"],
                row["blacked_out"],
                row["unsuitable"],
                row["unattended"],
                row["hidden_until"],
            )
            for row in rows
        }
