"""A guide with every kind of dirt that was met in real ones."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from matinee.epg.feeds.entries import (
    LIVE,
    NEW,
    REPEAT,
    Credit,
    FeedChannel,
    FeedProgramme,
    GuideSummary,
    Rating,
)
from matinee.epg.feeds.xmltv import Guide
from tests.epg.feeds.makers import pieces, read

QUIRKS = Path(__file__).with_name("quirks.xml").read_bytes()


def at(day: int, hour: int, minute: int = 0, second: int = 0, month: int = 1) -> int:
    return int(datetime(2026, month, day, hour, minute, second, tzinfo=UTC).timestamp())


@pytest.fixture(scope="module")
def found() -> dict[str, FeedProgramme]:
    return {entry.title: entry for entry in read(QUIRKS)[0]}


def test_all_is_counted() -> None:
    assert read(QUIRKS)[1] == GuideSummary(
        channels=4, programmes=22, bad_times=1, bad_stops=2, without_title=2
    )


def test_channels_come_with_all_their_names_each_time_they_are_named() -> None:
    channels = [entry for entry in Guide(pieces(QUIRKS)) if isinstance(entry, FeedChannel)]
    assert channels == [
        FeedChannel(
            "one.test", ("Channel One HD", "Chaîne Un"), "https://example.invalid/one.png", "1"
        ),
        FeedChannel("two.test", ("Two",), None, None),
        FeedChannel("two.test", ("Two (repeated channel element)",), None, None),
        FeedChannel("empty.test", ("No programmes",), None, None),
    ]


TIMES = {
    "Early Light": (at(1, 6), at(1, 7, 0, 1)),
    "Morning Desk": (at(1, 7), at(1, 8)),
    "Zero Length Marker": (at(1, 8, 30), None),
    "No Stop Given": (at(1, 10), None),
    "No Zone Means UTC": (at(1, 11), at(1, 12)),
    "Colon And Name": (at(1, 12, 30), at(1, 13, 30)),
    "No Seconds": (at(1, 14), at(1, 15)),
    "Backwards": (at(1, 16), None),
    "To Be Announced": (at(1, 0), at(9, 0)),
    "News": (at(1, 21), at(1, 21, 15)),
    "Weather": (at(1, 21, 15), at(1, 21, 30)),
    "Before The Change": (at(24, 23, 30, month=10), at(25, 0, 30, month=10)),
    "The Long Hour": (at(25, 0, 30, month=10), at(25, 1, 30, month=10)),
    "After The Change": (at(25, 1, 30, month=10), at(25, 2, 30, month=10)),
}


@pytest.mark.parametrize(("title", "times"), TIMES.items(), ids=TIMES)
def test_times(found: dict[str, FeedProgramme], title: str, times: tuple[int, int | None]) -> None:
    assert (found[title].starts_at, found[title].ends_at) == times


def test_an_unknown_zone_is_not_guessed(found: dict[str, FeedProgramme]) -> None:
    assert "Unknown Zone Is Counted Bad, Not Guessed" not in found


def test_duplicates_come_twice() -> None:
    assert [entry.title for entry in read(QUIRKS)[0]].count("Twice Told") == 2


def test_numbers_are_counted_from_one(found: dict[str, FeedProgramme]) -> None:
    light = found["Early Light"]
    assert (light.season, light.episode, light.flags) == (1, 2, NEW)


def test_a_rating_without_a_value_counts(found: dict[str, FeedProgramme]) -> None:
    desk = found["Morning Desk"]
    assert desk.rating == Rating(None, "PG13")
    assert (desk.season, desk.episode) == (3, 4)


def test_one_that_says_everything(found: dict[str, FeedProgramme]) -> None:
    programme = found["Inside The Placeholder"]
    assert programme == FeedProgramme(
        channel="two.test",
        starts_at=at(1, 20),
        ends_at=at(1, 21),
        title="Inside The Placeholder",
        titles={"en": "Inside The Placeholder", "cy": "Tu Mewn"},
        language="en",
        sub_title=None,
        description="Tom & Jo café — R&D, &copy 2026 !",
        categories=("Film",),
        season=2,
        episode=5,
        ratings=(Rating("BBFC", "15"),),
        star_rating=7.5,
        icon=None,
        year=None,
        original_air_date=date(2019, 3, 1),
        credits=(Credit("director", "A. Person", None), Credit("actor", "B. Person", "Hero")),
        external_ids={},
        flags=REPEAT | LIVE,
    )


def test_programmes_of_unwanted_channels_are_passed_over() -> None:
    found, summary = read(QUIRKS, wanted={"ghost.test"})
    assert [entry.title for entry in found] == ["Unknown Channel"]
    assert (summary.programmes, summary.unwanted, summary.bad_times) == (22, 21, 0)


def test_channels_come_though_nothing_is_wanted() -> None:
    reader = Guide(pieces(QUIRKS), wanted=())
    assert len([entry for entry in reader if isinstance(entry, FeedChannel)]) == 4
