"""What a shopper takes next: the items of like shoppers, and items with like words or photos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snapshelf.ranking import Floats, InteractionHistory, ItemStatistics


@dataclass(frozen=True)
class NextItem:
    """Item-kNN with a content term: blind to the order in which pairs came, awake to what was last.

    score(j) = Σ_i fade(i) · (near(i, j) + content · cosine of words(i, j) + photo · cosine of photos(i, j)) over
    the past items i, `fade` halving for each `half_life` events before the latest. The content term makes
    products reachable that nobody has taken yet. Weights were chosen on validation purchases (see the
    documentation of the benchmark).

    Parameters
    ----------
    half_life : float
        In events.
    content, photo : float
        Weight of the likeness of words and of photos beside the co-occurrence.
    """

    half_life: float = 1.0
    content: float = 0.15
    photo: float = 0.0

    def fade(self, past: InteractionHistory) -> Floats:
        """Weights of past items that the shopper liked, float32 (m,): their events', fading with the events since."""
        weights = past.weights[past.weights > 0]
        steps = np.arange(len(weights))[::-1]
        return np.asarray(weights * 0.5 ** (steps / self.half_life), dtype=np.float32)

    def parts(self, signals: ItemStatistics, past: InteractionHistory) -> dict[str, Floats]:
        """Terms of the score of all items, float32 (items,) each: ``together``, ``words``, ``photo``."""
        rows, fade, items = past.rows[past.weights > 0], self.fade(past), signals.items
        if not len(rows):
            return {}
        parts = {"together": np.asarray(fade @ signals.together[rows], dtype=np.float32)}
        if self.content:
            parts["words"] = np.float32(self.content) * (items.words @ (fade @ items.words[rows]))
        if self.photo and items.photos is not None:
            interest = fade @ items.photos[rows].astype(np.float32)
            parts["photo"] = np.float32(self.photo) * (items.photos.astype(np.float32) @ interest)
        return parts

    def scores(self, signals: ItemStatistics, past: InteractionHistory) -> Floats:
        """Score all items, float32 (items,); zeros for a shopper without a past."""
        scores = np.zeros(len(signals.items), np.float32)
        for part in self.parts(signals, past).values():
            scores += part
        return scores

    def best(self, signals: ItemStatistics, past: InteractionHistory, k: int) -> NDArray[np.intp]:
        """Return the rows of the k best items that are not in the past, best first, intp (≤ k,)."""
        scores = self.scores(signals, past)
        scores[past.rows] = -np.inf
        # What nothing speaks for is ordered by popularity.
        order = np.lexsort((-signals.popularity, -scores))[:k]
        return order[np.isfinite(scores[order])]
