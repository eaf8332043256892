"""Fit and measure the probabilities of relevance: ``python -m benchmarks.calibration --help``.

Queries of three kinds (words, photo, both), with and without an answer in shops of different sizes, are ranked by the
score that ships. The curves are fitted on queries about one half of a sample of the train split and of drawn products.
Figures are of queries about the other halves, and about the validation products in a shop of them, new to the encoder.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.encoders import report_progress
from benchmarks.offline_search import Catalogue, Mask, fused
from benchmarks.relevance_cases import Case, Cases, foreign_names, stranger_photos
from snapshelf.encoders import load_encoder
from snapshelf.evaluation import expected_calibration_error
from snapshelf.query import QueryKind
from snapshelf.search import CALIBRATION, Calibration, Curve, Evidence, Weights

_T = TypeVar("_T")

_KINDS: tuple[QueryKind, ...] = ("words", "photo", "both")
_FALSE_ALARMS = 0.02
"""The encoder has learned from the products that the curves are fitted on, and knows them better than a shop's."""
_HITS = 10
_SIZES = (10_000, 1_000, 200, 30)
"""Products of the shops: in a small one the nearest product is farther away."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The best hits of a case: what the signals say of them, and which are relevant, bool (n,)."""

    case: Case
    evidence: Evidence
    relevant: Mask


@dataclass(frozen=True, slots=True)
class Figures:
    """How good the probabilities are.

    Parameters
    ----------
    queries : int
    error, error_of_first : float
        Expected calibration error over all hits, and over the first of each query.
    brier : float
        Mean squared error of the probabilities.
    base : float
        Part of the hits that are relevant.
    precision, recall : float
        Of "no good match" in telling queries without an answer in the shop.
    false_alarms : float
        Share of the queries with an answer that are flagged as having none.
    flagged : float
        Share of all queries that are flagged as having no answer.
    """

    queries: int
    error: float
    error_of_first: float
    brier: float
    base: float
    precision: float
    recall: float
    false_alarms: float
    flagged: float


def main() -> int:
    """Fit, measure, print and perhaps write; returns the exit code."""
    options = _options()
    encoder = load_encoder(options.encoder)
    report_progress("products")
    rng = random.Random(options.seed)
    fashion = Catalogue.load(
        options.data / "fashion", encoder, options.cache, products=options.products, seed=options.seed
    )
    drawn = Catalogue.drawn(encoder, options.cache, products=options.drawn)
    report_progress("photos and names of what the shops do not have")
    strangers = stranger_photos(encoder, options.data, options.cases, rng)
    strangers = strangers[rng.sample(range(len(strangers)), len(strangers))]
    is_train = np.array([row["split"] == "train" for row in fashion.rows])
    train, validation = np.flatnonzero(is_train), np.flatnonzero(~is_train)
    everything = np.ones(len(drawn), np.bool_)
    halves = {
        catalogue: _halves(foreign_names(catalogue, options.data), rng) for catalogue in (fashion, drawn)
    }
    of_train, of_drawn = _halves(train.tolist(), rng), _halves(list(range(len(drawn))), rng)
    answers: dict[str, dict[QueryKind, list[Answer]]] = {}
    for part, which, catalogue, about, among, number in (
        ("fitted", 0, fashion, of_train[0], is_train, options.cases),
        ("fitted", 0, drawn, of_drawn[0], everything, options.cases // 3),
        ("held out", 1, fashion, of_train[1], is_train, options.cases),
        ("validation", 1, fashion, validation.tolist(), ~is_train, options.cases),
        ("drawn", 1, drawn, of_drawn[1], everything, options.cases),
    ):
        report_progress(f"queries: {part}")
        cases = Cases(
            catalogue,
            about,
            _shops(among, rng),
            strangers[which::2],
            halves[catalogue][which],
            number,
            rng,
        )
        of_part = answers.setdefault(part, {kind: [] for kind in _KINDS})
        for kind in _KINDS:
            of_part[kind] += _answers(catalogue, getattr(cases, kind)())
    calibration = Calibration(
        fingerprint=encoder.fingerprint,
        fitted_on=f"{len(train)} products of the fashion set's train split and {len(drawn)} drawn ones",
        curves={kind: _fit(answers["fitted"][kind]) for kind in _KINDS},
    )
    figures = {
        part: {kind: _figures(calibration, of_kind[kind]) for kind in _KINDS}
        for part, of_kind in answers.items()
    }
    sources = {
        part: {
            source: _figures(calibration, group)
            for kind in _KINDS
            for source, group in _by_source(of_kind[kind]).items()
        }
        for part, of_kind in answers.items()
    }
    if options.write:
        calibration.write(Path(str(resources.files("snapshelf.search") / CALIBRATION)))
    if options.json:
        print(json.dumps({"figures": figures, "sources": sources}, indent=2, default=asdict))
    else:
        print(_as_table(figures, sources))
    return 0


def _halves(values: Sequence[_T], rng: random.Random) -> tuple[list[_T], list[_T]]:
    shuffled = rng.sample(values, len(values))
    return shuffled[::2], shuffled[1::2]


def _shops(among: Mask, rng: random.Random) -> list[Mask]:
    order = np.array(rng.sample(np.flatnonzero(among).tolist(), int(among.sum())))
    shops = []
    for size in _SIZES:
        shop = np.zeros(len(among), np.bool_)
        shop[order[:size]] = True
        shops.append(shop)
    return shops


def _answers(catalogue: Catalogue, cases: Sequence[Case]) -> Iterator[Answer]:
    weights = Weights()
    for case, signals in zip(cases, catalogue.signals([case.query for case in cases]), strict=True):
        scores = fused(signals, weights, case.shop)
        best = np.argsort(-scores, kind="stable")[:_HITS]
        yield Answer(case, signals.evidence(best), case.relevant[best])


def _fit(answers: Sequence[Answer]) -> Curve:
    return Curve.fit(
        [answer.evidence.signals() for answer in answers],
        [answer.relevant for answer in answers],
        _FALSE_ALARMS,
    )


def _by_source(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    groups: dict[str, list[Answer]] = collections.defaultdict(list)
    for answer in answers:
        groups[answer.case.source].append(answer)
    return groups


def _figures(calibration: Calibration, answers: Sequence[Answer]) -> Figures:
    relevances = [calibration.relevance(answer.evidence) for answer in answers]
    probabilities: list[NDArray[np.float64]] = [
        relevance for relevance in relevances if relevance is not None
    ]
    every, relevant = np.concatenate(probabilities), np.concatenate([answer.relevant for answer in answers])
    first = (
        np.array([each[0] for each in probabilities]),
        np.array([answer.relevant[0] for answer in answers]),
    )
    flagged = np.array(
        [
            each.max() < calibration.cut_off(answer.evidence.kind)
            for each, answer in zip(probabilities, answers, strict=True)
        ]
    )
    answered = np.array([answer.case.has_answer for answer in answers])
    return Figures(
        queries=len(answers),
        error=expected_calibration_error(every, relevant),
        error_of_first=expected_calibration_error(*first),
        brier=float(((every - relevant) ** 2).mean()),
        base=float(relevant.mean()),
        precision=_share(~answered[flagged]),
        recall=_share(flagged[~answered]),
        false_alarms=_share(flagged[answered]),
        flagged=_share(flagged),
    )


def _share(values: Mask) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _as_table(figures: dict[str, dict[QueryKind, Figures]], sources: dict[str, dict[str, Figures]]) -> str:
    lines = [
        "| queries | kind | number | ECE | ECE of the first hit | Brier | relevant "
        "| no good match: precision | recall | false alarms |",
        "|---" * 10 + "|",
    ]
    for part, by_kind in figures.items():
        for kind, values_of_kind in by_kind.items():
            values = [
                values_of_kind.error,
                values_of_kind.error_of_first,
                values_of_kind.brier,
                values_of_kind.base,
            ]
            values += [values_of_kind.precision, values_of_kind.recall, values_of_kind.false_alarms]
            cells = [part, kind, str(values_of_kind.queries), *(f"{value:.3f}" for value in values)]
            lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "| source | flagged as no good match: " + " | ".join(sources) + " |"]
    lines.append("|---" * (1 + len(sources)) + "|")
    for source in next(iter(sources.values())):
        cells = [f"{by_source[source].flagged:.3f}" for by_source in sources.values()]
        lines.append(f"| {source} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with fashion/ and grocery/")
    parser.add_argument("--encoder", default="bundled", help="name or folder (default %(default)s)")
    parser.add_argument(
        "--products", type=int, default=6_000, help="of the train split (default %(default)s)"
    )
    parser.add_argument("--drawn", type=int, default=300, help="drawn products (default %(default)s)")
    parser.add_argument("--cases", type=int, default=150, help="queries of each source (default %(default)s)")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path("runs/encoders"),
        help="folder for photo vectors, by the encoder's fingerprint (default %(default)s)",
    )
    parser.add_argument("--write", action="store_true", help="put the calibration into the package")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
