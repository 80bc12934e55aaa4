"""What staff does with many channels at once: number them, publish or hide them."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from matinee.accounts.audit import Actor, record
from matinee.accounts.viewer import Viewer
from matinee.core.database import Row, WriteTx
from matinee.core.errors import InvalidValue, RuleViolated
from matinee.epg.channels.schemas import ChangeStatus, ChannelsChanged, NumberChannels
from matinee.epg.tags import CHANNELS, GUIDE, guide_of

_LOCK = """
    SELECT id, slug, kind, status, number, hls_live_url FROM channels
    WHERE id = ANY(:ids::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
_NUMBER = """
    UPDATE channels c
    SET number = w.number, version = version + 1, updated_at = clock_timestamp(),
        edited_fields = CASE WHEN 'number' = ANY(c.edited_fields) THEN c.edited_fields
                             ELSE array_append(c.edited_fields, 'number') END
    FROM unnest(:ids::uuid[], :numbers::int[]) AS w(id, number)
    WHERE c.id = w.id AND c.number IS DISTINCT FROM w.number RETURNING c.id
"""
_STATUS = """
    UPDATE channels SET status = :status, version = version + 1, updated_at = clock_timestamp()
    WHERE id = ANY(:ids::uuid[]) AND status <> :status RETURNING id
"""


async def number_channels(tx: WriteTx, staff: Viewer, wish: NumberChannels) -> ChannelsChanged:
    """Give channels new numbers, all or none; imports leave the numbers alone from then on.

    Raises:
        InvalidValue: there is no such channel.
    """
    numbers = {each.channel_id: each.number for each in wish.channels}
    before = await _locked(tx, numbers)
    rows = await tx.all(_NUMBER, ids=list(numbers), numbers=list(numbers.values()))
    changed = [row["id"] for row in rows]
    after = {row["slug"]: numbers[row["id"]] for row in before}
    await _write_down(
        tx, staff, "channels.number", changed, {row["slug"]: row["number"] for row in before}, after
    )
    return ChannelsChanged(changed=len(changed), unchanged=len(before) - len(changed))


async def change_status(tx: WriteTx, staff: Viewer, wish: ChangeStatus) -> ChannelsChanged:
    """Publish or hide channels, or make them drafts again: all or none.

    Raises:
        InvalidValue: there is no such channel.
        RuleViolated: one has no stream to publish; `details.channels` names such.
    """
    before = await _locked(tx, wish.channel_ids)
    if wish.status == "published":
        _refuse_without_stream(before)
    rows = await tx.all(_STATUS, ids=wish.channel_ids, status=wish.status)
    changed = [row["id"] for row in rows]
    await _write_down(
        tx,
        staff,
        "channels.status",
        changed,
        {row["slug"]: row["status"] for row in before},
        {row["slug"]: wish.status for row in before},
        wish.reason,
    )
    return ChannelsChanged(changed=len(changed), unchanged=len(before) - len(changed))


async def _locked(tx: WriteTx, ids: Collection[UUID]) -> list[Row]:
    rows = await tx.all(_LOCK, ids=list(ids))
    if missing := set(ids) - {row["id"] for row in rows}:
        message = "There is no such channel."
        raise InvalidValue("channel_ids", message=message, missing=sorted(map(str, missing)))
    return rows


def _refuse_without_stream(channels: Collection[Row]) -> None:
    without = [
        row["slug"] for row in channels if row["kind"] == "external" and not row["hls_live_url"]
    ]
    if without:
        message = "They need a stream before they are published."
        raise RuleViolated("channel_ids", message=message, channels=without)


async def _write_down(
    tx: WriteTx,
    staff: Viewer,
    action: str,
    changed: Collection[UUID],
    before: dict[str, Any],
    after: dict[str, Any],
    reason: str | None = None,
) -> None:
    await record(
        tx,
        Actor.of(staff),
        action,
        targets={"channels": len(changed)},
        before=before,
        after=after,
        reason=reason,
    )
    tx.invalidate(CHANNELS, GUIDE, *map(guide_of, changed))
