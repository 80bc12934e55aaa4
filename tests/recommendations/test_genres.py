"""Which genres get rails: by their share in what a profile likes, or says it likes."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from matinee.recommendations.genre_shares import genre_shares
from matinee.recommendations.rails.genres import genre_drafts
from matinee.recommendations.scoring import Candidate
from matinee.viewing.taste import Preferences, Signal, Taste

AT = datetime(2026, 11, 1, tzinfo=UTC)


def signal(n: int, *genres: str, weight: float = 1.0, kind: str = "liked") -> Signal:
    return Signal(UUID(int=n), n, kind, weight, AT, genres)


def candidates(**counts: int) -> list[Candidate]:
    """So many of each genre."""
    genres = [genre for genre, count in counts.items() for _ in range(count)]
    return [
        Candidate(UUID(int=n), n, (genre,), str(n), 1 - n / 100) for n, genre in enumerate(genres)
    ]


def test_a_genre_counts_by_the_weights_of_what_was_liked() -> None:
    taste = Taste((signal(1, "western", weight=0.6), signal(2, "drama", "western", weight=0.4)))
    assert genre_shares(taste) == pytest.approx({"western": 0.8, "drama": 0.2})


def test_dislikes_do_not_count() -> None:
    taste = Taste((signal(1, "western"), signal(2, "horror", weight=-0.5, kind="disliked")))
    assert list(genre_shares(taste)) == ["western"]


def test_stated_likes_fade_as_the_history_grows() -> None:
    stated = Preferences(liked_genres=frozenset({"noir"}))
    shares = [
        genre_shares(Taste(tuple(signal(n, "western") for n in range(count)), stated))["noir"]
        for count in (0, 5, 45)
    ]
    assert shares == pytest.approx([1.0, 0.5, 0.1])


def test_a_disliked_genre_gets_no_rail() -> None:
    taste = Taste((signal(1, "horror"),), Preferences(disliked_genres=frozenset({"horror"})))
    assert genre_drafts(taste, candidates(horror=5)) == []


def test_of_an_unknown_profile_the_best_titles_speak() -> None:
    found = genre_drafts(Taste(), candidates(drama=5, comedy=4, noir=3, western=2))
    assert [draft.rail for draft in found] == ["genre:drama", "genre:comedy", "genre:noir"]
    assert {pick.reason.code for draft in found for pick in draft.picks} == {"popular"}


def test_a_genre_with_too_few_titles_makes_room_for_the_next() -> None:
    taste = Taste((signal(1, "noir", weight=1.0), signal(2, "drama", weight=0.5)))
    found = genre_drafts(taste, candidates(noir=2, drama=3))
    assert [draft.rail for draft in found] == ["genre:drama"]
    assert [pick.reason.code for pick in found[0].picks] == ["more_genre"] * 3
