from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshelf.errors import InputError
from snapshelf.ranking import assign, team_draft

rankings = st.permutations([f"p{number}" for number in range(8)])


def test_a_shopper_stays_in_a_variant_and_shares_are_kept() -> None:
    shares = {"old": 0.8, "new": 0.2}
    given_to = [assign("may", f"s{number}", shares) for number in range(5_000)]
    assert given_to == [assign("may", f"s{number}", shares) for number in range(5_000)]
    assert 900 < Counter(given_to)["new"] < 1_100


def test_experiments_divide_the_shoppers_independently() -> None:
    shares = {"old": 1, "new": 1}
    both = Counter((assign("may", f"s{n}", shares), assign("june", f"s{n}", shares)) for n in range(4_000))
    assert all(900 < count < 1_100 for count in both.values())


def test_a_larger_share_moves_nobody_back() -> None:
    for number in range(500):
        if assign("may", f"s{number}", {"new": 0.1, "old": 0.9}) == "new":
            assert assign("may", f"s{number}", {"new": 0.3, "old": 0.7}) == "new"


@pytest.mark.parametrize("shares", [{}, {"a": 0.0}, {"a": -1, "b": 2}])
def test_impossible_shares_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(InputError, match="shares"):
        assign("may", "s", shares)


@settings(deadline=None, max_examples=60)
@given(rankings, rankings, st.integers(1, 8), st.text(max_size=5))
def test_an_interleaved_list_is_fair(a: list[str], b: list[str], k: int, seed: str) -> None:
    found = team_draft(a, b, k, seed=seed)
    assert len(set(found.products)) == len(found.products) == k
    assert abs(found.teams.count("a") - found.teams.count("b")) <= 1
    common = next((n for n, (x, y) in enumerate(zip(a, b, strict=True)) if x != y), 8)
    assert found.products[: min(common, k)] == tuple(a[: min(common, k)])
    assert set(found.teams[: min(common, k)]) <= {None}


def test_chance_clicks_prefer_neither() -> None:
    a, b = [f"p{n}" for n in range(10)], [f"p{n}" for n in (3, 1, 5, 0, 2, 9, 8, 7, 6, 4)]
    preferences = []
    for number in range(2_000):
        found = team_draft(a, b, 10, seed=str(number))
        preferences.append(found.credit([found.products[number % 3]]))
    assert abs(sum(preferences)) < 150


def test_clicks_on_one_ranking_prefer_it() -> None:
    a, b = ["x", "y", "z"], ["z", "y", "x"]
    total = sum(team_draft(a, b, 3, seed=str(n)).credit(["x"]) for n in range(200))
    assert total > 100
