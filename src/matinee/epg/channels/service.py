"""What staff does with a channel: create, change, delete."""

from typing import Any
from uuid import UUID

from matinee.accounts.changes import assignments, lock, write_down
from matinee.accounts.viewer import Viewer
from matinee.core.database import WriteTx
from matinee.core.errors import Conflict, InvalidValue, RuleViolated
from matinee.core.text import searchable
from matinee.epg.channels.queries import get_channel
from matinee.epg.channels.schemas import (
    AdminChannel,
    ChannelFields,
    CreateChannel,
    UpdateChannel,
)
from matinee.epg.channels.slugs import free_slug, slug_of
from matinee.epg.matching.events import map_changed
from matinee.epg.matching.names import spelled
from matinee.epg.tags import CHANNELS, GUIDE, guide_of
from matinee.integrations.playback.registry import Playback

OWNED_BY_IMPORTS = (
    "name", "hls_live_url", "logo_url", "group_title", "genres", "radio", "number", "catch_up",
    "catch_up_days", "stream_headers", "guide_shift_minutes",
)  # fmt: skip
"""What a channel list says of a channel; staff takes a field from it by setting it."""

CLEARABLE = frozenset(
    {
        "tvg_id", "number", "description", "group_title", "language", "country", "logo_url",
        "maturity_score", "hls_live_url", "signer",
    }
)  # fmt: skip
"""Columns that null empties."""

EMPTIED: dict[str, Any] = {"catch_up": {}, "stream_headers": {}}
"""Columns that null sets to nothing."""

_LOCK = "SELECT version FROM channels WHERE id = :channel_id FOR NO KEY UPDATE"
_LOCK_FOR_DELETION = "SELECT version FROM channels WHERE id = :channel_id FOR UPDATE"
_SLUGS = "SELECT slug FROM channels WHERE slug = :slug OR slug LIKE :stem"
_TAKEN = """
    SELECT CASE WHEN slug = :slug THEN 'slug' ELSE 'tvg_id' END FROM channels
    WHERE (slug = :slug OR tvg_id = :tvg_id) AND id IS DISTINCT FROM :channel_id::uuid LIMIT 1
"""
_ADD = """
    INSERT INTO channels (slug, name, folded_name, kind) VALUES (:slug, :name, :folded_name, :kind)
    RETURNING id
"""
_UPDATE = "UPDATE channels SET {assignments} WHERE id = :channel_id"
_NEXT_VERSION = """
    UPDATE channels SET version = version + 1, updated_at = clock_timestamp()
    WHERE id = :channel_id
"""
_DROP_ALIASES = """
    DELETE FROM channel_aliases
    WHERE channel_id = :channel_id AND folded_name <> ALL (:names::text[])
"""
_ADD_ALIASES = """
    INSERT INTO channel_aliases (channel_id, folded_name)
    SELECT :channel_id, name FROM unnest(:names::text[]) AS name ORDER BY name
    ON CONFLICT DO NOTHING
"""
_SHIFT = """
    UPDATE channel_epg_map SET shift_minutes = :shift, changed_at = clock_timestamp()
    WHERE channel_id = :channel_id AND NOT locked AND shift_minutes <> :shift
    RETURNING source_id
"""
_DELETE = "DELETE FROM channels WHERE id = :channel_id"


async def create_channel(
    tx: WriteTx, staff: Viewer, wish: CreateChannel, playback: Playback
) -> AdminChannel:
    """Add a channel.

    Raises:
        Conflict: the slug or the tvg-id is taken.
        InvalidValue: something is null that cannot be, or no such signer is set up.
        RuleViolated: what is said does not fit its kind.
    """
    columns = _columns_of(wish, playback)
    slug = columns.pop("slug", None) or await _free_slug(tx, wish)
    await _refuse_taken(tx, None, slug, wish.tvg_id)
    channel_id: UUID = await tx.scalar(
        _ADD, slug=slug, name=wish.name, folded_name=searchable(wish.name), kind=wish.kind
    )
    columns["edited_fields"] = [name for name in OWNED_BY_IMPORTS if name in columns]
    await _set(tx, channel_id, columns)
    await _set_aliases(tx, channel_id, wish)
    created = await get_channel(tx, channel_id)
    refuse_contradictions(created)
    await _write_down(tx, staff, "channel.create", channel_id, after=created)
    return created


async def update_channel(
    tx: WriteTx,
    staff: Viewer,
    channel_id: UUID,
    wish: UpdateChannel,
    version: int | None,
    playback: Playback,
) -> AdminChannel:
    """Change what was given; imports of channel lists leave it alone from then on.

    Raises:
        NotFound: there is none of that id.
        VersionConflict: somebody changed it since it was read.
        Conflict, InvalidValue, RuleViolated: as `create_channel`.
    """
    await lock(tx, _LOCK, version, channel_id=channel_id)
    before = await get_channel(tx, channel_id)
    columns = _columns_of(wish, playback)
    await _refuse_taken(tx, channel_id, columns.get("slug"), columns.get("tvg_id"))
    if wish.edited_fields is None:
        columns["edited_fields"] = _edited(before, columns)
    await _set(tx, channel_id, columns)
    await _set_aliases(tx, channel_id, wish)
    if "guide_shift_minutes" in columns:
        await _shift_guide(tx, channel_id, columns["guide_shift_minutes"])
    await tx.execute(_NEXT_VERSION, channel_id=channel_id)
    after = await get_channel(tx, channel_id)
    refuse_contradictions(after)
    await _write_down(
        tx, staff, "channel.update", channel_id, before=before, after=after, reason=wish.reason
    )
    return after


async def delete_channel(tx: WriteTx, staff: Viewer, channel_id: UUID, version: int | None) -> None:
    """Remove a channel with its guide; what was recorded of watching it stays.

    Raises:
        NotFound: there is none of that id.
        VersionConflict: somebody changed it since it was read.
    """
    await lock(tx, _LOCK_FOR_DELETION, version, channel_id=channel_id)
    before = await get_channel(tx, channel_id)
    await tx.execute(_DELETE, channel_id=channel_id)
    await _write_down(tx, staff, "channel.delete", channel_id, before=before)


def refuse_contradictions(channel: AdminChannel) -> None:
    """Refuse what no channel can be.

    Raises:
        RuleViolated: it is shown without a stream, or our own and comes from elsewhere.
    """
    if channel.kind == "linear" and channel.hls_live_url:
        raise RuleViolated("hls_live_url", message="A linear channel is made of our own media.")
    if channel.kind == "external" and channel.status == "published" and not channel.hls_live_url:
        raise RuleViolated("hls_live_url", message="It needs a stream before it is published.")


def _columns_of(wish: ChannelFields, playback: Playback) -> dict[str, Any]:
    """The columns that were named."""
    columns = wish.model_dump(exclude_unset=True, exclude={"kind", "aliases", "reason"})
    for name, value in columns.items():
        if value is None and name not in CLEARABLE | EMPTIED.keys():
            raise InvalidValue(name, message="This cannot be cleared.")
    columns |= {
        name: empty for name, empty in EMPTIED.items() if name in columns and not columns[name]
    }
    signer = columns.get("signer")
    if signer is not None and signer not in playback.signers():
        message = "No such signer is set up."
        raise InvalidValue("signer", message=message, allowed=playback.signers())
    if "name" in columns:
        columns["folded_name"] = searchable(columns["name"])
    return columns


def _edited(before: AdminChannel, columns: dict[str, Any]) -> list[str]:
    changed = {name for name in columns if columns[name] != getattr(before, name, None)}
    kept = changed.union(before.edited_fields)
    return [name for name in OWNED_BY_IMPORTS if name in kept]


async def _free_slug(tx: WriteTx, wish: CreateChannel) -> str:
    slug = slug_of(wish.name, wish.tvg_id)
    rows = await tx.all(_SLUGS, slug=slug, stem=f"{slug[:57]}%")
    return free_slug(slug, {row["slug"] for row in rows})


async def _refuse_taken(
    tx: WriteTx, channel_id: UUID | None, slug: str | None, tvg_id: str | None
) -> None:
    if field := await tx.scalar(_TAKEN, channel_id=channel_id, slug=slug, tvg_id=tvg_id):
        raise Conflict(field)


async def _set(tx: WriteTx, channel_id: UUID, columns: dict[str, Any]) -> None:
    if columns:
        sql = _UPDATE.format(assignments=assignments(columns))
        await tx.execute(sql, channel_id=channel_id, **columns)


async def _set_aliases(tx: WriteTx, channel_id: UUID, wish: ChannelFields) -> None:
    if wish.aliases is not None:
        names = sorted({name for name in map(spelled, wish.aliases) if name})
        await tx.execute(_DROP_ALIASES, channel_id=channel_id, names=names)
        await tx.execute(_ADD_ALIASES, channel_id=channel_id, names=names)


async def _shift_guide(tx: WriteTx, channel_id: UUID, shift: int) -> None:
    rows = await tx.all(_SHIFT, channel_id=channel_id, shift=shift)
    for source_id in sorted({row["source_id"] for row in rows}):
        await map_changed(tx, source_id)


async def _write_down(
    tx: WriteTx,
    staff: Viewer,
    action: str,
    channel_id: UUID,
    *,
    before: AdminChannel | None = None,
    after: AdminChannel | None = None,
    reason: str | None = None,
) -> None:
    targets = {"channel": channel_id}
    await write_down(tx, staff, action, targets, before=before, after=after, reason=reason)
    tx.invalidate(CHANNELS, GUIDE, guide_of(channel_id))
