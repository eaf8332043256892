"""Clicks refine the weights, if there are enough and as far as they say something."""

from __future__ import annotations

import numpy as np
import pytest

from snapshelf.events import EventLog, Impression, Interaction
from snapshelf.tuning.clicks import MIN_CLICKED, refine

_WEIGHTS = {"photo": 0.0, "text_image": 0.3, "text_title": 0.3, "lexical": 0.4, "constraints": 1.0}


def clicked_log(searches: int, believed: str, seed: int = 1) -> EventLog:
    """Searches whose shoppers go by a single signal."""
    random = np.random.default_rng(seed)
    impressions, interactions = [], []
    for number in range(searches):
        values = {name: random.normal(0, 0.1, 10) for name in ("text_image", "text_title", "lexical")}
        order = np.argsort(-sum(values.values()))
        values = {name: each[order] for name, each in values.items()}
        products = tuple(f"p{number}-{place}" for place in range(10))
        chances = np.exp(40 * values[believed])
        choice = products[random.choice(10, p=chances / chances.sum())]
        impressions.append(
            Impression(
                query_id=f"q{number}",
                shopper="s",
                at=float(number),
                products=products,
                relevance=tuple(sum(values.values()).tolist()),
                contributions={name: tuple(each.tolist()) for name, each in values.items()},
            )
        )
        interactions.append(
            Interaction(
                shopper="s", kind="click", at=float(number) + 1, product=choice, query_id=f"q{number}"
            )
        )
    return EventLog(impressions, interactions, [])


@pytest.mark.parametrize("believed", ["text_image", "lexical"])
def test_the_signal_that_shoppers_go_by_gains(believed: str) -> None:
    refined, clicks = refine(_WEIGHTS, clicked_log(1_500, believed))
    assert clicks > MIN_CLICKED
    other = "lexical" if believed == "text_image" else "text_image"
    assert refined[believed] / refined[other] > 1.5 * _WEIGHTS[believed] / _WEIGHTS[other]
    assert refined["photo"] == 0
    assert all(weight >= 0 for weight in refined.values())


def test_few_clicks_change_nothing() -> None:
    assert refine(_WEIGHTS, clicked_log(MIN_CLICKED // 2, "lexical")) == (_WEIGHTS, 0)
    assert refine(_WEIGHTS, EventLog([], [], [])) == (_WEIGHTS, 0)
