"""The journals: what all do, in each database and in none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from snapshelf.events import Journal, SqlJournal
from tests.events.journal_contract import JournalContract, check_against_reference
from tests.events.reference_journal import Kept, ReferenceJournal
from tests.events.small_shop import SPACE, traits


class TestReferenceJournal(JournalContract):
    @pytest.fixture(autouse=True)
    def _where(self) -> None:
        self.kept = Kept()

    @contextmanager
    def open(self, **options: Any) -> Iterator[Journal]:
        yield ReferenceJournal(self.kept, **{"traits": traits, "space": SPACE, **options})


class TestSqlJournal(JournalContract):
    @pytest.fixture(autouse=True)
    def _where(self, location: str) -> None:
        self.location = location

    @contextmanager
    def open(self, **options: Any) -> Iterator[Journal]:
        with SqlJournal.open(self.location, **{"traits": traits, "space": SPACE, **options}) as journal:
            yield journal


def test_whatever_happens_it_is_as_the_reference_says(new_location: Any) -> None:
    check_against_reference(
        lambda: SqlJournal.open(new_location(), traits=traits, space=SPACE),
        lambda: ReferenceJournal(Kept(), traits, SPACE),
    )
