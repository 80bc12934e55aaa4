"""What staff do with the plans of linear channels: read, try, write, have made anew."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from matinee.accounts.changes import write_down
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, InvalidValue, NotFound, VersionConflict
from matinee.core.jobs import enqueue
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.schema import JobAccepted
from matinee.models.playout import SEGMENT_SECONDS
from matinee.playback.linear.facts import hold_media, read_lengths
from matinee.playback.linear.planning import Slot, fill, slot_start
from matinee.playback.linear.scheduling import DAY, programming_for, schedule_one
from matinee.playback.linear.schemas import (
    LinearPlanOut,
    Preview,
    PutPlan,
    SlotOut,
    Slots,
    WritePlan,
    media_of,
)
from matinee.playback.linear.slots import moment, seconds

_CHANNEL = "SELECT kind, time_zone, country FROM channels WHERE id = :channel_id"
_LOCK_CHANNEL = f"{_CHANNEL} FOR KEY SHARE"
_PLAN = "SELECT * FROM linear_plans WHERE channel_id = :channel_id"
_LOCK = f"{_PLAN} FOR NO KEY UPDATE"
_PUT = """
    INSERT INTO linear_plans AS p (channel_id, kind, plan, filler, slot_minutes)
    VALUES (:channel_id, :kind, :plan::jsonb, :filler, :slot_minutes)
    ON CONFLICT (channel_id) DO UPDATE
    SET kind = excluded.kind, plan = excluded.plan, filler = excluded.filler,
        slot_minutes = excluded.slot_minutes, version = p.version + 1,
        updated_at = excluded.updated_at
    RETURNING *
"""
_SLOTS = """
    SELECT s.starts_at, s.ends_at, p.title, p.sub_title, s.media, s.content_segments, s.locked
    FROM linear_slots s JOIN programmes p ON p.id = s.programme_id
    WHERE s.channel_id = :channel_id AND s.ends_at > :from_at
      AND s.starts_at < coalesce(:until_at, :from_at::timestamptz + interval '1 day')
      AND s.starts_at > :after
    ORDER BY s.starts_at LIMIT :limit
"""
_NOW = "SELECT clock_timestamp()"
MOST_MISSING_NAMED = 20


class NotLinear(Conflict):
    """Only channels of our own media have a plan."""


async def get_plan(tx: ReadTx, channel_id: UUID) -> LinearPlanOut:
    """The plan of a channel.

    Raises:
        NotFound: there is no such channel, or it has no plan.
    """
    row = await tx.one(_PLAN, channel_id=channel_id)
    if row is None:
        raise NotFound()
    return _shown(row)


async def put_plan(
    tx: WriteTx, staff: Viewer, channel_id: UUID, wish: PutPlan, version: int | None
) -> LinearPlanOut:
    """Replace the plan of a channel; a job makes slots of it at once.

    What is settled for the next hour is played as it was planned.

    Raises:
        NotFound: there is no such channel.
        NotLinear: its stream comes from elsewhere.
        VersionConflict: somebody changed the plan since it was read.
        InvalidValue: media that it names are not registered.
    """
    _require_linear(await tx.one(_LOCK_CHANNEL, channel_id=channel_id))
    before = await tx.one(_LOCK, channel_id=channel_id)
    if version is not None and version != (before["version"] if before else 0):
        raise VersionConflict("If-Match", version=before["version"] if before else None)
    wanted = media_of(wish)
    _require_media(wanted, await hold_media(tx, wanted))
    after = _shown(await _store(tx, channel_id, wish))
    await write_down(
        tx,
        staff,
        "linear_plan.put",
        {"channel": channel_id},
        before=_shown(before) if before else None,
        after=after,
        reason=wish.reason,
    )
    await enqueue(tx, schedule_one, channel_id=str(channel_id), anew=False)
    return after


async def store_plan(tx: WriteTx, channel_id: UUID, wish: WritePlan) -> None:
    """Write a plan whose media are there."""
    await _store(tx, channel_id, wish)


async def preview(tx: ReadTx, channel_id: UUID, wish: WritePlan) -> Preview:
    """What a plan would make of the next 24 hours; nothing is written.

    Raises:
        NotFound: there is no such channel.
        NotLinear: its stream comes from elsewhere.
        InvalidValue: media that it names are not registered.
    """
    channel = _require_linear(await tx.one(_CHANNEL, channel_id=channel_id))
    wanted = media_of(wish)
    _require_media(wanted, await read_lengths(tx, wanted))
    programming, _ = await programming_for(tx, channel, channel_id, wish)
    begin = slot_start(programming, seconds(await tx.scalar(_NOW)))
    return Preview(items=[_previewed(slot) for slot in fill(programming, begin, begin + DAY)])


async def rebuild(tx: WriteTx, staff: Viewer, channel_id: UUID) -> JobAccepted:
    """Have everything that is not settled planned anew, by what is there now.

    Raises:
        NotFound: there is no such channel, or it has no plan.
    """
    plan = await get_plan(tx, channel_id)
    job_id = await enqueue(tx, schedule_one, channel_id=str(channel_id), anew=True)
    await write_down(tx, staff, "linear_plan.rebuild", {"channel": plan.channel_id})
    return JobAccepted(job_id=job_id, status_url=f"/api/v1/admin/jobs/{job_id}")


async def list_slots(
    tx: ReadTx,
    channel_id: UUID,
    from_at: datetime | None,
    until_at: datetime | None,
    cursor: str | None,
    page_size: int,
) -> Slots:
    """One page of the slots that lie in a time, by default the next day.

    Raises:
        NotFound: there is no such channel.
        BadCursor: the cursor is not one of ours.
    """
    if await tx.one(_CHANNEL, channel_id=channel_id) is None:
        raise NotFound()
    now: datetime = await tx.scalar(_NOW)
    begin = from_at or min(now, until_at or now)
    after = decode_cursor(cursor, [datetime])[0] if cursor else None
    rows = await tx.all(
        _SLOTS,
        channel_id=channel_id,
        from_at=begin,
        until_at=until_at,
        after=after or moment(0),
        limit=page_size + 1,
    )
    items = [_listed(row) for row in rows[:page_size]]
    more = len(rows) > page_size
    return Slots(items=items, next_cursor=encode_cursor(items[-1].starts_at) if more else None)


def _require_linear(channel: Row | None) -> Row:
    if channel is None:
        raise NotFound()
    if channel["kind"] != "linear":
        raise NotLinear()
    return channel


def _require_media(wanted: set[str], found: dict[str, int]) -> None:
    if missing := sorted(wanted - found.keys()):
        raise InvalidValue(
            "plan",
            message="Some media are not registered.",
            missing=missing[:MOST_MISSING_NAMED],
        )


async def _store(tx: WriteTx, channel_id: UUID, wish: WritePlan) -> Row:
    plan: dict[str, Any] = wish.plan.model_dump(mode="json", exclude_defaults=True)
    row = await tx.one(
        _PUT,
        channel_id=channel_id,
        kind=wish.plan.kind,
        plan={name: value for name, value in plan.items() if name != "kind"},
        filler=wish.filler,
        slot_minutes=wish.slot_minutes,
    )
    assert row is not None
    return row


def _shown(row: Row) -> LinearPlanOut:
    return LinearPlanOut(
        channel_id=row["channel_id"],
        plan={"kind": row["kind"], **row["plan"]},
        filler=row["filler"],
        slot_minutes=row["slot_minutes"],
        version=row["version"],
        updated_at=row["updated_at"],
    )


def _listed(row: Row) -> SlotOut:
    return _slot(
        row["starts_at"],
        row["ends_at"],
        (row["title"], row["sub_title"]),
        row["media"],
        row["content_segments"],
        locked=row["locked"],
    )


def _previewed(slot: Slot) -> SlotOut:
    said = slot.item.programme
    return _slot(
        moment(slot.starts_at),
        moment(slot.ends_at),
        (said.title, said.sub_title),
        slot.item.media,
        slot.item.segments,
        locked=False,
    )


def _slot(
    starts_at: datetime,
    ends_at: datetime,
    titles: tuple[str, str | None],
    media: Sequence[str],
    segments: int,
    *,
    locked: bool,
) -> SlotOut:
    return SlotOut(
        starts_at=starts_at,
        ends_at=ends_at,
        title=titles[0],
        sub_title=titles[1],
        media=list(media),
        content_seconds=segments * SEGMENT_SECONDS,
        locked=locked,
    )
