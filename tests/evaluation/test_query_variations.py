"""Queries as they are mistyped."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from snapshelf.evaluation import add_typo, shuffle_words
from snapshelf.evaluation.query_variations import vary_query


def distance(first: str, second: str) -> int:
    """Optimal string alignment distance: a transposition of neighbours is one edit."""
    rows = [list(range(len(second) + 1))]
    for i, a in enumerate(first, 1):
        row = [i]
        for j, b in enumerate(second, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and b == first[i - 2]:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


@given(st.integers(0, 10_000))
def test_a_typo_is_one_edit_of_one_long_word_behind_its_first_letter(seed: int) -> None:
    before = "red dress with zip"
    after = add_typo(before, random.Random(seed))
    changed = [(a, b) for a, b in zip(before.split(), after.split(), strict=True) if a != b]
    for was, now in changed:
        assert len(was) >= 4
        assert distance(was, now) == 1
    assert len(changed) <= 1


def test_most_typos_change_something() -> None:
    # To transpose two equal letters changes nothing.
    varied = [add_typo("maxima watch", random.Random(seed)) for seed in range(200)]
    assert sum(text != "maxima watch" for text in varied) == 200


def test_what_has_no_long_latin_word_stays() -> None:
    for text in ("红色连衣裙", "a b cd", "WD-40 500ml", ""):
        assert add_typo(text, random.Random(1)) == text


@given(st.lists(st.text("abc红", min_size=1), min_size=1), st.integers(0, 99))
def test_another_order_keeps_the_words(words: list[str], seed: int) -> None:
    assert sorted(shuffle_words(" ".join(words), random.Random(seed)).split()) == sorted(words)


def test_the_seed_decides() -> None:
    assert vary_query("canvas shoes for men", "typo", "q1") == vary_query(
        "canvas shoes for men", "typo", "q1"
    )
    assert len({vary_query("canvas shoes for men", "order", f"q{number}") for number in range(20)}) > 5
