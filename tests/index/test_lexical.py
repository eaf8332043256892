"""The words of all records by themselves: what a store's contract cannot see."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from snapshelf.index import HasWords
from snapshelf.index.lexical import TermTable, largest, term_code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshelf.index import Alternatives

TERMS = st.dictionaries(st.sampled_from([0, 1, 5, 77, 2**32 - 1]), st.sampled_from([0.5, 1.0, 2.25]))
WORD = st.sampled_from(["red", "dress", "红", "§kind/dress"])
PLACES = st.dictionaries(st.sampled_from([0, 1, 5]), st.sampled_from([1, 2, 3]))
CHANGES = st.lists(st.tuples(st.integers(0, 12), st.none() | st.tuples(TERMS, PLACES)), max_size=40)


def read_back(words: TermTable) -> TermTable:
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **words.arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return TermTable.read(arrays)


def shared(document: Mapping[int, float], query: Mapping[int, float]) -> float:
    return sum(document[term] * query[term] for term in document.keys() & query.keys())


@given(before=CHANGES, after=CHANGES, query=TERMS)
@settings(max_examples=60, deadline=None)
def test_any_history(before: list, after: list, query: dict[int, float]) -> None:
    words = TermTable()
    held: dict[int, dict[int, float]] = {row: {} for row in range(13)}
    for row in held:
        words.put(row, {}, {})
    for changes in (before, after):
        for row, document in changes:
            if document is None:
                words.remove([row])
            else:
                words.put(row, *document)
            held[row] = document[0] if document else {}
        expected = [shared(held[row], query) for row in range(13)]
        np.testing.assert_allclose(words.scores(query, 13), expected, rtol=1e-6)
        for term in (0, 5, 9):
            assert words.frequency(term) == sum(term in document for document in held.values())
        words = read_back(words)


class WordsMachine(RuleBasedStateMachine):
    """Places of words after any history of changes and questions, with few and with many changes in between."""

    def __init__(self) -> None:
        super().__init__()
        self.words = TermTable()
        self.held: dict[int, dict[str, int]] = {}
        self.size = 0

    @rule(row=st.integers(0, 5_000), places=st.dictionaries(WORD, st.sampled_from([1, 2, 3])))
    def put(self, row: int, places: dict[str, int]) -> None:
        weights = {term_code(term): 1.0 for term in places}
        self.words.put(row, weights, {term_code(term): place for term, place in places.items()})
        self.held[row] = places
        self.size = max(self.size, row + 1)

    @rule(rows=st.lists(st.integers(0, 6_000), max_size=3))
    def remove(self, rows: list[int]) -> None:
        self.words.remove(rows)
        for row in rows:
            self.held.pop(row, None)

    @rule(first=st.integers(0, 3_000), places=st.dictionaries(WORD, st.sampled_from([1, 2, 3]), max_size=2))
    def put_many(self, first: int, places: dict[str, int]) -> None:
        for row in range(first, first + 1_500):
            self.put(row, places)

    @rule()
    def write_and_read(self) -> None:
        self.words = read_back(self.words)

    @rule(word=st.lists(st.lists(WORD, max_size=3).map(tuple), max_size=3).map(tuple))
    def ask(self, word: Alternatives) -> None:
        expected = np.zeros(self.size, np.uint8)
        for row, places in self.held.items():
            expected[row] = max(
                (min(places.get(term, 0) for term in terms) for terms in word if terms), default=0
            )
        np.testing.assert_array_equal(self.words.places(word, self.size), expected)

    @rule(term=WORD)
    def count(self, term: str) -> None:
        having = [row for row, places in self.held.items() if term in places]
        assert self.words.frequency(term_code(term)) == len(having)
        np.testing.assert_array_equal(
            np.flatnonzero(self.words.scores({term_code(term): 2.0}, self.size)), sorted(having)
        )


WordsMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)
TestWords = WordsMachine.TestCase


@given(
    st.lists(st.tuples(st.sets(st.integers(0, 9)), st.sampled_from([0.0, 0.1, 0.3, 1.0])), max_size=20),
    st.sampled_from([0.1, 0.4, 1.2, 3.0]),
)
@settings(max_examples=60, deadline=None)
def test_enough_of_many_words(rows_and_weights: list[tuple[set[int], float]], at_least: float) -> None:
    table = TermTable()
    for row in range(10):
        codes = [term_code(str(n)) for n, (rows, _) in enumerate(rows_and_weights) if row in rows]
        table.put(row, dict.fromkeys(codes, 1.0), {})
    weights = tuple(weight for _, weight in rows_and_weights)
    where = HasWords(tuple(((str(n),),) for n in range(len(weights))), weights, at_least)
    sums = [math.fsum(weight for rows, weight in rows_and_weights if row in rows) for row in range(10)]
    expected = [total > at_least - 1e-6 for total in sums]
    assert table.having(where, slice(0, 10), 10).tolist() == expected
    assert table.having(where, np.array([7, 2]), 10).tolist() == [expected[7], expected[2]]


def test_gaps_do_not_grow() -> None:
    words = TermTable()
    for step in range(5_000):
        words.put(step % 10, dict.fromkeys(range(20), float(step)), {})
    assert sum(array.nbytes for array in words.arrays().values()) < 20_000
    assert words.scores({3: 1.0}, 10).tolist() == [float(4_990 + row) for row in range(10)]


@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 7.25]), max_size=50),
    st.integers(1, 60),
    st.sampled_from([1, 300, 3_000]),
)
@settings(max_examples=100, deadline=None)
def test_the_largest_scores(few: list[float], k: int, times: int) -> None:
    """With far more scores than are looked at in a sample, and many that are equal."""
    scores = np.array(few * times)
    chosen = largest(scores, k)
    assert len(set(chosen.tolist())) == len(chosen)
    expected = sorted(scores[scores > 0].tolist(), reverse=True)[:k]
    assert sorted(scores[chosen].tolist(), reverse=True) == expected


def test_the_largest_scores_need_not_be_in_a_sample() -> None:
    scores = np.zeros(100_000)
    scores[::10] = 1.0
    scores[7:5_000:50] = np.arange(2, 102)
    assert sorted(scores[largest(scores, 10)].tolist()) == [float(n) for n in range(92, 102)]


def test_something_else_is_refused() -> None:
    arrays = {**TermTable().arrays(), "word_counts": np.array([3])}
    with pytest.raises(ValueError, match="terms of a table"):
        TermTable.read(arrays)
