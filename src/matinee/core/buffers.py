"""Writes that may wait a moment: collected in memory, written together, none lost on a stop."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import asyncpg
import structlog

from matinee.core.database import GONE
from matinee.core.telemetry import Metrics

log = structlog.get_logger(__name__)

T = TypeVar("T")

MOST_ITEMS = 50_000
LAST_TRIES = 3

PASSING = (
    *GONE,
    TimeoutError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.InsufficientResourcesError,
)
"""Failures that say nothing against the items: they are written later."""


@dataclass(frozen=True)
class Sink(Generic[T]):
    """Where items of one kind are written: all that came within `every` seconds in one call."""

    name: str
    write: Callable[[Any, list[T]], Awaitable[None]]
    every: float
    most: int

    async def __call__(self, runtime: Any, items: list[T]) -> None:
        """Write these items here and now."""
        await self.write(runtime, items)


def sink(
    name: str, *, every: float = 1.0, most: int = MOST_ITEMS
) -> Callable[[Callable[[Any, list[T]], Awaitable[None]]], Sink[T]]:
    """Declare `async def f(runtime, items)` as a sink.

    A crash loses at most `every` seconds of items. While the database is away they wait, `most` of
    them; beyond that the oldest are dropped and counted. Where a batch is refused, it is halved
    until the bad items are found, and these are dropped. An item may be written twice when the
    connection broke during the commit: give it an id.
    """

    def declare(function: Callable[[Any, list[T]], Awaitable[None]]) -> Sink[T]:
        return Sink(name, function, every, most)

    return declare


class _Buffer(Generic[T]):
    """The items that wait for one sink, and the task that writes them while there are any."""

    def __init__(self, runtime: Any, sink: Sink[T], metrics: Metrics) -> None:
        self._runtime = runtime
        self._sink = sink
        self._metrics = metrics
        self._items: list[T] = []
        self.dropped = 0
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def add(self, item: T) -> None:
        self._items.append(item)
        if self._task is None:
            # not in the context of the request that happened to bring the first item
            self._task = asyncio.create_task(self._keep_writing(), context=Context())

    async def flush(self) -> None:
        """Write what waits; what cannot be written now waits on."""
        async with self._writing:
            batch, self._items = self._items, []
            if batch:
                left = await self._store(batch)
                self._items = self._bounded(left + self._items)

    async def aclose(self) -> None:
        """Write the rest; gives up after a few tries, for a process has to end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        for _ in range(LAST_TRIES):
            await self.flush()
        self._drop(len(self._items))

    async def _keep_writing(self) -> None:
        while self._items:
            await asyncio.sleep(self._sink.every)
            # a stop must not cut off a write: it would be unknown whether it was stored
            await asyncio.shield(asyncio.ensure_future(self.flush()))
        self._task = None

    async def _store(self, batch: list[T]) -> list[T]:
        """Write a batch; returns what is worth another try. What is bad is found and dropped."""
        try:
            await self._sink(self._runtime, batch)
        except PASSING as error:
            log.warning("buffer_waits", sink=self._sink.name, items=len(batch), error=repr(error))
            return batch
        except Exception as error:
            if len(batch) == 1:
                log.error("buffer_item_refused", sink=self._sink.name, exc_info=error)
                self._drop(1)
                return []
            middle = len(batch) // 2
            return await self._store(batch[:middle]) + await self._store(batch[middle:])
        return []

    def _bounded(self, items: list[T]) -> list[T]:
        surplus = max(0, len(items) - self._sink.most)
        self._drop(surplus)
        return items[surplus:]

    def _drop(self, count: int) -> None:
        if count:
            self.dropped += count
            self._metrics.dropped.labels(self._sink.name).inc(count)
            log.error("buffer_dropped", sink=self._sink.name, items=count)


class Buffers:
    """One buffer for each sink that was used in this process."""

    def __init__(self, runtime: Any, metrics: Metrics) -> None:
        self._runtime = runtime
        self._metrics = metrics
        self._buffers: dict[str, _Buffer[Any]] = {}

    def add(self, sink: Sink[T], item: T) -> None:
        """Have an item written within `sink.every` seconds; costs nothing but a list entry."""
        buffer = self._buffers.get(sink.name)
        if buffer is None:
            buffer = self._buffers[sink.name] = _Buffer(self._runtime, sink, self._metrics)
        buffer.add(item)

    @property
    def dropped(self) -> int:
        """How many items were lost in this process."""
        return sum(buffer.dropped for buffer in self._buffers.values())

    async def flush(self) -> None:
        """Write all that waits, now."""
        for buffer in list(self._buffers.values()):
            await buffer.flush()

    async def aclose(self) -> None:
        """Write all that waits and stop writing."""
        await asyncio.gather(*(buffer.aclose() for buffer in self._buffers.values()))
