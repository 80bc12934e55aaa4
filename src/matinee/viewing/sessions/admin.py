"""The operator's endpoints of playback: what a household plays now, and ending it."""

from typing import Annotated

from fastapi import Query

from matinee.accounts.audit import AuditedWrite
from matinee.accounts.staff import UsersEditor, UsersReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import Forbidden, NotFound, problems
from matinee.core.routing import api_router
from matinee.core.schema import PathId, Reason
from matinee.runtime import Read, RuntimeDep
from matinee.viewing.sessions import service
from matinee.viewing.sessions.schemas import Streams

router = api_router("/admin/users/{user_id}/streams", tag="admin")

WhyStopped = Annotated[Reason, Query(description="Kept in the audit log.")]


@router.get(
    "",
    summary="What a household plays",
    responses=problems(*SIGNED_IN, Forbidden, NotFound),
)
async def list_household_streams(
    _viewer: UsersReader, runtime: RuntimeDep, tx: Read, user_id: PathId
) -> Streams:
    """Now, on all devices; titles of incognito streams are not told."""
    return await service.list_streams_for_staff(runtime, tx, user_id)


@router.delete(
    "/{stream_id}",
    summary="End a stream of a household",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, NotFound),
)
async def stop_household_stream(
    viewer: UsersEditor,
    runtime: RuntimeDep,
    tx: AuditedWrite,
    user_id: PathId,
    stream_id: PathId,
    reason: WhyStopped,
) -> None:
    """Its player is told `stream_stopped`; ending it twice is fine."""
    await service.stop_by_staff(runtime, tx, viewer, user_id, stream_id, reason)
