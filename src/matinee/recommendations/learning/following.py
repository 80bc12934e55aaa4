"""What is watched next: pairs of titles that come one after the other in people's histories."""

import numpy as np

from matinee.recommendations.learning.arrays import Matrix, empty, matrix
from matinee.recommendations.learning.interactions import Interactions
from matinee.recommendations.learning.tables import pruned

WINDOW = 10
"""Pairs are so many positive signals apart at most; they count 1 / sqrt(distance)."""

FOLLOWING = 50
FROM_POWER, TO_POWER = 1.0, 0.3
SHRINKAGE = 3


def learn_following(interactions: Interactions) -> Matrix:
    """What follows each title, the strongest 50; titles x titles, weights above 0.

    A pair's sum is divided by how often both were watched (plus 3), what comes first fully, what
    comes next by the power .3: what everybody watches is still likely to come next.
    """
    history = interactions.positives
    count = interactions.title_count
    pairs = empty(count, count)
    for distance in range(1, min(WINDOW, len(history.titles) - 1) + 1):
        same = history.profiles[distance:] == history.profiles[:-distance]
        first, second = history.titles[:-distance][same], history.titles[distance:][same]
        values = np.full(len(first), 1 / np.sqrt(distance), np.float32)
        pairs = pairs + matrix(values, first, second, (count, count))
    found = pairs.tocoo()
    watched = interactions.popularity + SHRINKAGE
    weights = found.data / (watched[found.row] ** FROM_POWER * watched[found.col] ** TO_POWER)
    weights[found.row == found.col] = 0
    return pruned(matrix(weights, found.row, found.col, (count, count)), FOLLOWING)
