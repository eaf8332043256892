"""A search request: options declared once, refused clearly, and told apart by page tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from snapshelf._support.options import options_of
from snapshelf.errors import QueryError
from snapshelf.index import Equals
from snapshelf.search import FacetRequest, Range, SearchOptions, SearchRequest, Weights, query_digest

OTHER: dict[str, Any] = {
    "photo": b"photo",
    "photos": [b"photo"],
    "text": "red dress",
    "without": "stripes",
    "liked": ["a"],
    "disliked": ["b"],
    "k": 20,
    "where": "in_stock",
    "mode": "photo-vectors",
    "weights": Weights(photo=1.0),
    "sort": "price",
    "facets": ["brand", FacetRequest("price")],
    "facet_filters": {"brand": ["Acme"], "price": Range(5, 10)},
    "page_token": "next",
    "min_relevance": 0.4,
    "diversity": 0.5,
    "collapse": False,
    "understand": False,
    "dismissed": ['colour = "red"'],
    "rules": False,
    "related": 3,
    "explain": True,
    "shopper": "ann",
    "personal": False,
    "record": False,
}


def test_keywords_and_fields_are_the_same() -> None:
    assert set(SearchOptions.__annotations__) == set(SearchRequest.model_fields) == set(OTHER)
    SearchRequest(**OTHER)


@pytest.mark.parametrize("name", OTHER)
def test_page_tokens_tell_apart_what_decides_the_order(name: str) -> None:
    option = {field: option for field, _, option in options_of(SearchRequest)}[name]
    same = query_digest(SearchRequest()) == query_digest(SearchRequest(**{name: OTHER[name]}))
    assert same is not option.decides_order
    assert same is (name in {"k", "page_token", "facets", "related", "explain", "record"})


def test_the_same_search_has_the_same_digest(tmp_path: Path) -> None:
    file, image = tmp_path / "a.png", Image.new("RGB", (20, 20), "red")
    image.save(file)
    same = [
        ({"photo": file}, {"photos": [file.read_bytes()]}),
        ({"photo": str(file)}, {"photo": file}),
        ({"dismissed": ["a", "b"]}, {"dismissed": ["b", "a"]}),
        ({"facet_filters": {"a": ["1"], "b": ["2"]}}, {"facet_filters": {"b": ["2"], "a": ["1"]}}),
        ({"facet_filters": {}}, {"facet_filters": None}),
        ({"where": Equals("brand", "Acme")}, {"where": Equals("brand", "Acme")}),
    ]
    for one, other in same:
        assert query_digest(SearchRequest.of(None, one)) == query_digest(SearchRequest.of(None, other))
    assert query_digest(SearchRequest(photo=image)) != query_digest(
        SearchRequest(photo=image.resize((10, 20)))
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"k": 0}, "k is 0; it must be between 1 and 1000"),
        ({"k": 2.5}, "k is 2.5; it must be between 1 and 1000"),
        ({"diversity": float("nan")}, "diversity is nan; it must be between 0 and 1"),
        ({"min_relevance": 1.5}, "min_relevance is 1.5; it must be between 0 and 1"),
        ({"related": 21}, "related is 21; it must be between 0 and 20"),
        ({"mode": "photo"}, "mode is 'photo'; it must be 'full' or 'photo-vectors'"),
        ({"divrsity": 1}, "unknown option 'divrsity'; did you mean diversity?"),
        ({"colour": "red"}, "unknown option 'colour'; there are: photo, photos, text"),
        ({"shopper": ""}, "shopper: it is missing; leave it out to ask as nobody in particular"),
        ({"facet_filters": {"brand": "Acme"}}, "facet_filters.brand: takes a list of values, as in ['Acme']"),
        ({"facets": [{"field": "price", "limit": 0}]}, "facets.0.limit is 0"),
        ({"liked": "D-17"}, "liked is 'D-17': give a list"),
        ({"text": 5}, "text is 5: give a text"),
        ({"liked": ["D-17", "\ud800"]}, "liked.1: it holds the character U+D800; take it out"),
        ({"disliked": ["\udfff"]}, "disliked.0: it holds the character U+DFFF; take it out"),
        ({"photos": [17]}, "photos.0 is 17: give a path, the bytes of a file, or a PIL image"),
        ({"where": 17}, "where: give a text such as 'price < 300 AND in_stock', or a Filter"),
        ({"weights": {"photo": -1}}, "the weight of photo is -1; give a number from 0"),
        ({"k": 0, "related": -1}, "k is 0; it must be between 1 and 1000; related is -1"),
    ],
)
def test_wrong_options_are_named_with_what_to_do(options: dict[str, Any], problem: str) -> None:
    for request in (lambda: SearchRequest(**options), lambda: SearchRequest.of(None, options)):
        with pytest.raises(QueryError) as raised:
            request()
        assert problem in str(raised.value)


def test_keywords_go_before_the_request() -> None:
    request = SearchRequest(text="red", k=5)
    assert SearchRequest.of(request, {}) is request
    assert SearchRequest.of(request, {"k": 7}) == SearchRequest(text="red", k=7)
    with pytest.raises(QueryError, match="'red dress' is no SearchRequest; give keywords"):
        SearchRequest.of("red dress", {})  # type: ignore[arg-type]
