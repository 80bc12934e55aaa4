"""The database's clock as this process knows it, for moments that were noted without asking it."""

from datetime import UTC, datetime, timedelta

DRIFT = 0.001
"""Seconds by which two clocks may drift apart in a second."""
JUMP_SECONDS = 10.0
"""An answer does not take so long: the database's clock was set."""


class DatabaseClock:
    """Moments by `time.monotonic` as moments of the database, in the same order.

    Answers come late by an unknown time, and each would shift the clock: the quickest one counts.
    """

    def __init__(self) -> None:
        self._zero: datetime | None = None
        self._learned_at = 0.0
        self._last = (0.0, datetime.min.replace(tzinfo=UTC))

    def learn(self, now: datetime, asked_at: float) -> None:
        """Take what the database answered to a question asked at a monotonic moment."""
        zero = now - timedelta(seconds=asked_at)
        if self._zero is not None:
            drifted = self._zero + timedelta(seconds=DRIFT * (asked_at - self._learned_at))
            if abs((zero - drifted).total_seconds()) < JUMP_SECONDS:
                zero = min(zero, drifted)
            else:
                self._last = (asked_at, now)
        self._zero, self._learned_at = zero, asked_at

    def at(self, monotonic: float) -> datetime:
        """What the database's clock showed, as far as was learnt before.

        It stands still rather than go back where a quicker answer has just put it right.
        """
        assert self._zero is not None
        shown = self._zero + timedelta(seconds=monotonic)
        last_monotonic, last_shown = self._last
        if monotonic >= last_monotonic:
            shown = max(shown, last_shown)
            self._last = (monotonic, shown)
        return shown
