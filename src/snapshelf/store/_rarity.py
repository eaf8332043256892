"""How many records have a term, and what that makes of its weight."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray


class Rarity:
    """Document frequencies of terms, by the terms' indices; exact after every change."""

    def __init__(self) -> None:
        self._having: Counter[int] = Counter()

    def add(self, documents: Iterable[Iterable[int]]) -> None:
        """Count records with these different terms."""
        for terms in documents:
            self._having.update(terms)

    def remove(self, documents: Iterable[Iterable[int]]) -> None:
        """Count records no more."""
        for terms in documents:
            self._having.subtract(terms)

    def idf(self, term: int, total: int) -> float:
        """Inverse document frequency among `total` records; see `Store.matching` for the formula."""
        having = self._having[term]
        return math.log(1 + (total - having + 0.5) / (having + 0.5))

    def __contains__(self, term: int) -> bool:
        return self._having[term] > 0

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything, for a file."""
        counts = {term: count for term, count in self._having.items() if count}
        return {
            "terms": np.array(list(counts), np.uint32),
            "records_with": np.array(list(counts.values()), np.uint32),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Read what `arrays` gave."""
        rarity = cls()
        rarity._having.update(
            dict(zip(arrays["terms"].tolist(), arrays["records_with"].tolist(), strict=True))
        )
        return rarity
