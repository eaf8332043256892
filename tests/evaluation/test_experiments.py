"""Experiments reported from what was shown and what followed."""

from __future__ import annotations

import numpy as np
import pytest

from snapshelf.evaluation import report_experiments
from snapshelf.events import Impression, Interaction
from snapshelf.ranking import assign, team_draft

NOW = 1_700_000_000.0
PRODUCTS = tuple(f"p{number}" for number in range(8))


def divided(searches: int, gain: float) -> tuple[list[Impression], list[Interaction]]:
    """Shoppers divided between a and b, who click with probability 0.2 and 0.2 + gain; two searches each."""
    draw = np.random.default_rng(3)
    impressions, interactions = [], []
    for number in range(searches):
        shopper = f"s{number // 2}"
        variant = assign("ours", shopper, {"a": 1, "b": 1})
        impression = Impression(
            f"q{number}", shopper, NOW, PRODUCTS, (1.0,) * 8, experiment="ours", variant=variant
        )
        impressions.append(impression)
        if draw.random() < 0.2 + gain * (variant == "b"):
            interactions.append(Interaction(shopper, "p1", NOW + 1, "click", impression.query_id))
        if draw.random() < 0.02:
            interactions.append(Interaction(shopper, "p1", NOW + 2, "purchase", impression.query_id))
    return impressions, interactions


def test_the_better_variant_is_told_and_no_other() -> None:
    (report,) = report_experiments(*divided(4_000, 0.1))
    assert report.name == "ours"
    assert report.verdict == "b is better"
    a, b = report.variants["a"], report.variants["b"]
    assert a.searches + b.searches == 4_000
    assert a.of_searches["click"].value == pytest.approx(0.216, abs=0.03)
    assert b.of_searches["click"].value == pytest.approx(0.314, abs=0.03)
    assert b.of_searches["purchase"].value == pytest.approx(0.02, abs=0.01)
    assert b.of_searches["purchase"].value <= b.of_searches["cart"].value <= b.of_searches["click"].value
    (same,) = report_experiments(*divided(4_000, 0.0))
    assert same.verdict == "no significant difference yet"


def test_shared_places_prefer_one_ranking() -> None:
    draw = np.random.default_rng(4)
    impressions, interactions = [], []
    for number in range(400):
        drafted = team_draft(PRODUCTS, PRODUCTS[::-1], 8, seed=str(number))
        impression = Impression(
            f"q{number}",
            f"s{number}",
            NOW,
            drafted.products,
            (1.0,) * 8,
            experiment="draft",
            variant="interleaved",
            interleaving_teams=drafted.teams,
        )
        impressions.append(impression)
        # They like what the first ranking puts first.
        liked = drafted.products.index("p0" if draw.random() < 0.7 else "p7")
        interactions.append(
            Interaction(impression.shopper, drafted.products[liked], NOW + 1, "click", impression.query_id)
        )
    (report,) = report_experiments(impressions, interactions)
    assert report.preference is not None
    assert report.preference.value == pytest.approx(0.7, abs=0.06)
    assert report.verdict == "a is better"
    assert report.to_json()["variants"]["interleaved"]["searches"] == 400


def test_a_later_page_belongs_to_its_shopper_and_is_no_search_of_its_own() -> None:
    first = Impression("q", "ann", NOW, PRODUCTS[:4], (1.0,) * 4, experiment="e", variant="a")
    second = Impression("q2", "ann", NOW, PRODUCTS[4:], (1.0,) * 4, experiment="e", variant="a", start=4)
    (report,) = report_experiments([first, second], [Interaction("ann", "p5", NOW, "click", "q2")])
    variant = report.variants["a"]
    assert (variant.searches, variant.shoppers) == (1, 1)
    assert variant.of_searches["click"].value == 0
    assert variant.of_shoppers["click"].value == 1
    assert report.verdict == "nothing to compare yet"


def test_searches_of_no_experiment_are_left_out() -> None:
    assert report_experiments([Impression("q", "ann", NOW, ("p1",), (1.0,))], []) == []
