from __future__ import annotations

import pytest

from tests.ranking.taste_shop import Shop, make_shop


@pytest.fixture(autouse=True)
def _trees_can_grow(trees: None) -> None:
    """Every model here is of trees."""


@pytest.fixture(scope="session")
def shop() -> Shop:
    return make_shop()
