"""The pool, the score, and the places: what comes where, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapshelf.index import Equals, Ids, OneOf
from snapshelf.query import Query
from snapshelf.search import Calibration, Curve, Merchandising, Sort, Weights
from snapshelf.search.explain import contributions_of_any
from snapshelf.search.relevance import evidence_of
from snapshelf.search.rules.merchandising import Shift
from tests.search.sample_shop import DIMENSION, Shop, chip, unit, words

RED, BLUE = unit(1), unit(0, 1)


def at(angle: float) -> np.ndarray:
    """A vector whose cosine with RED is that of the angle in degrees."""
    return unit(np.cos(np.radians(angle)), np.sin(np.radians(angle)))


def test_a_photo_alone_scores_its_cosine(shop: Shop) -> None:
    for angle in (0, 30, 60):
        shop.put(f"p{angle}", at(angle))
    results = shop.search(Query(RED, None))
    assert list(results.places) == ["p0", "p30", "p60"]
    assert [hit.score for hit in shop.hits(results)] == pytest.approx(
        np.cos(np.radians([0, 30, 60])), abs=1e-5
    )


def test_the_score_is_the_weighted_mean_of_what_the_query_has(shop: Shop) -> None:
    shop.put("a", at(30), title="red dress", title_vector=at(45))
    shop.put("b", at(60), title="green coat", title_vector=at(80))
    query = words("red shoes", RED)
    results = shop.search(query, weights=Weights(photo=9, text_image=2, text_title=1, lexical=1))
    a, b = shop.hits(results)
    # The best share of words is 1; "shoes" is nowhere, so this title is not exact.
    expected = {
        "text_image": 2 * np.cos(np.radians(30)) / 4,
        "text_title": np.cos(np.radians(45)) / 4,
        "lexical": 1 / 4,
    }
    assert a.contributions == pytest.approx(expected, abs=1e-5)
    assert a.score == pytest.approx(sum(expected.values()), abs=1e-5)
    assert "lexical" not in b.contributions


def test_photo_and_words_add_up_over_the_photo_that_fits_best(shop: Shop) -> None:
    shop.put("two", BLUE, at(10), title="x")
    shop.put("one", at(45), title="y")
    query = Query(RED, at(20), normalised="zzz")
    results = shop.search(query, weights=Weights(photo=1, text_image=1, text_title=0, lexical=0))
    two, one = shop.hits(results)
    assert (two.product.id, one.product.id) == ("two", "one")
    assert two.contributions == pytest.approx(
        {"photo": np.cos(np.radians(10)) / 2, "text_image": np.cos(np.radians(10)) / 2}, abs=1e-5
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
    results = shop.search(query, collapse=False)
    top = list(results.places[:60])
    has_all = {id: {"red", "silk"} <= set(product.title.split()) for id, product in shop.products.items()}
    assert top == sorted(expected, key=lambda id: (not has_all[id], -expected[id], id))[:60]
    for hit in shop.hits(results, top):
        assert hit.score == pytest.approx(expected[hit.product.id], abs=1e-5)
        assert sum(hit.contributions.values()) == pytest.approx(hit.score, abs=1e-9)


def test_a_title_that_is_what_was_typed_comes_first(shop: Shop) -> None:
    shop.put("other", RED, title="Red Kurta Girls")
    shop.put("words", RED, title="Kurta, red, women")
    shop.put("exact", RED, title="Women Red Kurta")
    results = shop.search(words("women red kurta", RED))
    assert list(results.places) == ["exact", "words", "other"]
    titles = [hit.contributions["text_title"] for hit in shop.hits(results, ["exact", "words", "other"])]
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
    results = shop.search(query, rules=Merchandising(shifts=shifts))
    a, b = shop.hits(results)
    assert (a.product.id, b.product.id) == ("a", "b")
    assert a.contributions["constraints"] == pytest.approx(0.25 / 2.5)
    assert a.contributions["rules"] == pytest.approx(0.4)
    assert (a.constraints, a.rules) == (('colour = "red"',), ("house brand", "old stock"))
    assert (b.constraints, b.rules) == ((), ())
    assert not {"constraints", "rules"} & set(b.contributions)


def test_what_is_exactly_asked_for_gets_the_whole_boost(shop: Shop) -> None:
    for colour in ("red", "maroon", "blue"):
        shop.put(colour, RED, title=colour, attributes={"colour": colour})
    reddish = OneOf("attributes.colour", ("red", "maroon"))
    soft = replace(chip("reddish", reddish, boost=0.5), exact=Equals("attributes.colour", "red"))
    results = shop.search(words("thing", RED, soft))
    assert list(results.places) == ["red", "maroon", "blue"]
    facts = [hit.contributions.get("constraints", 0.0) for hit in shop.hits(results)]
    assert facts == pytest.approx([0.5 / 2.5, 0.25 / 2.5, 0.0])
    assert [hit.constraints for hit in shop.hits(results, ["red", "maroon", "blue"])] == [
        ("reddish",),
        ("reddish",),
        (),
    ]


def test_the_best_variant_stands_for_its_group(shop: Shop) -> None:
    shop.put("a-blue", at(50), title="A", group_id="a")
    shop.put("a-red", at(5), title="A", group_id="a")
    shop.put("b", at(20), title="B")
    results = shop.search(Query(RED, None))
    assert list(results.places) == ["a-red", "b"]
    assert results.variants.represented_by == {"a-blue": "a-red"}
    assert shop.top(Query(RED, None), 5, collapse=False) == ["a-red", "b", "a-blue"]


def test_products_that_cannot_be_told_apart_share_a_place(shop: Shop) -> None:
    shop.put("first", RED, title="Nice Hat", brand="Acme")
    shop.put("second", at(3), title="nice  hat", brand="ACME")
    shop.put("other look", at(25), title="Nice Hat", brand="Acme")
    shop.put("other title", at(2), title="Nicer Hat", brand="Acme")
    shop.put("other brand", at(1), title="Nice Hat", brand="Best")
    results = shop.search(Query(RED, None))
    assert list(results.places) == ["first", "other brand", "other title", "other look"]
    assert results.duplicates.represented_by == {"second": "first"}


def test_later_places_do_not_change_earlier_ones(shop: Shop) -> None:
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
    everything = shop.top(query, 1_000, windows=(10, 60))
    assert len(everything) == len(set(everything)) > 40
    groups = [shop.products[id].group_id for id in everything]
    assert len(groups) == len(set(groups))
    for count in (1, 5, 12, 30):
        assert shop.top(query, count, windows=(10, 60)) == everything[:count]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_numbers_of_a_hit_do_not_depend_on_how_far_is_looked(shop: Shop, data: st.DataObject) -> None:
    if not shop.products:
        random = np.random.default_rng(2)
        for number in range(90):
            look = int(random.integers(12))
            shop.put(
                f"p{number:02}",
                unit(*np.random.default_rng(look).normal(size=DIMENSION - 1), number / 1e4),
                title=f"hat {look}",
                title_vector=unit(*random.normal(size=DIMENSION)),
                group_id=f"g{random.integers(60)}" if number % 2 else None,
            )
    query = words("red hat 3", unit(*np.random.default_rng(3).normal(size=DIMENSION)))
    plan = {
        "windows": (8, 30, 60),
        "diversity": data.draw(st.sampled_from([0.0, 0.5])),
        "sort": data.draw(st.sampled_from([None, Sort("added_at")])),
    }

    def numbers(depth: int) -> list[tuple[str, int, int]]:
        results = shop.search(query, depth=depth, **plan)
        return [(hit.product.id, hit.variants, hit.duplicates) for hit in shop.hits(results)][:depth]

    everything = numbers(1_000)
    # A sorted list shows what looks alike, too.
    assert any(duplicates for _, _, duplicates in everything) is (plan["sort"] is None)
    depth = data.draw(st.integers(1, 40))
    assert numbers(depth) == everything[:depth]


def test_everything_that_matches_can_be_reached(shop: Shop) -> None:
    for number in range(50):
        shop.put(f"p{number:02}", at(number), title=f"t{number}", brand="even" if number % 2 == 0 else "odd")
    assert shop.top(Query(RED, None), 100, within=Equals("brand", "even"), windows=(10, 60)) == [
        f"p{number:02}" for number in range(0, 50, 2)
    ]


def test_diversity_moves_what_looks_the_same_down(shop: Shop) -> None:
    for number in range(4):
        shop.put(f"same{number}", unit(1, 0.1, number / 1000), title=f"s{number}")
    shop.put("other", unit(1, -0.6), title="o")
    assert shop.top(Query(RED, None), 5)[-1] == "other"
    assert shop.top(Query(RED, None), 5, diversity=0.6)[1] == "other"


def test_sorting_keeps_to_what_belongs_to_the_result_and_puts_unknown_numbers_last(shop: Shop) -> None:
    shop.put("dear", at(0), title="a", price="90")
    shop.put("cheap", at(5), title="b", price="10")
    shop.put("free?", at(6), title="c")
    shop.put("cheapest but different", at(120), title="d", price="1")
    like = Curve(
        usual=(0.0,), weights=(20.0, 0.0, 0.0, 0.0, 0.0, 0.0), intercept=-10.0, cut_off=0.5, member=0.5
    )
    calibration = Calibration(fingerprint="any", fitted_on="a test", curves={"photo": like})
    query = Query(RED, None)
    assert shop.top(query, 9, calibration=calibration, sort=Sort("price")) == ["cheap", "dear", "free?"]
    assert shop.top(query, 9, calibration=calibration, sort=Sort("price", descending=True)) == [
        "dear",
        "cheap",
        "free?",
    ]


def test_pins_have_their_places_if_they_match(shop: Shop) -> None:
    for number in range(6):
        shop.put(f"p{number}", at(10 * number), title=f"t{number}", brand="odd" if number % 2 else "even")
    shop.put("twin", at(85), title="v", group_id="g")
    shop.put("pinned", at(90), title="v", group_id="g")
    pins = {1: ("p5", "sale"), 3: ("pinned", "new"), 9: ("p1", "late"), 2: ("gone", "old")}
    merchandising = Merchandising(pins=pins)
    results = shop.search(Query(RED, None), rules=merchandising)
    assert list(results.places) == ["p5", "p0", "pinned", "p2", "p3", "p4", "p1"]
    assert results.variants.represented_by == {"twin": "pinned"}
    assert shop.hits(results, ["p5", "p0"])[0].rules == ("sale",)
    odd = shop.search(Query(RED, None), rules=merchandising, within=Equals("brand", "odd"))
    assert list(odd.places) == ["p5", "p3", "p1"]
    # Who sorts by price gets the order of prices.
    assert shop.top(Query(RED, None), 2, rules=merchandising, sort=Sort("price"))[0] != "p5"


def test_a_product_that_does_not_match_is_scored_alike(shop: Shop) -> None:
    shop.put("in", at(10), title="red hat")
    shop.put("out", at(20), title="red hat")
    query = words("red hat", RED)
    results = shop.search(query, within=Ids(("in",)))
    assert list(results.places) == ["in"]
    alone = contributions_of_any(results, shop.corpus, "out")
    assert alone is not None
    both = shop.search(query, collapse=False)
    assert alone == pytest.approx(shop.hits(both)[1].contributions, abs=1e-5)
    assert contributions_of_any(results, shop.corpus, "nobody") is None


def test_evidence_is_on_scales_of_its_own(shop: Shop) -> None:
    shop.put("a", at(30), title="red hat", title_vector=at(60))
    shop.put("b", at(40), title="green coat")
    text = 0.5 * RED
    asked = words("red zebra", RED)
    query = Query(at(30), text, asked.terms, asked.words, normalised="red zebra")
    results = shop.search(query)
    evidence = evidence_of(results.table, results.table.rows(["a", "b"]), results.plan, shop.corpus)
    assert evidence.kind == "both"
    assert evidence.photo == pytest.approx([1, np.cos(np.radians(10))], abs=1e-4)
    assert evidence.text_image == pytest.approx(np.cos(np.radians([30, 40])), abs=1e-4)
    assert evidence.text_title == pytest.approx(np.cos(np.radians([60, 40])), abs=1e-4)
    assert evidence.lexical is not None
    assert 0 < evidence.lexical[0] < 1
    assert evidence.lexical[1] == 0


def test_parts_that_cancel_out_find_something_anyway(shop: Shop) -> None:
    shop.put("a", RED)
    results = shop.search(
        Query(RED, -RED, normalised="x"), weights=Weights(photo=1, text_image=1, text_title=0, lexical=0)
    )
    (only,) = shop.hits(results)
    assert only.score == pytest.approx(0, abs=1e-6)


def test_an_empty_shop_has_no_places(shop: Shop) -> None:
    results = shop.search(words("red", RED))
    assert list(results.places) == []
    assert shop.hits(results) == ()


def test_a_product_that_was_removed_meanwhile_is_no_hit(shop: Shop) -> None:
    for number in range(4):
        shop.put(f"p{number}", at(number), title=f"t{number}")
    del shop.products["p1"]
    results = shop.search(Query(RED, None))
    assert list(results.places) == ["p0", "p2", "p3"]
    assert [hit.product.id for hit in shop.hits(shop.search(Query(RED, None), collapse=False))] == [
        "p0",
        "p2",
        "p3",
    ]
