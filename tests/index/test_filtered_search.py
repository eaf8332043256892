"""Filters as shops write them, through the parser and each engine, against a plain evaluation in Python."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from snapshelf.catalogue import Product
from snapshelf.index import QdrantEdgeIndex, Record, SearchIndex, record
from snapshelf.query import parse_filter
from tests.index.reference_index import ReferenceIndex

Facts: TypeAlias = Mapping[str, Any]
Condition: TypeAlias = tuple[str, Callable[[Facts], bool]]

BRANDS = ["", "Acme", "Acme (UK)", "acme", "Best", "鸿星", "O'Neill", 'Say "hi"', "a*b", "back\\slash", "42"]
CATEGORIES = ["Shoes", "Boots", "女鞋", "Red Wine"]
SIZES = [None, "38", "042", 42.0, 38.5, "L", "-1", ("38", "40"), ("L", "XL")]
LAUNCHED = [
    None,
    "2024-05-01",
    "2024-05-01T10:00:00Z",
    "2024-05-02T02:00:00+08:00",
    "2024-06-30",
    "soon",
    "2024-13-01",
]
WEARS = [None, "30s", "90s", "1.5s", "45"]

ORDER = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def products(count: int) -> Iterator[Product]:
    random = np.random.default_rng(5)

    def one(choices: list[Any]) -> Any:
        return choices[random.integers(len(choices))]

    for number in range(count):
        stock = one([None, 0, 1, 25])
        attributes = {"size": one(SIZES), "launched": one(LAUNCHED), "wear time": one(WEARS)}
        yield Product.parse(
            {
                "id": f"{number}",
                "title": "A thing",
                "brand": one(BRANDS),
                "category": tuple({one(CATEGORIES) for _ in range(random.integers(3))}),
                "price": one([None, 5, 9.99, 10, 300]),
                "stock": stock,
                "availability": one([None, "in_stock", "preorder"]),
                "attributes": {name: value for name, value in attributes.items() if value is not None},
            }
        )


PRODUCTS = [record(product, np.ones((1, 4), np.float32)) for product in products(150)]


def as_list(fact: Any) -> list[Any]:
    return [] if fact is None else list(fact) if isinstance(fact, list | tuple) else [fact]


def number_of(value: Any) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def time_of(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def quoted(text: str) -> str:
    for sign in '\\"*':
        text = text.replace(sign, f"\\{sign}")
    return f'"{text}"'


COMPARATORS = st.sampled_from(list(ORDER))
EQUALITIES = st.sampled_from(["=", ":"])


def ordered(
    name: str, fact: str, reading: Callable[[Any], Any], literals: list[str]
) -> st.SearchStrategy[Condition]:
    """Compare by what values stand for; ``!=`` holds for products without such a value as well."""

    def condition(comparator: str, literal: str) -> Condition:
        wanted = reading(literal)

        def holds(facts: Facts) -> bool:
            values = [reading(value) for value in as_list(facts.get(fact))]
            known = [value for value in values if value is not None]
            if comparator == "!=":
                return all(value != wanted for value in known)
            return any(ORDER[comparator](value, wanted) for value in known)

        return f"{name} {comparator} {literal}", holds

    return st.builds(condition, COMPARATORS, st.sampled_from(literals))


def equal(comparator: str, brand: str) -> Condition:
    return f"brand{comparator}{quoted(brand)}", lambda facts: facts.get("brand") == brand


def in_order(comparator: str, brand: str) -> Condition:
    def holds(facts: Facts) -> bool:
        return "brand" in facts and ORDER[comparator](facts["brand"], brand)

    return f"brand {comparator} {quoted(brand)}", holds


def like(first: str, last: str) -> Condition:
    def holds(facts: Facts) -> bool:
        brand = facts.get("brand", "")
        return len(brand) >= max(1, len(first + last)) and brand.startswith(first) and brand.endswith(last)

    return f'brand = "{first}*{last}"', holds


def contains(comparator: str, name: str) -> Condition:
    return f"category {comparator} {quoted(name)}", lambda facts: name in facts.get("category", ())


def choice(brands: list[str]) -> Condition:
    return (
        f"brand = ({' OR '.join(map(quoted, brands))})",
        lambda facts: facts.get("brand") in brands,
    )


def present(name: str, fact: str) -> Condition:
    return f"{name}:*", lambda facts: bool(as_list(facts.get(fact)))


def day(comparator: str, text: str) -> Condition:
    """A day is all of its moments."""
    first = time_of(text)
    assert first is not None
    last = first + timedelta(days=1, microseconds=-1)
    tests: dict[str, Callable[[datetime], bool]] = {
        "=": lambda moment: first <= moment <= last,
        "<": lambda moment: moment < first,
        "<=": lambda moment: moment <= last,
        ">": lambda moment: moment > last,
        ">=": lambda moment: moment >= first,
    }

    def holds(facts: Facts) -> bool:
        moment = time_of(facts.get("attributes.launched"))
        return moment is not None and tests[comparator](moment)

    return f"launched {comparator} {text}", holds


def lasting(value: Any) -> float | None:
    return number_of(value[:-1]) if isinstance(value, str) and value.endswith("s") else None


NO_NEGATION = st.sampled_from(["=", "<", "<=", ">", ">="])
CONDITIONS: st.SearchStrategy[Condition] = st.one_of(
    ordered("price", "price", number_of, ["5", "9.99", "10", "1e1", "300", "-3"]),
    ordered("stock", "stock", number_of, ["0", "1", "25.0"]),
    ordered("attributes.size", "attributes.size", number_of, ["38", "40", "42", "-1", "38.5"]),
    ordered(
        "launched",
        "attributes.launched",
        time_of,
        ["2024-05-01T10:00:00Z", "2024-05-01T18:00:00Z", '"2024-05-01T18:00:00+08:00"'.strip('"')],
    ),
    ordered('attributes."wear time"', "attributes.wear time", lasting, ["30s", "1.5s", "60s"]),
    st.builds(day, NO_NEGATION, st.sampled_from(["2024-05-01", "2024-05-02", "2024-06-30"])),
    st.builds(equal, EQUALITIES, st.sampled_from([brand for brand in BRANDS if brand])),
    st.builds(in_order, st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from(BRANDS)),
    st.builds(like, st.sampled_from(["", "A", "Acme", "鸿"]), st.sampled_from(["", "e", ")", "ll"])),
    st.builds(contains, EQUALITIES, st.sampled_from(CATEGORIES)),
    st.builds(choice, st.lists(st.sampled_from(BRANDS), min_size=1, max_size=3)),
    st.sampled_from(
        [
            present("brand", "brand"),
            present("price", "price"),
            present("category", "category"),
            present("attributes:size AND size", "attributes.size"),
            ("in_stock", lambda facts: bool(facts["in_stock"])),
            ("in_stock = false", lambda facts: not facts["in_stock"]),
            ("availability = preorder", lambda facts: facts["availability"] == "preorder"),
            ('size = "38"', lambda facts: "38" in as_list(facts.get("attributes.size"))),
            ('size = "42"', lambda facts: 42 in as_list(facts.get("attributes.size"))),
            ("price < 5 AND price > 9", lambda _: False),
        ]
    ),
)


def negated(sign: str, condition: Condition) -> Condition:
    text, holds = condition
    return f"{sign}({text})", lambda facts: not holds(facts)


def grouped(condition: Condition) -> Condition:
    return f"({condition[0]})", condition[1]


def joined(both: str, rows: list[list[Condition]]) -> Condition:
    """AND between rows, OR within a row, without parentheses: OR binds tighter."""

    def holds(facts: Facts) -> bool:
        return all(any(test(facts) for _, test in row) for row in rows)

    return both.join(" OR ".join(text for text, _ in row) for row in rows), holds


FILTERS = st.recursive(
    CONDITIONS.map(grouped),
    lambda inner: st.builds(
        joined,
        st.sampled_from([" AND ", " "]),
        st.lists(
            st.lists(
                inner.map(grouped) | st.builds(negated, st.sampled_from(["NOT ", "NOT", "-"]), inner),
                min_size=1,
                max_size=3,
            ),
            min_size=1,
            max_size=3,
        ),
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module", params=["reference", "edge"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    folder = tmp_path_factory.mktemp("filtered") / "store"
    opened: SearchIndex
    opened = ReferenceIndex(folder, 4) if request.param == "reference" else QdrantEdgeIndex.open(folder, 4)
    with opened:
        opened.upsert(PRODUCTS)
        yield opened


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(condition=FILTERS)
def test_members_are_exactly_those_that_match(store: SearchIndex, condition: Condition) -> None:
    text, holds = condition
    where = parse_filter(text, store)
    expected = sorted(each.id for each in PRODUCTS if holds(each.fields))
    assert store.scroll(where, limit=1_000) == expected
    assert store.count(where) == len(expected)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("brand", "brand"),
        ("category", "category"),
        ("size", "attributes.size"),
        ("launched", "attributes.launched"),
    ],
)
def test_either_a_condition_or_its_negation_holds(store: SearchIndex, text: str, fact: str) -> None:
    """Each value is below, equal to or above another one of its kind; a product without any has none of the three."""
    for literal in ('"Boots"', '"L"', "38", "2024-05-01"):
        above, below, equals, not_equal = (
            set(store.scroll(parse_filter(f"{text} {sign} {literal}", store), limit=1_000))
            for sign in (">", "<", "=", "!=")
        )
        assert equals | not_equal == {each.id for each in PRODUCTS}
        assert not equals & not_equal
        assert above | below | equals <= {each.id for each in PRODUCTS if each.fields.get(fact)}


N, D = 10_000, 16
LOTS = np.random.default_rng(3).permutation(N)
SIDES = np.arange(N) % 2


def vectors() -> NDArray[np.float32]:
    """Two clusters: half of the queries look into the one that a filter on `side` leaves out."""
    random = np.random.default_rng(9)
    made = random.standard_normal((N, D)) + 2 * (2 * SIDES - 1)[:, None] * (np.arange(D) == 0)
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module", params=[2 * N, 500], ids=["exact", "graph"])
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    """An index of `N` products, in which the engine compares with every vector, or has a graph."""
    path = tmp_path_factory.mktemp("large") / "store"
    sides = ("right", "left")
    with QdrantEdgeIndex.open(path, D, exact_up_to=request.param) as engine:
        engine.upsert(
            [
                Record(
                    f"{number}",
                    vector[None],
                    fields={
                        "attributes.lot": int(lot),
                        "attributes.side": sides[side],
                        "group_id": f"{lot // 3}" if side else None,
                    },
                )
                for number, (vector, lot, side) in enumerate(zip(vectors(), LOTS, SIDES, strict=True))
            ]
        )
        engine.optimise()
        assert bool(list(path.rglob("graph*.bin"))) == (request.param < N)
        yield engine


SELECTIONS = [
    (f"lot < {N // 2}", LOTS < N // 2, 0.5),
    ("side = left", SIDES == 1, 0.5),
    ("side = left AND lot < 9000", (SIDES == 1) & (LOTS < 9_000), 0.45),
    (f"lot < {N // 20}", LOTS < N // 20, 0.05),
    (f"lot >= 100 AND lot < {100 + N // 200}", (LOTS >= 100) & (LOTS < 100 + N // 200), 0.005),
    ("lot = 7", LOTS == 7, 0.0001),
    ("lot < 5 AND lot > 9", LOTS < 0, 0),
]


@pytest.mark.parametrize(
    ("text", "members", "share"), SELECTIONS, ids=[f"{text} ({share:.2%})" for text, _, share in SELECTIONS]
)
def test_no_recall_is_lost_at_any_selectivity(
    large: SearchIndex, text: str, members: NDArray[np.bool_], share: float
) -> None:
    where = parse_filter(text, large)
    allowed = np.flatnonzero(members)
    assert large.count(where) == len(allowed) == pytest.approx(share * N, abs=0.02 * N)
    assert large.scroll(where, limit=N) == sorted(map(str, allowed.tolist()))
    queries = np.random.default_rng(1).standard_normal((20, D)).astype(np.float32)
    order = allowed[np.argsort(-(vectors()[allowed] @ queries.T), axis=0)[:10]]
    hits = 0
    for query, best in zip(queries, order.T, strict=True):
        found = [int(each.id) for each in large.nearest(query, 10, where)]
        assert len(found) == len(best)
        assert members[found].all()
        hits += len(set(found) & set(best.tolist()))
    assert hits >= (1 if share <= 0.05 else 0.99) * order.size


@pytest.mark.parametrize(("text", "members", "share"), SELECTIONS, ids=[text for text, _, _ in SELECTIONS])
def test_facets_count_what_the_filter_leaves(
    large: SearchIndex, text: str, members: NDArray[np.bool_], share: float
) -> None:
    where = parse_filter(text, large)
    lots, sides = LOTS[members], SIDES[members]
    counts = {"left": int(sides.sum()), "right": int((1 - sides).sum())}
    facet = large.facet("attributes.side", where)
    assert {each.value: each.count for each in facet.values} == {k: n for k, n in counts.items() if n}
    grouped = {"left": len(np.unique(lots[sides == 1] // 3)), "right": counts["right"]}
    facet = large.facet("attributes.side", where, distinct="group_id")
    assert {each.value: each.count for each in facet.values} == {k: n for k, n in grouped.items() if n}
    assert large.count(where, "group_id") == sum(grouped.values())
    edges = (0.0, 7.0, 8.0, 2_000.0, float(N))
    histogram = large.histogram("attributes.lot", where, edges=edges)
    assert histogram.counts == tuple(np.histogram(lots, edges)[0])


def test_fields_and_texts_are_those_of_the_records(store: SearchIndex) -> None:
    assert store.fields() == sorted(
        {name for each in PRODUCTS for name, fact in each.fields.items() if as_list(fact)}
    )
    assert store.texts("category", 100) == sorted(CATEGORIES)
    assert store.texts("attributes.size", 100) == sorted({"38", "042", "L", "-1", "40", "XL"})
    assert len(store.texts("brand", 3)) == 3
    assert store.texts("price", 100) == store.texts("nothing", 100) == []


def test_odd_names_come_back_as_they_are(folder: Path) -> None:
    with QdrantEdgeIndex.open(folder / "odd", 4) as store:
        facts = {'attributes.o"d\\d.%[0] %22 é': "yes", "attributes.字段": 1, "attributes.😀": ["a"]}
        store.upsert([Record("a", np.ones((1, 4), np.float32), fields=facts)])
        assert store.fields() == sorted(facts)
        assert store.scroll(parse_filter(r"""attributes.'o"d\\d.%[0] %22 é' = yes""", store)) == ["a"]
        assert store.scroll(parse_filter("字段 = 1 AND attributes.😀:a", store)) == ["a"]
        store.delete(["a"])
        assert store.fields() == []
