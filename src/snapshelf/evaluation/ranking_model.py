"""Evaluate a ranking model on searches later than its training data."""

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
    """Metrics of several rankings of the same searches.

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
                    **{metric: round(value, 5) for metric, (value, _, _) in metrics.items()},
                    "low": round(metrics["NDCG@10"][1], 5),
                    "high": round(metrics["NDCG@10"][2], 5),
                    "intervals": {
                        metric: [round(low, 5), round(high, 5)] for metric, (_, low, high) in metrics.items()
                    },
                }
                for name, metrics in self.figures.items()
            },
        }


def evaluate_ranking(
    model: ScoringModel, signals: ItemStatistics, examples: Sequence[RankingExample]
) -> RankingReport:
    """Re-rank logged searches and measure the ranks of clicked, carted and purchased products.

    Baselines are the shown order, popularity, the fixed formula, the impersonal part of the model, and the model with
    the history of another shopper, which must score lower. Clicks are not corrected for position bias, which favours
    the shown order (`snips_ndcg` corrects it).

    Raises
    ------
    EvaluationError
        There are no searches to evaluate.
    """
    if not examples:
        raise EvaluationError("no search after the training period led to a click; collect more interactions")
    swapped = np.roll(np.arange(len(examples)), 1)
    formula = FixedFormula()
    gains: dict[str, list[tuple[float, float, float]]] = {}
    for number, example in enumerate(examples):
        features = compute_features(signals, example.table, example.history, example.now)
        swapped_features = compute_features(
            signals, example.table, examples[swapped[number]].history, example.now
        )
        impersonal, shopper = model.score(features)
        scores: dict[str, Floats] = {
            "relevance": np.asarray(example.table.relevance, np.float32),
            "popularity": signals.popularity[signals.items.rows(example.table.ids)],
            "formula": np.add(*formula.score(features)),
            "impersonal": impersonal,
            "personal": impersonal + shopper,
            "wrong_shopper": np.add(*model.score(swapped_features)),
        }
        if example.positions is not None:
            scores["as_shown"] = -example.positions.astype(np.float32)
        for name, values in scores.items():
            gains.setdefault(name, []).append(_gains(values, example.grades.astype(np.float64)))
    return RankingReport(len(examples), {name: _figures(np.array(rows)) for name, rows in gains.items()})


def _gains(scores: Floats, grades: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return NDCG@10, hit rate at 10 and reciprocal rank; ties are broken to the ranking's disadvantage."""
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
