"""How long the ranking takes: ``python -m benchmarks.ranking``.

A made-up log of searches and events over made-up products: the time to divide and count it, to train both models,
and to rank 200 candidates again, in CPU time of one core. The figures say nothing about how good a ranking is.
"""

from __future__ import annotations

import argparse
import json
import os
import time

import numpy as np

from snapshelf.catalogue import Product
from snapshelf.events import Impression, Interaction
from snapshelf.ranking import (
    CandidateTable,
    InteractionHistories,
    Items,
    ModelRanker,
    count,
    train,
    training_split,
)

_NOW = 1_700_000_000.0
_MONTH = 30 * 86_400.0
_LIST = 30


def main() -> None:
    """Make a log, train, rank, print the seconds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ranking", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--dimensions", type=int, default=256, help="of the photos' vectors")
    options = parser.parse_args()
    draw = np.random.default_rng(0)
    items = _items(options.products, options.dimensions, draw)
    shown, interactions = _log(items, options.events, draw)
    figures: dict[str, float] = {
        "events": len(interactions),
        "searches": len(shown),
        "cores": os.cpu_count() or 1,
    }
    started = time.perf_counter()
    divided = training_split(items, shown, interactions, now=_NOW)
    figures["count, s"] = time.perf_counter() - started
    started = time.perf_counter()
    model = train(divided.statistics, divided.learn)
    figures["train, s"] = time.perf_counter() - started
    figures["learned from"] = model.trained_on
    histories = InteractionHistories(items, interactions, now=_NOW)
    ranker = ModelRanker(count(items, histories, shown, until=_NOW), model)
    figures |= _rerank(ranker, histories, draw)
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}, indent=2))


def _items(products: int, dimensions: int, draw: np.random.Generator) -> Items:
    words = [f"word{number}" for number in range(5_000)]
    made = [
        Product(
            id=f"p{number}",
            title=" ".join(draw.choice(words, 8)),
            brand=f"brand{number % 400}",
            category=("Shop", f"aisle{number % 20}", f"kind{number % 200}"),
            price=int(draw.integers(5, 500)),
        )
        for number in range(products)
    ]
    photos = draw.normal(size=(products, dimensions)).astype(np.float16)
    return Items.of(made, photos={each.id: photo for each, photo in zip(made, photos, strict=True)})


def _log(items: Items, events: int, draw: np.random.Generator) -> tuple[list[Impression], list[Interaction]]:
    """One search for four events: two clicks, and two items looked at without a search."""
    searches = events // 4
    shoppers = draw.integers(0, max(1, events // 20), searches)
    starts = draw.integers(0, len(items) - _LIST, searches)
    chosen = draw.geometric(0.2, (searches, 2)).clip(max=_LIST) - 1
    others = draw.integers(0, len(items), (searches, 2))
    relevance = tuple(1 - 0.02 * place for place in range(_LIST))
    shown, interactions = [], []
    for number in range(searches):
        at, shopper, query = _NOW - _MONTH * (1 - number / searches), f"s{shoppers[number]}", f"q{number}"
        products = items.ids[starts[number] : starts[number] + _LIST]
        shown.append(Impression(query, shopper, at, products, relevance, {"lexical": relevance}))
        interactions += [
            Interaction(shopper, products[place], at + 1, "click", query) for place in chosen[number]
        ]
        interactions += [Interaction(shopper, items.ids[row], at + 2, "purchase") for row in others[number]]
    return shown, interactions


def _rerank(
    ranker: ModelRanker, histories: InteractionHistories, draw: np.random.Generator
) -> dict[str, float]:
    ids, taken = ranker.statistics.items.ids, []
    for number in range(300):
        candidates = [ids[row] for row in draw.choice(len(ids), 200, replace=False)]
        scores = np.sort(draw.random(200).astype(np.float32))[::-1].copy()
        history = histories.history(f"s{number}", _NOW)
        table = CandidateTable(candidates, scores, {"lexical": scores})
        started = time.process_time()
        ranker.rerank(table, history, _NOW)
        taken.append(1_000 * (time.process_time() - started))
    return {"rerank 200, p50 ms": float(np.median(taken)), "p95 ms": float(np.quantile(taken, 0.95))}


if __name__ == "__main__":
    main()
