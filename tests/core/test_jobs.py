"""Jobs: stored with what caused them, run at least once, followed, stopped, and never lost."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from matinee.core import jobs, worker
from matinee.core.context import RequestContext, current_request, working_for
from matinee.core.database import Database
from matinee.core.jobs import Job, JobRun, announce, enqueue
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


@pytest.fixture
async def office(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    registry: dict[str, Job] = {}
    monkeypatch.setattr(jobs, "REGISTRY", registry)
    monkeypatch.setattr(worker, "REGISTRY", registry)
    database = Database(database_url)
    await database.open()
    yield Office(database, database_url, registry)
    await database.close()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.02)


async def test_a_job_gets_its_arguments_and_runs_once(office: Office) -> None:
    job = office.declare()
    job_id = await office.enqueue(job, title_id="t1")
    for _ in range(2):
        await office.worker().drain()

    assert office.runs == [{"title_id": "t1"}]
    assert await office.state(job_id) == "succeeded"


async def test_a_job_of_a_transaction_that_failed_was_never_there(office: Office) -> None:
    job = office.declare()

    async def fail() -> None:
        async with office.database.write() as tx:
            await enqueue(tx, job)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    await office.worker().drain()

    assert office.runs == []


async def test_a_job_cannot_run_before_its_transaction_is_committed(office: Office) -> None:
    job = office.declare()
    async with office.database.write() as tx:
        await enqueue(tx, job)
        await office.worker().drain()
        assert office.runs == []

    await office.worker().drain()
    assert office.runs == [{}]


async def test_a_delayed_job_waits(office: Office) -> None:
    job = office.declare()
    await office.enqueue(job, delay=3600)
    await office.worker().drain()

    assert office.runs == []


async def test_identical_jobs_wait_only_once(office: Office) -> None:
    job = office.declare(deduplicate=["title_id"])
    first = await office.enqueue(job, title_id="t1")
    same = await office.enqueue(job, title_id="t1")
    other = await office.enqueue(job, title_id="t2")

    assert first == same != other


async def test_identical_jobs_enqueued_at_the_same_time_wait_only_once(office: Office) -> None:
    job = office.declare(deduplicate=["title_id"])

    numbers = await asyncio.gather(*(office.enqueue(job, title_id="t1") for _ in range(20)))

    assert len(set(numbers)) == 1


async def test_while_one_runs_an_identical_one_may_wait(office: Office) -> None:
    numbers: list[int] = []

    async def enqueue_the_same(_runtime: Any, run: JobRun, title_id: str) -> None:
        if not numbers:
            numbers.append(await office.enqueue(job, title_id=title_id))
            assert numbers[0] != run.id

    job = office.declare(enqueue_the_same, deduplicate=["title_id"])
    await office.enqueue(job, title_id="t1")
    for _ in range(2):
        await office.worker().drain()

    assert await office.state(numbers[0]) == "succeeded"


async def test_one_that_failed_waits_beside_an_identical_one(office: Office) -> None:
    async def enqueue_the_same_and_fail(_runtime: Any, run: JobRun, title_id: str) -> None:
        if run.attempt == 0 and not office.runs:
            office.runs.append({})
            await office.enqueue(job, title_id=title_id)
            raise LookupError

    job = office.declare(enqueue_the_same_and_fail, deduplicate=["title_id"])
    failed = await office.enqueue(job, title_id="t1")
    await office.worker().drain()
    await office.make_due()
    await office.worker().drain()

    assert await office.state(failed) == "succeeded"


async def fail(_runtime: Any, _run: JobRun) -> None:
    raise LookupError


async def test_a_failed_job_is_tried_again_after_doubling_waits(office: Office) -> None:
    job_id = await office.enqueue(office.declare(fail, attempts=4))
    waits = []
    for _ in range(3):
        await office.worker().drain()
        waits.append(
            await office.column("extract(epoch FROM scheduled_at - clock_timestamp())", job_id)
        )
        await office.make_due()

    rounded = [min(planned for planned in (5, 10, 20, 40) if planned >= wait) for wait in waits]
    assert rounded == [5, 10, 20]


async def test_when_its_attempts_are_used_up_a_job_has_failed(office: Office) -> None:
    async def note_and_fail(_runtime: Any, run: JobRun) -> None:
        office.runs.append({"attempt": run.attempt})
        raise LookupError

    job_id = await office.enqueue(office.declare(note_and_fail, attempts=2))
    for _ in range(4):
        await office.worker().drain()
        await office.make_due()

    assert office.runs == [{"attempt": 0}, {"attempt": 1}]
    assert await office.state(job_id) == "failed"


async def test_progress_is_visible_while_the_job_runs(office: Office) -> None:
    seen: list[dict[str, Any]] = []

    async def advance(_runtime: Any, run: JobRun) -> None:
        await run.progress(10, total=100, note="reading")
        await run.progress(20)
        async with office.database.read() as tx:
            row = await tx.one("SELECT done, total, note FROM job_progress")
        seen.append(dict(row or {}))

    await office.enqueue(office.declare(advance))
    await office.worker().drain()

    assert seen == [{"done": 20, "total": 100, "note": "reading"}]


async def test_a_waiting_job_can_be_taken_out_of_the_queue(office: Office) -> None:
    job_id = await office.enqueue(office.declare())
    async with office.database.write() as tx:
        canceled = await jobs.cancel(tx, job_id)
    await office.worker().drain()

    assert (canceled, office.runs) == (True, [])
    assert await office.state(job_id) == "cancelled"


async def test_a_running_job_stops_at_its_next_progress_and_is_not_tried_again(
    office: Office,
) -> None:
    async def cancel_itself(_runtime: Any, run: JobRun) -> None:
        await run.progress(1)
        async with office.database.write() as tx:
            await jobs.cancel(tx, run.id)
        await run.progress(2)
        office.runs.append({})

    job_id = await office.enqueue(office.declare(cancel_itself))
    await office.worker().drain()

    assert (await office.state(job_id), office.runs) == ("aborted", [])


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


@pytest.fixture
async def running(office: Office) -> AsyncIterator[Running]:
    running = Running(office)
    yield running
    if running.task is not None:
        await running.stop()


async def test_a_job_that_reports_nothing_can_be_stopped_too(
    office: Office, running: Running
) -> None:
    job_id = await running.start()
    async with office.database.write() as tx:
        await jobs.cancel(tx, job_id)

    async def is_aborted() -> bool:
        return await office.state(job_id) == "aborted"

    await until(is_aborted)


async def test_a_worker_that_stops_leaves_its_job_to_the_next_one(
    office: Office, running: Running
) -> None:
    job_id = await running.start()
    await running.stop()

    assert await office.state(job_id) == "todo"
    assert await office.column("scheduled_at <= clock_timestamp()", job_id)


async def test_a_signal_ends_a_worker_in_good_order(office: Office, running: Running) -> None:
    job_id = await running.start(install_signal_handlers=True)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(20):
        assert running.task is not None
        await running.task

    assert await office.state(job_id) == "todo"


async def test_a_worker_outlives_the_loss_of_its_database(
    office: Office,
    running: Running,
    database_url: str,
    admin_connection: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "RESTART_SECONDS", 0.05)
    quick = office.declare()
    await running.start()
    name = database_url.partition("?")[0].rpartition("/")[2]
    for _ in range(3):
        await admin_connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        await asyncio.sleep(0.05)
    job_id = await office.enqueue(quick, title_id="t1")

    async def has_succeeded() -> bool:
        return await office.state(job_id) == "succeeded"

    await until(has_succeeded)


async def stall(office: Office, job_id: int, attempts: int = 0) -> None:
    """As if the worker that runs it had been killed."""
    await office.execute(
        """UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL, attempts = :attempts
           WHERE id = :job_id""",
        job_id=job_id,
        attempts=attempts,
    )


async def test_a_resumable_job_does_not_delay_the_end_and_waits_for_the_next_worker(
    office: Office, running: Running
) -> None:
    job_id = await running.start(running.resumable, stop_seconds=3600)
    async with asyncio.timeout(20):
        await running.stop()

    assert await office.state(job_id) == "todo"


async def test_a_signal_interrupts_a_resumable_job_too(office: Office, running: Running) -> None:
    job_id = await running.start(running.resumable, stop_seconds=3600, install_signal_handlers=True)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(20):
        await running.stop()

    assert await office.state(job_id) == "todo"


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


async def test_a_job_whose_worker_was_killed_runs_again(office: Office) -> None:
    job = office.declare()
    job_id = await office.enqueue(job, title_id="t1")
    await stall(office, job_id)
    await requeue(office)
    await office.worker().drain()

    assert office.runs == [{"title_id": "t1"}]


async def test_a_job_that_keeps_killing_its_worker_is_given_up(office: Office) -> None:
    job_id = await office.enqueue(office.declare(attempts=3))
    await stall(office, job_id, attempts=2)
    await requeue(office)

    assert (await office.state(job_id), office.runs) == ("failed", [])


async def test_a_stalled_job_does_not_block_others_where_an_identical_one_waits(
    office: Office,
) -> None:
    job = office.declare(deduplicate=["title_id"])
    first = await office.enqueue(job, title_id="t1")
    await stall(office, first)
    second = await office.enqueue(job, title_id="t1")
    third = await office.enqueue(job, title_id="t2")
    await stall(office, third)
    await requeue(office)
    await office.worker().drain()

    states = [await office.state(job_id) for job_id in (first, second, third)]
    assert states == ["succeeded"] * 3


async def test_a_job_works_under_the_identifier_of_the_request_that_caused_it(
    office: Office,
) -> None:
    seen: list[tuple[str, int | None]] = []

    async def look(_runtime: Any, _run: JobRun) -> None:
        request = current_request()
        assert request is not None
        seen.append((request.request_id, request.job_id))

    job = office.declare(look)
    with working_for(RequestContext(request_id="from-a-viewer")):
        first = await office.enqueue(job)
    second = await office.enqueue(job)
    await office.worker().drain()

    assert seen == [("from-a-viewer", first), (f"job-{second}", second)]


async def test_a_job_has_more_time_than_a_request(office: Office) -> None:
    seen: list[str] = []

    async def look(_runtime: Any, _run: JobRun) -> None:
        async with office.database.read() as tx:
            seen.append(await tx.scalar("SELECT current_setting('statement_timeout')"))

    with working_for(RequestContext(request_id="from-a-viewer")):
        await office.enqueue(office.declare(look))
    await office.worker().drain()

    assert seen == ["1min"]


def test_two_jobs_of_one_name_are_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "REGISTRY", {})
    jobs.job("test.twice")(fail)

    with pytest.raises(ValueError):
        jobs.job("test.twice")(fail)


async def test_an_event_enqueues_the_jobs_that_follow_it(office: Office) -> None:
    office.declare(follows="catalog.changed")
    office.declare(follows="catalog.changed")
    office.declare(follows="weather.changed")
    office.declare()
    async with office.database.write() as tx:
        await announce(tx, "catalog.changed", title_ids=["t1"])
    await office.worker().drain()

    assert office.runs == [{"title_ids": ["t1"]}] * 2


async def test_an_event_that_nobody_follows_is_no_error(office: Office) -> None:
    async with office.database.write() as tx:
        await announce(tx, "catalog.changed", title_ids=["t1"])
    await office.worker().drain()

    assert office.runs == []
