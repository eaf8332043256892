"""The shop and the encoder that fine-tunes start from."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Feed of drawn products."""
    from tests.training.small_shop import write_shop

    return write_shop(tmp_path_factory.mktemp("shop") / "feed", 100)


@pytest.fixture(scope="session")
def other_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Feed of other drawn products: the general set."""
    from tests.training.small_shop import write_shop

    return write_shop(tmp_path_factory.mktemp("other") / "feed", 24, seed=4)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny model to start from."""
    from tests.training.small_shop import write_base

    return write_base(tmp_path_factory.mktemp("base") / "tiny")
