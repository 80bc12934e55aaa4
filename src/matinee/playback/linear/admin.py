"""The operator's endpoints of linear channels: plans, slots, recordings."""

from typing import Annotated

from fastapi import Query, Response

from matinee.accounts.audit import AuditedWrite
from matinee.accounts.staff import CatalogEditor, CatalogReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import (
    BadCursor,
    Forbidden,
    InvalidValue,
    NotFound,
    UnknownField,
    VersionConflict,
    problems,
)
from matinee.core.routing import api_router
from matinee.core.schema import (
    Cursor,
    IfMatch,
    JobAccepted,
    Moment,
    PageSize,
    PathId,
    version_of,
    with_etag,
)
from matinee.playback.linear import plans, recordings
from matinee.playback.linear.plans import NotLinear
from matinee.playback.linear.schemas import (
    CreateRecording,
    LinearPlanOut,
    Preview,
    PutPlan,
    Recording,
    Recordings,
    Slots,
    WritePlan,
)
from matinee.runtime import Read

router = api_router("/admin", tag="playback")

READ = (*SIGNED_IN, Forbidden)
WRITE = (*CHANGING, Forbidden, UnknownField, NotFound)


@router.get(
    "/linear/{linear_channel_id}",
    summary="The plan of a linear channel",
    responses=problems(*READ, NotFound),
)
async def get_linear_plan(
    _staff: CatalogReader, response: Response, tx: Read, linear_channel_id: PathId
) -> LinearPlanOut:
    """The ETag is its version."""
    return with_etag(response, await plans.get_plan(tx, linear_channel_id))


@router.put(
    "/linear/{linear_channel_id}",
    summary="Write the plan of a linear channel",
    responses=problems(*WRITE, NotLinear, VersionConflict, InvalidValue),
)
async def put_linear_plan(
    staff: CatalogEditor,
    response: Response,
    tx: AuditedWrite,
    linear_channel_id: PathId,
    wish: PutPlan,
    if_match: IfMatch = None,
) -> LinearPlanOut:
    """What begins within the next hour or so is settled; everything after it is planned anew."""
    written = await plans.put_plan(tx, staff, linear_channel_id, wish, version_of(if_match))
    return with_etag(response, written)


@router.post(
    "/linear/{linear_channel_id}/preview",
    summary="Try a plan",
    responses=problems(*READ, UnknownField, NotFound, NotLinear, InvalidValue),
)
async def preview_linear_plan(
    _staff: CatalogEditor, tx: Read, linear_channel_id: PathId, wish: WritePlan
) -> Preview:
    """What it would make of the next 24 hours; nothing is written."""
    return await plans.preview(tx, linear_channel_id, wish)


@router.post(
    "/linear/{linear_channel_id}/rebuild",
    summary="Plan a linear channel anew",
    status_code=202,
    responses=problems(*CHANGING, Forbidden, NotFound),
)
async def rebuild_linear_channel(
    staff: CatalogEditor, tx: AuditedWrite, linear_channel_id: PathId
) -> JobAccepted:
    """Everything that is not settled, by its plan and by what is in the catalogue now."""
    return await plans.rebuild(tx, staff, linear_channel_id)


@router.get(
    "/linear/{linear_channel_id}/slots",
    summary="What a linear channel plays when",
    responses=problems(*READ, UnknownField, NotFound, BadCursor),
)
async def list_linear_slots(
    _staff: CatalogReader,
    tx: Read,
    linear_channel_id: PathId,
    from_at: Annotated[Moment | None, Query(alias="from")] = None,
    until_at: Annotated[Moment | None, Query(alias="to")] = None,
    cursor: Cursor = None,
    page_size: PageSize = 50,
) -> Slots:
    """From now, or `from`, on for a day, or until `to`."""
    return await plans.list_slots(tx, linear_channel_id, from_at, until_at, cursor, page_size)


@router.get(
    "/channels/{linear_channel_id}/recordings",
    summary="Recordings of a linear channel",
    responses=problems(*READ, UnknownField, NotFound, BadCursor),
)
async def list_recordings(
    _staff: CatalogReader,
    tx: Read,
    linear_channel_id: PathId,
    cursor: Cursor = None,
    page_size: PageSize = 50,
) -> Recordings:
    """The newest first."""
    return await recordings.list_recordings(tx, linear_channel_id, cursor, page_size)


@router.post(
    "/channels/{linear_channel_id}/recordings",
    summary="Keep a time of a linear channel",
    status_code=201,
    responses=problems(*WRITE, NotLinear, InvalidValue),
)
async def create_recording(
    staff: CatalogEditor, tx: AuditedWrite, linear_channel_id: PathId, wish: CreateRecording
) -> Recording:
    """What it played, or will play; as long as the recording is there, that can be watched."""
    return await recordings.create_recording(tx, staff, linear_channel_id, wish)


@router.delete(
    "/channels/{linear_channel_id}/recordings/{recording_id}",
    summary="Give up a recording",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, NotFound),
)
async def delete_recording(
    staff: CatalogEditor,
    tx: AuditedWrite,
    linear_channel_id: PathId,
    recording_id: PathId,
) -> None:
    """What it alone kept is deleted."""
    await recordings.delete_recording(tx, staff, linear_channel_id, recording_id)
