"""The operator's endpoints of channels: one by one, many at once, by channel lists."""

from typing import Annotated

from fastapi import Query, Request, Response

from matinee.accounts.audit import Actor, AuditedWrite
from matinee.accounts.staff import CatalogEditor, CatalogReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import (
    BadCursor,
    Busy,
    Conflict,
    Forbidden,
    InvalidValue,
    NotFound,
    RequestCutOff,
    RuleViolated,
    UnknownField,
    VersionConflict,
    problems,
)
from matinee.core.routing import UploadRoute, api_router
from matinee.core.schema import IfMatch, PathId, version_of, with_etag
from matinee.epg.channels import bulk, importing, queries, service
from matinee.epg.channels.importing import ListUnreadable
from matinee.epg.channels.list_schemas import ImportListWish, ListReport
from matinee.epg.channels.schemas import (
    AdminChannel,
    AdminChannels,
    ChangeStatus,
    ChannelsChanged,
    ChannelSearch,
    CreateChannel,
    NumberChannels,
    UpdateChannel,
)
from matinee.runtime import Read, RuntimeDep

router = api_router("/admin/channels", tag="admin")
upload_router = api_router("/admin/channels", tag="admin", route_class=UploadRoute)

READ = (*SIGNED_IN, Forbidden)
WRITE = (*CHANGING, Forbidden, UnknownField, InvalidValue, RuleViolated)

BODY = {
    "required": True,
    "description": "A channel list (M3U), plain or packed (gzip, xz, bzip2).",
    "content": {
        "audio/x-mpegurl": {
            "schema": {"type": "string", "format": "binary"},
            "example": '#EXTM3U\n#EXTINF:-1 tvg-id="One.uk",One\nhttps://example.com/one.m3u8\n',
        },
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}


@router.get("", summary="Channels, for staff", responses=problems(*READ, BadCursor, UnknownField))
async def list_admin_channels(
    _staff: CatalogReader, tx: Read, wish: Annotated[ChannelSearch, Query()]
) -> AdminChannels:
    """Drafts and hidden ones too, by number and name."""
    return await queries.list_channels(tx, wish)


@router.post("", summary="Add a channel", status_code=201, responses=problems(*WRITE, Conflict))
async def create_channel(
    staff: CatalogEditor,
    response: Response,
    runtime: RuntimeDep,
    tx: AuditedWrite,
    wish: CreateChannel,
) -> AdminChannel:
    """A draft, unless it says otherwise; its slug is made from its name."""
    return with_etag(response, await service.create_channel(tx, staff, wish, runtime.playback))


@router.post(
    "/number", summary="Number channels", responses=problems(*CHANGING, Forbidden, InvalidValue)
)
async def number_channels(
    staff: CatalogEditor, tx: AuditedWrite, wish: NumberChannels
) -> ChannelsChanged:
    """Up to 1000, all or none: the order in which viewers see them."""
    return await bulk.number_channels(tx, staff, wish)


@router.post("/status", summary="Publish or hide channels", responses=problems(*WRITE))
async def change_channel_status(
    staff: CatalogEditor, tx: AuditedWrite, wish: ChangeStatus
) -> ChannelsChanged:
    """Up to 1000, all or none."""
    return await bulk.change_status(tx, staff, wish)


@upload_router.post(
    "/import",
    summary="Import a channel list",
    openapi_extra={"requestBody": BODY},
    responses=problems(
        *CHANGING, Forbidden, UnknownField, ListUnreadable, RequestCutOff, Conflict, Busy
    ),
)
async def import_channels(
    request: Request,
    staff: CatalogEditor,
    runtime: RuntimeDep,
    wish: Annotated[ImportListWish, Query()],
) -> ListReport:
    """New channels become drafts, known ones (by tvg-id, else by name) change; none is removed.

    With `dry_run` nothing is stored: the report says what would be.
    """
    return await importing.import_list(runtime, Actor.of(staff), request.stream(), wish)


@router.get("/{channel_id}", summary="A channel, for staff", responses=problems(*READ, NotFound))
async def get_admin_channel(
    _staff: CatalogReader, response: Response, tx: Read, channel_id: PathId
) -> AdminChannel:
    """The ETag is its version."""
    return with_etag(response, await queries.get_channel(tx, channel_id))


@router.patch(
    "/{channel_id}",
    summary="Change a channel",
    responses=problems(*WRITE, NotFound, VersionConflict, Conflict),
)
async def update_channel(
    staff: CatalogEditor,
    response: Response,
    runtime: RuntimeDep,
    tx: AuditedWrite,
    channel_id: PathId,
    wish: UpdateChannel,
    if_match: IfMatch = None,
) -> AdminChannel:
    """Only what is given changes; imports of channel lists leave that alone from then on."""
    version = version_of(if_match)
    changed = await service.update_channel(tx, staff, channel_id, wish, version, runtime.playback)
    return with_etag(response, changed)


@router.delete(
    "/{channel_id}",
    summary="Delete a channel",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, NotFound, VersionConflict),
)
async def delete_channel(
    staff: CatalogEditor, tx: AuditedWrite, channel_id: PathId, if_match: IfMatch = None
) -> None:
    """With its guide; hide it instead (`status: hidden`) to keep that."""
    await service.delete_channel(tx, staff, channel_id, version_of(if_match))
