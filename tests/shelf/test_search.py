"""The whole search of a shelf, from what is typed to the answer: chips, facets, pages, rules, reasons."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from snapshelf.catalogue import Product
from snapshelf.demo import DemoProduct
from snapshelf.errors import FilterError, NotFoundError, QueryError, RuleError
from snapshelf.index import Equals
from snapshelf.search import Calibration, FacetRequest, Prior, Range, SearchResponse, Weights
from snapshelf.shelf import Shelf

COUNT = 40


@pytest.fixture(scope="module")
def shop(
    feed: Path, drawings: list[DemoProduct], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shelf]:
    """Forty drawn products: two and two are variants, prices from 10 to 205."""
    rows = [
        {
            "id": drawing.id,
            "title": drawing.title_en,
            "brand": ("Acme", "Best")[number % 2],
            "price": f"{10 + 5 * number} CNY",
            "image": f"{drawing.id}.jpg",
            "group_id": f"g{number // 2}",
            "colour": drawing.colour,
            "rating": number % 6 or None,
        }
        for number, drawing in enumerate(drawings)
    ]
    file = feed.parent / "shop.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    with Shelf.open(tmp_path_factory.mktemp("shop") / "shelf") as shelf:
        assert shelf.add(file).added == COUNT
        yield shelf


@pytest.fixture(autouse=True)
def without_rules(shop: Shelf) -> Iterator[None]:
    yield
    shop.set_rules("")


def ids(result: SearchResponse) -> list[str]:
    return [hit.product.id for hit in result]


def prices(result: SearchResponse) -> list[float]:
    return [float(hit.product.price.amount) for hit in result if hit.product.price]


def test_words_become_chips_that_can_be_dropped(shop: Shelf) -> None:
    result = shop.search(text="red dress under 100", k=COUNT)
    assert prices(result)
    assert max(prices(result)) <= 100
    (price,) = [chip for chip in result.chips if chip.kind == "price"]
    assert price.hard
    assert result.total <= len(result.hits) < COUNT
    dropped = shop.search(text="red dress under 100", dismissed=[price.where], k=COUNT)
    assert price.where not in {chip.where for chip in dropped.chips}
    assert max(prices(dropped)) > 100
    assert shop.search(text="red dress under 100", understand=False).chips == ()


def test_browsing_lists_what_matches_to_the_end(shop: Shelf) -> None:
    everything = shop.search(k=1_000, facets=["brand"])
    assert (everything.total, len(everything)) == (COUNT / 2, COUNT / 2)
    assert [(choice.value, choice.count) for choice in everything.facets[0].values] == [
        ("Acme", COUNT / 2),
        ("Best", COUNT / 2),
    ]
    assert everything.hits[0].product.brand != everything.hits[1].product.brand
    seen: list[str] = []
    token = None
    while token is not None or not seen:
        page = shop.search(where='brand = "Best"', sort="-price", k=7, page_token=token)
        assert page.total == COUNT / 2
        seen += ids(page)
        token = page.next_page_token
    assert seen == ids(shop.search(where='brand = "Best"', sort="-price", k=COUNT))
    assert shop.search(facet_filters={"price": Range(10, 20)}, collapse=False).total == 3
    answer = shop.why_not(ids(everything)[3], k=2)
    assert (answer.kind, answer.rank) == ("later page", 4)


def test_a_guess_never_empties_the_page(shop: Shelf) -> None:
    result = shop.search(text="dress under 3", k=5)
    assert result.hits
    assert [note.kind for note in result.notes] == ["relaxed"]
    assert [chip.hard for chip in result.chips if chip.kind == "price"] == [False]
    empty = shop.search(text="dress", where="price < 3", facets=["brand"])
    assert (empty.hits, empty.total, [note.kind for note in empty.notes]) == ((), 0, ["nothing-matches"])


def test_pages_follow_each_other_without_a_gap(shop: Shelf) -> None:
    shoes = {"text": "shoes", "min_relevance": 0.0}
    everything = ids(shop.search(**shoes, k=COUNT))
    assert len(everything) == COUNT / 2
    seen: list[str] = []
    token = None
    while True:
        page = shop.search(**shoes, k=7, page_token=token)
        seen += ids(page)
        token = page.next_page_token
        if token is None:
            break
    assert seen == everything
    first = shop.search(**shoes, k=7)
    # How many are shown on a page may change from page to page.
    assert ids(shop.search(**shoes, k=3, page_token=first.next_page_token)) == everything[7:10]


@pytest.mark.parametrize(
    "other",
    [
        {"text": "boots"},
        {"text": "shoes", "where": "price < 100"},
        {"text": "shoes", "sort": "price"},
        {"text": "shoes", "collapse": False},
        {"text": "shoes", "facet_filters": {"brand": ["Acme"]}},
        {"text": "shoes", "photo": Image.new("RGB", (60, 60))},
    ],
)
def test_a_page_token_belongs_to_its_query(shop: Shelf, other) -> None:
    token = shop.search(text="shoes", k=2).next_page_token
    with pytest.raises(QueryError, match="another query"):
        shop.search(**other, page_token=token)
    with pytest.raises(QueryError, match="is invalid; pass next_page_token"):
        shop.search(text="shoes", page_token="x" * 36)


def test_variants_share_a_place_and_are_counted(shop: Shelf) -> None:
    result = shop.search(text="anything", min_relevance=0, k=COUNT)
    groups = [hit.product.group_id for hit in result]
    assert len(groups) == len(set(groups)) == COUNT / 2 == result.total
    assert {hit.variants for hit in result} == {1}
    apart = shop.search(text="anything", min_relevance=0, k=COUNT, collapse=False)
    assert (len(apart), apart.total, {hit.variants for hit in apart}) == (COUNT, COUNT, {0})
    acme = shop.search(text="anything", min_relevance=0, k=COUNT, where='brand = "Acme"')
    assert {hit.variants for hit in acme} == {0}


def test_facets_count_products_and_ignore_their_own_choice(shop: Shelf) -> None:
    plain = shop.search(text="shoes", min_relevance=0, facets=["brand", "price"])
    chosen = shop.search(
        text="shoes",
        min_relevance=0,
        facets=["brand", FacetRequest("price", bins=4)],
        facet_filters={"brand": ["Acme"], "price": Range(None, 100)},
    )
    brand, price = chosen.facets
    assert {choice.value: choice.chosen for choice in brand.values} == {"Acme": True, "Best": False}
    assert {choice.value: choice.count for choice in plain.facets[0].values} == {"Acme": 20, "Best": 20}
    # Both variants of each product up to 100 yuan: 19 products, two and two of which are one.
    assert {choice.value: choice.count for choice in brand.values} == {"Acme": 10, "Best": 9}
    assert (price.low, price.high, len(price.counts), price.chosen) == (10, 200, 4, Range(None, 100))
    assert {hit.product.brand for hit in chosen} == {"Acme"}
    assert max(prices(chosen)) <= 100
    assert chosen.total == 10
    fields = shop.facet_fields()
    assert (fields["brand"].kind, fields["brand"].values, fields["price"].kind) == ("values", 2, "numbers")
    assert shop.search(text="x1", facets=list(fields)).facets


def test_rules_arrange_a_page(shop: Shelf) -> None:
    best = ids(shop.search(where='brand = "Best"', k=COUNT))
    shop.set_rules(
        f"""- {{name: of the week, page: 'brand = "Best"', pin: ["{best[-1]}"], hide: ["{best[0]}"]}}"""
    )
    for page in ({"where": 'brand = "Best"'}, {"facet_filters": {"brand": ["Best"]}}):
        arranged = shop.search(**page, k=COUNT)
        assert ids(arranged)[0] == best[-1]
        assert best[0] not in ids(arranged)
        assert arranged.hits[0].rules == ("of the week",)
    assert best[0] in ids(shop.search(where='brand = "Best"', rules=False, k=COUNT))


def test_words_can_ask_for_an_order(shop: Shelf) -> None:
    cheap = shop.search(text="cheapest shoes", k=COUNT)
    assert cheap.sort == "price"
    assert prices(cheap) == sorted(prices(cheap))
    assert ids(cheap) == ids(shop.search(text="shoes", sort="price", k=COUNT))
    (order,) = [chip for chip in cheap.chips if chip.kind == "sort"]
    assert (order.text, order.where, order.labels["zh"]) == ("cheapest", "sort = price", "价格从低到高")
    removed = shop.search(text="cheapest shoes", dismissed=[order.where], k=COUNT)
    assert (removed.sort, [chip for chip in removed.chips if chip.kind == "sort"]) == ("relevance", [])
    dear = shop.search(text="最贵的 shoes under 100", k=3)
    assert prices(dear) == sorted(prices(dear), reverse=True)
    assert {"sort", "price"} <= {chip.kind for chip in dear.chips}
    # An order that is chosen goes before the words.
    chosen = shop.search(text="cheapest shoes", sort="-price", k=COUNT)
    assert (chosen.sort, [chip.kind for chip in chosen.chips if chip.kind == "sort"]) == ("-price", [])
    assert prices(chosen) == sorted(prices(chosen), reverse=True)
    assert shop.search(text="cheapest shoes", sort="relevance").sort == "relevance"
    # Words that ask for an order alone browse the shop.
    everything = shop.search(text="cheapest", k=COUNT)
    assert (everything.total, prices(everything)) == (COUNT / 2, sorted(prices(everything)))
    cheap = shop.search(text="cheap shoes", k=COUNT)
    (price,) = [chip for chip in cheap.chips if chip.kind == "price"]
    assert (cheap.sort, price.text, price.hard, price.boost > 0) == ("relevance", "cheap", False, True)
    limit = float(price.where.removeprefix("price <= "))
    assert {price.where in hit.constraints for hit in cheap} == {True, False}
    assert all(
        (price.where in hit.constraints) == (float(hit.product.price.amount) <= limit) for hit in cheap
    )
    dismissed = shop.search(text="cheap shoes", dismissed=[price.where], k=COUNT)
    assert price.where not in {chip.where for chip in dismissed.chips}
    assert price.where not in {chip.where for chip in shop.search(text="cheap shoes", sort="price").chips}
    unknown = shop.search(text="bestselling shoes", k=3)
    assert (unknown.sort, [note.kind for note in unknown.notes]) == ("relevance", ["unknown-order"])


def test_results_can_be_sorted(shop: Shelf) -> None:
    cheap, dear = (prices(shop.search(text="shoes", sort=sort, k=COUNT)) for sort in ("price", "-price"))
    assert cheap == sorted(cheap)
    assert dear == sorted(dear, reverse=True)
    ratings = [
        hit.product.attributes.get("rating", -1.0)
        for hit in shop.search(text="shoes", sort="rating", k=COUNT)
    ]
    assert ratings == sorted(ratings, reverse=True)


def test_the_newest_comes_first(drawings: list[DemoProduct], feed: Path, tmp_path: Path) -> None:
    photo = (feed.parent / f"{drawings[0].id}.jpg").read_bytes()
    with Shelf.open(tmp_path) as shelf:
        for id in ("b", "c", "a"):
            shelf.put(Product(id=id, title="Thing", brand=id), [photo])
            time.sleep(1.05)  # moments are kept in seconds
        assert ids(shelf.search(text="thing", sort="newest")) == ["a", "c", "b"]
        assert ids(shelf.search(text="thing", sort="added_at")) == ["b", "c", "a"]


def test_every_part_of_a_score_is_said(shop: Shelf, drawings: list[DemoProduct]) -> None:
    drawing = drawings[0]
    shop.set_rules(f"- {{name: house, boost: {{where: 'id = \"{drawing.id}\"', by: 0.05}}}}")
    text = f"{drawing.colour} {drawing.title_en.split()[-1]}"
    (hit,) = [
        hit
        for hit in shop.search(text=text, photo=shop.photo(drawing.id), k=COUNT, collapse=False, explain=True)
        if hit.product.id == drawing.id
    ]
    assert sum(hit.contributions.values()) == pytest.approx(hit.score, abs=1e-9)
    assert {"photo", "text_image", "text_title", "lexical", "rules"} <= set(hit.contributions)
    assert hit.contributions["rules"] == pytest.approx(0.05)
    assert hit.rules == ("house",)
    assert hit.matched_terms
    assert set(hit.matched_terms) <= set(text.lower().split())


def test_rules_move_hide_pin_and_redirect(shop: Shelf) -> None:
    plain = ids(shop.search(text="shoes", min_relevance=0, k=COUNT, collapse=False))
    last, hidden = plain[-1], plain[1]
    shop.set_rules(
        f"- {{name: pin, words: shoes, pin: {{2: {last}}}}}\n"
        f"- {{name: hide, words: shoes, hide: [{hidden}], redirect: /shoes}}\n"
        "- {name: bury, words: shoes, bury: {where: 'brand = \"Acme\"', by: 5}}\n"
    )
    result = shop.search(text="shoes", min_relevance=0, k=COUNT, collapse=False)
    assert (result.redirect, result.total) == ("/shoes", COUNT - 1)
    assert ids(result)[1] == last
    assert "pin" in result.hits[1].rules
    assert hidden not in ids(result)
    # What has the words of the query comes before what has not, but among each others the buried comes last.
    moved = {hit.product.brand: hit.contributions.get("rules", 0.0) for hit in result}
    assert moved == {"Acme": pytest.approx(-5), "Best": 0.0}
    assert ids(shop.search(text="coat", k=COUNT, collapse=False, rules=False)) == ids(
        shop.search(text="coat", k=COUNT, collapse=False)
    )
    # A rule never breaks a filter.
    brand = shop.get(last).brand
    assert last not in ids(shop.search(text="shoes", where=f'brand != "{brand}"', k=COUNT, collapse=False))
    with pytest.raises(RuleError, match=r"'(hide|pin)' and 'other'"):
        shop.set_rules(shop.rules + f"- {{name: other, words: shoes, hide: [{last}], redirect: /b}}\n")
    assert shop.search(text="shoes").redirect == "/shoes"


def test_why_not_tells_what_kept_a_product_out(shop: Shelf, drawings: list[DemoProduct]) -> None:
    id = drawings[0].id
    product = shop.get(id)
    twin = drawings[1].id
    found = shop.search(text=product.title, k=1)
    assert ids(found) == [id]

    shown = shop.why_not(id, text=product.title, k=1)
    assert (shown.kind, shown.rank, shown.lowest_shown_score) == (
        "shown",
        1,
        pytest.approx(found.hits[0].score),
    )
    assert shown.contributions == pytest.approx(dict(found.hits[0].contributions), abs=1e-5)
    far = shop.search(text=product.title, min_relevance=0, k=COUNT).hits[-1]
    later = shop.why_not(far.product.id, text=product.title, min_relevance=0, k=1)
    assert (later.kind, later.rank) == ("later page", COUNT / 2)
    assert later.score == pytest.approx(far.score)
    variant = shop.why_not(twin, text=product.title, where="price < 1000", min_relevance=0)
    assert (variant.kind, variant.represented_by) == ("variant", id)
    filtered = shop.why_not(id, text=product.title, where='price > 1 AND brand = "Best"')
    assert (filtered.kind, filtered.failing) == ("filter", ('brand = "Best"',))
    assert filtered.score == pytest.approx(shown.score)
    chosen = shop.why_not(id, text=product.title, facet_filters={"price": Range(50, None)})
    assert (chosen.kind, chosen.failing) == ("choice", ("price >= 50",))
    chip = shop.why_not(id, text=f"{product.title} over 50")
    assert chip.kind == "chip"
    assert len(chip.failing) == 1
    excluded = shop.why_not(id, text="dress", disliked=[id])
    assert excluded.kind == "excluded"
    shop.set_rules(f"- {{name: withdrawn, hide: [{id}]}}")
    hidden = shop.why_not(id, text=product.title)
    assert (hidden.kind, hidden.failing) == ("rule", ("withdrawn",))
    for answer in (shown, later, variant, filtered, chosen, chip, excluded, hidden):
        assert answer.text
    with pytest.raises(NotFoundError, match="nobody"):
        shop.why_not("nobody", text="dress")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"diversity": 0.6},
        {"sort": "-price"},
        {"collapse": False},
        {"mode": "photo-vectors"},
        {"facet_filters": {"brand": ["Acme"]}},
        {"weights": Weights(text_image=1, text_title=0, lexical=0)},
    ],
)
def test_why_not_gives_the_place_that_the_search_gives(shop: Shelf, options: dict[str, Any]) -> None:
    """Also for pinned products and variants."""
    last = ids(shop.search(text="shoes", k=COUNT))[-1]
    shop.set_rules(f"- {{name: pin, words: shoes, pin: {{3: {last}}}}}")
    places = ids(shop.search(text="shoes", k=COUNT, **options))
    for id in ids(shop.search(text="shoes", k=COUNT, collapse=False, rules=False)):
        answer = shop.why_not(id, text="shoes", k=5, **options)
        assert answer.rank == (places.index(id) + 1 if id in places else None)
        if answer.represented_by is not None:
            assert answer.represented_by in places


def test_heat_maps_of_either_side(shop: Shelf, drawings: list[DemoProduct]) -> None:
    id = drawings[0].id
    by_words = shop.heat_map(id, text=drawings[0].title_en)
    assert (by_words.side, by_words.position) == ("product", 0)
    assert by_words.grid.dtype == np.float32
    assert by_words.grid.ndim == 2
    assert by_words.grid.max() == 1
    assert -1 <= by_words.fit <= 1
    by_photo = shop.heat_map(id, side="query", photo=shop.photo(drawings[2].id))
    assert by_photo.side == "query"
    with pytest.raises(QueryError, match="no photo"):
        shop.heat_map(id, side="query", text="dress")
    with pytest.raises(NotFoundError, match="nobody"):
        shop.heat_map("nobody", text="dress")


def test_liked_and_disliked_products_are_no_hits(shop: Shelf, drawings: list[DemoProduct]) -> None:
    liked, disliked = drawings[4].id, drawings[8].id
    found = ids(shop.search(liked=[liked], disliked=[disliked], k=COUNT, collapse=False))
    assert len(found) == COUNT - 2
    assert not {liked, disliked} & set(found)
    assert ids(shop.search(photos=[shop.photo(liked)], without="dress", k=3))


def test_similar_products_are_no_variants_of_it(shop: Shelf, drawings: list[DemoProduct]) -> None:
    found = ids(shop.similar(drawings[6].id, k=COUNT))
    assert len(found) == COUNT / 2 - 1
    assert not {drawings[6].id, drawings[7].id} & set(found)


def test_diversity_keeps_the_products_and_the_first_place(shop: Shelf) -> None:
    plain, spread = (ids(shop.search(text="shoes", diversity=much, k=COUNT)) for much in (0.0, 0.7))
    assert sorted(plain) == sorted(spread)
    assert plain[0] == spread[0]
    assert plain != spread


def test_the_log_counts_queries_without_results(shop: Shelf) -> None:
    def times() -> dict[str, int]:
        return dict(shop.zero_results())

    text = "quantum chromodynamics"
    first = shop.search(text=text, k=3)
    assert first.no_good_match
    assert times()[text] == 1
    shop.search(text=text)
    assert times()[text] == 2
    # Words beside a filter, or of a search that leaves no trace are not counted; there is no later page.
    shop.search(text=text, where="price < 0")
    assert first.next_page_token is None
    shop.search(text=text, record=False)
    assert times()[text] == 2
    good = shop.search(text="red shoes")
    assert not good.no_good_match
    assert "red shoes" not in times()


def test_completions_come_from_the_shop(shop: Shelf, drawings: list[DemoProduct]) -> None:
    start = drawings[0].title_en[:5]
    texts = [suggestion.text.lower() for suggestion in shop.suggest(start, 50)]
    assert texts
    assert all(start.lower() in text for text in texts)
    for k in (0, 51):
        with pytest.raises(QueryError, match="k is"):
            shop.suggest("dr", k)


def test_related_queries_have_results(shop: Shelf) -> None:
    related = shop.search(text="shoes", related=3).related
    assert len(related) == 3
    assert "shoes" not in related
    for text in related:
        hits = shop.search(text=text, explain=True)
        assert any(set(text.lower().split()) <= set(" ".join(hit.matched_terms).split()) for hit in hits), (
            text
        )
    assert shop.search(text="shoes").related == ()


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"text": "x1", "diversity": 1.5}, "diversity"),
        ({"text": "x1", "diversity": float("nan")}, "diversity"),
        ({"text": "x1", "related": 21}, "related"),
        ({"text": "x1", "facets": ["colr"]}, "did you mean colour"),
        ({"text": "x1", "sort": "prise"}, "did you mean price"),
        ({"text": "x1", "sort": "brand"}, "no numbers"),
        ({"text": "x1", "facet_filters": {"nothing": ["x"]}}, "unknown field 'nothing'"),
        ({"without": "red"}, "says only what to avoid"),
        ({"text": "x" * 10_000}, "10000 characters"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(shop: Shelf, query, problem: str) -> None:
    with pytest.raises(QueryError, match=problem):
        shop.search(**query)
    with pytest.raises(FilterError, match="character 1"):
        shop.search(text="x1", where="colr = red")


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("🧥👗", {"dress"}),
        ("dress\x00\x07\x1b[31m", {"dress"}),
        ("红色dress кофта ドレス", {"红色", "dress"}),
        ("'; DROP TABLE product; --", set()),
        ("%s %d {0} ${x}", set()),
        ("a" * 1_000, set()),
    ],
)
def test_odd_words_are_answered(shop: Shelf, text: str, terms: set[str]) -> None:
    result = shop.search(text=text, facets=["brand"], related=3, explain=True, k=3)
    assert len(result) == 3
    assert {term for hit in result for term in hit.matched_terms} == terms
    # Where nothing is a good match, the hits are the nearest products, and none is counted.
    brands = {choice.value for choice in result.facets[0].values}
    assert brands <= {"Acme", "Best"}
    assert bool(brands) is not result.no_good_match
    assert shop.stats().products == COUNT


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u3000"])
def test_words_without_a_character_are_refused(shop: Shelf, text: str) -> None:
    with pytest.raises(QueryError, match="empty"):
        shop.search(text=text)


def test_contradictory_words_are_answered_with_a_note(shop: Shelf) -> None:
    result = shop.search(text="dress under 20 over 100", k=3)
    assert len(result) == 3
    assert result.notes


def test_searches_of_all_kinds_run_side_by_side(shop: Shelf) -> None:
    expected = ids(shop.search(text="shoes", facets=["brand"]))
    found: list[list[str]] = []

    def look() -> None:
        found.extend(ids(shop.search(text="shoes", facets=["brand"])) for _ in range(5))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 15


def test_the_benchmark_protocol_stays_plain(shop: Shelf) -> None:
    shop.set_rules("- {name: all, hide: 'brand:*'}")
    result = shop.search(text="red shoes under 50", mode="photo-vectors", k=COUNT)
    assert (len(result), result.chips, result.no_good_match) == (COUNT, (), False)
    assert {name for hit in result for name in hit.contributions} == {"text_image"}


def test_what_the_facts_say_is_never_contradicted(shop: Shelf) -> None:
    where = Equals("brand", "Best")
    for options in ({"sort": "price"}, {"diversity": 0.5}, {"collapse": False}, {"explain": True}):
        assert {hit.product.brand for hit in shop.search(text="shoes", where=where, **options)} == {"Best"}


def test_the_very_title_of_a_product_is_a_good_match(
    drawings: list[DemoProduct], feed: Path, tmp_path: Path
) -> None:
    """However high the cut-off is: whoever types a title asks for that product."""
    prior = Prior.bundled()
    strict = {kind: curve.model_copy(update={"cut_off": 1.0}) for kind, curve in prior.curves.items()}
    calibration = Calibration(
        fingerprint=prior.fingerprint, fitted_on="a test", scales=prior.scales, curves=strict
    )
    calibration.write(tmp_path / "calibration.json")
    with Shelf.open(tmp_path) as shelf:
        for drawing in drawings[:5]:
            photo = (feed.parent / f"{drawing.id}.jpg").read_bytes()
            shelf.put(Product(id=drawing.id, title=drawing.title_en), [photo])
        title = drawings[0].title_en
        assert not shelf.search(text=title.upper()).no_good_match
        assert not shelf.search(text=title.split()[-1]).no_good_match
        assert shelf.search(text=f"{title.split()[-1]} zzyzx").no_good_match
