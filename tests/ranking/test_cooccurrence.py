from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshelf.ranking import CoOccurrence

NAMES = [f"p{number}" for number in range(8)]
quick = settings(deadline=None, max_examples=40)
histories = st.lists(st.lists(st.sampled_from(NAMES), max_size=6), max_size=8)


def by_hand(baskets: list[list[str]], k: int, shrinkage: float) -> np.ndarray:
    """The definition, pair by pair."""
    had = [set(basket) for basket in baskets]
    count = {name: sum(name in basket for basket in had) for name in NAMES}
    near = np.zeros((len(NAMES), len(NAMES)))
    for row, a in enumerate(NAMES):
        for column, b in enumerate(NAMES):
            if a != b:
                both = sum(a in basket and b in basket for basket in had)
                near[row, column] = both / (np.sqrt(count[a] * count[b]) + shrinkage) if both else 0
    for row in near:
        row[np.argsort(-row, kind="stable")[k:]] = 0
    return near


@quick
@given(histories, st.integers(1, 7))
def test_neighbours_are_the_shrunk_cosine_of_the_definition(baskets: list[list[str]], k: int) -> None:
    counted = CoOccurrence()
    counted.update(((), basket) for basket in baskets)
    np.testing.assert_allclose(
        counted.neighbours(NAMES, k=k, shrinkage=2.0).toarray(), by_hand(baskets, k, 2.0), rtol=1e-5
    )


@quick
@given(histories, st.data())
def test_told_in_two_parts_is_told_at_once(baskets: list[list[str]], data: st.DataObject) -> None:
    whole, parts = CoOccurrence(), CoOccurrence()
    whole.update(((), basket) for basket in baskets)
    cuts = [data.draw(st.integers(0, len(basket))) for basket in baskets]
    parts.update(((), basket[:cut]) for basket, cut in zip(baskets, cuts, strict=True))
    parts.update((basket[:cut], basket[cut:]) for basket, cut in zip(baskets, cuts, strict=True))
    np.testing.assert_allclose(
        parts.neighbours(NAMES).toarray(), whole.neighbours(NAMES).toarray(), rtol=1e-5
    )


@quick
@given(histories)
def test_the_order_of_a_history_does_not_matter(baskets: list[list[str]]) -> None:
    forwards, backwards = CoOccurrence(), CoOccurrence()
    forwards.update(((), basket) for basket in baskets)
    backwards.update(((), basket[::-1]) for basket in baskets)
    np.testing.assert_allclose(
        forwards.neighbours(NAMES).toarray(), backwards.neighbours(NAMES).toarray(), rtol=1e-5
    )


def test_what_was_saved_comes_back_and_goes_on(tmp_path: Path) -> None:
    counted = CoOccurrence()
    counted.update([((), ["红", "b"]), ((), ["b", "c"])])
    counted.save(tmp_path / "together.npz")
    back = CoOccurrence.load(tmp_path / "together.npz")
    for each in (counted, back):
        each.update([(["红"], ["d"])])
    assert back.ids == counted.ids == ("b", "红", "c", "d")
    np.testing.assert_array_equal(back.neighbours(back.ids).toarray(), counted.neighbours(back.ids).toarray())


def test_a_shopper_with_a_hundred_thousand_events_is_bounded() -> None:
    counted = CoOccurrence()
    counted.update([((), [f"p{number}" for number in range(100_000)])])
    assert len(counted.ids) == 500
    assert "p99999" in counted.ids


def test_unknown_products_have_no_neighbours() -> None:
    counted = CoOccurrence()
    counted.update([((), ["a", "b"])])
    assert counted.neighbours(["x", "a"]).nnz == 0
