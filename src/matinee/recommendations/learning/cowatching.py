"""Which titles are liked by the same people: EASE and RP3beta in one signed table.

EASE: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data" (WWW 2019). RP3beta: Paudel et
al., "Updatable, Accurate, Diverse, and Scalable Recommendations for Interactive Applications" (TiiS
2017). Either alone is beaten by the sum of both, each divided by its usual strength.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import lapack

from matinee.recommendations.learning.arrays import (
    Floats,
    Ints,
    Matrix,
    diagonal,
    empty,
    matrix,
    stacked,
)
from matinee.recommendations.learning.tables import blocks, strongest, tenth_largest

MOST_EASE_TITLES = 20_000
"""The inverse of a matrix of so many titles is 1.6 GB and takes minutes: cubic, and no more."""

RIDGE, RIDGE_OF_FEW = 300.0, 100.0
FEW_PROFILES = 500
ALPHA, BETA = 0.8, 0.5
TOGETHER = 200
"""Neighbours that are kept, by the magnitude of their weights: negative ones speak against."""

SAMPLED_ROWS = 2000


class Singular(ArithmeticError):
    """The matrix of co-occurrences cannot be inverted."""


@dataclass(frozen=True)
class Ease:
    """The inverse of the regularised Gram matrix of some titles; rows of weights on demand.

    `inverse` holds the upper triangle in its [row, column] order, memory that is its own only.
    """

    titles: Ints
    inverse: Floats

    def rows(self, place: slice) -> Floats:
        """Weights of a range of seeds towards all titles of this model, 0 towards themselves."""
        block = np.empty((place.stop - place.start, len(self.titles)), np.float32)
        block[:, place.start :] = self.inverse[place, place.start :]
        block[:, : place.start] = self.inverse[: place.start, place].T
        corner = block[:, place.start : place.stop]
        upper = np.triu(corner)
        corner[:] = upper + np.triu(upper, 1).T
        block /= -self._diagonal
        np.fill_diagonal(block[:, place.start :], 0)
        return block

    @cached_property
    def _diagonal(self) -> Floats:
        return np.ascontiguousarray(np.diagonal(self.inverse))


def learn_ease(liked: Matrix, titles: Ints, ridge: float) -> Ease:
    """EASE over some titles of `liked` (profiles x titles), in 4 n^2 bytes of memory.

    Raises:
        Singular: the weights cannot be computed.
    """
    chosen = liked[:, titles].astype(np.float32)
    by_title = chosen.T.tocsr()
    count = len(titles)
    gram = np.empty((count, count), np.float32)
    for place in blocks(count, count):
        gram[place] = (by_title[place] @ chosen).toarray()
    gram[np.diag_indices(count)] += ridge
    # LAPACK works in place where a matrix is in columns' order; a symmetric one is in both
    factor, failed = lapack.spotrf(gram.T, lower=1, overwrite_a=1, clean=0)
    if failed:
        raise Singular(f"spotrf: {failed}")
    inverse, failed = lapack.spotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise Singular(f"spotri: {failed}")
    return Ease(titles, inverse.T)


class Rp3Beta:
    """Random walks of three steps, from a title to people who like it and to what else they like.

    Walks to what is popular count less, by the power BETA of its popularity.
    """

    def __init__(self, liked: Matrix) -> None:
        people = np.asarray(liked.sum(axis=1)).ravel()
        titles = np.asarray(liked.sum(axis=0)).ravel()
        to_titles = diagonal(1 / np.maximum(people, 1)) @ liked
        to_people = diagonal(1 / np.maximum(titles, 1)) @ liked.T
        self._to_people = to_people.tocsr().power(ALPHA).astype(np.float32)
        damped = diagonal(1 / np.maximum(titles, 1) ** BETA)
        self._to_titles = (to_titles.tocsr().power(ALPHA) @ damped).tocsr().astype(np.float32)

    def rows(self, place: slice) -> Floats:
        """Weights of a range of seeds towards all titles, 0 towards themselves."""
        block: Floats = (self._to_people[place] @ self._to_titles).toarray()
        height = len(block)
        block[np.arange(height), place.start + np.arange(height)] = 0
        return block


def learn_together(liked: Matrix, *, most_ease_titles: int = MOST_EASE_TITLES) -> Matrix:
    """`EASE / m + RP3beta / m`, the strongest 200 of each seed; titles x titles.

    m is the median, over titles, of the tenth largest weight. Titles beyond the most watched
    `most_ease_titles` are compared by RP3beta only.
    """
    profiles, count = liked.shape
    popularity = np.asarray(liked.sum(axis=0)).ravel()
    [watched] = np.nonzero(popularity)
    if not len(watched):
        return empty(count, count)
    # those of EASE come first, so that a range of rows is one of both
    order = watched[np.argsort(-popularity[watched], kind="stable")]
    ordered = liked[:, order].tocsr()
    known = min(len(order), most_ease_titles)
    ease = learn_ease(
        ordered,
        np.arange(known, dtype=np.int32),
        RIDGE if profiles >= FEW_PROFILES else RIDGE_OF_FEW,
    )
    found = _added(ease, Rp3Beta(ordered), known, len(order))
    places = np.arange(len(order))
    back = matrix(np.ones(len(order)), places, order, (len(order), count))
    return (back.T @ found @ back).tocsr()


def _added(ease: Ease, walks: Rp3Beta, known: int, count: int) -> Matrix:
    usual_ease, usual_walk = _usual(ease, known), _usual(walks, known)
    parts = []
    for place in _ranges(known, count):
        block = walks.rows(place) / usual_walk
        if place.stop <= known:
            block[:, :known] += ease.rows(place) / usual_ease
        parts.append(strongest(block, TOGETHER, signed=True))
    return stacked(parts, count)


def _ranges(known: int, count: int) -> list[slice]:
    """Blocks of rows, none of them on both sides of the last title that EASE knows."""
    beyond = [slice(known + b.start, known + b.stop) for b in blocks(count - known, count)]
    return [*blocks(known, count), *beyond]


def _usual(weights: Ease | Rp3Beta, count: int) -> float:
    """The median of titles' tenth largest weights, of a sample where titles are many."""
    height = min(100, count)
    starts = np.linspace(0, count - height, max(1, min(SAMPLED_ROWS, count) // height), dtype=int)
    found = [tenth_largest(weights.rows(slice(s, s + height))) for s in starts.tolist()]
    return max(float(np.median(np.concatenate(found))), 1e-9)
