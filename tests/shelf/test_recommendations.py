"""Recommendations of a shelf with a real engine and a real journal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from snapshelf.catalogue import Product
from snapshelf.demo import DemoProduct
from snapshelf.errors import FilterError, NotFoundError, QueryError
from snapshelf.events import Event
from snapshelf.ranking import InteractionHistories, ModelStore, count
from snapshelf.recommend import RECOMMENDATIONS
from snapshelf.shelf import Shelf

DAY = 86_400.0


@pytest.fixture(scope="module")
def shelf(feed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("shelf")
    with Shelf.open(folder, serving=True) as shelf:
        shelf.add(feed)
        yield shelf


def event(number: int, shopper: str, product: str, kind: str = "click", query_id: str | None = None) -> Event:
    at = time.time() - 3_600 + number
    return Event(f"{shopper}-{number}-{product}-{kind}", shopper, kind, at, product, query_id)  # type: ignore[arg-type]


def recount(shelf: Shelf) -> None:
    """Count what the journal has, as the nightly training does."""
    signals = shelf._personal.live.statistics()
    assert signals is not None
    told, now = shelf.journal.log(), time.time()
    histories = InteractionHistories(signals.items, told.interactions, now=now)
    ModelStore(shelf._folder).save_statistics(count(signals.items, histories, told.impressions, until=now))


def ids(found: object) -> list[str]:
    return [one.product.id for one in found]  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def fans(shelf: Shelf, drawings: list[DemoProduct]) -> list[str]:
    """Ten shoppers love the same four things, and buy two of them together."""
    loved = [drawing.id for drawing in drawings if drawing.stock][:4]
    events = []
    for number in range(10):
        events += [event(place, f"fan{number}", product) for place, product in enumerate(loved)]
        events += [event(9, f"fan{number}", product, "purchase") for product in loved[:2]]
    assert shelf.journal.append(events).accepted == len(events)
    recount(shelf)
    return loved


@pytest.mark.parametrize("kind", RECOMMENDATIONS)
@pytest.mark.parametrize("shopper", [None, "nobody", "fan1"])
def test_every_kind_answers_everybody(shelf: Shelf, fans: list[str], kind: str, shopper: str | None) -> None:
    found = shelf.recommend(kind, shopper=shopper, product=fans[2], k=6)  # type: ignore[arg-type]
    assert found.personal is (shopper == "fan1")
    assert len(found) <= 6
    assert len(found) or kind in ("recently-seen", "buy-again")
    for one in found:
        assert one.score == pytest.approx(sum(one.contributions.values()))
        assert one.reason.en
        assert one.reason.zh
        assert "{" not in one.reason.en + one.reason.zh
        assert one.product.availability == "in_stock"


def test_one_event_is_enough_for_the_very_next_list(shelf: Shelf, fans: list[str]) -> None:
    before = ids(shelf.recommend("for-you", shopper="newcomer"))
    assert shelf.recommend("for-you", shopper="newcomer").personal is False
    shelf.journal.append([event(0, "newcomer", fans[0])])
    found = shelf.recommend("for-you", shopper="newcomer", k=10)
    assert found.personal
    assert ids(found) != before
    assert fans[0] not in ids(found)
    assert set(ids(found)[:4]) & set(fans[1:])
    assert any(one.reason.product == fans[0] for one in found)
    # Who does not want that gets what everybody gets.
    assert shelf.recommend("for-you", shopper="newcomer", personal=False).personal is False
    assert ids(shelf.recommend("recently-seen", shopper="newcomer")) == [fans[0]]


def test_what_was_bought_together_is_said(shelf: Shelf, fans: list[str]) -> None:
    first = shelf.recommend("bought-together", product=fans[0]).products[0]
    assert first.product.id == fans[1]
    assert first.reason.kind == "basket"
    assert first.reason.product == fans[0]
    assert shelf.get(fans[0]).title in first.reason.en
    viewed = shelf.recommend("viewed-together", product=fans[0]).products
    assert {one.product.id for one in viewed[:3]} == set(fans[1:])
    assert viewed[0].reason.kind == "viewed"


def test_the_cart_of_the_journal_is_what_comes_after_the_cart(shelf: Shelf, fans: list[str]) -> None:
    shelf.journal.append([event(0, "carter", fans[0], "cart"), event(1, "carter", fans[3], "cart"),
                          event(2, "carter", fans[3], "remove")])  # fmt: skip
    found = ids(shelf.recommend("post-cart", shopper="carter"))
    assert found[0] == fans[1]
    assert found == ids(shelf.recommend("post-cart", shopper="carter", cart=[fans[0], "gone"]))


def test_the_filter_holds_for_every_product_and_the_stock_too(shelf: Shelf, fans: list[str]) -> None:
    colours = {shelf.get(id).attributes["colour"] for id in shelf._catalogue.ids()}
    for colour in sorted(map(str, colours))[:4]:
        for kind in ("for-you", "trending", "similar"):
            found = shelf.recommend(kind, shopper="fan1", product=fans[0], where=f'colour = "{colour}"')  # type: ignore[arg-type]
            assert {one.product.attributes["colour"] for one in found} <= {colour}
    sold_out = shelf.get(fans[1])
    shelf.put(Product(**{**sold_out.model_dump(), "availability": "out_of_stock"}))
    try:
        assert fans[1] not in ids(shelf.recommend("bought-together", product=fans[0]))
    finally:
        shelf.put(sold_out)
    assert fans[1] in ids(shelf.recommend("bought-together", product=fans[0]))


def test_a_product_that_has_just_come_is_recommended(
    shelf: Shelf, drawings: list[DemoProduct], fans: list[str]
) -> None:
    product, photo = shelf.get(fans[0]), shelf.photo(fans[0])
    shelf.put(Product(**{**product.model_dump(), "id": "brand-new"}), [photo])
    try:
        assert ids(shelf.recommend("similar", product=fans[0]))[0] == "brand-new"
        shelf.journal.append([event(0, "early", fans[0])])
        found = {one.product.id: one for one in shelf.recommend("for-you", shopper="early", k=20)}
        assert {"words", "photo"} <= set(found["brand-new"].contributions)
    finally:
        shelf.remove("brand-new")
    assert "brand-new" not in ids(shelf.recommend("similar", product=fans[0]))


def test_what_was_shown_is_in_the_journal_with_its_propensities(shelf: Shelf, fans: list[str]) -> None:
    found = shelf.recommend("for-you", shopper="fan2", k=10)
    shelf.journal.append([event(0, "fan2", ids(found)[0], "click", query_id=found.query_id)])
    shown = shelf.journal.impression(found.query_id)
    assert shown is not None
    assert shown.recommended == "for-you"
    assert shown.shopper == "fan2"
    assert list(shown.products) == ids(found)
    assert shown.propensities == pytest.approx([one.propensity for one in found], abs=1e-5)
    tried = [place for place, one in enumerate(found) if one.reason.kind == "new"]
    assert all(5 <= place <= 9 and found.products[place].propensity < 0.5 for place in tried)


def test_wrong_wishes_are_said(shelf: Shelf) -> None:
    with pytest.raises(QueryError, match="kind is 'moon'; it must be 'for-you', 'similar'"):
        shelf.recommend("moon")  # type: ignore[arg-type]
    for k in (0, 101):
        with pytest.raises(QueryError, match="between 1 and 100"):
            shelf.recommend(k=k)
    with pytest.raises(QueryError, match="recommendations of kind 'similar' require product="):
        shelf.recommend("similar")
    with pytest.raises(NotFoundError, match="'gone'"):
        shelf.recommend("similar", product="gone")
    with pytest.raises(QueryError, match="shopper: it is missing"):
        shelf.recommend(shopper=" ")
    with pytest.raises(FilterError):
        shelf.recommend(where="price <")
    with pytest.raises(QueryError, match="at most 100"):
        shelf.recommend("post-cart", cart=["a"] * 101)


def test_a_shelf_without_counts_or_products_answers(feed: Path, tmp_path: Path) -> None:
    with Shelf.open(tmp_path / "empty") as empty:
        assert len(empty.recommend()) == 0
    with Shelf.open(tmp_path / "plain") as plain:
        plain.add(feed)
        found = plain.recommend(shopper="somebody")
        assert len(found) == 10
        assert not found.personal
