"""Tables of neighbours while they are made: sparse matrices whose rows are seeds."""

from collections.abc import Iterator

import numpy as np

from matinee.recommendations.learning.arrays import Floats, Matrix, matrix

BLOCK_BYTES = 64 * 1_048_576
"""Dense work is done in blocks of rows of about this size."""


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """Ranges of rows whose dense block of float32 has a bounded size."""
    height = max(1, BLOCK_BYTES // (4 * max(columns, 1)))
    for start in range(0, rows, height):
        yield slice(start, min(start + height, rows))


def strongest(block: Floats, keep: int, *, signed: bool = False) -> Matrix:
    """The `keep` largest values of each row, by magnitude when `signed`, else positive ones."""
    columns = block.shape[1]
    place = max(columns - keep, 0)
    by = np.abs(block) if signed else block
    # values are partitioned by vector instructions, their places are not: a third of the time
    least = np.maximum(np.partition(by, place, axis=1)[:, place], np.finfo(np.float32).tiny)
    rows, places = np.nonzero(by >= least[:, None])
    found = matrix(block[rows, places], rows, places, block.shape)
    return pruned(found, keep, signed=signed)


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
    """The tenth largest value of each row (the smallest where there are fewer)."""
    place = max(block.shape[1] - 10, 0)
    values: Floats = np.partition(block, place, axis=1)[:, place]
    return values
