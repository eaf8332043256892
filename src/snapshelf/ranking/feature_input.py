"""What features are computed from: the candidates, the statistics, the history, and values that several share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from snapshelf.ranking.history import InteractionHistory
from snapshelf.ranking.items import UNKNOWN, Items
from snapshelf.ranking.ranker import CandidateTable
from snapshelf.ranking.sparse_rows import cosines, submatrix
from snapshelf.ranking.statistics import Floats, ItemStatistics

_LATEST, _SESSION = 1.0, 8.0
"""Half-lives of the weight of past interactions, in interactions: the latest product, and this session."""
_HEAD = 20
"""Best candidates, which say what a query is about."""


@dataclass(frozen=True)
class FeatureInput:
    """One search: n candidates, and the m products of the history that the shopper liked.

    Every property is computed once, when the first feature needs it. Those under "history" need a history with at
    least one liked product, and a candidate.

    Parameters
    ----------
    statistics : ItemStatistics
    table : CandidateTable
        Every candidate must be among the items of the statistics.
    history : InteractionHistory
    now : float or None
        Unix seconds of the request; None where time is unknown.
    """

    statistics: ItemStatistics
    table: CandidateTable
    history: InteractionHistory
    now: float | None

    @property
    def items(self) -> Items:
        """The items of the statistics."""
        return self.statistics.items

    @cached_property
    def rows(self) -> NDArray[np.intp]:
        """Rows of the candidates, intp (n,)."""
        return self.items.rows(self.table.ids)

    @cached_property
    def relevance(self) -> Floats:
        """Relevance of the candidates, float32 (n,)."""
        return np.asarray(self.table.relevance, np.float32)

    @cached_property
    def best(self) -> float:
        """The largest relevance; 0 without candidates."""
        return float(self.relevance.max()) if len(self.rows) else 0.0

    @cached_property
    def spread(self) -> float:
        """Standard deviation of the relevance; 0 without candidates."""
        return float(self.relevance.std()) if len(self.rows) else 0.0

    @cached_property
    def head(self) -> NDArray[np.intp]:
        """Places of the 20 most relevant candidates, best first."""
        return np.argsort(-self.relevance, kind="stable")[:_HEAD]

    @cached_property
    def popularity(self) -> Floats:
        """Popularity of the candidates, float32 (n,)."""
        return self.statistics.popularity[self.rows]

    @cached_property
    def log_price(self) -> Floats:
        """Logarithm of the candidates' prices, float32 (n,), NaN where unknown."""
        return self.items.log_price[self.rows]

    @cached_property
    def head_shares(self) -> Mapping[str, Floats]:
        """Share of the head in the category, and in the parent category, of each candidate."""
        weights = np.ones(len(self.head), np.float32)
        return self._shares(("category", "parent_category"), self.rows[self.head], weights)

    # ---- history ----

    @cached_property
    def is_liked(self) -> NDArray[np.bool_]:
        """Whether each interaction of the history is positive; a skip, a removal or a return is not."""
        return np.asarray(self.history.weights > 0)

    @property
    def has_liked(self) -> bool:
        """Whether the properties below are defined."""
        return bool(self.is_liked.any()) and len(self.rows) > 0

    @cached_property
    def liked(self) -> NDArray[np.intp]:
        """Rows of the liked products, intp (m,), the oldest first."""
        return self.history.rows[self.is_liked]

    @cached_property
    def liked_weights(self) -> Floats:
        """Weights of their interactions, float32 (m,)."""
        return self.history.weights[self.is_liked]

    @cached_property
    def liked_times(self) -> NDArray[np.float64]:
        """Times of their interactions, float64 (m,): Unix seconds, NaN where unknown."""
        return self.history.times[self.is_liked]

    @cached_property
    def fading(self) -> Floats:
        """Weights of the liked products that fade with the interactions since, float32 (2, m): latest, session."""
        ages = np.arange(len(self.liked))[::-1]
        return np.stack(
            [self.liked_weights * (0.5 ** (ages / half)).astype(np.float32) for half in (_LATEST, _SESSION)]
        )

    @property
    def session(self) -> Floats:
        """Weights of the liked products in this session, float32 (m,)."""
        session: Floats = self.fading[1]
        return session

    @cached_property
    def session_mass(self) -> np.float32:
        """Sum of the session's weights."""
        return np.float32(self.session.sum())

    @cached_property
    def together(self) -> Floats:
        """Co-occurrence of liked products and candidates, float32 (m, n)."""
        return submatrix(self.statistics.together, self.liked, self.rows)

    @cached_property
    def together_sums(self) -> Floats:
        """Faded sums of `together`, float32 (2, n): latest, session."""
        return self.fading @ self.together

    @cached_property
    def baskets(self) -> Floats:
        """Co-occurrence in baskets of liked products and candidates, float32 (m, n)."""
        return submatrix(self.statistics.baskets, self.liked, self.rows)

    @cached_property
    def brand_together(self) -> Floats:
        """Faded co-occurrence of the candidates' brands with the liked brands, float32 (n,)."""
        brands, places = np.unique(self.items.brand[self.rows], return_inverse=True)
        sums: Floats = self.session @ submatrix(self.statistics.brands, self.items.brand[self.liked], brands)
        return sums[places]

    @cached_property
    def _text(self) -> tuple[Floats, float]:
        return cosines(self.items.words, self.liked, self.rows, self.session)

    @property
    def text(self) -> Floats:
        """Cosines of the texts of liked products and candidates, float32 (m, n)."""
        return self._text[0]

    @property
    def text_length(self) -> float:
        """Length of the sum of the liked products' texts, weighted by the session."""
        return self._text[1]

    @cached_property
    def text_sums(self) -> Floats:
        """Faded sums of `text`, float32 (2, n): latest, session."""
        return self.fading @ self.text

    @cached_property
    def taste(self) -> Floats | None:
        """Cosines in the taste space of liked products and candidates, float32 (m, n)."""
        taste = self.statistics.taste
        return None if taste is None else taste[self.liked] @ taste[self.rows].T

    @cached_property
    def candidate_photos(self) -> Floats | None:
        """Vectors of the candidates' photos, float32 (n, d)."""
        photos = self.items.photos
        return None if photos is None else photos[self.rows].astype(np.float32)

    @cached_property
    def liked_photos(self) -> Floats | None:
        """Vectors of the liked products' photos, float32 (m, d)."""
        photos = self.items.photos
        return None if photos is None else photos[self.liked].astype(np.float32)

    @cached_property
    def photo(self) -> Floats | None:
        """Cosines of the photos of liked products and candidates, float32 (m, n)."""
        if self.liked_photos is None or self.candidate_photos is None:
            return None
        return self.liked_photos @ self.candidate_photos.T

    @cached_property
    def photo_sums(self) -> Floats | None:
        """Faded sums of `photo`, float32 (2, n): latest, session."""
        return None if self.photo is None else self.fading @ self.photo

    @cached_property
    def affinities(self) -> Mapping[str, Floats]:
        """Share of the session's weight that has the value of each candidate, by column of the items."""
        return self._shares(("category", "parent_category", "brand", "colour"), self.liked, self.session)

    @cached_property
    def is_repeat(self) -> NDArray[np.bool_]:
        """Whether a candidate is a liked product, (n, m)."""
        return np.asarray(self.liked[None, :] == self.rows[:, None])

    def _shares(self, names: Sequence[str], rows: NDArray[np.intp], weights: Floats) -> Mapping[str, Floats]:
        """Share of the weight of `rows` that has the code of each candidate, float32 (n,); NaN for no code."""
        columns = [getattr(self.items, name) for name in names]
        own = np.stack([codes[self.rows] for codes in columns])
        others = np.stack([codes[rows] for codes in columns])
        same = (own[:, :, None] == others[:, None, :]).astype(np.float32)
        # Kernels of some BLAS builds raise the flag of invalid values for lanes that they do not use.
        with np.errstate(invalid="ignore"):
            known = same @ (weights / weights.sum())
        shares = np.where(own == UNKNOWN, np.float32(np.nan), known)
        return dict(zip(names, shares, strict=True))
