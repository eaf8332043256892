"""What every store does. An implementation's tests inherit `IndexContract` and say how it is opened."""

from __future__ import annotations

import math
import shutil
import threading
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from snapshelf.errors import SearchIndexError
from snapshelf.index import (
    And,
    Between,
    ByNumber,
    ByRank,
    ByTests,
    Candidate,
    Equals,
    Facet,
    FacetValue,
    Has,
    HasWords,
    Histogram,
    Ids,
    Not,
    OneOf,
    Or,
    Record,
    ScoredCandidate,
    TakeTurns,
    TermPlace,
)
from tests.index.reference_index import ReferenceIndex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from snapshelf.index import Alternatives, FieldValue, Filter, SearchIndex, SortKey

D = 8
NAN, INF = float("nan"), float("inf")
ODD_IDS = [
    "",
    " ",
    "红色连衣裙",
    "a'b\"c",
    "back\\slash",
    "😀",
    "é",
    "e\u0301",
    "x" * 500,
    "1",
    "01",
    "%22",
    "\x00",
    "a\nb",
]


def axis(number: int) -> NDArray[np.float32]:
    return np.eye(D, dtype=np.float32)[number]


def record(
    id: str, *photos: NDArray[np.float32], terms: Mapping[str, float] | None = None, **facts: FieldValue
) -> Record:
    return Record(id, np.stack(photos or (axis(0),)), terms or {}, facts)


def ids(found: list[Candidate]) -> list[str]:
    return [candidate.id for candidate in found]


def lattice() -> list[NDArray[np.float32]]:
    """Unit vectors whose products are exact in float32, so that equal scores are equal everywhere."""
    whole = [sign * axis(number) for number in range(D) for sign in (1, -1)]
    random = np.random.default_rng(7)
    halves = []
    for _ in range(40):
        vector = np.zeros(D, np.float32)
        vector[random.choice(D, 4, replace=False)] = random.choice([0.5, -0.5], 4)
        halves.append(vector)
    return whole + halves


FACTS: dict[str, dict[str, FieldValue]] = {
    "a": {"brand": "Acme", "price": 10, "colours": ["red", "blue"], "sold": True, "size": "38"},
    "b": {"brand": "Acme", "price": 10.5, "colours": ["blue"], "sold": False, "size": 38},
    "c": {"brand": "北京", "price": -3.25, "colours": [], "sold": None, "size": 38.0},
    "d": {"brand": "", "price": 1e15, "colours": "red", 'o"d\\d.%[0]': "yes"},
    "e": {},
}

SHOP: dict[str, dict[str, FieldValue]] = {
    "1": {"brand": "Acme", "tags": ["red", "new"], "size": 38, "group_id": "x", "price": 5},
    "2": {"brand": "Acme", "tags": ["red", "red"], "size": 39, "group_id": "x", "price": 7.5},
    "3": {"brand": "Best", "tags": "red", "size": "L", "group_id": "y", "price": 10},
    "4": {"brand": "Best", "tags": ["new"], "size": 38.0, "group_id": "x", "price": 5},
    "5": {"brand": "", "size": "38", "price": -1},
    "6": {"sold": True},
}

FILTERS: list[tuple[Filter | None, str]] = [
    (None, "abcde"),
    (Equals("brand", "Acme"), "ab"),
    (Equals("brand", "acme"), ""),
    (Equals("brand", "北京"), "c"),
    (Equals("brand", ""), "d"),
    (Equals("colours", "red"), "ad"),
    (Equals("price", 10), "a"),
    (Equals("price", 10.0), "a"),
    (Equals("price", 10.5), "b"),
    (Equals("price", "10"), ""),
    (Equals("price", NAN), ""),
    (Equals("price", INF), ""),
    (Equals("size", "38"), "a"),
    (Equals("size", 38), "bc"),
    (Equals("sold", True), "a"),
    (Equals("sold", 1), "a"),
    (Equals("sold", False), "b"),
    (Equals("unknown", "x"), ""),
    (Equals('o"d\\d.%[0]', "yes"), "d"),
    (OneOf("brand", ("北京", "", "nobody")), "cd"),
    (OneOf("size", ("38", 38)), "abc"),
    (OneOf("brand", ()), ""),
    (Between("price"), "abcd"),
    (Between("price", at_least=10), "abd"),
    (Between("price", above=10), "bd"),
    (Between("price", at_most=10), "ac"),
    (Between("price", below=10), "c"),
    (Between("price", at_least=10, at_most=10), "a"),
    (Between("price", at_least=10, below=10), ""),
    (Between("price", at_least=11, at_most=10), ""),
    (Between("price", at_least=-INF, at_most=INF), "abcd"),
    (Between("price", above=INF), ""),
    (Between("price", at_least=NAN), ""),
    (Between("size", at_least=0), "bc"),
    (Between("brand", at_least=0), ""),
    (Between("sold", at_least=0), "ab"),
    (Between("unknown"), ""),
    (Has("brand"), "abcd"),
    (Has("colours"), "abd"),
    (Has("sold"), "ab"),
    (Has('o"d\\d.%[0]'), "d"),
    (Has("unknown"), ""),
    (Ids(("a", "e", "nobody")), "ae"),
    (Ids(()), ""),
    (And(()), "abcde"),
    (And((Equals("brand", "Acme"), Between("price", above=10))), "b"),
    (Or(()), ""),
    (Or((Equals("brand", "北京"), Has("sold"))), "abc"),
    (Not(Has("brand")), "e"),
    (Not(Between("price", at_least=10)), "ce"),
    (Not(And(())), ""),
    (Not(Or(())), "abcde"),
    (And((Not(Equals("colours", "red")), Or((Ids(("a", "b")), Not(Has("price")))))), "be"),
]


class IndexContract(ABC):
    """Tests of the `SearchIndex` protocol."""

    examples = 8

    @abstractmethod
    def open(self, path: Path) -> SearchIndex:
        """Open the store in a directory, with vectors of `D` dimensions."""

    @pytest.fixture
    def path(self, folder: Path) -> Path:
        return folder / "store"

    @pytest.fixture
    def store(self, path: Path) -> Iterator[SearchIndex]:
        with self.open(path) as store:
            yield store

    def test_new_store_is_empty(self, store: SearchIndex) -> None:
        assert (store.dimension, store.version) == (D, 0)
        assert store.count() == 0
        assert store.count(Has("price")) == 0
        assert store.nearest(axis(0), 10) == []
        assert store.matching({"red": 1.0}, 10) == []
        assert store.scroll() == []
        store.delete(["nobody"])
        store.upsert([])
        store.delete([])
        assert store.count() == store.count(distinct="group_id") == 0
        assert store.nearest(axis(0), 10, using="title") == []
        queries = {"photo": axis(0), "title": axis(0)}
        assert list(store.retrieve(10, **queries, terms={"a": 1.0}, also=["nobody"])) == []
        assert store.facet("brand") == Facet((), 0, 0)
        assert store.histogram("price") == Histogram(None, None, (), ())
        assert store.group_sizes(["nobody"]) == {}
        assert store.matches(["nobody"], And(())) == set()
        assert store.field_values(["nobody"], ["price"]) == [{}]
        assert store.field_kinds() == {}
        assert store.fields() == []

    def test_nearest_first(self, store: SearchIndex) -> None:
        query = axis(0)
        angles = {f"{degrees:03}": math.radians(degrees) for degrees in range(0, 181, 10)}
        store.upsert([record(id, math.cos(a) * axis(0) + math.sin(a) * axis(1)) for id, a in angles.items()])
        found = store.nearest(query, 19)
        assert ids(found) == sorted(angles)
        np.testing.assert_allclose([c.score for c in found], np.cos(list(angles.values())), atol=1e-6)
        assert store.nearest(query, 3) == found[:3]
        assert store.nearest(query, 1000) == found

    def test_nearest_photo_counts(self, store: SearchIndex) -> None:
        store.upsert([record("several", axis(0), axis(1), axis(2)), record("one", axis(3))])
        for number in range(3):
            assert store.nearest(axis(number), 2) == [Candidate("several", 1.0), Candidate("one", 0.0)]
        assert store.nearest(-axis(1), 2) == [Candidate("one", 0.0), Candidate("several", 0.0)]
        store.upsert([record("several", axis(0)), record("one", axis(3), axis(2))])
        assert store.nearest(axis(2), 1) == [Candidate("one", 1.0)]

    def test_vectors_need_not_be_normalised(self, store: SearchIndex) -> None:
        store.upsert([record("long", 1e30 * (axis(0) + axis(1))), record("short", 1e-30 * axis(0))])
        found = store.nearest(250 * axis(0), 2)
        assert ids(found) == ["short", "long"]
        assert [c.score for c in found] == pytest.approx([1, math.sqrt(0.5)])

    def test_equal_scores_are_ordered_by_id(self, store: SearchIndex) -> None:
        names = [f"{number:02}" for number in range(40)]
        shuffled = np.random.default_rng(3).permutation(names).tolist()
        terms = {"red": 1.0}
        store.upsert([record(id, axis(1), terms=terms) for id in shuffled[:20]])
        store.upsert([record(id, axis(2), axis(1), terms=terms) for id in shuffled[20:]])
        assert ids(store.nearest(axis(1), 40)) == ids(store.matching(terms, 40)) == names
        for found in (store.nearest(axis(1), 7), store.matching(terms, 7)):
            assert ids(found) == sorted(set(ids(found)))
            assert len(found) == 7

    def test_words(self, store: SearchIndex) -> None:
        store.upsert(
            [
                record("1", terms={"红色": 1.0, "dress": 2.0}),
                record("2", terms={"dress": 0.5}),
                record("3", terms={"shoe": 1.0}),
                record("4"),
            ]
        )
        red, dress = math.log(1 + 3.5 / 1.5), math.log(1 + 2.5 / 2.5)
        found = store.matching({"红色": 1.0, "dress": 3.0, "unknown": 1.0}, 10)
        assert ids(found) == ["1", "2"]
        assert [c.score for c in found] == pytest.approx([red + 6 * dress, 1.5 * dress], abs=1e-5)
        assert store.matching({"dress": 3.0}, 1) == store.matching({"dress": 3.0}, 10)[:1]
        assert store.matching({"unknown": 1.0}, 10) == []
        assert ids(store.matching({"unknown": 1.0, "dress": 1.0}, 10, Ids(("2", "3")))) == ["2"]
        assert store.matching({}, 10) == []

    def test_places_of_words(self, path: Path) -> None:
        name, attribute = TermPlace.NAME, TermPlace.ATTRIBUTE
        texts: dict[str, dict[str, int]] = {
            "1": {"red": name, "dress": name},
            "2": {"red": attribute, "dress": name, "连衣": name, "衣裙": 1},
            "3": {"crimson": attribute, "dress": 1},
            "4": {"shoe": name},
            "5": {},
        }
        red, dress, nothing = (("red",), ("crimson",)), (("dress",), ("连衣", "衣裙")), (("hat",), ())
        words = [red, dress, nothing]
        with self.open(path) as store:
            for id, terms in texts.items():
                weights = dict.fromkeys(terms, 1.0)
                places = {term: place for term, place in terms.items() if place > 1}
                store.upsert([Record(id, axis(0)[None], weights, places=places)])
            store.flush(1)

        def having(weights: tuple[float, ...], at_least: float, place: int = 1) -> str:
            return "".join(store.scroll(HasWords((red, dress, nothing), weights, at_least, place)))

        with self.open(path) as store:
            retrieved = store.retrieve(10, photo=axis(0), words=words)
            assert {each.id: each.words for each in retrieved} == {
                "1": (3, 3, 0),
                "2": (2, 3, 0),
                "3": (2, 1, 0),
                "4": (0, 0, 0),
                "5": (0, 0, 0),
            }
            assert [each.words for each in store.retrieve(10, photo=axis(0))] == [()] * 5
            assert [store.frequencies(words, place) for place in (1, 2, 3)] == [
                [3, 3, 0],
                [3, 2, 0],
                [1, 2, 0],
            ]
            assert having((1.0, 1.0, 1.0), 2.0) == "123"
            assert having((1.0, 1.0, 1.0), 2.0, 2) == "12"
            assert having((1.0, 1.0, 1.0), 2.0, 3) == "1"
            assert having((0.1, 0.2, 0.4), 0.2) == "123"
            assert having((0.1, 0.2, 0.4), 0.1, 3) == "12"
            assert having((0.1, 0.2, 0.4), 0.3) == "123"
            assert having((0.1, 0.2, 0.4), 0.0) == "12345"
            assert having((0.1, 0.2, 0.4), 0.7) == ""
            assert store.count(Not(HasWords((red,), (1.0,), 1.0))) == 2
            assert store.matches(["1", "4"], HasWords((red,), (1.0,), 1.0)) == {"1"}
            store.upsert([Record("1", axis(0)[None], {"red": 1.0}), record("6", terms={"crimson": 1.0})])
            store.delete(["3"])
            assert store.frequencies(words) == [3, 1, 0]
            assert having((1.0, 0.0, 0.0), 1.0) == "126"
            assert having((1.0, 0.0, 0.0), 1.0, 2) == "2"

    def test_bad_conditions_on_words_are_refused(self) -> None:
        red = ((("red",),),)
        bad: list[tuple[tuple[float, ...], float]] = [((), 1.0), ((NAN,), 1.0), ((-1.0,), 1.0), ((1.0,), NAN)]
        for weights, at_least in bad:
            with pytest.raises(SearchIndexError):
                HasWords(red, weights, at_least)

    def test_titles(self, store: SearchIndex) -> None:
        def titled(id: str, title: NDArray[np.float32] | None) -> Record:
            return Record(id, axis(7)[None], title=title)

        store.upsert([titled("a", axis(0)), titled("b", 3 * (axis(0) + axis(1))), titled("c", None)])
        found = store.nearest(axis(0), 5, using="title")
        assert ids(found) == ["a", "b"]
        assert [c.score for c in found] == pytest.approx([1, math.sqrt(0.5)])
        assert ids(store.nearest(axis(0), 5, Not(Ids(("a",))), using="title")) == ["b"]
        assert ids(store.nearest(axis(7), 5)) == ["a", "b", "c"]
        store.upsert([titled("b", None), titled("c", axis(2))])
        store.optimise()
        assert store.nearest(axis(2), 5, using="title") == [Candidate("c", 1.0), Candidate("a", 0.0)]

    @pytest.mark.parametrize("title", [NAN * axis(0), 0 * axis(0), np.ones(D + 1, np.float32)])
    def test_bad_titles_are_refused(self, store: SearchIndex, title: NDArray[np.float32]) -> None:
        with pytest.raises(SearchIndexError):
            store.upsert([record("a"), Record("b", axis(0)[None], title=title)])
        assert store.scroll() == []

    def test_recall_scores_all_that_any_query_finds(self, store: SearchIndex, folder: Path) -> None:
        random = np.random.default_rng(4)

        def some(number: int) -> Record:
            photos = random.standard_normal((1 + number % 2, D)).astype(np.float32)
            title = random.standard_normal(D).astype(np.float32) if number % 5 else None
            terms = {f"t{n}": random.uniform(1, 2) for n in random.choice(30, 3)}
            return Record(f"{number:03}", photos, terms, {"n": number, "odd": number % 2}, title)

        reference = ReferenceIndex(folder / "reference", D)
        records = [some(number) for number in range(150)]
        for one in (store, reference):
            one.upsert(records)
        photo, title = random.standard_normal((2, D)).astype(np.float32)
        words = {"t1": 1.0, "t2": 0.5}
        asked: list[dict[str, Any]] = [
            {"photo": photo, "title": title, "terms": words},
            {"photo": photo},
            {"title": title, "also": ["149", "000", "nobody"]},
            {"terms": words, "title": title},
            {"photo": photo, "terms": {"unknown": 1.0}},
            {"also": ["003", "002", "003"]},
        ]
        more: dict[str, Any] = {"tests": [Equals("odd", 1), Between("n", below=50)], "fields": ["n", "none"]}
        for queries in asked:
            for where in (None, Between("n", at_least=20), Equals("odd", 0), Between("n", above=1000)):
                found = store.retrieve(5, where, **queries, **more)
                expected = reference.retrieve(5, where, **queries, **more)
                assert [each.id for each in found] == [each.id for each in expected]
                for one, other in zip(found, expected, strict=True):
                    check_recalled(one, other)

    def test_recall_refuses_what_its_parts_refuse(self, store: SearchIndex) -> None:
        store.upsert([record("a", terms={"a": 1.0})])
        for bad in ({"photo": 0 * axis(0)}, {"title": NAN * axis(0)}, {"terms": {"a": -1.0}}):
            with pytest.raises(SearchIndexError):
                store.retrieve(5, **bad)

    def test_rarity_of_words_follows_every_change(self, store: SearchIndex) -> None:
        def score() -> float:
            found = store.matching({"a": 1.0}, 100)[0].score
            assert store.idf(["a", "b"])["a"] == pytest.approx(found, abs=1e-5)
            return found

        def idf(total: int, having: int) -> float:
            return math.log(1 + (total - having + 0.5) / (having + 0.5))

        store.upsert([record(str(n), terms={"a": 1.0, "b": 1.0}) for n in range(10)])
        assert score() == pytest.approx(idf(10, 10), abs=1e-5)
        store.upsert([record(str(n), terms={"b": 1.0}) for n in range(4)])
        assert score() == pytest.approx(idf(10, 6), abs=1e-5)
        store.delete([str(n) for n in range(2, 6)])
        assert score() == pytest.approx(idf(6, 4), abs=1e-5)
        store.upsert([record(str(n)) for n in range(10, 30)])
        assert score() == pytest.approx(idf(26, 4), abs=1e-5)
        assert store.matching({"a": 1.0}, 100, Ids(("9",))) == [Candidate("9", score())]
        store.optimise()
        assert score() == pytest.approx(idf(26, 4), abs=1e-5)
        assert store.idf(["nothing"]) == {"nothing": pytest.approx(idf(26, 0))}

    def test_filters(self, store: SearchIndex) -> None:
        photos = {id: (axis(0) + number * axis(1)) for number, id in enumerate(FACTS)}
        terms = {id: {"word": 1.0 / number} for number, id in enumerate(FACTS, 1)}
        store.upsert([Record(id, photos[id][None], terms[id], facts) for id, facts in FACTS.items()])
        for _ in ("before any range was asked for", "after"):
            for where, expected in FILTERS:
                assert store.scroll(where) == list(expected), where
                assert store.count(where) == len(expected), where
                assert ids(store.nearest(axis(0), 5, where)) == list(expected), where
                assert ids(store.matching({"word": 1.0}, 5, where)) == list(expected), where

    def test_photos_of_given_records(self, store: SearchIndex) -> None:
        store.upsert([record("a", axis(0)), record("b", 2 * axis(1))])
        assert store.photos([]) == store.photos(["nobody"]) == {}
        found = store.photos(["b", "nobody", "a", "b"])
        assert {id: photos.tolist() for id, photos in found.items()} == {
            "b": [axis(1).tolist()],
            "a": [axis(0).tolist()],
        }
        store.upsert([record("c", axis(2), axis(3), axis(4)), record("a", axis(5), axis(6)), record("d")])
        store.upsert([record("c", axis(2), axis(4), axis(3))])
        found = store.photos(["d", "c", "a"])
        assert {id: photos.tolist() for id, photos in found.items()} == {
            "d": [axis(0).tolist()],
            "c": [axis(2).tolist(), axis(4).tolist(), axis(3).tolist()],
            "a": [axis(5).tolist(), axis(6).tolist()],
        }
        found["c"][:] = 0
        assert store.photos(["c"])["c"].any()

    def test_matches_and_facts_of_given_records(self, store: SearchIndex) -> None:
        store.upsert([record(id, **facts) for id, facts in SHOP.items()])
        assert store.matches(["4", "nobody", "1", "3", "1"], Equals("tags", "new")) == {"1", "4"}
        assert store.matches(["1", "2"], Not(Ids(("2",)))) == {"1"}
        assert store.matches([], Has("brand")) == set()
        assert store.field_values(["5", "nobody", "2", "6"], ["size", "tags", "brand", "sold", "none"]) == [
            {"size": "38", "brand": ""},
            {},
            {"size": 39.0, "tags": ("red", "red"), "brand": "Acme"},
            {"sold": 1.0},
        ]
        store.delete(["1"])
        assert store.matches(["1", "4"], Equals("tags", "new")) == {"4"}

    def test_facets(self, store: SearchIndex) -> None:
        def facet(missing: int, *values: tuple[str | float, int]) -> Facet:
            return Facet(tuple(FacetValue(*value) for value in values), len(values), missing)

        store.upsert([record(id, **facts) for id, facts in SHOP.items()])
        assert store.facet("brand") == facet(1, ("Acme", 2), ("Best", 2), ("", 1))
        assert store.facet("tags") == facet(2, ("red", 3), ("new", 2))
        assert store.facet("size") == facet(1, (38.0, 2), (39.0, 1), ("38", 1), ("L", 1))
        assert store.facet("sold") == facet(5, (1.0, 1))
        assert store.facet("none") == facet(6)
        assert store.facet("brand", limit=1) == Facet((FacetValue("Acme", 2),), 3, 1)
        assert store.facet("tags", Equals("brand", "Best")) == facet(0, ("new", 1), ("red", 1))
        assert store.facet("tags", Has("none")) == facet(0)
        assert store.facet("tags", distinct="group_id") == facet(2, ("red", 2), ("new", 1))
        assert store.facet("brand", distinct="group_id") == facet(1, ("Best", 2), ("", 1), ("Acme", 1))
        assert store.facet("size", distinct="group_id") == facet(1, (38.0, 1), (39.0, 1), ("38", 1), ("L", 1))
        assert store.facet("sold", distinct="group_id") == facet(3, (1.0, 1))
        assert store.facet("brand", distinct="none") == store.facet("brand")
        store.upsert([record("4", **{**SHOP["4"], "brand": "Acme", "tags": None})])
        assert store.facet("brand") == facet(1, ("Acme", 3), ("", 1), ("Best", 1))
        assert store.facet("tags") == facet(3, ("red", 3), ("new", 1))

    def test_counts_of_groups(self, store: SearchIndex) -> None:
        store.upsert([record(id, **facts) for id, facts in SHOP.items()])
        assert store.count(distinct="group_id") == 4
        assert store.count(distinct="size") == 5
        assert store.count(Between("price", above=0), "group_id") == 2
        assert store.count(distinct="none") == 6
        assert store.group_sizes(["6", "1", "nobody", "3", "4"]) == {"1": 3, "3": 1, "4": 3, "6": 1}
        assert store.group_sizes(["1", "3", "5"], Equals("brand", "Best")) == {"1": 1, "3": 1, "5": 0}
        assert store.group_sizes(["1", "2"], field="price") == {"1": 2, "2": 1}
        assert store.group_sizes(["1", "2"], Has("none")) == {"1": 0, "2": 0}

    def test_histograms(self, store: SearchIndex) -> None:
        store.upsert([record(id, **facts) for id, facts in SHOP.items()])
        assert store.histogram("price", bins=2) == Histogram(-1, 10, (-1, 4.5, 10), (1, 4))
        assert store.histogram("price", bins=2, distinct="group_id") == Histogram(
            -1, 10, (-1, 4.5, 10), (1, 2)
        )
        assert store.histogram("price", edges=(0, 5, 7.5)) == Histogram(-1, 10, (0, 5, 7.5), (0, 3))
        assert store.histogram("price", Equals("price", 5), bins=7) == Histogram(5, 5, (5, 5), (2,))
        assert store.histogram("brand", edges=(0, 1)) == Histogram(None, None, (0, 1), (0,))
        assert store.histogram("size", bins=1) == Histogram(38, 39, (38, 39), (3,))
        for bad in ({"bins": 0}, {"edges": (1,)}, {"edges": (1, 1)}, {"edges": (2, 1)}, {"edges": ()}):
            with pytest.raises(SearchIndexError):
                store.histogram("price", **bad)

    def test_kinds_of_fields(self, store: SearchIndex) -> None:
        store.upsert([record(id, **facts) for id, facts in SHOP.items()])
        assert store.field_kinds() == {
            "brand": "text",
            "group_id": "text",
            "price": "number",
            "size": "mixed",
            "sold": "number",
            "tags": "list",
        }
        assert store.fields() == list(store.field_kinds())
        assert store.texts("tags", 9) == ["new", "red"]
        assert store.texts("size", 1) == ["38"]
        store.delete(["1", "2", "4", "6"])
        kinds = {"brand": "text", "group_id": "text", "price": "number", "size": "text", "tags": "text"}
        assert store.field_kinds() == kinds

    def test_numbers_have_fifteen_digits(self, store: SearchIndex) -> None:
        numbers = [1.1, 0.1 + 0.2, 123456789.123456789, -0.0, 1e-7, 2.0**53, 1 / 3, 1732287825.123456]
        store.upsert([record(f"{n}", number=number) for n, number in enumerate(numbers)])
        store.optimise()
        for n, number in enumerate(numbers):
            assert store.scroll(Equals("number", number)) == [f"{n}"]
            assert store.scroll(Between("number", at_least=number, at_most=number)) == [f"{n}"]
        assert store.scroll(Equals("number", 0.3)) == ["1"]
        assert store.scroll(Equals("number", 0)) == ["3"]
        assert store.scroll(Equals("number", 1.10000000000001)) == []

    def test_scroll_goes_through_everything_in_order(self, store: SearchIndex) -> None:
        names = [f"商品{number}" for number in range(57)]
        store.upsert([record(id, parity=number % 2) for number, id in enumerate(names)])
        for where, expected in ((None, sorted(names)), (Equals("parity", 1), sorted(names[1::2]))):
            seen: list[str] = []
            while page := store.scroll(where, after=seen[-1] if seen else None, limit=10):
                assert len(page) <= 10
                seen += page
            assert seen == expected

    def test_order(self, store: SearchIndex) -> None:
        store.upsert([record(id, **facts) for id, facts in SHOP.items()])
        price = ByNumber("price")
        assert store.ordered() == ["1", "2", "3", "4", "5", "6"]
        assert store.ordered(by=[price]) == ["5", "1", "4", "2", "3", "6"]
        assert store.ordered(by=[ByNumber("price", descending=True)]) == ["3", "2", "1", "4", "5", "6"]
        assert store.ordered(by=[ByNumber("price", step=6)]) == ["5", "1", "4", "2", "3", "6"]
        assert store.ordered(by=[ByNumber("price", step=100)]) == ["5", "1", "2", "3", "4", "6"]
        assert store.ordered(by=[price, ByRank(("9", "4", "1"))]) == ["5", "4", "1", "2", "3", "6"]
        assert store.ordered(by=[ByRank(("6", "3", "6"))]) == ["6", "3", "1", "2", "4", "5"]
        assert store.ordered(by=[ByNumber("unknown"), ByRank(())]) == store.ordered()
        assert store.ordered(Equals("brand", "Acme"), [price], limit=1) == ["1"]
        assert store.ordered(by=[price], distinct="group_id") == ["5", "1", "3", "6"]
        assert store.ordered(by=[price], distinct="group_id", limit=2) == ["5", "1"]
        assert store.ordered(Has("none"), [price]) == []
        tests = ((Equals("tags", "new"), 1.0), (Equals("brand", "Acme"), 2.0), (Has("sold"), -1.0))
        assert store.ordered(by=[ByTests(tests)]) == ["1", "2", "4", "3", "5", "6"]
        store.delete(["1"])
        assert store.ordered(by=[price]) == ["5", "4", "2", "3", "6"]

    def test_values_take_turns(self, store: SearchIndex) -> None:
        goods = {
            "1": ("chairs", "Acme"),
            "2": ("chairs", "Acme"),
            "3": ("chairs", "Best"),
            "4": ("lamps", "Acme"),
            "5": ("chairs", None),
            "6": (None, None),
            "7": (None, "Acme"),
        }
        store.upsert(
            [
                record(id, category=[kind or ""] if kind else None, brand=brand)
                for id, (kind, brand) in goods.items()
            ]
        )
        assert store.ordered(by=[TakeTurns(("category",))]) == ["1", "6", "4", "2", "7", "3", "5"]
        assert store.ordered(by=[TakeTurns(("category", "brand"))]) == ["1", "6", "4", "3", "7", "5", "2"]
        assert store.ordered(by=[TakeTurns(())]) == list(goods)
        assert store.ordered(by=[ByRank(("5",)), TakeTurns(("category",))]) == [
            "5",
            "1",
            "6",
            "4",
            "2",
            "7",
            "3",
        ]

    def test_upsert_replaces_everything(self, store: SearchIndex) -> None:
        store.upsert([record("a", axis(0), axis(1), terms={"old": 1.0}, colour="red", size=1)])
        store.upsert(
            [record("a", axis(2), terms={"lost": 1.0}), record("a", axis(3), terms={"new": 1.0}, size=2)]
        )
        assert store.count() == 1
        assert store.nearest(axis(3), 5) == [Candidate("a", 1.0)]
        assert store.nearest(axis(1), 5) == [Candidate("a", 0.0)]
        assert [ids(store.matching({term: 1.0}, 5)) for term in ("old", "lost", "new")] == [[], [], ["a"]]
        assert [store.count(Has(field)) for field in ("colour", "size")] == [0, 1]
        assert store.count(Equals("size", 1)) == 0

    def test_delete(self, store: SearchIndex) -> None:
        store.upsert([record(id, axis(0), axis(1), terms={"w": 1.0}, x=1) for id in "abcd"])
        store.delete(["b", "nobody", "d", "b"])
        assert store.scroll() == ["a", "c"]
        assert store.scroll(Equals("x", 1)) == ["a", "c"]
        assert ids(store.nearest(axis(1), 9)) == ["a", "c"]
        assert ids(store.matching({"w": 1.0}, 9)) == ["a", "c"]
        store.upsert([record("b")])
        assert store.scroll() == ["a", "b", "c"]

    def test_odd_ids(self, store: SearchIndex) -> None:
        store.upsert([record(id, axis(0), key=id) for id in ODD_IDS])
        assert store.scroll() == sorted(ODD_IDS)
        assert sorted(ids(store.nearest(axis(0), 100))) == sorted(ODD_IDS)
        for id in ODD_IDS:
            assert store.scroll(Ids((id,))) == [id]
            assert store.scroll(Equals("key", id)) == [id]
        store.delete(ODD_IDS[::2])
        assert store.scroll() == sorted(ODD_IDS[1::2])

    @pytest.mark.parametrize(
        "bad",
        [
            Record("bad", np.full((1, D), NAN, np.float32)),
            Record("bad", np.stack([axis(0), INF * np.ones(D, np.float32)])),
            Record("bad", np.stack([axis(0), np.zeros(D, np.float32)])),
            Record("bad", np.ones((1, D - 1), np.float32)),
            Record("bad", np.ones((1, D + 1), np.float32)),
            Record("bad", np.empty((0, D), np.float32)),
            Record("bad", axis(0)),
            record("bad", terms={"a": NAN}),
            record("bad", terms={"a": 0.0}),
            record("bad", terms={"a": -1.0}),
            Record("bad", axis(0)[None], {"a": 1.0}, places={"a": 4}),
            Record("bad", axis(0)[None], {"a": 1.0}, places={"a": 0}),
            record("bad", price=NAN),
            record("bad", price=-INF),
            record("bad", sizes=[38, 39]),  # type: ignore[arg-type]
        ],
        ids=lambda bad: f"{bad.photos.shape}-{bad.photos.flat[-1:]}-{bad.terms}-{bad.places}-{bad.fields}",
    )
    def test_bad_records_are_refused_with_nothing_written(self, store: SearchIndex, bad: Record) -> None:
        store.upsert([record("a", axis(0))])
        with pytest.raises(SearchIndexError):
            store.upsert([record("b"), record("a", axis(1)), bad])
        assert store.scroll() == ["a"]
        assert store.nearest(axis(0), 2) == [Candidate("a", 1.0)]

    def test_bad_queries_are_refused(self, store: SearchIndex) -> None:
        store.upsert([record("a", axis(0), terms={"a": 1.0})])
        for vector in (NAN * axis(0), 0 * axis(0), np.ones(D + 1, np.float32)):
            with pytest.raises(SearchIndexError):
                store.nearest(vector, 1)
        for weight in (NAN, INF, 0.0, -1.0):
            with pytest.raises(SearchIndexError):
                store.matching({"a": weight}, 1)

    def test_what_was_flushed_is_kept(self, path: Path) -> None:
        with self.open(path) as store:
            store.upsert(
                [record(id, axis(n), axis(7), terms={"w": n + 1.0}, n=n) for n, id in enumerate("abcd")]
            )
            store.delete(["d"])
            store.upsert([record("a", axis(0), axis(7), terms={"w": 1.0}, n=0, extra="yes")])
            store.flush(41)
            store.flush(42)
            assert store.version == 42
            before = answers(store)
        with self.open(path) as store:
            assert store.version == 42
            assert answers(store) == before
            store.upsert([record("e", axis(7))])
            assert ids(store.nearest(axis(7), 9)) == ["a", "b", "c", "e"]

    def test_optimise_changes_no_answer(self, path: Path) -> None:
        with self.open(path) as store:
            store.upsert([record(f"{n}", axis(n % 8), axis(7), terms={"w": n + 1.0}, n=n) for n in range(60)])
            store.delete([f"{n}" for n in range(0, 60, 3)])
            before = answers(store)
            store.optimise()
            assert answers(store) == before
            store.upsert([record("new", axis(7), terms={"w": 1.0}, n=100)])
            store.upsert([record("1", axis(1), axis(7), terms={"w": 2.0}, n=100)])
            assert store.scroll(Equals("n", 100)) == ["1", "new"]
            before = answers(store)
            store.optimise()
            store.flush(1)
        with self.open(path) as store:
            assert answers(store) == before

    def test_clear(self, path: Path) -> None:
        with self.open(path) as store:
            store.upsert([record("a", axis(0), axis(1), terms={"w": 1.0}, n=1)])
            store.flush(7)
            store.clear()
            assert (store.version, store.count()) == (0, 0)
            assert store.count(Between("n", at_least=0)) == 0
            store.upsert([record("b", axis(0), axis(1), n=1)])
            assert store.nearest(axis(1), 9, Between("n", at_least=0)) == [Candidate("b", 1.0)]
            store.clear()
        with self.open(path) as store:
            assert (store.version, store.count()) == (0, 0)

    def test_closed_store_says_so(self, path: Path) -> None:
        store = self.open(path)
        store.close()
        store.close()
        with pytest.raises(SearchIndexError, match="closed"):
            store.count()
        with pytest.raises(SearchIndexError, match="closed"):
            store.upsert([record("a")])

    def test_several_threads(self, store: SearchIndex) -> None:
        store.upsert([record(f"{n}", axis(n % 4), price=n) for n in range(40)])
        stop = threading.Event()

        def write() -> int:
            rounds = 0
            while not stop.is_set():
                store.upsert([record("x", axis(5), price=rounds)])
                store.delete(["x"])
                rounds += 1
            return rounds

        def read(number: int) -> None:
            for _ in range(15):
                found = store.nearest(axis(number), 10, Between("price", at_least=number))
                assert ids(found) == sorted(str(n) for n in range(number, 40, 4))

        with ThreadPoolExecutor(5) as pool:
            writer = pool.submit(write)
            try:
                list(pool.map(read, range(4)))
            finally:
                stop.set()
            assert writer.result() > 0

    def test_random_vectors(self, store: SearchIndex, folder: Path) -> None:
        random = np.random.default_rng(11)
        records = [
            Record(f"{n}", random.standard_normal((1 + n % 3, D)).astype(np.float32), fields={"n": n})
            for n in range(200)
        ]
        reference = ReferenceIndex(folder / "reference", D)
        for one in (store, reference):
            one.upsert(records)
        for where in (None, Between("n", below=30)):
            for query in random.standard_normal((5, D)).astype(np.float32):
                expected = {c.id: c.score for c in reference.nearest(query, 200, where)}
                check_ranking(store.nearest(query, 20, where), expected, 20)

    def test_any_history_gives_the_answers_of_the_reference(self, folder: Path) -> None:
        class Machine(StoreMachine):
            where = folder
            opened = self.open

        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=self.examples,
                stateful_step_count=20,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )


def answers(store: SearchIndex) -> list[Any]:
    """Answer to a bit of everything."""
    return [
        store.scroll(limit=1000),
        store.count(Has("n")),
        store.scroll(Between("n", above=1)),
        store.facet("n", limit=1000),
        store.field_kinds(),
        *(store.nearest(axis(number), 100) for number in range(D)),
        store.nearest(axis(7), 100, Between("n", above=1)),
        [(c.id, pytest.approx(c.score, abs=1e-5)) for c in store.matching({"w": 1.0}, 100)],
        [each.words for each in store.retrieve(100, photo=axis(0), words=[(("w",),), (("v",), ("w", "v"))])],
    ]


def check_ranking(found: list[Candidate], expected: dict[str, float], k: int) -> None:
    """The k best by `expected` are there with their scores; what is nearly equal may change places."""
    assert len(found) == len(set(ids(found))) == min(k, len(expected))
    assert found == sorted(found, key=lambda c: (-c.score, c.id))
    for candidate in found:
        assert candidate.score == pytest.approx(expected[candidate.id], abs=1e-4)
    left = expected.keys() - set(ids(found))
    assert all(expected[id] <= found[-1].score + 1e-5 for id in left)


def check_recalled(found: ScoredCandidate, expected: ScoredCandidate) -> None:
    """The same but for what float32 loses."""
    assert found[4:] == expected[4:]
    for one, other in zip(found[1:4], expected[1:4], strict=True):
        assert one == (other if other is None else pytest.approx(other, abs=1e-4))


VECTORS = st.sampled_from(lattice())
NAMES = st.sampled_from(["a", "b", "c", "红", 'q"', "😀", "0", "10", "9"])
TERM = st.sampled_from(["红", "色", "dress", "shoe", "38", "é", "x"])
TERMS = st.dictionaries(TERM, st.sampled_from([0.5, 1.0, 2.0]))
WORD = st.lists(st.lists(TERM, max_size=2).map(tuple), max_size=3).map(tuple)
FIELDS = st.sampled_from(["brand", "size", "字段", 'a."b"'])
TEXTS = st.sampled_from(["", "red", "Red", "红色", '"', "1", "null"])
NUMBERS = st.one_of(st.booleans(), st.integers(-3, 3), st.sampled_from([0.1, 1.1, -2.5, 1e9, -0.0]))
FACT = st.one_of(st.none(), TEXTS, NUMBERS, st.lists(TEXTS, max_size=3))
RECORDS = st.builds(
    Record,
    NAMES,
    st.lists(VECTORS, min_size=1, max_size=3).map(np.stack),
    TERMS,
    st.dictionaries(FIELDS, FACT),
    st.none() | VECTORS,
    st.dictionaries(TERM, st.sampled_from(TermPlace)),
)
BOUNDS = st.none() | st.sampled_from([-2.5, 0, 1, 1.1, 3, 1e9])
SIMPLE = st.one_of(
    st.builds(Equals, FIELDS, TEXTS | NUMBERS),
    st.builds(OneOf, FIELDS, st.lists(TEXTS | NUMBERS, max_size=3).map(tuple)),
    st.builds(Between, FIELDS, BOUNDS, BOUNDS, BOUNDS, BOUNDS),
    st.builds(Has, FIELDS),
    st.builds(Ids, st.lists(NAMES, max_size=4).map(tuple)),
    st.builds(
        lambda pairs, at_least, place: HasWords(
            tuple(word for word, _ in pairs), tuple(weight for _, weight in pairs), at_least, place
        ),
        st.lists(st.tuples(WORD, st.sampled_from([0.0, 0.5, 1.0])), max_size=3),
        st.sampled_from([0.0, 0.5, 1.5]),
        st.sampled_from(TermPlace),
    ),
)
WHERE = st.none() | st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=5,
)
K = st.sampled_from([1, 2, 5, 100])
KEYS = st.one_of(
    st.builds(ByNumber, FIELDS, st.booleans(), st.sampled_from([None, 1.0, 2.5])),
    st.builds(ByRank, st.lists(NAMES, max_size=4).map(tuple)),
    st.builds(ByTests, st.lists(st.tuples(SIMPLE, st.sampled_from([0.5, 1.0, -2.0])), max_size=2).map(tuple)),
    st.builds(TakeTurns, st.lists(FIELDS, max_size=2).map(tuple)),
)


class StoreMachine(RuleBasedStateMachine):
    """Any sequence of calls, side by side with the reference."""

    where: Path
    opened: Any
    runs = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).runs += 1
        self.path = self.where / str(self.runs)
        self.store: SearchIndex = self.opened(self.path)
        self.reference = ReferenceIndex(self.where / f"reference-{self.runs}", D)
        self.version = 0

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.path, ignore_errors=True)

    @rule(records=st.lists(RECORDS, max_size=8))
    def upsert(self, records: list[Record]) -> None:
        self.both("upsert", records)

    @rule(names=st.lists(NAMES, max_size=4))
    def delete(self, names: list[str]) -> None:
        self.both("delete", names)

    @rule()
    def optimise(self) -> None:
        self.both("optimise")

    @rule()
    def reopen(self) -> None:
        self.version += 1
        self.both("flush", self.version)
        self.store.close()
        self.store = self.opened(self.path)

    @rule(vector=VECTORS, k=K, where=WHERE)
    def nearest(self, vector: NDArray[np.float32], k: int, where: Filter | None) -> None:
        expected = self.reference.nearest(vector, 100, where)
        assert self.store.nearest(vector, 100, where) == expected
        check_ranking(self.store.nearest(vector, k, where), {c.id: c.score for c in expected}, k)

    @rule(vector=VECTORS, where=WHERE)
    def nearest_titles(self, vector: NDArray[np.float32], where: Filter | None) -> None:
        expected = self.reference.nearest(vector, 100, where, using="title")
        assert self.store.nearest(vector, 100, where, using="title") == expected

    @rule(
        photo=VECTORS,
        title=VECTORS,
        terms=TERMS,
        where=WHERE,
        test=SIMPLE,
        also=st.lists(NAMES, max_size=2),
        words=st.lists(WORD, max_size=2),
    )
    def retrieve(
        self,
        photo: NDArray[np.float32],
        title: NDArray[np.float32],
        terms: dict[str, float],
        where: Filter | None,
        test: Filter,
        also: list[str],
        words: list[Alternatives],
    ) -> None:
        found, expected = (
            one.retrieve(
                100,
                where,
                photo=photo,
                title=title,
                terms=terms,
                also=also,
                tests=[test],
                fields=["size"],
                words=words,
            )
            for one in (self.store, self.reference)
        )
        assert [each.id for each in found] == [each.id for each in expected]
        for one, other in zip(found, expected, strict=True):
            check_recalled(one, other)
        assert self.store.frequencies(words) == self.reference.frequencies(words)

    @rule(terms=TERMS, k=K, where=WHERE)
    def matching(self, terms: dict[str, float], k: int, where: Filter | None) -> None:
        assert self.store.idf(terms) == pytest.approx(self.reference.idf(terms))
        expected = {c.id: c.score for c in self.reference.matching(terms, 100, where)}
        check_ranking(self.store.matching(terms, k, where), expected, k)

    @rule(where=WHERE, after=st.none() | NAMES, limit=K)
    def members(self, where: Filter | None, after: str | None, limit: int) -> None:
        assert self.store.count(where) == self.reference.count(where)
        expected = self.reference.scroll(where, after=after, limit=limit)
        assert self.store.scroll(where, after=after, limit=limit) == expected

    @rule(
        field=FIELDS,
        where=WHERE,
        other=FIELDS,
        distinct=st.none() | FIELDS,
        limit=K,
        by=st.lists(KEYS, max_size=3),
    )
    def tables(
        self,
        field: str,
        where: Filter | None,
        other: str,
        distinct: str | None,
        limit: int,
        by: list[SortKey],
    ) -> None:
        def asked(one: SearchIndex) -> Sequence[object]:
            return (
                one.facet(field, where, limit=limit, distinct=distinct),
                one.histogram(field, where, bins=3, distinct=distinct),
                one.count(where, distinct),
                one.group_sizes(one.scroll(), where, other),
                {id: photos.tolist() for id, photos in one.photos(["a", "b", "红"]).items()},
                one.matches(["a", "b", "红"], where or And(())),
                one.field_values(["a", "b", "红"], [field, other]),
                one.field_kinds(),
                one.texts(field, limit),
                one.ordered(where, by, distinct=distinct, limit=limit),
            )

        assert asked(self.store) == asked(self.reference)

    @invariant()
    def same_records(self) -> None:
        assert self.store.scroll() == self.reference.scroll()
        assert self.store.version == self.reference.version

    def both(self, name: str, *arguments: Any) -> None:
        for one in (self.store, self.reference):
            getattr(one, name)(*arguments)
