"""What the shop has: which of its facts hold the concepts that words name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.language import Lexicon
from snapshelf.query._filter_fields import Fields

VectorsOf: TypeAlias = Callable[[Sequence[str]], Mapping[str, NDArray[np.float32]]]
"""Ids → unit photo vectors float32 (m, d) of each product that there is."""


class Knowledge:
    """What understanding a query needs to know of a shop; made anew when the catalogue has changed.

    Parameters
    ----------
    fields : Fields
        The products' facts, for example a store. Asked when the first query comes, and only once.
    vectors_of : callable or None
        Photo vectors of products by id; without it no product can be liked or disliked.
    lexicon : Lexicon or None
        The shop's; by default the bundled one.
    """

    def __init__(
        self, fields: Fields, *, vectors_of: VectorsOf | None = None, lexicon: Lexicon | None = None
    ) -> None:
        self._fields = fields
        self._vectors_of = vectors_of
        self.lexicon = lexicon or Lexicon.bundled()

    def vectors(self, ids: Sequence[str]) -> Mapping[str, NDArray[np.float32]]:
        """Look up the photo vectors of products, float32 (m, d) each; products that are not there are left out."""
        return self._vectors_of(ids) if self._vectors_of is not None and ids else {}
