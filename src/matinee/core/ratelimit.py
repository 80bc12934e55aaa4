"""How often one may: the limits of X-03, counted in Redis for all processes, else in this one."""

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matinee.core.client_address import subscriber_of
from matinee.core.context import current_request
from matinee.core.errors import RateLimited, render
from matinee.core.middleware import QUIET
from matinee.core.redis_link import RedisLink

Limit = RateLimitItem
Window = tuple[int, float, int, float]
"""Hits of the window before, seconds it still weighs, hits of this one, seconds it is kept."""

ANONYMOUS = RateLimitItemPerMinute(100, namespace="anonymous")
"""Requests without a credential, per subscriber (IPv4 address or IPv6 /64)."""

SIGNED_IN = RateLimitItemPerMinute(600, namespace="signed-in")
"""Requests per user."""

SEARCHES = RateLimitItemPerMinute(60, namespace="search")
SEMANTIC_SEARCHES = RateLimitItemPerMinute(20, namespace="semantic-search")
PURCHASES = RateLimitItemPerMinute(10, namespace="purchase")
HEARTBEATS = RateLimitItemPerMinute(30, namespace="heartbeat")
"""Per viewing session."""

LOGIN_TRIES = RateLimitItemPerMinute(10, 5, namespace="login")
"""Failures, per subscriber and per account."""

PIN_TRIES = RateLimitItemPerMinute(5, 15, namespace="pin")
DEVICE_CODE_TRIES = RateLimitItemPerMinute(5, 10, namespace="device-code")
REGISTRATIONS = RateLimitItemPerHour(10, namespace="register")
PASSWORD_RESETS = RateLimitItemPerHour(5, namespace="password-reset")

MOST_KEYS = 100_000
_EPSILON = 0.001


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a limit after a hit, and in how many seconds there will be more."""

    limit: Limit
    allowed: bool
    remaining: int
    reset_after: float
    retry_after: float

    def headers(self) -> dict[str, str]:
        """The header fields of draft-ietf-httpapi-ratelimit-headers."""
        name, reset = self.limit.namespace, math.ceil(self.reset_after)
        return {
            "RateLimit-Policy": f'"{name}";q={self.limit.amount};w={self.limit.get_expiry()}',
            "RateLimit": f'"{name}";r={self.remaining};t={reset}',
        }


class Limiter:
    """Counts hits in sliding windows.

    While Redis is away each process counts for itself, at once and without waiting.
    """

    def __init__(self, redis: RedisLink | None, *, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._here = _Counters(BoundedMemory(MOST_KEYS, clock))
        self._shared = _Counters(_in_redis(redis)) if redis else self._here

    async def hit(self, limit: Limit, key: object) -> None:
        """Count one.

        Raises:
            RateLimited: there were too many; this one was not counted.
        """
        quota = await self.take(limit, key)
        if not quota.allowed:
            raise RateLimited(quota.retry_after, limit=limit.namespace)

    async def take(self, limit: Limit, key: object) -> Quota:
        """Count one where there is room, and say what is left."""
        name = _digest(key)
        if self._redis is not None:
            quota = await self._redis.run(partial(self._shared.take, limit, name), None)
            if quota is not None:
                return quota
        return await self._here.take(limit, name)

    async def give_back(self, limit: Limit, key: object) -> None:
        """Uncount one, where failures are limited and the try counted beforehand was none."""
        name = _digest(key)
        returned = self._redis is not None and await self._redis.run(
            partial(self._shared.give_back, limit, name), False
        )
        if not returned:
            await self._here.give_back(limit, name)

    async def clear(self, limit: Limit, key: object) -> None:
        """Forget what was counted, after a success."""
        name = _digest(key)
        await self._here.clear(limit, name)
        if self._redis is not None:
            await self._redis.run(partial(self._shared.clear, limit, name), None)


class _Counters:
    """The sliding windows of one storage."""

    def __init__(self, storage: MemoryStorage | RedisStorage) -> None:
        self._storage = storage
        self._strategy = SlidingWindowCounterRateLimiter(storage)

    async def take(self, limit: Limit, name: str, _redis: Redis | None = None) -> Quota:
        allowed = await self._strategy.hit(limit, name)
        window = await self._storage.get_sliding_window(limit.key_for(name), limit.get_expiry())
        return _quota(limit, allowed, window)

    async def give_back(self, limit: Limit, name: str, _redis: Redis | None = None) -> bool:
        return await self._storage.acquire_sliding_window_entry(
            limit.key_for(name), limit.amount, limit.get_expiry(), amount=-1
        )

    async def clear(self, limit: Limit, name: str, _redis: Redis | None = None) -> None:
        await self._strategy.clear(limit, name)


def _in_redis(link: RedisLink) -> RedisStorage:
    options: dict[str, Any] = {"connection_pool": link.pool}  # its own annotation is too narrow
    return RedisStorage("redis://", implementation="redispy", key_prefix="matinee:limit", **options)


def _digest(key: object) -> str:
    """Keys hold addresses of people, which do not belong into Redis, and may be long."""
    return hashlib.blake2b(str(key).encode(), digest_size=16).hexdigest()


def _quota(limit: Limit, allowed: bool, window: Window) -> Quota:
    expiry = limit.get_expiry()
    before, before_ttl, now, now_ttl = window
    used = math.floor(before * before_ttl / expiry) + now
    return Quota(
        limit,
        allowed,
        remaining=max(0, limit.amount - used),
        reset_after=max(0.0, now_ttl - expiry),
        retry_after=0.0 if allowed else seconds_until_room(limit.amount, expiry, window),
    )


def seconds_until_room(amount: int, expiry: int, window: Window) -> float:
    """How long until one more hit fits into the sliding window."""
    before, before_ttl, now, now_ttl = window
    if before * before_ttl / expiry + now < amount:
        return 0.0
    if now < amount:  # the hits of the window before fade away one by one
        return before_ttl - (amount - now) * expiry / before + _EPSILON
    fading = expiry * (1 - amount / now)  # this window becomes the one before, then fades
    return max(0.0, now_ttl - expiry) + fading + _EPSILON


class BoundedMemory(MemoryStorage):
    """Sliding windows in a table of bounded size.

    The library's own table is scanned whole at each hit: 0.8 ms at 10 000 clients.
    """

    def __init__(self, most_keys: int, clock: Callable[[], float]) -> None:
        super().__init__()
        self._most_keys = most_keys
        self._clock = clock
        self._windows: OrderedDict[str, tuple[int, int, int]] = OrderedDict()

    async def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Count `amount` hits unless that were more than `limit`."""
        before, before_ttl, now, _ = await self.get_sliding_window(key, expiry)
        if math.floor(before * before_ttl / expiry) + now + amount > limit:
            return False
        self._windows[key] = (int(self._clock() // expiry), before, max(0, now + amount))
        self._windows.move_to_end(key)
        if len(self._windows) > self._most_keys:
            self._windows.popitem(last=False)
        return True

    async def get_sliding_window(self, key: str, expiry: int) -> Window:
        """The hits of the window before and of this one."""
        number, passed = divmod(self._clock(), expiry)
        last, before, now = self._windows.get(key, (int(number), 0, 0))
        if last == number - 1:
            before, now = now, 0
        elif last != number:
            before, now = 0, 0
        return before, expiry - passed if before else 0.0, now, 2 * expiry - passed

    async def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget a key."""
        self._windows.pop(key, None)


Identify = Callable[[Scope], str | None]


class RateLimitMiddleware:
    """The limit on all requests: per user where a credential is ours, else per subscriber.

    Stands inside `RequestMiddleware`, which knows the client's address.
    """

    def __init__(self, app: ASGIApp, *, limiter: Limiter, identify: Identify) -> None:
        self.app = app
        self.limiter = limiter
        self.identify = identify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it with 429."""
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self.app(scope, receive, send)
            return
        quota = await self._take(scope)
        if not quota.allowed:
            problem = RateLimited(quota.retry_after, limit=quota.limit.namespace)
            answer = render(problem, accept=Headers(scope=scope).get("accept", ""))
            answer.headers.update(quota.headers())
            await answer(scope, receive, send)
            return
        headers = [
            (name.lower().encode(), value.encode()) for name, value in quota.headers().items()
        ]

        async def send_with_quota(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        await self.app(scope, receive, send_with_quota)

    async def _take(self, scope: Scope) -> Quota:
        if (user := self.identify(scope)) is not None:
            return await self.limiter.take(SIGNED_IN, user)
        request = current_request()
        address = request.client_ip if request else None
        return await self.limiter.take(ANONYMOUS, subscriber_of(address))
