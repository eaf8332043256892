"""Groups of rows, such as variants of a product, and how facets and histograms count them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Rows: TypeAlias = "NDArray[np.int64]"
_Number = TypeVar("_Number", np.int64, np.float64)


class Groups:
    """Groups as int64 (rows,) codes, the same within a group."""

    def __init__(self, codes: NDArray[np.int64], alive: Rows) -> None:
        self.codes = codes
        sizes = np.bincount(codes[alive], minlength=int(codes.max(initial=0)) + 1)
        self.shared = sizes[codes] > 1
        """Whether the group of a row has other rows too: only those can be counted twice."""
        self.is_trivial = not self.shared.any()

    def sizes(self, rows: Rows, members: Rows) -> NDArray[np.int64]:
        """Count the members in the group of each row, int64 (n,)."""
        codes = self.codes[rows]
        wanted = different_numbers(codes)
        is_wanted = np.zeros(int(self.codes.max(initial=0)) + 1, np.bool_)
        is_wanted[wanted] = True
        of_members = self.codes[members]
        places = np.searchsorted(wanted, of_members[is_wanted[of_members]])
        return np.bincount(places, minlength=len(wanted))[np.searchsorted(wanted, codes)]

    def among(self, rows: Rows) -> Members:
        """Sort rows by their groups."""
        if self.is_trivial:
            return Members.of(rows)
        is_shared = self.shared[rows]
        shared = rows[is_shared]
        _, numbers, sizes = np.unique(self.codes[shared], return_inverse=True, return_counts=True)
        # A narrow filter leaves a single row of most groups: it counts like a row without a group.
        is_several = sizes[numbers] > 1
        is_once = ~is_shared
        is_once[is_shared] = ~is_several
        return Members(rows[is_once], shared[is_several], numbers[is_several])


@dataclass(frozen=True, slots=True)
class Members:
    """Rows to count, or whose groups to count.

    Parameters
    ----------
    once : ndarray
        Rows that are alone in their group, int64 (n,).
    several : ndarray
        The other rows, int64 (m,).
    groups : ndarray
        Number of the group of each of `several`, int64 (m,).
    """

    once: Rows
    several: Rows
    groups: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Rows) -> Members:
        """Count each row by itself."""
        return cls(rows, rows[:0], rows[:0])

    @property
    def count(self) -> int:
        """Number of groups."""
        return len(self.once) + len(different_numbers(self.groups))

    def where(self, test: Callable[[Rows], NDArray[np.bool_]]) -> Members:
        """Return the members whose rows pass a test."""
        passed = test(self.several)
        return Members(self.once[test(self.once)], self.several[passed], self.groups[passed])

    def counts(
        self, once: NDArray[np.int64], several: NDArray[np.int64], whose: NDArray[np.int64], bins: int
    ) -> NDArray[np.int64]:
        """Count the groups in each bin.

        Parameters
        ----------
        once : ndarray
            Bins of rows alone in their group.
        several : ndarray
            Bins of the other rows, several for a row; a group counts once in each bin.
        whose : ndarray
            Index into `self.several` for each of `several`.
        bins : int
        """
        width = self.groups.max(initial=0) + 1
        distinct = different_numbers(several * width + self.groups[whose]) // width
        return np.bincount(once, minlength=bins) + np.bincount(distinct, minlength=bins)


def different_numbers(numbers: NDArray[_Number]) -> NDArray[_Number]:
    """Return the different numbers, ascending; `np.unique` hashes, which takes several times as long."""
    ascending = np.sort(numbers)
    is_new = np.append(True, ascending[1:] != ascending[:-1])[: len(ascending)]
    different: NDArray[_Number] = ascending[is_new]
    return different
