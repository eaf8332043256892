from __future__ import annotations

import pytest
from taste_shop import Shop, make_shop

from snapshelf.errors import TrainingError
from snapshelf.shoppers._ranker import lightgbm


@pytest.fixture(autouse=True, scope="session")
def _trees_can_grow() -> None:
    try:
        lightgbm()
    except TrainingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def shop() -> Shop:
    return make_shop()
