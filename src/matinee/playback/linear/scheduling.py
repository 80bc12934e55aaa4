"""Keeping linear channels planned for a week and settled for the next hour.

One process works on a channel at a time: whoever holds its plan's row. Everything is one
transaction, so that slots, guide and runs always tell the same, and whoever dies has done nothing.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from pydantic import TypeAdapter

from matinee.catalog.events import TITLES_CHANGED
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.jobs import JobRun, job
from matinee.epg.airings import Changed
from matinee.epg.events import guide_changed
from matinee.epg.revisions import raise_days
from matinee.epg.tags import GUIDE, guide_of
from matinee.playback.grid import seconds_at, sequence_at
from matinee.playback.linear import locking, slots
from matinee.playback.linear.facts import Facts, hold_media, read_facts
from matinee.playback.linear.locking import Edge
from matinee.playback.linear.planning import Programming, Slot, fill, slot_start
from matinee.playback.linear.programming import programming_of
from matinee.playback.linear.schemas import Plan, WritePlan
from matinee.playback.linear.slots import Broadcast, seconds
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

EVERY_TEN_MINUTES = "*/10 * * * *"
DAY = 24 * 3600
HORIZON = 7 * DAY
STEP = 6 * 3600
"""The horizon is pushed out by so much at a time: the guide changes four times a day, not 144."""
SETTLED = 90 * 60
"""What begins within this time does not change any more: an hour, and until the job comes again."""

_PLAN = """
    SELECT p.channel_id, p.kind, p.plan, p.filler, p.slot_minutes, p.version, c.time_zone,
           c.country, c.catch_up_days
    FROM linear_plans p JOIN channels c ON c.id = p.channel_id
    WHERE p.channel_id = :channel_id AND c.kind = 'linear'
    FOR NO KEY UPDATE OF p
"""
_FREE_PLAN = f"{_PLAN} SKIP LOCKED"
_CHANNELS = """
    SELECT p.channel_id FROM linear_plans p JOIN channels c ON c.id = p.channel_id
    WHERE c.kind = 'linear' ORDER BY p.channel_id
"""
# Whoever plans a channel with the same programmes, or imports a guide, is waited for.
_PATIENCE = "SELECT set_config('lock_timeout', '30s', true)"
_NOW = "SELECT extract(epoch FROM clock_timestamp())::bigint"
_PLAN_SHAPE: TypeAdapter[Any] = TypeAdapter(Plan)


class MediaVanished(RuntimeError):
    """Media were deleted while a channel was planned with them; the next try does without."""


@dataclass(frozen=True, slots=True)
class _Channel:
    """A channel that is ours to plan, and what it is planned with."""

    id: UUID
    version: int
    filler: str
    facts: Facts
    programming: Programming
    keep_from: int


async def schedule(
    runtime: Runtime,
    channel_id: UUID,
    *,
    since: int | None = None,
    anew: bool = False,
    wait: bool = True,
) -> bool:
    """Plan a channel now; see `schedule_channel`."""
    async with runtime.database.write() as tx:
        await tx.one(_PATIENCE)
        now: int = await tx.scalar(_NOW)
        return await schedule_channel(tx, channel_id, now, since=since, anew=anew, wait=wait)


async def schedule_channel(
    tx: WriteTx,
    channel_id: UUID,
    now: int,
    *,
    since: int | None = None,
    anew: bool = False,
    wait: bool = True,
) -> bool:
    """Bring slots, guide and runs of a channel up to a moment; False where it is not to be planned.

    A channel that never played begins at `since`, else now. `anew` plans again whatever is not
    settled. Without `wait` a channel on which somebody works is left to him.

    Raises:
        MediaVanished: try again.
    """
    row = await tx.one(_PLAN if wait else _FREE_PLAN, channel_id=channel_id)
    if row is None:
        return False
    channel = await _channel_of(tx, row, now)
    edge = await _edge(tx, channel, now if since is None else since)
    changed = await _plan_ahead(tx, channel, edge, now, anew=anew)
    await _settle(tx, channel, edge, now)
    await locking.prune_runs(tx, channel_id, channel.keep_from)
    await slots.prune_slots(tx, channel_id, channel.keep_from)
    if changed.days:
        tx.invalidate(GUIDE, guide_of(channel_id))
        await guide_changed(tx, {channel_id}, await raise_days(tx, changed.days))
    return True


def wish_of(row: Row) -> WritePlan:
    """The plan of a row of `linear_plans`."""
    plan = _PLAN_SHAPE.validate_python(row["plan"] | {"kind": row["kind"]})
    return WritePlan(plan=plan, filler=row["filler"], slot_minutes=row["slot_minutes"])


async def programming_for(
    tx: ReadTx, channel: Row, channel_id: UUID, wish: WritePlan
) -> tuple[Programming, Facts]:
    """What a plan makes of what is there; `channel` has a time zone and a country."""
    facts = await read_facts(tx, wish, channel["country"])
    zone = channel["time_zone"]
    return programming_of(wish, facts, channel_id=channel_id, time_zone=zone), facts


async def _channel_of(tx: WriteTx, row: Row, now: int) -> _Channel:
    programming, facts = await programming_for(tx, row, row["channel_id"], wish_of(row))
    return _Channel(
        row["channel_id"],
        row["version"],
        row["filler"],
        facts,
        programming,
        slot_start(programming, now - (row["catch_up_days"] + 1) * DAY),
    )


async def _edge(tx: WriteTx, channel: _Channel, since: int) -> Edge:
    """Where what is settled ends: there planning begins.

    A time that nobody planned, and nobody can watch any more, becomes one run of filler.
    """
    edge = await locking.edge_of(tx, channel.id)
    if edge is None:
        begin = slot_start(channel.programming, max(since, channel.keep_from))
        return Edge(sequence_at(begin), 0)
    keep_from = sequence_at(channel.keep_from)
    if edge.sequence < keep_from:
        run = locking.bridge(channel.filler, channel.facts.lengths, edge, keep_from)
        await locking.write_runs(tx, channel.id, [run])
        edge = run.edge
    return edge


async def _plan_ahead(
    tx: WriteTx, channel: _Channel, edge: Edge, now: int, *, anew: bool
) -> Changed:
    """Drop slots that cannot stay, fill what is missing until the horizon, tell the guide."""
    begin = seconds_at(edge.sequence)
    kept: list[Row] = []
    dropped: list[Row] = []
    for row in await slots.unlocked_slots(tx, channel.id):
        stays = not anew and seconds(row["starts_at"]) >= begin and _is_valid(row, channel)
        (kept if stays else dropped).append(row)
    added = _missing(channel, kept, begin, now)
    if not dropped and not added:
        return Changed()
    await _hold(tx, added)
    new = await slots.replace_slots(tx, channel.id, channel.version, dropped, added)
    touched = [seconds(row["starts_at"]) for row in dropped] + [slot.starts_at for slot in added]
    from_at = max(begin, min(touched))
    stayed = [_as_it_is(row) for row in kept]
    told = [slot for slot in [*stayed, *new] if slot.starts_at >= from_at]
    told.sort(key=lambda slot: slot.starts_at)
    return await slots.write_guide(tx, channel.id, from_at, told)


def _missing(channel: _Channel, kept: list[Row], begin: int, now: int) -> list[Slot]:
    gaps, tail = slots.gaps_between(kept, begin)
    added = [
        slot
        for from_at, until_at in gaps
        for slot in fill(channel.programming, from_at, until_at, exactly=True)
    ]
    if tail < now + HORIZON:
        added += fill(channel.programming, tail, now + HORIZON + STEP)
    return added


def _is_valid(row: Row, channel: _Channel) -> bool:
    """Whether a slot follows the plan of today, and what it plays is still to be had."""
    if row["plan_version"] != channel.version:
        return False
    if row["asset_id"] is None:
        return all(slug in channel.facts.lengths for slug in row["media"])
    media: list[str] = row["media"]
    return media == [channel.facts.assets.get(row["asset_id"])]


def _as_it_is(row: Row) -> Broadcast:
    return Broadcast(seconds(row["starts_at"]), seconds(row["ends_at"]), row["programme_id"])


async def _hold(tx: WriteTx, added: list[Slot]) -> None:
    wanted = {slug for slot in added for slug in slot.item.media}
    if wanted - (await hold_media(tx, wanted)).keys():
        raise MediaVanished(MediaVanished.__doc__)


async def _settle(tx: WriteTx, channel: _Channel, edge: Edge, now: int) -> None:
    """Make runs of the slots that begin soon, or should have begun while nobody was there."""
    planned = await slots.lock_slots(tx, channel.id, slots.moment(now + SETTLED))
    if not planned:
        return
    starts, ends = [slot.starts_at for slot in planned], [slot.ends_at for slot in planned]
    assert starts == [seconds_at(edge.sequence), *ends[:-1]], "slots follow each other"
    slugs = {channel.filler, *(slug for slot in planned for slug in slot.media)}
    lengths = await hold_media(tx, slugs)
    runs = list(locking.runs_of(planned, lengths, channel.filler, edge))
    await locking.write_runs(tx, channel.id, runs)


# Also when titles changed: one that was taken down is replaced at once, where it is not settled.
@job("playback.schedule_linear", every=EVERY_TEN_MINUTES, follows=TITLES_CHANGED)
async def schedule_all(runtime: Runtime, _run: JobRun, title_ids: list[str] | None = None) -> None:
    """Plan all linear channels; one that cannot be planned does not keep others from it."""
    async with runtime.database.read() as tx:
        channels = [row["channel_id"] for row in await tx.all(_CHANNELS)]
    failed: Exception | None = None
    for channel_id in channels:
        try:
            await schedule(runtime, channel_id, wait=False)
        except Exception as error:
            log.exception("channel_not_scheduled", channel=str(channel_id))
            failed = error
    if failed is not None:
        raise failed


@job("playback.schedule_channel", deduplicate=("channel_id", "anew"))
async def schedule_one(runtime: Runtime, _run: JobRun, channel_id: str, anew: bool = False) -> None:
    """Plan one channel: its plan has changed, or somebody wants it planned anew."""
    await schedule(runtime, UUID(channel_id), anew=anew)
