"""Evaluating a shelf: ask it every query, measure, say how sure the figures are."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import numpy as np

from snapshelf._support.cores import usable_cores
from snapshelf.errors import EvaluationError, NotFoundError, PhotoError, QueryError
from snapshelf.evaluation.bootstrap import bootstrap_interval
from snapshelf.evaluation.chance import expected_by_chance
from snapshelf.evaluation.metrics import Metric, Run, evaluate
from snapshelf.evaluation.variations import Variation, vary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from snapshelf.evaluation.files import EvaluationQuery, Qrels
    from snapshelf.index import Filter
    from snapshelf.search import Evidence

Mode: TypeAlias = Literal["full", "photo-vectors"]
"""The whole search, or the query's vector compared with the photo vectors alone."""

MAX_DEPTH = 1_000
"""The most hits a shelf gives; a metric without cutoff looks at that many."""


class _Product(Protocol):
    @property
    def id(self) -> str: ...


class _Hit(Protocol):
    @property
    def product(self) -> _Product: ...

    @property
    def score(self) -> float: ...


class _Answer(Protocol):
    @property
    def hits(self) -> Sequence[_Hit]: ...

    @property
    def evidence(self) -> Evidence | None: ...


class _Stats(Protocol):
    @property
    def products(self) -> int: ...

    @property
    def fingerprint(self) -> str: ...


class Searchable(Protocol):
    """What an evaluation needs of a shelf; it searches on several threads at once."""

    def search(
        self,
        *,
        photo: Path | None,
        text: str | None,
        k: int,
        mode: Mode,
        where: Filter | None,
        collapse: bool,
        rules: bool,
        explain: bool,
    ) -> _Answer:
        """Answer the k best hits."""
        ...

    def get(self, product: str, /) -> object:
        """Answer the product with this id, or raise `NotFoundError`."""
        ...

    def stats(self) -> _Stats:
        """Tell how many products there are."""
        ...


@dataclass(frozen=True, slots=True)
class Measurement:
    """The mean over queries, its 95 % bootstrap interval, and what a random ranking would score."""

    value: float
    low: float
    high: float
    random: float


@dataclass(frozen=True, slots=True)
class Report:
    """What an evaluation found.

    Parameters
    ----------
    mode : {"full", "photo-vectors"}
    queries : int
        Queries measured: those asked that have judgements.
    corpus : int
        Products in the shelf.
    metrics : mapping
        Name → measurement, in the order asked for.
    queries_without_qrels : int
        Queries left out because nothing is judged for them.
    qrels_without_query : int
        Judged queries left out because the queries file does not ask them.
    relevant_not_in_shelf : int
        Relevant products that the shelf does not have. Nothing can find them; they count as relevant.
    seconds : float
        How long the searches took together.
    variation : {"typo", "order"} or None
        How the texts were changed.
    """

    mode: Mode
    queries: int
    corpus: int
    metrics: dict[str, Measurement]
    queries_without_qrels: int
    qrels_without_query: int
    relevant_not_in_shelf: int
    seconds: float
    variation: Variation | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``: the fields by name."""
        return asdict(self)


def evaluate_shelf(
    shelf: Searchable,
    queries: Sequence[EvaluationQuery],
    qrels: Qrels,
    metrics: Sequence[Metric],
    *,
    mode: Mode = "full",
    variation: Variation | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Report:
    """Ask the shelf every query that has judgements, and measure the answers.

    Each search is as deep as the deepest metric needs; one without cutoff looks at the first 1,000 hits. Every product
    stands for itself: variants and products that look the same are not folded, and the shop's rules do not apply.

    Parameters
    ----------
    shelf : Searchable
        A `Shelf`.
    queries, qrels, metrics
        From `read_queries`, `read_qrels` and `parse_metrics`.
    mode : {"full", "photo-vectors"}
        ``"photo-vectors"`` is the protocol of benchmarks: cosine between the query's vector and the photos',
        no help from words in common.
    variation : {"typo", "order"} or None
        Ask the texts with one letter wrong, or with their words shuffled; seeded by each query's id.
    progress : callable, optional
        Called with how many queries are done and how many there are.

    Raises
    ------
    EvaluationError
        No query has judgements, the shelf is empty, a cutoff is above 1,000 or a query cannot be searched.
    """
    depth = max((metric.cutoff or MAX_DEPTH for metric in metrics), default=1)
    if depth > MAX_DEPTH:
        raise EvaluationError(f"a shelf gives {MAX_DEPTH:,} hits at most: the cutoff {depth:,} is too large")
    asked = judged_queries(queries, qrels)
    if variation is not None:
        asked = [
            query if query.text is None else replace(query, text=vary(query.text, variation, query.id))
            for query in asked
        ]
    corpus = shelf.stats().products
    if not corpus:
        raise EvaluationError("the shelf is empty: add products first")

    start = time.perf_counter()
    answers = ask_all(shelf, [(query, None) for query in asked], depth, mode=mode, progress=progress)
    run = {
        query.id: [(hit.product.id, hit.score) for hit in answer.hits]
        for query, answer in zip(asked, answers, strict=True)
    }
    seconds = time.perf_counter() - start

    judged = {query.id: qrels[query.id] for query in asked}
    missing = _missing(shelf, judged, run)
    return Report(
        mode=mode,
        queries=len(asked),
        corpus=corpus,
        metrics=_measure(run, judged, metrics, corpus, missing),
        queries_without_qrels=len(queries) - len(asked),
        qrels_without_query=len(qrels) - len(asked),
        relevant_not_in_shelf=len(missing),
        seconds=seconds,
        variation=variation,
    )


def judged_queries(queries: Sequence[EvaluationQuery], qrels: Qrels) -> list[EvaluationQuery]:
    """Those queries that have judgements.

    Raises
    ------
    EvaluationError
        None has.
    """
    asked = [query for query in queries if query.id in qrels]
    if not asked:
        raise EvaluationError(
            f"none of the {len(queries):,} queries has judgements: are these the qrels of these queries?"
        )
    return asked


def ask_all(
    shelf: Searchable,
    questions: Sequence[tuple[EvaluationQuery, Filter | None]],
    depth: int,
    *,
    mode: Mode = "full",
    explain: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
) -> list[_Answer]:
    """Ask queries, each among the products that match its filter, on as many threads as there are cores."""
    # One search keeps one core busy.
    executor = ThreadPoolExecutor(usable_cores(), thread_name_prefix="snapshelf-eval")
    try:
        answers = []
        for answer in executor.map(lambda one: _ask(shelf, one[0], one[1], depth, mode, explain), questions):
            answers.append(answer)
            if progress is not None:
                progress(len(answers), len(questions))
        return answers
    finally:
        executor.shutdown(cancel_futures=True)


def _ask(
    shelf: Searchable, query: EvaluationQuery, where: Filter | None, depth: int, mode: Mode, explain: bool
) -> _Answer:
    try:
        return shelf.search(
            photo=query.image,
            text=query.text,
            k=depth,
            mode=mode,
            where=where,
            collapse=False,
            rules=False,
            explain=explain,
        )
    except (PhotoError, QueryError) as error:
        raise EvaluationError(f"query {query.id!r}: {error}") from error


def _missing(shelf: Searchable, judged: Qrels, run: Run) -> set[str]:
    found = {product for hits in run.values() for product, _ in hits}
    relevant = {product for grades in judged.values() for product, grade in grades.items() if grade > 0}
    return {product for product in relevant - found if not _has(shelf, product)}


def _has(shelf: Searchable, product: str) -> bool:
    try:
        shelf.get(product)
    except NotFoundError:
        return False
    return True


def _measure(
    run: Run, judged: Qrels, metrics: Sequence[Metric], corpus: int, missing: set[str]
) -> dict[str, Measurement]:
    scores = evaluate(run, judged, metrics)
    lows, highs = bootstrap_interval(scores.values)
    measurements = {}
    for metric, values, low, high in zip(scores.metrics, scores.values.T, lows, highs, strict=True):
        # Chance may look no deeper than the search did.
        limited = replace(metric, cutoff=metric.cutoff or MAX_DEPTH)
        random = np.mean([expected_by_chance(limited, grades, corpus, missing) for grades in judged.values()])
        value = float(values.mean())
        # Where all values are equal, the resampled means differ from them by rounding.
        measurements[str(metric)] = Measurement(
            value, min(float(low), value), max(float(high), value), float(random)
        )
    return measurements
