"""The channels that a viewer may see: in a list, one by one, and their labels with counts."""

from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx
from matinee.core.errors import BadCursor, NotFound
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.entitlements.access import Decision
from matinee.entitlements.channels import (
    CHANNEL_VISIBLE,
    channel_decisions,
    channel_entitlement_of,
    channel_visibility_of,
)
from matinee.entitlements.on_air import CAN_GO_BACK
from matinee.entitlements.schemas import access_fields
from matinee.epg.guide.filters import PASSES, ChannelFilter, ChannelWish, require_known
from matinee.epg.guide.on_air import ON_NOW, ON_NOW_COLUMNS, next_in, now_in
from matinee.epg.guide.order import PERSONAL_ORDER
from matinee.epg.guide.schemas import (
    ChannelDetail,
    ChannelLabels,
    ChannelOut,
    ChannelPage,
    LabelCount,
)
from matinee.epg.guide.seeing import require_own_profile, visibility_of
from matinee.epg.guide.shapes import CHANNEL_FIELDS

_LIST_FIELDS = f"""
    {CHANNEL_FIELDS}, c.language,
    CASE WHEN {CAN_GO_BACK} THEN c.catch_up_days ELSE 0 END AS catch_up_days,
    c.start_over AND {CAN_GO_BACK} AS start_over,
    EXISTS (
        SELECT FROM channel_favourites f
        WHERE f.user_id = :user_id::uuid AND f.profile_id = :profile_id::uuid
          AND f.channel_id = c.id
    ) AS is_favourite
"""
_IN_ORDER = f"SELECT c.id FROM channels c WHERE {PASSES} ORDER BY {PERSONAL_ORDER}"
_LISTED = f"SELECT {_LIST_FIELDS} FROM channels c WHERE c.id = ANY (:ids::uuid[])"
_DETAIL = f"""
    SELECT {_LIST_FIELDS}, c.description, c.country, c.dvr_minutes, {ON_NOW_COLUMNS}
    FROM channels c {ON_NOW}
    WHERE c.id = :channel_id AND {CHANNEL_VISIBLE}
"""
_LABELS = f"""
    WITH seen AS (SELECT c.genres, c.group_title FROM channels c WHERE {CHANNEL_VISIBLE})
    SELECT 'genre' AS kind, genre AS name, count(*) AS channels
    FROM seen CROSS JOIN unnest(seen.genres) AS genre GROUP BY genre
    UNION ALL
    SELECT 'group', group_title, count(*) FROM seen WHERE group_title IS NOT NULL
    GROUP BY group_title
    ORDER BY name
"""


async def list_channels(tx: ReadTx, viewer: Viewer, wish: ChannelWish) -> ChannelPage:
    """Channels that pass a filter, in the profile's order.

    Raises:
        InvalidValue: no channel that the viewer may see bears such a label.
        NotFound: no such profile.
        Forbidden: another profile was chosen.
        BadCursor: it is of another list.
    """
    await require_filter(tx, viewer, wish)
    ids = await ids_in_order(tx, viewer, wish)
    begin = _begin_of(wish.cursor, ids)
    page = ids[begin : begin + wish.page_size]
    end = begin + len(page)
    next_cursor = encode_cursor(end, page[-1]) if end < len(ids) else None
    return ChannelPage(
        items=await channels_of(tx, viewer, page), next_cursor=next_cursor, total=len(ids)
    )


def _begin_of(cursor: str | None, ids: list[UUID]) -> int:
    """Where the next page begins: after the last channel of the one before, wherever it is now."""
    if cursor is None:
        return 0
    place, last = decode_cursor(cursor, (int, UUID))
    if place is None or place < 1:
        raise BadCursor("cursor")
    return ids.index(last) + 1 if last in ids else place


async def require_filter(tx: ReadTx, viewer: Viewer, wish: ChannelFilter) -> None:
    """Refuse a filter by unknown labels, or for somebody else.

    Raises:
        InvalidValue, NotFound, Forbidden: see `list_channels`.
    """
    await require_own_profile(tx, viewer, wish.profile_id)
    if wish.genre or wish.group:
        labels = await channel_labels(tx, viewer)
        require_known("genre", wish.genre, (label.name for label in labels.genres))
        require_known("group", wish.group, (label.name for label in labels.groups))


async def ids_in_order(tx: ReadTx, viewer: Viewer, wish: ChannelFilter) -> list[UUID]:
    """Channels that pass a filter, in the profile's order."""
    whose = {"user_id": viewer.user_id, "profile_id": viewer.profile_id}
    rows = await tx.all(_IN_ORDER, **(filter_parameters(viewer, wish) | whose))
    return [row["id"] for row in rows]


def filter_parameters(viewer: Viewer, wish: ChannelFilter) -> dict[str, Any]:
    """The parameters of `PASSES`."""
    return {
        **wish.parameters,
        **channel_visibility_of(viewer),
        **channel_entitlement_of(viewer),
    }


async def channels_of(tx: ReadTx, viewer: Viewer, ids: list[UUID]) -> list[ChannelOut]:
    """Channels in the order of `ids`, with access, in two statements; this does not hide."""
    rows = {
        row["id"]: row
        for row in await tx.all(
            _LISTED, ids=ids, user_id=viewer.user_id, profile_id=viewer.profile_id
        )
    }
    access = _accesses(await channel_decisions(tx, viewer, ids))
    return [
        ChannelOut.model_construct(**rows[channel_id], **access[channel_id])
        for channel_id in ids
        if channel_id in rows
    ]


def _accesses(decisions: dict[UUID, Decision]) -> dict[UUID, dict[str, Any]]:
    """What is told of decisions; channels of the same packages share it."""
    shapes: dict[Decision, dict[str, Any]] = {}
    for decision in decisions.values():
        if decision not in shapes:
            shapes[decision] = access_fields(decision)
    return {channel_id: shapes[decision] for channel_id, decision in decisions.items()}


async def channel_detail(tx: ReadTx, viewer: Viewer, channel_id: UUID) -> ChannelDetail:
    """A channel, access to it, what is on and what comes next.

    Raises:
        NotFound: there is none, or the viewer may not see it.
    """
    row = await tx.one(
        _DETAIL,
        channel_id=channel_id,
        user_id=viewer.user_id,
        profile_id=viewer.profile_id,
        **visibility_of(viewer),
    )
    if row is None:
        raise NotFound()
    decision = (await channel_decisions(tx, viewer, [channel_id]))[channel_id]
    columns = ChannelDetail.model_fields.keys() & row.keys()
    return ChannelDetail.model_construct(
        **{name: row[name] for name in columns},
        now=now_in(row),
        next=next_in(row),
        **access_fields(decision),
    )


async def channel_labels(tx: ReadTx, viewer: Viewer) -> ChannelLabels:
    """Genres and groups of the channels that the viewer may see, with counts."""
    rows = await tx.all(_LABELS, **channel_visibility_of(viewer))
    counts: dict[str, list[LabelCount]] = {"genre": [], "group": []}
    for row in rows:
        counts[row["kind"]].append(LabelCount(name=row["name"], channels=row["channels"]))
    return ChannelLabels(genres=counts["genre"], groups=counts["group"])
