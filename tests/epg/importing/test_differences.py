"""A refresh stores the difference: equal rows are not touched, what moves keeps its id."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from matinee.core.jobs import REGISTRY, Job, JobRun
from matinee.epg.events import GUIDE_CHANGED
from matinee.runtime import Runtime
from tests.epg.importing.makers import (
    MORNING,
    TOMORROW,
    guide,
    guide_of,
    ids_of,
    import_guide,
    make_fed_channel,
    map_channel,
    rows_of,
)
from tests.epg.makers import make_channel
from tests.makers import insert, make_profile, make_user, scalar

TABLES = "schedule_entries programmes guide_days guide_revision epg_source_channels".split()


async def written(runtime: Runtime) -> dict[str, tuple[int, str]]:
    """How many rows the tables of the guide hold, and which transaction wrote last in each."""
    sql = "SELECT count(*), coalesce(max(xmin::text::bigint), 0) FROM {}"
    async with runtime.database.read() as tx:
        found = {table: await tx.one(sql.format(table)) for table in TABLES}
    return {table: tuple(row or ()) for table, row in found.items()}


async def revisions(runtime: Runtime, channel_id: UUID) -> dict[date, int]:
    async with runtime.database.read() as tx:
        rows = await tx.all(
            "SELECT day, rev FROM guide_days WHERE channel_id = :channel_id", channel_id=channel_id
        )
    return {row["day"]: row["rev"] for row in rows}


async def test_the_same_guide_again_writes_no_row(runtime: Runtime) -> None:
    _, source_id = await make_fed_channel(runtime)
    text = guide(one=MORNING)
    await import_guide(runtime, source_id, text)
    before = await written(runtime)
    done = await import_guide(runtime, source_id, text)
    assert await written(runtime) == before
    report = done.report
    assert (report.created, report.updated, report.moved, report.deleted) == (0, 0, 0, 0)


async def test_a_change_is_announced_and_the_same_guide_again_is_not(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hear(_runtime: Runtime, _run: JobRun, *, channel_ids: list[str], rev: int) -> None:
        raise AssertionError("no worker runs it")

    listener = Job("test.hear_of_guide", hear, follows=GUIDE_CHANGED)
    monkeypatch.setitem(REGISTRY, listener.name, listener)
    one, source_id = await make_fed_channel(runtime)
    for _ in range(2):
        await import_guide(runtime, source_id, guide(one=MORNING))
    async with runtime.database.read() as tx:
        heard = await tx.all(
            "SELECT args FROM procrastinate_jobs WHERE task_name = :name", name=listener.name
        )
    rev = await scalar(runtime, "SELECT rev FROM guide_revision")
    assert [row["args"] for row in heard] == [{"channel_ids": [str(one)], "rev": rev}]


async def test_an_airing_that_moved_keeps_its_id(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    await import_guide(runtime, source_id, guide(one=MORNING))
    before = await ids_of(runtime, one)
    later = [(start + 0.5, end + 0.5, title) for start, end, title in MORNING if end]
    done = await import_guide(runtime, source_id, guide(one=[(6, 6.5, "Extra"), *later]))
    after = await ids_of(runtime, one)
    assert {title: after[title] for title in before} == before
    assert (done.report.created, done.report.moved) == (1, 3)


async def test_the_airing_of_a_reminder_survives_a_shift(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    await import_guide(runtime, source_id, guide(one=MORNING))
    film = (await ids_of(runtime, one))["Film"]
    user_id = await make_user(runtime, "ana@example.com")
    await insert(
        runtime,
        "schedule_reminders",
        user_id=user_id,
        profile_id=await make_profile(runtime, user_id),
        airing_id=film,
        channel_id=one,
        title="Film",
        starts_at=TOMORROW + timedelta(hours=8),
    )
    await import_guide(runtime, source_id, guide(one=[(6, 7, "News"), (9, 10, "Film")]))
    begins = await scalar(
        runtime,
        "SELECT starts_at FROM schedule_entries"
        " WHERE id = (SELECT airing_id FROM schedule_reminders)",
    )
    assert begins == TOMORROW + timedelta(hours=9)


async def test_only_changed_days_get_the_next_revision(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    plan = [(6, 7, "News"), (30, 31, "News"), (54, 55, "News")]
    await import_guide(runtime, source_id, guide(one=plan))
    before = await revisions(runtime, one)
    await import_guide(runtime, source_id, guide(one=[*plan[:1], (30, 31, "Film"), *plan[2:]]))
    after = await revisions(runtime, one)
    second = (TOMORROW + timedelta(days=1)).date()
    assert {day for day in after if after[day] != before[day]} == {second}
    assert after[second] == await scalar(runtime, "SELECT rev FROM guide_revision")


async def test_a_channel_that_did_not_change_keeps_its_revision(runtime: Runtime) -> None:
    _, source_id = await make_fed_channel(runtime)
    two = await make_channel(runtime, "Two")
    await map_channel(runtime, source_id, "two", two)
    await import_guide(runtime, source_id, guide(one=MORNING, two=MORNING))
    before = await revisions(runtime, two)
    await import_guide(runtime, source_id, guide(one=[(6, 7, "Film")], two=MORNING),
                       accept_shrink=True)  # fmt: skip
    assert await revisions(runtime, two) == before


async def test_what_the_feed_no_longer_has_goes(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    await import_guide(runtime, source_id, guide(one=MORNING))
    done = await import_guide(runtime, source_id, guide(one=[(6, 7, "News"), (8, 9, "Film")]))
    assert await guide_of(runtime, one) == [(6, 7, "News"), (8, 9, "Film")]
    assert done.report.deleted == 1


async def test_what_the_feed_does_not_cover_any_more_stays(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    await import_guide(runtime, source_id, guide(one=[(-30, -29, "Yesterday"), *MORNING]))
    await import_guide(runtime, source_id, guide(one=MORNING))
    assert await guide_of(runtime, one) == [(-30, -29, "Yesterday"), *MORNING]


async def test_an_earlier_airing_ends_where_the_feed_begins(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    await import_guide(runtime, source_id, guide(one=[(4, 7, "Night"), (7, 8, "Cooking")]))
    done = await import_guide(runtime, source_id, guide(one=MORNING))
    assert await guide_of(runtime, one) == [(4, 6, "Night"), *MORNING]
    assert done.report.updated == 1


async def test_a_source_channel_fills_several_of_ours_shifted(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    later = await make_channel(runtime, "One +1")
    await map_channel(runtime, source_id, "one", later, shift_minutes=60)
    await import_guide(runtime, source_id, guide(one=MORNING))
    assert await guide_of(runtime, one) == MORNING
    assert await guide_of(runtime, later) == [
        (start + 1, end + 1, title) for start, end, title in MORNING if end
    ]
    programmes = {row["programme_id"] for row in await rows_of(runtime, later)}
    assert programmes == {row["programme_id"] for row in await rows_of(runtime, one)}


async def test_rights_that_staff_withheld_stay_withheld(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    await import_guide(runtime, source_id, guide(one=MORNING))
    async with runtime.database.write() as tx:
        await tx.execute("UPDATE schedule_entries SET catch_up = false")
    await import_guide(runtime, source_id, guide(one=[(6, 7, "News"), (7, 8, "Cooking"),
                                                      (8, 9.5, "Film")]))  # fmt: skip
    assert [row["catch_up"] for row in await rows_of(runtime, one)] == [False] * 3


async def test_a_dry_run_says_what_would_change_and_changes_nothing(runtime: Runtime) -> None:
    _, source_id = await make_fed_channel(runtime)
    before = await written(runtime)
    done = await import_guide(runtime, source_id, guide(one=MORNING), dry_run=True)
    assert await written(runtime) == before
    assert (done.state, done.report.dry_run, done.report.created) == ("done", True, 3)


async def test_channels_are_kept_for_mapping_and_load_nothing(runtime: Runtime) -> None:
    _, source_id = await make_fed_channel(runtime)
    await import_guide(runtime, source_id, guide(one=MORNING, other=MORNING))
    async with runtime.database.read() as tx:
        rows = await tx.all("SELECT xmltv_id, names, programmes FROM epg_source_channels"
                            " ORDER BY xmltv_id")  # fmt: skip
    assert [tuple(row) for row in rows] == [("one", ["one"], 3), ("other", ["other"], 3)]
    assert await scalar(runtime, "SELECT count(*) FROM schedule_entries") == 3


async def test_a_linear_channel_is_not_filled_by_feeds(runtime: Runtime) -> None:
    _, source_id = await make_fed_channel(runtime)
    own = await make_channel(runtime, "Ours", kind="linear")
    await map_channel(runtime, source_id, "two", own)
    await import_guide(runtime, source_id, guide(one=MORNING, two=MORNING))
    assert await guide_of(runtime, own) == []


async def test_a_suggested_mapping_loads_nothing(runtime: Runtime) -> None:
    _, source_id = await make_fed_channel(runtime)
    two = await make_channel(runtime, "Two")
    await map_channel(runtime, source_id, "two", two, state="suggested")
    await import_guide(runtime, source_id, guide(one=MORNING, two=MORNING))
    assert await guide_of(runtime, two) == []
