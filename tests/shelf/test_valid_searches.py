"""Searches with valid options are answered, whatever is asked of whatever part of the shop."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapshelf.demo import DemoProduct
from snapshelf.events import Event
from snapshelf.ranking import InteractionHistories, ItemTable, ModelStore, count
from snapshelf.search import Weights
from snapshelf.shelf import Shelf

BRANDS = ("Ahorn", "Birke", "Linde")
TEXTS = (
    "hello world",
    "laptop",
    "red dress",
    "watch",
    "lawn mower",
    "quantum physics lecture",
    "bag",
    "shoes under 100",
    "not red",
    "手表",
    "椅子",
    "红色连衣裙",
    "aaaaaaaa",
    "1234567",
    "Ahorn",
)


@pytest.fixture(scope="module")
def shop(
    feed: Path, drawings: list[DemoProduct], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shelf]:
    """Forty drawn products, a shopper with a past, and counts, so that every search is reranked."""
    rows = [
        {
            "id": drawing.id,
            "title": drawing.title_en,
            "brand": BRANDS[number % 3],
            "price": f"{10 + 5 * number} CNY",
            "image": f"{drawing.id}.jpg",
            "colour": drawing.colour,
        }
        for number, drawing in enumerate(drawings)
    ]
    file = feed.parent / "valid.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    folder = tmp_path_factory.mktemp("valid") / "shelf"
    with Shelf.open(folder) as shelf:
        shelf.add(file)
        now = time.time()
        products = [drawing.id for drawing in drawings]
        shelf.journal.append(
            Event(f"{shopper} {step}", f"s{shopper}", "purchase", now, product=products[7 * step + shopper])
            for shopper in range(12)
            for step in range(4)
        )
        items = ItemTable.open(folder / "ranking" / "items.npz", shelf._catalogue).items
        log, now = shelf.journal.log(), now + 1
        ModelStore(folder).save_statistics(
            count(items, InteractionHistories(items, log.interactions, now=now), log.impressions, until=now)
        )
        yield shelf


@pytest.fixture(scope="module")
def filters(shop: Shelf) -> list[str]:
    """A filter for each value of a facet."""
    facets = shop.search(facets=["brand", "colour"]).facets
    written = [f'{facet.field} = "{value.value}"' for facet in facets for value in facet.values]
    assert len(written) > len(BRANDS)
    return written


@pytest.mark.parametrize("text", TEXTS)
def test_any_words_are_answered_for_any_facet_value(shop: Shelf, filters: list[str], text: str) -> None:
    for where in filters:
        for shopper in (None, "s1"):
            assert shop.search(text=text, where=where, understand=False, shopper=shopper).hits, where


@pytest.mark.parametrize("text", TEXTS)
def test_words_that_take_themselves_back_are_answered(shop: Shelf, text: str) -> None:
    assert shop.search(text=text, without=text, shopper="s1").hits
    result = shop.search(text=text, without=text, understand=False, shopper="s1")
    assert result.hits
    assert all(hit.contributions["text_image"] == 0 for hit in result)
    reason = shop.why_not(result.hits[-1].product.id, text=text, without=text, understand=False)
    assert reason.rank is not None
    assert shop.heat_map(reason.id, text=text, without=text).grid.max() <= 1


words = st.sampled_from(TEXTS) | st.text("ab 红1-", min_size=1, max_size=8).filter(
    lambda text: any(c.isalnum() for c in text)
)


def is_answered(options: dict[str, object]) -> bool:
    """Something is looked for, or the shop is browsed, where nothing can be avoided or compared with."""
    looks_for = "text" in options or options.get("liked")
    compares = "without" in options or options.get("disliked") or options.get("mode") == "photo-vectors"
    return bool(looks_for or not compares)


weight = st.sampled_from([0.0, 1e-9, 1.0, 1e9])


@settings(
    deadline=None,
    max_examples=80,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "text": words,
            "without": words,
            "liked": st.lists(st.integers(0, 39), max_size=2),
            "disliked": st.lists(st.integers(0, 39), max_size=2),
            "weights": st.builds(Weights, weight, weight, weight, weight, weight),
            "k": st.sampled_from([1, 10, 40]),
            "sort": st.sampled_from(["relevance", "price", "-price", "newest", "bestselling", "rating"]),
            "min_relevance": st.sampled_from([0.0, 0.5, 1.0]),
            "mode": st.sampled_from(["full", "photo-vectors"]),
            "diversity": st.sampled_from([0.0, 0.5, 1.0]),
            "collapse": st.booleans(),
            "understand": st.booleans(),
            "explain": st.booleans(),
            "related": st.sampled_from([0, 3]),
            "shopper": st.sampled_from(["s1", "new"]),
            "facets": st.just(["brand", "price"]),
        },
    ).filter(is_answered),
    st.data(),
)
def test_any_valid_options_are_answered(
    shop: Shelf, filters: list[str], options: dict[str, object], data: st.DataObject
) -> None:
    where = data.draw(st.none() | st.sampled_from(filters))
    every = sorted(hit.product.id for hit in shop.search(k=40, collapse=False))
    for name in ("liked", "disliked"):
        if name in options:
            options[name] = [every[number] for number in options[name]]  # type: ignore[attr-defined]
    result = shop.search(where=where, **options)  # type: ignore[arg-type]
    assert result.total == 0 or result.hits
