"""The operator's endpoints of matching: which source's channel fills which of ours."""

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
from matinee.core.schema import PathId, text
from matinee.epg.matching import mapping
from matinee.epg.matching.schemas import (
    MapSearch,
    OneChannel,
    PutChoices,
    SourceChannelOut,
    SourceChannels,
)
from matinee.runtime import Read

router = api_router("/admin/epg", tag="admin")

WRITE = (*CHANGING, Forbidden, UnknownField, NotFound)
XmltvId = Annotated[
    str, *text(max_length=255), Path(description="What the source calls its channel.")
]


@router.get(
    "/map",
    summary="Channels of guides and what they fill",
    responses=problems(*SIGNED_IN, Forbidden, BadCursor, UnknownField),
)
async def list_epg_map(
    _staff: CatalogReader, tx: Read, wish: Annotated[MapSearch, Query()]
) -> SourceChannels:
    """With suggestions for those that fill none yet, the most certain first."""
    return await mapping.list_map(tx, wish)


@router.put(
    "/map/{source_id}/{xmltv_id}",
    summary="Choose what a guide's channel fills",
    responses=problems(*WRITE, InvalidValue),
)
async def put_epg_map(
    staff: CatalogEditor, tx: AuditedWrite, source_id: PathId, xmltv_id: XmltvId, wish: PutChoices
) -> SourceChannelOut:
    """No matching changes it again; its names are remembered for other sources."""
    return await mapping.put_map(tx, staff, source_id, xmltv_id, wish)


@router.delete(
    "/map/{source_id}/{xmltv_id}",
    summary="Take back what was said of a guide's channel",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, NotFound),
)
async def delete_epg_map(
    staff: CatalogEditor, tx: AuditedWrite, source_id: PathId, xmltv_id: XmltvId
) -> None:
    """Choices and rejections; the next import matches it by itself."""
    await mapping.forget_map(tx, staff, source_id, xmltv_id)


@router.post(
    "/map/{source_id}/{xmltv_id}/confirm",
    summary="Confirm a match",
    responses=problems(*WRITE, InvalidValue),
)
async def confirm_epg_match(
    staff: CatalogEditor, tx: AuditedWrite, source_id: PathId, xmltv_id: XmltvId, wish: OneChannel
) -> SourceChannelOut:
    """Whatever else the channel was matched with goes."""
    return await mapping.confirm_match(tx, staff, source_id, xmltv_id, wish.channel_id)


@router.post(
    "/map/{source_id}/{xmltv_id}/reject", summary="Reject a match", responses=problems(*WRITE)
)
async def reject_epg_match(
    staff: CatalogEditor, tx: AuditedWrite, source_id: PathId, xmltv_id: XmltvId, wish: OneChannel
) -> SourceChannelOut:
    """It is not made again by itself."""
    return await mapping.reject_match(tx, staff, source_id, xmltv_id, wish.channel_id)
