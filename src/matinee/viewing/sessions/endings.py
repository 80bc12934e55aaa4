"""How a viewing session can end, and what its next heartbeat is told."""

from dataclasses import dataclass
from datetime import datetime

from matinee.accounts.viewer import SessionRevoked
from matinee.core.errors import Conflict, Problem
from matinee.entitlements.problems import Blackout, NotEntitled, ParentalBlocked
from matinee.viewing.sessions.limits import ViewingLimit


class StreamTakenOver(Conflict):
    """Another device goes on with this stream."""


class StreamStopped(Conflict):
    """Somebody has ended this stream from elsewhere."""


class PlaybackEnded(Problem):
    """This playback has ended; start again."""

    status = 410


ENDINGS = (
    StreamTakenOver,
    StreamStopped,
    NotEntitled,
    PlaybackEnded,
    ViewingLimit,
    Blackout,
    ParentalBlocked,
)
"""What a heartbeat can be told."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a session ended, in a word of `viewing_sessions.end_reason`."""

    reason: str
    resets_at: datetime | None = None

    def problem(self) -> Problem:
        """The answer to whoever goes on."""
        match self.reason:
            case "taken_over":
                return StreamTakenOver()
            case "stopped_remotely":
                return StreamStopped()
            case "not_entitled":
                return NotEntitled()
            case "viewing_limit":
                return ViewingLimit(self.resets_at)
            case "blackout":
                return Blackout()
            case "parental_blocked":
                return ParentalBlocked()
            case "signed_out":
                return SessionRevoked()
        return PlaybackEnded(reason=self.reason)
