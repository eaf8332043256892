from __future__ import annotations

import pytest
from taste_shop import Shop, make_shop


@pytest.fixture(scope="session")
def shop() -> Shop:
    return make_shop()
