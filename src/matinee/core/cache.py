"""Remembering what is shown: in this process first, then in Redis, never longer than it is true.

Keys carry the versions of the tags they depend on, taken before the answer is built. A write raises
versions after its commit and deletes nothing: an answer built from what was true before is kept
under a key that nobody asks for any more. Remember what is shown, never what is allowed.
"""

import asyncio
import hashlib
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, cast

import structlog
from pydantic import BaseModel
from redis.asyncio import Redis

from matinee import __version__
from matinee.core.encoded import Encoded
from matinee.core.redis_link import RedisLink
from matinee.core.tag_versions import Stamp, TagVersions

T = TypeVar("T")
Slot = tuple[str, str, Stamp]
Lasts = Callable[[Any], timedelta]
"""How long an answer is true, by what is in it."""

log = structlog.get_logger(__name__)

JITTER = 0.1
"""Answers cached together must not expire together."""

REFRESH_FROM = 0.8
"""The part of its life after which an answer that is still asked for is built anew."""

OBJECT_BYTES = 4096
"""What a Python object counts as; its real size is not known cheaply."""

OVERHEAD_BYTES = 512


class Cache:
    """Answers by name, key and the versions of what they depend on.

    `build` runs in a task of its own, once for everybody who waits, and may outlive the caller: it
    must open its own transaction.
    """

    def __init__(
        self,
        redis: RedisLink | None,
        *,
        max_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._clock = clock
        self._versions = TagVersions(redis)
        self._memory = _Memory(max_bytes)
        self._flights = _Flights()

    async def get_or_build(
        self,
        name: str,
        key: object,
        *,
        depends_on: Collection[str],
        ttl: timedelta,
        build: Callable[[], Awaitable[BaseModel | bytes]],
        lasts: Lasts | None = None,
    ) -> Encoded:
        """The encoded answer, a schema or JSON as bytes; shared through Redis.

        `lasts` says of what was built how long it is true at most, where that may be less than
        `ttl`.

        Raises:
            Exception: what `build` raised; nothing is kept then.
        """
        slot = (name, str(key), await self._versions.stamp(depends_on))
        rebuild = partial(self._build_encoded, slot, ttl, build, lasts)
        load = partial(self._load_encoded, slot, ttl, rebuild) if self._redis else rebuild
        return cast(Encoded, await self._get(slot, load, rebuild))

    async def get_or_build_object(
        self,
        name: str,
        key: object,
        *,
        depends_on: Collection[str],
        ttl: timedelta,
        build: Callable[[], Awaitable[T]],
    ) -> T:
        """A Python object, kept in this process only; treat it as frozen.

        Raises:
            Exception: what `build` raised; nothing is kept then.
        """
        slot = (name, str(key), await self._versions.stamp(depends_on))
        rebuild = partial(self._build_object, slot, ttl, build)
        return cast(T, await self._get(slot, rebuild, rebuild))

    async def invalidate(self, tags: Collection[str]) -> None:
        """Nobody who asks from now on gets what depends on these tags; call it after the commit."""
        await self._versions.advance(tags)

    async def _get(self, slot: Slot, load: "_Work", rebuild: "_Work") -> Any:
        now = self._clock()
        found = self._memory.get(slot, now)
        if found is None:
            return await self._flights.join(slot, load)
        if now >= found.refresh_at:
            self._flights.start(slot, rebuild)
        return found.value

    async def _build_object(
        self, slot: Slot, ttl: timedelta, build: Callable[[], Awaitable[T]]
    ) -> T:
        value = await build()
        self._keep(slot, value, OBJECT_BYTES, _jittered(ttl), ttl)
        return value

    async def _build_encoded(
        self,
        slot: Slot,
        ttl: timedelta,
        build: Callable[[], Awaitable[BaseModel | bytes]],
        lasts: Lasts | None,
    ) -> Encoded:
        built = await build()
        value = await asyncio.to_thread(Encoded.of, built)
        if lasts is not None:
            ttl = min(ttl, max(lasts(built), timedelta(0)))
        seconds = _jittered(ttl)
        self._keep(slot, value, value.size, seconds, ttl)
        if self._redis is not None:
            await self._redis.run(partial(_store, slot, value, seconds), None)
        return value

    async def _load_encoded(self, slot: Slot, ttl: timedelta, rebuild: "_Work") -> Encoded:
        assert self._redis is not None
        found = await self._redis.run(partial(_fetch, slot), None)
        if found is None:
            return cast(Encoded, await rebuild())
        value, seconds = found
        self._keep(slot, value, value.size, seconds, ttl)
        return value

    def _keep(self, slot: Slot, value: Any, size: int, seconds: float, ttl: timedelta) -> None:
        """Keep a value for so many seconds more of a life of `ttl`."""
        expires_at = self._clock() + seconds
        refresh_at = expires_at - ttl.total_seconds() * (1 - REFRESH_FROM)
        entry = _Entry(value, size + OVERHEAD_BYTES, expires_at, refresh_at)
        self._memory.put(slot, entry)


def _jittered(ttl: timedelta) -> float:
    return ttl.total_seconds() * (1 - random.uniform(0, JITTER))


@dataclass(frozen=True, slots=True)
class _Entry:
    value: Any
    size: int
    expires_at: float
    refresh_at: float


class _Memory:
    """The least recently used entries go first when the bytes run out."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[Slot, _Entry] = OrderedDict()

    def get(self, slot: Slot, now: float) -> _Entry | None:
        entry = self._entries.get(slot)
        if entry is None:
            return None
        if now >= entry.expires_at:
            self._drop(slot)
            return None
        self._entries.move_to_end(slot)
        return entry

    def put(self, slot: Slot, entry: _Entry) -> None:
        self._drop(slot)
        if entry.size > self._max_bytes:
            return
        self._entries[slot] = entry
        self._bytes += entry.size
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, slot: Slot) -> None:
        if (entry := self._entries.pop(slot, None)) is not None:
            self._bytes -= entry.size


_Work = Callable[[], Coroutine[Any, Any, Any]]


class _Flights:
    """Work that is going on, once per slot, in tasks that no single caller can cancel."""

    def __init__(self) -> None:
        self._tasks: dict[Slot, asyncio.Task[Any]] = {}

    async def join(self, slot: Slot, work: _Work) -> Any:
        """The result of the work on this slot, begun here where nobody has.

        A failure may be the fault of whoever began it, so those who merely waited try once more.
        """
        joined = slot in self._tasks
        try:
            return await asyncio.shield(self.start(slot, work))
        except Exception:
            if not joined:
                raise
        return await asyncio.shield(self.start(slot, work))

    def start(self, slot: Slot, work: _Work) -> asyncio.Task[Any]:
        """The task on this slot, begun where there is none."""
        task = self._tasks.get(slot)
        if task is None:
            task = self._tasks[slot] = asyncio.create_task(work())
            task.add_done_callback(partial(self._end, slot))
        return task

    def _end(self, slot: Slot, task: asyncio.Task[Any]) -> None:
        del self._tasks[slot]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.debug("cache_build_failed", name=slot[0], error=repr(error))


async def _fetch(slot: Slot, redis: Redis) -> tuple[Encoded, float] | None:
    """A value of Redis and how many seconds it has left."""
    pipeline = redis.pipeline(transaction=False)
    key = _redis_key(slot)
    pipeline.get(key)
    pipeline.pttl(key)
    packed, milliseconds = await pipeline.execute()
    if packed is None or milliseconds <= 0:
        return None
    return Encoded.unpack(packed), milliseconds / 1000


async def _store(slot: Slot, value: Encoded, seconds: float, redis: Redis) -> None:
    await redis.set(_redis_key(slot), value.pack(), px=max(1, int(seconds * 1000)))


def _redis_key(slot: Slot) -> str:
    """Of a length of its own, and of this release: another one may build another shape."""
    digest = hashlib.blake2b(repr(slot).encode(), digest_size=20).hexdigest()
    return f"matinee:{__version__}:{slot[0]}:{digest}"
