"""The endpoints of running the service: its audit log, its jobs, its rules, how it is."""

from typing import Annotated

from fastapi import Path, Query
from fastapi.responses import StreamingResponse

from matinee.accounts.audit import Actor, AuditedWrite
from matinee.accounts.staff import AuditReader, JobsManager, UsersReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.admin import audit, invariants, jobs, seals, status, timeline
from matinee.admin.audit import AuditExport, AuditQuery
from matinee.admin.jobs import JobFilter
from matinee.admin.schemas import (
    AuditEntries,
    AuditVerification,
    Invariants,
    JobDetail,
    Jobs,
    Status,
)
from matinee.admin.timeline import Kind, Timeline
from matinee.core.errors import BadCursor, Conflict, Forbidden, NotFound, UnknownField, problems
from matinee.core.routing import api_router
from matinee.core.schema import Cursor, PageSize, PathId
from matinee.runtime import Read, RuntimeDep

router = api_router("/admin", tag="admin")

READ = (*SIGNED_IN, Forbidden)
CHANGE = (*CHANGING, Forbidden)
FILES = {
    "application/x-ndjson": {"schema": {"type": "string"}},
    "text/csv": {"schema": {"type": "string"}},
}

JobId = Annotated[int, Path(ge=1, le=2**63 - 1, description="Number of the job.")]
NotedHead = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{1,19}:[0-9a-f]{64}$", description="A head that was noted earlier."),
]


@router.get("/audit", summary="The audit log", responses=problems(*READ, BadCursor, UnknownField))
async def list_audit(
    _staff: AuditReader, tx: Read, wish: Annotated[AuditQuery, Query()]
) -> AuditEntries:
    """Who of the staff changed what and why, newest first."""
    return await audit.list_entries(tx, wish)


@router.get(
    "/audit/export",
    summary="The audit log as a file",
    response_class=StreamingResponse,
    responses=problems(*READ, UnknownField) | {200: {"content": FILES}},
)
async def export_audit(
    _staff: AuditReader, runtime: RuntimeDep, wish: Annotated[AuditExport, Query()]
) -> StreamingResponse:
    """Everything that matches, streamed as NDJSON or CSV, newest first."""
    headers = {"Content-Disposition": f'attachment; filename="audit.{wish.format}"'}
    return StreamingResponse(audit.export(runtime, wish), 200, headers, wish.media_type)


@router.get("/audit/verification", summary="Verify the audit log", responses=problems(*READ))
async def verify_audit(_staff: AuditReader, tx: Read, head: NotedHead = None) -> AuditVerification:
    """Whether anything was changed or removed since it was sealed."""
    return await seals.verify(tx, head)


@router.get("/jobs", summary="Background jobs", responses=problems(*READ, BadCursor, UnknownField))
async def list_jobs(_staff: JobsManager, tx: Read, wish: Annotated[JobFilter, Query()]) -> Jobs:
    """Jobs by state and task, newest first."""
    return await jobs.list_jobs(tx, wish)


@router.get("/jobs/{job_id}", summary="A background job", responses=problems(*READ, NotFound))
async def get_job(_staff: JobsManager, tx: Read, job_id: JobId) -> JobDetail:
    """What it was asked to do, and how far it is."""
    return await jobs.get_job(tx, job_id)


@router.post(
    "/jobs/{job_id}/cancel",
    summary="Cancel a job",
    responses=problems(*CHANGE, NotFound, Conflict),
)
async def cancel_job(staff: JobsManager, tx: AuditedWrite, job_id: JobId) -> JobDetail:
    """A waiting job is taken out at once; a running one is asked to stop and keeps what it did."""
    return await jobs.cancel_job(tx, Actor.of(staff), job_id)


@router.post(
    "/jobs/{job_id}/retry",
    summary="Try a job again",
    responses=problems(*CHANGE, NotFound, Conflict),
)
async def retry_job(staff: JobsManager, tx: AuditedWrite, job_id: JobId) -> JobDetail:
    """Puts a job that failed or was canceled back into the queue, with all its attempts."""
    return await jobs.retry_job(tx, Actor.of(staff), job_id)


@router.get("/status", summary="How the service is", responses=problems(*READ))
async def get_status(_staff: JobsManager, runtime: RuntimeDep) -> Status:
    """The queue's figures, and what is less than it should be, for the console's banner."""
    return await status.get_status(runtime)


@router.get("/invariants", summary="Rules of the data", responses=problems(*READ))
async def list_invariants(_staff: JobsManager, runtime: RuntimeDep) -> Invariants:
    """Every rule that the data always keep, checked now; a job checks them every hour, too."""
    return await invariants.check_now(runtime)


@router.get(
    "/users/{user_id}/entitlements",
    summary="What happened to a household",
    responses=problems(*READ, NotFound, BadCursor),
)
async def list_household_timeline(
    _staff: UsersReader,
    tx: Read,
    user_id: PathId,
    kind: Annotated[Kind | None, Query(description="Only entries of this kind.")] = None,
    cursor: Cursor = None,
    page_size: PageSize = 50,
) -> Timeline:
    """Its orders, payments, grants, holds, streams and what staff did, newest first.

    With who did what; but not what its people watched, beyond what they paid for.
    """
    return await timeline.list_timeline(tx, user_id, kind, cursor, page_size)
