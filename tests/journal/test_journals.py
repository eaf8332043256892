"""The journals: what all do, in each database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from journal_contract import JournalContract
from small_wares import SPACE, traits

from snapshelf.shoppers import Journal, SqlJournal


class TestSqlJournal(JournalContract):
    @pytest.fixture(autouse=True)
    def _where(self, location: str) -> None:
        self.location = location

    @contextmanager
    def open(self, **options: Any) -> Iterator[Journal]:
        with SqlJournal.open(self.location, **{"traits": traits, "space": SPACE, **options}) as journal:
            yield journal
