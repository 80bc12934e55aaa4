"""What was learned of a history, summed up: against plain loops over the same lists."""

import random

import numpy as np
import pytest

from matinee.recommendations.neighbours import (
    SHARES,
    Kind,
    Neighbourhood,
    Spoken,
    largest,
    neighbourhood_of,
)

SEEDS = 6


def spoken(said: list[tuple[int, float, int]]) -> Spoken:
    """A list of (number of a title, value, place of its seed)."""
    numbers, values, places = zip(*said, strict=True) if said else ((), (), ())
    return Spoken(
        np.array(numbers, dtype=np.int64),
        np.array(values, dtype=np.float64),
        np.array(places, dtype=np.int64),
    )


def anything(chance: random.Random) -> dict[Kind, list[tuple[int, float, int]]]:
    """Lists that overlap, in the order of their seeds."""
    return {
        kind: [
            (number, chance.uniform(-1, 2), place)
            for place in range(SEEDS)
            for number in chance.sample(range(1, 30), 8)
        ]
        for kind in SHARES
    }


def neighbourhood(said: dict[Kind, list[tuple[int, float, int]]], *hidden: int) -> Neighbourhood:
    named = np.array([place not in hidden for place in range(SEEDS)])
    return Neighbourhood({kind: spoken(said[kind]) for kind in SHARES}, named)


def summed(said: list[tuple[int, float, int]], kind: Kind) -> dict[int, float]:
    """The values above 0 by title, each divided by the largest."""
    values: dict[int, list[float]] = {}
    for number, value, _ in said:
        values.setdefault(number, []).append(value)
    combine = max if kind == "content" else sum
    totals = {number: combine(found) for number, found in values.items()}
    greatest = max(totals.values())
    return {number: total / greatest for number, total in totals.items() if total > 0}


@pytest.mark.parametrize("seed", range(5))
def test_each_list_counts_as_much_as_its_share(seed: int) -> None:
    said = anything(random.Random(seed))
    totals = {kind: summed(said[kind], kind) for kind in SHARES}
    expected = {
        number: [share * totals[kind].get(number, 0) for kind, share in SHARES.items()]
        for number in set().union(*totals.values())
    }
    strongest = neighbourhood(said).strongest(100)
    assert set(strongest.numbers.tolist()) == set(expected)
    assert list(strongest.scores) == sorted(strongest.scores, reverse=True)
    for number, score in zip(strongest.numbers.tolist(), strongest.scores, strict=True):
        assert strongest.parts_of(number) == pytest.approx(expected[number])
        assert score == pytest.approx(sum(expected[number]))


@pytest.mark.parametrize("seed", range(5))
def test_the_loudest_seed_that_may_be_named_speaks(seed: int) -> None:
    said, hidden = anything(random.Random(seed)), 2
    near = neighbourhood(said, hidden)
    strongest = near.strongest(100)
    voices = near.voices(strongest.numbers.tolist(), strongest)
    for number, heard in voices.items():
        for voice in heard:
            rivals = {
                place: value
                for title, value, place in said[voice.kind]
                if title == number and place != hidden
            }
            assert voice.place == max(rivals, key=lambda place: rivals[place])


def test_of_equal_titles_the_lower_number_comes_first() -> None:
    said = {kind: [(number, 1.0, 0) for number in (5, 3, 4)] for kind in SHARES}
    assert neighbourhood(said).strongest(2).numbers.tolist() == [3, 4]


def test_what_was_said_against_is_not_listed() -> None:
    said = {kind: [(1, 1.0, 0), (1, -2.0, 1), (2, 1.0, 0)] for kind in SHARES}
    near = neighbourhood(said | {"content": []})
    assert near.strongest(9).numbers.tolist() == [2]


def test_nothing_is_known_without_a_history() -> None:
    strongest = neighbourhood_of([], {kind: [] for kind in SHARES}).strongest(9)
    assert strongest.numbers.tolist() == []
    assert strongest.parts_of(1) == [0, 0, 0]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 7, 9])
def test_the_largest_are_the_first_of_all_in_order(count: int) -> None:
    values = np.array([1.0, 3.0, 2.0, 3.0, 0.0, 2.0, 2.0])
    assert largest(values, count).tolist() == [1, 3, 2, 5, 6, 0, 4][:count]
