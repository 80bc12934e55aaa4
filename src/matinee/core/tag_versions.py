"""Versions of cache tags: what a cached answer depends on, and whether that has changed since."""

import itertools
import secrets
from collections.abc import Collection, Hashable, Sequence
from functools import partial
from typing import Any

from redis.asyncio import Redis

from matinee.core.redis_link import RedisLink

Stamp = tuple[Hashable, ...]

KEPT_SECONDS = 86_400
"""How long Redis keeps a version; longer than anything is cached."""

MOST_TAGS = 100_000
MOST_UNSENT = 10_000
EVERYTHING = "*"
"""A tag that every answer depends on."""


class TagVersions:
    """The current version of each tag, in Redis for all processes, else in this process.

    Versions are never compared for order, only for equality. In Redis they are random: a version
    that expired, was evicted or was lost with the server is made anew and matches no older answer.

    While Redis is away, raised versions count in this process at once and are sent to Redis before
    it is asked again. Until then other processes may show what they have for as long as its TTL.
    """

    def __init__(self, redis: RedisLink | None) -> None:
        self._redis = redis
        self._own: dict[str, int] = {}
        self._numbers = itertools.count(1)
        self._epoch = 0
        self._unsent: dict[str, int] = {}

    async def stamp(self, tags: Collection[str]) -> Stamp:
        """The versions of these tags now; take it *before* reading what is to be cached."""
        ordered = sorted(tags)
        if self._redis is not None:
            shared = await self._redis.run(partial(self._shared_stamp, ordered), None)
            if shared is not None:
                return shared
        return self._own_stamp(ordered)

    async def advance(self, tags: Collection[str]) -> None:
        """Give these tags new versions: answers stamped with the old ones are not found again."""
        for tag in tags:
            self._own[tag] = next(self._numbers)
        if len(self._own) > MOST_TAGS:
            self._own.clear()
            self._epoch = next(self._numbers)
        if self._redis is not None:
            self._remember_unsent(tags)
            await self._redis.run(self._send_unsent, None)

    def _own_stamp(self, tags: Sequence[str]) -> Stamp:
        # what other processes raised while Redis was there is unknown here: an outage starts anew
        outage = self._redis.outages if self._redis else 0
        versions = (self._own.get(tag, 0) for tag in (EVERYTHING, *tags))
        return (outage, self._epoch, *versions)

    async def _shared_stamp(self, tags: Sequence[str], redis: Redis) -> Stamp:
        if self._unsent:
            await self._send_unsent(redis)
        keys = [_key(EVERYTHING), *map(_key, tags)]
        versions = await redis.mget(keys)
        if None in versions:
            return await _fill_gaps(redis, keys, versions)
        return tuple(versions)

    def _remember_unsent(self, tags: Collection[str]) -> None:
        if len(self._unsent) + len(tags) > MOST_UNSENT:
            self._unsent.clear()
            tags = (EVERYTHING,)
        for tag in tags:
            self._unsent[tag] = next(self._numbers)

    async def _send_unsent(self, redis: Redis) -> None:
        sent = dict(self._unsent)
        pipeline = redis.pipeline(transaction=False)
        for tag in sent:
            pipeline.set(_key(tag), _new_version(), ex=KEPT_SECONDS)
        await pipeline.execute()
        for tag, number in sent.items():
            if self._unsent.get(tag) == number:  # not raised once more in the meantime
                del self._unsent[tag]


async def _fill_gaps(redis: Redis, keys: Sequence[str], versions: Sequence[Any]) -> Stamp:
    pipeline = redis.pipeline(transaction=False)
    for key, version in zip(keys, versions, strict=True):
        if version is None:
            pipeline.set(key, _new_version(), nx=True, ex=KEPT_SECONDS)
    pipeline.mget(keys)
    *_, filled = await pipeline.execute()
    return tuple(version or _new_version() for version in filled)


def _key(tag: str) -> str:
    return f"matinee:tag:{tag}"


def _new_version() -> bytes:
    return secrets.token_bytes(8)
