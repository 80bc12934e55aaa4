"""The order of lists: calibrated, capped, damped, with surprises."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.recommendations.ranking import Rules, rank, with_surprises
from matinee.recommendations.scoring import Candidate

PROFILE = UUID(int=7)
DAY = date(2026, 11, 25)
UNCALIBRATED = Rules(calibration=0.0)


def candidate(number: int, score: float, *genres: str, franchise: str | None = None) -> Candidate:
    return Candidate(UUID(int=number), number, genres, franchise or f"alone {number}", score=score)


def numbers(ranked: Sequence[Candidate]) -> list[int]:
    return [one.number for one in ranked]


def test_without_genres_the_scores_decide() -> None:
    ranked = rank([candidate(1, 0.2), candidate(2, 0.9), candidate(3, 0.5)], {})
    assert numbers(ranked) == [2, 3, 1]


def test_nothing_in_nothing_out() -> None:
    assert rank([], {"drama": 1.0}) == []


def test_equal_scores_keep_their_order() -> None:
    assert numbers(rank([candidate(n, 1.0) for n in range(30)], {})) == list(range(30))


def test_a_genre_that_is_half_of_the_taste_is_not_missing_among_the_first() -> None:
    westerns = [candidate(n, 1.0 - n / 100, "western") for n in range(5)]
    dramas = [candidate(10 + n, 0.9 - n / 100, "drama") for n in range(20)]
    shares = {"western": 0.5, "drama": 0.5}
    plain = rank([*westerns, *dramas], shares, rules=UNCALIBRATED)
    calibrated = rank([*westerns, *dramas], shares)
    assert numbers(plain)[:2] == [0, 1]
    assert {one.genres[0] for one in calibrated[:2]} == {"western", "drama"}


def test_half_of_ten_have_the_same_first_genre_at_most() -> None:
    westerns = [candidate(n, 1.0, "western") for n in range(20)]
    others = [candidate(50 + n, 0.1, f"genre {n}") for n in range(20)]
    ranked = rank([*westerns, *others], {}, rules=UNCALIBRATED)
    for block in (ranked[:10], ranked[10:20]):
        assert Counter(one.genres[0] for one in block)["western"] == 5


def test_titles_without_a_genre_are_not_of_one_genre() -> None:
    ranked = rank([*(candidate(n, 1.0) for n in range(10)), candidate(99, 0.0, "drama")], {})
    assert numbers(ranked)[-1] == 99


def test_a_franchise_comes_twice_at_most() -> None:
    rockys = [candidate(n, 1.0, franchise="rocky") for n in range(5)]
    others = [candidate(50 + n, 0.1) for n in range(5)]
    ranked = rank([*rockys, *others], {})
    assert [one.franchise for one in ranked[:7]].count("rocky") == 2


def test_where_nothing_else_is_left_rules_are_given_up_and_nothing_is_left_out() -> None:
    rockys = [candidate(n, 1.0, "boxing", franchise="rocky") for n in range(20)]
    assert len(rank(rockys, {"boxing": 1.0})) == 20


def test_the_cap_of_genres_is_given_up_before_that_of_franchises() -> None:
    westerns = [candidate(n, 0.1, "western") for n in range(8)]
    rockys = [candidate(50 + n, 1.0, "western", franchise="rocky") for n in range(4)]
    ranked = rank([*westerns, *rockys], {})
    assert [one.franchise for one in ranked[:10]].count("rocky") == 2


def test_what_was_shown_often_in_vain_falls_behind() -> None:
    ranked = rank([candidate(1, 1.0), candidate(2, 0.6)], {}, shown_often={UUID(int=1)})
    assert numbers(ranked) == [2, 1]


def test_one_of_ten_is_a_surprise_from_far_behind() -> None:
    ranked = [candidate(n, 1.0 - n / 1000) for n in range(100)]
    surprised = with_surprises(ranked, PROFILE, DAY)
    for start in range(0, 50, 10):
        assert sum(one.number >= 50 for one in surprised[start : start + 10]) == 1


def test_a_surprise_does_not_come_twice_and_nothing_is_lost() -> None:
    ranked = [candidate(n, 1.0 - n / 1000) for n in range(100)]
    assert sorted(numbers(with_surprises(ranked, PROFILE, DAY))) == list(range(100))


def test_surprises_stay_for_a_day() -> None:
    ranked = [candidate(n, 1.0 - n / 1000) for n in range(300)]
    today = with_surprises(ranked, PROFILE, DAY)
    assert today == with_surprises(ranked, PROFILE, DAY)
    assert today != with_surprises(ranked, PROFILE, DAY + timedelta(days=1))
    assert today != with_surprises(ranked, UUID(int=8), DAY)


def test_a_variant_may_be_without_surprises() -> None:
    ranked = [candidate(n, 1.0 - n / 1000) for n in range(100)]
    assert with_surprises(ranked, PROFILE, DAY, Rules(explores=False)) == ranked


GENRES = ("western", "drama", "noir")
CANDIDATES = st.lists(
    st.tuples(
        st.floats(-1, 3, allow_nan=False), st.sets(st.sampled_from(GENRES)), st.integers(0, 4)
    ),
    max_size=40,
).map(
    lambda rows: [
        candidate(n, score, *sorted(genres), franchise=f"franchise {group}")
        for n, (score, genres, group) in enumerate(rows)
    ]
)
SHARES = st.dictionaries(st.sampled_from(GENRES), st.floats(0, 1), max_size=3)


@given(CANDIDATES, SHARES)
def test_a_list_is_the_same_titles_in_one_order(
    candidates: list[Candidate], shares: dict[str, float]
) -> None:
    ranked = rank(candidates, shares)
    assert sorted(numbers(ranked)) == sorted(numbers(candidates))
    assert ranked == rank(candidates, shares)


@pytest.mark.parametrize("score", [0.0, 5.0])
def test_a_single_title_is_ranked(score: float) -> None:
    assert numbers(rank([candidate(1, score, "drama")], {"drama": 1.0})) == [1]
