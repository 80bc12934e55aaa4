"""The queue of background jobs as the operator sees it: looking, canceling, trying again."""

from typing import Annotated, Any

from pydantic import Field

from matinee.accounts.audit import Actor, record
from matinee.admin.schemas import JobDetail, JobOut, Jobs, JobState
from matinee.core import jobs
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Conflict, NotFound
from matinee.core.jobs import EVERY_NIGHT, JobRun, job
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.schema import Input
from matinee.runtime import Runtime

STATES: dict[JobState, list[str]] = {
    "waiting": ["todo"],
    "running": ["doing"],
    "succeeded": ["succeeded"],
    "failed": ["failed"],
    "canceled": ["cancelled", "aborted"],
}
STATE_OF = {status: state for state, statuses in STATES.items() for status in statuses}

_JOBS = """
    SELECT j.id, j.task_name AS task, j.queue_name AS queue, j.status::text, j.attempts,
           j.abort_requested AS cancel_requested, j.scheduled_at, j.args, p.done, p.total, p.note,
           e.created_at, e.started_at, e.finished_at
    FROM procrastinate_jobs j
    LEFT JOIN job_progress p ON p.job_id = j.id
    LEFT JOIN LATERAL (
        SELECT min(at) AS created_at,
               max(at) FILTER (WHERE type = 'started') AS started_at,
               max(at) FILTER (WHERE type IN ('succeeded', 'failed', 'cancelled', 'aborted'))
                   AS finished_at
        FROM procrastinate_events WHERE job_id = j.id
    ) AS e ON true
"""
_PAGE = f"""
    {_JOBS}
    WHERE (:statuses::text[] IS NULL OR j.status::text = ANY (:statuses))
      AND (:task::text IS NULL OR j.task_name = :task)
      AND (:before::bigint IS NULL OR j.id < :before)
    ORDER BY j.id DESC LIMIT :wanted
"""
_FORGET = """
    DELETE FROM procrastinate_jobs j
    WHERE j.status NOT IN ('todo', 'doing')
      AND (SELECT max(at) FROM procrastinate_events e WHERE e.job_id = j.id)
          < clock_timestamp() - CASE WHEN j.status = 'succeeded' THEN interval '2 days'
                                     ELSE interval '30 days' END
"""
_FORGET_PROGRESS = """
    DELETE FROM job_progress p
    WHERE NOT EXISTS (SELECT FROM procrastinate_jobs j WHERE j.id = p.job_id)
"""
_ONE = f"{_JOBS} WHERE j.id = :job_id"


class JobFilter(Input):
    """Which jobs."""

    state: JobState | None = None
    task: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$", max_length=100)] | None = Field(
        None, examples=["catalog.import_titles"]
    )
    cursor: Annotated[str, Field(max_length=500)] | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50


async def list_jobs(tx: ReadTx, wish: JobFilter) -> Jobs:
    """Matching jobs, newest first.

    Raises:
        BadCursor: it is not one of ours.
    """
    (before,) = decode_cursor(wish.cursor, (int,)) if wish.cursor else (None,)
    rows = await tx.all(
        _PAGE,
        statuses=STATES[wish.state] if wish.state else None,
        task=wish.task,
        before=before,
        wanted=wish.page_size + 1,
    )
    page = rows[: wish.page_size]
    return Jobs(
        items=[JobOut(**_shown(dict(row))) for row in page],
        next_cursor=encode_cursor(page[-1]["id"]) if len(rows) > len(page) else None,
    )


async def get_job(tx: ReadTx, job_id: int) -> JobDetail:
    """One job.

    Raises:
        NotFound: there is none, or it was too long ago.
    """
    row = await tx.one(_ONE, job_id=job_id)
    if row is None:
        raise NotFound()
    return JobDetail(**_shown(dict(row)))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row with the queue's words turned into ours."""
    status, arguments = row.pop("status"), row.pop("args")
    arguments = {name: value for name, value in arguments.items() if not name.startswith("_")}
    ended = status not in ("todo", "doing")
    row["finished_at"] = row["finished_at"] if ended else None
    return row | {"state": STATE_OF.get(status, "canceled"), "arguments": arguments}


async def cancel_job(tx: WriteTx, actor: Actor, job_id: int) -> JobDetail:
    """Take a waiting job out of the queue, or ask a running one to stop.

    Raises:
        NotFound: there is none.
        Conflict: it has ended.
    """
    found = await get_job(tx, job_id)
    if not await jobs.cancel(tx, job_id):
        raise Conflict("state", message="The job has ended already.", state=found.state)
    await record(tx, actor, "job.cancel", targets={"job": job_id}, after={"task": found.task})
    return await get_job(tx, job_id)


async def retry_job(tx: WriteTx, actor: Actor, job_id: int) -> JobDetail:
    """Put a job that failed or was canceled back into the queue.

    Raises:
        NotFound: there is none.
        Conflict: it waits, runs or has succeeded.
    """
    found = await get_job(tx, job_id)
    if not await jobs.retry(tx, job_id):
        raise Conflict("state", message="Only what failed or was canceled can be tried again.")
    await record(tx, actor, "job.retry", targets={"job": job_id}, after={"task": found.task})
    return await get_job(tx, job_id)


@job("admin.forget_old_jobs", every=EVERY_NIGHT)
async def forget_old_jobs(runtime: Runtime, _run: JobRun) -> None:
    """What succeeded is shown for two days, what did not for a month."""
    async with runtime.database.write() as tx:
        await tx.execute(_FORGET)
        await tx.execute(_FORGET_PROGRESS)
