"""Times, seasons and episodes as guides write them."""

from datetime import UTC, datetime

import pytest

from matinee.epg.feeds.episodes import Episode, at_head, on_screen, zero_based
from matinee.epg.feeds.times import epoch_of
from tests.epg.feeds.makers import guide, only

NOON = int(datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp())

STAMPS = [
    "20260701120000 +0000",
    "20260701120000 +00:00",
    "20260701120000",
    "202607011200",
    "2026070112",
    "20260701140000 +0200",
    "20260701140000+0200",
    "20260701140000 +02:00",
    "20260701140000 +2",
    "20260701080000 -0400",
    "20260701140000 CEST",
    "20260701130000 BST",
    "20260701080000 EDT",
    "20260701120000 Z",
    "20260701120000 utc",
    "20260701120000.000 UTC",
    " 20260701120000 +0000 ",
    "20260701173000 +0530",
]
NO_STAMPS = [
    "", "now", "2026", "20261301000000", "20260230000000", "20260701250000", "20260701126000",
    "20260701120000 XYZ", "20260701120000 +2500", "20260701120000 Europe/London", "00010101",
    "99991231235959 -1400", "٢٠٢٦٠٧٠١", "202607011",
]  # fmt: skip


@pytest.mark.parametrize("stamp", STAMPS)
def test_a_time(stamp: str) -> None:
    assert epoch_of(stamp) == NOON


@pytest.mark.parametrize("stamp", NO_STAMPS)
def test_no_time(stamp: str) -> None:
    with pytest.raises(ValueError):
        epoch_of(stamp)


ZERO_BASED = {
    "1.4.": (2, 5), "1 . 4/8 . 0/1": (2, 5), "0/3.0.0/1": (1, 1), ".4.": (None, 5),
    "2..": (3, None),
    "..": (None, None), "x": (None, None), "": (None, None), "99999.99999.": (None, None),
}  # fmt: skip
ON_SCREEN = {
    "S02E05": (2, 5), "s2 ep 5": (2, 5), "S2, E5": (2, 5), "S2E5/8": (2, 5), "2x05": (2, 5),
    "Series 2, Episode 5 of 8": (2, 5), "Season 2 Episode 5": (2, 5), "Staffel 2, Folge 5": (2, 5),
    "Saison 2 Épisode 5": (2, 5), "T2 E5": (2, 5), "Ser. 2 Ep. 5": (2, 5), "Ep 5": (None, 5),
    "Folge 5": (None, 5), "Season 2": (2, None), "5/8": (None, 5), "8/5": (None, None),
    "105": (None, None), "Sunset 2": (None, None), "E": (None, None),
}  # fmt: skip
HEADS = {
    "S2 E5: They meet.": (2, 5), "S02E05 - They meet.": (2, 5), "(S2 Ep5/8) They": (2, 5),
    "Series 2, Episode 5. They": (2, 5), "5/8. They meet.": (None, 5), "(Ep. 5/8) They": (None, 5),
    "Episode 5: They": (None, 5), "Episode 5 was lost": (None, None),
    "They meet S2E5": (None, None),
    "24/7 in town": (None, None), "": (None, None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "numbers"), ZERO_BASED.items())
def test_the_system_that_counts_from_zero(text: str, numbers: tuple[int | None, ...]) -> None:
    assert zero_based(text) == Episode(*numbers)


@pytest.mark.parametrize(("text", "numbers"), ON_SCREEN.items())
def test_what_people_read(text: str, numbers: tuple[int | None, ...]) -> None:
    assert on_screen(text) == Episode(*numbers)


@pytest.mark.parametrize(("text", "numbers"), HEADS.items())
def test_numbers_at_the_head_of_a_description(text: str, numbers: tuple[int | None, ...]) -> None:
    assert at_head(text) == Episode(*numbers)


PRECEDENCE = {
    "the system that counts from zero comes first": (
        b'<episode-num>S09E09</episode-num><episode-num system="xmltv_ns">1.4.</episode-num>',
        (2, 5),
    ),
    "a missing system is what people read": (b"<episode-num>S02E05</episode-num>", (2, 5)),
    "elements of their own": (b"<season>2</season><episode>5</episode>", (2, 5)),
    "a season is filled from the next": (
        b"<season>2</season><episode-num>Ep 5</episode-num>", (2, 5),
    ),
    "but not from one that speaks of another episode": (
        b"<episode-num>Ep 5</episode-num><desc>S3 E9: x</desc>", (None, 5),
    ),
    "ids are no episodes": (
        b'<episode-num system="thetvdb.com">series/2</episode-num><desc>S2 E5: x</desc>', (2, 5),
    ),
    "a description last": (b"<desc>S2 E5: They meet.</desc>", (2, 5)),
    "numbers beyond all": (b"<season>99999999999</season>", (None, None)),
}  # fmt: skip


@pytest.mark.parametrize(("more", "numbers"), PRECEDENCE.values(), ids=PRECEDENCE)
def test_which_of_several_counts(more: bytes, numbers: tuple[int | None, ...]) -> None:
    found = only(guide(more=more))
    assert (found.season, found.episode) == numbers
