"""Signals are declared once: weights, contributions and recorded impressions have their names."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from pydantic import TypeAdapter

from snapshelf.errors import QueryError
from snapshelf.events import RELEVANCE_SIGNALS
from snapshelf.query import Query
from snapshelf.search import SIGNALS, WEIGHTED, SearchPlan, Weights
from tests.search.sample_shop import Shop, chip, unit, words


def test_weights_and_impressions_have_the_names_of_the_signals() -> None:
    assert tuple(field.name for field in fields(Weights)) == WEIGHTED  # type: ignore[arg-type]
    assert tuple(signal.name for signal in SIGNALS if signal.in_relevance) == RELEVANCE_SIGNALS
    schema = TypeAdapter(Weights).json_schema()
    assert {name: field["default"] for name, field in schema["properties"].items()} == dict(Weights().items())
    assert all(field["description"] for field in schema["properties"].values())


def test_every_contribution_is_of_a_signal(shop: Shop) -> None:
    shop.put("a", unit(1), title="red hat", brand="Acme")
    query = Query(unit(1), unit(1, 1), {"red": 1.0}, normalised="red", chips=words("red", unit(1)).chips)
    (hit,) = shop.hits(shop.search(query))
    assert (
        list(hit.contributions)
        == [signal.name for signal in SIGNALS if signal.name in hit.contributions]
        == ["photo", "text_image", "text_title", "lexical"]
    )


def test_weights_of_the_signals_that_a_query_has_add_up_to_1() -> None:
    both = Query(unit(1), unit(0, 1), {"red": 1.0})
    for query, names in (
        (Query(unit(1), None), ("photo",)),
        (words("red", unit(1)), ("text_image", "text_title", "lexical")),
        (both, ("photo", "text_image", "text_title", "lexical")),
    ):
        scaled = Weights().scaled(query, "full")
        assert sum(getattr(scaled, name) for name in names) == pytest.approx(1)
        assert scaled.constraints > 0
    plain = Weights().scaled(both, "photo-vectors")
    assert (plain.text_title, plain.lexical, plain.constraints) == (0, 0, 0)


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_weights_that_cannot_be_are_refused_by_name(weight: float) -> None:
    with pytest.raises(QueryError, match="the weight of lexical is"):
        Weights(lexical=weight)


def test_a_split_adds_up_to_what_the_index_gave() -> None:
    plan = SearchPlan(Query(unit(1, 0.2), unit(0, 1), {"red": 1.0}))
    photos = [np.stack([unit(1), unit(0, 1)]), np.stack([unit(0.3, 1)])]
    visual = np.array([0.7, 0.4])
    split = plan.query_vector.split(photos, visual)
    assert list(split) == ["photo", "text_image"]
    assert split["photo"] + split["text_image"] == pytest.approx(visual)


def test_plans_say_which_signals_a_query_has() -> None:
    assert SearchPlan(Query(unit(1), None)).signals == ("photo",)
    query = words("red", unit(1), chip("red", None))  # type: ignore[arg-type]
    assert SearchPlan(query).signals == ("text_image", "text_title", "lexical", "constraints")
    assert SearchPlan(query, mode="photo-vectors").signals == ("text_image",)
