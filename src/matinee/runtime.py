"""What lives as long as the process: settings, database, cache, third parties, worker."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Annotated, Any, TypeVar, cast

import structlog
from fastapi import Depends, Request

from matinee.core.buffers import Buffers
from matinee.core.cache import Cache
from matinee.core.database import Database, ReadTx, WriteTx
from matinee.core.ratelimit import Limiter
from matinee.core.redis_link import RedisLink
from matinee.core.safe_fetch import INTERNET, Reach
from matinee.core.security import Passwords, Tokens
from matinee.core.settings import Settings, UnsafeSettings
from matinee.core.telemetry import Metrics
from matinee.core.worker import Worker
from matinee.integrations.embeddings.providers import make_embedder
from matinee.integrations.mail import Mailer, make_mailer
from matinee.integrations.payments.registry import Payments
from matinee.integrations.playback.registry import Playback

log = structlog.get_logger(__name__)

FIVE_MINUTES = timedelta(minutes=5)

Part = TypeVar("Part")


class Runtime:
    """The parts of the process; opened once, closed once, handed to whoever works."""

    def __init__(self, settings: Settings) -> None:
        if settings.database_url is None:
            raise UnsafeSettings("MATINEE_DATABASE_URL must name a PostgreSQL database")
        database_url = settings.database_url.get_secret_value()
        self.settings = settings
        self.metrics = Metrics()
        redis_url = settings.redis_url.get_secret_value() if settings.redis_url else None
        self.redis = RedisLink(redis_url) if redis_url else None
        self.cache = Cache(self.redis, max_bytes=settings.cache_megabytes * 1_048_576)
        self.limiter = Limiter(self.redis)
        self.passwords = Passwords()
        self.tokens = Tokens(
            settings.secret_key.get_secret_value(),
            previous=settings.previous_secret_keys,
            issuer=settings.public_url,
        )
        self.mailer: Mailer = make_mailer(settings)
        self.embedder = make_embedder(settings)
        self.database = Database(
            database_url,
            pool_min=settings.database_pool_min,
            pool_max=settings.database_pool_max,
            statement_timeout_ms=settings.statement_timeout_ms,
            lock_timeout_ms=settings.lock_timeout_ms,
            job_statement_timeout_ms=settings.job_statement_timeout_ms,
            pgbouncer=settings.database_pgbouncer,
            after_commit=self.cache.invalidate,
        )
        self.database.on_statement = self.metrics.statements.inc
        self.payments = Payments(settings, self.database)
        self.playback = Playback(settings)
        self.reach: Reach = INTERNET
        self.buffers = Buffers(self, self.metrics)
        self.worker = Worker(
            database_url,
            self,
            database=self.database,
            metrics=self.metrics,
            concurrency=settings.job_concurrency,
        )
        self.stopping = False
        self._working: asyncio.Task[None] | None = None
        self._parts: dict[Callable[[], Any], Any] = {}

    def part(self, make: Callable[[], Part]) -> Part:
        """What a domain keeps in memory as long as the process lives; made at its first use."""
        if make not in self._parts:
            self._parts[make] = make()
        return cast(Part, self._parts[make])

    async def open(self) -> None:
        """Connect, and start the worker where this process runs one."""
        await self.database.open()
        if self.settings.run_worker_in_api:
            self._working = asyncio.create_task(self.worker.run(install_signal_handlers=False))

    def begin_stop(self) -> None:
        """Fail the readiness check and take no new jobs; what is in progress goes on."""
        if not self.stopping:
            self.stopping = True
            if self._working is not None:
                self._working.cancel()

    async def close(self) -> None:
        """Stop the worker, let what is in flight end, disconnect."""
        self.begin_stop()
        if self._working is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._working
        await self.buffers.aclose()
        await self.embedder.aclose()
        await self.payments.aclose()
        await self.database.close()
        if self.redis is not None:
            await self.redis.aclose()


def runtime_of(request: Request) -> Runtime:
    """The runtime of the process that answers this request."""
    return cast(Runtime, request.app.state.runtime)


async def _runtime(request: Request) -> Runtime:
    """FastAPI would run a plain function in a thread, which takes longer than small answers."""
    return runtime_of(request)


RuntimeDep = Annotated[Runtime, Depends(_runtime)]


async def _read(runtime: RuntimeDep) -> AsyncIterator[ReadTx]:
    async with runtime.database.read() as tx:
        yield tx


async def _write(runtime: RuntimeDep) -> AsyncIterator[WriteTx]:
    async with runtime.database.write() as tx:
        yield tx


# scope="function": committed before the first byte of the answer, not after it
Read = Annotated[ReadTx, Depends(_read, scope="function")]
Write = Annotated[WriteTx, Depends(_write, scope="function")]
