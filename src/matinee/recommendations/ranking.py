"""The order of a list: calibrated to a taste, mixed, with a surprise now and then. Pure."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from matinee.recommendations.scoring import Candidate

Floats = NDArray[np.float64]

BLOCK = 10
CALIBRATED = 30
"""So many first places are calibrated; behind them the scores decide."""
SMOOTHING = 0.01
"""The part of the taste in every list, so that a missing genre is bad, but not infinitely."""
EXPLORED = 50
"""Surprises come into the first places from behind them."""


@dataclass(frozen=True)
class Rules:
    """How lists are ordered; `variants` may try others."""

    calibration: float = 0.08
    """Lambda of Steck 2018: what genres weigh against scores."""
    most_of_genre: int = 5
    """Titles with the same first genre in ten places (R-07)."""
    most_of_franchise: int = 2
    damping: float = 0.5
    """What is left of the score of a title that was shown often in vain."""
    explores: bool = True
    """Whether one of ten places is a surprise."""


RULES = {"a": Rules(), "b": Rules(explores=False)}
"""By variant; the second one tells what surprises cost."""


def rank(
    candidates: Sequence[Candidate],
    shares: Mapping[str, float],
    *,
    shown_often: Collection[UUID] = (),
    rules: Rules = RULES["a"],
) -> list[Candidate]:
    """All candidates in a good order: by score, but with the genres of the taste (`shares`).

    Greedy maximum of `(1 - lambda) mean score - lambda KL(taste || genres of the list)` (H. Steck,
    Calibrated recommendations, RecSys 2018). Of one first genre no more than half of each ten, of
    a franchise two; where nothing else is left the first rule is given up, then the second.
    """
    damped = [
        one._replace(score=one.score * rules.damping) if one.title_id in shown_often else one
        for one in candidates
    ]
    damped.sort(key=lambda one: -one.score)
    if not damped:
        return []
    order = _Greedy(damped, shares, rules).order()
    return [damped[place] for place in order]


class _Greedy:
    """One list in the making."""

    def __init__(
        self, candidates: Sequence[Candidate], shares: Mapping[str, float], rules: Rules
    ) -> None:
        self.rules = rules
        self.scores = _normalized(np.array([one.score for one in candidates]))
        shares = {genre: share for genre, share in shares.items() if share > 0}
        self.taste = np.array(list(shares.values()))
        self.genres = _genre_matrix(candidates, list(shares))
        self.first_genres = _numbered([one.genres[0] if one.genres else "" for one in candidates])
        self.has_genre = np.array([bool(one.genres) for one in candidates])
        self.franchises = _numbered([one.franchise for one in candidates])
        self.free = np.ones(len(candidates), bool)
        self.of_genre = np.zeros(len(candidates), int)
        self.of_franchise = np.zeros(len(candidates), int)
        self.sum_of_genres = np.zeros(len(shares))

    def order(self) -> list[int]:
        """The places of the candidates in their new order."""
        order: list[int] = []
        for place in range(len(self.scores)):
            if place % BLOCK == 0:
                self.of_genre[:] = 0
            if place < CALIBRATED:
                best = int(np.argmax(np.where(self._allowed(), self._values(place), -np.inf)))
            else:
                best = self._first_allowed()
            self._take(best)
            order.append(best)
        return order

    def _allowed(self) -> NDArray[np.bool_]:
        """The candidates that break the fewest rules."""
        rare = self.free & (self.of_franchise[self.franchises] < self.rules.most_of_franchise)
        full = self.of_genre[self.first_genres] >= self.rules.most_of_genre
        mixed = rare & ~(full & self.has_genre)
        return next((some for some in (mixed, rare) if some.any()), self.free)

    def _first_allowed(self) -> int:
        """The same by score alone: candidates stand in that order, so that most are not asked."""
        free = np.flatnonzero(self.free).tolist()
        mixed = (place for place in free if self._is_rare(place) and not self._is_full(place))
        rare = (place for place in free if self._is_rare(place))
        return next(chain(mixed, rare, free))

    def _is_rare(self, place: int) -> bool:
        return bool(self.of_franchise[self.franchises[place]] < self.rules.most_of_franchise)

    def _is_full(self, place: int) -> bool:
        full = self.of_genre[self.first_genres[place]] >= self.rules.most_of_genre
        return bool(full and self.has_genre[place])

    def _values(self, place: int) -> Floats:
        """How good the list would be with each candidate next, but for what all have in common."""
        if not self.taste.size:
            return self.scores
        length = place + 1
        smoothing = length * SMOOTHING / (1 - SMOOTHING)
        genres = self.sum_of_genres + self.genres + smoothing * self.taste
        likeness = np.log2(genres) @ self.taste
        calibration = self.rules.calibration
        return np.asarray((1 - calibration) / length * self.scores + calibration * likeness)

    def _take(self, place: int) -> None:
        self.free[place] = False
        self.of_genre[self.first_genres[place]] += 1
        self.of_franchise[self.franchises[place]] += 1
        self.sum_of_genres += self.genres[place]


def _normalized(scores: Floats) -> Floats:
    """From 0 for the worst to 1 for the best."""
    spread = scores.max() - scores.min()
    return (scores - scores.min()) / spread if spread > 0 else np.zeros_like(scores)


def _genre_matrix(candidates: Sequence[Candidate], genres: Sequence[str]) -> Floats:
    """A row per candidate: its genres in equal parts."""
    columns = {genre: place for place, genre in enumerate(genres)}
    matrix = np.zeros((len(candidates), len(genres)))
    for row, candidate in enumerate(candidates):
        for genre in candidate.genres:
            if genre in columns:
                matrix[row, columns[genre]] = 1 / len(candidate.genres)
    return matrix


def _numbered(labels: Sequence[str]) -> NDArray[np.int64]:
    """Equal labels by equal small numbers."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels])


def with_surprises(
    ranked: Sequence[Candidate], profile_id: UUID, day: date, rules: Rules = RULES["a"]
) -> list[Candidate]:
    """The list with one of ten places given to a title from far behind, another one every day."""
    front, behind = list(ranked[:EXPLORED]), list(ranked[EXPLORED:])
    if not rules.explores:
        return [*front, *behind]
    behind.sort(key=lambda one: draw_lot(profile_id, day, one.title_id), reverse=True)
    surprises = behind[: len(front) // BLOCK]
    for block, surprise in enumerate(surprises):
        front.insert((block + 1) * BLOCK - 1, surprise)
    drawn = {one.title_id for one in surprises}
    return [*front, *(one for one in ranked[EXPLORED:] if one.title_id not in drawn)]


def draw_lot(profile_id: UUID, day: date, title_id: UUID) -> bytes:
    """The lot that a title draws for a profile on a day (rendezvous hashing)."""
    drawn = profile_id.bytes + day.isoformat().encode() + title_id.bytes
    return hashlib.blake2b(drawn, digest_size=8).digest()
