"""A shop small enough to reckon by hand: products with chosen vectors in the real engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import Product, ProductName
from snapshelf.index import Filter, QdrantEdgeIndex, record
from snapshelf.language import Lexicon, normalise, query_words, search_terms
from snapshelf.query import Chip, Query
from snapshelf.search import (
    Calibration,
    Corpus,
    Hit,
    Products,
    RankedResults,
    RankingAssignment,
    SearchPlan,
    search,
)
from snapshelf.search.hits import hits_of
from snapshelf.search.word_match import WordStatistics

DIMENSION = 8
EVERYTHING = 10_000


def unit(*numbers: float) -> NDArray[np.float32]:
    vector = np.zeros(DIMENSION, np.float32)
    vector[: len(numbers)] = numbers
    return vector / np.float32(np.linalg.norm(vector))


@dataclass
class Shop:
    """What a catalogue and an engine know; vectors of titles are those of the photos unless said otherwise."""

    store: QdrantEdgeIndex
    products: dict[str, Product] = field(default_factory=dict)
    photos: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> Shop:
        return cls(QdrantEdgeIndex.open(folder, DIMENSION))

    def put(
        self,
        id: str,
        *photos: NDArray[np.float32],
        title: str = "Thing",
        title_vector: NDArray[np.float32] | None = None,
        **fields: Any,
    ) -> None:
        self.products[id] = Product.parse({"id": id, "title": title, **fields})
        self.photos[id] = np.stack(photos)
        vector = photos[0] if title_vector is None else title_vector
        self.store.upsert([record(self.products[id], self.photos[id], vector)])

    def get_many(self, ids: Sequence[str]) -> dict[str, Product]:
        return {id: self.products[id] for id in ids if id in self.products}

    def names(self, ids: Sequence[str]) -> dict[str, ProductName]:
        return {
            id: ProductName(self.products[id].title, self.products[id].brand)
            for id in ids
            if id in self.products
        }

    def vectors(self, ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        return {id: self.photos[id] for id in ids if id in self.photos}

    @property
    def corpus(self) -> Corpus:
        products: Products = self
        return Corpus(self.store, products, Lexicon.bundled())

    def search(
        self,
        query: Query,
        assignment: RankingAssignment | None = None,
        *,
        depth: int = EVERYTHING,
        calibration: Calibration | None = None,
        **plan: Any,
    ) -> RankedResults:
        words = WordStatistics.of(query.words, self.store)
        return search(
            SearchPlan(query, words=words, **plan), self.corpus, assignment, calibration, depth=depth
        )

    def top(self, query: Query, count: int, **plan: Any) -> list[str]:
        return list(self.search(query, depth=count, **plan).places[:count])

    def hits(self, results: RankedResults, ids: Sequence[str] | None = None) -> tuple[Hit, ...]:
        return hits_of(results, results.places if ids is None else ids, self.corpus)


def words(text: str, vector: NDArray[np.float32], *chips: Chip) -> Query:
    terms: dict[str, float] = {}
    for term in search_terms(text):
        terms[term] = terms.get(term, 0.0) + 1.0
    return Query(None, vector, terms, words=tuple(query_words(text)), normalised=normalise(text), chips=chips)


def chip(where: str, holds: Filter, *, hard: bool = False, boost: float = 0.1, kind: str = "colour") -> Chip:
    return Chip(where, 0, len(where), kind, where, where, holds, holds, {"en": where}, hard, boost)
