"""The worker: it stops in good order, outlives its database, and takes up what others left."""

import asyncio
import os
import signal

import asyncpg
import pytest

from matinee.core import jobs, worker
from matinee.core.jobs import EVERY_MINUTE
from tests.core.offices import Office, Running, requeue, stall, until


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


async def test_what_is_drained_does_not_depend_on_the_time_of_day(office: Office) -> None:
    office.declare(every=EVERY_MINUTE)
    last = await office.enqueue(office.declare(), title_id="t1")
    await office.worker().drain()

    assert await office.state(last) == "succeeded"
    assert office.runs == [{"title_id": "t1"}]
