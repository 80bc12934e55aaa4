"""Scores of all titles for many profiles at once, by the formula of `blend`: for measuring."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matinee.recommendations.blend import (
    CONTENT_SEEDS,
    CONTENT_SHARE,
    NEXT_RANKS_TO_HALF,
    NEXT_SHARE,
    trend_share,
)
from matinee.recommendations.learning.arrays import Floats, Places
from matinee.recommendations.learning.interactions import Interactions
from matinee.recommendations.learning.model import Model

DAY = 86_400.0


@dataclass(frozen=True)
class Parts:
    """The parts of scores, each divided by its largest value; profiles x titles.

    `shares` is what the trend counts for, one number per profile.
    """

    together: Floats
    following: Floats
    content: Floats
    trend: Floats
    shares: Floats

    def blended(self) -> Floats:
        """The scores by which the product ranks."""
        found: Floats = self.together + NEXT_SHARE * self.following + CONTENT_SHARE * self.content
        found += self.shares[:, None] * self.trend
        return found


def parts_of(model: Model, history: Interactions, profiles: Places, trend: Floats) -> Parts:
    """What the model says about these profiles; `trend` holds decayed plays for each of them."""
    following = history.recent(ranks_to_half=NEXT_RANKS_TO_HALF)[profiles] @ model.following
    positives = np.diff(history.liked[profiles].indptr)
    return Parts(
        together=of_largest((history.seeds()[profiles] @ model.together).toarray()),
        following=of_largest(following.toarray()),
        content=of_largest(_nearest(model, history, profiles)),
        trend=of_largest(np.log1p(trend)),
        shares=np.array([trend_share(int(k)) for k in positives], np.float32),
    )


def of_largest(scores: Floats) -> Floats:
    """Each row divided by its largest value, where that is above 0."""
    largest = scores.max(axis=1, initial=0, keepdims=True)
    shares: Floats = np.divide(scores, largest, out=np.zeros_like(scores), where=largest > 0)
    return shares


def _nearest(model: Model, history: Interactions, profiles: Places) -> Floats:
    """How near each title is to the nearest of the newest positive signals."""
    seeds = history.recent(most=CONTENT_SEEDS)[profiles].tocsr()
    found = np.zeros((len(profiles), seeds.shape[1]), np.float32)
    for row in range(len(profiles)):
        titles = seeds.indices[seeds.indptr[row] : seeds.indptr[row + 1]]
        near = model.content[titles]
        np.maximum.at(found[row], near.indices, near.data)
    return found


def trend_at(events: Interactions, moments: NDArray[np.float64], half_life_days: float) -> Floats:
    """Plays of each title before each moment (seconds), halved by age; moments x titles."""
    order = np.argsort(events.at, kind="stable")
    at, titles = events.at[order], events.titles[order]
    rate = np.log(2) / (half_life_days * DAY)
    found = np.zeros((len(moments), events.title_count), np.float32)
    sums = np.zeros(events.title_count)
    counted, last = 0, at[0] if len(at) else 0.0
    for row in np.argsort(moments, kind="stable"):
        until = int(np.searchsorted(at, moments[row], "left"))
        sums *= np.exp(-rate * max(moments[row] - last, 0))
        ages = moments[row] - at[counted:until]
        np.add.at(sums, titles[counted:until], np.exp(-rate * ages))
        counted, last = max(counted, until), moments[row]
        found[row] = sums
    return found
