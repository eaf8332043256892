"""A ranking model on the searches of a journal that came after those it learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snapshelf.errors import EvaluationError
from snapshelf.evaluation.bootstrap import bootstrap_interval
from snapshelf.ranking import (
    FixedFormula,
    Floats,
    ItemStatistics,
    RankingExample,
    ScoringModel,
    compute_features,
)

_DEPTH = 10


@dataclass(frozen=True)
class RankingReport:
    """Figures of each ordering of the same searches.

    Parameters
    ----------
    searches : int
    figures : mapping
        Name → metric → (value, low, high): means with their 95 % bootstrap intervals.
    """

    searches: int
    figures: Mapping[str, Mapping[str, tuple[float, float, float]]]

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "searches": self.searches,
            "models": {
                name: {
                    **{metric: round(value, 5) for metric, (value, _, _) in found.items()},
                    "low": round(found["NDCG@10"][1], 5),
                    "high": round(found["NDCG@10"][2], 5),
                    "intervals": {
                        metric: [round(low, 5), round(high, 5)] for metric, (_, low, high) in found.items()
                    },
                }
                for name, found in self.figures.items()
            },
        }


def evaluate_ranking(
    model: ScoringModel, signals: ItemStatistics, judged: Sequence[RankingExample]
) -> RankingReport:
    """Order what was shown anew and see where that puts what was clicked, put into the cart and bought.

    Beside the ranker stand the order as it was shown, popularity, the fixed formula, the ranker without the
    shopper, and the ranker with the past of another shopper, which must hurt. Clicks are taken as they are: what
    was shown high was clicked more, which favours the order as shown (`snips_ndcg` corrects that).

    Raises
    ------
    EvaluationError
        There is no search to measure on.
    """
    if not judged:
        raise EvaluationError("no later search led to a click, so there is nothing to measure on")
    swapped = np.roll(np.arange(len(judged)), 1)
    formula = FixedFormula()
    gains: dict[str, list[tuple[float, float, float]]] = {}
    for number, one in enumerate(judged):
        features = compute_features(signals, one.table, one.history, one.now)
        wrong = compute_features(signals, one.table, judged[swapped[number]].history, one.now)
        impersonal, shopper = model.score(features)
        scores: dict[str, Floats] = {
            "relevance": np.asarray(one.table.relevance, np.float32),
            "popularity": signals.popularity[signals.items.rows(one.table.ids)],
            "formula": np.add(*formula.score(features)),
            "impersonal": impersonal,
            "personal": impersonal + shopper,
            "wrong_shopper": np.add(*model.score(wrong)),
        }
        if one.positions is not None:
            scores["as_shown"] = -one.positions.astype(np.float32)
        for name, values in scores.items():
            gains.setdefault(name, []).append(_gains(values, one.grades.astype(np.float64)))
    return RankingReport(len(judged), {name: _figures(np.array(rows)) for name, rows in gains.items()})


def _gains(scores: Floats, grades: NDArray[np.float64]) -> tuple[float, float, float]:
    """NDCG@10, hit rate at 10 and reciprocal rank; equal scores are ordered to the ranking's disadvantage."""
    order = np.lexsort((grades, -scores))
    ranked = grades[order]
    discount = 1 / np.log2(2 + np.arange(len(grades)))
    ideal = np.sort(grades)[::-1][:_DEPTH] @ discount[:_DEPTH]
    first = int(np.flatnonzero(ranked)[0])
    return float(ranked[:_DEPTH] @ discount[:_DEPTH] / ideal), float(first < _DEPTH), 1 / (1 + first)


def _figures(
    rows: NDArray[np.float64],
) -> dict[str, tuple[float, float, float]]:
    low, high = bootstrap_interval(rows)
    return {
        name: (float(rows[:, column].mean()), float(low[column]), float(high[column]))
        for column, name in enumerate(("NDCG@10", "HR@10", "MRR"))
    }
