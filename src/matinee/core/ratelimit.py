"""How often one may: the limits of X-03, counted in Redis for all processes, else in this one."""

import hashlib
import math
import time
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matinee.core.client_address import subscriber_of
from matinee.core.context import current_request
from matinee.core.errors import RateLimited, render
from matinee.core.middleware import QUIET
from matinee.core.redis_link import RedisLink
from matinee.core.sliding_window import SlidingWindows, Window, seconds_until_room, used

Limit = RateLimitItem
RawHeaders = list[tuple[bytes, bytes]]

ANONYMOUS = RateLimitItemPerMinute(100, namespace="anonymous")
"""Requests without a credential, per subscriber (IPv4 address or IPv6 /64)."""

SIGNED_IN = RateLimitItemPerMinute(600, namespace="signed-in")
"""Requests per user."""

WEBHOOKS = RateLimitItemPerMinute(3000, namespace="webhook")
"""Messages of other services, per address that they come from; they come in bursts."""

SEARCHES = RateLimitItemPerMinute(60, namespace="search")
SEMANTIC_SEARCHES = RateLimitItemPerMinute(20, namespace="semantic-search")
PURCHASES = RateLimitItemPerMinute(10, namespace="purchase")
EXPORTS = RateLimitItemPerMinute(30, namespace="player")
"""Guides and lists of channels, per credential of a player."""

HEARTBEATS = RateLimitItemPerMinute(30, namespace="heartbeat")
"""Per viewing session."""

LOGIN_TRIES = RateLimitItemPerMinute(10, 5, namespace="login")
"""Failures, per subscriber and per account."""

PIN_TRIES = RateLimitItemPerMinute(5, 15, namespace="pin")
DEVICE_CODE_TRIES = RateLimitItemPerMinute(5, 10, namespace="device-code")
REGISTRATIONS = RateLimitItemPerHour(10, namespace="register")
PASSWORD_RESETS = RateLimitItemPerHour(5, namespace="password-reset")


class Quota(NamedTuple):
    """What came of a hit, and what is left of its limit."""

    limit: Limit
    allowed: bool
    window: Window

    @property
    def retry_after(self) -> float:
        """In how many seconds one more would be allowed."""
        return seconds_until_room(self.limit.amount, self.limit.get_expiry(), self.window)

    def raw_headers(self) -> RawHeaders:
        """The header fields of draft-ietf-httpapi-ratelimit-headers."""
        name, policy, expiry = _policy(self.limit)
        remaining = max(0, self.limit.amount - used(self.window, expiry))
        reset = max(0, math.ceil(self.window[3] - expiry))
        state = f'"{name}";r={remaining};t={reset}'
        return [(b"ratelimit-policy", policy), (b"ratelimit", state.encode())]


@lru_cache(maxsize=64)
def _policy(limit: Limit) -> tuple[str, bytes, int]:
    name, expiry = limit.namespace, limit.get_expiry()
    return name, f'"{name}";q={limit.amount};w={expiry}'.encode(), expiry


class Limiter:
    """Counts hits in sliding windows.

    While Redis is away each process counts for itself, at once and without waiting.
    """

    def __init__(self, redis: RedisLink | None, *, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._here = SlidingWindows(clock=clock)
        self._shared = _SharedWindows(redis) if redis else None

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
        if self._redis and self._shared:
            quota = await self._redis.run(partial(self._shared.take, limit, _digest(key)), None)
            if quota is not None:
                return quota
        return Quota(limit, *self._here.hit(_name(limit, key), limit.amount, limit.get_expiry()))

    async def give_back(self, limit: Limit, key: object) -> None:
        """Uncount one, where failures are limited and the try counted beforehand was none."""
        if self._redis and self._shared:
            command = partial(self._shared.give_back, limit, _digest(key))
            if await self._redis.run(command, False):
                return
        self._here.give_back(_name(limit, key), limit.get_expiry())

    async def clear(self, limit: Limit, key: object) -> None:
        """Forget what was counted, after a success."""
        self._here.clear(_name(limit, key))
        if self._redis and self._shared:
            await self._redis.run(partial(self._shared.clear, limit, _digest(key)), None)


def _name(limit: Limit, key: object) -> str:
    return f"{limit.namespace} {key}"


def _digest(key: object) -> str:
    """Keys hold addresses of people, which do not belong into Redis, and may be long."""
    return hashlib.blake2b(str(key).encode(), digest_size=16).hexdigest()


class _SharedWindows:
    """Sliding windows in Redis, the same for all processes."""

    def __init__(self, link: RedisLink) -> None:
        options: dict[str, Any] = {"connection_pool": link.pool}  # annotated too narrowly
        self._storage = RedisStorage(
            "redis://", implementation="redispy", key_prefix="matinee:limit", **options
        )
        self._strategy = SlidingWindowCounterRateLimiter(self._storage)

    async def take(self, limit: Limit, name: str, _redis: Redis) -> Quota:
        allowed = await self._strategy.hit(limit, name)
        window = await self._storage.get_sliding_window(limit.key_for(name), limit.get_expiry())
        return Quota(limit, allowed, window)

    async def give_back(self, limit: Limit, name: str, _redis: Redis) -> bool:
        return await self._storage.acquire_sliding_window_entry(
            limit.key_for(name), limit.amount, limit.get_expiry(), amount=-1
        )

    async def clear(self, limit: Limit, name: str, _redis: Redis) -> None:
        await self._strategy.clear(limit, name)


Identify = Callable[[Scope], str | None]


class RateLimitMiddleware:
    """The limit on all requests: per user where a credential is ours, else per subscriber.

    Below the path `webhooks` other services call, which are given more room. Stands inside
    `RequestMiddleware`, which knows the client's address.
    """

    def __init__(
        self, app: ASGIApp, *, limiter: Limiter, identify: Identify, webhooks: str
    ) -> None:
        self.app = app
        self.limiter = limiter
        self.identify = identify
        self.webhooks = webhooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it with 429."""
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self.app(scope, receive, send)
            return
        quota = await self._quota(scope)
        headers = quota.raw_headers()

        async def send_with_quota(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        if quota.allowed:
            await self.app(scope, receive, send_with_quota)
            return
        problem = RateLimited(quota.retry_after, limit=quota.limit.namespace)
        answer = render(problem, accept=Headers(scope=scope).get("accept", ""))
        await answer(scope, receive, send_with_quota)

    async def _quota(self, scope: Scope) -> Quota:
        called = scope["path"].startswith(self.webhooks)
        user = None if called else self.identify(scope)
        if user is not None:
            return await self.limiter.take(SIGNED_IN, user)
        request = current_request()
        subscriber = subscriber_of(request.client_ip if request else None)
        return await self.limiter.take(WEBHOOKS if called else ANONYMOUS, subscriber)
