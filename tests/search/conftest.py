"""An empty shop, in memory where there is room."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.search.sample_shop import Shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    memory = Path("/dev/shm")  # noqa: S108  (the engine calls fsync dozens of times for one store)
    in_memory = memory.is_dir() and shutil.disk_usage(memory).free > 2**30
    with tempfile.TemporaryDirectory(dir=memory if in_memory else None) as name:
        opened = Shop.open(Path(name) / "store")
        with opened.store:
            yield opened
