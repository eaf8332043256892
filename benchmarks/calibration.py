"""Measure the probabilities of relevance in shops of many kinds: ``python -m benchmarks.calibration --help``.

Each shop tunes itself with a prior of the other shops. Then it is asked questions about products that it did not ask
itself about, in shops that have and that lack what is asked for.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.shops.prior import ask, prior_of
from benchmarks.shops.shop import open_shop
from benchmarks.shops.sources import ON_DEMAND, SOURCES
from snapshelf.evaluation import expected_calibration_error
from snapshelf.search import Calibration, Evidence, Tuning
from snapshelf.shelf import Shelf
from snapshelf.tuning import Observation, best_rows

_SEED = 40_000
"""Tuning and prior ask about other products."""

_SECONDS = 60.0
_HITS = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """How good the probabilities are.

    Parameters
    ----------
    queries : int
    error, error_of_first : float
        Expected calibration error over the first ten hits, and over the first of each query.
    brier : float
        Mean squared error of the probabilities.
    base : float
        Share of the hits that are relevant.
    false_alarms, recall : float
        Share of the queries with an answer, and of those without, that the curve says to have no good match.
    """

    queries: int
    error: float
    error_of_first: float
    brier: float
    base: float
    false_alarms: float
    recall: float


def main() -> int:
    """Measure and print; return the exit code."""
    options = _options()
    inquiries = ask(options.shops, options.data, options.cache)
    figures: dict[str, dict[str, Figures]] = {}
    pooled: dict[str, list[tuple[NDArray[np.float64], NDArray[np.bool_], bool]]] = defaultdict(list)
    for name in inquiries:
        shop = open_shop(name, options.data, options.cache, _say)
        if shop is None:
            continue
        _say(f"{name}: tuned without its own part of the prior, and asked")
        with Shelf.open(shop.shelf, create=False) as shelf:
            tuning = shelf.tune(prior=prior_of(inquiries, without=name))
            observations = shelf.inquire(seed=_SEED, seconds=_SECONDS).observations
            shelf.tune()
        by_kind = _judged(observations, tuning)
        figures[name] = {kind: _figures(of_kind, tuning, kind) for kind, of_kind in by_kind.items()}
        for kind, of_kind in by_kind.items():
            pooled[kind] += [(*each, tuning.calibration.cut_off(kind) > each[0].max()) for each in of_kind]  # type: ignore[arg-type]
    figures["all shops"] = {kind: _pooled(of_kind) for kind, of_kind in pooled.items()}
    if options.json:
        print(json.dumps(figures, indent=2, default=asdict))
    else:
        print(_as_table(figures))
    return 0


def _judged(
    observations: Sequence[Observation], tuning: Tuning
) -> dict[str, list[tuple[NDArray[np.float64], NDArray[np.bool_]]]]:
    """Return probabilities and labels of the first hits of each query, by kind; blind questions are left out."""
    judged = defaultdict(list)
    for each in observations:
        if each.question.is_blind:
            continue
        rows = best_rows(each, tuning.weights, _HITS)
        probabilities = _probabilities(tuning.calibration, each.evidence, rows)
        if probabilities is not None:
            judged[each.evidence.kind].append((probabilities, each.relevant[rows]))
    return dict(judged)


def _probabilities(
    calibration: Calibration, evidence: Evidence, rows: NDArray[np.intp]
) -> NDArray[np.float64] | None:
    signals = (evidence.photo, evidence.text_image, evidence.text_title, evidence.lexical)
    return calibration.relevance(Evidence(*(None if signal is None else signal[rows] for signal in signals)))


def _figures(
    judged: Sequence[tuple[NDArray[np.float64], NDArray[np.bool_]]], tuning: Tuning, kind: str
) -> Figures:
    cut_off = tuning.calibration.cut_off(kind)  # type: ignore[arg-type]
    return _pooled([(*each, each[0].max() < cut_off) for each in judged])


def _pooled(judged: Sequence[tuple[NDArray[np.float64], NDArray[np.bool_], bool]]) -> Figures:
    probabilities = np.concatenate([each for each, _, _ in judged])
    relevant = np.concatenate([labels for _, labels, _ in judged])
    answered = np.array([labels.any() for _, labels, _ in judged])
    flagged = np.array([flag for _, _, flag in judged])
    first = np.array([each[0] for each, _, _ in judged]), np.array([labels[0] for _, labels, _ in judged])
    return Figures(
        queries=len(judged),
        error=expected_calibration_error(probabilities, relevant),
        error_of_first=expected_calibration_error(*first),
        brier=float(((probabilities - relevant) ** 2).mean()),
        base=float(relevant.mean()),
        false_alarms=float(flagged[answered].mean()) if answered.any() else float("nan"),
        recall=float(flagged[~answered].mean()) if (~answered).any() else float("nan"),
    )


def _as_table(figures: Mapping[str, Mapping[str, Figures]]) -> str:
    lines = [
        "| shop | kind | queries | ECE | ECE of the first hit | Brier | relevant | false alarms | unknown recognised |",
        "|---" * 9 + "|",
    ]
    for shop, by_kind in figures.items():
        for kind, each in by_kind.items():
            values = (each.error, each.error_of_first, each.brier, each.base, each.false_alarms, each.recall)
            cells = [shop, kind, str(each.queries), *(f"{value:.3f}" for value in values)]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    usual = [name for name in SOURCES if name not in ON_DEMAND]
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="shared data (%(default)s)")
    parser.add_argument(
        "--cache", type=Path, default=Path("shops-cache"), help="keeps the shelves (%(default)s)"
    )
    parser.add_argument("--shops", type=lambda text: text.split(","), default=usual)
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
