"""The table of facts by itself: what a store's contract cannot see."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from snapshelf.errors import SearchIndexError
from snapshelf.index import Between, Equals, FacetValue, Has, Not
from snapshelf.index.cache import LeastRecentlyUsed
from snapshelf.index.columns import Columns
from snapshelf.index.lexical import TermTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshelf.index.field_columns import StoredValue


def table(facts: Mapping[str, Mapping[str, StoredValue]]) -> Columns:
    columns = Columns(TermTable())
    for row, (id, values) in zip(columns.reserve(list(facts)), facts.items(), strict=True):
        columns.put(row, id, values)
    return columns


def read_back(columns: Columns) -> Columns:
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **columns.arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return Columns.read(TermTable(), arrays)


def contents(columns: Columns) -> dict[str, Any]:
    rows = columns.rows(None).tolist()
    return dict(zip(columns.ids_of(rows), columns.values_of(rows, columns.fields()), strict=True))


FACTS: dict[str, dict[str, StoredValue]] = {
    "a": {"brand": "Acme", "tags": ("red", "new"), "size": 38.0},
    "b": {"brand": "", "size": "38", "字段": "红色"},
    "é": {"tags": ("new",), "price": -0.5},
    "\ud800": {"tags": "\ud800"},
    "": {},
}


def test_what_is_written_is_read_back() -> None:
    columns = table(FACTS)
    columns.remove(["b"])
    again = read_back(columns)
    assert contents(again) == contents(columns) == {id: FACTS[id] for id in FACTS if id != "b"}
    assert (
        again.fields()
        == columns.fields()
        == {"brand": "text", "price": "number", "size": "number", "tags": "list"}
    )
    row = again.reserve(["new"])[0]
    assert row == columns.rows_of(["a"])[0] + 1, "the free row is used again"
    again.put(row, "new", {"size": 1.0})
    assert again.facet("size", None, 9, None).values == (FacetValue(1.0, 1), FacetValue(38.0, 1))
    assert contents(read_back(Columns(TermTable()))) == {}


def test_the_same_table_is_made_of_its_rows() -> None:
    columns = Columns.of(TermTable(), [(3, "x", {"n": 1.0}), (1, "y", {"n": 2.0})])
    assert contents(columns) == {"y": {"n": 2.0}, "x": {"n": 1.0}}
    assert sorted(columns.reserve(["p", "q", "r"])) == [0, 2, 4]
    with pytest.raises(SearchIndexError, match="twice"):
        Columns.of(TermTable(), [(0, "x", {}), (1, "x", {})])


def test_rows_beyond_the_first_thousands() -> None:
    columns = table({f"{n}": {"n": float(n), "parity": "odd" if n % 2 else "even"} for n in range(5_000)})
    assert columns.count(Equals("parity", "odd")) == 2_500
    assert columns.first(Between("n", at_least=4_998), None, 9) == ["4998", "4999"]
    columns.remove([f"{n}" for n in range(100)])
    columns.put(columns.reserve(["late"])[0], "late", {"new": "field"})
    assert columns.count(Has("new")) == 1
    assert columns.count(Not(Has("parity"))) == 1
    assert columns.count(None) == 4_901


def test_values_that_nobody_has_any_more_are_forgotten() -> None:
    columns = table({"a": {"seen": "0"}, "b": {"seen": ("x", "y")}})
    (row,) = columns.rows_of(["a"])
    for n in range(5_000):
        columns.put(row, "a", {"seen": f"{n}"})
    assert len(columns._texts["seen"].values) < 2_000
    assert contents(columns) == {"a": {"seen": "4999"}, "b": {"seen": ("x", "y")}}
    assert columns.texts("seen", 9) == ["4999", "x", "y"]
    assert columns.fields() == {"seen": "list"}
    assert columns.count(Equals("seen", "y")) == 1
    assert columns.count(Equals("seen", "4998")) == 0


@pytest.mark.parametrize("change", ["put", "remove"])
def test_every_change_makes_new_answers(change: str) -> None:
    columns = table({"a": {"n": 1.0, "g": "x"}, "b": {"n": 1.0, "g": "x"}})

    def answers() -> list[Any]:
        return [
            columns.count(Equals("n", 1.0)),
            columns.count(None, "g"),
            columns.facet("n", None, 9, None).values,
            columns.histogram("n", None, 1, None, None).counts,
        ]

    assert answers() == answers() == [2, 1, (FacetValue(1.0, 2),), (2,)]
    (row,) = columns.rows_of(["b"])
    if change == "put":
        columns.put(row, "b", {"n": 2.0})
    else:
        columns.remove(["b"])
    left = 0 if change == "remove" else 1
    values = (FacetValue(1.0, 1), FacetValue(2.0, 1))[: 1 + left]
    assert answers() == [1, 1 + left, values, (1 + left,)]


def test_the_answer_asked_for_least_recently_goes_first() -> None:
    kept: LeastRecentlyUsed[int] = LeastRecentlyUsed(2)
    made: list[str] = []

    def get(name: str) -> int:
        return kept.get(name, lambda: made.append(name) or len(made))

    assert [get(name) for name in "aabacb"] == [1, 1, 2, 1, 3, 4]
    assert made == ["a", "b", "c", "b"]
