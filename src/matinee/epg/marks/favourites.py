"""A profile's favourite channels, in its own order."""

from collections.abc import Sequence
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Conflict, InvalidValue, NotFound
from matinee.entitlements.channels import CHANNEL_VISIBLE, channel_visibility_of
from matinee.epg.guide.channels import channels_of
from matinee.epg.marks.schemas import FavouriteChannels
from matinee.viewing.service import hold_profile

MOST_FAVOURITES = 500

_VISIBLE = f"SELECT true FROM channels c WHERE c.id = :channel_id AND {CHANNEL_VISIBLE}"
_IDS = f"""
    SELECT c.id FROM channel_favourites f JOIN channels c ON c.id = f.channel_id
    WHERE f.user_id = :user_id AND f.profile_id = :profile_id AND {CHANNEL_VISIBLE}
    ORDER BY f.position, c.id
"""
_ADD = """
    INSERT INTO channel_favourites (user_id, profile_id, channel_id, position)
    SELECT :user_id::uuid, :profile_id::uuid, :channel_id::uuid, coalesce(max(position), 0) + 1
    FROM channel_favourites
    WHERE user_id = :user_id AND profile_id = :profile_id
    HAVING count(*) FILTER (WHERE channel_id <> :channel_id) < :most
    ON CONFLICT (user_id, profile_id, channel_id)
    DO UPDATE SET position = channel_favourites.position
"""
_REMOVE = """
    DELETE FROM channel_favourites
    WHERE user_id = :user_id AND profile_id = :profile_id AND channel_id = :channel_id
"""
# Those that are not named (hidden ones, or of another device) follow in the order they had.
_REORDER = """
    UPDATE channel_favourites f SET position = sorted.position
    FROM (
        SELECT channel_id,
               row_number() OVER (
                   ORDER BY array_position(:channel_ids::uuid[], channel_id), position, channel_id
               ) AS position
        FROM channel_favourites WHERE user_id = :user_id AND profile_id = :profile_id
    ) AS sorted
    WHERE f.user_id = :user_id AND f.profile_id = :profile_id AND f.channel_id = sorted.channel_id
"""


class FavouritesFull(Conflict):
    """There are too many favourite channels; take one off first."""


async def favourite_ids(tx: ReadTx, viewer: Viewer) -> list[UUID]:
    """The favourites that the profile may see, in its order."""
    rows = await tx.all(_IDS, **_own(viewer), **channel_visibility_of(viewer))
    return [row["id"] for row in rows]


async def list_favourites(tx: ReadTx, viewer: Viewer) -> FavouriteChannels:
    """The favourites that the profile may see, with access."""
    ids = await favourite_ids(tx, viewer)
    return FavouriteChannels(items=await channels_of(tx, viewer, ids))


async def add_favourite(tx: WriteTx, viewer: Viewer, channel_id: UUID) -> None:
    """Put a channel at the end of the favourites; one that is there keeps its place.

    Raises:
        NotFound: the viewer may not see the channel.
        FavouritesFull: there are `MOST_FAVOURITES`, also when requests race.
    """
    await hold_profile(tx, viewer)
    visible = channel_visibility_of(viewer)
    if not await tx.scalar(_VISIBLE, channel_id=channel_id, **visible):
        raise NotFound()
    added = await tx.execute(_ADD, channel_id=channel_id, most=MOST_FAVOURITES, **_own(viewer))
    if not added:
        raise FavouritesFull(limit=MOST_FAVOURITES)


async def remove_favourite(tx: WriteTx, viewer: Viewer, channel_id: UUID) -> None:
    """Take a channel off the favourites, whether it is there or not."""
    await tx.execute(_REMOVE, channel_id=channel_id, **_own(viewer))


async def reorder_favourites(tx: WriteTx, viewer: Viewer, channel_ids: Sequence[UUID]) -> None:
    """Put the favourites in this order; others of them follow.

    Raises:
        InvalidValue: a channel is named that is none of the favourites, or one twice.
    """
    await hold_profile(tx, viewer)
    if len(set(channel_ids)) < len(channel_ids):
        raise InvalidValue("channel_ids", message="Name each channel once.")
    if set(channel_ids) - set(await favourite_ids(tx, viewer)):
        raise InvalidValue("channel_ids", message="Only favourites can be put in order.")
    await tx.execute(_REORDER, channel_ids=list(channel_ids), **_own(viewer))


def _own(viewer: Viewer) -> dict[str, UUID]:
    return {"user_id": viewer.household, "profile_id": viewer.profile}
