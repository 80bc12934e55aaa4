"""Background jobs as the operator sees them: states, progress, cancel, retry, forgetting."""

from typing import Any

import pytest
from httpx import AsyncClient

from matinee.admin.jobs import forget_old_jobs
from matinee.catalog.importers.running import forget_uploads, import_titles
from matinee.core.jobs import JobRun, enqueue
from matinee.runtime import Runtime
from tests.admin.operator import Operator
from tests.makers import as_staff, execute, scalar

NOTHING = "0199f3a4-1b2c-7d3e-8f40-5a6b7c8d9e0f"


async def waiting_job(runtime: Runtime) -> int:
    """A job that will find nothing to do."""
    async with runtime.database.write() as tx:
        return await enqueue(tx, import_titles, import_id=NOTHING)


async def set_state(runtime: Runtime, job_id: int, status: str) -> None:
    """A job in some state of the queue."""
    sql = "UPDATE procrastinate_jobs SET status = $2::text::procrastinate_job_status WHERE id = $1"
    await execute(runtime, sql, job_id, status)


async def test_a_job_tells_what_it_is_and_how_far(operator: Operator, runtime: Runtime) -> None:
    job_id = await waiting_job(runtime)
    await JobRun(job_id, 0, runtime.database).progress(30, total=100, note="reading")
    job = await operator.found(f"/jobs/{job_id}")
    expected = {
        "id": job_id, "task": "catalog.import_titles", "queue": "imports", "state": "waiting",
        "attempts": 0, "done": 30, "total": 100, "note": "reading", "cancel_requested": False,
        "arguments": {"import_id": NOTHING}, "started_at": None, "finished_at": None,
    }  # fmt: skip
    assert {name: job[name] for name in expected} == expected
    assert job["created_at"] is not None


async def test_a_job_that_was_run_says_when(operator: Operator, runtime: Runtime) -> None:
    job_id = await waiting_job(runtime)
    await runtime.worker.drain()
    job = await operator.found(f"/jobs/{job_id}")
    assert job["state"] == "succeeded"
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]


async def test_jobs_are_listed_newest_first_by_state_and_task(
    operator: Operator, runtime: Runtime
) -> None:
    failed, waiting = await waiting_job(runtime), await waiting_job(runtime)
    await set_state(runtime, failed, "failed")
    async with runtime.database.write() as tx:
        other = await enqueue(tx, forget_uploads)

    async def ids(**query: Any) -> list[int]:
        return [job["id"] for job in (await operator.found("/jobs", **query))["items"]]

    assert await ids() == [other, waiting, failed]
    assert await ids(state="failed") == [failed]
    assert await ids(task="catalog.import_titles") == [waiting, failed]
    assert await ids(state="running") == []


async def test_pages_of_jobs_follow_each_other(operator: Operator, runtime: Runtime) -> None:
    ids = [await waiting_job(runtime) for _ in range(3)]
    first = await operator.found("/jobs", page_size=2)
    rest = await operator.found("/jobs", cursor=first["next_cursor"])
    assert [job["id"] for job in first["items"] + rest["items"]] == ids[::-1]


async def test_a_waiting_job_is_canceled_at_once_and_can_be_tried_again(
    operator: Operator, runtime: Runtime
) -> None:
    job_id = await waiting_job(runtime)
    assert (await operator.post(f"/jobs/{job_id}/cancel")).json()["state"] == "canceled"
    await runtime.worker.drain()
    assert (await operator.found(f"/jobs/{job_id}"))["started_at"] is None
    assert (await operator.post(f"/jobs/{job_id}/retry")).json()["state"] == "waiting"
    await runtime.worker.drain()
    assert (await operator.found(f"/jobs/{job_id}"))["state"] == "succeeded"


async def test_a_running_job_is_asked_to_stop(operator: Operator, runtime: Runtime) -> None:
    job_id = await waiting_job(runtime)
    await set_state(runtime, job_id, "doing")
    job = (await operator.post(f"/jobs/{job_id}/cancel")).json()
    assert (job["state"], job["cancel_requested"]) == ("running", True)


@pytest.mark.parametrize(
    ("status", "action"),
    [("succeeded", "cancel"), ("failed", "cancel"), ("succeeded", "retry"), ("doing", "retry"),
     ("todo", "retry")],
)  # fmt: skip
async def test_what_makes_no_sense_is_a_conflict(
    operator: Operator, runtime: Runtime, status: str, action: str
) -> None:
    job_id = await waiting_job(runtime)
    await set_state(runtime, job_id, status)
    answer = await operator.post(f"/jobs/{job_id}/{action}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


async def test_a_retry_starts_with_all_attempts(operator: Operator, runtime: Runtime) -> None:
    job_id = await waiting_job(runtime)
    await set_state(runtime, job_id, "failed")
    await execute(runtime, "UPDATE procrastinate_jobs SET attempts = 19")
    assert (await operator.post(f"/jobs/{job_id}/retry")).json()["attempts"] == 0


@pytest.mark.parametrize("action", ["cancel", "retry"])
async def test_what_was_done_to_a_job_is_on_record(
    operator: Operator, runtime: Runtime, action: str
) -> None:
    job_id = await waiting_job(runtime)
    await set_state(runtime, job_id, "failed" if action == "retry" else "todo")
    await operator.post(f"/jobs/{job_id}/{action}")
    (entry,) = (await operator.found("/audit", target=f"job:{job_id}"))["items"]
    assert entry["action"] == f"job.{action}"


@pytest.mark.parametrize("job_id", ["0", "-1", "9223372036854775808", "x", "1.5"])
async def test_a_number_that_no_job_can_have_is_refused(operator: Operator, job_id: str) -> None:
    assert (await operator.get(f"/jobs/{job_id}")).status_code == 422


async def test_a_missing_job_is_not_found(operator: Operator) -> None:
    missing = 9_223_372_036_854_775_807
    for answer in (
        await operator.get(f"/jobs/{missing}"),
        await operator.post(f"/jobs/{missing}/cancel"),
        await operator.post(f"/jobs/{missing}/retry"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("query", "code"), [({"state": "lost"}, "invalid_value"), ({"task": "%"}, "validation_failed"),
                        ({"cursor": "x"}, "bad_cursor"), ({"stat": "failed"}, "unknown_field")],
)  # fmt: skip
async def test_a_wrong_filter_of_jobs_is_refused(
    operator: Operator, query: dict[str, str], code: str
) -> None:
    assert (await operator.get("/jobs", **query)).json()["error"]["code"] == code


@pytest.mark.parametrize(("role", "status"), [("editor", 200), ("support", 403), ("analyst", 403)])
async def test_jobs_are_for_those_who_manage_them(
    runtime: Runtime, client: AsyncClient, role: str, status: int
) -> None:
    other = Operator(client, await as_staff(runtime, client, role))
    assert (await other.get("/jobs")).status_code == status


async def test_old_jobs_are_forgotten_failures_later_than_successes(runtime: Runtime) -> None:
    ids = {status: await waiting_job(runtime) for status in ("todo", "succeeded", "failed")}
    for status, job_id in ids.items():
        await set_state(runtime, job_id, status)
        await JobRun(job_id, 0, runtime.database).progress(1)
    run = JobRun(1, 0, runtime.database)

    async def left() -> set[int]:
        return set(await scalar(runtime, "SELECT array_agg(id) FROM procrastinate_jobs"))

    await forget_old_jobs(runtime, run)
    assert await left() == set(ids.values())
    await execute(runtime, "UPDATE procrastinate_events SET at = at - interval '3 days'")
    await forget_old_jobs(runtime, run)
    assert await left() == {ids["todo"], ids["failed"]}
    await execute(runtime, "UPDATE procrastinate_events SET at = at - interval '31 days'")
    await forget_old_jobs(runtime, run)
    assert await left() == {ids["todo"]}
    assert await scalar(runtime, "SELECT array_agg(job_id) FROM job_progress") == [ids["todo"]]
