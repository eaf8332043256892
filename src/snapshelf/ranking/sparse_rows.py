"""Fast reads of a few rows of a large sparse matrix; SciPy's own indexing costs more than all features together."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf.ranking.items import UNKNOWN


def submatrix(matrix: sparse.csr_array, rows: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.float32]:
    """Return ``matrix[rows][:, columns]`` as a dense array, float32 (rows, columns)."""
    dense = np.zeros((len(rows), len(columns)), np.float32)
    lines, entry_columns, values = _entries(matrix, rows)
    places = _places(columns, entry_columns, matrix.shape[1])
    kept = np.flatnonzero(places != UNKNOWN)
    dense[lines[kept], places[kept]] = values[kept]
    return dense


def cosines(
    vectors: sparse.csr_array, rows: NDArray[np.intp], others: NDArray[np.intp], weights: NDArray[np.float32]
) -> tuple[NDArray[np.float32], float]:
    """Return the cosines of some unit rows with others, and the length of the weighted sum of the first.

    Parameters
    ----------
    vectors : sparse array
        CSR, float32, rows of length 1 or 0.
    rows, others : ndarray
        intp (m,) and (n,).
    weights : ndarray
        float32 (m,).

    Returns
    -------
    cosines : ndarray
        float32 (m, n).
    length : float
        Of ``weights @ vectors[rows]``.
    """
    lines, terms, values = _entries(vectors, rows)
    other_lines, other_terms, other_values = _entries(vectors, others)
    # A term is named by the place of its last entry in `rows`.
    own_places = _places(terms, terms, vectors.shape[1])
    places = _places(terms, other_terms, vectors.shape[1])
    other_kept = np.flatnonzero(places != UNKNOWN)
    # Columns are the terms that both sides have: the others add nothing to a product.
    shared = np.zeros(len(terms), bool)
    shared[places[other_kept]] = True
    column = np.cumsum(shared) - 1
    kept = np.flatnonzero(shared[own_places])
    left = np.zeros((len(rows), int(shared.sum())), np.float32)
    left[lines[kept], column[own_places[kept]]] = values[kept]
    right = np.zeros((left.shape[1], len(others)), np.float32)
    right[column[places[other_kept]], other_lines[other_kept]] = other_values[other_kept]
    whole = np.bincount(own_places, weights[lines] * values)
    return left @ right, float(np.linalg.norm(whole))


def _entries(
    matrix: sparse.csr_array, rows: NDArray[Any]
) -> tuple[NDArray[np.intp], NDArray[np.int32], NDArray[np.float32]]:
    """Return line (place in `rows`), column and value of all entries of some rows."""
    starts = matrix.indptr[rows]
    counts = matrix.indptr[rows + 1] - starts
    lines = np.repeat(np.arange(len(rows)), counts)
    entries = np.arange(len(lines)) + np.repeat(starts - np.cumsum(counts) + counts, counts)
    return lines, matrix.indices[entries], matrix.data[entries]


_scratch = threading.local()


def _places(values: NDArray[Any], queries: NDArray[Any], size: int) -> NDArray[np.int32]:
    """Return where each of `queries` is in `values`, all below `size`; `UNKNOWN` for those that are not in it.

    A table over all numbers answers each query in a single look-up, several times faster than a search. It is kept for
    the next call of the thread, so that a large shop costs no more than a small shop.
    """
    table: NDArray[np.int32] = getattr(_scratch, "table", np.zeros(0, np.int32))
    if len(table) < size:
        table = _scratch.table = np.full(size, UNKNOWN, np.int32)
    table[values] = np.arange(len(values), dtype=np.int32)
    places: NDArray[np.int32] = table[queries]
    table[values] = UNKNOWN
    return places
