"""Other ways to order a shop's products for words, to compare with: BM25 alone, fixed weights, fused ranks, an oracle.

All are computed over every product from the same parts: BM25 by SQLite's FTS5, and the cosines of the shelf's encoder
with the photos and the titles.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.shops.queries import Judged
from benchmarks.shops.shop import Shop
from snapshelf.catalogue import Product
from snapshelf.encoders import Encoder
from snapshelf.language import normalise
from snapshelf.shelf import open_catalogue

Column: TypeAlias = NDArray[np.float32]

BM25 = "BM25 alone"
FIXED = "fixed weights"
FUSED = "fused ranks"
ORACLE = "oracle"
SYSTEMS = (BM25, FIXED, FUSED, ORACLE)

_FIXED = (1.0, 1.0, 0.5)
"""Weights of text_image, text_title and lexical that were the same for every shop."""

_RANK = 60
_GRID = tuple(itertools.product((0.0, 0.1, 0.3, 1.0), (0.0, 0.3, 1.0), (0.0, 0.3, 1.0, 3.0, 10.0)))
_HAN_RUN = re.compile(r"[\u4e00-\u9fff]+")
_TOKEN = re.compile(r"\w+")


class FullText:
    """BM25F by SQLite's FTS5: title 10, brand and category 5, description 1; Chinese by its pairs of characters."""

    def __init__(self, products: Sequence[Product]) -> None:
        self._database = sqlite3.connect(":memory:")
        self._size = len(products)
        self._database.execute(
            "CREATE VIRTUAL TABLE products USING fts5(title, brand, category, description, "
            "tokenize='unicode61 remove_diacritics 2')"
        )
        rows = (
            (
                row,
                *map(spaced, (product.title, product.brand, " ".join(product.category), product.description)),
            )
            for row, product in enumerate(products)
        )
        self._database.executemany(
            "INSERT INTO products(rowid, title, brand, category, description) VALUES (?, ?, ?, ?, ?)", rows
        )

    def scores(self, text: str) -> Column:
        """BM25 of every product; 0 where none of the words occurs."""
        scores = np.zeros(self._size, np.float32)
        words = dict.fromkeys(_TOKEN.findall(spaced(text)))
        if words:
            query = " OR ".join(f'"{word}"' for word in words)
            for row, score in self._database.execute(
                "SELECT rowid, bm25(products, 10, 5, 5, 1) FROM products WHERE products MATCH ?", (query,)
            ):
                scores[row] = -score
        return scores


def spaced(text: str) -> str:
    """Write every pair of neighbours of a Chinese run as a word."""
    return _HAN_RUN.sub(lambda run: f" {' '.join(_pairs(run[0]))} ", normalise(text))


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)] or [run]


@dataclass(frozen=True, slots=True, eq=False)
class _Signals:
    """What a query in words says of each product; float32 (n,)."""

    text_image: Column
    text_title: Column
    lexical: Column
    right: NDArray[np.bool_]


def compare(shop: Shop, encoder: Encoder, queries: Sequence[Judged]) -> dict[str, dict[str, float]]:
    """Return system → measure → share of the queries whose first hit is right."""
    asked = [query for query in queries if query.right and query.photo_of is None]
    signals = _signals(shop, encoder, asked)
    measures = [query.measure for query in asked]
    best = max(
        _GRID, key=lambda weights: fmean(_first_right(_weighted(each, weights), each) for each in signals)
    )
    orders: Mapping[str, Callable[[_Signals], Column]] = {
        BM25: lambda each: each.lexical,
        FIXED: lambda each: _weighted(each, _FIXED),
        FUSED: _fused_ranks,
        ORACLE: lambda each: _weighted(each, best),
    }
    shares: dict[str, dict[str, float]] = {}
    for system, order in orders.items():
        outcomes: dict[str, list[float]] = {}
        for measure, each in zip(measures, signals, strict=True):
            outcomes.setdefault(measure, []).append(_first_right(order(each), each))
        shares[system] = {measure: fmean(values) for measure, values in outcomes.items()}
    return shares


def _signals(shop: Shop, encoder: Encoder, queries: Sequence[Judged]) -> list[_Signals]:
    ids = [product.id for product in shop.products]
    with open_catalogue(shop.shelf) as catalogue:
        by_id, titles = catalogue.vectors(ids), catalogue.titles(ids)
    photos = np.stack([by_id[id][0] for id in ids]).astype(np.float32)
    nothing = np.zeros(photos.shape[1], np.float32)
    named = np.stack([titles.get(id, nothing) for id in ids]).astype(np.float32)
    full_text = FullText(shop.products)
    vectors = np.concatenate(
        [
            encoder.encode_texts([normalise(query.text) for query in queries[start : start + 64]])
            for start in range(0, len(queries), 64)
        ]
    )
    return [
        _Signals(
            photos @ vector,
            named @ vector,
            full_text.scores(query.text),
            np.array([id in query.right for id in ids]),
        )
        for query, vector in zip(queries, vectors, strict=True)
    ]


def _weighted(signals: _Signals, weights: tuple[float, float, float]) -> Column:
    image, title, lexical = weights
    scale = float(signals.lexical.max(initial=0.0)) or 1.0
    scores = image * signals.text_image + title * signals.text_title + lexical / scale * signals.lexical
    return np.asarray(scores, np.float32)


def _fused_ranks(signals: _Signals) -> Column:
    """Reciprocal rank fusion (Cormack et al. 2009)."""
    total = np.zeros(len(signals.right), np.float32)
    for column in (signals.text_image, signals.text_title, signals.lexical):
        ranks = np.empty(len(column), np.float32)
        ranks[np.argsort(-column, kind="stable")] = np.arange(1, len(column) + 1)
        total += np.where(column > 0, 1 / (_RANK + ranks), 0).astype(np.float32)
    return total


def _first_right(scores: Column, signals: _Signals) -> float:
    return float(signals.right[int(np.argmax(scores))])
