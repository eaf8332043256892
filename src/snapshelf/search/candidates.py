"""Candidates of one query: brought in windows, scored by every signal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import Product
from snapshelf.index import Filter, Ids, SearchIndex
from snapshelf.language import Lexicon
from snapshelf.query import Chip, Query
from snapshelf.search.exact_match import LOOKED_AT, SAME, exactness, names_one
from snapshelf.search.relevance import Evidence
from snapshelf.search.rerank import ScoreDeltas
from snapshelf.search.retrieval import Recall
from snapshelf.search.rules.merchandising import Shift
from snapshelf.search.signals import (
    CONTRIBUTIONS,
    Mode,
    Numbers,
    Pool,
    QueryVector,
    Scores,
    Vector,
    Weights,
    fuse,
)

NEAR_DUPLICATE = 0.98
"""Cosine of a query's photo from which it is the product's own, cropped or saved again; see
``docs/concepts/search.md``."""

_NAMED_AMONG = 10
"""Best candidates that may be what the words name."""

_BESIDE_LOOKS = tuple(name for name in CONTRIBUTIONS if name not in ("photo", "text"))
"""Parts of a score that are not divided by `QueryVector`."""

_MOST_OF_A_TERM = 2.2
"""BM25 of a term that fills a document, as a multiple of its IDF: k₁ + 1."""


class Products(Protocol):
    """Where products and their vectors are read; a catalogue is one."""

    def get_many(self, ids: Sequence[str]) -> Mapping[str, Product]:
        """Products by id, those that there are."""
        ...

    def vectors(self, ids: Sequence[str]) -> Mapping[str, NDArray[np.float32]]:
        """Unit photo vectors float32 (m, d) by id, of the products that there are."""
        ...


class Read:
    """Products that were read once in a search, and are not read again."""

    def __init__(self, products: Products) -> None:
        self._products = products
        self._read: dict[str, Product] = {}
        self.vectors = products.vectors

    def get_many(self, ids: Sequence[str]) -> Mapping[str, Product]:
        """Products by id, those that there are."""
        if missing := [id for id in ids if id not in self._read]:
            self._read.update(self._products.get_many(missing))
        return {id: self._read[id] for id in ids if id in self._read}


class Candidate(NamedTuple):
    """Where a candidate is: its window's pool and scores, and its row there."""

    pool: Pool
    scores: Scores
    row: int

    @property
    def score(self) -> float:
        """The sum of its parts."""
        return float(self.scores.total[self.row])


class Candidates:
    """What the signals bring, and what they say of it.

    Parameters
    ----------
    store : SearchIndex
    products : Products
    query : Query
    weights : Weights
    mode : Mode
    within : Filter or None
        What matches.
    shifts : sequence of Shift
        Boosts of the shop's rules.
    sorted_by : str or None
        A number to be told of each candidate.
    lexicon : Lexicon
    """

    def __init__(
        self,
        store: SearchIndex,
        products: Products,
        query: Query,
        weights: Weights,
        mode: Mode,
        *,
        within: Filter | None,
        shifts: Sequence[Shift],
        sorted_by: str | None,
        lexicon: Lexicon,
    ) -> None:
        self._store = store
        self._products = products
        self._query = query
        self._lexicon = lexicon
        self._weights = weights.of(query, mode)
        self._looks = QueryVector.of(query, self._weights, mode)
        self._soft = [chip for chip in query.chips if not chip.hard]
        self._shifts = shifts
        tests = (
            *(chip.filter for chip in self._soft),
            *(chip.exact for chip in self._soft),
            *(shift.filter for shift in shifts),
        )
        self._recall = Recall(self._looks, query, mode, within, tests, sorted_by)
        self._known: dict[str, Candidate] = {}
        self._most_words = 0.0
        self._same_title = False
        self._has_words = mode == "full" and query.text is not None

    def __contains__(self, id: object) -> bool:
        return id in self._known

    def __getitem__(self, id: str) -> Candidate:
        return self._known[id]

    def bring(self, width: int, also: Sequence[str] = ()) -> tuple[list[str], bool]:
        """Bring the `width` best of each signal, and those of `also` that match.

        Returns
        -------
        new : list of str
            Those that were not there before, best first, ties by id.
        complete : bool
            Nothing else matches.
        """
        pool = self._recall.bring(self._store, width, also)
        new = [row for row, id in enumerate(pool.ids) if id not in self._known]
        return self._scored(pool.at(new)), len(pool) < width

    def parts(self, ids: Sequence[str]) -> list[dict[str, float]]:
        """The parts of the score of candidates, by name; those that are 0 left out but for photo and text."""
        found = [self._known[id] for id in ids]
        divided = self._divided(ids)
        for parts, (_, scores, row) in zip(divided, found, strict=True):
            for name in _BESIDE_LOOKS:
                if value := float(getattr(scores, name)[row]):
                    parts[name] = value
        return divided

    def parts_of_any(self, id: str) -> dict[str, float] | None:
        """The parts of the score of any product, matching or not; None if the engine does not have it."""
        if id not in self._known:
            self._scored(self._recall.bring(self._store, 1, where=Ids((id,))))
        return self.parts([id])[0] if id in self._known else None

    def met(self, id: str) -> list[Chip]:
        """Soft chips of the query that hold for a candidate."""
        pool, _, row = self._known[id]
        return [chip for chip, passes in zip(self._soft, pool.passed[row], strict=False) if passes]

    def moved_by(self, id: str) -> list[str]:
        """Names of the rules that add to a candidate's score or take from it."""
        pool, _, row = self._known[id]
        passed = pool.passed[row, 2 * len(self._soft) :]
        return [shift.rule for shift, passes in zip(self._shifts, passed, strict=True) if passes]

    def channels(self, ids: Sequence[str]) -> dict[str, Numbers]:
        """What each signal that the query has adds to the relevance of candidates, float64 (n,) each."""
        divided = self._divided(ids)
        given = {name: np.array([parts[name] for parts in divided]) for name in self._looks.parts}
        found = [self._known[id] for id in ids]
        for name in self.channel_names[len(given) :]:
            given[name] = np.array([getattr(scores, name)[row] for _, scores, row in found])
        return given

    @property
    def direction(self) -> Vector | None:
        """Unit vector of what is looked for, float32 (d,); None where its parts cancel each other out."""
        return self._looks.direction if self._looks.length > 0 else None

    @property
    def channel_names(self) -> tuple[str, ...]:
        """The signals that the query has."""
        return (*self._looks.parts, *(("title", "words", "facts") if self._has_words else ()))

    def move(self, ids: Sequence[str], by: ScoreDeltas) -> list[str]:
        """Let a ranking move candidates that were brought together; ids, best first, ties in their order."""
        rows = [self._known[id].row for id in ids]
        scores = self._known[ids[0]].scores
        scores.ranking[rows], scores.shopper[rows] = by
        return [ids[place] for place in np.argsort(-scores.total[rows], kind="stable")]

    def ask_for_one(self, best: Sequence[str]) -> bool:
        """Whether the query means one product of the shop, whoever asks: its title, its number, its photo."""
        head = best[:_NAMED_AMONG]
        if self._query.kind == "photo" and head:
            photo = self.evidence(head[:1]).photo
            return photo is not None and float(photo[0]) >= NEAR_DUPLICATE
        if self._query.kind != "words" or not self._has_words:
            return False
        read = [(chip.start, chip.end) for chip in self._query.chips]
        return self._same_title or names_one(
            self._query.normalised, read, self._products.get_many(head).values()
        )

    def evidence(self, ids: Sequence[str]) -> Evidence:
        """What the signals say of candidates, each by itself and on a scale of its own."""
        found = [self._known[id] for id in ids]
        divided = self._divided(ids)
        given: dict[str, Numbers | None] = {"photo": None, "text": None}
        for name, vector, weight in (
            ("photo", self._query.photo, self._weights.photo),
            ("text", self._query.text, self._weights.text),
        ):
            if vector is not None:
                scale = weight * float(np.linalg.norm(vector))
                given[name] = np.array([parts[name] for parts in divided]) / (scale or 1.0)
        if not self._has_words:
            return Evidence(given["photo"], given["text"])
        title = np.array([pool.title[row] for pool, _, row in found])
        length = float(np.linalg.norm(self._query.text)) if self._query.text is not None else 0.0
        idf = self._store.idf(self._query.terms)
        mass = sum(weight * idf[term] for term, weight in self._query.terms.items())
        words = np.array([pool.words[row] for pool, _, row in found])
        return Evidence(
            given["photo"],
            given["text"],
            np.where(title == 0, np.nan, title / (length or 1.0)),
            words / (_MOST_OF_A_TERM * mass or 1.0),
        )

    def _scored(self, pool: Pool) -> list[str]:
        """Score a pool and take it in; ids, best first."""
        self._most_words = self._most_words or float(pool.words.max(initial=0.0))
        # Half for what is asked for or narrower, half for exactly that: red before maroon, and maroon before blue.
        boosts = [chip.boost / 2 for chip in self._soft] * 2
        shifts = [shift.by for shift in self._shifts]
        scores = fuse(pool, self._weights, self._most_words, boosts, shifts)
        order = _best_first(scores)
        if self._has_words:
            head = [pool.ids[row] for row in order[:LOOKED_AT]]
            exact = exactness(self._query.normalised, head, self._products.get_many(head), self._lexicon)
            if any(exact):
                self._same_title |= max(exact) == SAME
                scores.title[order[: len(head)]] += self._weights.title * np.array(exact)
                order = _best_first(scores)
        self._known.update((id, Candidate(pool, scores, row)) for row, id in enumerate(pool.ids))
        return [pool.ids[row] for row in order]

    def _divided(self, ids: Sequence[str]) -> list[dict[str, float]]:
        looks = [float(scores.looks[row]) for _, scores, row in (self._known[id] for id in ids)]
        # A product removed since recall has no vectors any more, and will be no hit.
        none = np.zeros((1, self._store.dimension), np.float32)
        vectors = self._products.vectors(ids) if len(self._looks.parts) > 1 else {}
        return self._looks.divided([vectors.get(id, none) for id in ids], looks)


def _best_first(scores: Scores) -> NDArray[np.intp]:
    # The rows are in the order of ids, which decides between equals.
    return np.argsort(-scores.total, kind="stable")
