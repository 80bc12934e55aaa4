"""The operator's endpoints of blackouts."""

from typing import Annotated

from fastapi import Query

from matinee.accounts.audit import AuditedWrite
from matinee.accounts.staff import CatalogEditor, CatalogReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import (
    BadCursor,
    Forbidden,
    InvalidValue,
    NotFound,
    UnknownField,
    problems,
)
from matinee.core.routing import api_router
from matinee.core.schema import PathId
from matinee.entitlements import blackouts
from matinee.entitlements.blackout_schemas import (
    BlackoutOut,
    Blackouts,
    BlackoutSearch,
    WriteBlackout,
)
from matinee.runtime import Read

router = api_router("/admin/epg/blackouts", tag="admin")

WRITE = (*CHANGING, Forbidden, UnknownField, InvalidValue)


@router.get(
    "", summary="Blackouts", responses=problems(*SIGNED_IN, Forbidden, BadCursor, UnknownField)
)
async def list_blackouts(
    _staff: CatalogReader, tx: Read, wish: Annotated[BlackoutSearch, Query()]
) -> Blackouts:
    """Those that are not over, the earliest first."""
    return await blackouts.list_blackouts(tx, wish)


@router.post("", summary="Black out a channel", status_code=201, responses=problems(*WRITE))
async def create_blackout(
    staff: CatalogEditor, tx: AuditedWrite, wish: WriteBlackout
) -> BlackoutOut:
    """Whoever watches it there when it begins is stopped within seconds."""
    return await blackouts.create_blackout(tx, staff, wish)


@router.put("/{blackout_id}", summary="Replace a blackout", responses=problems(*WRITE, NotFound))
async def put_blackout(
    staff: CatalogEditor, tx: AuditedWrite, blackout_id: PathId, wish: WriteBlackout
) -> BlackoutOut:
    """With all that it says."""
    return await blackouts.put_blackout(tx, staff, blackout_id, wish)


@router.delete(
    "/{blackout_id}",
    summary="Delete a blackout",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, NotFound),
)
async def delete_blackout(staff: CatalogEditor, tx: AuditedWrite, blackout_id: PathId) -> None:
    """The channel can be played at once."""
    await blackouts.delete_blackout(tx, staff, blackout_id)
