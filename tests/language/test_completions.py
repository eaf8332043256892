from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshelf.language import Completion, Completions, normalise

PHRASES = [
    Completion("red dress", 5.0, "en"),
    Completion("Red shoes", 9.0, "en"),
    Completion("running shoes", 7.0, "en"),
    Completion("红色连衣裙", 8.0, "zh"),
    Completion("连衣裙", 6.0, "zh"),
    Completion("绿色长袖", 3.0, "zh"),
    Completion("Nike", 4.0),
    Completion("Nike运动鞋", 2.0, "zh"),
]
completions = Completions.of(PHRASES)


def completed(prefix: str, k: int = 10, language: str | None = None) -> list[str]:
    return [completion.text for completion in completions.find(prefix, k, language)]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("RED", ["Red shoes", "red dress"]),
        ("red d", ["red dress"]),
        ("sho", ["Red shoes", "running shoes"]),  # later words, at half the weight
        ("r", ["Red shoes", "running shoes", "red dress"]),
        ("连", ["连衣裙"]),
        ("紅色", ["红色连衣裙"]),
        ("lian", ["连衣裙"]),
        ("lian yi q", ["连衣裙"]),
        ("lyq", ["连衣裙"]),
        ("hslyq", ["红色连衣裙"]),
        ("lvsechang", ["绿色长袖"]),
        ("lusezhang", ["绿色长袖"]),
        ("nike", ["Nike", "Nike运动鞋"]),
        ("nikeyun", ["Nike运动鞋"]),
        ("nikeydx", ["Nike运动鞋"]),
        ("xyz", []),
        ("dress red", []),
    ],
)
def test_beginnings(prefix: str, expected: list[str]) -> None:
    assert completed(prefix) == expected


def test_a_prefix_of_nothing_finds_the_heaviest() -> None:
    assert completed("", 3) == completed("  ", 3) == ["Red shoes", "红色连衣裙", "running shoes"]


def test_phrases_of_the_other_language_come_last() -> None:
    assert completed("", 8, "zh") == [
        "红色连衣裙",
        "连衣裙",
        "Nike",
        "绿色长袖",
        "Nike运动鞋",
        "Red shoes",
        "running shoes",
        "red dress",
    ]
    assert completed("", 5, "en") == ["Red shoes", "running shoes", "red dress", "Nike", "红色连衣裙"]
    assert completed("lyq", 5, "en") == ["连衣裙"]


def test_of_the_same_phrase_the_heavier_counts() -> None:
    twice = Completions.of(
        [Completion("Ｎike", 1.0), Completion("NIKE", 3.0), Completion(" ", 9.0), Completion("nike", 2.0)]
    )
    assert len(twice) == 1
    assert twice.find("ni") == [Completion("NIKE", 3.0)]


def test_nothing_to_offer() -> None:
    empty = Completions.of([])
    assert len(empty) == 0
    assert empty.find("a") == []


@given(
    st.lists(
        st.builds(
            Completion,
            st.text("ab 红色", min_size=1, max_size=5),
            st.floats(0.1, 9),
            st.sampled_from(["en", "zh", ""]),
        ),
        max_size=30,
    ),
    st.text("ab 红色h\U0010ffff", max_size=3),
    st.integers(1, 5),
)
def test_what_is_found_begins_so_and_comes_by_weight(phrases: list[Completion], prefix: str, k: int) -> None:
    index = Completions.of(phrases)
    chosen = index.find(prefix, k)
    everything = index.find(prefix, len(phrases) + 1)
    assert chosen == everything[:k]
    assert len({normalise(phrase.text) for phrase in everything}) == len(everything)
    whole = [phrase for phrase in everything if normalise(phrase.text).startswith(normalise(prefix))]
    by_key = {normalise(phrase.text) for phrase in phrases}
    expected = {key for key in by_key if key and key.startswith(normalise(prefix))}
    assert {normalise(phrase.text) for phrase in whole} == expected


def test_fast_with_many_phrases() -> None:
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefgh", k=5)) for _ in range(300)]
    many = Completions.of(
        Completion(" ".join(rng.choices(words, k=3)), rng.random(), "en") for _ in range(30_000)
    )
    start = time.process_time()
    for prefix in ("a", "ab", "abc", "h") * 5:
        assert many.find(prefix, 8, "en")
    # below 1 ms on one 2020s core; the margin is for loaded machines
    assert (time.process_time() - start) / 20 < 10e-3
