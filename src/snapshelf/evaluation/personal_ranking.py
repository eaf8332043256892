"""How good the personal order is: two protocols on real shoppers' purchases, full rankings, time-ordered."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snapshelf.catalogue import Product
from snapshelf.errors import EvaluationError, ProductError
from snapshelf.evaluation.bootstrap import bootstrap_interval
from snapshelf.ranking import (
    UNKNOWN,
    CandidateTable,
    FixedFormula,
    Floats,
    InteractionHistory,
    Items,
    ItemStatistics,
    RankingExample,
    ScoringModel,
    compute_features,
    count_histories,
    normalised,
    term_counts,
    train,
)
from snapshelf.recommend import NextItem, PurchaseHistory, RecommendationQuery, Recommender

Protocol: TypeAlias = Literal["search", "next"]
Way: TypeAlias = Literal["words", "words+popularity", "personal"]
Progress: TypeAlias = Callable[[int, int | None], None]

_CANDIDATES = 200
_TEACHERS = 8_000
_FEW_TEACHERS = 2_000
_DEPTH = 10
_NAMES: Mapping[Way, tuple[str, ...]] = {
    "words": ("words",),
    "words+popularity": ("words+popularity",),
    "personal": ("formula", "impersonal", "personal"),
}
"""Orderings that each way gives."""
_COLD = (1, 3, 10)
_COLD_SHOPPERS = 1_500


@dataclass(frozen=True)
class Case:
    """One purchase to be foreseen: the shopper, what was bought before (oldest first), and the purchase, as rows."""

    shopper: str
    past: NDArray[np.intp]
    target: int


@dataclass(frozen=True)
class Purchases:
    """A folder of shoppers' purchases, divided by time within each shopper.

    Parameters
    ----------
    items : Items
    texts : tuple of str
        Title and categories of each item.
    queries : tuple of str
        What somebody who looks for the item types: the words of its deepest category path without the root.
    baskets : list of ndarray
        What the models may count: each shopper's purchases before the validation step.
    teachers : list of Case
        Validation steps of shoppers who are not tested; rankers learn from them.
    tests : list of Case
    """

    items: Items
    texts: tuple[str, ...]
    queries: tuple[str, ...]
    baskets: list[NDArray[np.intp]]
    teachers: list[Case]
    tests: list[Case]

    @classmethod
    def read(cls, folder: Path, kept_back: Path | None = None, *, seed: int = 0) -> Purchases:
        """Read ``products.csv`` and ``purchases.jsonl`` of a folder.

        Without `kept_back` the last purchase of each shopper whose ``last_kept_back`` is false is the test. With it
        the purchases that it lists are the tests. In both cases the purchase before a shopper's last is the
        validation step, known last purchases included, and the models count only what came before it.

        Raises
        ------
        EvaluationError
            A file is missing or a line of it cannot be used; the message has file and line.
        """
        products, texts, queries = _read_products(folder / "products.csv")
        items = Items.of(products, texts=texts)
        rows = {name: row for row, name in enumerate(items.ids)}
        bought, is_kept_back = _read_purchases(folder / "purchases.jsonl", rows)
        hidden = None if kept_back is None else _read_kept_back(kept_back, rows, bought)
        baskets: list[NDArray[np.intp]] = []
        tests: list[Case] = []
        steps: dict[str, Case] = {}
        for shopper, taken in bought.items():
            history = taken
            if hidden is not None and shopper in hidden:
                history = taken[taken != hidden[shopper]]
                tests.append(Case(shopper, history, hidden[shopper]))
            elif not is_kept_back[shopper] and len(taken) > 1:
                history = taken[:-1]
                if hidden is None:
                    tests.append(Case(shopper, history, int(taken[-1])))
            if len(history) > 1:
                steps[shopper] = Case(shopper, history[:-1], int(history[-1]))
            baskets.append(history[:-1])
        if not tests:
            raise EvaluationError(
                f"{folder}: every shopper's last purchase was kept back, so there is nothing to test on; "
                "give the file with --kept-back"
            )
        return cls(items, texts, queries, baskets, *_teachers_and_tests(steps, tests, seed))


def _teachers_and_tests(
    steps: Mapping[str, Case], tests: list[Case], seed: int
) -> tuple[list[Case], list[Case]]:
    draw = np.random.default_rng(seed)
    tested = {case.shopper for case in tests}
    others = [step for shopper, step in steps.items() if shopper not in tested]
    if len(others) < min(_FEW_TEACHERS, len(tests) // 2):
        # Nobody is left to learn from: some of those who would be tested teach instead.
        count = min(_TEACHERS, len(tests) // 2)
        teaching = {tests[place].shopper for place in draw.choice(len(tests), count, replace=False)}
        others += [steps[shopper] for shopper in teaching if shopper in steps]
        tests = [case for case in tests if case.shopper not in teaching]
    order = draw.permutation(len(others))[:_TEACHERS]
    return [others[place] for place in order], tests


def _read_products(path: Path) -> tuple[list[Product], tuple[str, ...], tuple[str, ...]]:
    products: list[Product] = []
    texts: list[str] = []
    queries: list[str] = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                paths = [path.strip() for path in row["categories"].split("|")]
                deepest = max(paths, key=lambda path: path.count(">"))
                steps = tuple(step.strip() for step in deepest.split(">"))
                products.append(Product.parse({"id": row["id"], "title": row["title"], "category": steps}))
                texts.append(f"{row['title']} {row['categories']}")
                queries.append(" ".join(steps[1:] or steps))
    except (OSError, KeyError, UnicodeDecodeError, AttributeError, ProductError) as error:
        line = len(products) + 2
        raise EvaluationError(
            f"{path}, product {line - 1}: {_cause(error)}; needed are the columns id, title and categories "
            "(paths as 'a > b | c > d')"
        ) from None
    if len({product.id for product in products}) < len(products):
        raise EvaluationError(f"{path}: an id is there twice")
    if not products:
        raise EvaluationError(f"{path}: no products")
    return products, tuple(texts), tuple(queries)


def _read_purchases(
    path: Path, rows: Mapping[str, int]
) -> tuple[dict[str, NDArray[np.intp]], dict[str, bool]]:
    bought: dict[str, NDArray[np.intp]] = {}
    kept_back: dict[str, bool] = {}
    for line, fields in _lines(path):
        try:
            shopper = str(fields["shopper"])
            bought[shopper] = np.array([rows[str(name)] for name in fields["products"]], dtype=np.intp)
            kept_back[shopper] = bool(fields.get("last_kept_back", False))
        except (KeyError, TypeError, AttributeError) as error:
            raise EvaluationError(
                f'{path}, line {line}: {_cause(error)}; needed is {{"shopper", "products": [ids of products.csv]}}'
            ) from None
    return bought, kept_back


def _read_kept_back(
    path: Path, rows: Mapping[str, int], bought: Mapping[str, NDArray[np.intp]]
) -> dict[str, int]:
    hidden: dict[str, int] = {}
    for line, fields in _lines(path):
        try:
            shopper, product = str(fields["shopper"]), rows[str(fields["product"])]
        except (KeyError, TypeError) as error:
            raise EvaluationError(
                f'{path}, line {line}: {_cause(error)}; needed is {{"shopper", "product": an id of products.csv}}'
            ) from None
        if shopper not in bought:
            raise EvaluationError(
                f"{path}, line {line}: purchases.jsonl does not know the shopper {shopper!r}"
            )
        hidden[shopper] = product
    return hidden


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with path.open(encoding="utf-8") as file:
            for line, text in enumerate(file, 1):
                if text.strip():
                    yield line, json.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path}: {_cause(error)}") from None
    except json.JSONDecodeError as error:
        raise EvaluationError(f"{path}, line {line}: not JSON ({error.msg})") from None


def _cause(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]!r} is missing or not known"
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


@dataclass(frozen=True)
class Figures:
    """What a model reached over the shoppers.

    Parameters
    ----------
    ranks : ndarray
        float64 (shoppers,): mid-rank of the target, infinite where it was not among the candidates.
    seconds : float
        Mean time of a request.
    """

    ranks: NDArray[np.float64]
    seconds: float

    @property
    def gains(self) -> NDArray[np.float64]:
        """NDCG@10 of each shopper, float64 (shoppers,): 1 / log2(1 + rank) in the top ten, else 0."""
        return np.where(self.ranks <= _DEPTH, 1 / np.log2(1 + self.ranks), 0.0)

    def to_json(self) -> dict[str, float]:
        """Hit rate, NDCG with its 95 % bootstrap interval, and milliseconds per request."""
        low, high = bootstrap_interval(self.gains[:, None])
        return {
            "HR@10": _rounded(np.mean(self.ranks <= _DEPTH)),
            "NDCG@10": _rounded(self.gains.mean()),
            "low": _rounded(low[0]),
            "high": _rounded(high[0]),
            "MRR": _rounded(np.mean(1 / self.ranks)),
            "ms_per_request": _rounded(1_000 * self.seconds),
        }


def _rounded(value: float | np.floating[Any]) -> float:
    return round(float(value), 5)


@dataclass(frozen=True)
class PersonalReport:
    """Figures of each model on the same shoppers; what `snapshelf rank bench` prints.

    Parameters
    ----------
    protocol : {"search", "next"}
    models : mapping
        Name → figures.
    untied : ndarray
        bool (shoppers,): those whose last step cannot be two events of one time stored in id order.
    more : mapping
        What else was measured: cold start, new items, split.
    """

    protocol: Protocol
    models: Mapping[str, Figures]
    untied: NDArray[np.bool_]
    more: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        untied = {
            name: {
                "HR@10": _rounded(np.mean(found.ranks[self.untied] <= _DEPTH)),
                "NDCG@10": _rounded(found.gains[self.untied].mean()),
            }
            for name, found in self.models.items()
            if self.untied.any()
        }
        return {
            "protocol": self.protocol,
            "shoppers": len(self.untied),
            "models": {name: found.to_json() for name, found in self.models.items()},
            "untied": {"shoppers": int(self.untied.sum()), "models": untied},
            **self.more,
        }


def bench_personal(
    purchases: Purchases, protocol: Protocol, *, progress: Progress | None = None
) -> PersonalReport:
    """Run a protocol on real purchases.

    ``"next"``: all items that the shopper has not bought are ranked. ``"search"``: the best 200 of BM25 for the
    target's category words are ranked again; a target that is not among them counts 0. Ties take the mid-rank.
    """
    return (_bench_search if protocol == "search" else _bench_next)(purchases, progress or _silent)


def _silent(_done: int, _total: int | None) -> None:
    pass


def _untied(tests: Sequence[Case]) -> NDArray[np.bool_]:
    return np.array([len(case.past) > 0 and case.target < case.past[-1] for case in tests])


def mid_rank(scores: NDArray[Any], place: int) -> float:
    """Rank of one score among all, from 1; equal ones share the mean of their ranks."""
    own = scores[place]
    return float(np.sum(scores > own) + (np.sum(scores == own) + 1) / 2)


def _bench_next(purchases: Purchases, tell: Progress) -> PersonalReport:
    signals = count_histories(purchases.items, purchases.baskets)
    models: dict[str, Callable[[InteractionHistory], NDArray[np.float32]]] = {
        "popularity": lambda _: signals.popularity.copy(),
        "item_knn": partial(NextItem(content=0.0).scores, signals),
        "content": partial(NextItem(content=1.0).scores, count_histories(purchases.items, [])),
        "default": partial(NextItem().scores, signals),
    }
    figures = {}
    lists: dict[str, Mapping[str, float]] = {}
    for number, (name, score) in enumerate(models.items()):
        figures[name], shown = _next_figures(score, purchases.tests)
        lists[name] = _spread(purchases.items, shown)
        tell(number + 1, len(models) + 1)
    figures["for_you"], shown = _for_you_figures(signals, purchases.tests)
    lists["for_you"] = _spread(purchases.items, shown)
    tell(len(models) + 1, len(models) + 1)
    return PersonalReport(
        "next",
        figures,
        _untied(purchases.tests),
        {"items": len(purchases.items), "lists": lists, "new_items": _new_items(purchases)},
    )


def _for_you_figures(signals: ItemStatistics, cases: Sequence[Case]) -> tuple[Figures, NDArray[np.intp]]:
    """Rank the target in the list that a shopper would see; what is not in its ten places was not found."""
    recommender = Recommender(signals)
    ranks = np.full(len(cases), np.inf)
    shown = np.full((len(cases), _DEPTH), UNKNOWN, np.intp)
    started = time.perf_counter()
    for number, case in enumerate(cases):
        wish = RecommendationQuery(
            "for-you", _DEPTH, InteractionHistory.of(case.past), PurchaseHistory.of(case.past), explore=False
        )
        rows = [one.row for one in recommender.recommend(wish)]
        shown[number, : len(rows)] = rows
        if case.target in rows:
            ranks[number] = rows.index(case.target) + 1
    return Figures(ranks, (time.perf_counter() - started) / len(cases)), shown


def _spread(items: Items, shown: NDArray[np.intp]) -> dict[str, float]:
    """Say how far lists differ, within and from each other.

    ``coverage``: share of the items that are in some list; ``gini``: of how often each item is shown, 0 when all are
    shown alike, towards 1 when few are shown to everybody; ``diversity``: mean of 1 − cosine of words over
    the pairs within a list.
    """
    times = np.sort(np.bincount(shown[shown != UNKNOWN], minlength=len(items)))
    share = np.cumsum(times) / max(1, times.sum())
    apart = []
    for rows in shown:
        words = items.words[rows[rows != UNKNOWN]]
        size = words.shape[0]
        if size > 1:
            near = float((words @ words.T).sum()) - float(words.multiply(words).sum())
            apart.append(1 - near / (size * (size - 1)))
    return {
        "coverage": _rounded(np.mean(times > 0)),
        "gini": _rounded(1 - (2 * share.sum() - 1) / len(items)),
        "diversity": _rounded(np.mean(apart) if apart else 0.0),
    }


def _next_figures(
    score: Callable[[InteractionHistory], NDArray[np.float32]], cases: Sequence[Case]
) -> tuple[Figures, NDArray[np.intp]]:
    """Rank all items; returns also the rows of the ten best for each, intp (cases, 10)."""
    ranks = np.empty(len(cases))
    shown = np.full((len(cases), _DEPTH), UNKNOWN, np.intp)
    seconds = 0.0
    for number, case in enumerate(cases):
        started = time.perf_counter()
        past = InteractionHistory.of(case.past)
        scores = score(past)
        scores[case.past] = -np.inf
        ranks[number] = mid_rank(scores, case.target)
        seconds += time.perf_counter() - started
        best = np.argsort(-scores, kind="stable")[:_DEPTH]
        best = best[np.isfinite(scores[best])]
        shown[number, : len(best)] = best
    return Figures(ranks, seconds / len(cases)), shown


def _new_items(purchases: Purchases, *, share: int = 10, seed: int = 0) -> dict[str, float | int]:
    """Take every tenth item out of all that is counted, and ask for the shoppers who bought one of them."""
    draw = np.random.default_rng(seed)
    size = len(purchases.items)
    is_new = np.zeros(size, bool)
    is_new[draw.choice(size, size // share, replace=False)] = True
    signals = count_histories(purchases.items, [basket[~is_new[basket]] for basket in purchases.baskets])
    cases = [case for case in purchases.tests if is_new[case.target]]
    if not cases:
        return {"shoppers": 0}
    ranks = _next_figures(partial(NextItem().scores, signals), cases)[0].ranks
    blind = _next_figures(partial(NextItem(content=0.0).scores, signals), cases)[0].ranks
    for_you = _for_you_figures(signals, cases)[0].ranks
    return {
        "shoppers": len(cases),
        **{f"R@{depth}": _rounded(np.mean(ranks <= depth)) for depth in (10, 100)},
        "for_you R@10": _rounded(np.mean(for_you <= _DEPTH)),
        "item_knn R@100": _rounded(np.mean(blind <= 100)),
        "random R@100": _rounded(100 / size),
    }


class _Words:
    """BM25 over the texts with k₁ = 1.2 and b = 0.75, plain words: the impersonal search of the protocol."""

    def __init__(self, purchases: Purchases, popularity: NDArray[np.float32]) -> None:
        self._queries, self._popularity = purchases.queries, popularity
        size = len(purchases.texts)
        # Counted with the queries so that both number their words alike.
        counts = term_counts([*purchases.texts, *dict.fromkeys(purchases.queries)], _plain_words)
        self._asked = {text: size + place for place, text in enumerate(dict.fromkeys(purchases.queries))}
        self._counts = counts
        documents = counts[:size]
        length = np.asarray(documents.sum(axis=1)).ravel()
        norm = 1.2 * (0.25 + 0.75 * length / length.mean())
        of_texts = np.repeat(norm, np.diff(documents.indptr))
        with_term = np.bincount(documents.indices, minlength=counts.shape[1])
        idf = np.log1p((size - with_term + 0.5) / (with_term + 0.5))
        weights = documents.data * 2.2 / (documents.data + of_texts) * idf[documents.indices]
        self._weights = sparse.csr_array(
            (weights.astype(np.float32), documents.indices, documents.indptr), shape=documents.shape
        )
        self._found: dict[str, tuple[NDArray[np.intp], NDArray[np.float32]]] = {}

    def candidates(self, target: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Return rows and scores of the best 200 for the query of an item."""
        query = self._queries[target]
        if query not in self._found:
            words = np.zeros(self._counts.shape[1], np.float32)
            line = self._asked[query]
            words[self._counts.indices[self._counts.indptr[line] : self._counts.indptr[line + 1]]] = 1
            scores = np.asarray(self._weights @ words)
            best = np.lexsort((-self._popularity, -scores))[:_CANDIDATES]
            self._found[query] = best[scores[best] > 0], scores[best][scores[best] > 0]
        return self._found[query]


def _plain_words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


@dataclass(frozen=True)
class SearchSetting:
    """The search protocol besides its cases: what was counted, the impersonal search, and a ranker."""

    signals: ItemStatistics
    words: _Words
    model: ScoringModel

    @classmethod
    def of(cls, purchases: Purchases, signals: ItemStatistics, model: ScoringModel) -> SearchSetting:
        """Prepare the search over the purchases' items."""
        return cls(signals, _Words(purchases, signals.popularity), model)

    def candidates(self, case: Case) -> CandidateTable:
        """Return the candidates of a case's query."""
        ids = self.signals.items.ids
        rows, scores = self.words.candidates(case.target)
        return CandidateTable([ids[row] for row in rows.tolist()], scores, {"words": scores})

    def popular(self, table: CandidateTable) -> Floats:
        """Score by words and popularity, each normalised over the candidates."""
        popularity = np.log1p(self._popularity(table))
        return normalised(np.asarray(table.relevance, np.float32)) + normalised(popularity)

    def _popularity(self, table: CandidateTable) -> Floats:
        return self.signals.popularity[self.signals.items.rows(table.ids)]

    def _scores(self, table: CandidateTable, case: Case, way: Way) -> dict[str, NDArray[Any]]:
        if way == "words":
            # Popularity breaks ties, as it does for the candidates.
            return {way: table.relevance + 1e-9 * self._popularity(table).astype(np.float64)}
        if way == "words+popularity":
            return {way: self.popular(table)}
        # The impersonal part does not see the shopper's columns, so the same features serve all three.
        features = compute_features(self.signals, table, InteractionHistory.of(case.past), None)
        impersonal, shopper = self.model.score(features)
        return {
            "formula": np.add(*FixedFormula().score(features)),
            "impersonal": impersonal,
            "personal": impersonal + shopper,
        }

    def ranks(self, cases: Sequence[Case], way: Way) -> dict[str, Figures]:
        """Rank the target of each case; ``"personal"`` has three orderings that share their features."""
        ranks = {name: np.full(len(cases), np.inf) for name in _NAMES[way]}
        found, started = 0, time.perf_counter()
        for number, case in enumerate(cases):
            rows, _ = self.words.candidates(case.target)
            place = np.flatnonzero(rows == case.target)
            if len(place):
                found += 1
                for name, scores in self._scores(self.candidates(case), case, way).items():
                    ranks[name][number] = mid_rank(scores, int(place[0]))
        seconds = (time.perf_counter() - started) / max(1, found)
        return {name: Figures(values, seconds) for name, values in ranks.items()}


def _bench_search(purchases: Purchases, tell: Progress) -> PersonalReport:
    setting = SearchSetting.of(purchases, count_histories(purchases.items, purchases.baskets), FixedFormula())
    started = time.perf_counter()
    judged = []
    for case in purchases.teachers:
        table, target = setting.candidates(case), purchases.items.ids[case.target]
        grades = np.array([7 * (id == target) for id in table.ids], np.int32)
        judged.append(RankingExample(table, InteractionHistory.of(case.past), grades))
    model = train(setting.signals, judged)
    trained = time.perf_counter() - started
    setting, tests = replace(setting, model=model), purchases.tests
    # Everybody gets the past of somebody else: the shoppers are shuffled, and each takes that of the next.
    order = np.random.default_rng(0).permutation(len(tests))
    history_of = dict(zip(order, np.roll(order, 1), strict=True))
    swapped = [replace(case, past=tests[history_of[place]].past) for place, case in enumerate(tests)]
    figures: dict[str, Figures] = {}
    for number, way in enumerate(_NAMES):
        figures |= setting.ranks(tests, way)
        tell(number + 1, len(_NAMES) + 2)
    figures["wrong_shopper"] = setting.ranks(swapped, "personal")["personal"]
    tell(len(_NAMES) + 1, len(_NAMES) + 2)
    more = {
        "teachers": model.trained_on,
        "training_seconds": round(trained, 1),
        "recall_of_candidates": _rounded(np.isfinite(figures["words"].ranks).mean()),
        "cold_start": _cold_start(setting, tests),
        "gate": {"bias": model.gate.bias, "weights": model.gate.weights},
    }
    return PersonalReport("search", figures, _untied(tests), more)


def _cold_start(setting: SearchSetting, tests: Sequence[Case]) -> dict[str, Any]:
    """Gain over the impersonal order for the same shoppers when only their latest events are known."""
    cases = [case for case in tests if len(case.past) >= max(_COLD)][:_COLD_SHOPPERS]
    if not cases:
        return {"shoppers": 0}
    gains = {}
    for events in _COLD:
        found = setting.ranks([replace(case, past=case.past[-events:]) for case in cases], "personal")
        gained = found["personal"].gains - found["impersonal"].gains
        low, high = bootstrap_interval(gained[:, None])
        gains[str(events)] = {
            "impersonal": _rounded(found["impersonal"].gains.mean()),
            "gain": _rounded(gained.mean()),
            "low": _rounded(low[0]),
            "high": _rounded(high[0]),
        }
    return {"shoppers": len(cases), "events": gains}
