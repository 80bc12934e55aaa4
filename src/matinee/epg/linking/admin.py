"""The operator's endpoints of links between programmes and titles."""

from typing import Annotated

from fastapi import Path, Query

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
from matinee.epg.linking import choosing
from matinee.epg.linking.schemas import LinkSearch, ProgrammeLink, ProgrammeLinks, PutLink
from matinee.runtime import Read

router = api_router("/admin/epg", tag="admin")

ProgrammeId = Annotated[
    int, Path(ge=1, le=2**63 - 1, description="Identifier of the programme, not of an airing.")
]


@router.get(
    "/links",
    summary="Programmes and their titles",
    responses=problems(*SIGNED_IN, Forbidden, BadCursor, UnknownField),
)
async def list_programme_links(
    _staff: CatalogReader, tx: Read, wish: Annotated[LinkSearch, Query()]
) -> ProgrammeLinks:
    """What is still to come; by default what somebody has to decide."""
    return await choosing.list_links(tx, wish)


@router.put(
    "/links/{programme_id}",
    summary="Say which title a programme is",
    responses=problems(*CHANGING, Forbidden, UnknownField, NotFound, InvalidValue),
)
async def put_programme_link(
    staff: CatalogEditor, tx: AuditedWrite, programme_id: ProgrammeId, wish: PutLink
) -> ProgrammeLink:
    """Or that it is none of ours (null); whatever else was suggested is not found again."""
    return await choosing.put_link(tx, staff, programme_id, wish)
