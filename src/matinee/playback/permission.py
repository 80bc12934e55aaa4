"""Whether a reload of a playlist is answered, as the session and its channel are at this moment."""

from matinee.core.errors import Problem
from matinee.entitlements.problems import Blackout, ParentalBlocked
from matinee.integrations.playback.tickets import PlaybackTicket
from matinee.playback.states import SessionState
from matinee.viewing.sessions.endings import Ending

GONE = 410


class Over(Exception):
    """A session has ended: 410 whatever ended it, so that no player tries again."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def require_playing(ticket: PlaybackTicket, state: SessionState, now: float) -> None:
    """Look at what is played now; what was sent before was looked at when playing it began.

    Raises:
        Over: the session has ended.
        Blackout: the channel must not be shown at the moment.
        ParentalBlocked: the profile may not see what is on.
    """
    if state.end_reason is not None:
        raise Over(Ending(state.end_reason).problem())
    if ticket.kind == "asset":
        return
    is_live = ticket.from_at is None
    if state.blacked_out and (is_live or ticket.until_at is None or now < ticket.until_at):
        raise Blackout()
    if state.unsuitable and is_live:
        raise ParentalBlocked()
