"""Probabilities of relevance for a shelf of one's own: fitted on its judged queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snapshelf.errors import EvaluationError
from snapshelf.evaluation.files import EvaluationQuery, Qrels
from snapshelf.evaluation.reliability import expected_calibration_error
from snapshelf.evaluation.report import Searchable, ask_all, judged_queries
from snapshelf.index import Ids, Not
from snapshelf.query import QueryKind
from snapshelf.search import Calibration, Curve

LEAST_TO_CALIBRATE = 50
"""Queries of a kind from which on a curve is fitted for it."""

_HITS = 10
_FOLDS = 5

_Signals = NDArray[np.float64]
_Labels = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class KindReport:
    """What the fit for one kind of query came to.

    Parameters
    ----------
    queries : int
    error : float
        Expected calibration error of hits of queries that the curve was not fitted on (five folds).
    cut_off : float
        Probability below which the best hit is no good match.
    """

    queries: int
    error: float
    cut_off: float


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """A shelf's calibration, and how good it is.

    Parameters
    ----------
    calibration : Calibration
    kinds : mapping
        Kind of query → its figures; kinds with fewer than 50 queries are not there and stay without probabilities.
    """

    calibration: Calibration
    kinds: dict[QueryKind, KindReport]

    def to_json(self) -> dict[str, Any]:
        """The figures as plain values for ``json.dumps``."""
        return {kind: asdict(report) for kind, report in self.kinds.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """The best hits of a query, (n, s) and (n,); `query` is its number."""

    query: int
    kind: QueryKind
    signals: _Signals
    relevant: _Labels


def calibrate_shelf(
    shelf: Searchable,
    queries: Sequence[EvaluationQuery],
    qrels: Qrels,
    *,
    progress: Callable[[int, int | None], None] | None = None,
) -> CalibrationReport:
    """Fit probabilities of relevance to a shelf's encoder and products.

    Every query is asked twice: of all products, and of those that are not relevant, as if the shop did not have what is
    asked for. The ten best hits of both are what the curves are fitted on.

    Parameters
    ----------
    shelf : Searchable
        A `Shelf`.
    queries, qrels
        From `read_queries` and `read_qrels`. What is not judged counts as not relevant.
    progress : callable, optional
        Called with how many searches are done and how many there are.

    Raises
    ------
    EvaluationError
        There are fewer than 50 queries of each kind, or none of their hits is relevant.
    """
    asked = judged_queries(queries, qrels)
    right = [{id for id, grade in qrels[query.id].items() if grade > 0} for query in asked]
    questions = [
        *((query, None) for query in asked),
        *((query, Not(Ids(tuple(sorted(ids))))) for query, ids in zip(asked, right, strict=True)),
    ]
    answers = ask_all(shelf, questions, _HITS, explain=True, progress=progress)
    samples = [
        _Sample(
            number % len(asked),
            answer.evidence.kind,
            answer.evidence.signals(),
            np.array([hit.product.id in right[number % len(asked)] for hit in answer.hits]),
        )
        for number, answer in enumerate(answers)
        if answer.evidence is not None
    ]
    curves: dict[QueryKind, Curve] = {}
    reports: dict[QueryKind, KindReport] = {}
    for kind in dict.fromkeys(sample.kind for sample in samples):
        of_kind = [sample for sample in samples if sample.kind == kind]
        number = len({sample.query for sample in of_kind})
        if number >= LEAST_TO_CALIBRATE:
            curves[kind] = _fit(of_kind, kind)
            reports[kind] = KindReport(number, _error(of_kind, kind), curves[kind].cut_off)
    if not curves:
        raise EvaluationError(
            f"{len(asked)} judged queries are too few to calibrate: {LEAST_TO_CALIBRATE} of a kind (words, photo, "
            "or both) are the least"
        )
    calibration = Calibration(
        fingerprint=shelf.stats().fingerprint,
        fitted_on=f"{len(asked)} judged queries to a shelf of {shelf.stats().products} products",
        curves=curves,
    )
    return CalibrationReport(calibration, reports)


def _fit(samples: Sequence[_Sample], kind: QueryKind) -> Curve:
    try:
        return Curve.fit([one.signals for one in samples], [one.relevant for one in samples])
    except ValueError as error:
        raise EvaluationError(f"queries of {kind}: {error}") from error


def _error(samples: Sequence[_Sample], kind: QueryKind) -> float:
    """Each fold of the queries is predicted by a curve fitted on the others."""
    chances, outcomes = [], []
    for fold in range(_FOLDS):
        curve = _fit([one for one in samples if one.query % _FOLDS != fold], kind)
        for one in samples:
            if one.query % _FOLDS == fold:
                chances.append(curve.relevance(one.signals))
                outcomes.append(one.relevant)
    return expected_calibration_error(np.concatenate(chances), np.concatenate(outcomes))
