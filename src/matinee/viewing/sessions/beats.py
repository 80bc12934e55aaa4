"""What heartbeats say: the order in which they count, and how much was really watched."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

PLAYING = "playing"
PATIENCE = 1.5
"""Of a silence so many intervals count as watched; a longer one was something else."""


class Beat(NamedTuple):
    """A heartbeat as it arrived, or the beginning or the end of a session.

    `sender` is the signed-in device, `arrived` a moment by `time.monotonic`.
    """

    user_id: UUID
    session_id: UUID
    sender: UUID | None
    arrived: float
    position_seconds: int | None
    state: str | None = None
    client_at: datetime | None = None
    device_kind: str | None = None
    audio_language: str | None = None
    subtitle_language: str | None = None
    startup_ms: int | None = None
    rebuffer_ms: int | None = None
    bitrate: int | None = None
    dropped_frames: int | None = None
    error_code: str | None = None
    begins: bool = False
    ends: bool = False


class Standing(NamedTuple):
    """Where a session stands: what its player said last, and when that arrived."""

    state: str
    position_seconds: int
    client_at: datetime | None
    heartbeat_at: datetime


def overtaken(standing: Standing, beat: Beat, at: datetime) -> bool:
    """Whether a later heartbeat was heard before this one: by the client's clock where it has one.

    That clock may be wrong, so that it is only compared with itself.
    """
    if beat.client_at is not None and standing.client_at is not None:
        return beat.client_at < standing.client_at
    return at < standing.heartbeat_at


def advance(standing: Standing, beat: Beat, at: datetime) -> Standing:
    """Where the session stands after a heartbeat that arrived at a moment."""
    position = beat.position_seconds
    return Standing(
        state=beat.state or standing.state,
        position_seconds=standing.position_seconds if position is None else position,
        client_at=beat.client_at or standing.client_at,
        heartbeat_at=max(at, standing.heartbeat_at),
    )


def confirmed_seconds(before: Standing, after: Standing, interval: int) -> int:
    """What was watched from one heartbeat to the next one, in seconds.

    The time between them while both say that it plays, though no more than 1.5 intervals. Where
    one of them says so it began or ended in between: then no more than the position moved.
    """
    silence = (after.heartbeat_at - before.heartbeat_at).total_seconds()
    seconds = min(silence, PATIENCE * interval)
    playing = (before.state == PLAYING) + (after.state == PLAYING)
    if playing == 0:
        return 0
    if playing == 1:
        seconds = min(seconds, max(0, after.position_seconds - before.position_seconds))
    return round(seconds)
