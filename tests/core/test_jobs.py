"""Jobs: stored with what caused them, run at least once, followed, stopped, and never lost."""

import asyncio
from typing import Any

import pytest

from matinee.core import jobs
from matinee.core.context import RequestContext, current_request, working_for
from matinee.core.jobs import JobRun, announce, enqueue
from tests.core.offices import Office


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
