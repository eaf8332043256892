"""Where the stores of the tests lie."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make an empty folder, in memory where there is room: the engine calls fsync dozens of times for one store."""
    memory = Path("/dev/shm")  # noqa: S108
    in_memory = memory.is_dir() and shutil.disk_usage(memory).free > 2**30
    with tempfile.TemporaryDirectory(dir=memory if in_memory else None) as name:
        yield Path(name)
