"""Relevance: from the signals of a hit to the probability that it is what the query asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from snapshelf.errors import ShelfError
from snapshelf.query import QueryKind
from snapshelf.search.corpus import Corpus
from snapshelf.search.exact_match import SAME, names_model
from snapshelf.search.fusion import split_visual
from snapshelf.search.plan import SearchPlan
from snapshelf.search.score_table import Rows, ScoreTable
from snapshelf.search.signals import Numbers
from snapshelf.search.word_match import EXACT_CODE

CALIBRATION = "calibration.json"
"""Name of a shelf's own calibration in its folder."""

JUDGED = 10
"""Best hits whose signals say how good the query's hits are as a whole."""

FALSE_ALARMS = 0.02
"""Part of the answered queries that may be told to have no good match."""

_RECOGNISED = 0.9
"""Part of the queries without an answer that is to be recognised."""

_STRANGE = 0.95
"""Part of the queries without an answer to be recognised where no product has any of the words."""

_MAX_MEMBER = 0.5
"""A product that is probably relevant always belongs to the result."""

_THRESHOLDS = tuple(np.arange(0.02, _MAX_MEMBER + 0.01, 0.02).tolist())

NEAR_DUPLICATE = 0.98
"""Cosine of a query's photo from which it is the product's own, cropped or saved again; see
``docs/concepts/search.md``."""

_NAMED_AMONG = 10
"""Best candidates that the words may name."""

_NEARLY = 0.5
"""Share of the cut-off from which a hit is a near miss."""

_STEPS = 100
_RIDGE = 1e-3
"""Keeps weights finite where the classes can be separated without error."""

_PRIOR_HITS = 100.0
"""Hits that a prior counts as."""

_SUREST = 15.0
"""Greatest logit of a prior that a shop's own questions can still outweigh."""

_SCALED_BOUNDS = (-4.0, 8.0)
"""A polynomial says nothing of what is far outside of what it was fitted on."""

_CONSTANT = 1e-9


SIGNALS_OF: Mapping[QueryKind, tuple[str, ...]] = {
    "photo": ("photo",),
    "words": ("text_image", "text_title", "lexical"),
    "both": ("photo", "text_image", "text_title", "lexical"),
}
"""Signals that speak for a hit, by what the query consists of."""


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
        Coverage: the words of the query that stand in the hit, as a share of all their mass; see
        `WordStatistics.coverage`.
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
        """The `SIGNALS_OF` this kind of query, float64 (n, s); NaN where a signal is missing."""
        signals = [getattr(self, name) for name in SIGNALS_OF[self.kind]]
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
    coverage = plan.words.coverage(table.words[rows])
    coverage[table.tier[rows] == EXACT_CODE] = 1.0
    return Evidence(
        cosines["photo"],
        cosines["text_image"],
        np.where(title == 0, np.nan, title / (length or 1.0)),
        coverage,
    )


def is_known_item(table: ScoreTable, best: Rows, plan: SearchPlan, corpus: Corpus) -> bool:
    """Whether the query names a product of the shop, whoever asks: by its title, its code or its photo.

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
    if (table.exactness[table.window == 0] == SAME).any() or (table.tier == EXACT_CODE).any():
        return True
    spans = [(chip.start, chip.end) for chip in plan.query.chips]
    head = [table.ids[row] for row in best[:_NAMED_AMONG]]
    titles = [name.title for name in corpus.products.names(head).values()]
    return names_model(plan.query.normalised, spans, titles)


@dataclass(frozen=True, slots=True)
class RelevanceEstimate:
    """How likely hits are what the query asks for; empty where that is unknown.

    Parameters
    ----------
    relevance : mapping
        Id → probability.
    cut_off : float or None
        Below it a hit is no good match.
    has_good_match : bool
        Whether any product is.
    """

    relevance: Mapping[str, float] = field(default_factory=dict)
    cut_off: float | None = None
    has_good_match: bool = True

    @property
    def no_good_match(self) -> bool:
        """Whether no product is a good match, as far as that is known."""
        return self.cut_off is not None and not self.has_good_match

    def near_misses(self, ids: Sequence[str]) -> list[str]:
        """Return the hits that are nearly good, where none is good."""
        if not self.no_good_match or self.cut_off is None:
            return []
        return [id for id in ids if self.relevance.get(id, 0.0) >= _NEARLY * self.cut_off]


class Curve(BaseModel):
    """Logistic regression on the scaled signals of a hit, for a kind of query.

    The logit is a cubic polynomial in each signal plus a cubic polynomial in the best value of that signal among the
    first ten hits (a straight line in the only signal of a photo): a fair hit beside a perfect hit is less likely to be
    meant than the same hit before poor hits.

    Parameters
    ----------
    usual : tuple of float
        Values that replace missing signals, s of them.
    weights : tuple of float
        Of the signals, their squares and cubes, then of the best signals likewise: 6 s.
    intercept : float
    cut_off : float
        A query whose best hit has a lower probability has no good match.
    member : float
        A product with a lower probability does not belong to the result.
    unknown_cut_off : float
        The same as `cut_off` for a query none of whose words any product has: photos and titles alone have to make it
        more likely than not, and more likely than nearly all unknown things.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    usual: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    cut_off: float = 0.0
    member: float = 0.0
    unknown_cut_off: float = 0.5

    def relevance(self, signals: Numbers, best: Numbers | None = None) -> Numbers:
        """Probability of relevance, float64 (n,), of hits with signals (n, s), best first.

        `best` (s,) are the best signals among the query's first ten hits, where `signals` does not begin with them.
        """
        return _sigmoid(self._logits(signals, best))

    def _logits(self, signals: Numbers, best: Numbers | None = None) -> Numbers:
        features = _features(signals, np.array(self.usual), best)
        logits: Numbers = features @ np.array(self.weights) + self.intercept
        return logits

    def _tempered(self, share: float) -> Self:
        """Return the curve with a share of its logits."""
        weights = tuple(share * weight for weight in self.weights)
        return self.model_copy(update={"weights": weights, "intercept": share * self.intercept})

    @classmethod
    def fit(
        cls,
        answers: Sequence[Numbers],
        relevant: Sequence[NDArray[np.bool_]],
        prior: Curve | None = None,
        weights: Sequence[float] | None = None,
    ) -> Self:
        """Fit the curve by Newton's method with a ridge penalty.

        Parameters
        ----------
        answers : sequence of ndarray
            Scaled signals (n, s) of the hits of each query, best first.
        relevant : sequence of ndarray
            bool (n,): which of them are relevant.
        prior : Curve or None
            Curve that the penalty pulls towards; the more queries there are, the less it counts.
        weights : sequence of float or None
            What each query counts; 1 by default.

        Raises
        ------
        ValueError
            All hits are relevant or none is, and there is no prior.
        """
        all_hits = np.concatenate(answers)
        labels = np.concatenate(relevant).astype(np.float64)
        if labels.min() == labels.max() and prior is None:
            raise ValueError("relevant hits and others are needed, to separate them")
        each = np.repeat(
            np.ones(len(answers)) if weights is None else np.asarray(weights), [len(hits) for hits in answers]
        )
        if prior is not None:
            # A prior of few shops may be far too sure.
            surest = max(float(np.abs(prior._logits(signals)).max()) for signals in answers)
            prior = prior._tempered(min(1.0, _SUREST / max(surest, 1e-9)))
            usual = np.array(prior.usual)
            offsets = np.concatenate([prior._logits(signals) for signals in answers])
        else:
            seen = np.isfinite(all_hits)
            usual = np.where(seen, all_hits, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
            offsets = np.zeros(len(labels))
        features = np.concatenate([_features(signals, usual) for signals in answers])
        if len(usual) == 1:
            features[:, 1:3] = 0.0  # a nearer photo is always more likely, so its own part is a straight line
        ridge = _RIDGE * len(labels) if prior is None else _PRIOR_HITS
        change, intercept = _logistic(features, labels, offsets, each, ridge)
        if prior is not None:
            change, intercept = change + np.array(prior.weights), intercept + prior.intercept
        return cls(usual=tuple(usual), weights=tuple(change), intercept=intercept)

    def with_cut_offs(
        self,
        answers: Sequence[Numbers],
        relevant: Sequence[NDArray[np.bool_]],
        is_blind: Sequence[bool] | None = None,
    ) -> Self:
        """Choose the probabilities from which a match is good, and from which a product belongs to the result.

        Most queries that have no answer are told so, but only few of those that have one: the cut-off is half way, in
        logits, between what most unknown things reach and what most answered queries reach. The result set keeps the
        products from the probability with the best F₁ measure on average over the answered queries.

        Parameters
        ----------
        answers, relevant
            As of `fit`.
        is_blind : sequence of bool or None
            Queries whose words stand in no product, though some are relevant. They choose nothing: what the words do
            not say, only a good encoder finds.
        """
        chances = [self.relevance(signals) for signals in answers]
        best = np.array([each.max() for each in chances])
        answered = np.array([bool(labels.any()) for labels in relevant])
        plain = answered if is_blind is None else answered & ~np.asarray(is_blind)
        highest = float(np.quantile(best[plain], FALSE_ALARMS)) if plain.any() else _MAX_MEMBER
        unknown = best[~answered]
        cut_off = highest
        if len(unknown):
            reached = float(np.quantile(unknown, _RECOGNISED))
            cut_off = min(highest, float(_sigmoid(np.array((_logit(reached) + _logit(highest)) / 2))))
        member = max(
            _THRESHOLDS,
            key=lambda least: sum(
                _f1(chances[place] >= least, relevant[place]) for place in np.flatnonzero(plain).tolist()
            ),
        )
        strange = [
            chance
            for signals, chance, has_answer in zip(answers, best.tolist(), answered.tolist(), strict=True)
            if not has_answer and not np.nan_to_num(signals[:, -1]).any()
        ]
        unknown_cut_off = float(np.quantile(strange, _STRANGE)) if strange else _MAX_MEMBER
        return self.model_copy(
            update={
                "cut_off": cut_off,
                "member": min(member, cut_off),
                "unknown_cut_off": max(cut_off, _MAX_MEMBER, unknown_cut_off),
            }
        )


def _f1(chosen: NDArray[np.bool_], relevant: NDArray[np.bool_]) -> float:
    return float(2 * (chosen & relevant).sum() / max(1, chosen.sum() + relevant.sum()))


class Calibration(BaseModel):
    """Probabilities of relevance in a shop, for the vectors of an encoder.

    Parameters
    ----------
    format : int
        Version of the file's format.
    fingerprint : str
        Of the encoder. Cosines of another encoder mean something else.
    fitted_on : str
        Queries and products that the curves were fitted on.
    scales : mapping
        Signal → mean and standard deviation between a query and products that have nothing to do with it. Signals are
        counted from that mean, in that unit, so that a curve means the same in any shop and for any encoder.
    curves : mapping
        Kind of query → its curve.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[2] = 2
    fingerprint: str
    fitted_on: str
    scales: Mapping[str, tuple[float, float]] = Field(default_factory=dict)
    curves: Mapping[QueryKind, Curve]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a calibration.

        Raises
        ------
        ShelfError
            The file cannot be read or is no calibration.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise ShelfError(f"{path}: cannot be read: {error.strerror}") from error
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            place = ".".join(map(str, problem["loc"]))
            raise ShelfError(
                f"{path}: {place}: {problem['msg']}; make it again with snapshelf eval --calibrate, or delete it"
            ) from error

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    def scaled(self, evidence: Evidence) -> Numbers:
        """The signals of an evidence in the units of `scales`, float64 (n, s)."""
        return scaled(evidence, self.scales)

    def relevance(self, evidence: Evidence, best: Numbers | None = None) -> Numbers | None:
        """Return the probability that each hit is relevant, float64 (n,); None for a kind that was not calibrated.

        Parameters
        ----------
        evidence : Evidence
            Of the first ten hits at least, if the query has so many.
        best : ndarray or None
            float64 (s,): see `best_signals`; for evidence that does not begin with the first hits.
        """
        curve = self.curves.get(evidence.kind)
        return None if curve is None else curve.relevance(self.scaled(evidence), best)

    def best_signals(self, evidence: Evidence) -> Numbers:
        """Return the best scaled value of each signal among the first ten hits, float64 (s,)."""
        curve = self.curves[evidence.kind]
        return _best(_filled(self.scaled(evidence), np.array(curve.usual)))

    def cut_off(self, kind: QueryKind) -> float:
        """Return the least probability of the best hit of a query with a good match; 0 for a kind without a curve."""
        curve = self.curves.get(kind)
        return 0.0 if curve is None else curve.cut_off

    def unknown_cut_off(self, kind: QueryKind) -> float:
        """Return the same for a query none of whose words any product has."""
        curve = self.curves.get(kind)
        return 0.0 if curve is None else max(curve.cut_off, curve.unknown_cut_off)

    def member(self, kind: QueryKind) -> float:
        """Return the least probability of a product that belongs to the result; 0 for a kind without a curve."""
        curve = self.curves.get(kind)
        return 0.0 if curve is None else curve.member


def scaled(evidence: Evidence, scales: Mapping[str, tuple[float, float]]) -> Numbers:
    """Return the signals of an evidence in the units of `scales`, float64 (n, s); see `Calibration`."""
    signals = evidence.signals()
    for column, name in enumerate(SIGNALS_OF[evidence.kind]):
        mean, spread = scales.get(name, (0.0, 1.0))
        signals[:, column] = np.clip((signals[:, column] - mean) / (spread or 1.0), *_SCALED_BOUNDS)
    return signals


def _filled(signals: Numbers, usual: Numbers) -> Numbers:
    filled: Numbers = np.where(np.isfinite(signals), signals, usual)
    return filled


def _best(signals: Numbers) -> Numbers:
    best: Numbers = signals[:JUDGED].max(axis=0)
    return best


def _features(signals: Numbers, usual: Numbers, best: Numbers | None = None) -> Numbers:
    signals = _filled(signals, usual)
    beside = np.broadcast_to(_best(signals) if best is None else best, signals.shape)
    return np.concatenate([part**power for part in (signals, beside) for power in (1, 2, 3)], axis=1)


def _logistic(
    features: Numbers, labels: Numbers, offsets: Numbers, each: Numbers, ridge: float
) -> tuple[Numbers, float]:
    """Weights and intercept of a ridge logistic regression, by Newton's method on standardised features.

    `offsets` are added to the logits; `each` is what an observation counts. Without offsets, the intercept is free.
    """
    centre, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread < _CONSTANT] = 1.0
    design = np.column_stack([(features - centre) / spread, np.ones(len(features))])
    penalty = np.full(design.shape[1], ridge)
    if not offsets.any():
        penalty[-1] = 0.0

    def loss(solution: Numbers) -> float:
        logits = design @ solution + offsets
        likelihood = each @ (np.logaddexp(0.0, logits) - labels * logits)
        return float(likelihood + 0.5 * penalty @ solution**2)

    solution = np.zeros(design.shape[1])
    value = loss(solution)
    for _ in range(_STEPS):
        chances = _sigmoid(design @ solution + offsets)
        slope = design.T @ (each * (chances - labels)) + penalty * solution
        curvature = (design * (each * chances * (1 - chances))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature + _CONSTANT * np.eye(len(penalty)), slope)
        # Where a prior is sure and wrong, a whole step goes much too far.
        while (lower := loss(solution - step)) > value and np.abs(step).max() > _CONSTANT:
            step /= 2
        solution, value = solution - step, min(value, lower)
        if np.abs(step).max() < 1e-8:
            break
    weights = solution[:-1] / spread
    return weights, float(solution[-1] - weights @ centre)


def _logit(chance: float) -> float:
    return math.log((chance + 1e-9) / (1 - chance + 1e-9))


def _sigmoid(logits: Numbers) -> Numbers:
    chances: Numbers = 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
    return chances
