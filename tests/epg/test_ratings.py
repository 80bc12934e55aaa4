"""Age ratings of guides: whatever their spelling, they must count."""

import pytest

from matinee.catalog.ratings import shipped_ratings
from matinee.epg.ratings import Known, Ratings

KNOWN = [
    Known(str(row["country"]), str(row["system"]), str(row["label"]), int(row["score"]))
    for row in shipped_ratings()
]


@pytest.mark.parametrize(
    ("system", "label", "score"),
    [
        (None, "PG13", 13),
        ("MPAA", "PG-13", 13),
        ("mpaa", "pg-13", 13),
        ("BBFC", "15", 15),
        ("VCHIP", "TV-14", 14),
        ("FSK", "FSK 16", 16),
        (None, "12+", 12),
        ("MPAA", "Rated R", 17),
        ("CSA", "-12", 12),
        (None, "99", 21),
        (None, "Not Rated", None),
        ("MPAA", "", None),
    ],
)
def test_a_rating_stands_for_an_age(system: str | None, label: str, score: int | None) -> None:
    assert Ratings(KNOWN).maturity_of([(system, label)]).score == score


def test_without_a_system_that_of_the_country_counts_else_the_strictest() -> None:
    rating = [(None, "PG")]
    assert Ratings(KNOWN, "US").maturity_of(rating).score == 7
    assert Ratings(KNOWN, "GB").maturity_of(rating).score == 8
    strictest = max(known.score for known in KNOWN if known.label == "PG")
    assert Ratings(KNOWN).maturity_of(rating).score == strictest


def test_of_several_ratings_the_strictest_counts() -> None:
    found = Ratings(KNOWN).maturity_of([("MPAA", "PG"), ("BBFC", "15"), (None, "unheard of")])
    assert found == ("15", 15)


def test_no_rating_is_none() -> None:
    assert Ratings(KNOWN).maturity_of([]) == (None, None)
