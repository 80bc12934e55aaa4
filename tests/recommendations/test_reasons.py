"""Why a title is there: the strongest true reason, no title named too often."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from matinee.recommendations.picks import Reason
from matinee.recommendations.reasons import choose_reasons, wording
from matinee.recommendations.scoring import Candidate, Parts, Seed
from matinee.viewing.taste import Preferences, Signal, Taste

DAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=400)
METROPOLIS, SUNRISE = UUID(int=1), UUID(int=2)
NOTHING_STATED = Preferences()


def signal(
    title_id: UUID = METROPOLIS, kind: str = "liked", days_ago: int = 10, *genres: str
) -> Signal:
    return Signal(title_id, title_id.int, kind, 1.0, NOW - timedelta(days=days_ago), genres)


def known(count: int = 3, preferences: Preferences = NOTHING_STATED) -> Taste:
    return Taste(tuple(signal(UUID(int=100 + n)) for n in range(count)), preferences)


def candidate(*seeds: Seed, number: int = 50, **fields: Any) -> Candidate:
    rest = {"genres": (), "franchise": str(number), "added_at": OLD, "score": 1.0} | fields
    return Candidate(UUID(int=number), number, seeds=seeds, **rest)


def choose(one: Candidate, taste: Taste | None = None, **shares: float) -> Reason:
    [reason] = choose_reasons([one], taste or known(), shares, DAY)
    return reason


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("loved", "because_liked"),
        ("liked", "because_liked"),
        ("completed", "because_watched"),
        ("watched", "because_watched"),
        ("listed", "because_listed"),
    ],
)
def test_a_title_of_the_history_is_named_by_what_it_was_to_the_profile(
    kind: str, code: str
) -> None:
    reason = choose(candidate(Seed(signal(kind=kind), 0.4, 0.0)))
    assert reason == (code, METROPOLIS, 0.4, None)


def test_a_title_that_explains_little_is_not_named() -> None:
    assert choose(candidate(Seed(signal(), 0.14, 0.0))).title_id is None


def test_what_is_watched_right_after_the_last_one_says_so() -> None:
    following = candidate(Seed(signal(days_ago=2), 0.5, 0.2), parts=Parts(0.1, 0.2, 0.1))
    assert choose(following).code == "next_after"


@pytest.mark.parametrize(
    ("days_ago", "parts"), [(4, Parts(0.1, 0.2, 0.1)), (1, Parts(0.5, 0.2, 0.1))]
)
def test_not_after_three_days_nor_where_the_sequence_says_less(days_ago: int, parts: Parts) -> None:
    following = candidate(Seed(signal(days_ago=days_ago), 0.5, 0.2), parts=parts)
    assert choose(following).code == "because_liked"


def test_three_cards_of_a_rail_name_the_same_title_at_most() -> None:
    seeds = (Seed(signal(METROPOLIS), 0.5, 0.0), Seed(signal(SUNRISE), 0.3, 0.0))
    reasons = choose_reasons([candidate(*seeds, number=50 + n) for n in range(8)], known(), {}, DAY)
    named = [reason.title_id for reason in reasons]
    assert named == [METROPOLIS] * 3 + [SUNRISE] * 3 + [None] * 2


def test_what_is_new_is_for_the_fans_of_the_loudest_title() -> None:
    new = candidate(Seed(signal(), 0.4, 0.0), added_at=NOW - timedelta(days=3))
    assert choose(new)[:2] == ("new_for_fans_of", METROPOLIS)


def test_a_picked_genre_is_named_as_long_as_it_decides() -> None:
    taste = known(preferences=Preferences(liked_genres=frozenset({"noir"})))
    noir = candidate(genres=("crime", "noir"), parts=Parts(genre=0.2))
    assert choose(noir, taste) == ("you_picked_genre", None, 0.2, "noir")


def test_a_genre_that_is_much_of_the_taste_is_named() -> None:
    reason = choose(candidate(genres=("crime", "noir")), crime=0.1, noir=0.4)
    assert reason == ("more_genre", None, 0.4, "noir")


def test_a_genre_that_is_little_of_the_taste_is_not_named() -> None:
    assert choose(candidate(genres=("noir",)), noir=0.1).code == "top_pick"


@pytest.mark.parametrize(("rising", "code"), [(True, "trending"), (False, "popular")])
def test_what_many_watch_says_whether_they_do_these_days(rising: bool, code: str) -> None:
    watched = candidate(parts=Parts(trend=0.6), rising=rising)
    assert choose(watched)[::2] == (code, 0.6)


def test_until_a_profile_is_known_titles_are_popular() -> None:
    watched = candidate(parts=Parts(together=1.0, trend=0.6), rising=True)
    assert choose(watched, known(2)).code == "popular"


def test_a_title_without_a_score_has_a_reason() -> None:
    assert choose(candidate(score=0.0)) == ("top_pick", None, 0.0, None)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (Reason("next_after"), "Watch next after Metropolis"),
        (Reason("because_liked"), "Because you liked Metropolis"),
        (Reason("because_watched"), "Because you watched Metropolis"),
        (Reason("because_listed"), "Because Metropolis is on your list"),
        (Reason("new_for_fans_of"), "New for fans of Metropolis"),
        (Reason("more_genre"), "More Film noir"),
        (Reason("you_picked_genre"), "You picked Film noir"),
        (Reason("trending"), "Trending now"),
        (Reason("popular"), "Popular"),
        (Reason("top_pick"), "A top pick for you"),
        (Reason("similar"), "Similar to Metropolis"),
    ],
)
def test_reasons_are_said_in_plain_words(reason: Reason, text: str) -> None:
    assert wording(reason, title="Metropolis", genre="Film noir") == text


def test_names_with_braces_are_only_names() -> None:
    assert wording(Reason("because_liked"), title="{genre}") == "Because you liked {genre}"
