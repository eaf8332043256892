"""Relevance: from the signals of a hit to the probability that it is what the query asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from snapshelf.errors import ShelfError
from snapshelf.query import QueryKind
from snapshelf.search.corpus import Corpus
from snapshelf.search.exact_match import SAME, names_product
from snapshelf.search.fusion import split_visual
from snapshelf.search.plan import SearchPlan
from snapshelf.search.score_table import Rows, ScoreTable
from snapshelf.search.signals import Numbers

CALIBRATION = "calibration.json"
"""Name of a shelf's own calibration in its folder."""

JUDGED = 10
"""Best hits whose signals say how good the query's hits are as a whole."""

FALSE_ALARMS = 0.05
"""Part of the queries with a relevant hit that may be reported to have no good match."""

NEAR_DUPLICATE = 0.98
"""Cosine of a query's photo from which it is the product's own, cropped or saved again; see
``docs/concepts/search.md``."""

_NAMED_AMONG = 10
"""Best candidates that the words may name."""

_MAX_BM25_OF_TERM = 2.2
"""BM25 of a term that fills a document, as a multiple of its IDF: k₁ + 1."""

_NEARLY = 0.5
"""Share of the cut-off from which a hit is a near miss."""

_STEPS = 100
_RIDGE = 1e-4
"""Keeps weights finite where the classes can be separated without error."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The signals of the hits of a query, each on a scale of its own, best first; float arrays (n,), n ≥ 1.

    None stands for a signal that the query does not have.

    Parameters
    ----------
    photo : array or None
        Cosine between the query's photo and the hit's.
    text_image : array or None
        Cosine between the query's words and the hit's photo.
    text_title : array or None
        Cosine between the query's words and the hit's title; NaN where it has no vector.
    lexical : array or None
        Coverage: BM25 as a share of the most that it could be, Σ weight · IDF · (k₁ + 1) over the query's terms.
    """

    photo: Numbers | None = None
    text_image: Numbers | None = None
    text_title: Numbers | None = None
    lexical: Numbers | None = None

    @property
    def kind(self) -> QueryKind:
        """What the query consists of."""
        if self.photo is None:
            return "words"
        return "photo" if self.text_image is None else "both"

    def signals(self) -> Numbers:
        """The signals that this kind of query has, float64 (n, s); NaN where a signal is missing."""
        of_words = (self.text_image, self.text_title, self.lexical)
        signals = {"photo": (self.photo,), "words": of_words, "both": (self.photo, *of_words)}[self.kind]
        size = max(len(signal) for signal in signals if signal is not None)
        columns = [np.full(size, np.nan) if signal is None else signal for signal in signals]
        return np.stack(columns, axis=1).astype(np.float64)


def evidence_of(table: ScoreTable, rows: Rows, plan: SearchPlan, corpus: Corpus) -> Evidence:
    """Return the evidence for candidates of a scored table."""
    visual = split_visual(table, rows, plan, corpus)
    cosines: dict[str, Numbers | None] = {"photo": None, "text_image": None}
    for name, vector in (("photo", plan.query.photo), ("text_image", plan.query.text)):
        if vector is not None:
            scale = getattr(plan.scaled_weights, name) * float(np.linalg.norm(vector))
            cosines[name] = visual[name] / (scale or 1.0)
    if not plan.has_words or plan.query.text is None:
        return Evidence(cosines["photo"], cosines["text_image"])
    title, length = table.title[rows], float(np.linalg.norm(plan.query.text))
    idf = corpus.index.idf(plan.query.terms)
    mass = sum(weight * idf[term] for term, weight in plan.query.terms.items())
    return Evidence(
        cosines["photo"],
        cosines["text_image"],
        np.where(title == 0, np.nan, title / (length or 1.0)),
        table.bm25[rows] / (_MAX_BM25_OF_TERM * mass or 1.0),
    )


def is_known_item(table: ScoreTable, best: Rows, plan: SearchPlan, corpus: Corpus) -> bool:
    """Whether the query names a product of the shop, whoever asks: by its title, its number or its photo.

    Parameters
    ----------
    table : ScoreTable
    best : ndarray
        Rows of the best candidates, best first.
    plan : SearchPlan
    corpus : Corpus
    """
    if plan.query.kind == "photo" and len(best):
        photo = evidence_of(table, best[:1], plan, corpus).photo
        return photo is not None and float(photo[0]) >= NEAR_DUPLICATE
    if plan.query.kind != "words" or not plan.has_words:
        return False
    if (table.exactness[table.window == 0] == SAME).any():
        return True
    spans = [(chip.start, chip.end) for chip in plan.query.chips]
    head = [table.ids[row] for row in best[:_NAMED_AMONG]]
    return names_product(plan.query.normalised, spans, corpus.products.get_many(head).values())


@dataclass(frozen=True, slots=True)
class RelevanceEstimate:
    """How likely hits are what the query asks for; empty where that is unknown.

    Parameters
    ----------
    relevance : mapping
        Id → probability.
    cut_off : float or None
        Below it a hit is no good match.
    is_known_item : bool
        Whether the query names a product that is among the candidates.
    """

    relevance: Mapping[str, float] = field(default_factory=dict)
    cut_off: float | None = None
    is_known_item: bool = False

    @property
    def no_good_match(self) -> bool:
        """Whether not even the best hit reaches the cut-off, and the query names no product."""
        if self.cut_off is None or self.is_known_item:
            return False
        return max(self.relevance.values(), default=0.0) < self.cut_off

    def near_misses(self, ids: Sequence[str]) -> list[str]:
        """Return the hits that are nearly good, where none is good."""
        if not self.no_good_match or self.cut_off is None:
            return []
        return [id for id in ids if self.relevance.get(id, 0.0) >= _NEARLY * self.cut_off]


class Curve(BaseModel):
    """Logistic regression on the signals of a hit, for a kind of query.

    The logit is a cubic polynomial in each signal plus a cubic polynomial in the best value of that signal among the
    first ten hits: a fair hit beside a perfect hit is less likely to be meant than the same hit before poor hits.

    Parameters
    ----------
    usual : tuple of float
        Values that replace missing signals, s of them.
    weights : tuple of float
        Of the signals, their squares and cubes, then of the best signals likewise: 6 s.
    intercept : float
    cut_off : float
        A query whose best hit has a lower probability has no good match.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    usual: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    cut_off: float

    def relevance(self, signals: Numbers) -> Numbers:
        """Probability of relevance, float64 (n,), of hits with signals (n, s), best first."""
        logits = _features(signals, np.array(self.usual)) @ np.array(self.weights) + self.intercept
        return _sigmoid(logits)

    @classmethod
    def fit(
        cls,
        answers: Sequence[Numbers],
        relevant: Sequence[NDArray[np.bool_]],
        false_alarms: float = FALSE_ALARMS,
    ) -> Self:
        """Fit the curve by Newton's method with a ridge penalty, and choose the cut-off.

        Parameters
        ----------
        answers : sequence of ndarray
            Signals (n, s) of the hits of each query, best first.
        relevant : sequence of ndarray
            bool (n,): which of them are relevant.
        false_alarms : float
            Part of the queries with a relevant hit whose best hit the cut-off does not let pass.

        Raises
        ------
        ValueError
            All hits are relevant or none is.
        """
        all_hits = np.concatenate(answers)
        labels = np.concatenate(relevant).astype(np.float64)
        if labels.min() == labels.max():
            raise ValueError("relevant hits and others are needed, to separate them")
        seen = np.isfinite(all_hits)
        usual = np.where(seen, all_hits, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        features = np.concatenate([_features(signals, usual) for signals in answers])
        weights, intercept = _logistic(features, labels)
        curve = cls(usual=tuple(usual), weights=tuple(weights), intercept=intercept, cut_off=0.0)
        best = np.array([curve.relevance(signals).max() for signals in answers])
        answered = np.array([labels.any() for labels in relevant])
        return curve.model_copy(update={"cut_off": float(np.quantile(best[answered], false_alarms))})


class Calibration(BaseModel):
    """Probabilities of relevance for the vectors of an encoder.

    Parameters
    ----------
    format : int
        Version of the file's format.
    fingerprint : str
        Of the encoder. Cosines of another encoder mean something else.
    fitted_on : str
        Queries and products that the curves were fitted on.
    curves : mapping
        Kind of query → its curve.

    Examples
    --------
    >>> import numpy as np
    >>> from snapshelf.search import Calibration, Evidence
    >>> calibration = Calibration.load()
    >>> strong, weak = calibration.relevance(Evidence(photo=np.array([0.95, 0.1])))
    >>> bool(strong > weak)
    True
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    fingerprint: str
    fitted_on: str
    curves: Mapping[QueryKind, Curve]

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a calibration, by default that of the bundled encoder.

        Raises
        ------
        ShelfError
            The file cannot be read or is no calibration.
        """
        if path is None:
            return cls._bundled()
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise ShelfError(f"{path}: cannot be read: {error.strerror}") from error
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            field = ".".join(map(str, problem["loc"]))
            raise ShelfError(
                f"{path}: {field}: {problem['msg']}; make it again with snapshelf eval --calibrate, or delete it"
            ) from error

    @classmethod
    @cache
    def _bundled(cls) -> Self:
        return cls.model_validate_json((resources.files("snapshelf.search") / CALIBRATION).read_bytes())

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    def relevance(self, evidence: Evidence) -> Numbers | None:
        """Return the probability that each hit is relevant, float64 (n,); None for a kind that was not calibrated.

        Parameters
        ----------
        evidence : Evidence
            Of the first ten hits at least, if the query has so many.
        """
        curve = self.curves.get(evidence.kind)
        return None if curve is None else curve.relevance(evidence.signals())

    def cut_off(self, kind: QueryKind) -> float:
        """Return the least probability of the best hit of a query with a good match; 0 for a kind without a curve."""
        curve = self.curves.get(kind)
        return 0.0 if curve is None else curve.cut_off


def _features(signals: Numbers, usual: Numbers) -> Numbers:
    signals = np.where(np.isfinite(signals), signals, usual)
    best = np.broadcast_to(signals[:JUDGED].max(axis=0), signals.shape)
    return np.concatenate([part**power for part in (signals, best) for power in (1, 2, 3)], axis=1)


def _logistic(features: Numbers, labels: Numbers) -> tuple[Numbers, float]:
    """Weights and intercept of a ridge logistic regression, by Newton's method on standardised features."""
    centre, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread == 0] = 1.0
    design = np.column_stack([(features - centre) / spread, np.ones(len(features))])
    penalty = np.full(design.shape[1], _RIDGE * len(labels))
    penalty[-1] = 0.0
    solution = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        chances = _sigmoid(design @ solution)
        slope = design.T @ (chances - labels) + penalty * solution
        curvature = (design * (chances * (1 - chances))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, slope)
        solution -= step
        if np.abs(step).max() < 1e-9:
            break
    weights = solution[:-1] / spread
    return weights, float(solution[-1] - weights @ centre)


def _sigmoid(logits: Numbers) -> Numbers:
    chances: Numbers = 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
    return chances
