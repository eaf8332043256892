"""``python -m benchmarks.engine``: filtered recall and latency of the engine over synthetic products.

The products are made from numbers alone, the same for every run: unit vectors around 1,000 centres, titles near
their photos, words after Zipf's law, facts such as a shop has. The folder can be used again: a build that was
stopped goes on where it was, and one that is finished is measured at once.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import machine, measurements
from snapshelf.errors import SnapshelfError
from snapshelf.index import Between, Equals, FieldValue, Filter, QdrantEdgeIndex, Record

Vectors = NDArray[np.float32]

SHARES = (0.5, 0.2, 0.05, 0.01, 0.005, 0.0001)
FACETS = ("brand", "category", "colour", "gender", "in_stock", "season")
_CHUNK = 5_000
_CENTRES = 1_000
_WORDS = 50_000
_LOTS = 1_000_003
"""A prime: multiplying by it shuffles the numbers of the products."""

_WARM_UP = 5


def main() -> int:
    """Build, measure, print; returns the exit code."""
    options = _options()
    try:
        with tempfile.TemporaryDirectory(prefix="snapshelf-bench-") as scratch:
            figures = measure(options, options.folder or Path(scratch))
    except SnapshelfError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps(figures, indent=2) if options.json else measurements.as_text(figures))
    return 0


def measure(options: argparse.Namespace, folder: Path) -> measurements.Figures:
    """Take every figure, saying on standard error what is going on."""
    with QdrantEdgeIndex.open(folder, options.dimension) as store:
        build_figures = build(store, options.products, options.dimension)
        if not options.no_graph:
            report_progress("optimising")
            start = time.perf_counter()
            store.optimise()
            build_figures["optimised in s"] = time.perf_counter() - start
        store.flush(options.products)
    cores = machine.cores(options.threads)
    machine.bind(cores)
    start = time.perf_counter()
    with QdrantEdgeIndex.open(folder, options.dimension) as store:
        build_figures["opened in s"] = time.perf_counter() - start
        queries = queries_for(options.queries, options.dimension)
        report_progress("latency")
        latency = latencies(store, queries, options.shares, broad=not options.no_graph)
        report_progress("recall")
        recall = recalls(store, queries[: options.recall_queries], options.dimension, options.shares)
    return {
        "machine": machine.describe_machine(cores),
        "store": build_figures,
        "latency ms": latency,
        "recall@100": recall,
    }


def build(store: QdrantEdgeIndex, products: int, dimension: int) -> dict[str, Any]:
    """Add the products that are not there yet."""
    start, first = time.perf_counter(), store.count()
    for begin in range(first - first % _CHUNK, products, _CHUNK):
        store.upsert(list(records(begin, min(begin + _CHUNK, products), dimension)))
        report_progress(f"{min(begin + _CHUNK, products):,} of {products:,} products")
    seconds = time.perf_counter() - start
    added = products - first
    return {
        "products": store.count(),
        "dimension": dimension,
        "added a second": added / seconds if added else 0.0,
    }


def photos(begin: int, dimension: int) -> tuple[Vectors, NDArray[np.int64]]:
    """Unit vectors float32 (chunk, d) of the products from `begin` on, and the centres that they are around."""
    centres = np.random.default_rng(0).standard_normal((_CENTRES, dimension))
    random = np.random.default_rng([1, begin])
    near = random.integers(_CENTRES, size=_CHUNK)
    return unit(centres[near] + 0.7 * random.standard_normal((_CHUNK, dimension))), near


def records(begin: int, end: int, dimension: int) -> Iterator[Record]:
    """Products from `begin`, a multiple of the chunk, to `end`."""
    vectors, near = photos(begin, dimension)
    random = np.random.default_rng([2, begin])
    titles = unit(vectors + 0.5 / dimension**0.5 * random.standard_normal(vectors.shape))
    words = np.minimum(random.zipf(1.3, (_CHUNK, 10)), _WORDS)
    brands = np.minimum(random.zipf(1.4, _CHUNK), 2_000)
    prices = np.round(np.exp(random.normal(4, 1, _CHUNK)), 2)
    colours, genders, seasons = (random.integers(size, size=_CHUNK) for size in (24, 4, 4))
    stocked = random.random(_CHUNK) < 0.9
    for n, number in enumerate(range(begin, end)):
        centre = int(near[n])
        fields: dict[str, FieldValue] = {
            "lot": number * _LOTS % 10_000_000 / 10_000_000,
            "brand": f"brand {brands[n]}",
            "category": [f"a{centre % 5}", f"b{centre % 40}", f"c{centre % 200}"],
            "price": float(prices[n]),
            "colour": f"colour {colours[n]}",
            "gender": f"gender {genders[n]}",
            "season": f"season {seasons[n]}",
            "in_stock": bool(stocked[n]),
            "group_id": f"{number // 4}" if number % 16 < 4 else None,
        }
        terms = {f"w{word}": 1.5 for word in set(words[n].tolist())}
        yield Record(f"{number:09}", vectors[n : n + 1], terms, fields, titles[n])


def queries_for(number: int, dimension: int) -> Vectors:
    """Queries near the centres, of no product: float32 (number, d)."""
    centres = np.random.default_rng(0).standard_normal((_CENTRES, dimension))
    random = np.random.default_rng(3)
    return unit(
        centres[random.integers(_CENTRES, size=number)] + 0.7 * random.standard_normal((number, dimension))
    )


def latencies(
    store: QdrantEdgeIndex, queries: Vectors, shares: Sequence[float], *, broad: bool
) -> dict[str, Any]:
    """Percentiles of single calls, and of all that one search asks for; broad: without a filter too."""
    words = np.minimum(np.random.default_rng(4).zipf(1.3, (len(queries), 3)), _WORDS)

    def recall(n: int, where: Filter | None) -> None:
        terms = {f"w{word}": 1.0 for word in words[n].tolist()}
        store.retrieve(100, where, photo=queries[n], title=queries[n], terms=terms, fields=["group_id"])

    def facets(where: Filter | None) -> None:
        for field in FACETS:
            store.facet(field, where, limit=20, distinct="group_id")
        store.histogram("price", where, distinct="group_id")
        store.count(where, "group_id")

    def whole(n: int, where: Filter | None) -> None:
        recall(n, where)
        facets(where)

    figures: dict[str, Any] = {}
    if broad:
        figures["nearest 100"] = timed(lambda n: store.nearest(queries[n], 100), len(queries))
        figures["recall of photo, title and words, 100 each"] = timed(lambda n: recall(n, None), len(queries))
        figures["the same, and facets"] = timed(lambda n: whole(n, None), len(queries))
    for share in shares:
        # No two queries have the same filter: nothing is known of it beforehand.
        wheres = [lot(share, n / len(queries)) for n in range(len(queries))]
        figures[f"recall, filter of {share:.2%}"] = timed(
            lambda n, wheres=wheres: recall(n, wheres[n]),  # type: ignore[misc]
            len(queries),
        )
        wheres = [lot(share, (n + 0.5) / len(queries)) for n in range(len(queries))]
        figures[f"recall and facets, filter of {share:.2%}"] = timed(
            lambda n, wheres=wheres: whole(n, wheres[n]),  # type: ignore[misc]
            len(queries),
        )
    return figures


def lot(share: float, start: float) -> Filter:
    """A filter that leaves so large a part of the products, by chance."""
    start *= 1 - share
    return Between("lot", at_least=start, below=start + share)


def timed(call: Callable[[int], object], number: int) -> dict[str, float]:
    """Percentiles of the time of calls."""
    for n in range(_WARM_UP):
        call(n)
    return measurements.timed(partial(call, n) for n in range(number))


def recalls(
    store: QdrantEdgeIndex, queries: Vectors, dimension: int, shares: Sequence[float]
) -> dict[str, float]:
    """Share of the 100 best products that are found, against NumPy, for filters of every selectivity."""
    total = store.count()
    scores = np.empty((len(queries), total), np.float32)
    near = np.empty(total, np.int64)
    for begin in range(0, total, _CHUNK):
        vectors, centres = photos(begin, dimension)
        end = min(begin + _CHUNK, total)
        scores[:, begin:end] = queries @ vectors[: end - begin].T
        near[begin:end] = centres[: end - begin]
    lots = np.arange(total) * _LOTS % 10_000_000 / 10_000_000
    cases: dict[str, tuple[Filter | None, NDArray[np.bool_]]] = {
        "no filter": (None, np.ones(total, np.bool_))
    }
    for share in shares:
        cases[f"{share:.2%} by chance"] = lot(share, 0.0), lots < share
    # A category is a set of centres, and nearly every query is elsewhere: what loses recall in a graph.
    for name, size in (("a1", 5), ("b1", 40), ("c1", 200)):
        cases[f"{1 / size:.2%}, elsewhere"] = Equals("category", name), near % size == 1
    return {name: _recall(store, queries, scores, where, members) for name, (where, members) in cases.items()}


def _recall(
    store: QdrantEdgeIndex,
    queries: Vectors,
    scores: Vectors,
    where: Filter | None,
    members: NDArray[np.bool_],
) -> float:
    allowed = np.flatnonzero(members)
    hits = wanted = 0
    for query, row in zip(queries, scores, strict=True):
        k = min(100, len(allowed))
        threshold = np.partition(row[allowed], -k)[-k] if k else 0.0
        retrieved = [int(each.id) for each in store.nearest(query, 100, where)]
        if not members[retrieved].all():
            raise AssertionError(f"{where} let something pass that does not match")
        # Ties, and what float32 makes of sums in another order.
        hits += int(np.count_nonzero(row[retrieved] >= threshold - 1e-5))
        wanted += k
    return min(1.0, hits / max(1, wanted))


def unit(vectors: NDArray[np.float64]) -> Vectors:
    """Divide rows by their lengths."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def report_progress(what: str) -> None:
    """Say what is being done."""
    print(f"… {what}", file=sys.stderr, flush=True)


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.engine", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("--products", type=int, default=1_000_000, help="how many (%(default)s)")
    parser.add_argument("--dimension", type=int, default=256, help="length of their vectors (%(default)s)")
    parser.add_argument("--folder", type=Path, help="where the store is kept; by default it is thrown away")
    parser.add_argument(
        "--no-graph", action="store_true", help="build no graph, and do not time queries without a filter"
    )
    parser.add_argument(
        "--shares",
        type=float,
        nargs="+",
        default=SHARES,
        help="of the products that filters leave (%(default)s)",
    )
    parser.add_argument(
        "--queries", type=int, default=200, help="queries timed for each figure (%(default)s)"
    )
    parser.add_argument(
        "--recall-queries", type=int, default=50, help="queries of the recall table (%(default)s)"
    )
    parser.add_argument("--threads", type=int, help="bind the measurement to so many cores, for example 1")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
