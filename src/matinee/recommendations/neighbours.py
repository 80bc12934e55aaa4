"""What was learned of the titles of one history, summed up in numpy: far faster than in SQL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matinee.core.database import Row
from matinee.recommendations.blend import CONTENT_SHARE, NEXT_SHARE

Kind = Literal["together", "next", "content"]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SHARES: dict[Kind, float] = {"together": 1.0, "next": NEXT_SHARE, "content": CONTENT_SHARE}
"""The kinds of list, and what each of them counts."""

_HEADER_BYTES = 20
"""Of an array as PostgreSQL sends it; each element follows as a length and a value of 4 bytes."""


class Voice(NamedTuple):
    """The seed at `place` of the history speaks for a title, and adds `value` to its list."""

    kind: Kind
    place: int
    value: float


@dataclass(frozen=True)
class Spoken:
    """What the seeds say, in one kind of list: equally long arrays, the newest seed first."""

    numbers: Ints
    values: Floats
    places: Ints

    @cached_property
    def _titles(self) -> tuple[Ints, Ints]:
        """The different numbers in order, and where among them each of `numbers` is."""
        return np.unique(self.numbers, return_inverse=True)

    def best(self, kind: Kind, depth: int) -> tuple[Ints, Floats]:
        """The titles with the largest values above 0, and these; ties by number.

        Of content the nearest seed counts, else the sum of all.
        """
        numbers, index = self._titles
        values = np.zeros(len(numbers))
        combine = np.maximum if kind == "content" else np.add
        combine.at(values, index, self.values)
        order = largest(values, depth)
        order = order[values[order] > 0]
        return numbers[order], values[order]

    def loudest(self, wanted: Ints, named: NDArray[np.bool_]) -> dict[int, tuple[int, float]]:
        """By title, the place of the named seed that says most for it, and how much."""
        numbers, index = self._titles
        is_wanted = np.isin(numbers, wanted, assume_unique=True)
        heard = np.flatnonzero(is_wanted[index] & named[self.places] & (self.values > 0))
        heard = heard[np.argsort(self.values[heard], kind="stable")]
        said = zip(self.places[heard].tolist(), self.values[heard].tolist(), strict=True)
        return dict(zip(self.numbers[heard].tolist(), said, strict=True))


def largest(values: Floats, count: int) -> Ints:
    """Where the largest values are, in descending order; the first of equal ones comes first."""
    if count >= len(values):
        return np.argsort(-values, kind="stable")
    least = np.partition(values, -count)[-count]
    enough = np.flatnonzero(values >= least)
    return enough[np.argsort(-values[enough], kind="stable")][:count]


@dataclass(frozen=True)
class Neighbourhood:
    """All lists of a history; `named` says which seeds may be named as a reason."""

    spoken: Mapping[Kind, Spoken]
    named: NDArray[np.bool_]

    def strongest(self, depth: int) -> "Strongest":
        """The titles with the best sums of the lists, each of which is cut at `depth` before."""
        lists = {kind: said.best(kind, depth) for kind, said in self.spoken.items()}
        numbers = np.unique(np.concatenate([found for found, _ in lists.values()]))
        parts = np.zeros((len(lists), len(numbers)))
        greatest: dict[Kind, float] = {}
        for row, (kind, (found, values)) in enumerate(lists.items()):
            greatest[kind] = float(values[0]) if len(values) else 1.0
            parts[row, np.searchsorted(numbers, found)] = SHARES[kind] * values / greatest[kind]
        scores = parts.sum(axis=0)
        order = largest(scores, depth)
        return Strongest(numbers[order], scores[order], parts[:, order], greatest)

    def voices(self, numbers: Collection[int], strongest: "Strongest") -> dict[int, list[Voice]]:
        """By title, the loudest named seed of each list with what it adds to the score."""
        wanted = np.fromiter(numbers, np.int64, len(numbers))
        voices: dict[int, list[Voice]] = {number: [] for number in numbers}
        for row, (kind, said) in enumerate(self.spoken.items()):
            share = SHARES[kind] / strongest.greatest[kind]
            for number, (place, value) in said.loudest(wanted, self.named).items():
                if strongest.parts_of(number)[row] > 0:
                    voices[number].append(Voice(kind, place, share * value))
        return voices


@dataclass(frozen=True)
class Strongest:
    """Titles by what was learned, best first; `parts` has a row of their scores for each list."""

    numbers: Ints
    scores: Floats
    parts: Floats
    greatest: Mapping[Kind, float]

    @cached_property
    def _places(self) -> dict[int, int]:
        return {number: place for place, number in enumerate(self.numbers.tolist())}

    def parts_of(self, number: int) -> list[float]:
        """What each of the lists adds to the score of a title."""
        place = self._places.get(number)
        return [0.0] * len(SHARES) if place is None else self.parts[:, place].tolist()


def neighbourhood_of(rows: Sequence[Row], weights: Mapping[Kind, Sequence[float]]) -> Neighbourhood:
    """The lists of rows of `NEIGHBOURS`, weighed with those of their seeds in each list."""
    named = np.zeros(len(weights["together"]), dtype=np.bool_)
    for row in rows:
        named[row["place"]] = row["is_visible"] and weights["together"][row["place"]] > 0
    return Neighbourhood({kind: _spoken(rows, kind, weights[kind]) for kind in SHARES}, named)


def _spoken(rows: Sequence[Row], kind: Kind, weights: Sequence[float]) -> Spoken:
    sent = [row[f"{kind}_numbers"][_HEADER_BYTES:] for row in rows]
    seeds = np.array([row["place"] for row in rows], dtype=np.int64)
    places = np.repeat(seeds, [len(numbers) // 8 for numbers in sent])
    near = _elements([row[f"{kind}_weights"][_HEADER_BYTES:] for row in rows], ">f4")
    numbers = _elements(sent, ">i4").astype(np.int64)
    return Spoken(numbers, np.asarray(weights, dtype=np.float64)[places] * near, places)


def _elements(sent: Sequence[bytes], kind: str) -> NDArray[Any]:
    return np.frombuffer(b"".join(sent), dtype=kind)[1::2]
