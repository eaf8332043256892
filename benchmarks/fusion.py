"""Compare ways to make one order of several signals: ``python -m benchmarks.fusion --help``.

Weighted sums with several weights and two scales of BM25, with and without title vectors and exactness, and reciprocal
rank fusion. The products are a sample of the train split, so that the figures choose between ways; they say nothing
about products that the encoder has not seen.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import TypeAlias

import numpy as np

from benchmarks.encoders import report_progress
from benchmarks.offline_search import (
    COLUMNS,
    Catalogue,
    Column,
    EncodedQuery,
    Mask,
    SignalColumns,
    class_query,
    fused,
)
from snapshelf.encoders import load_encoder
from snapshelf.evaluation import add_typo, shuffle_words
from snapshelf.language import correct
from snapshelf.search import Weights

COLOURS = ("Red", "Blue", "Black", "White", "Green", "Pink", "Yellow", "Brown", "Grey", "Purple")
_COMMON = 10
"""Classes with fewer products could not fill the ten places that are looked at."""
_LEAST_RECOLOURED = 3
_RANK_CONSTANT = 60

Way: TypeAlias = Callable[[SignalColumns, Mask], Column]
"""(signals, shop) → score of every product."""


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """A query, how many hits to look at, and which of them are right."""

    query: EncodedQuery
    k: int
    right: Mask


def main() -> int:
    """Run every task in every way, print a table; returns the exit code."""
    options = _options()
    encoder = load_encoder(options.encoder)
    report_progress("products")
    catalogue = Catalogue.load(
        options.data / "fashion", encoder, options.cache, products=options.products, seed=options.seed
    )
    shop = np.array([row["split"] == "train" for row in catalogue.rows])
    rng = random.Random(options.seed)
    tasks = {
        **_known_items(catalogue, shop, options.queries, rng),
        "English P@10": _classes(catalogue, shop, "en", options.queries, rng),
        "Chinese P@10": _classes(catalogue, shop, "zh", options.queries, rng),
        "composed P@10": _composed(catalogue, shop, options.queries, rng),
    }
    figures: dict[str, dict[str, list[float]]] = {way: collections.defaultdict(list) for way in WAYS}
    for name, members in tasks.items():
        report_progress(name)
        for task, signals in zip(members, catalogue.signals([task.query for task in members]), strict=True):
            for way, score in WAYS.items():
                best = np.argsort(-score(signals, shop), kind="stable")[: task.k]
                figures[way][name].append(float(task.right[best].mean()))
    print("| photo : text : title : words | " + " | ".join(tasks) + " |")
    print("|---" * (len(tasks) + 1) + "|")
    for way, by_task in figures.items():
        print(f"| {way} | " + " | ".join(f"{fmean(by_task[name]):.3f}" for name in tasks) + " |")
    return 0


def _sum(
    photo: float, text_image: float, text_title: float, lexical: float, *, constraints: float = 0.0
) -> Way:
    """Without exactness; BM25 as a share of the best product's."""
    weights = Weights(
        photo=photo, text_image=text_image, text_title=text_title, lexical=lexical, constraints=constraints
    )
    return lambda signals, shop: fused(replace(signals, same_words=None, same_title=None), weights, shop)


def _sum_of_own_mass(photo: float, text_image: float, text_title: float, lexical: float) -> Way:
    """BM25 as a share of the most that it could be for the query."""
    without = _sum(photo, text_image, text_title, 0.0)

    def score(signals: SignalColumns, shop: Mask) -> Column:
        total = without(signals, shop)
        if signals.lexical is None:
            return total
        return total + np.float32(lexical / signals.mass) * signals.lexical

    return score


def _whole(weights: Weights) -> Way:
    return lambda signals, shop: fused(signals, weights, shop)


def _reciprocal_ranks(*names: str) -> Way:
    """Σ 1 / (60 + rank) (Cormack, Clarke and Büttcher, SIGIR 2009), over the complete rankings."""

    def score(signals: SignalColumns, shop: Mask) -> Column:
        total = np.where(shop, 0.0, -np.inf).astype(np.float32)
        for name in names:
            signal = getattr(signals, name)
            if signal is not None:
                order = np.argsort(-np.where(shop, signal, -np.inf), kind="stable")
                total[order] += 1 / (_RANK_CONSTANT + 1 + np.arange(len(order), dtype=np.float32))
        return total

    return score


_SHIPPED = Weights()

WAYS: dict[str, Way] = {
    "photo alone": _sum(1, 0, 0, 0),
    "0 : 1 : 0 : 0": _sum(0, 1, 0, 0),
    "0 : 0 : 1 : 0": _sum(0, 0, 1, 0),
    "0 : 0 : 0 : 1": _sum(0, 0, 0, 1),
    "1 : 1 : 0 : 1": _sum(1, 1, 0, 1),
    "1 : 1 : 1 : 1": _sum(1, 1, 1, 1),
    "1 : 1 : 2 : 1": _sum(1, 1, 2, 1),
    "1 : 1 : 2 : 2, BM25 by own mass": _sum_of_own_mass(1, 1, 2, 2),
    "3 : 1 : 1 : 1, BM25 by own mass": _sum_of_own_mass(3, 1, 1, 1),
    "3 : 1 : 1 : 1": _sum(3, 1, 1, 1),
    "3 : 1 : 1 : 0.5": _sum(3, 1, 1, 0.5),
    "3 : 1 : 1 : 0.25": _sum(3, 1, 1, 0.25),
    "3 : 0.5 : 1 : 0.5": _sum(3, 0.5, 1, 0.5),
    "2 : 1 : 1 : 0.5": _sum(2, 1, 1, 0.5),
    "6 : 1 : 1 : 0.5": _sum(6, 1, 1, 0.5),
    "3 : 1 : 1 : 0.5, with facts": _sum(3, 1, 1, 0.5, constraints=1),
    "as shipped: with facts and exactness": _whole(_SHIPPED),
    "reciprocal ranks of photo, text, words": _reciprocal_ranks("photo", "text_image", "lexical"),
    "reciprocal ranks of photo, text, title, words": _reciprocal_ranks(
        "photo", "text_image", "text_title", "lexical"
    ),
    "reciprocal ranks of photo, title, words": _reciprocal_ranks("photo", "text_title", "lexical"),
}


def _known_items(catalogue: Catalogue, shop: Mask, number: int, rng: random.Random) -> dict[str, list[_Task]]:
    """Titles as they are and damaged. Nothing tells products with the same title apart: any of them is right."""
    texts = np.array(catalogue.texts)
    rows = rng.sample(np.flatnonzero(shop).tolist(), number)
    titles = [catalogue.texts[row] for row in rows]
    slips = [add_typo(title, rng) for title in titles]
    corrections = [correct(slip, catalogue.vocabulary) for slip in slips]
    worded = {
        "title R@1": titles,
        "one letter wrong R@1": slips,
        "corrected R@1": [
            corrected.text if corrected and corrected.sure else slip
            for corrected, slip in zip(corrections, slips, strict=True)
        ],
        "other order R@1": [shuffle_words(title, rng) for title in titles],
    }
    return {
        name: [
            _Task(EncodedQuery(text), 1, texts == catalogue.texts[row])
            for text, row in zip(query, rows, strict=True)
        ]
        for name, query in worded.items()
    }


def _classes(catalogue: Catalogue, shop: Mask, language: str, number: int, rng: random.Random) -> list[_Task]:
    """Gender, colour and kind together, or two of them."""
    parts = (tuple(COLUMNS), ("gender", "articleType"), ("baseColour", "articleType"))
    tasks: dict[str, _Task] = {}
    for row in rng.sample(np.flatnonzero(shop).tolist(), int(shop.sum())):
        wanted = {column: catalogue.rows[row][column] for column in rng.choice(parts)}
        right = catalogue.labelled(wanted)
        text = None if "NA" in wanted.values() else class_query(wanted, language, rng)
        if text and (shop & right).sum() >= _COMMON:
            tasks.setdefault(text, _Task(EncodedQuery(text), 10, right))
        if len(tasks) == number:
            break
    return list(tasks.values())


def _composed(catalogue: Catalogue, shop: Mask, number: int, rng: random.Random) -> list[_Task]:
    """A photo and another colour: the kind of the photo and the colour of the words are both to be right."""
    tasks: list[_Task] = []
    for row in rng.sample(np.flatnonzero(shop).tolist(), int(shop.sum())):
        kind, own = catalogue.rows[row]["articleType"], catalogue.rows[row]["baseColour"]
        rights = {
            colour: catalogue.labelled({"articleType": kind, "baseColour": colour})
            for colour in COLOURS
            if colour != own
        }
        common = [colour for colour, right in rights.items() if (shop & right).sum() >= _LEAST_RECOLOURED]
        if common:
            colour = rng.choice(common)
            text = class_query({"baseColour": colour}, rng.choice(("en", "zh")), rng)
            tasks.append(_Task(EncodedQuery(text, catalogue.photos[row]), 10, rights[colour]))
        if len(tasks) == number:
            break
    return tasks


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fusion", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with fashion/")
    parser.add_argument("--encoder", default="bundled", help="name or folder (default %(default)s)")
    parser.add_argument(
        "--products", type=int, default=6_000, help="of the train split (default %(default)s)"
    )
    parser.add_argument("--queries", type=int, default=200, help="of each task (default %(default)s)")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path("runs/encoders"),
        help="folder for photo vectors, by the encoder's fingerprint (default %(default)s)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
