"""The options of recommendations, declared once."""

from __future__ import annotations

import pytest

from snapshelf.errors import QueryError
from snapshelf.recommend import (
    MAX_CART,
    MAX_RECOMMENDED,
    RECOMMENDATIONS,
    RecommendationOptions,
    RecommendationRequest,
)


def test_the_keywords_are_the_fields_of_the_request() -> None:
    assert list(RecommendationOptions.__annotations__) == list(RecommendationRequest.model_fields)
    assert all(field.description for field in RecommendationRequest.model_fields.values())


@pytest.mark.parametrize("kind", RECOMMENDATIONS)
def test_every_kind_is_accepted_with_a_product(kind: str) -> None:
    request = RecommendationRequest(kind=kind, product="p1")  # type: ignore[arg-type]
    assert (request.kind, request.product, request.cart, request.k) == (kind, "p1", None, 10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "moon"}, "kind is 'moon'; it must be 'for-you', 'similar'"),
        ({"kind": "similar"}, "product: recommendations of kind 'similar' require product="),
        ({"kind": "viewed-together"}, "recommendations of kind 'viewed-together' require product="),
        ({"k": 0}, f"k is 0; it must be between 1 and {MAX_RECOMMENDED}"),
        ({"cart": ["a"] * (MAX_CART + 1)}, f"at most {MAX_CART}"),
        ({"shopper": " "}, "shopper: it is missing"),
        ({"shoper": "ann"}, "unknown option 'shoper'; did you mean shopper"),
    ],
)
def test_wrong_options_are_refused_with_what_to_do(options: dict[str, object], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        RecommendationRequest.of(None, options)
