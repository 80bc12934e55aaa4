"""What real guides contain is put right: every dialect and every mistake, line by line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from matinee.runtime import Runtime
from tests.epg.importing.makers import (
    TOMORROW,
    guide,
    guide_of,
    import_guide,
    make_fed_channel,
    make_source,
    map_channel,
    rows_of,
)
from tests.epg.makers import make_channel
from tests.makers import execute

QUIRKS = Path(__file__).parents[1] / "feeds" / "quirks.xml"
WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)


def quirks() -> str:
    """The guide of all quirks, moved from the days in which it was written to tomorrow and on."""
    text = QUIRKS.read_text(encoding="utf-8")
    for day, moved in (("20260101", 0), ("20260109", 8), ("20261025", 10)):
        text = text.replace(day, (TOMORROW + timedelta(days=moved)).strftime("%Y%m%d"))
    return text


async def test_every_quirk_becomes_the_airing_that_was_meant(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime, "one.test")
    two = await make_channel(runtime, "Two")
    await map_channel(runtime, source_id, "two.test", two)
    done = await import_guide(runtime, source_id, quirks())
    assert await guide_of(runtime, one) == [
        (6, 7, "Early Light"),
        (7, 8, "Morning Desk"),
        (8, 8.5, "Twice Told"),
        (8.5, 9.5, "The Real Half Past Eight"),
        (10, 11, "No Stop Given"),
        (11, 12, "No Zone Means UTC"),
        (12.5, 13.5, "Colon And Name"),
        (14, 15, "No Seconds"),
        (16, 17, "Backwards"),
    ]
    change = 10 * 24
    assert await guide_of(runtime, two) == [
        (0, 20, "To Be Announced"),
        (20, 21, "Inside The Placeholder"),
        (21, 21.25, "News"),
        (21.25, 21.5, "Weather"),
        (change - 0.5, change + 0.5, "Before The Change"),
        (change + 0.5, change + 1.5, "The Long Hour"),
        (change + 1.5, change + 2.5, "After The Change"),
    ]
    report = done.report
    assert (report.clipped, report.duplicates, report.bad_times) == (2, 2, 1)
    assert report.without_title == 2
    assert report.unknown_channels == ["ghost.test"]
    assert report.unmapped_channels == ["empty.test"]


async def test_what_is_wrong_is_told_with_its_line(runtime: Runtime) -> None:
    _, source_id = await make_fed_channel(runtime, "one.test")
    done = await import_guide(runtime, source_id, quirks())
    lines = {problem.partition(",")[0]: problem for problem in done.report.problems}
    number = next(
        number for number, line in enumerate(quirks().splitlines(), 1) if "153000 XYZ" in line
    )
    assert "the start is no time" in lines[f"line {number}"]


async def test_what_is_said_about_a_programme_is_kept(runtime: Runtime) -> None:
    _, source_id = await make_fed_channel(runtime, "one.test")
    two = await make_channel(runtime, "Two")
    await map_channel(runtime, source_id, "two.test", two)
    await import_guide(runtime, source_id, quirks())
    found = next(row for row in await rows_of(runtime, two) if row["title"].startswith("Inside"))
    assert found["description"] == "Tom & Jo café — R&D, &copy 2026 !"
    assert (found["season"], found["episode"], found["language"]) == (2, 5, "en")
    assert (found["genres"], found["maturity_score"]) == (["Film"], 15)
    assert found["flags"] == 4 + 8


async def test_a_rating_without_system_and_value_counts(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime, "one.test")
    await import_guide(runtime, source_id, quirks())
    desk = next(row for row in await rows_of(runtime, one) if row["title"] == "Morning Desk")
    assert (desk["maturity_label"], desk["maturity_score"]) == ("PG13", 13)


async def test_of_two_that_begin_together_the_longer_one_counts(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    plan = [(6, 7, "Long"), (6, 6.5, "Short"), (8, 9, "First"), (8, 9, "Last")]
    await import_guide(runtime, source_id, guide(one=plan))
    assert await guide_of(runtime, one) == [(6, 7, "Long"), (8, 9, "Last")]


async def test_a_placeholder_of_days_yields_to_what_begins_with_it(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    plan = [(6, 60, "To Be Announced"), (6, 7, "News")]
    await import_guide(runtime, source_id, guide(one=plan))
    assert await guide_of(runtime, one) == [(6, 7, "News")]


async def test_nothing_lasts_longer_than_a_day(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    plan = [(0, 100, "To Be Announced"), (120, None, "Open"), (160, 161, "News")]
    await import_guide(runtime, source_id, guide(one=plan))
    assert await guide_of(runtime, one) == [
        (0, 24, "To Be Announced"),
        (120, 144, "Open"),
        (160, 161, "News"),
    ]


async def test_programmes_need_not_be_grouped_by_channel(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    two = await make_channel(runtime, "Two")
    await map_channel(runtime, source_id, "two", two)
    mixed = guide(one=[(6, 7, "News")], two=[(6, 7, "Weather")])
    rest = guide(one=[(7, 8, "Film")]).removeprefix("<tv>").removesuffix("</tv>")
    await import_guide(runtime, source_id, mixed.removesuffix("</tv>") + rest + "</tv>")
    assert await guide_of(runtime, one) == [(6, 7, "News"), (7, 8, "Film")]
    assert await guide_of(runtime, two) == [(6, 7, "Weather")]


async def test_what_is_too_far_ahead_is_not_believed(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    await import_guide(runtime, source_id, guide(one=[(6, 7, "News"), (70 * 24, None, "Someday")]))
    assert [title for _, _, title in await guide_of(runtime, one)] == ["News"]


async def test_what_is_older_than_is_kept_is_not_stored(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    long_ago = -24 * (runtime.settings.guide_days_kept + 3)
    await import_guide(runtime, source_id, guide(one=[(long_ago, None, "Old"), (6, 7, "News")]))
    assert [title for _, _, title in await guide_of(runtime, one)] == ["News"]


async def test_times_without_a_zone_are_those_of_the_source(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    await execute(runtime, "UPDATE epg_sources SET default_offset_minutes = 120")
    text = guide(one=[(6, 7, "News")]).replace(" +0000", "")
    await import_guide(runtime, source_id, text)
    assert await guide_of(runtime, one) == [(4, 5, "News")]


async def test_channels_that_come_after_their_programmes_are_loaded(runtime: Runtime) -> None:
    one = await make_channel(runtime, "Late Channel")
    _, source_id = await make_fed_channel(runtime, "early")
    whole = guide(early=[(6, 7, "News")], late=[(7, 8, "Film")])
    named = '<channel id="late"><display-name>late</display-name></channel>'
    assert named in whole
    moved = named.replace(">late<", ">Late Channel<")
    text = whole.replace(named, "").replace("</tv>", moved + "</tv>")
    await import_guide(runtime, source_id, text)
    assert await guide_of(runtime, one) == [(7, 8, "Film")]


async def test_channels_that_are_not_named_are_loaded_where_mapped(runtime: Runtime) -> None:
    one = await make_channel(runtime, "Ghost", tvg_id="ghost.test")
    source_id = await make_source(runtime)
    text = guide(**{"ghost.test": [(6, 7, "News")]})
    start = text.index("<channel")
    text = text[:start] + text[text.index("</channel>") + len("</channel>") :]
    done = await import_guide(runtime, source_id, text)
    assert await guide_of(runtime, one) == [(6, 7, "News")]
    assert done.report.unknown_channels == ["ghost.test"]
