"""The operator's endpoints of channels in packages."""

from matinee.accounts.audit import AuditedWrite
from matinee.accounts.staff import CatalogEditor, CatalogReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import Forbidden, InvalidValue, NotFound, UnknownField, problems
from matinee.core.routing import api_router
from matinee.core.schema import PathId
from matinee.entitlements.packages import channels
from matinee.entitlements.packages.channel_schemas import (
    AssignChannels,
    ChannelWindows,
    ChannelWindowsOut,
    PackageChannels,
    RemoveChannels,
)
from matinee.entitlements.packages.content_schemas import Assigned
from matinee.entitlements.packages.windows import WindowOverlap
from matinee.runtime import Read

router = api_router("/admin", tag="selling")

READ = (*SIGNED_IN, Forbidden)
WRITE = (*CHANGING, Forbidden, UnknownField, NotFound)


@router.get(
    "/packages/{package_id}/channels",
    summary="Channels of a package",
    responses=problems(*READ, NotFound),
)
async def list_package_channels(
    _staff: CatalogReader, tx: Read, package_id: PathId
) -> PackageChannels:
    """A row per window, by number and name."""
    return await channels.list_channels(tx, package_id)


@router.post(
    "/packages/{package_id}/channels",
    summary="Add channels to a package",
    responses=problems(*WRITE, WindowOverlap, InvalidValue),
)
async def assign_package_channels(
    staff: CatalogEditor, tx: AuditedWrite, package_id: PathId, wish: AssignChannels
) -> Assigned:
    """Up to 1000 in one window; all or none. Channels that are in it like that already stay."""
    return await channels.assign_channels(tx, staff, package_id, wish)


@router.post(
    "/packages/{package_id}/remove-channels",
    summary="Remove channels from a package",
    responses=problems(*WRITE),
)
async def remove_package_channels(
    staff: CatalogEditor, tx: AuditedWrite, package_id: PathId, wish: RemoveChannels
) -> Assigned:
    """Up to 1000, each with all of its windows."""
    return await channels.remove_channels(tx, staff, package_id, wish)


@router.put(
    "/packages/{package_id}/channels/{channel_id}",
    summary="Set the windows of a channel in a package",
    responses=problems(*WRITE, WindowOverlap),
)
async def put_package_channel(
    staff: CatalogEditor,
    tx: AuditedWrite,
    package_id: PathId,
    channel_id: PathId,
    wish: ChannelWindows,
) -> ChannelWindowsOut:
    """Replaces them all; an empty list takes the channel out."""
    return await channels.put_windows(tx, staff, package_id, channel_id, wish)
