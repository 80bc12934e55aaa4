"""How good ranked lists are: NDCG, recall, reciprocal rank, coverage, concentration."""

import numpy as np
from numpy.typing import NDArray

from matinee.recommendations.learning.arrays import Flags, Floats, Matrix, Places

AT = 10
RECALLED_AT = 20
LONGEST = 100

Lists = Places


def best(scores: Floats, seen: Matrix, length: int = LONGEST) -> Lists:
    """The titles with the highest scores that a profile has not seen, best first.

    `scores` and `seen` are profiles x titles; all titles are ranked, none is sampled.
    """
    unseen = np.where(seen.toarray() > 0, -np.inf, scores)
    length = min(length, unseen.shape[1])
    places = np.argpartition(-unseen, length - 1, axis=1)[:, :length]
    values = np.take_along_axis(unseen, places, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(places, order, axis=1)


def hits(lists: Lists, relevant: Matrix) -> Flags:
    """Where the lists hold what is relevant."""
    found = np.zeros(lists.shape, bool)
    for row, titles in enumerate(lists):
        own = relevant.indices[relevant.indptr[row] : relevant.indptr[row + 1]]
        found[row] = np.isin(titles, own)
    return found


def ndcg(found: Flags, relevant: Matrix, at: int = AT) -> NDArray[np.float64]:
    """Normalised discounted cumulative gain of each list."""
    discounts = 1 / np.log2(np.arange(2, at + 2))
    ideal = np.cumsum(discounts)[np.clip(np.diff(relevant.indptr), 1, at) - 1]
    found = found[:, :at]
    gained: NDArray[np.float64] = found @ discounts[: found.shape[1]] / ideal
    return gained


def recall(found: Flags, relevant: Matrix, at: int = RECALLED_AT) -> NDArray[np.float64]:
    """Share of what is relevant (at most `at` titles of it) in the first places of each list."""
    most = np.clip(np.diff(relevant.indptr), 1, at)
    shares: NDArray[np.float64] = found[:, :at].sum(axis=1) / most
    return shares


def reciprocal_rank(found: Flags) -> NDArray[np.float64]:
    """1 / place of the first hit of each list, 0 without one."""
    first = found.argmax(axis=1)
    return np.where(found.any(axis=1), 1 / (first + 1), 0.0)


def most_frequent_share(lists: Lists, at: int = AT) -> float:
    """In which share of the lists the title stands that stands in most of them."""
    if not len(lists):
        return 0.0
    return float(np.bincount(lists[:, :at].ravel()).max()) / len(lists)
