"""Which titles stand behind "because you watched": strong ones, of two genres, not yesterday's."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from matinee.recommendations.rails.because import seeds_of_the_day
from matinee.viewing.taste import Signal, Taste

EVEN = date(2026, 11, 24)
ODD = EVEN + timedelta(days=1)
AT = datetime(2026, 11, 1, tzinfo=UTC)


def signal(n: int, genre: str, weight: float, kind: str = "liked") -> Signal:
    return Signal(UUID(int=n), n, kind, weight, AT, (genre,))


def numbers(*signals: Signal, day: date = EVEN) -> list[int]:
    return [seed.number for seed in seeds_of_the_day(Taste(signals), day)]


def test_nothing_watched_gives_none() -> None:
    assert numbers() == []


def test_the_strongest_of_two_genres() -> None:
    found = numbers(signal(1, "western", 0.3), signal(2, "drama", 1.0), signal(3, "comedy", 0.6))
    assert found == [2, 1]


def test_two_of_one_genre_make_one_rail() -> None:
    assert numbers(signal(1, "drama", 1.0), signal(2, "drama", 0.6)) == [1]


def test_tomorrow_it_is_others() -> None:
    signals = [signal(n, f"genre {n}", 1 - n / 10) for n in range(6)]
    today, tomorrow = numbers(*signals), numbers(*signals, day=ODD)
    assert (today, tomorrow) == ([0, 2], [1, 3])


def test_where_there_is_only_one_it_stays() -> None:
    assert numbers(signal(1, "drama", 1.0)) == numbers(signal(1, "drama", 1.0), day=ODD) == [1]


def test_what_was_only_listed_or_disliked_stands_behind_nothing() -> None:
    found = numbers(signal(1, "drama", 0.4, "listed"), signal(2, "drama", -0.5, "disliked"))
    assert found == []
