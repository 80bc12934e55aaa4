"""The worker: takes jobs from the queue, runs them, and outlives failures of all kinds."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import orjson
import procrastinate
import structlog
from procrastinate.exceptions import JobAborted
from procrastinate.job_context import AbortReason, JobContext
from procrastinate.jobs import Status
from procrastinate.periodic import PeriodicRegistry

from matinee.core.context import RequestContext, working_for
from matinee.core.database import Database
from matinee.core.jobs import EVERY_MINUTE, ORIGIN, REGISTRY, Job, JobCanceled, JobRun, job
from matinee.core.telemetry import Metrics

log = structlog.get_logger(__name__)

FIRST_RETRY_SECONDS = 5
LONGEST_RETRY_SECONDS = 600
ABORT_POLL_SECONDS = 2.0
STALLED_SECONDS = 30.0
STOP_SECONDS = 5.0
"""How long jobs may go on after a stop; the whole process has ten seconds to end."""
RESTART_SECONDS = 2.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_UNLOCK = "UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE id = :job_id"


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
        wait = min(FIRST_RETRY_SECONDS * 2**job.attempts, LONGEST_RETRY_SECONDS)
        return procrastinate.RetryDecision(retry_in={"seconds": wait})


class Worker:
    """Takes jobs from the queue and runs them with the runtime of this process."""

    def __init__(
        self, dsn: str, runtime: Any, *, database: Database, metrics: Metrics, concurrency: int
    ) -> None:
        self._runtime = runtime
        self._database = database
        self._metrics = metrics
        self._concurrency = concurrency
        self._resumable: set[asyncio.Task[Any]] = set()
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

    async def run(
        self, *, install_signal_handlers: bool, stop_seconds: float = STOP_SECONDS
    ) -> None:
        """Work until canceled (or signalled); jobs in progress get `stop_seconds` to end.

        Resumable ones are interrupted at once and run again by the next worker.

        Goes on after failures of the queue itself, such as a restart of the database.
        """
        working = asyncio.create_task(self._keep_working(stop_seconds))

        def stop() -> None:
            for running in self._resumable:
                running.cancel()
            working.cancel()

        handlers = _on_signals(stop) if install_signal_handlers else nullcontext()
        with handlers:
            try:
                await asyncio.shield(working)
            except asyncio.CancelledError:
                stop()
                await asyncio.wait([working])
                task = asyncio.current_task()
                if task is None or task.cancelling():  # else it was a signal that ended the work
                    raise

    async def _keep_working(self, stop_seconds: float) -> None:
        while True:
            try:
                await self._work(stop_seconds)
            except Exception:
                log.exception("worker_failed")
            await asyncio.sleep(RESTART_SECONDS)

    async def _work(self, stop_seconds: float) -> None:
        try:
            await self._app.open_async()
            await self.requeue_stalled()
            await self._app.run_worker_async(
                concurrency=self._concurrency,
                install_signal_handlers=False,
                shutdown_graceful_timeout=stop_seconds,
                fetch_job_polling_interval=5.0,
                abort_job_polling_interval=ABORT_POLL_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
            )
        finally:
            # also when the opening was cut off: the pool would try to connect for ever
            await self._app.close_async()

    async def drain(self) -> None:
        """Run what is waiting now, then return; what these jobs enqueue waits for the next time.

        Periodic jobs are not put into the queue, whatever the time of day.
        """
        without_periodic = self._app.with_connector(self._app.connector)
        without_periodic.periodic_registry = PeriodicRegistry()  # type: ignore[no-untyped-call]
        async with self._app.open_async():
            await without_periodic.run_worker_async(
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
            if declared.resumable and (task := asyncio.current_task()):
                self._resumable.add(task)
                task.add_done_callback(self._resumable.discard)
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


@contextmanager
def _on_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` at SIGTERM or SIGINT while the block runs."""
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


@job("operations.requeue_stalled_jobs", every=EVERY_MINUTE, attempts=1)
async def requeue_stalled_jobs(runtime: Any, _run: JobRun) -> None:
    """Jobs of a worker that was killed are run by another one."""
    await runtime.worker.requeue_stalled()
