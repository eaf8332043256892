"""An empty catalogue in each database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from snapshelf.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def catalogue(location: str) -> Iterator[Catalogue]:
    with Catalogue.open(location) as opened:
        yield opened
