"""Replacing a part of the guide: what stays keeps its row, what moves keeps its id."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from matinee.epg.airings import AiringDraft, Changed, replace_airings
from matinee.epg.programmes import ProgrammeDraft, put_programmes
from matinee.epg.revisions import current_revision, raise_days
from matinee.runtime import Runtime
from tests.epg.makers import make_channel

DAY = datetime(2030, 5, 1, tzinfo=UTC)
WEEK = timedelta(days=7)

Plan = list[tuple[float, float, str]]
"""Airings as hours of the day from and to, and a title."""

MORNING: Plan = [(6, 7, "News"), (7, 8, "Cooking"), (8, 9, "Film")]


async def replaced(runtime: Runtime, channel_id: UUID, plan: Plan, hour: float = 0) -> Changed:
    """Have the plan be all that begins on the channel from this hour on."""
    async with runtime.database.write() as tx:
        ids = await put_programmes(tx, [ProgrammeDraft(title) for _, _, title in plan])
        drafts = [
            AiringDraft(programme_id, DAY + timedelta(hours=start), DAY + timedelta(hours=end))
            for programme_id, (start, end, _) in zip(ids, plan, strict=True)
        ]
        from_at = DAY + timedelta(hours=hour)
        changed = await replace_airings(tx, channel_id, from_at, DAY + WEEK, drafts)
        await raise_days(tx, changed.days)
    return changed


async def guide_of(runtime: Runtime, channel_id: UUID) -> dict[tuple[float, float, str], int]:
    """Ids of a channel's airings, by hours and title."""
    sql = """
        SELECT s.id, s.starts_at, s.ends_at, p.title
        FROM schedule_entries s JOIN programmes p ON p.id = s.programme_id
        WHERE s.channel_id = :channel_id ORDER BY s.starts_at
    """
    async with runtime.database.read() as tx:
        rows = await tx.all(sql, channel_id=channel_id)

    def hour(moment: datetime) -> float:
        return (moment - DAY) / timedelta(hours=1)

    return {(hour(row["starts_at"]), hour(row["ends_at"]), row["title"]): row["id"] for row in rows}


async def test_new_airings_are_stored_as_planned(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    changed = await replaced(runtime, channel_id, MORNING)
    assert (changed.created, changed.days) == (3, {(channel_id, DAY.date())})
    assert list(await guide_of(runtime, channel_id)) == MORNING


async def test_the_same_again_changes_nothing(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    await replaced(runtime, channel_id, MORNING)
    assert await replaced(runtime, channel_id, MORNING) == Changed()


async def test_an_airing_that_moves_keeps_its_id(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    await replaced(runtime, channel_id, MORNING)
    before = await guide_of(runtime, channel_id)
    changed = await replaced(
        runtime, channel_id, [(6, 7.5, "News"), (7.5, 8.5, "Cooking"), (8.5, 9.5, "Film")]
    )
    after = await guide_of(runtime, channel_id)
    assert list(after.values()) == list(before.values())
    assert (changed.created, changed.updated, changed.moved, changed.deleted) == (0, 1, 2, 0)


async def test_the_nearest_of_several_airings_moves(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    await replaced(runtime, channel_id, [(6, 6.5, "News"), (8, 8.5, "News"), (10, 10.5, "News")])
    first, second, third = (await guide_of(runtime, channel_id)).values()
    await replaced(runtime, channel_id, [(6.5, 7, "News"), (8.25, 8.75, "News"), (9, 9.5, "News")])
    assert await guide_of(runtime, channel_id) == {
        (6.5, 7, "News"): first,
        (8.25, 8.75, "News"): second,
        (9, 9.5, "News"): third,
    }


async def test_the_one_that_lost_its_nearest_takes_the_next(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    await replaced(runtime, channel_id, [(6, 6.25, "News"), (7, 7.25, "News")])
    early, late = (await guide_of(runtime, channel_id)).values()
    await replaced(runtime, channel_id, [(6.75, 7, "News"), (8.5, 8.75, "News")])
    assert await guide_of(runtime, channel_id) == {
        (6.75, 7, "News"): late,
        (8.5, 8.75, "News"): early,
    }


async def test_beyond_three_hours_it_is_another_airing(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    await replaced(runtime, channel_id, [(6, 7, "News")])
    changed = await replaced(runtime, channel_id, [(9.25, 10, "News")])
    assert (changed.created, changed.moved, changed.deleted) == (1, 0, 1)


async def test_other_words_for_the_same_show_keep_the_airing(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    await replaced(runtime, channel_id, [(6, 7, "The News")])
    before = await guide_of(runtime, channel_id)
    changed = await replaced(runtime, channel_id, [(6, 7, "the news")])
    assert changed.updated == 1
    assert list((await guide_of(runtime, channel_id)).values()) == list(before.values())


async def test_another_show_at_the_same_time_is_another_airing(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    await replaced(runtime, channel_id, [(6, 7, "Cup Final")])
    changed = await replaced(runtime, channel_id, [(6, 7, "Snooker")])
    assert (changed.created, changed.updated, changed.deleted) == (1, 0, 1)


async def test_an_airing_that_runs_into_the_first_new_one_is_clipped(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    await replaced(runtime, channel_id, [(6, 9, "Long Film")])
    before = await guide_of(runtime, channel_id)
    changed = await replaced(runtime, channel_id, [(8, 10, "News")], hour=8)
    after = await guide_of(runtime, channel_id)
    assert list(after) == [(6, 8, "Long Film"), (8, 10, "News")]
    assert after[6, 8, "Long Film"] == before[6, 9, "Long Film"]
    assert changed.updated == 1


async def test_a_change_over_midnight_is_one_of_both_days(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    changed = await replaced(runtime, channel_id, [(23, 25, "Late Film")])
    next_day = (DAY + timedelta(days=1)).date()
    assert changed.days == {(channel_id, DAY.date()), (channel_id, next_day)}


async def test_an_airing_until_midnight_is_none_of_the_next_day(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    changed = await replaced(runtime, channel_id, [(23, 24, "Late Film")])
    assert changed.days == {(channel_id, DAY.date())}


@pytest.mark.parametrize("times", [1, 3])
async def test_each_change_raises_the_revision_once(runtime: Runtime, times: int) -> None:
    channel_id = await make_channel(runtime)
    async with runtime.database.read() as tx:
        before = await current_revision(tx)
    for number in range(times):
        await replaced(runtime, channel_id, [(6, 7, f"News {number}"), (7, 8, "Weather")])
    async with runtime.database.read() as tx:
        assert await current_revision(tx) == before + times


async def test_an_airing_outside_what_is_replaced_stays(runtime: Runtime) -> None:
    one, two = await make_channel(runtime), await make_channel(runtime, "Two")
    await replaced(runtime, one, MORNING)
    await replaced(runtime, two, MORNING)
    await replaced(runtime, two, [(9, 10, "Weather")], hour=9)
    assert list(await guide_of(runtime, one)) == MORNING
    assert list(await guide_of(runtime, two)) == [*MORNING, (9, 10, "Weather")]


async def test_several_channels_can_be_replaced_in_one_transaction(runtime: Runtime) -> None:
    one, two = await make_channel(runtime), await make_channel(runtime, "Two")
    async with runtime.database.write() as tx:
        [programme_id] = await put_programmes(tx, [ProgrammeDraft("News")])
        draft = AiringDraft(programme_id, DAY, DAY + timedelta(hours=1))
        for channel_id in (one, two):
            changed = await replace_airings(tx, channel_id, DAY, DAY + WEEK, [draft])
            await raise_days(tx, changed.days)
    assert list(await guide_of(runtime, two)) == [(0, 1, "News")]
