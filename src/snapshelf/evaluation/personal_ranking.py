"""Evaluate personal ranking with two protocols on shoppers' purchases: full rankings, split by time."""

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
Ordering: TypeAlias = Literal["words", "words+popularity", "personal"]
Progress: TypeAlias = Callable[[int, int | None], None]

_CANDIDATES = 200
_MAX_TRAINING_CASES = 8_000
_MIN_TRAINING_CASES = 2_000
_DEPTH = 10
_ORDERINGS: Mapping[Ordering, tuple[str, ...]] = {
    "words": ("words",),
    "words+popularity": ("words+popularity",),
    "personal": ("formula", "impersonal", "personal"),
}
"""Rankings that each ordering gives."""
_COLD = (1, 3, 10)
_COLD_SHOPPERS = 1_500


@dataclass(frozen=True)
class Case:
    """A purchase to predict: the shopper, the earlier purchases (oldest first) and the target, as rows."""

    shopper: str
    past: NDArray[np.intp]
    target: int


@dataclass(frozen=True)
class Purchases:
    """Shoppers' purchases of a folder, split by time within each shopper.

    Parameters
    ----------
    items : Items
    texts : tuple of str
        Title and categories of each item.
    queries : tuple of str
        The query for each item: the words of its deepest category path without the root.
    baskets : list of ndarray
        Training data of the statistics: each shopper's purchases before the validation step.
    training_cases : list of Case
        Training data of the rankers: validation steps of shoppers who are not in the test set.
    tests : list of Case
    """

    items: Items
    texts: tuple[str, ...]
    queries: tuple[str, ...]
    baskets: list[NDArray[np.intp]]
    training_cases: list[Case]
    tests: list[Case]

    @classmethod
    def read(cls, folder: Path, held_out: Path | None = None, *, seed: int = 0) -> Purchases:
        """Read ``products.csv`` and ``purchases.jsonl`` of a folder.

        Without `held_out`, the test is the last purchase of each shopper whose ``last_kept_back`` is false. Otherwise
        the tests are the purchases listed in `held_out`. In both cases, the last remaining purchase is the validation
        step, and the statistics count only earlier purchases.

        Raises
        ------
        EvaluationError
            A file is missing or has an invalid line; the message names file and line.
        """
        products, texts, queries = _read_products(folder / "products.csv")
        items = Items.of(products, texts=texts)
        rows = {name: row for row, name in enumerate(items.ids)}
        bought, is_held_out = _read_purchases(folder / "purchases.jsonl", rows)
        held_out_products = None if held_out is None else _read_held_out(held_out, rows, bought)
        baskets: list[NDArray[np.intp]] = []
        tests: list[Case] = []
        steps: dict[str, Case] = {}
        for shopper, purchased in bought.items():
            history = purchased
            if held_out_products is not None and shopper in held_out_products:
                history = purchased[purchased != held_out_products[shopper]]
                tests.append(Case(shopper, history, held_out_products[shopper]))
            elif not is_held_out[shopper] and len(purchased) > 1:
                history = purchased[:-1]
                if held_out_products is None:
                    tests.append(Case(shopper, history, int(purchased[-1])))
            if len(history) > 1:
                steps[shopper] = Case(shopper, history[:-1], int(history[-1]))
            baskets.append(history[:-1])
        if not tests:
            raise EvaluationError(
                f"{folder}: the last purchase of every shopper is held out, so no test remains; "
                "give the file of held-out purchases with --kept-back"
            )
        return cls(items, texts, queries, baskets, *_split_cases(steps, tests, seed))


def _split_cases(steps: Mapping[str, Case], tests: list[Case], seed: int) -> tuple[list[Case], list[Case]]:
    draw = np.random.default_rng(seed)
    tested = {case.shopper for case in tests}
    others = [step for shopper, step in steps.items() if shopper not in tested]
    if len(others) < min(_MIN_TRAINING_CASES, len(tests) // 2):
        # Too few shoppers remain for training, so some test shoppers become training shoppers.
        count = min(_MAX_TRAINING_CASES, len(tests) // 2)
        training_shoppers = {tests[place].shopper for place in draw.choice(len(tests), count, replace=False)}
        others += [steps[shopper] for shopper in training_shoppers if shopper in steps]
        tests = [case for case in tests if case.shopper not in training_shoppers]
    order = draw.permutation(len(others))[:_MAX_TRAINING_CASES]
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
            f"{path}, product {line - 1}: {_cause(error)}; the columns id, title and categories are required "
            "(paths as 'a > b | c > d')"
        ) from None
    if len({product.id for product in products}) < len(products):
        raise EvaluationError(f"{path}: an id occurs twice")
    if not products:
        raise EvaluationError(f"{path}: the file has no products")
    return products, tuple(texts), tuple(queries)


def _read_purchases(
    path: Path, rows: Mapping[str, int]
) -> tuple[dict[str, NDArray[np.intp]], dict[str, bool]]:
    bought: dict[str, NDArray[np.intp]] = {}
    held_out: dict[str, bool] = {}
    for line, fields in _lines(path):
        try:
            shopper = str(fields["shopper"])
            bought[shopper] = np.array([rows[str(name)] for name in fields["products"]], dtype=np.intp)
            held_out[shopper] = bool(fields.get("last_kept_back", False))
        except (KeyError, TypeError, AttributeError) as error:
            raise EvaluationError(
                f'{path}, line {line}: {_cause(error)}; needed is {{"shopper", "products": [ids of products.csv]}}'
            ) from None
    return bought, held_out


def _read_held_out(
    path: Path, rows: Mapping[str, int], bought: Mapping[str, NDArray[np.intp]]
) -> dict[str, int]:
    held_out_products: dict[str, int] = {}
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
        held_out_products[shopper] = product
    return held_out_products


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
        return f"{error.args[0]!r} is missing or unknown"
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


@dataclass(frozen=True)
class Figures:
    """Metrics of a ranking over the shoppers.

    Parameters
    ----------
    ranks : ndarray
        float64 (shoppers,): mid-rank of the target, infinite if it is not among the candidates.
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
        """Return hit rate, NDCG with its 95 % bootstrap interval, and milliseconds per request."""
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
    """Figures of each model on the same shoppers, as printed by `snapshelf rank bench`.

    Parameters
    ----------
    protocol : {"search", "next"}
    models : mapping
        Name → figures.
    untied : ndarray
        bool (shoppers,): shoppers whose last two purchases cannot be simultaneous events in id order.
    details : mapping
        Further figures: cold start, new items, split.
    """

    protocol: Protocol
    models: Mapping[str, Figures]
    untied: NDArray[np.bool_]
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        untied = {
            name: {
                "HR@10": _rounded(np.mean(figures.ranks[self.untied] <= _DEPTH)),
                "NDCG@10": _rounded(figures.gains[self.untied].mean()),
            }
            for name, figures in self.models.items()
            if self.untied.any()
        }
        return {
            "protocol": self.protocol,
            "shoppers": len(self.untied),
            "models": {name: figures.to_json() for name, figures in self.models.items()},
            "untied": {"shoppers": int(self.untied.sum()), "models": untied},
            **self.details,
        }


def benchmark_personal_ranking(
    purchases: Purchases, protocol: Protocol, *, progress: Progress | None = None
) -> PersonalReport:
    """Run an evaluation protocol on purchases.

    ``"next"`` ranks all items that the shopper has not purchased. ``"search"`` re-ranks the top 200 of BM25 for the
    target's category words; a target outside of them scores 0. Ties take the mid-rank.
    """
    return (_bench_search if protocol == "search" else _bench_next)(purchases, progress or _ignore_progress)


def _ignore_progress(_done: int, _total: int | None) -> None:
    pass


def _untied(tests: Sequence[Case]) -> NDArray[np.bool_]:
    return np.array([len(case.past) > 0 and case.target < case.past[-1] for case in tests])


def mid_rank(scores: NDArray[Any], place: int) -> float:
    """Return the rank of a score among all, from 1; ties take the mean of their ranks."""
    own = scores[place]
    return float(np.sum(scores > own) + (np.sum(scores == own) + 1) / 2)


def _bench_next(purchases: Purchases, report: Progress) -> PersonalReport:
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
        lists[name] = _list_diversity(purchases.items, shown)
        report(number + 1, len(models) + 1)
    figures["for_you"], shown = _for_you_figures(signals, purchases.tests)
    lists["for_you"] = _list_diversity(purchases.items, shown)
    report(len(models) + 1, len(models) + 1)
    return PersonalReport(
        "next",
        figures,
        _untied(purchases.tests),
        {"items": len(purchases.items), "lists": lists, "new_items": _new_items(purchases)},
    )


def _for_you_figures(signals: ItemStatistics, cases: Sequence[Case]) -> tuple[Figures, NDArray[np.intp]]:
    """Rank the target in the shopper's top-ten list; a target outside of the list has an infinite rank."""
    recommender = Recommender(signals)
    ranks = np.full(len(cases), np.inf)
    shown = np.full((len(cases), _DEPTH), UNKNOWN, np.intp)
    started = time.perf_counter()
    for number, case in enumerate(cases):
        query = RecommendationQuery(
            "for-you", _DEPTH, InteractionHistory.of(case.past), PurchaseHistory.of(case.past), explore=False
        )
        rows = [item.row for item in recommender.recommend(query)]
        shown[number, : len(rows)] = rows
        if case.target in rows:
            ranks[number] = rows.index(case.target) + 1
    return Figures(ranks, (time.perf_counter() - started) / len(cases)), shown


def _list_diversity(items: Items, shown: NDArray[np.intp]) -> dict[str, float]:
    """Return diversity metrics of lists.

    ``coverage``: share of the items in any list; ``gini``: Gini coefficient of the impressions of items, 0 if all are
    equal, near 1 if few items take all; ``diversity``: mean of 1 − cosine of words over the pairs within a list.
    """
    counts = np.sort(np.bincount(shown[shown != UNKNOWN], minlength=len(items)))
    share = np.cumsum(counts) / max(1, counts.sum())
    diversities = []
    for rows in shown:
        words = items.words[rows[rows != UNKNOWN]]
        size = words.shape[0]
        if size > 1:
            similarity = float((words @ words.T).sum()) - float(words.multiply(words).sum())
            diversities.append(1 - similarity / (size * (size - 1)))
    return {
        "coverage": _rounded(np.mean(counts > 0)),
        "gini": _rounded(1 - (2 * share.sum() - 1) / len(items)),
        "diversity": _rounded(np.mean(diversities) if diversities else 0.0),
    }


def _next_figures(
    score: Callable[[InteractionHistory], NDArray[np.float32]], cases: Sequence[Case]
) -> tuple[Figures, NDArray[np.intp]]:
    """Rank all items; also return the rows of the top ten of each case, intp (cases, 10)."""
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
    """Remove a tenth of the items from the statistics, and evaluate the shoppers whose target is among them."""
    draw = np.random.default_rng(seed)
    size = len(purchases.items)
    is_new = np.zeros(size, bool)
    is_new[draw.choice(size, size // share, replace=False)] = True
    signals = count_histories(purchases.items, [basket[~is_new[basket]] for basket in purchases.baskets])
    cases = [case for case in purchases.tests if is_new[case.target]]
    if not cases:
        return {"shoppers": 0}
    ranks = _next_figures(partial(NextItem().scores, signals), cases)[0].ranks
    item_knn_ranks = _next_figures(partial(NextItem(content=0.0).scores, signals), cases)[0].ranks
    for_you = _for_you_figures(signals, cases)[0].ranks
    return {
        "shoppers": len(cases),
        **{f"R@{depth}": _rounded(np.mean(ranks <= depth)) for depth in (10, 100)},
        "for_you R@10": _rounded(np.mean(for_you <= _DEPTH)),
        "item_knn R@100": _rounded(np.mean(item_knn_ranks <= 100)),
        "random R@100": _rounded(100 / size),
    }


class _LexicalSearch:
    """BM25 over the plain words of the texts, k₁ = 1.2, b = 0.75: the impersonal search of the protocol."""

    def __init__(self, purchases: Purchases, popularity: NDArray[np.float32]) -> None:
        self._queries, self._popularity = purchases.queries, popularity
        size = len(purchases.texts)
        # Count texts and queries together, so that both share the numbers of words.
        counts = term_counts([*purchases.texts, *dict.fromkeys(purchases.queries)], _plain_words)
        self._query_rows = {text: size + place for place, text in enumerate(dict.fromkeys(purchases.queries))}
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
        self._candidates: dict[str, tuple[NDArray[np.intp], NDArray[np.float32]]] = {}

    def candidates(self, target: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Return rows and scores of the top 200 for the query of an item."""
        query = self._queries[target]
        if query not in self._candidates:
            words = np.zeros(self._counts.shape[1], np.float32)
            line = self._query_rows[query]
            words[self._counts.indices[self._counts.indptr[line] : self._counts.indptr[line + 1]]] = 1
            scores = np.asarray(self._weights @ words)
            best = np.lexsort((-self._popularity, -scores))[:_CANDIDATES]
            self._candidates[query] = best[scores[best] > 0], scores[best][scores[best] > 0]
        return self._candidates[query]


def _plain_words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


@dataclass(frozen=True)
class SearchSetting:
    """The search protocol without its cases: statistics, the impersonal search and a ranker."""

    signals: ItemStatistics
    words: _LexicalSearch
    model: ScoringModel

    @classmethod
    def of(cls, purchases: Purchases, signals: ItemStatistics, model: ScoringModel) -> SearchSetting:
        """Prepare the search over the purchases' items."""
        return cls(signals, _LexicalSearch(purchases, signals.popularity), model)

    def candidates(self, case: Case) -> CandidateTable:
        """Return the candidates of a case's query."""
        ids = self.signals.items.ids
        rows, scores = self.words.candidates(case.target)
        return CandidateTable([ids[row] for row in rows.tolist()], scores, {"lexical": scores})

    def popular(self, table: CandidateTable) -> Floats:
        """Score by words and popularity, each normalised over the candidates."""
        popularity = np.log1p(self._popularity(table))
        return normalised(np.asarray(table.relevance, np.float32)) + normalised(popularity)

    def _popularity(self, table: CandidateTable) -> Floats:
        return self.signals.popularity[self.signals.items.rows(table.ids)]

    def _scores(self, table: CandidateTable, case: Case, ordering: Ordering) -> dict[str, NDArray[Any]]:
        if ordering == "words":
            # Popularity breaks ties, as among the candidates.
            return {ordering: table.relevance + 1e-9 * self._popularity(table).astype(np.float64)}
        if ordering == "words+popularity":
            return {ordering: self.popular(table)}
        # The impersonal part ignores the shopper's columns, so all three rankings share the features.
        features = compute_features(self.signals, table, InteractionHistory.of(case.past), None)
        impersonal, shopper = self.model.score(features)
        return {
            "formula": np.add(*FixedFormula().score(features)),
            "impersonal": impersonal,
            "personal": impersonal + shopper,
        }

    def ranks(self, cases: Sequence[Case], ordering: Ordering) -> dict[str, Figures]:
        """Rank the target of each case; ``"personal"`` gives three rankings that share their features."""
        ranks = {name: np.full(len(cases), np.inf) for name in _ORDERINGS[ordering]}
        ranked, started = 0, time.perf_counter()
        for number, case in enumerate(cases):
            rows, _ = self.words.candidates(case.target)
            place = np.flatnonzero(rows == case.target)
            if len(place):
                ranked += 1
                for name, scores in self._scores(self.candidates(case), case, ordering).items():
                    ranks[name][number] = mid_rank(scores, int(place[0]))
        seconds = (time.perf_counter() - started) / max(1, ranked)
        return {name: Figures(values, seconds) for name, values in ranks.items()}


def _bench_search(purchases: Purchases, report: Progress) -> PersonalReport:
    setting = SearchSetting.of(purchases, count_histories(purchases.items, purchases.baskets), FixedFormula())
    started = time.perf_counter()
    judged = []
    for case in purchases.training_cases:
        table, target = setting.candidates(case), purchases.items.ids[case.target]
        grades = np.array([7 * (id == target) for id in table.ids], np.int32)
        judged.append(RankingExample(table, InteractionHistory.of(case.past), grades))
    model = train(setting.signals, judged)
    trained = time.perf_counter() - started
    setting, tests = replace(setting, model=model), purchases.tests
    # Each shopper gets the history of the next shopper in a shuffled order.
    order = np.random.default_rng(0).permutation(len(tests))
    history_of = dict(zip(order, np.roll(order, 1), strict=True))
    swapped = [replace(case, past=tests[history_of[place]].past) for place, case in enumerate(tests)]
    figures: dict[str, Figures] = {}
    for number, ordering in enumerate(_ORDERINGS):
        figures |= setting.ranks(tests, ordering)
        report(number + 1, len(_ORDERINGS) + 2)
    figures["wrong_shopper"] = setting.ranks(swapped, "personal")["personal"]
    report(len(_ORDERINGS) + 1, len(_ORDERINGS) + 2)
    details = {
        "teachers": model.trained_on,
        "training_seconds": round(trained, 1),
        "recall_of_candidates": _rounded(np.isfinite(figures["words"].ranks).mean()),
        "cold_start": _cold_start(setting, tests),
        "gate": {"bias": model.gate.bias, "weights": model.gate.weights},
    }
    return PersonalReport("search", figures, _untied(tests), details)


def _cold_start(setting: SearchSetting, tests: Sequence[Case]) -> dict[str, Any]:
    """Return the gain over the impersonal ranking when only the shoppers' latest events are known."""
    cases = [case for case in tests if len(case.past) >= max(_COLD)][:_COLD_SHOPPERS]
    if not cases:
        return {"shoppers": 0}
    gains = {}
    for events in _COLD:
        rankings = setting.ranks([replace(case, past=case.past[-events:]) for case in cases], "personal")
        gain = rankings["personal"].gains - rankings["impersonal"].gains
        low, high = bootstrap_interval(gain[:, None])
        gains[str(events)] = {
            "impersonal": _rounded(rankings["impersonal"].gains.mean()),
            "gain": _rounded(gain.mean()),
            "low": _rounded(low[0]),
            "high": _rounded(high[0]),
        }
    return {"shoppers": len(cases), "events": gains}
