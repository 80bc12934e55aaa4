"""Players that report nothing, those of others: that they reload a playlist says that they play."""

import time
from collections import OrderedDict
from uuid import UUID

from matinee.integrations.playback.tickets import PlaybackTicket
from matinee.runtime import Runtime
from matinee.viewing.sessions.beats import PLAYING, Beat
from matinee.viewing.sessions.flush import write_heartbeats

MOST_REMEMBERED = 100_000


class Unattended:
    """Turns reloads of playlists into heartbeats, one per session and interval."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._heard: OrderedDict[UUID, float] = OrderedDict()

    def reloaded(self, ticket: PlaybackTicket) -> None:
        """Hear that the player of a session is still there."""
        now = time.monotonic()
        heard = self._heard.get(ticket.session_id)
        if heard is not None and now - heard < self._runtime.settings.heartbeat_seconds:
            return
        self._heard[ticket.session_id] = now
        self._heard.move_to_end(ticket.session_id)
        if len(self._heard) > MOST_REMEMBERED:
            self._heard.popitem(last=False)
        self._runtime.buffers.add(
            write_heartbeats,
            Beat(ticket.user_id, ticket.session_id, None, now, None, PLAYING, device_kind="app"),
        )
