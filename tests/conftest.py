"""Fixtures that every room's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the real data beside the project; tests that need it skip where it is missing."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the shared data folder is not beside the project")
    return folder


@pytest.fixture(scope="session")
def trees() -> None:
    """LightGBM, or a skipped test on a system without the OpenMP library that it needs."""
    from snapshelf.errors import TrainingError
    from snapshelf.shoppers._ranker import lightgbm

    try:
        lightgbm()
    except TrainingError as error:
        pytest.skip(str(error))
