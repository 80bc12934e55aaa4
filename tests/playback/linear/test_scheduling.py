"""Channels are planned for a week, settled for an hour, and their runs never have a gap."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from matinee.admin.rules.playout import RULES
from matinee.core.jobs import REGISTRY
from matinee.playback.grid import seconds_at, sequence_at
from matinee.playback.linear import scheduling
from matinee.playback.linear.scheduling import schedule, schedule_all
from matinee.runtime import Runtime
from tests.epg.makers import make_channel
from tests.makers import execute, make_title, scalar
from tests.playback.linear.makers import (
    DAY,
    HOUR,
    NOON,
    change_plan,
    guide_of,
    loop,
    make_linear,
    make_playable,
    plan_at,
    runs_of,
    slots_of,
)

PICK = {"kind": "shuffle", "pick": {}}
NIGHT_AND_DAY = {
    "kind": "day_parts",
    "parts": [
        {"starts": "06:00", "items": [{"title": "Day", "media": ["film"]}]},
        {"starts": "22:00", "items": [{"title": "Night", "media": ["clip", "short"]}]},
    ],
}


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


async def check(runtime: Runtime) -> None:
    """All rules about what is played hold."""
    async with runtime.database.read() as tx:
        for rule in RULES:
            assert await rule.violations(tx, runtime.settings) == [], rule.name


async def told(runtime: Runtime, channel_id: UUID) -> list[tuple[datetime, datetime, str]]:
    """The guide as times and titles."""
    return [
        (row["starts_at"], row["ends_at"], row["title"])
        for row in await guide_of(runtime, channel_id)
    ]


async def test_a_new_channel_is_planned_for_a_week_and_settled_for_an_hour(
    runtime: Runtime,
) -> None:
    channel_id = await make_linear(runtime)
    assert await plan_at(runtime, channel_id)
    slots, runs = await slots_of(runtime, channel_id), await runs_of(runtime, channel_id)
    assert seconds(slots[0]["starts_at"]) == NOON
    assert seconds(slots[-1]["ends_at"]) >= NOON + 7 * DAY
    assert all(one["ends_at"] == two["starts_at"] for one, two in pairwise(slots))
    assert seconds_at(runs[-1]["first_sequence"] + runs[-1]["segment_count"]) >= NOON + HOUR
    await check(runtime)


async def test_the_guide_says_what_is_planned(runtime: Runtime) -> None:
    channel_id = await make_linear(runtime)
    await plan_at(runtime, channel_id)
    slots = await slots_of(runtime, channel_id)
    assert await told(runtime, channel_id) == [
        (slot["starts_at"], slot["ends_at"], slot["title"]) for slot in slots
    ]


async def test_planning_again_changes_nothing(runtime: Runtime) -> None:
    channel_id = await make_linear(runtime)
    await plan_at(runtime, channel_id)
    before = await slots_of(runtime, channel_id), await guide_of(runtime, channel_id)
    rev = await scalar(runtime, "SELECT rev FROM guide_revision")
    await plan_at(runtime, channel_id)
    assert (await slots_of(runtime, channel_id), await guide_of(runtime, channel_id)) == before
    assert await scalar(runtime, "SELECT rev FROM guide_revision") == rev


async def test_media_play_in_turn_and_filler_to_the_end_of_the_slot(runtime: Runtime) -> None:
    plan = {"kind": "loop", "items": [{"title": "Pair", "media": ["clip", "short"], "minutes": 2}]}
    channel_id = await make_linear(runtime, plan, slot_minutes=5)
    await plan_at(runtime, channel_id)
    first, second, third, *_ = await runs_of(runtime, channel_id)
    start = sequence_at(NOON)
    assert first == {
        "first_sequence": start,
        "segment_count": 30,
        "media": ["clip", "short"],
        "media_segments": [8, 7],
        "first_discontinuity": 0,
    }
    assert (second["first_sequence"], second["segment_count"]) == (start + 30, 45)
    assert (second["media"], second["first_discontinuity"]) == (["slate"], 4)
    assert third["first_discontinuity"] == 4 + 8  # 45 segments: seven slates of 6, and one cut


async def test_a_long_film_takes_several_slots(runtime: Runtime) -> None:
    plan = {"kind": "loop", "items": [{"title": "Film", "media": ["film"]}]}
    channel_id = await make_linear(runtime, plan, slot_minutes=60)
    await plan_at(runtime, channel_id)
    slot = (await slots_of(runtime, channel_id))[0]
    assert slot["ends_at"] - slot["starts_at"] == timedelta(hours=2)
    assert [run["media"] for run in (await runs_of(runtime, channel_id))[:2]] == [
        ["film"],
        ["slate"],
    ]


async def test_a_plan_that_changes_leaves_alone_what_is_settled(runtime: Runtime) -> None:
    channel_id = await make_linear(runtime)
    await plan_at(runtime, channel_id)
    runs = await runs_of(runtime, channel_id)
    settled = [slot for slot in await slots_of(runtime, channel_id) if slot["locked"]]
    await change_plan(runtime, channel_id, loop("New"))
    await plan_at(runtime, channel_id, NOON + 60)
    after = await slots_of(runtime, channel_id)
    assert (await runs_of(runtime, channel_id))[: len(runs)] == runs
    assert after[: len(settled)] == settled
    assert {slot["title"] for slot in after[len(settled) :]} == {"New"}
    assert await told(runtime, channel_id) == [
        (slot["starts_at"], slot["ends_at"], slot["title"]) for slot in after
    ]


async def test_airings_that_stay_or_move_a_little_keep_their_ids(runtime: Runtime) -> None:
    channel_id = await make_linear(runtime, loop("One", "Two", "Three", "Four"))
    await plan_at(runtime, channel_id)
    before = {row["id"]: row["title"] for row in await guide_of(runtime, channel_id)}
    await change_plan(runtime, channel_id, loop("One", "Two", "Four"))
    await plan_at(runtime, channel_id, NOON + 60)
    after = {row["id"]: row["title"] for row in await guide_of(runtime, channel_id)}
    kept = before.keys() & after.keys()
    assert len(kept) > len(before) / 2
    assert all(before[airing] == after[airing] for airing in kept)


async def test_a_title_that_is_taken_down_is_replaced_where_it_is_not_settled(
    runtime: Runtime,
) -> None:
    channel_id = await make_linear(runtime, PICK)
    titles = [await make_title(runtime, name) for name in ("Cops", "Neighbors", "Sherlock Jr.")]
    for title_id in titles:
        await make_playable(runtime, title_id, "film")
    await plan_at(runtime, channel_id)
    before = await slots_of(runtime, channel_id)
    assert {slot["title"] for slot in before} == {"Cops", "Neighbors", "Sherlock Jr."}
    await execute(runtime, "UPDATE titles SET status = 'draft' WHERE name = 'Cops'")
    await plan_at(runtime, channel_id)
    after = await slots_of(runtime, channel_id)
    assert "Cops" not in {slot["title"] for slot in after if not slot["locked"]}
    stayed = [slot for slot in before if slot["title"] != "Cops"]
    assert [slot for slot in after if slot in stayed] == stayed
    await check(runtime)


async def test_titles_are_linked_to_their_programmes(runtime: Runtime) -> None:
    channel_id = await make_linear(runtime, PICK)
    title_id = await make_title(runtime, "Cops", year=1922, genres=["comedy"])
    await make_playable(runtime, title_id)
    await plan_at(runtime, channel_id)
    sql = "SELECT title_id FROM programmes WHERE title = 'Cops' AND 'Film' = ANY (genres)"
    assert await scalar(runtime, sql) == title_id


async def test_only_published_titles_with_media_of_ours_are_picked(runtime: Runtime) -> None:
    channel_id = await make_linear(runtime, PICK)
    await make_playable(runtime, await make_title(runtime, "Draft", status="draft"))
    await make_playable(runtime, await make_title(runtime, "Away"), "gone")
    await plan_at(runtime, channel_id)
    assert {slot["title"] for slot in await slots_of(runtime, channel_id)} == {"Slate"}


@pytest.mark.parametrize("away", [HOUR, 2 * DAY, 9 * DAY, 40 * DAY])
async def test_after_a_downtime_runs_go_on_without_gap(runtime: Runtime, away: int) -> None:
    channel_id = await make_linear(runtime, catch_up_days=2)
    await plan_at(runtime, channel_id)
    last = (await runs_of(runtime, channel_id))[-1]
    await plan_at(runtime, channel_id, NOON + away)
    runs = await runs_of(runtime, channel_id)
    assert all(run["first_discontinuity"] >= last["first_discontinuity"] for run in runs[-1:])
    assert runs[0]["first_sequence"] <= sequence_at(NOON + away - min(away, 3 * DAY))
    assert seconds_at(runs[-1]["first_sequence"] + runs[-1]["segment_count"]) > NOON + away + HOUR
    assert len(runs) <= 4 * 48 * 2
    await check(runtime)


async def test_runs_are_kept_a_day_longer_than_they_can_be_watched(runtime: Runtime) -> None:
    channel_id = await make_linear(runtime, catch_up_days=1)
    for hours in range(0, 96, 6):
        await plan_at(runtime, channel_id, NOON + hours * HOUR)
    runs = await runs_of(runtime, channel_id)
    kept_from = sequence_at(NOON + 90 * HOUR - 2 * DAY)
    assert runs[0]["first_sequence"] <= kept_from < runs[1]["first_sequence"] + 450
    await check(runtime)


async def test_a_channel_can_begin_in_the_past(runtime: Runtime) -> None:
    channel_id = await make_linear(runtime, catch_up_days=2)
    await plan_at(runtime, channel_id, since=NOON - DAY)
    assert (await runs_of(runtime, channel_id))[0]["first_sequence"] == sequence_at(NOON - DAY)


@pytest.mark.parametrize("start", ["2027-03-11T12:00", "2027-11-04T12:00"])
async def test_a_week_in_which_clocks_are_changed(runtime: Runtime, start: str) -> None:
    """The job comes every hour; at each time exactly the part of the day plays that should."""
    channel_id = await make_linear(
        runtime, NIGHT_AND_DAY, time_zone="America/New_York", catch_up_days=7
    )
    begin = int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp())
    for hours in range(0, 7 * 24 + 1, 8):
        await plan_at(runtime, channel_id, begin + hours * HOUR)
    sql = """
        SELECT count(*) FILTER (
                   WHERE (s.title = 'Night') IS DISTINCT FROM (hour >= 22 OR hour < 6)),
               count(*)
        FROM (
            SELECT p.title, extract(hour FROM l.starts_at AT TIME ZONE 'America/New_York') AS hour
            FROM linear_slots l JOIN programmes p ON p.id = l.programme_id
            WHERE p.title <> 'Slate'
        ) AS s
    """
    async with runtime.database.read() as tx:
        row = await tx.one(sql)
    assert row is not None
    assert row[0] == 0 < row[1]
    await check(runtime)


async def test_two_schedulers_at_once_do_the_work_once(runtime: Runtime) -> None:
    channel_id = await make_linear(runtime)
    results = await asyncio.gather(*(schedule(runtime, channel_id) for _ in range(4)))
    assert all(results)
    slots = await slots_of(runtime, channel_id)
    assert all(one["ends_at"] == two["starts_at"] for one, two in pairwise(slots))
    await check(runtime)


async def test_a_channel_on_which_somebody_works_is_left_to_him(runtime: Runtime) -> None:
    channel_id = await make_linear(runtime)
    async with runtime.database.write() as tx:
        await tx.execute("SELECT 1 FROM linear_plans FOR NO KEY UPDATE")
        assert not await schedule(runtime, channel_id, wait=False)
    assert await runs_of(runtime, channel_id) == []


@pytest.mark.parametrize("step", ["_settle", "raise_days", "guide_changed"])
async def test_whoever_dies_has_done_nothing_and_the_next_does_it_all(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    async def die(*_args: Any, **_options: Any) -> None:
        raise ConnectionError

    channel_id = await make_linear(runtime)
    with monkeypatch.context() as patch:
        patch.setattr(scheduling, step, die)
        with pytest.raises(ConnectionError):
            await plan_at(runtime, channel_id)
    assert await slots_of(runtime, channel_id) == await guide_of(runtime, channel_id) == []
    await plan_at(runtime, channel_id)
    await check(runtime)


async def test_a_channel_that_cannot_be_planned_does_not_keep_others_from_it(
    runtime: Runtime,
) -> None:
    broken = await make_linear(runtime, name="Broken")
    sound = await make_linear(runtime, name="Sound")
    await execute(runtime, "UPDATE linear_plans SET plan = '{}' WHERE channel_id = $1", broken)
    with pytest.raises(ValueError, match="validation error"):
        await schedule_all(runtime, None)
    assert await runs_of(runtime, sound)


async def test_channels_of_others_are_not_planned(runtime: Runtime) -> None:
    channel_id = await make_linear(runtime, kind="external")
    assert not await plan_at(runtime, channel_id)
    assert not await plan_at(runtime, await make_channel(runtime))


def test_the_job_comes_before_what_is_settled_ends() -> None:
    assert REGISTRY["playback.schedule_linear"].every == "*/10 * * * *"
    assert scheduling.SETTLED >= HOUR + 2 * 10 * 60


async def test_the_job_plans_all_channels(runtime: Runtime) -> None:
    channels = [await make_linear(runtime, name=name) for name in ("One", "Two")]
    await schedule_all(runtime, None)
    for channel_id in channels:
        assert await runs_of(runtime, channel_id)


async def test_channels_that_play_the_same_titles_are_planned_side_by_side(
    runtime: Runtime,
) -> None:
    channels = [await make_linear(runtime, PICK, name=f"Reel {number}") for number in range(4)]
    for number in range(20):
        await make_playable(runtime, await make_title(runtime, f"Film {number}"), "film")
    await asyncio.gather(*(schedule(runtime, channel_id) for channel_id in channels))
    sql = "SELECT count(*) FROM programmes WHERE title_id IS NOT NULL"
    assert await scalar(runtime, sql) == 20
    await check(runtime)
