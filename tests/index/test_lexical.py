"""The words of all records by themselves: what a store's contract cannot see."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshelf.index.lexical import TermTable

if TYPE_CHECKING:
    from collections.abc import Mapping

TERMS = st.dictionaries(st.sampled_from([0, 1, 5, 77, 2**32 - 1]), st.sampled_from([0.5, 1.0, 2.25]))
CHANGES = st.lists(st.tuples(st.integers(0, 12), st.none() | TERMS), max_size=40)


def read_back(words: TermTable) -> TermTable:
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **words.arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return TermTable.read(arrays)


def shared(document: Mapping[int, float], query: Mapping[int, float]) -> float:
    terms = document.keys() & query.keys()
    return sum(document[term] * query[term] for term in terms) if terms else math.nan


@given(before=CHANGES, after=CHANGES, query=TERMS)
@settings(max_examples=60, deadline=None)
def test_any_history(before: list, after: list, query: dict[int, float]) -> None:
    words = TermTable()
    held: dict[int, dict[int, float]] = {row: {} for row in range(13)}
    for row in held:
        words.put(row, {})
    for changes in (before, after):
        for row, document in changes:
            if document is None:
                words.remove([row])
            else:
                words.put(row, document)
            held[row] = document or {}
        rows = np.random.default_rng(1).permutation(13)
        expected = [shared(held[row], query) for row in rows.tolist()]
        np.testing.assert_allclose(words.scores(rows, query), expected, rtol=1e-6)
        for term in (0, 5, 9):
            having = sum(term in document for document in held.values())
            assert (term in words) == (having > 0)
            assert words.idf(term, 13) == pytest.approx(math.log(1 + (13 - having + 0.5) / (having + 0.5)))
        words = read_back(words)


def test_gaps_do_not_grow() -> None:
    words = TermTable()
    for step in range(5_000):
        words.put(step % 10, dict.fromkeys(range(20), float(step)))
    assert sum(array.nbytes for array in words.arrays().values()) < 20_000
    assert words.scores(np.arange(10), {3: 1.0}).tolist() == [float(4_990 + row) for row in range(10)]


def test_something_else_is_refused() -> None:
    arrays = {**TermTable().arrays(), "word_counts": np.array([3])}
    with pytest.raises(ValueError, match="terms of a table"):
        TermTable.read(arrays)
