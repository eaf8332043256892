"""Ranking models: a fixed formula for shops without clicks, and two LambdaMARTs with a gate between them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

from snapshelf.errors import ShelfError, TrainingError
from snapshelf.ranking.features import IMPERSONAL, NAMES, compute_features, features_hash
from snapshelf.ranking.history import InteractionHistory
from snapshelf.ranking.ranker import CandidateTable
from snapshelf.ranking.statistics import Floats, ItemStatistics

if TYPE_CHECKING:
    import lightgbm as lgb

MODEL = "ranking.json"
"""Name of a model's card in its folder."""

_COLUMN = {name: place for place, name in enumerate(NAMES)}
_GATE_INPUTS = ("closeness", "history_length", "query_entropy")
_HELD_BACK = 0.15
"""Share of the requests, the latest, that fit the gate and stop the training."""
_SHORTENED = 0.3
"""Share of the examples whose history is cut short in training, so that a model learns short histories."""
_LEAST_HELD_BACK = 20
_PATIENCE = 60
"""Trees without a gain on the held-back requests after which training stops; half as many often stop too soon."""
_FAR = 0.01
"""Nearness of query and history at which the gate of the fixed formula is half open."""
_EQUAL = 0.03
"""Standard deviation of the relevance, as a share of the best, below which candidates answer nearly equally well."""


def lightgbm() -> Any:
    """Load LightGBM, when it is first needed.

    Raises
    ------
    TrainingError
        The system lacks the OpenMP library that it needs.
    """
    try:
        import lightgbm
    except OSError as error:
        raise TrainingError(
            f"LightGBM cannot be loaded ({error}); install the OpenMP library (Debian, Ubuntu: apt install libgomp1)"
        ) from error
    return lightgbm


class ScoringModel(Protocol):
    """Turns features into scores."""

    def score(self, features: Floats) -> tuple[Floats, Floats]:
        """Score the candidates of a search.

        Parameters
        ----------
        features : ndarray
            float32 (n, len(FEATURES)), from `compute_features`.

        Returns
        -------
        impersonal, shopper : ndarray
            float32 (n,) each: the score without the shopper, in standard deviations over the candidates, and
            what the shopper adds to it; zeros for a shopper without a history.
        """
        ...


@dataclass(frozen=True)
class FixedFormula:
    """Relevance + `popularity` · popularity + `personal` · g · (co-occurrence + `content` · likeness).

    Every term is normalised over the candidates. Where all of them answer the query nearly equally well, as the
    products of a category do, their small differences of relevance count as small. The formula ranks until there are
    clicks to learn from. The gate g grows with the evidence, m / (m + 2) for a history of m events, and with how near
    the query is to the history: e / (e + 0.01), e being the closeness plus the mean of the strongest co-occurrences.
    Weights were chosen on validation purchases (see the documentation of the benchmark).
    """

    popularity: float = 0.3
    personal: float = 0.6
    content: float = 0.3

    def score(self, features: Floats) -> tuple[Floats, Floats]:
        """Score the candidates; see `ScoringModel.score`."""
        relevance = _column(features, "relevance")
        fused = normalised(relevance) * min(1.0, float(relevance.std()) / _EQUAL)
        fused = fused + self.popularity * normalised(_column(features, "popularity"))
        # The sum is normalised, too; the shopper's part keeps its proportion to a sum of nearly equal candidates.
        enlarged = max(1.0, 1 / (float(fused.std()) or 1.0))
        events = np.expm1(_column(features, "history_length")[:1].max(initial=0))
        taste = normalised(_column(features, "together_latest")) + self.content * normalised(
            _column(features, "text_latest")
        )
        near = _column(features, "closeness")[:1].sum() + _column(features, "together_max").sum() / max(
            1, len(features)
        )
        gate = events / (events + 2) * near / (near + _FAR) if near > 0 else 0.0
        return normalised(fused), np.float32(self.personal * gate * enlarged) * taste


@dataclass(frozen=True)
class Gate:
    """Weight of the personal model: g = σ(bias + weights · inputs), 0 without a history.

    Inputs are the closeness of query and history, ln(1 + events) and the entropy of the query.
    """

    bias: float = 0.0
    weights: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __call__(self, table: Floats) -> float:
        """Return g for the request of a feature table, 0 … 1."""
        inputs = _gate_inputs(table)
        return float(special.expit(self.bias + inputs @ self.weights)) if inputs[1] > 0 else 0.0


@dataclass(frozen=True)
class RankingExample:
    """A search and what its shopper did with the candidates.

    Parameters
    ----------
    table : CandidateTable
    history : InteractionHistory
        Of the shopper, before the search.
    grades : ndarray
        int32 (n,): 0 passed over, 1 clicked, 3 put into the cart, 7 bought.
    now : float or None
        Unix seconds of the search; None where time is unknown.
    positions : ndarray or None
        int32 (n,): rank at which each candidate was shown, from 0; None where there was no order.
    weights : ndarray or None
        float32 (n,): weight of each grade, such as 1 / propensity of having been examined; None for 1.
    """

    table: CandidateTable
    history: InteractionHistory
    grades: NDArray[np.int32]
    now: float | None = None
    positions: NDArray[np.int32] | None = None
    weights: Floats | None = None


@dataclass(frozen=True)
class Settings:
    """Settings of the training, chosen on validation requests of real shoppers (see the documentation).

    Parameters
    ----------
    trees, leaves, least_in_leaf, rate
        The boosting.
    most : int
        Requests learned from, the latest; more cost time and teach little.
    negatives : int
        Candidates without a grade that are kept of each request, drawn by chance.
    threads : int
        Cores used; 0 for all.
    seed : int
        The same seed and threads give the same model.
    """

    trees: int = 160
    leaves: int = 15
    least_in_leaf: int = 50
    rate: float = 0.12
    most: int = 50_000
    negatives: int = 100
    threads: int = 0
    seed: int = 0


@dataclass(frozen=True)
class RankingModel:
    """Two LambdaMARTs, with and without the shopper, and the gate between them.

    score = NP + g · (P − NP), each normalised over the candidates. LambdaMART: Burges, "From RankNet to
    LambdaRank to LambdaMART", MSR-TR-2010-82, as in LightGBM.
    """

    impersonal: lgb.Booster
    personal: lgb.Booster
    gate: Gate
    trained_on: int
    """Requests with a grade that it learned from."""

    def score(self, features: Floats) -> tuple[Floats, Floats]:
        """Score the candidates; see `ScoringModel.score`."""
        impersonal = _predict(self.impersonal, features[:, :IMPERSONAL])
        trust = self.gate(features)
        if trust == 0:
            return impersonal, np.zeros_like(impersonal)
        return impersonal, np.float32(trust) * (_predict(self.personal, features) - impersonal)

    def importance(self) -> dict[str, float]:
        """Return the share of each feature in the gain of the personal model, largest first."""
        gain = self.personal.feature_importance("gain")
        shares = dict(zip(NAMES, (gain / max(gain.sum(), 1e-12)).tolist(), strict=True))
        return dict(sorted(shares.items(), key=lambda item: -item[1]))

    def save(self, folder: Path) -> None:
        """Write the model to a folder of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        self.impersonal.save_model(folder / "impersonal.txt")
        self.personal.save_model(folder / "personal.txt")
        card = {
            "format": 1,
            "features": features_hash(),
            "names": NAMES,
            "gate": asdict(self.gate),
            "trained_on": self.trained_on,
        }
        # Last: a folder without it is no model.
        (folder / MODEL).write_text(json.dumps(card, indent=2), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> RankingModel:
        """Read a model.

        Raises
        ------
        ShelfError
            There is none, it cannot be read, or it was trained on other features.
        """
        try:
            card = json.loads((folder / MODEL).read_text("utf-8"))
            if card["features"] != features_hash():
                changed = sorted(set(card["names"]) ^ set(NAMES))
                names = f" ({', '.join(changed)})" if changed else ""
                raise ShelfError(
                    f"{folder}: the ranking model was trained on other features than this version has{names}; "
                    "train it again with 'snapshelf rank train'"
                )
            closeness, length, entropy = map(float, card["gate"]["weights"])
            gate = Gate(float(card["gate"]["bias"]), (closeness, length, entropy))
            impersonal, personal = (
                lightgbm().Booster(model_file=folder / f"{name}.txt") for name in ("impersonal", "personal")
            )
            return cls(impersonal, personal, gate, int(card["trained_on"]))
        except FileNotFoundError:
            raise ShelfError(f"{folder}: no ranking model; make one with 'snapshelf rank train'") from None
        except (ValueError, KeyError, TypeError, lightgbm().basic.LightGBMError) as error:
            raise ShelfError(
                f"{folder}: the ranking model cannot be read ({error}); train it again"
            ) from None


def train(
    statistics: ItemStatistics, examples: Sequence[RankingExample], settings: Settings = Settings()
) -> RankingModel:
    """Learn the two models and the gate.

    Parameters
    ----------
    statistics : ItemStatistics
        Must be counted before the first example.
    examples : sequence of RankingExample
        In the order of time. The latest 15 % say how many trees and fit the gate; then the models learn from all.
        Requests without a grade teach nothing and are left out.
    settings : Settings

    Raises
    ------
    TrainingError
        There is too little to learn from.
    """
    useful = [example for example in examples if example.grades.any()][-settings.most :]
    held_back = round(_HELD_BACK * len(useful))
    if held_back < _LEAST_HELD_BACK:
        raise TrainingError(
            f"{len(useful)} searches that led to a click are too few to learn from; "
            f"{round(_LEAST_HELD_BACK / _HELD_BACK)} are the least, about 3,000 are useful"
        )
    draw = np.random.default_rng(settings.seed)
    tables = [_table(statistics, example, settings, draw) for example in useful]
    fit, rest = tables[:-held_back], tables[-held_back:]
    without = _boosted(fit, IMPERSONAL, settings, rest)
    within = _boosted(fit, len(NAMES), settings, rest)
    gate = _fit_gate(without, within, rest)
    # The held-back requests have chosen the number of trees and the gate; now the models learn from them as well.
    impersonal, personal = (
        _boosted(tables, booster.num_feature(), replace(settings, trees=max(1, booster.best_iteration)))
        for booster in (without, within)
    )
    return RankingModel(impersonal, personal, gate, len(useful))


@dataclass(frozen=True)
class _Table:
    features: Floats
    grades: NDArray[np.int32]
    positions: NDArray[np.int32] | None
    weights: Floats


def _table(
    statistics: ItemStatistics, example: RankingExample, settings: Settings, draw: np.random.Generator
) -> _Table:
    history, grades = example.history, example.grades
    if draw.random() < _SHORTENED:
        history = history.latest(int(draw.integers(0, 6)))
    table = compute_features(statistics, example.table, history, example.now)
    passed = np.flatnonzero(grades == 0)
    if example.positions is None and len(passed) > settings.negatives:
        passed = draw.choice(passed, settings.negatives, replace=False)
    kept = np.sort(np.concatenate([np.flatnonzero(grades), passed]))
    weights = np.ones(len(grades), np.float32) if example.weights is None else example.weights
    positions = None if example.positions is None else example.positions[kept]
    return _Table(table[kept], grades[kept], positions, weights[kept])


def _boosted(
    fit: list[_Table], columns: int, settings: Settings, rest: list[_Table] | None = None
) -> lgb.Booster:
    """Train on the first columns; with `rest` only as long as that gets better."""
    parameters: dict[str, Any] = {
        "objective": "lambdarank",
        "metric": "ndcg",
        "eval_at": 10,
        "lambdarank_truncation_level": 30,
        "num_leaves": settings.leaves,
        "min_data_in_leaf": settings.least_in_leaf,
        "learning_rate": settings.rate,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        # Clicks depend on the rank at which a product was shown; a penalty would hide that.
        "lambdarank_position_bias_regularization": 0.0,
        "num_threads": settings.threads,
        "seed": settings.seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    known = _dataset(fit, columns)
    watched: dict[str, Any] = {}
    if rest is not None:
        watched = {
            "valid_sets": [_dataset(rest, columns, known)],
            "callbacks": [lightgbm().early_stopping(_PATIENCE, verbose=False)],
        }
    booster: lgb.Booster = lightgbm().train(parameters, known, num_boost_round=settings.trees, **watched)
    return booster


def _dataset(tables: list[_Table], columns: int, reference: lgb.Dataset | None = None) -> lgb.Dataset:
    shown = [table.positions for table in tables if table.positions is not None]
    dataset: lgb.Dataset = lightgbm().Dataset(
        np.concatenate([table.features[:, :columns] for table in tables]),
        np.concatenate([table.grades for table in tables]),
        weight=np.concatenate([table.weights for table in tables]),
        group=[len(table.grades) for table in tables],
        position=np.concatenate(shown) if reference is None and len(shown) == len(tables) else None,
        feature_name=list(NAMES[:columns]),
        reference=reference,
    )
    return dataset


def _fit_gate(impersonal: lgb.Booster, personal: lgb.Booster, tables: Iterable[_Table]) -> Gate:
    """Choose the gate of maximum likelihood on requests that neither model has learned from."""
    from scipy import optimize  # slow to import, and only training needs it

    cases = []
    for table in tables:
        inputs = _gate_inputs(table.features)
        if inputs[1] > 0:
            without = _predict(impersonal, table.features[:, :IMPERSONAL])
            gains = _predict(personal, table.features) - without
            cases.append((inputs, without, gains, table.grades / table.grades.sum()))
    if len(cases) < _LEAST_HELD_BACK:
        return Gate()

    inputs = np.stack([case[0] for case in cases])
    middle, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6

    def loss_with(parameters: NDArray[np.float64]) -> float:
        trust = special.expit(parameters[0] + (inputs - middle) / spread @ parameters[1:4])
        sharpness = np.exp(parameters[4])
        loss = 0.0
        for g, (_, without, gains, share) in zip(trust, cases, strict=True):
            loss -= float(share @ special.log_softmax(sharpness * (without + g * gains)))
        # A light pull to 0 keeps an input that tells nothing from being believed.
        return loss / len(cases) + 1e-3 * float(parameters[:4] @ parameters[:4])

    solution = optimize.minimize(loss_with, np.array([1.0, 0.0, 0.0, 0.0, 0.0]), method="L-BFGS-B").x
    weights = solution[1:4] / spread
    return Gate(
        float(solution[0] - weights @ middle), (float(weights[0]), float(weights[1]), float(weights[2]))
    )


def _gate_inputs(table: Floats) -> NDArray[np.float64]:
    if not len(table):
        return np.zeros(3)
    return np.nan_to_num(table[0, [_COLUMN[name] for name in _GATE_INPUTS]].astype(np.float64))


def _predict(booster: lgb.Booster, table: Floats) -> Floats:
    if not len(table):
        return np.zeros(0, np.float32)
    return normalised(np.asarray(booster.predict(table, num_threads=1), dtype=np.float32))


def _column(table: Floats, name: str) -> Floats:
    return np.nan_to_num(table[:, _COLUMN[name]])


def normalised(values: Floats) -> Floats:
    """Shift to mean 0 and scale to standard deviation 1; equal values become 0."""
    if not len(values):
        return values
    spread = float(values.std())
    # Below this the differences are rounding: dividing by it would make noise of them.
    if spread <= max(1e-9, 1e-6 * float(np.abs(values).max())):
        return np.zeros_like(values, dtype=np.float32)
    return np.asarray((values - values.mean()) / spread, dtype=np.float32)
