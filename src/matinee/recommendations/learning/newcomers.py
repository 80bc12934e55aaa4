"""Neighbours of titles that few have watched yet, foretold from what the titles are.

A ridge regression learns from the titles that are watched how vector, genres, year and people lead
to the weights of the table; it gives every new title a column (who leads to it) and a row (what it
leads to).
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from matinee.recommendations.learning.arrays import (
    Floats,
    Matrix,
    Places,
    diagonal,
    empty,
    matrix,
    stacked,
)
from matinee.recommendations.learning.tables import blocks, pruned, strongest

RIDGE = 10.0
FULL_TRUST_FROM = 30
"""Positive signals from which on a title teaches with full weight."""

FORETOLD_UNTIL = 5
"""Positive signals until which weights are foretold, less with every one: then it is known."""

FORETOLD_SHARE = 2 / 3
"""What is foretold counts so much of what is learned; with the boost of a new title the same."""

NEW_TITLE_BOOST = 1.5
NEW_TITLE_DAYS, NEW_TITLE_SIGNALS = 30, 20

SEEDS_OF_A_NEWCOMER = 200
NEWCOMERS_OF_A_SEED = 50

LEAST_WATCHED = 5
STRONGEST = 20


@dataclass(frozen=True)
class Foretold:
    """Weights towards newcomers (seeds x titles) and from them (the same shape)."""

    towards: Matrix
    onwards: Matrix

    @property
    def together(self) -> Matrix:
        """Both in one table."""
        return (self.towards + self.onwards).tocsr()


def newness(popularity: Places, until: int) -> Floats:
    """1 for titles that nobody has watched, falling to 0 at so many positive signals."""
    left = 1 - popularity.astype(np.float32) / until
    return np.maximum(left, 0).astype(np.float32)


def boosted(table: Matrix, popularity: Places, ages: Floats) -> Matrix:
    """The table with larger weights towards titles that are new: 1.5 times at first.

    The boost is gone after 30 days (`ages`) or 20 positive signals.
    """
    young = np.clip(1 - ages / NEW_TITLE_DAYS, 0, 1) * newness(popularity, NEW_TITLE_SIGNALS)
    factors = (1 + (NEW_TITLE_BOOST - 1) * young).astype(np.float32)
    found = table.tocsr(copy=True)
    found.data = np.where(found.data > 0, found.data * factors[found.indices], found.data)
    return found


def foretell(
    table: Matrix,
    features: Floats,
    popularity: Places,
    newcomers: Places,
) -> Foretold:
    """Weights between newcomers and the titles that are watched.

    `table` (titles x titles) was learned, `features` has a row per title. Weights are as strong as
    those of titles that are hardly watched, less for newcomers about which something is known.
    """
    count = len(popularity)
    [taught_by] = np.nonzero(popularity)
    if not len(taught_by) or not len(newcomers):
        return Foretold(empty(count, count), empty(count, count))
    trust = np.sqrt(np.minimum(popularity[taught_by], FULL_TRUST_FROM) / FULL_TRUST_FROM)
    described = features[taught_by] * trust[:, None].astype(np.float32)
    system = cho_factor(
        described.T @ described + RIDGE * np.eye(described.shape[1], dtype=np.float32)
    )
    described *= trust[:, None].astype(np.float32)
    taught = table[taught_by][:, taught_by].tocsr()
    asked = features[newcomers]
    towards = _predicted(asked, cho_solve(system, (taught @ described).T))
    scale = _usual_strength(table.T.tocsr()[_hardly_watched(popularity)]) / _usual_strength(towards)
    towards = diagonal(_trust_in(popularity[newcomers]) * np.float32(scale)) @ towards
    onwards = _predicted(asked, cho_solve(system, (taught.T @ described).T)) * scale
    return Foretold(
        _thinned(_placed(towards.tocsr(), newcomers, taught_by, count).T.tocsr()),
        _placed(onwards, newcomers, taught_by, count),
    )


def _trust_in(popularity: Places) -> Floats:
    return np.float32(FORETOLD_SHARE) * newness(popularity, FORETOLD_UNTIL)


def _predicted(asked: Floats, coefficients: Floats) -> Matrix:
    """The strongest weights of each newcomer; newcomers x titles that are watched."""
    rows, columns = len(asked), coefficients.shape[1]
    parts = [
        strongest(asked[place] @ coefficients, SEEDS_OF_A_NEWCOMER, signed=True)
        for place in blocks(rows, columns)
    ]
    return stacked(parts, columns)


def _hardly_watched(popularity: Places) -> Places:
    """Titles that are about as known as a newcomer will be, or all where there are none."""
    few = (popularity >= LEAST_WATCHED) & (popularity <= NEW_TITLE_SIGNALS)
    return np.flatnonzero(few if few.any() else popularity > 0)


def _usual_strength(weights: Matrix) -> float:
    """The mean magnitude of the 20 strongest weights of a row."""
    found = [
        np.sort(np.abs(weights.data[start:stop]))[-STRONGEST:].sum()
        for start, stop in zip(weights.indptr, weights.indptr[1:], strict=False)
    ]
    return max(float(np.sum(found)) / (STRONGEST * max(len(found), 1)), 1e-9)


def _placed(weights: Matrix, rows: Places, columns: Places, count: int) -> Matrix:
    """The same weights in a table of all titles."""
    found = weights.tocoo()
    return matrix(found.data, rows[found.row], columns[found.col], (count, count))


def _thinned(columns: Matrix) -> Matrix:
    """At most `NEWCOMERS_OF_A_SEED` in each row, the strongest ones, so that rows stay short."""
    return pruned(columns, NEWCOMERS_OF_A_SEED, signed=True)
