"""The arrays and sparse matrices that learning works with."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Ints: TypeAlias = NDArray[np.int32]
Places: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float32]
Flags: TypeAlias = NDArray[np.bool_]
Matrix: TypeAlias = Any
"""A `scipy.sparse.csr_matrix` of float32."""


def matrix(
    values: NDArray[Any], rows: NDArray[Any], columns: NDArray[Any], shape: tuple[int, int]
) -> Matrix:
    """A sparse matrix with these values, 0 elsewhere; values at the same place are summed up."""
    made: Any = sparse.csr_matrix
    return made((values, (rows, columns)), shape=shape, dtype=np.float32)


def empty(rows: int, columns: int) -> Matrix:
    """A sparse matrix of zeros."""
    made: Any = sparse.csr_matrix
    return made((rows, columns), dtype=np.float32)


def stacked(parts: list[Matrix], columns: int) -> Matrix:
    """Matrices one below the other."""
    below: Any = sparse.vstack
    return below(parts, format="csr") if parts else empty(0, columns)


def diagonal(values: NDArray[Any]) -> Matrix:
    """Multiplies rows (from the left) or columns (from the right) by values."""
    made: Any = sparse.diags
    return made(values)
