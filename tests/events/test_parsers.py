"""Events as shops have them: UBI 1.3, Google Retail, GA4; and what is wrong with those that are none."""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from snapshelf.errors import EventError
from snapshelf.events import EVENT_KINDS, Event, Journal, SqlJournal, ingest_events, parse_events, write_event

NOW = 1_800_000_000.0
AT = 1_777_629_600.0  # 2026-05-01T10:00:00Z

UBI = {
    "action_name": "click_through",
    "event_id": "e1",
    "client_id": "browser 7",
    "session_id": "visit 3",
    "query_id": "q1",
    "timestamp": "2026-05-01T10:00:00Z",
    "event_attributes": {"object": {"object_id": "p1"}, "position": {"ordinal": 3}},
}
RETAIL = {
    "eventType": "add-to-cart",
    "visitorId": "browser 7",
    "eventTime": "2026-05-01T10:00:00.000Z",
    "attributionToken": "q1",
    "userInfo": {"userId": "ann", "userAgent": "Mozilla/5.0"},
    "productDetails": [{"product": {"id": "p1"}, "quantity": 3}],
}
GA4 = {
    "client_id": "browser 7",
    "timestamp_micros": "1777629600000000",
    "events": [
        {
            "name": "purchase",
            "params": {
                "transaction_id": "T1",
                "currency": "CNY",
                "items": [{"item_id": "p1", "price": 10, "quantity": 2}, {"item_id": "p2", "price": 5.5}],
            },
        },
        {"name": "page_view", "params": {}},
    ],
}


def read(value: object) -> list[Event]:
    found: list[Event] = []
    for told in parse_events(value, now=NOW):
        assert not isinstance(told, EventError), told
        found += told.events
    return found


def refusal(value: object) -> str:
    (told,) = parse_events(value, now=NOW)
    assert isinstance(told, EventError)
    return str(told)


def test_ubi() -> None:
    assert read(UBI) == [Event("e1", "browser 7", "click", AT, "p1", "q1", "visit 3")]
    assert read({**UBI, "user_id": "ann"})[0].shopper == "ann"
    number = {**UBI, "event_attributes": {"object": {"object_id": 17}}}
    assert read(number)[0].product == "17"
    search = {**UBI, "action_name": "search", "event_attributes": {}, "message": "红色\x00连衣裙"}
    assert read(search)[0].text == "红色 连衣裙"
    assert read(search)[0].product is None


def test_google_retail() -> None:
    (event,) = read(RETAIL)
    assert (event.shopper, event.kind, event.product) == ("ann", "cart", "p1")
    assert (event.at, event.query_id, event.quantity, event.user_agent) == (AT, "q1", 3, "Mozilla/5.0")
    whole = "projects/1/locations/global/catalogs/default_catalog/branches/0/products/p1"
    assert read({**RETAIL, "productDetails": [{"product": {"id": whole}}]})[0].product == "p1"
    bought = {
        **RETAIL,
        "eventType": "purchase-complete",
        "purchaseTransaction": {"revenue": 20.5, "currencyCode": "CNY"},
    }
    assert (read(bought)[0].value, read(bought)[0].currency) == (20.5, "CNY")
    assert len(read({"userEvents": [RETAIL, bought]})) == 2


def test_ga4() -> None:
    first, second = read(GA4)
    assert (first.event_id, second.event_id) == ("purchase:T1/0", "purchase:T1/1")
    assert (first.shopper, first.kind, first.product, first.at) == ("browser 7", "purchase", "p1", AT)
    assert (first.quantity, first.value, second.value, first.currency) == (2, 20, 5.5, "CNY")
    assert first.consent is None
    denied = {**GA4, "consent": {"ad_personalization": "DENIED"}}
    assert [event.consent for event in read(denied)] == [False, False]
    flat = {"name": "refund", "client_id": "b", "params": {"items": [{"item_id": "p1"}]}}
    assert read(flat)[0].kind == "return"
    assert read(flat)[0].at == NOW


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((kind, kind) for kind in EVENT_KINDS),
        ("select_item", "click"),
        ("view_item", "view"),
        ("add_to_cart", "cart"),
        ("remove_from_cart", "remove"),
        ("purchase-complete", "purchase"),
        ("detail-page-view", "view"),
        ("Refund", "return"),
    ],
)
def test_names_of_actions(name: str, kind: str) -> None:
    assert [event.kind for event in read({**UBI, "action_name": name})] == [kind]


def test_what_says_nothing_is_passed_over() -> None:
    (silent,) = parse_events({**UBI, "action_name": "impression"}, now=NOW)
    assert (silent.events, silent.notes) == ([], [])
    (unknown,) = parse_events({**UBI, "action_name": "dance"}, now=NOW)
    assert unknown.events == []
    assert "'dance'" in unknown.notes[0][1]


def test_an_event_without_an_id_is_the_same_when_it_is_sent_again() -> None:
    plain = {name: value for name, value in UBI.items() if name != "event_id"}
    (first,), (again,), (other,) = (
        read(plain),
        read(dict(reversed(plain.items()))),
        read({**plain, "query_id": 2}),
    )
    assert first.event_id == again.event_id != other.event_id


@pytest.mark.parametrize(
    "moment", [AT, str(int(AT)), AT * 1_000, AT * 1e6, "2026-05-01T12:00:00+02:00", "2026-05-01T10:00"]
)
def test_times(moment: object) -> None:
    assert read({**UBI, "timestamp": moment})[0].at == AT


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-3", '"cheap"', "true", "1e999"])
def test_an_unusable_price_is_left_out_and_the_event_stays(price: str) -> None:
    line = json.dumps(UBI | {"event_attributes": {"object": {"object_id": "p1"}, "value": "PRICE"}})
    value = json.loads(line.replace('"PRICE"', price))
    (told,) = parse_events(value, now=NOW)
    assert told.events[0].value is None
    assert "no amount of money" in told.notes[0][1]
    (told,) = parse_events({**RETAIL, "productDetails": [{"product": {"id": "p"}, "quantity": -1}]}, now=NOW)
    assert told.events[0].quantity == 1
    assert "quantity" in told.notes[0][1]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"client_id": None, "session_id": None}, "the shopper is missing; give user_id or client_id"),
        ({"client_id": ["a"]}, "client_id: give a text or a whole number"),
        ({"client_id": "a" * 257}, "client_id: it has 257 characters; at most 256"),
        ({"client_id": "a\x00b"}, r"client_id: it holds the character U\+0000"),
        ({"client_id": "a\ud83d"}, r"client_id: it holds the character U\+D83D"),
        ({"client_id": "  "}, "client_id: it is missing"),
        ({"timestamp": None}, "timestamp: it is missing"),
        ({"timestamp": "yesterday"}, "timestamp: 'yesterday' is no time; give ISO 8601"),
        ({"timestamp": math.nan}, "timestamp: nan is no time"),
        ({"timestamp": -5}, "timestamp: -5 is no time"),
        ({"timestamp": 10**30}, "is no time"),
        ({"event_attributes": {}}, "a 'click' event needs a product"),
        ({"event_attributes": "p1"}, "event_attributes: give an object"),
        ({"event_attributes": {"object": {"object_id": 1.5}}}, "object_id: give a text or a whole number"),
        ({"action_name": 7.5}, "action_name: give a text"),
        ({"consent": "maybe"}, "consent: give true or false"),
    ],
)
def test_what_is_wrong_is_said(fields: dict[str, Any], sentence: str) -> None:
    assert re.search(sentence, refusal({**UBI, **fields}))


@pytest.mark.parametrize("value", [None, 3, "click", {}, {"client_id": "a"}])
def test_what_is_no_event_is_said(value: object) -> None:
    assert "an event is a JSON object" in refusal(
        value
    ) or "the action is missing; give action_name (UBI)" in refusal(value)


quick = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
SHAPES = (UBI, RETAIL, GA4["events"][0] | {"client_id": "b"})


@quick
@given(
    st.sampled_from(SHAPES),
    st.dictionaries(st.sampled_from(sorted({name for shape in SHAPES for name in shape})), json_values),
)
def test_whatever_is_sent_is_an_event_or_a_sentence(shape: dict[str, Any], fields: dict[str, Any]) -> None:
    results = list(parse_events({**shape, **fields}, now=NOW))
    assert results
    for result in results:
        assert isinstance(result, EventError) or all(isinstance(event, Event) for event in result.events)


@quick
@given(
    st.builds(
        Event,
        event_id=st.text("abc é中", min_size=1).filter(str.strip),
        shopper=st.just("ann"),
        kind=st.sampled_from([kind for kind in EVENT_KINDS if kind != "search"]),
        at=st.floats(0, 4e9),
        product=st.text("ab中/", min_size=1),
        query_id=st.none() | st.just("q"),
        session=st.none() | st.just("s"),
        quantity=st.floats(0.5, 9),
        value=st.none() | st.floats(0, 1e6),
        currency=st.none() | st.just("CNY"),
    )
)
def test_an_event_is_read_as_it_was_written(event: Event) -> None:
    assert read(json.loads(json.dumps(write_event(event)))) == [event]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "dance"},
        {"product": None},
        {"product": ""},
        {"shopper": ""},
        {"at": math.nan},
        {"at": -1.0},
        {"quantity": 0.0},
        {"value": math.inf},
    ],
)
def test_an_event_that_cannot_be_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(EventError) as refused:
        Event(**{"event_id": "e", "shopper": "ann", "kind": "click", "at": 1.0, "product": "p", **fields})
    assert refused.value.field == next(iter(fields))


UBI_SEARCH = {
    "query_id": "q7",
    "client_id": "browser 7",
    "timestamp": AT,
    "user_query": "red bag",
    "query_response_hit_ids": ["p1", "p2"],
    "query_attributes": {
        "relevance": [0.5, 0.25],
        "contributions": {"text_image": [0.5, 0.2]},
        "propensities": [1, 0.5],
        "start": 10,
        "teams": ["a", None],
    },
}


def test_impressions_with_the_old_names_of_signals_are_read(tmp_path: Path) -> None:
    old = {"relevance": [0.5, 0.25], "channels": {"text": [0.4, 0.2], "words": [0.1, 0.05], "mood": [1, 1]}}
    with SqlJournal.open(tmp_path / "journal.db") as journal:
        ingest_events(journal, [(1, {**UBI_SEARCH, "query_attributes": old})])
        impression = journal.impression("q7")
    assert impression is not None
    assert impression.contributions == {"text_image": (0.4, 0.2), "lexical": (0.1, 0.05)}


BODIES = (UBI, RETAIL, GA4, UBI_SEARCH, [UBI, UBI_SEARCH], {"userEvents": [RETAIL]})
huge_numbers = st.sampled_from([10**400, -(10**5_000), 1e308, -0.0, 2**63, math.inf, math.nan])
any_json = json_values | huge_numbers | st.lists(huge_numbers, max_size=2)


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Paths of all nodes of a JSON value, the whole first."""
    yield path
    nodes = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in nodes:
        yield from places(inner, (*path, key))


def with_node(value: Any, path: tuple[str | int, ...], node: object) -> Any:
    """Copy of a JSON value with another node at a place."""
    if not path:
        return node
    copy = value.copy()
    copy[path[0]] = with_node(value[path[0]], path[1:], node)
    return copy


NODES = [(body, path) for body in BODIES for path in places(body)]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    with SqlJournal.open(tmp_path_factory.mktemp("journal") / "journal.db") as journal:
        yield journal


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(NODES), any_json)
@example((UBI_SEARCH, ("query_attributes", "teams")), 0)
@example((UBI_SEARCH, ("query_attributes", "teams")), [{}, []])
@example((UBI_SEARCH, ("query_attributes", "start")), 10**30)
@example((UBI_SEARCH, ("query_attributes", "relevance")), {"0.5": 1, "0.25": 2})
@example((UBI_SEARCH, ("query_attributes", "relevance")), [10**400, 1])
@example((UBI, ("client_id",)), 10**5_000)
@example((UBI, ("event_attributes", "position")), 10**5_000)
def test_any_value_in_any_place_stops_no_other_line(
    journal: Journal, place: tuple[Any, tuple[str | int, ...]], node: object
) -> None:
    body, path = place
    odd = with_node(body, path, node)
    # Without its id an event is named by what it says.
    unnamed = (
        {name: part for name, part in odd.items() if name != "event_id"} if isinstance(odd, dict) else odd
    )
    for value in (odd, unnamed):
        good = {**UBI, "event_id": uuid.uuid4().hex}
        receipt = ingest_events(journal, [(1, value), (2, good)])
        assert receipt.accepted >= 1
        assert all(remark.line == 1 and remark.text for remark in receipt.refused)
        assert ingest_events(journal, [(1, good)]).duplicates == 1
