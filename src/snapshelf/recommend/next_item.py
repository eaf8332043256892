"""The next item of a shopper: items of similar shoppers, and items with similar texts or photos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snapshelf.ranking import Floats, InteractionHistory, ItemStatistics


@dataclass(frozen=True)
class NextItem:
    """Item-kNN with a content term: pairs are counted whatever their order, and the latest item counts most.

    score(j) = Σ_i fading(i) · (co-occurrence(i, j) + content · cosine of texts(i, j) + photo · cosine of photos(i, j))
    over the items i of the history; `fading` halves for each `half_life` events before the latest. The content term
    reaches products without interactions. Weights were chosen on validation purchases (see the
    documentation of the benchmark).

    Parameters
    ----------
    half_life : float
        In events.
    content, photo : float
        Weight of the similarity of texts and of photos beside the co-occurrence.
    """

    half_life: float = 1.0
    content: float = 0.15
    photo: float = 0.0

    def fading(self, history: InteractionHistory) -> Floats:
        """Return the weights of the liked items, float32 (m,), which fade with the events since."""
        weights = history.weights[history.weights > 0]
        steps = np.arange(len(weights))[::-1]
        return np.asarray(weights * 0.5 ** (steps / self.half_life), dtype=np.float32)

    def parts(self, statistics: ItemStatistics, history: InteractionHistory) -> dict[str, Floats]:
        """Return the parts of the score of all items, float32 (items,) each: ``together``, ``words``, ``photo``."""
        rows, fading, items = history.rows[history.weights > 0], self.fading(history), statistics.items
        if not len(rows):
            return {}
        parts = {"together": np.asarray(fading @ statistics.together[rows], dtype=np.float32)}
        if self.content:
            parts["words"] = np.float32(self.content) * (items.words @ (fading @ items.words[rows]))
        if self.photo and items.photos is not None:
            interest = fading @ items.photos[rows].astype(np.float32)
            parts["photo"] = np.float32(self.photo) * (items.photos.astype(np.float32) @ interest)
        return parts

    def scores(self, statistics: ItemStatistics, history: InteractionHistory) -> Floats:
        """Score all items, float32 (items,); zeros for a shopper without a history."""
        scores = np.zeros(len(statistics.items), np.float32)
        for part in self.parts(statistics, history).values():
            scores += part
        return scores
