"""Look-ups that many ask for at once: done once for all of them, and remembered for a moment."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """What `load` finds by key, for `seconds`; at most `most` keys.

    For what every reload of every playlist needs: `runtime.cache` may ask Redis each time. A
    failure is told to all who wait for it, and is not remembered.
    """

    def __init__(
        self, load: Callable[[K], Awaitable[V]], seconds: float, most: int = 10_000
    ) -> None:
        self._load = load
        self._seconds = seconds
        self._most = most
        self._known: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._flights: dict[K, asyncio.Task[V]] = {}

    async def get(self, key: K) -> V:
        """The value of a key, no older than `seconds`.

        Raises:
            Exception: what `load` raised.
        """
        known = self._known.get(key)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(self._look_up(key))
            flight.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(flight)

    async def _look_up(self, key: K) -> V:
        asked_at = time.monotonic()
        try:
            value = await self._load(key)
        finally:
            del self._flights[key]
        self._known[key] = (asked_at + self._seconds, value)
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return value
