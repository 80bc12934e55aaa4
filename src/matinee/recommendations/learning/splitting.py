"""Holding back the last of what profiles liked, to measure what a model makes of the rest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matinee.recommendations.learning.arrays import Flags, Matrix, Places, matrix
from matinee.recommendations.learning.interactions import POSITIVE, Interactions

HELD_BACK = 0.2
LEAST_LIKED = 5
"""With fewer positive signals nothing is held back of a profile."""


@dataclass(frozen=True)
class Split:
    """What may be learned from, and what is to be foretold.

    `profiles` are those of whom something was held back; `relevant` (all profiles x titles) holds
    it; `moments` has the time of the first of it for each of `profiles`.
    """

    training: Interactions
    relevant: Matrix
    profiles: Places
    moments: NDArray[np.float64]


def split_each(interactions: Interactions, held_back: float = HELD_BACK) -> Split:
    """The last fifth of each profile's positive signals, and whatever it did since the first of it.

    Signals that speak against a title or are neutral are neither learned from after that moment
    nor relevant.
    """
    liked = interactions.classes == POSITIVE
    starts = np.searchsorted(interactions.profiles, np.arange(interactions.profile_count))
    so_far = np.cumsum(liked)
    before = np.concatenate([[0], so_far])[starts][interactions.profiles]
    places = so_far - before
    counts = np.bincount(interactions.profiles[liked], minlength=interactions.profile_count)
    kept = np.where(counts >= LEAST_LIKED, np.floor(counts * (1 - held_back)), counts)
    later = places > kept[interactions.profiles]
    return split_by(interactions, later)


def split_by(interactions: Interactions, later: Flags) -> Split:
    """Hold back the signals marked as `later`."""
    future = interactions.where(later).positives
    profiles, first = np.unique(future.profiles, return_index=True)
    return Split(
        interactions.where(~later), future.liked, profiles.astype(np.int64), future.at[first]
    )


def seen(training: Interactions) -> Matrix:
    """What profiles have an opinion of already, good or bad; it is not recommended."""
    shape = (training.profile_count, training.title_count)
    return matrix(np.ones(len(training.titles)), training.profiles, training.titles, shape)
