"""The pool, the score, and the places: what comes where, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snapshelf.index import Equals, Ids, OneOf
from snapshelf.query import Query
from snapshelf.search import Merchandising, Sort, Weights
from snapshelf.search import pipeline as _search
from snapshelf.search.rules.merchandising import Shift
from tests.search.sample_shop import DIMENSION, Shop, chip, unit, words

RED, BLUE = unit(1), unit(0, 1)


def at(angle: float) -> np.ndarray:
    """A vector whose cosine with RED is that of the angle in degrees."""
    return unit(np.cos(np.radians(angle)), np.sin(np.radians(angle)))


def test_a_photo_alone_scores_its_cosine(shop: Shop) -> None:
    for angle in (0, 30, 60):
        shop.put(f"p{angle}", at(angle))
    search = shop.search(Query(RED, None))
    assert search.top(10) == ["p0", "p30", "p60"]
    assert [one.score for one in search.ranked(search.top(10))] == pytest.approx(
        np.cos(np.radians([0, 30, 60])), abs=1e-5
    )


def test_the_score_is_the_weighted_mean_of_what_the_query_has(shop: Shop) -> None:
    shop.put("a", at(30), title="red dress", title_vector=at(45))
    shop.put("b", at(60), title="green coat", title_vector=at(80))
    query = words("red shoes", RED)
    search = shop.search(query, weights=Weights(photo=9, text=2, title=1, words=1))
    a, b = search.ranked(search.top(2))
    # The best share of words is 1; "shoes" is nowhere, so this title is not exact.
    expected = {"text": 2 * np.cos(np.radians(30)) / 4, "title": np.cos(np.radians(45)) / 4, "words": 1 / 4}
    assert a.contributions == pytest.approx(expected, abs=1e-5)
    assert a.score == pytest.approx(sum(expected.values()), abs=1e-5)
    assert "words" not in b.contributions


def test_photo_and_words_add_up_over_the_photo_that_fits_best(shop: Shop) -> None:
    shop.put("two", BLUE, at(10), title="x")
    shop.put("one", at(45), title="y")
    query = Query(RED, at(20), normalised="zzz")
    search = shop.search(query, weights=Weights(photo=1, text=1, title=0, words=0))
    two, one = search.ranked(search.top(2))
    assert (two.product.id, one.product.id) == ("two", "one")
    assert two.contributions == pytest.approx(
        {"photo": np.cos(np.radians(10)) / 2, "text": np.cos(np.radians(10)) / 2}, abs=1e-5
    )
    assert one.score == pytest.approx((np.cos(np.radians(45)) + np.cos(np.radians(25))) / 2, abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_places_are_those_of_a_plain_reckoning(shop: Shop, seed: int) -> None:
    random = np.random.default_rng(seed)
    names = ["red", "blue", "green", "dress", "coat", "shoe", "silk"]
    for number in range(120):
        title = " ".join(random.choice(names, size=3))
        shop.put(
            f"p{number:03}",
            unit(*random.normal(size=DIMENSION)),
            title=title,
            title_vector=unit(*random.normal(size=DIMENSION)),
        )
    query = words("red silk", unit(*random.normal(size=DIMENSION)))
    bm25 = {one.id: one.score for one in shop.store.matching(query.terms, 1_000)}
    most = max(bm25.values())
    titles = {one.id: one.score for one in shop.store.nearest(query.text, 1_000, using="title")}
    looks = {one.id: one.score for one in shop.store.nearest(query.text, 1_000)}
    expected = {id: (looks[id] + titles[id] + 0.5 * bm25.get(id, 0) / most) / 2.5 for id in shop.products}
    search = shop.search(query, collapse=False)
    top = search.top(60)
    assert top == sorted(expected, key=lambda id: (-expected[id], id))[:60]
    for one in search.ranked(top):
        assert one.score == pytest.approx(expected[one.product.id], abs=1e-5)
        assert sum(one.contributions.values()) == pytest.approx(one.score, abs=1e-9)


def test_a_title_that_is_what_was_typed_comes_first(shop: Shop) -> None:
    shop.put("other", RED, title="Red Kurta Girls")
    shop.put("words", RED, title="Kurta, red, women")
    shop.put("exact", RED, title="Women Red Kurta")
    search = shop.search(words("women red kurta", RED))
    assert search.top(3) == ["exact", "words", "other"]
    titles = [one.contributions["title"] for one in search.ranked(["exact", "words", "other"])]
    assert titles == pytest.approx([1.4 / 2.5, 1.2 / 2.5, 1 / 2.5], abs=1e-4)


def test_soft_facts_and_rules_are_parts_of_the_score(shop: Shop) -> None:
    shop.put("a", at(20), attributes={"colour": "red"}, brand="Acme")
    shop.put("b", at(10), attributes={"colour": "blue"})
    soft = chip('colour = "red"', Equals("attributes.colour", "red"), boost=0.25)
    shifts = (
        Shift("house brand", Equals("brand", "Acme"), 0.5),
        Shift("old stock", Equals("brand", "Acme"), -0.1),
    )
    query = words("thing", RED, soft)
    search = shop.search(query, merchandising=Merchandising(shifts=shifts))
    a, b = search.ranked(search.top(2))
    assert (a.product.id, b.product.id) == ("a", "b")
    assert a.contributions["facts"] == pytest.approx(0.25 / 2.5)
    assert a.contributions["rules"] == pytest.approx(0.4)
    assert (a.facts, a.rules) == (('colour = "red"',), ("house brand", "old stock"))
    assert (b.facts, b.rules) == ((), ())
    assert not {"facts", "rules"} & set(b.contributions)


def test_what_is_exactly_asked_for_gets_the_whole_boost(shop: Shop) -> None:
    for colour in ("red", "maroon", "blue"):
        shop.put(colour, RED, title=colour, attributes={"colour": colour})
    reddish = OneOf("attributes.colour", ("red", "maroon"))
    soft = replace(chip("reddish", reddish, boost=0.5), exact=Equals("attributes.colour", "red"))
    search = shop.search(words("thing", RED, soft))
    assert search.top(3) == ["red", "maroon", "blue"]
    facts = [one.contributions.get("facts", 0.0) for one in search.ranked(search.top(3))]
    assert facts == pytest.approx([0.5 / 2.5, 0.25 / 2.5, 0.0])
    assert [one.facts for one in search.ranked(["red", "maroon", "blue"])] == [("reddish",), ("reddish",), ()]


def test_the_best_variant_stands_for_its_group(shop: Shop) -> None:
    shop.put("a-blue", at(50), title="A", group_id="a")
    shop.put("a-red", at(5), title="A", group_id="a")
    shop.put("b", at(20), title="B")
    search = shop.search(Query(RED, None))
    assert search.top(5) == ["a-red", "b"]
    assert search.variants == {"a-blue": "a-red"}
    assert shop.search(Query(RED, None), collapse=False).top(5) == ["a-red", "b", "a-blue"]


def test_products_that_cannot_be_told_apart_share_a_place(shop: Shop) -> None:
    shop.put("first", RED, title="Nice Hat", brand="Acme")
    shop.put("second", at(3), title="nice  hat", brand="ACME")
    shop.put("other look", at(25), title="Nice Hat", brand="Acme")
    shop.put("other title", at(2), title="Nicer Hat", brand="Acme")
    shop.put("other brand", at(1), title="Nice Hat", brand="Best")
    search = shop.search(Query(RED, None))
    assert search.top(5) == ["first", "other brand", "other title", "other look"]
    assert search.alike == {"second": "first"}


def test_later_places_do_not_change_earlier_ones(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_search, "WINDOWS", (10, 60))
    random = np.random.default_rng(1)
    for number in range(100):
        shop.put(
            f"p{number:03}",
            unit(*random.normal(size=DIMENSION)),
            title=str(random.choice(["red hat", "blue hat", "coat"])),
            title_vector=unit(*random.normal(size=DIMENSION)),
            group_id=f"g{random.integers(70)}",
        )
    query = words("red hat", unit(*random.normal(size=DIMENSION)))
    everything = shop.search(query).top(1_000)
    assert len(everything) == len(set(everything)) > 40
    groups = [shop.products[id].group_id for id in everything]
    assert len(groups) == len(set(groups))
    for count in (1, 5, 12, 30):
        assert shop.search(query).top(count) == everything[:count]


def test_everything_that_matches_can_be_reached(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_search, "WINDOWS", (10, 60))
    for number in range(50):
        shop.put(f"p{number:02}", at(number), title=f"t{number}", brand="even" if number % 2 == 0 else "odd")
    assert shop.search(Query(RED, None), within=Equals("brand", "even")).top(100) == [
        f"p{number:02}" for number in range(0, 50, 2)
    ]


def test_diversity_moves_what_looks_the_same_down(shop: Shop) -> None:
    for number in range(4):
        shop.put(f"same{number}", unit(1, 0.1, number / 1000), title=f"s{number}")
    shop.put("other", unit(1, -0.6), title="o")
    assert shop.search(Query(RED, None)).top(5)[-1] == "other"
    assert shop.search(Query(RED, None), diversity=0.6).top(5)[1] == "other"


def test_sorting_keeps_to_what_is_good_enough_and_puts_unknown_numbers_last(shop: Shop) -> None:
    shop.put("dear", at(0), title="a", price="90")
    shop.put("cheap", at(5), title="b", price="10")
    shop.put("free?", at(6), title="c")
    shop.put("cheapest but different", at(120), title="d", price="1")
    query = Query(RED, None)
    assert shop.search(query, sort=Sort("price")).top(9) == ["cheap", "dear", "free?"]
    assert shop.search(query, sort=Sort("price", descending=True)).top(9) == ["dear", "cheap", "free?"]


def test_pins_have_their_places_if_they_match(shop: Shop) -> None:
    for number in range(6):
        shop.put(f"p{number}", at(10 * number), title=f"t{number}", brand="odd" if number % 2 else "even")
    shop.put("twin", at(85), title="v", group_id="g")
    shop.put("pinned", at(90), title="v", group_id="g")
    pins = {1: ("p5", "sale"), 3: ("pinned", "new"), 9: ("p1", "late"), 2: ("gone", "old")}
    merchandising = Merchandising(pins=pins)
    search = shop.search(Query(RED, None), merchandising=merchandising)
    assert search.top(10) == ["p5", "p0", "pinned", "p2", "p3", "p4", "p1"]
    assert search.variants == {"twin": "pinned"}
    assert search.ranked(["p5", "p0"])[0].rules == ("sale",)
    odd = shop.search(Query(RED, None), merchandising=merchandising, within=Equals("brand", "odd"))
    assert odd.top(10) == ["p5", "p3", "p1"]
    # Who sorts by price gets the order of prices.
    assert shop.search(Query(RED, None), merchandising=merchandising, sort=Sort("price")).top(2)[0] != "p5"


def test_a_product_that_does_not_match_is_scored_alike(shop: Shop) -> None:
    shop.put("in", at(10), title="red hat")
    shop.put("out", at(20), title="red hat")
    query = words("red hat", RED)
    search = shop.search(query, within=Ids(("in",)))
    assert search.top(9) == ["in"]
    alone = search.parts_of_any("out")
    assert alone is not None
    both = shop.search(query, collapse=False)
    assert alone == pytest.approx(both.ranked(both.top(9))[1].contributions, abs=1e-5)
    assert search.parts_of_any("nobody") is None


def test_evidence_is_on_scales_of_its_own(shop: Shop) -> None:
    shop.put("a", at(30), title="red hat", title_vector=at(60))
    shop.put("b", at(40), title="green coat")
    text = 0.5 * RED
    query = Query(at(30), text, words("red zebra", RED).terms, normalised="red zebra")
    search = shop.search(query)
    evidence = search.evidence(["a", "b"])
    assert evidence.kind == "both"
    assert evidence.photo == pytest.approx([1, np.cos(np.radians(10))], abs=1e-4)
    assert evidence.text == pytest.approx(np.cos(np.radians([30, 40])), abs=1e-4)
    assert evidence.title == pytest.approx(np.cos(np.radians([60, 40])), abs=1e-4)
    assert evidence.words is not None
    assert 0 < evidence.words[0] < 1
    assert evidence.words[1] == 0


def test_parts_that_cancel_out_find_something_anyway(shop: Shop) -> None:
    shop.put("a", RED)
    search = shop.search(Query(RED, -RED, normalised="x"), weights=Weights(1, 1, 0, 0))
    (only,) = search.ranked(search.top(1))
    assert only.score == pytest.approx(0, abs=1e-6)


def test_an_empty_shop_has_no_places(shop: Shop) -> None:
    search = shop.search(words("red", RED))
    assert search.top(5) == []
    assert search.ranked([]) == []
