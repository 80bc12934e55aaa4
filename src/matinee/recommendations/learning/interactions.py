"""What profiles watched and said, as arrays: the input of everything that is learned."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matinee.recommendations.learning.arrays import Flags, Floats, Ints, Matrix, Places, matrix
from matinee.viewing.taste import MOST_NEGATIVE, MOST_NEUTRAL, MOST_POSITIVE, RANKS_TO_HALF

POSITIVE, NEUTRAL, NEGATIVE = 1, 0, -1
_MOST = {POSITIVE: MOST_POSITIVE, NEUTRAL: MOST_NEUTRAL, NEGATIVE: MOST_NEGATIVE}


@dataclass(frozen=True)
class Interactions:
    """Signals of all profiles, one per profile and title, ordered by profile and then by time.

    `profiles` and `titles` are indices from 0; `classes` are POSITIVE, NEUTRAL or NEGATIVE;
    `weights` those of the kinds of signals; `at` seconds since 1970. All have the same length.
    """

    profiles: Ints
    titles: Ints
    classes: NDArray[np.int8]
    weights: Floats
    at: NDArray[np.float64]
    profile_count: int
    title_count: int

    @cached_property
    def positives(self) -> "Interactions":
        """Only what speaks for a title."""
        return self.where(self.classes == POSITIVE)

    @cached_property
    def liked(self) -> Matrix:
        """1 where a profile has a positive signal; profiles x titles."""
        chosen = self.positives
        return self._matrix(chosen, np.ones(len(chosen.titles), np.float32))

    @cached_property
    def popularity(self) -> Places:
        """Positive signals per title."""
        return np.bincount(self.positives.titles, minlength=self.title_count)

    @cached_property
    def ranks(self) -> Ints:
        """The place of each signal among those of its profile and class; the newest has 0."""
        ranks = np.zeros(len(self.profiles), np.int32)
        for value in _MOST:
            [places] = np.nonzero(self.classes == value)
            ranks[places] = _from_the_end(self.profiles[places])
        return ranks

    def seeds(self) -> Matrix:
        """How loudly each signal counts when neighbours are summed up; profiles x titles.

        `weight x 0.5^(rank / 300)`; the newest 300 positive, 60 negative, 30 neutral signals.
        """
        most = np.select([self.classes == value for value in _MOST], list(_MOST.values()))
        counting = self.ranks < most
        weights = (self.weights * 0.5 ** (self.ranks / RANKS_TO_HALF)).astype(np.float32)
        return self._matrix(self.where(counting), weights[counting])

    def recent(self, *, most: int | None = None, ranks_to_half: float | None = None) -> Matrix:
        """Positive signals, the newest `most`, halved with every `ranks_to_half` newer ones."""
        chosen = self.positives
        weights = np.ones(len(chosen.titles), np.float32)
        if ranks_to_half is not None:
            weights = (chosen.weights * 0.5 ** (chosen.ranks / ranks_to_half)).astype(np.float32)
        counting = np.ones(len(weights), bool) if most is None else chosen.ranks < most
        return self._matrix(chosen.where(counting), weights[counting])

    def where(self, chosen: Flags) -> "Interactions":
        """The chosen signals; indices and counts stay."""
        return Interactions(
            self.profiles[chosen],
            self.titles[chosen],
            self.classes[chosen],
            self.weights[chosen],
            self.at[chosen],
            self.profile_count,
            self.title_count,
        )

    def _matrix(self, chosen: "Interactions", values: Floats) -> Matrix:
        shape = (self.profile_count, self.title_count)
        return matrix(values, chosen.profiles, chosen.titles, shape)


def _from_the_end(profiles: Ints) -> Ints:
    """For sorted profiles: how many of the same profile come after each."""
    if not len(profiles):
        return np.zeros(0, np.int32)
    lasts = np.searchsorted(profiles, profiles, side="right")
    return (lasts - 1 - np.arange(len(profiles))).astype(np.int32)
