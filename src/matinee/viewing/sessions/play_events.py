"""Play events: what happened in sessions and how well they played, for trends and analytics."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from matinee.core.database import WriteTx


class PlayEvent(NamedTuple):
    """One row of `play_events`; the fields are its columns."""

    user_id: UUID
    at: datetime
    profile_id: UUID
    session_id: UUID
    title_id: UUID | None
    episode_id: UUID | None
    channel_id: UUID | None
    kind: str
    position_seconds: int
    watched_seconds: int
    startup_ms: int | None
    rebuffer_ms: int | None
    bitrate: int | None
    dropped_frames: int | None
    error_code: str | None
    device_kind: str | None
    territory: str
    recommendation_id: UUID | None


async def record_events(tx: WriteTx, events: Sequence[PlayEvent]) -> None:
    """Store events in one COPY, however many."""
    if events:
        await tx.copy("play_events", PlayEvent._fields, events)
