"""Background jobs on PostgreSQL: declared beside the code, enqueued in the transaction."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from matinee.core.context import current_request_id
from matinee.core.database import Database, ReadTx, WriteTx

QUEUE = "default"
EVERY_MINUTE = "* * * * *"
EVERY_HOUR = "7 * * * *"
EVERY_NIGHT = "23 3 * * *"

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
_CANCEL = "SELECT procrastinate_cancel_job_v1(:job_id, true, false)"
_RETRY = """
    UPDATE procrastinate_jobs
    SET status = 'todo', attempts = 0, scheduled_at = NULL, abort_requested = false,
        worker_id = NULL
    WHERE id = :job_id AND status IN ('failed', 'cancelled', 'aborted')
"""
_RUNNING = """
    SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE task_name = :task AND status = 'doing')
"""
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
    follows: str | None = None
    resumable: bool = False

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
    follows: str | None = None,
    resumable: bool = False,
) -> Callable[[JobFunction], Job]:
    """Declare `async def f(runtime, run, **ids)` as a job.

    `every` is a cron line for periodic ones; `deduplicate` names the arguments that make two
    waiting jobs the same; `follows` names an event after which the job runs. A `resumable` one goes
    on where it was: it is interrupted at once when the worker stops, the others get time to end.
    A failed run is tried again `attempts` times, after 5 s, 10 s, 20 s, …
    """

    def declare(function: JobFunction) -> Job:
        if name in REGISTRY:
            raise ValueError(f"job {name} is declared twice")
        declared = Job(
            name,
            function,
            queue,
            attempts,
            priority,
            every,
            tuple(deduplicate),
            follows,
            resumable,
        )
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


async def is_running(tx: ReadTx, wanted: Job) -> bool:
    """Whether a worker has begun such a job and not ended it; one that waits does not count."""
    return bool(await tx.scalar(_RUNNING, task=wanted.name))


async def announce(tx: WriteTx, event: str, /, **args: Any) -> None:
    """Put every job that follows this event into the queue, as part of this transaction.

    So lower layers talk to higher ones: they say what happened, not who should do something.
    """
    for declared in list(REGISTRY.values()):
        if declared.follows == event:
            await enqueue(tx, declared, **args)


async def cancel(tx: WriteTx, job_id: int) -> bool:
    """Take a waiting job out of the queue, or ask a running one to stop; False if it has ended."""
    return await tx.scalar(_CANCEL, job_id=job_id) is not None


async def retry(tx: WriteTx, job_id: int) -> bool:
    """Put a job that failed or was canceled back into the queue; False if it is in no such state.

    It starts with all its attempts.
    """
    return bool(await tx.execute(_RETRY, job_id=job_id))
