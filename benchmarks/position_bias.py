"""Ways of learning from clicks, side by side: ``python -m benchmarks.position_bias FOLDER``.

Clicks are simulated on real purchases: a list is shown in the order of words and popularity, the shopper looks at
rank k with probability 1 / k, and clicks on what was bought next, and seldom on something else. Each way learns a
ranking from the clicks, and all are measured on the purchases of other shoppers (the search protocol of
``snapshelf rank bench``).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snapshelf.evaluation import Purchases, SearchSetting
from snapshelf.evaluation.personal_ranking import Case
from snapshelf.ranking import (
    CandidateTable,
    FixedFormula,
    InteractionHistory,
    Items,
    RankingExample,
    Settings,
    count_histories,
    train,
)

_SHOWN = 30
_NOISE = 0.02
_FLOOR = 0.05


@dataclass(frozen=True)
class _Session:
    """A list as it was shown: the candidates in order, the one that was wanted, what was clicked."""

    table: CandidateTable
    history: InteractionHistory
    wanted: NDArray[np.int32]
    clicked: NDArray[np.int32]
    looked_at: NDArray[np.float64]


def main() -> None:
    """Simulate, learn in every way, print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.position_bias", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with products.csv and purchases.jsonl")
    parser.add_argument("--sessions", type=int, default=2, help="times that each shopper asks")
    parser.add_argument("--shoppers", type=int, default=3_000, help="shoppers that are measured on")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    purchases = Purchases.read(options.folder)
    setting = SearchSetting.of(purchases, count_histories(purchases.items, purchases.baskets), FixedFormula())
    draw = np.random.default_rng(0)
    sessions = [
        session
        for _ in range(options.sessions)
        for case in purchases.training_cases
        if (session := _shown(setting.candidates(case), case, setting, draw)) is not None
    ]
    figures = {"clicks": float(sum(session.clicked.sum() for session in sessions))}
    for name, way in _WAYS.items():
        model = train(setting.signals, way(purchases.items, sessions), Settings())
        reached = replace(setting, model=model).ranks(purchases.tests[: options.shoppers], "personal")
        figures[name] = reached["personal"].to_json()["NDCG@10"]
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, value in figures.items():
            print(f"{name}\t{value:g}")


def _shown(
    table: CandidateTable, case: Case, setting: SearchSetting, draw: np.random.Generator
) -> _Session | None:
    """Show the best candidates; None where what is wanted is not among them."""
    order = np.argsort(-setting.popular(table), kind="stable")[:_SHOWN]
    # One adjacent pair changes its places half of the time: what the position is worth can only be seen so.
    place = int(draw.integers(len(order) - 1)) if len(order) > 1 and draw.random() < 0.5 else None
    if place is not None:
        order[[place, place + 1]] = order[[place + 1, place]]
    shown, target = table.take(order), setting.signals.items.ids[case.target]
    if target not in shown.ids:
        return None
    wanted = np.array([id == target for id in shown.ids], np.int32)
    looked_at = 1 / np.arange(1, len(order) + 1)
    clicks = draw.random(len(order)) < looked_at * np.where(wanted == 1, 1.0, _NOISE)
    return _Session(shown, InteractionHistory.of(case.past), wanted, clicks.astype(np.int32), looked_at)


def _true(_items: Items, sessions: Sequence[_Session]) -> list[RankingExample]:
    return [RankingExample(session.table, session.history, session.wanted) for session in sessions]


def _naive(_items: Items, sessions: Sequence[_Session]) -> list[RankingExample]:
    return [RankingExample(session.table, session.history, session.clicked) for session in sessions]


def _ips(_items: Items, sessions: Sequence[_Session]) -> list[RankingExample]:
    """Weigh each list by its clicks' mean 1 / propensity: LightGBM weighs documents and cannot weigh their pairs."""
    judged = []
    for session in sessions:
        clicked = session.looked_at[session.clicked == 1]
        weight = (1 / np.maximum(clicked, _FLOOR)).mean() if len(clicked) else 1.0
        weights = np.full(len(session.clicked), weight, np.float32)
        judged.append(RankingExample(session.table, session.history, session.clicked, weights=weights))
    return judged


def _position(_items: Items, sessions: Sequence[_Session]) -> list[RankingExample]:
    return [
        RankingExample(
            session.table,
            session.history,
            session.clicked,
            positions=np.arange(len(session.clicked), dtype=np.int32),
        )
        for session in sessions
    ]


def _doubly_robust(items: Items, sessions: Sequence[_Session]) -> list[RankingExample]:
    """Grade by a model of the relevance plus the weighted error of that model at what was clicked."""
    seen, clicks = np.zeros(len(items)), np.zeros(len(items))
    for session in sessions:
        rows = items.rows(session.table.ids)
        np.add.at(seen, rows, session.looked_at)
        np.add.at(clicks, rows, session.clicked)
    mean = clicks.sum() / seen.sum()
    model = (clicks + 20 * mean) / (seen + 20)
    judged = []
    for session in sessions:
        guess = model[items.rows(session.table.ids)]
        relevance = guess + (session.clicked - session.looked_at * guess) / np.maximum(
            session.looked_at, _FLOOR
        )
        # LightGBM's gain of a grade is 2^grade − 1: the logarithm makes the gain proportional to the relevance.
        grades = np.round(np.log2(1 + 127 * np.clip(relevance * _FLOOR, 0, 1)))
        judged.append(RankingExample(session.table, session.history, grades.astype(np.int32)))
    return judged


_WAYS: dict[str, Callable[[Items, Sequence[_Session]], list[RankingExample]]] = {
    "true labels": _true,
    "naive": _naive,
    "inverse propensities": _ips,
    "doubly robust": _doubly_robust,
    "position=": _position,
}


if __name__ == "__main__":
    main()
