"""Co-occurrence of products: item-to-item counts that are updated with new interactions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf._support.files import write_arrays
from snapshelf.errors import ShelfVersionError

Together: TypeAlias = tuple[Sequence[str], Sequence[str]]
"""Known and new product ids of a shopper or basket."""

MAX_PRODUCTS = 500
"""Different products of a shopper that count; more come from robots, and pairs grow with the square."""

_FORMAT = 1


class CoOccurrence:
    """Pairs of products of the same shopper, or of the same basket, in whatever order.

    Each shopper counts once for a pair. An `update` needs only the shoppers with new products.
    """

    def __init__(self) -> None:
        self._index: dict[str, int] = {}
        self._pairs = sparse.csr_array((0, 0), dtype=np.float32)
        self._sums = np.zeros(0, np.float32)

    @property
    def ids(self) -> tuple[str, ...]:
        """Products that were seen, in the order of the rows."""
        return tuple(self._index)

    @property
    def counts(self) -> NDArray[np.float32]:
        """How many shoppers had each product, float32 (n,)."""
        return self._sums

    def update(self, histories: Iterable[Together]) -> None:
        """Add new products.

        Parameters
        ----------
        histories : iterable of (sequence of str, sequence of str)
            For each shopper the known products and the new ones; a product in both is not new.
        """
        before, new = self._matrices(histories)
        size = len(self._index)
        pairs = sparse.csr_array(new.T @ new)
        crossed = sparse.csr_array(new.T @ before)
        self._pairs.resize((size, size))
        self._pairs = sparse.csr_array(self._pairs + pairs + crossed + crossed.T)
        self._pairs.setdiag(0)
        self._pairs.eliminate_zeros()
        old = np.pad(self._sums, (0, size - len(self._sums)))
        self._sums = (old + new.sum(axis=0)).astype(np.float32)

    def _matrices(self, histories: Iterable[Together]) -> tuple[sparse.csr_array, sparse.csr_array]:
        known: list[list[int]] = []
        fresh: list[list[int]] = []
        for before, new in histories:
            had = dict.fromkeys(reversed(before))
            # The latest come first: of a shopper with very many products they are kept.
            added = [name for name in dict.fromkeys(reversed(new)) if name not in had][:MAX_PRODUCTS]
            kept = list(had)[: MAX_PRODUCTS - len(added)]
            fresh.append([self._index.setdefault(name, len(self._index)) for name in added])
            known.append([self._index.setdefault(name, len(self._index)) for name in kept])
        return self._indicators(known), self._indicators(fresh)

    def _indicators(self, rows: list[list[int]]) -> sparse.csr_array:
        starts = np.cumsum([0, *map(len, rows)])
        columns = np.fromiter((column for row in rows for column in row), dtype=np.int32, count=starts[-1])
        ones = np.ones(len(columns), np.float32)
        return sparse.csr_array((ones, columns, starts), shape=(len(rows), len(self._index)))

    def neighbours(self, ids: Sequence[str], *, k: int = 50, shrinkage: float = 20.0) -> sparse.csr_array:
        """Return the nearest neighbours of products by shrunk cosine.

        similarity(i, j) = pairs(i, j) / (√(count(i) · count(j)) + shrinkage): cosine of the two products'
        shoppers, pulled to 0 where little is known (Sarwar et al., "Item-based collaborative filtering
        recommendation algorithms", WWW 2001; shrinkage as in Bell & Koren, ICDM 2007).

        Parameters
        ----------
        ids : sequence of str
            The products that number rows and columns of the answer; unseen ones have no neighbours.
        k : int
            Neighbours kept for each product, ≥ 1.
        shrinkage : float
            In shoppers, ≥ 0.

        Returns
        -------
        sparse array
            CSR, float32 (len(ids), len(ids)), rows sorted by column.
        """
        size = len(ids)
        place = np.full(len(self._index), -1, np.int64)
        for row, name in enumerate(ids):
            if (column := self._index.get(name)) is not None:
                place[column] = row
        pairs = self._pairs.tocoo()
        near = pairs.data / (np.sqrt(self._sums[pairs.row] * self._sums[pairs.col]) + np.float32(shrinkage))
        rows, columns = place[pairs.row], place[pairs.col]
        requested = (rows >= 0) & (columns >= 0)
        rows, columns, near = rows[requested], columns[requested], near[requested]
        # Sorted by row and falling similarity, the place within the row is the rank.
        order = np.lexsort((columns, -near, rows))
        rows, columns, near = rows[order], columns[order], near[order]
        starts = np.searchsorted(rows, np.arange(size))
        best = np.arange(len(rows)) - starts[rows] < k
        kept = sparse.coo_array((near[best], (rows[best], columns[best])), shape=(size, size))
        neighbours = sparse.csr_array(kept, dtype=np.float32)
        neighbours.sort_indices()
        return neighbours

    def save(self, path: Path) -> None:
        """Write the counts to a file (``.npz``)."""
        arrays = {
            "format": np.array(_FORMAT),
            "ids": np.frombuffer(json.dumps(list(self._index)).encode(), np.uint8),
            "sums": self._sums,
            **{part: getattr(self._pairs, part) for part in ("data", "indices", "indptr")},
        }
        write_arrays(path, arrays, compressed=True)

    @classmethod
    def load(cls, path: Path) -> CoOccurrence:
        """Read what `save` wrote.

        Raises
        ------
        ShelfVersionError
            It was written by a newer Snapshelf.
        """
        with np.load(path, allow_pickle=False) as file:
            if int(file["format"]) > _FORMAT:
                raise ShelfVersionError(f"{path}: written by a newer Snapshelf; update Snapshelf")
            loaded = cls()
            loaded._index = {name: row for row, name in enumerate(json.loads(file["ids"].tobytes()))}
            size = len(loaded._index)
            loaded._pairs = sparse.csr_array(
                (file["data"], file["indices"], file["indptr"]), shape=(size, size)
            )
            loaded._sums = file["sums"]
        return loaded
