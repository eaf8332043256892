"""Calibrate relevance probabilities of a shelf on its judged queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snapshelf.errors import EvaluationError
from snapshelf.evaluation.qrels import EvaluationQuery, Qrels
from snapshelf.evaluation.reliability import expected_calibration_error
from snapshelf.evaluation.report import EvaluatedShelf, judged_queries, search_all
from snapshelf.index import Ids, Not
from snapshelf.query import QueryKind
from snapshelf.search import Calibration, Curve

MIN_QUERIES_TO_CALIBRATE = 50
"""Minimum number of queries to fit the curve of a kind."""

_HITS = 10
_FOLDS = 5

_Signals = NDArray[np.float64]
_Labels = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class KindReport:
    """Result of the fit for a kind of query.

    Parameters
    ----------
    queries : int
    error : float
        Expected calibration error on held-out queries (five-fold cross-validation).
    cut_off : float
        Minimum probability of a good match.
    """

    queries: int
    error: float
    cut_off: float


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """The calibration of a shelf and its errors.

    Parameters
    ----------
    calibration : Calibration
    kinds : mapping
        Kind of query → its figures; kinds with fewer than 50 queries are omitted and have no probabilities.
    """

    calibration: Calibration
    kinds: dict[QueryKind, KindReport]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain values for ``json.dumps``."""
        return {kind: asdict(report) for kind, report in self.kinds.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """The best hits of a query: signals (n, s) and labels (n,); `query` is its number."""

    query: int
    kind: QueryKind
    signals: _Signals
    relevant: _Labels


def calibrate_shelf(
    shelf: EvaluatedShelf,
    queries: Sequence[EvaluationQuery],
    qrels: Qrels,
    *,
    progress: Callable[[int, int | None], None] | None = None,
) -> CalibrationReport:
    """Fit relevance probabilities to a shelf's encoder and products.

    Every query is searched twice: among all products, and among the products that are not relevant, as if the shop did
    not have the requested product. The curves are fitted on the ten best hits of both.

    Parameters
    ----------
    shelf : EvaluatedShelf
        A `Shelf`.
    queries, qrels
        From `read_queries` and `read_qrels`. Products without judgement count as not relevant.
    progress : callable, optional
        Called with the number of completed searches and the total.

    Raises
    ------
    EvaluationError
        Every kind has fewer than 50 queries, or no hit of them is relevant.
    """
    evaluated = judged_queries(queries, qrels)
    relevant_ids = [{id for id, grade in qrels[query.id].items() if grade > 0} for query in evaluated]
    searches = [
        *((query, None) for query in evaluated),
        *((query, Not(Ids(tuple(sorted(ids))))) for query, ids in zip(evaluated, relevant_ids, strict=True)),
    ]
    responses = search_all(shelf, searches, _HITS, explain=True, progress=progress)
    samples = [
        _Sample(
            number % len(evaluated),
            response.evidence.kind,
            response.evidence.signals(),
            np.array([hit.product.id in relevant_ids[number % len(evaluated)] for hit in response.hits]),
        )
        for number, response in enumerate(responses)
        if response.evidence is not None
    ]
    curves: dict[QueryKind, Curve] = {}
    reports: dict[QueryKind, KindReport] = {}
    for kind in dict.fromkeys(sample.kind for sample in samples):
        kind_samples = [sample for sample in samples if sample.kind == kind]
        number = len({sample.query for sample in kind_samples})
        if number >= MIN_QUERIES_TO_CALIBRATE:
            curves[kind] = _fit(kind_samples, kind)
            reports[kind] = KindReport(
                number, _cross_validated_error(kind_samples, kind), curves[kind].cut_off
            )
    if not curves:
        raise EvaluationError(
            f"{len(evaluated)} judged queries are too few to calibrate; give at least {MIN_QUERIES_TO_CALIBRATE} of a "
            "kind (words, photo, or both)"
        )
    calibration = Calibration(
        fingerprint=shelf.stats().fingerprint,
        fitted_on=f"{len(evaluated)} judged queries to a shelf of {shelf.stats().products} products",
        curves=curves,
    )
    return CalibrationReport(calibration, reports)


def _fit(samples: Sequence[_Sample], kind: QueryKind) -> Curve:
    signals, relevant = [sample.signals for sample in samples], [sample.relevant for sample in samples]
    try:
        return Curve.fit(signals, relevant).with_cut_offs(signals, relevant)
    except ValueError as error:
        raise EvaluationError(f"queries of {kind}: {error}") from error


def _cross_validated_error(samples: Sequence[_Sample], kind: QueryKind) -> float:
    """Return the calibration error with five-fold cross-validation over queries."""
    probabilities, outcomes = [], []
    for fold in range(_FOLDS):
        curve = _fit([sample for sample in samples if sample.query % _FOLDS != fold], kind)
        for sample in samples:
            if sample.query % _FOLDS == fold:
                probabilities.append(curve.relevance(sample.signals))
                outcomes.append(sample.relevant)
    return expected_calibration_error(np.concatenate(probabilities), np.concatenate(outcomes))
