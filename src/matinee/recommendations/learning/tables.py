"""Tables of neighbours while they are made: sparse matrices whose rows are seeds."""

from collections.abc import Iterator

import numpy as np

from matinee.recommendations.learning.arrays import Floats, Matrix, matrix

BLOCK_BYTES = 64 * 1_048_576
"""Dense work is done in blocks of rows of about this size."""


GROUP = 16
"""Values of a row of which the largest is looked at first."""


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """Ranges of rows whose dense block of float32 has a bounded size."""
    height = max(1, BLOCK_BYTES // (4 * max(columns, 1)))
    for start in range(0, rows, height):
        yield slice(start, min(start + height, rows))


def strongest(block: Floats, keep: int, *, signed: bool = False) -> Matrix:
    """The `keep` largest values of each row, by magnitude when `signed`, else positive ones."""
    by = np.abs(block) if signed else block
    least = np.maximum(_reached_by(by, keep), np.finfo(np.float32).tiny)
    rows, places = np.nonzero(by >= least[:, None])
    found = matrix(block[rows, places], rows, places, block.shape)
    return pruned(found, keep, signed=signed)


def _reached_by(values: Floats, keep: int) -> Floats:
    """What at least `keep` values of each row reach, and hardly more of them.

    Where the largest values of so many groups reach it, so many values do: finding the `keep`-th
    of the largest of 16 each takes far less time than finding it of all.
    """
    width = values.shape[1] // GROUP
    if width > keep:
        groups = values[:, : width * GROUP].reshape(len(values), GROUP, width)
        values = groups.max(axis=1)
    place = max(values.shape[1] - keep, 0)
    least: Floats = np.partition(values, place, axis=1)[:, place]
    return least


def pruned(table: Matrix, keep: int, *, signed: bool = False) -> Matrix:
    """The same for a sparse matrix."""
    found = table.tocoo()
    by = np.abs(found.data) if signed else found.data
    order = np.lexsort((found.col, -by, found.row))
    starts = np.searchsorted(found.row[order], np.arange(table.shape[0]))
    ranks = np.arange(len(order)) - starts[found.row[order]]
    kept = order[(ranks < keep) & (by[order] > 0)]
    return matrix(found.data[kept], found.row[kept], found.col[kept], table.shape)


def tenth_largest(block: Floats) -> Floats:
    """The tenth largest value of each row, 0 where fewer are above 0."""
    found = strongest(block, 10)
    full = np.diff(found.indptr) == 10
    values = np.zeros(len(block), np.float32)
    values[full] = found[full].data.reshape(-1, 10).min(axis=1)
    return values
