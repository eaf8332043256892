"""Any sequence of writes leaves what a dictionary would hold, and the changes lead there."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from snapshelf.catalogue import Catalogue, Entry, fields_hash
from tests.catalogue.database.samples import assert_stored, assert_vectors, make_entry, make_product

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

IDS = st.sampled_from(["a", "b", "c", "红", "e"])
TITLES = st.sampled_from(["1", "2", "3"])


class CatalogueMachine(RuleBasedStateMachine):
    new_location: ClassVar[Callable[[], str]]

    def __init__(self) -> None:
        super().__init__()
        self.location = type(self).new_location()
        self.catalogue = Catalogue.open(self.location)
        self.model: dict[str, Entry] = {}
        self.replica: dict[str, Entry] = {}
        self.replica_version = 0
        self.version = 0

    @initialize(ids=st.sets(IDS))
    def fill(self, ids: set[str]) -> None:
        self.put(dict.fromkeys(ids, ("0", 1)))

    @rule(products=st.dictionaries(IDS, st.tuples(TITLES, st.integers(0, 3))))
    def put(self, products: dict[str, tuple[str, int]]) -> None:
        entries = [make_entry(id, title=title, photos=photos) for id, (title, photos) in products.items()]
        self.acknowledge(self.catalogue.put(entries), len(entries))
        self.model |= {entry.product.id: entry for entry in entries}

    @rule(titles=st.dictionaries(IDS, TITLES))
    def put_fields(self, titles: dict[str, str]) -> None:
        products = [make_product(id, title=title) for id, title in titles.items() if id in self.model]
        self.acknowledge(self.catalogue.put_fields(products), len(products))
        self.model |= {each.id: Entry(each, self.model[each.id].photos) for each in products}

    @rule(ids=st.lists(IDS))
    def delete(self, ids: list[str]) -> None:
        there = self.model.keys() & set(ids)
        assert self.catalogue.delete(ids) == len(there)
        self.acknowledge(self.catalogue.version, len(there))
        for id in there:
            del self.model[id]

    @rule()
    def reopen(self) -> None:
        self.catalogue.close()
        self.catalogue = Catalogue.open(self.location)

    @rule(limit=st.integers(1, 6))
    def catch_up(self, limit: int) -> None:
        while changes := self.catalogue.changes(self.replica_version, limit):
            for change in changes:
                assert change.version > self.replica_version
                self.replica_version = change.version
                if change.entry is None:
                    self.replica.pop(change.id, None)
                else:
                    self.replica[change.id] = change.entry
        assert self.replica_version == self.version
        assert self.replica.keys() == self.model.keys()
        for id, entry in self.model.items():
            assert_stored(self.replica[id], entry)

    def acknowledge(self, version: int, changed: int) -> None:
        assert version == self.version + changed
        self.version = version

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        ids = list(self.model)
        assert self.catalogue.version == self.version
        assert self.catalogue.ids() == sorted(ids)
        assert self.catalogue.count() == len(ids)
        assert self.catalogue.photo_count() == sum(len(entry.photos) for entry in self.model.values())
        assert self.catalogue.get_many(ids) == {id: entry.product for id, entry in self.model.items()}
        for id, known in self.catalogue.known(ids).items():
            photos = self.model[id].photos
            assert known.fields_hash == fields_hash(self.model[id].product)
            assert known.fingerprints == tuple(photo.fingerprint for photo in photos)
            assert_stored(Entry(self.model[id].product, self.catalogue.photos(id)), self.model[id])
            assert [self.catalogue.thumbnail(id, position) for position in range(len(photos) + 1)] == [
                *(photo.thumbnail for photo in photos),
                None,
            ]

        for id, vectors in self.catalogue.vectors(ids).items():
            assert_vectors(vectors, self.model[id].vectors)

    def teardown(self) -> None:
        self.catch_up(limit=2)
        self.catalogue.close()


def test_holds_what_a_dictionary_would(
    new_location: Callable[[], str], request: pytest.FixtureRequest
) -> None:
    class Machine(CatalogueMachine):
        pass

    Machine.new_location = staticmethod(new_location)
    examples = 3 if "postgresql" in request.node.name else 12
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=examples, stateful_step_count=12, deadline=None)
    )
