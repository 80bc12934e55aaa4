"""Which channels a package carries, where and when (E-01, A9)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.entitlements.packages.changes import write_down
from matinee.entitlements.packages.channel_schemas import (
    AssignChannels,
    ChannelWindows,
    ChannelWindowsOut,
    PackageChannelRow,
    PackageChannels,
    RemoveChannels,
)
from matinee.entitlements.packages.content_schemas import Assigned
from matinee.entitlements.packages.listing import Listing, require_package
from matinee.entitlements.packages.windows import SHOWN_WINDOW
from matinee.entitlements.tags import CHANNELS

_CHANNELS = Listing(
    "package_channels",
    "channel_id",
    "SELECT id FROM channels WHERE id = ANY (:ids::uuid[]) ORDER BY id FOR KEY SHARE",
)
_LIST = f"""
    SELECT pc.id, pc.channel_id, c.number, c.name, c.status, {SHOWN_WINDOW.format("pc")}
    FROM package_channels pc JOIN channels c ON c.id = pc.channel_id
    WHERE pc.package_id = :package_id
    ORDER BY coalesce(c.number, 2147483647), c.name, c.id, pc.territory, pc.available_from
"""


async def list_channels(tx: ReadTx, package_id: UUID) -> PackageChannels:
    """The channels of a package, a row per window.

    Raises:
        NotFound: there is no such package.
    """
    await require_package(tx, package_id)
    rows = await tx.all(_LIST, package_id=package_id)
    return PackageChannels(items=[PackageChannelRow(**row) for row in rows])


async def assign_channels(
    tx: WriteTx, staff: Viewer, package_id: UUID, wish: AssignChannels
) -> Assigned:
    """Let a package carry channels in one more window each; what is like that already stays.

    Raises:
        NotFound: there is no such package.
        InvalidValue: some ids are of no channel.
        WindowOverlap: `details.overlaps` names the windows in the way; nothing was added.
    """
    new = await _CHANNELS.assign(tx, package_id, wish.channel_ids, wish)
    after = wish.model_copy(update={"channel_ids": new})
    await _note(tx, staff, "package.assign_channels", {"package": package_id}, after=after)
    return Assigned(changed=len(new), unchanged=len(set(wish.channel_ids)) - len(new))


async def remove_channels(
    tx: WriteTx, staff: Viewer, package_id: UUID, wish: RemoveChannels
) -> Assigned:
    """Let a package carry channels no more; who watches one by it is stopped within minutes.

    Raises:
        NotFound: there is no such package.
    """
    removed = await _CHANNELS.remove(tx, package_id, wish.channel_ids)
    gone = set(removed)
    before = RemoveChannels.model_construct(channel_ids=sorted(gone))
    await _note(tx, staff, "package.remove_channels", {"package": package_id}, before=before)
    return Assigned(changed=len(removed), unchanged=len(set(wish.channel_ids)) - len(gone))


async def put_windows(
    tx: WriteTx, staff: Viewer, package_id: UUID, channel_id: UUID, wish: ChannelWindows
) -> ChannelWindowsOut:
    """Replace all windows of one channel in a package.

    Raises:
        NotFound: there is no such package or channel.
        WindowOverlap: two of the windows clash; `field` is the later one.
    """
    mine = {"package_id": package_id, "channel_id": channel_id}
    had = await _CHANNELS.put(tx, package_id, channel_id, wish.windows)
    before = ChannelWindowsOut(**mine, windows=had)
    windows = await _CHANNELS.windows(tx, package_id, channel_id)
    after = ChannelWindowsOut(**mine, windows=windows)
    targets = {"package": package_id, "channel": channel_id}
    await _note(tx, staff, "package.put_channel", targets, before=before, after=after)
    return after


async def _note(
    tx: WriteTx,
    staff: Viewer,
    action: str,
    targets: Mapping[str, Any],
    *,
    before: BaseModel | None = None,
    after: BaseModel | None = None,
) -> None:
    await write_down(tx, staff, action, targets, before=before, after=after)
    tx.invalidate(CHANNELS)
