"""Evaluate a shelf: search all queries, compute the metrics and their intervals."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import numpy as np

from snapshelf._support.cores import usable_cores
from snapshelf.errors import EvaluationError, NotFoundError, PhotoError, QueryError
from snapshelf.evaluation.bootstrap import bootstrap_interval
from snapshelf.evaluation.metrics import Metric, Run, evaluate
from snapshelf.evaluation.query_variations import Variation, vary_query
from snapshelf.evaluation.random_baseline import random_baseline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from snapshelf.evaluation.qrels import EvaluationQuery, Qrels
    from snapshelf.index import Filter
    from snapshelf.search import Evidence

Mode: TypeAlias = Literal["full", "photo-vectors"]
"""The complete search, or only the cosine between the query's vector and the photo vectors."""

MAX_DEPTH = 1_000
"""Maximum number of hits of a search, and the depth of a metric without cutoff."""


class _Product(Protocol):
    @property
    def id(self) -> str: ...


class _Hit(Protocol):
    @property
    def product(self) -> _Product: ...

    @property
    def score(self) -> float: ...


class _Response(Protocol):
    @property
    def hits(self) -> Sequence[_Hit]: ...

    @property
    def evidence(self) -> Evidence | None: ...


class _Stats(Protocol):
    @property
    def products(self) -> int: ...

    @property
    def fingerprint(self) -> str: ...


class EvaluatedShelf(Protocol):
    """The methods of a shelf that an evaluation calls; `search` runs on several threads."""

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
        min_relevance: float,
    ) -> _Response:
        """Return the k best hits."""
        ...

    def get(self, product: str, /) -> object:
        """Return the product with this id, or raise `NotFoundError`."""
        ...

    def stats(self) -> _Stats:
        """Return the number of products and the fingerprint of the encoder."""
        ...


@dataclass(frozen=True, slots=True)
class Measurement:
    """The mean over queries, its 95 % bootstrap interval, and the random baseline."""

    value: float
    low: float
    high: float
    random: float


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """Result of an evaluation.

    Parameters
    ----------
    mode : {"full", "photo-vectors"}
    queries : int
        Number of evaluated queries, those with judgements.
    corpus : int
        Number of products in the shelf.
    metrics : mapping
        Name → measurement, in the requested order.
    queries_without_qrels : int
        Queries without judgements, which are ignored.
    qrels_without_query : int
        Judged queries that are not in the queries file, which are ignored.
    relevant_not_in_shelf : int
        Relevant products that are not in the shelf; they still count as relevant.
    seconds : float
        Total time of the searches.
    variation : {"typo", "order"} or None
        Perturbation of the texts.
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
        """Return the fields as plain values for ``json.dumps``."""
        return asdict(self)


def evaluate_shelf(
    shelf: EvaluatedShelf,
    queries: Sequence[EvaluationQuery],
    qrels: Qrels,
    metrics: Sequence[Metric],
    *,
    mode: Mode = "full",
    variation: Variation | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> EvaluationReport:
    """Search every query that has judgements, and compute metrics of the results.

    The depth of the searches is the largest cutoff, or 1,000 hits for a metric without cutoff. Variants and duplicates
    are not collapsed, and the shop's rules do not apply.

    Parameters
    ----------
    shelf : EvaluatedShelf
        A `Shelf`.
    queries, qrels, metrics
        From `read_queries`, `read_qrels` and `parse_metrics`.
    mode : {"full", "photo-vectors"}
        ``"photo-vectors"`` is the protocol of public benchmarks: the cosine between the vectors of query and photo,
        without lexical matching.
    variation : {"typo", "order"} or None
        Perturb the texts with a typo or by shuffling their words; the query's id is the seed.
    progress : callable, optional
        Called with the number of completed queries and the total.

    Raises
    ------
    EvaluationError
        No query has judgements, the shelf is empty, a cutoff is above 1,000 or a query cannot be searched.
    """
    depth = max((metric.cutoff or MAX_DEPTH for metric in metrics), default=1)
    if depth > MAX_DEPTH:
        raise EvaluationError(
            f"the cutoff {depth:,} is too large; a search returns at most {MAX_DEPTH:,} hits"
        )
    evaluated = judged_queries(queries, qrels)
    if variation is not None:
        evaluated = [
            query if query.text is None else replace(query, text=vary_query(query.text, variation, query.id))
            for query in evaluated
        ]
    corpus = shelf.stats().products
    if not corpus:
        raise EvaluationError("the shelf is empty; add products first")

    started = time.perf_counter()
    responses = search_all(shelf, [(query, None) for query in evaluated], depth, mode=mode, progress=progress)
    run = {
        query.id: [(hit.product.id, hit.score) for hit in response.hits]
        for query, response in zip(evaluated, responses, strict=True)
    }
    seconds = time.perf_counter() - started

    judged = {query.id: qrels[query.id] for query in evaluated}
    missing = _missing_products(shelf, judged, run)
    return EvaluationReport(
        mode=mode,
        queries=len(evaluated),
        corpus=corpus,
        metrics=_measurements(run, judged, metrics, corpus, missing),
        queries_without_qrels=len(queries) - len(evaluated),
        qrels_without_query=len(qrels) - len(evaluated),
        relevant_not_in_shelf=len(missing),
        seconds=seconds,
        variation=variation,
    )


def judged_queries(queries: Sequence[EvaluationQuery], qrels: Qrels) -> list[EvaluationQuery]:
    """Return the queries that have judgements.

    Raises
    ------
    EvaluationError
        No query has judgements.
    """
    evaluated = [query for query in queries if query.id in qrels]
    if not evaluated:
        raise EvaluationError(
            f"none of the {len(queries):,} queries has judgements; check that queries and qrels belong together"
        )
    return evaluated


def search_all(
    shelf: EvaluatedShelf,
    searches: Sequence[tuple[EvaluationQuery, Filter | None]],
    depth: int,
    *,
    mode: Mode = "full",
    explain: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
) -> list[_Response]:
    """Search queries with their filters, on as many threads as there are usable cores."""
    # A search uses a single core.
    executor = ThreadPoolExecutor(usable_cores(), thread_name_prefix="snapshelf-eval")
    try:
        responses = []
        for response in executor.map(
            lambda query, where: _search(shelf, query, where, depth, mode, explain),
            *zip(*searches, strict=True),
        ):
            responses.append(response)
            if progress is not None:
                progress(len(responses), len(searches))
        return responses
    finally:
        executor.shutdown(cancel_futures=True)


def _search(
    shelf: EvaluatedShelf, query: EvaluationQuery, where: Filter | None, depth: int, mode: Mode, explain: bool
) -> _Response:
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
            # Metrics look at ranks, also behind what belongs to the result.
            min_relevance=0.0,
        )
    except (PhotoError, QueryError) as error:
        raise EvaluationError(f"query {query.id!r}: {error}") from error


def _missing_products(shelf: EvaluatedShelf, judged: Qrels, run: Run) -> set[str]:
    retrieved = {product for hits in run.values() for product, _ in hits}
    relevant = {product for grades in judged.values() for product, grade in grades.items() if grade > 0}
    return {product for product in relevant - retrieved if not _has_product(shelf, product)}


def _has_product(shelf: EvaluatedShelf, product: str) -> bool:
    try:
        shelf.get(product)
    except NotFoundError:
        return False
    return True


def _measurements(
    run: Run, judged: Qrels, metrics: Sequence[Metric], corpus: int, missing: set[str]
) -> dict[str, Measurement]:
    scores = evaluate(run, judged, metrics)
    lows, highs = bootstrap_interval(scores.values)
    measurements = {}
    for metric, values, low, high in zip(scores.metrics, scores.values.T, lows, highs, strict=True):
        # The random baseline has the same depth as the search.
        limited = replace(metric, cutoff=metric.cutoff or MAX_DEPTH)
        random = np.mean([random_baseline(limited, grades, corpus, missing) for grades in judged.values()])
        value = float(values.mean())
        # If all values are equal, the resampled means differ by rounding.
        measurements[str(metric)] = Measurement(
            value, min(float(low), value), max(float(high), value), float(random)
        )
    return measurements
