"""What every journal does. An implementation's tests inherit `JournalContract` and say how it is opened."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from snapshelf.events import (
    EVENT_KINDS,
    Event,
    EventKind,
    EventLog,
    Interaction,
    Journal,
    Profile,
    Receipt,
    parse_log,
)
from tests.events.small_shop import DIMENSION, SPACE, event, shown, vector_of


class JournalContract(ABC):
    """Tests of a journal that knows the products of `small_wares`."""

    @abstractmethod
    def open(self, **options: Any) -> AbstractContextManager[Journal]:
        """Open the journal of this test, a new one at the first call; options as `SqlJournal.open` takes them."""

    @pytest.fixture
    def journal(self) -> Any:
        with self.open() as journal:
            yield journal

    def test_an_event_is_in_the_profile_of_the_next_request(self, journal: Journal) -> None:
        assert not journal.profile("ann")
        for number, product in enumerate(("p1", "p2", "p1")):
            assert journal.append([event(f"e{number}", product=product)]) == Receipt(accepted=1)
            known = journal.profile("ann")
            assert known.events == number + 1
            assert known.recent[-1].product == product
        assert known.category == pytest.approx({"Shop > kind 1": 2, "Shop > kind 2": 1}, rel=1e-3)
        assert not journal.profile("bob")

    def test_who_does_not_wait_is_not_forgotten(self, journal: Journal) -> None:
        for number in range(5):
            journal.append_soon([event(f"e{number}")])
        assert len(journal.events("ann")) == 5
        assert journal.append([event("e5"), event("e4")]) == Receipt(accepted=1, duplicates=1)
        assert journal.profile("ann").events == 6

    def test_the_same_id_counts_once(self, journal: Journal) -> None:
        first = event("e1", kind="purchase")
        assert journal.append([first, event("e2"), first]) == Receipt(accepted=2, duplicates=1)
        assert journal.append([first]) == Receipt(duplicates=1)
        assert journal.profile("ann").bought["p1"].count == 1
        assert len(journal.log().interactions) == 2

    def test_events_come_back_as_they_were(self, journal: Journal) -> None:
        told = [
            event("e1", kind="cart", quantity=3.0, value=29.9, currency="CNY", query_id="q1", session="v1"),
            event("e2", kind="search", product=None, text="红色 连衣裙", vector=vector_of("p3")),
            event("e3", product="not there"),
        ]
        journal.append(told)
        found = journal.events("ann")
        assert found == told
        assert found[1].vector == pytest.approx(vector_of("p3"), abs=1e-3)

    def test_what_was_shown_comes_back(self, journal: Journal) -> None:
        one = shown("q1", relevance=(1.25, 1.0, 0.5), propensities=(0.5, 0.25, 1.0))
        journal.record_impression(one)
        assert journal.impression("q1") == one
        assert journal.impression("q2") is None
        assert journal.log().impressions == [one]

    def test_products_above_a_click_were_skipped(self, journal: Journal) -> None:
        journal.record_impression(shown("q1", products=("p1", "p2", "p3", "p4")))
        journal.append([event("e1", product="p1", kind="click"), event("e2", product="p3", query_id="q1")])
        negative = journal.profile("ann").negative
        # The first was clicked before: only the second was passed over.
        assert negative == pytest.approx(0.1 * vector_of("p2"), abs=1e-5)

    def test_a_session_becomes_an_account(self, journal: Journal) -> None:
        journal.record_impression(shown("q1", shopper="visit"))
        journal.append([event("e1", shopper="ann", product="p1"), event("e2", shopper="visit", product="p2")])
        merged = journal.merge("visit", "ann")
        assert [each.product for each in merged.recent] == ["p1", "p2"]
        assert _plain(journal.profile("ann").to_json()) == _plain(merged.to_json())
        assert not journal.profile("visit")
        assert not journal.events("visit")
        assert {interaction.shopper for interaction in journal.log().interactions} == {"ann"}
        assert journal.log().impressions[0].shopper == "ann"

    def test_who_is_forgotten_leaves_no_trace(self, journal: Journal) -> None:
        old = event("e1")
        journal.record_impression(shown("q1"))
        journal.append([old, event("e2", shopper="bob")])
        before = time.time()
        erased = journal.forget("ann")
        assert (erased.events, erased.impressions, erased.profiles) == (1, 1, 1)
        assert not journal.profile("ann")
        assert not list(journal.export("ann"))
        assert [interaction.shopper for interaction in journal.log().interactions] == ["bob"]
        assert not journal.log().impressions
        assert journal.revised_at() >= before
        # Told again, or found in an old log: it is from before.
        assert journal.append([old]) == Receipt(forgotten=1)
        log = EventLog(
            [shown("q1"), shown("q2", shopper="bob")], [Interaction("ann", "p1", before, "click")], ["line 3"]
        )
        assert journal.without_forgotten(log) == EventLog([shown("q2", shopper="bob")], [], ["line 3"])
        assert journal.append([event("e3", at=time.time() + 1)]) == Receipt(accepted=1)

    def test_nothing_is_kept_of_who_refuses(self, journal: Journal) -> None:
        journal.append([event("e1")])
        assert journal.consents("ann") is None
        assert journal.consent("ann", False).events == 1
        assert journal.consents("ann") is False
        journal.record_impression(shown("q1"))
        assert journal.append([event("e2"), event("e3", consent=True)]) == Receipt(without_consent=2)
        assert journal.impression("q1") is None
        assert not journal.profile("ann")
        journal.consent("ann", True)
        assert journal.append([event("e4"), event("e5", consent=False)]) == Receipt(
            accepted=1, without_consent=1
        )

    def test_where_consent_is_required(self) -> None:
        with self.open(consent_required=True) as journal:
            told = [event("e1"), event("e2", consent=True), event("e3", consent=False)]
            assert journal.append(told) == Receipt(accepted=1, without_consent=2)
            journal.record_impression(shown("q1"))
            assert journal.impression("q1") is None
            journal.consent("ann", True)
            assert journal.append([event("e4")]) == Receipt(accepted=1)

    def test_everything_kept_of_a_shopper_is_exported(self, journal: Journal) -> None:
        journal.record_impression(shown("q1"))
        journal.append([event("e1", query_id="q1"), event("e2", kind="search", product=None, text="bag")])
        lines = [json.dumps(line) for line in journal.export("ann")]
        assert json.loads(lines[0])["profile"]["recent"][0]["product"] == "p1"
        told = parse_log(lines[1:], "export")
        assert not told.refused
        assert [interaction.product for interaction in told.interactions] == ["p1"]
        assert [one.query_id for one in told.impressions] == ["q1"]

    def test_robots_are_kept_out(self, journal: Journal) -> None:
        crawler = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
        assert journal.append([event("e1", user_agent=crawler)]) == Receipt(robots=1)
        assert not journal.profile("ann")
        assert not journal.log().interactions
        assert journal.stats().robots == 1
        browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        assert journal.append([event("e2", user_agent=browser)]) == Receipt(accepted=1)

    def test_inhuman_haste(self, journal: Journal) -> None:
        now = time.time() - 3_600
        journal.record_impression(shown("q1"))
        receipt = sum(
            (journal.append([event(f"e{n}", at=now + 0.2 * n, product=f"p{n % 5}")]) for n in range(150)),
            Receipt(),
        )
        assert (receipt.accepted, receipt.robots) == (99, 51)
        assert not journal.profile("ann")
        assert not journal.log().interactions
        assert journal.stats().robots == 150
        # What a robot is shown tells nothing of what is clicked.
        journal.record_impression(shown("q2"))
        journal.record_impression(shown("q3", shopper="bob"))
        assert [one.query_id for one in journal.log().impressions] == ["q3"]

    def test_a_clock_that_is_ahead(self, journal: Journal) -> None:
        receipt = journal.append([event("e1", at=time.time() + 7_200)])
        assert receipt.accepted == 1
        assert "2 hours ahead" in receipt.notes[0].text
        assert journal.profile("ann").at == pytest.approx(time.time(), abs=60)

    def test_pruning_leaves_what_is_younger(self, journal: Journal) -> None:
        now = time.time()
        journal.record_impression(shown("q1", at=now - 900_000))
        journal.record_impression(shown("q2", at=now - 10))
        told = [event("e1", at=now - 900_000, product="p1"), event("e2", at=now - 5, product="p2")]
        journal.append([*told, event("e3", at=now - 900_000, shopper="bob")])
        erased = journal.prune(now - 86_400)
        assert (erased.events, erased.impressions, erased.profiles) == (2, 1, 1)
        assert [each.product for each in journal.profile("ann").recent] == ["p2"]
        assert not journal.profile("bob")
        assert journal.impression("q1") is None

    def test_what_is_new_since_a_position(self, journal: Journal) -> None:
        journal.append([event("e1")])
        position = journal.position()
        assert not journal.log(position).interactions
        journal.append([event("e2", product="p2")])
        journal.record_impression(shown("q1"))
        assert [interaction.product for interaction in journal.log(position).interactions] == ["p2"]
        assert [one.query_id for one in journal.log(position).impressions] == ["q1"]
        before = journal.log(until=position)
        assert ([interaction.product for interaction in before.interactions], before.impressions) == (
            ["p1"],
            [],
        )
        assert not journal.log(of=["bob"]).interactions
        assert len(journal.log(of=["ann", "bob"]).interactions) == 2

    def test_everything_is_there_when_it_is_opened_again(self) -> None:
        with self.open() as journal:
            journal.append([event("e1"), event("e2", kind="cart")])
            journal.record_impression(shown("q1"))
            journal.consent("bob", False)
            before = journal.profile("ann")
        with self.open() as journal:
            assert _plain(journal.profile("ann").to_json()) == _plain(before.to_json())
            assert journal.impression("q1") is not None
            assert journal.consents("bob") is False
            assert journal.append([event("e1")]) == Receipt(duplicates=1)

    def test_another_encoder_makes_profiles_anew(self) -> None:
        with self.open() as journal:
            told = [event("e1"), event("e2", kind="search", product=None, vector=vector_of("p3"))]
            journal.append(told)
            assert journal.profile("ann").queries
        with self.open(space="another") as journal:
            known = journal.profile("ann")
            assert known.space == "another" != SPACE
            assert known.events == 2
            assert not known.queries
            assert np.linalg.norm(known.interests()["long"]) == pytest.approx(1, abs=1e-5)

    def test_many_at_once(self, journal: Journal) -> None:
        """Events of the same shoppers from several threads: each counts once."""
        told = [event(f"e{n}", shopper=f"s{n % 7}", at=1_000.0 * n, product=f"p{n % 5}") for n in range(210)]
        with ThreadPoolExecutor(8) as threads:
            receipts = list(threads.map(lambda one: journal.append([one, told[0]]), told))
        assert sum(receipt.accepted for receipt in receipts) == len(told)
        assert sum(journal.profile(f"s{n}").events for n in range(7)) == len(told)
        assert len(journal.log().interactions) == len(told)


def _plain(value: Any) -> Any:
    """Round what was written with few digits."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return round(value, 2) if isinstance(value, float) else value


SHOPPERS = ("ann", "bob", "visit")


def check_against_reference(open_one: Callable[[], Journal], open_reference: Callable[[], Journal]) -> None:
    """Do the same to both in any order, and compare what they know."""

    class Both(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.reference = open_one(), open_reference()
            self.start = 1.7e9
            self.number = 0
            self.asked: set[int] = set()

        def teardown(self) -> None:
            self.one.close()

        def both(self, call: Callable[[Journal], Any]) -> None:
            found, expected = call(self.one), call(self.reference)
            if isinstance(expected, Receipt):
                found, expected = (replace(each, notes=()) for each in (found, expected))
            if not isinstance(expected, Profile):
                assert found == expected

        @rule(
            told=st.lists(
                st.tuples(
                    st.sampled_from(SHOPPERS),
                    st.sampled_from(EVENT_KINDS),
                    st.integers(0, 10),
                    st.floats(0, 39),
                    st.integers(0, 3),
                ),
                min_size=1,
                max_size=4,
            )
        )
        def append(self, told: list[tuple[str, EventKind, int, float, int]]) -> None:
            events = []
            for shopper, kind, product, day, query in told:
                self.number += 1
                self.asked.add(query)
                search = kind == "search"
                events.append(
                    Event(
                        # Sometimes an id that is known.
                        event_id=f"e{self.number - (query == 3)}",
                        shopper=shopper,
                        kind=kind,
                        # No two at one time: which comes first would be nobody's to say.
                        at=self.start + day * 86_400 + self.number * 1e-3,
                        product=None if search else f"p{product}",
                        query_id=f"q{query}",
                        vector=vector_of(f"p{product}") if search and self.number % 2 else None,
                    )
                )
            self.both(lambda journal: journal.append(events))

        @rule(query=st.integers(0, 3), shopper=st.sampled_from(SHOPPERS), products=st.permutations(range(4)))
        def show(self, query: int, shopper: str, products: list[int]) -> None:
            # Nothing is clicked before it is shown.
            assume(query not in self.asked)
            one = shown(f"q{query}", shopper=shopper, products=tuple(f"p{n}" for n in products))
            self.both(lambda journal: journal.record_impression(one))

        @rule(session=st.sampled_from(SHOPPERS), account=st.sampled_from(SHOPPERS))
        def merge(self, session: str, account: str) -> None:
            self.both(lambda journal: journal.merge(session, account))

        @rule(shopper=st.sampled_from(SHOPPERS))
        def erase_by_consent(self, shopper: str) -> None:
            self.both(lambda journal: journal.consent(shopper, False))
            self.both(lambda journal: journal.consent(shopper, True))

        @rule(day=st.integers(0, 10))
        def prune(self, day: int) -> None:
            self.both(lambda journal: journal.prune(self.start + day * 86_400))

        @invariant()
        def the_same_is_known(self) -> None:
            for shopper in SHOPPERS:
                known, expected = (each.profile(shopper) for each in (self.one, self.reference))
                assert known.recent == expected.recent
                assert known.bought == expected.bought
                assert (known.events, known.at) == (expected.events, expected.at)
                for name in ("session", "long", "negative"):
                    _close(getattr(known, name), getattr(expected, name))
                for name in ("category", "brand", "price", "colour"):
                    own, other = getattr(known, name), getattr(expected, name)
                    for value in own.keys() | other.keys():
                        assert own.get(value, 0) == pytest.approx(other.get(value, 0), abs=0.02)
                assert len(known.queries) == len(expected.queries)
                for own_query, other_query in zip(known.queries, expected.queries, strict=True):
                    _close(own_query.vector, other_query.vector)

    run_state_machine_as_test(
        Both,
        settings=settings(
            max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def _close(found: np.ndarray | None, expected: np.ndarray | None) -> None:
    nothing = np.zeros(DIMENSION)
    np.testing.assert_allclose(
        nothing if found is None else found, nothing if expected is None else expected, atol=0.02
    )
