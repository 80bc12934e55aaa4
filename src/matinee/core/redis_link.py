"""The way to Redis: short timeouts, no retries, and a breaker, so that it never holds us up."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

T = TypeVar("T")
Default = TypeVar("Default")

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 0.2
BREAK_SECONDS = 5.0
CONNECTIONS = 50


class RedisLink:
    """A Redis (or Valkey) that may be away at any time.

    The first call that fails opens the breaker: for the next 5 s every call returns its default
    at once. Then one probe in the background, which nobody waits for, finds out whether Redis is
    back. An outage therefore costs one timeout of 0.2 s per process, however long it lasts.
    """

    def __init__(self, url: str) -> None:
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )
        self.client: Redis = Redis(connection_pool=self._pool)
        self.outages = 0
        self._closed_until: float | None = None
        self._probe: asyncio.Task[None] | None = None

    @property
    def pool(self) -> BlockingConnectionPool:
        """The connections, for a library that brings its own client."""
        return self._pool

    @property
    def available(self) -> bool:
        """Whether the last that we know of Redis is good."""
        return self._closed_until is None

    async def run(
        self, command: Callable[[Redis], Awaitable[T]], otherwise: Default
    ) -> T | Default:
        """The result of a command, or `otherwise` where Redis is away; never an error."""
        if self._closed_until is not None:
            self._probe_when_due()
            return otherwise
        try:
            return await command(self.client)
        except (RedisError, OSError, TimeoutError) as error:
            self._open_breaker(error)
            return otherwise

    async def aclose(self) -> None:
        """Disconnect."""
        if self._probe is not None:
            self._probe.cancel()
        await self.client.aclose()
        await self._pool.disconnect()

    def _open_breaker(self, error: BaseException) -> None:
        if self._closed_until is None:
            self.outages += 1
            log.warning("redis_away", error=f"{type(error).__name__}: {error}"[:200])
        self._closed_until = time.monotonic() + BREAK_SECONDS

    def _probe_when_due(self) -> None:
        due = self._closed_until is not None and time.monotonic() >= self._closed_until
        if due and (self._probe is None or self._probe.done()):
            self._probe = asyncio.create_task(self._find_out())

    async def _find_out(self) -> None:
        try:
            await self.client.ping()
        except (RedisError, OSError, TimeoutError) as error:
            self._open_breaker(error)
        else:
            self._closed_until = None
            log.info("redis_back")
