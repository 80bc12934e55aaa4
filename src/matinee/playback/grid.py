"""The grid of our own origin: media sequence numbers are moments, four seconds apart."""

from datetime import UTC, datetime

from matinee.models.playout import SEGMENT_SECONDS

EPOCH = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
"""Where sequence number 0 begins, in Unix seconds."""


def sequence_at(seconds: float) -> int:
    """The number of the segment that is on air at a moment (Unix seconds)."""
    return int((seconds - EPOCH) // SEGMENT_SECONDS)


def seconds_at(sequence: int) -> int:
    """When a segment begins, in Unix seconds."""
    return EPOCH + sequence * SEGMENT_SECONDS
