"""A queue with a worker, for tests of jobs and of the worker."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from matinee.core.database import Database
from matinee.core.jobs import Job, JobRun, enqueue
from matinee.core.telemetry import Metrics
from matinee.core.worker import Worker

Work = Callable[..., Awaitable[None]]


class Office:
    """A queue, its worker, and jobs that tests declare."""

    def __init__(self, database: Database, database_url: str, registry: dict[str, Job]) -> None:
        self.database = database
        self.registry = registry
        self.database_url = database_url
        self.runs: list[dict[str, Any]] = []

    def worker(self) -> Worker:
        """A worker that knows the jobs declared so far."""
        return Worker(
            self.database_url, self, database=self.database, metrics=Metrics(), concurrency=4
        )

    def declare(self, function: Work | None = None, **options: Any) -> Job:
        """A job that notes its runs, or does what the test says."""

        async def note(_runtime: Any, _run: JobRun, **args: Any) -> None:
            self.runs.append(args)

        declared = Job(f"test.{len(self.registry)}", function or note, **options)
        self.registry[declared.name] = declared
        return declared

    async def enqueue(self, wanted: Job, **args: Any) -> int:
        async with self.database.write() as tx:
            return await enqueue(tx, wanted, **args)

    async def state(self, job_id: int) -> str:
        return str(await self.column("status", job_id))

    async def column(self, name: str, job_id: int) -> Any:
        async with self.database.read() as tx:
            return await tx.scalar(
                f"SELECT {name} FROM procrastinate_jobs WHERE id = :job_id", job_id=job_id
            )

    async def execute(self, sql: str, **params: Any) -> None:
        async with self.database.write() as tx:
            await tx.execute(sql, **params)

    async def make_due(self) -> None:
        """Let the time of waiting jobs come."""
        await self.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL")


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.02)


class Running:
    """A worker at work in the background, and a job that runs until it is stopped."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.started = asyncio.Event()
        self.job = office.declare(self.wait_for_ever, attempts=1)
        self.resumable = office.declare(self.wait_for_ever, attempts=1, resumable=True)
        self.task: asyncio.Task[None] | None = None

    async def wait_for_ever(self, _runtime: Any, _run: JobRun) -> None:
        self.started.set()
        await asyncio.Event().wait()

    async def start(self, job: Job | None = None, **options: Any) -> int:
        """Start the worker; returns the number of the job once it runs."""
        job_id = await self.office.enqueue(job or self.job)
        options = {"install_signal_handlers": False, "stop_seconds": 0.05} | options
        self.task = asyncio.create_task(self.office.worker().run(**options))
        async with asyncio.timeout(20):
            await self.started.wait()
        return job_id

    async def stop(self) -> None:
        assert self.task is not None
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def stall(office: Office, job_id: int, attempts: int = 0) -> None:
    """As if the worker that runs it had been killed."""
    await office.execute(
        """UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL, attempts = :attempts
           WHERE id = :job_id""",
        job_id=job_id,
        attempts=attempts,
    )


async def requeue(office: Office) -> None:
    """What every worker does when it starts, and every minute."""
    some = office.worker()
    task = asyncio.create_task(some.run(install_signal_handlers=False))

    async def none_is_stalled() -> bool:
        async with office.database.read() as tx:
            return not await tx.scalar(
                "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"
            )

    await until(none_is_stalled)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
