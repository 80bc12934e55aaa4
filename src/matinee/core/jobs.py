"""Background jobs on PostgreSQL: declared beside the code, enqueued in the transaction."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import orjson
import procrastinate
import structlog
from procrastinate.exceptions import JobAborted
from procrastinate.job_context import AbortReason, JobContext
from procrastinate.jobs import Status

from matinee.core.context import RequestContext, current_request_id, working_for
from matinee.core.database import Database, WriteTx
from matinee.core.telemetry import Metrics

log = structlog.get_logger(__name__)

QUEUE = "default"
FIRST_RETRY_SECONDS = 5
EVERY_MINUTE = "* * * * *"
EVERY_HOUR = "7 * * * *"
EVERY_NIGHT = "23 3 * * *"
ABORT_POLL_SECONDS = 2.0
STALLED_SECONDS = 30.0
RESTART_SECONDS = 2.0

ORIGIN = "_request_id"
"""The argument that carries the identifier of the request which enqueued the job."""

_ENQUEUE = """
    SELECT (procrastinate_defer_jobs_v1(ARRAY[
        ROW(:queue, :task, :priority, NULL, :queueing_lock, :args::jsonb,
            clock_timestamp() + :delay * interval '1 second')::procrastinate_job_to_defer_v1
    ]))[1]
"""
_SAME_JOB = """
    SELECT id FROM procrastinate_jobs WHERE queueing_lock = :queueing_lock AND status = 'todo'
"""
_PROGRESS = """
    INSERT INTO job_progress AS p (job_id, done, total, note) VALUES (:job_id, :done, :total, :note)
    ON CONFLICT (job_id) DO UPDATE
    SET done = excluded.done, total = coalesce(excluded.total, p.total),
        note = coalesce(excluded.note, p.note), updated_at = excluded.updated_at
"""
_UNLOCK = "UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE id = :job_id"
_CANCEL_ASKED = "SELECT abort_requested FROM procrastinate_jobs WHERE id = :job_id"


class JobCanceled(Exception):
    """Somebody asked for this job to stop; what it has committed stays."""


@dataclass(frozen=True)
class JobRun:
    """The run of one job: its number in the queue, its progress, and whether it should stop."""

    id: int
    attempt: int
    database: Database

    async def progress(
        self, done: int, *, total: int | None = None, note: str | None = None
    ) -> None:
        """Say how far the job is; visible at once to whoever follows it.

        Raises:
            JobCanceled: somebody asked for the job to stop.
        """
        async with self.database.write() as tx:
            await tx.execute(_PROGRESS, job_id=self.id, done=done, total=total, note=note)
            canceled = await tx.scalar(_CANCEL_ASKED, job_id=self.id)
        if canceled:
            raise JobCanceled


JobFunction = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Job:
    """A declared job. Calling it runs it here and now (tests, commands)."""

    name: str
    function: JobFunction
    queue: str = QUEUE
    attempts: int = 5
    priority: int = 0
    every: str | None = None
    deduplicate: Sequence[str] = field(default=())

    async def __call__(self, runtime: Any, run: JobRun, **args: Any) -> None:
        """Run the job's function."""
        await self.function(runtime, run, **args)

    def queueing_lock(self, args: dict[str, Any]) -> str | None:
        """Jobs with the same lock wait in the queue only once."""
        if self.every is None and not self.deduplicate:
            return None
        return ":".join([self.name, *(str(args.get(name)) for name in self.deduplicate)])


REGISTRY: dict[str, Job] = {}


def job(
    name: str,
    *,
    queue: str = QUEUE,
    attempts: int = 5,
    priority: int = 0,
    every: str | None = None,
    deduplicate: Sequence[str] = (),
) -> Callable[[JobFunction], Job]:
    """Declare `async def f(runtime, run, **ids)` as a job.

    `every` is a cron line for periodic ones; `deduplicate` names the arguments that make two
    waiting jobs the same. A failed run is tried again `attempts` times, after 5 s, 10 s, 20 s, …
    """

    def declare(function: JobFunction) -> Job:
        if name in REGISTRY:
            raise ValueError(f"job {name} is declared twice")
        declared = Job(name, function, queue, attempts, priority, every, tuple(deduplicate))
        REGISTRY[name] = declared
        return declared

    return declare


async def enqueue(tx: WriteTx, wanted: Job, /, *, delay: float = 0, **args: Any) -> int:
    """Put a job into the queue as part of this transaction; returns its number.

    `delay` is in seconds. Where an identical job is waiting already, that one is returned.
    """
    lock = wanted.queueing_lock(args)
    if origin := current_request_id():
        args[ORIGIN] = origin
    params = {
        "queue": wanted.queue,
        "task": wanted.name,
        "priority": wanted.priority,
        "queueing_lock": lock,
        "args": args,
        "delay": float(delay),
    }
    if lock is None:
        return int(await tx.scalar(_ENQUEUE, **params))
    while True:
        if waiting := await tx.scalar(_SAME_JOB, queueing_lock=lock):
            return int(waiting)
        try:
            async with tx.savepoint():
                return int(await tx.scalar(_ENQUEUE, **params))
        except asyncpg.UniqueViolationError:
            continue


class _Backoff(procrastinate.BaseRetryStrategy):
    """Doubling waits until the attempts are used up; at once where only the worker had to stop."""

    def __init__(self, attempts: int) -> None:
        self.attempts = attempts

    def get_retry_decision(
        self, *, exception: BaseException, job: Any
    ) -> procrastinate.RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError):
            return procrastinate.RetryDecision(retry_in={"seconds": 0})
        if job.attempts + 1 >= self.attempts:
            return None
        return procrastinate.RetryDecision(
            retry_in={"seconds": FIRST_RETRY_SECONDS * 2**job.attempts}
        )


class Worker:
    """Takes jobs from the queue and runs them with the runtime of this process."""

    def __init__(
        self, dsn: str, runtime: Any, *, database: Database, metrics: Metrics, concurrency: int
    ) -> None:
        self._runtime = runtime
        self._database = database
        self._metrics = metrics
        self._concurrency = concurrency
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=dsn,
                min_size=1,
                max_size=4,
                kwargs={"prepare_threshold": None},  # PgBouncer would lose prepared statements
                json_dumps=_dumps,
                json_loads=orjson.loads,
            )
        )
        for declared in REGISTRY.values():
            self._register(declared)

    async def run(self, *, install_signal_handlers: bool, stop_seconds: float = 8.0) -> None:
        """Work until canceled (or signalled); jobs in progress get `stop_seconds` to end.

        Goes on after failures of the queue itself, such as a restart of the database.
        """
        signalled = _cancel_on_signals() if install_signal_handlers else asyncio.Event()
        while True:
            try:
                await self._work(stop_seconds)
            except asyncio.CancelledError:
                if signalled.is_set():
                    return
                raise
            except Exception:
                log.exception("worker_failed")
            await asyncio.sleep(RESTART_SECONDS)

    async def _work(self, stop_seconds: float) -> None:
        async with self._app.open_async():
            await self.requeue_stalled()
            await self._app.run_worker_async(
                concurrency=self._concurrency,
                install_signal_handlers=False,
                shutdown_graceful_timeout=stop_seconds,
                fetch_job_polling_interval=5.0,
                abort_job_polling_interval=ABORT_POLL_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
            )

    async def drain(self) -> None:
        """Run what is waiting now, then return."""
        async with self._app.open_async():
            await self._app.run_worker_async(
                concurrency=self._concurrency, wait=False, install_signal_handlers=False
            )

    async def requeue_stalled(self) -> None:
        """Put jobs of workers that died back into the queue, unless they have died too often."""
        manager = self._app.job_manager
        for stalled in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            declared = REGISTRY.get(stalled.task_name)
            try:
                if declared and stalled.attempts + 1 >= declared.attempts:
                    await manager.finish_job(stalled, Status.FAILED, delete_job=False)
                    log.error("job_given_up", job=stalled.task_name, job_id=stalled.id)
                    continue
                await self._unlock(stalled.id)
                await manager.retry_job(stalled)
                log.warning("job_requeued", job=stalled.task_name, job_id=stalled.id)
            except procrastinate.exceptions.ConnectorException as error:
                # another worker was faster
                log.info("job_not_requeued", job_id=stalled.id, error=str(error.__cause__ or error))

    async def _unlock(self, job_id: int | None) -> None:
        """Let an identical job wait while this one runs; this one may yet have to wait again."""
        async with self._database.write() as tx:
            await tx.execute(_UNLOCK, job_id=job_id)

    def _register(self, declared: Job) -> None:
        async def perform(
            context: JobContext, /, timestamp: int | None = None, **args: Any
        ) -> None:
            await self._perform(declared, context, args)

        task = self._app.task(
            name=declared.name,
            queue=declared.queue,
            pass_context=True,
            priority=declared.priority,
            retry=_Backoff(declared.attempts),
            queueing_lock=declared.name if declared.every else None,
        )(perform)
        if declared.every:
            self._app.periodic(cron=declared.every)(task)

    async def _perform(self, declared: Job, context: JobContext, args: dict[str, Any]) -> None:
        job_id = context.job.id or 0
        request_id = args.pop(ORIGIN, None) or f"job-{job_id}"
        with working_for(RequestContext(request_id=request_id, job_id=job_id)):
            started = time.perf_counter()
            outcome = "failed"
            try:
                if context.job.queueing_lock:
                    await self._unlock(job_id)
                run = JobRun(job_id, context.job.attempts, self._database)
                await declared(self._runtime, run, **args)
                outcome = "succeeded"
            except JobCanceled:
                outcome = "canceled"
                raise JobAborted from None
            except asyncio.CancelledError:
                if context.abort_reason() is AbortReason.USER_REQUEST:
                    outcome = "canceled"
                    raise JobAborted from None
                outcome = "interrupted"
                raise
            except Exception as error:
                log.error("job_failed", job=declared.name, exc_info=error)
                raise
            finally:
                seconds = time.perf_counter() - started
                self._metrics.jobs.labels(declared.name, outcome).observe(seconds)
                log.info("job_ended", job=declared.name, outcome=outcome, ms=round(seconds * 1000))


def _cancel_on_signals() -> asyncio.Event:
    """Cancel the running task at the first SIGTERM or SIGINT; the event tells that it was that."""
    task = asyncio.current_task()
    signalled = asyncio.Event()

    def stop() -> None:
        if task is not None and not signalled.is_set():
            signalled.set()
            task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return signalled


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


@job("operations.requeue_stalled_jobs", every=EVERY_MINUTE, attempts=1)
async def requeue_stalled_jobs(runtime: Any, _run: JobRun) -> None:
    """Jobs of a worker that was killed are run by another one."""
    await runtime.worker.requeue_stalled()
