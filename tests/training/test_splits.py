"""What is held out was not learnt from."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from snapshelf.errors import PhotoError, TrainingError
from snapshelf.language import normalise
from snapshelf.training.captions import Annotation
from snapshelf.training.sources.example import Example, Photo
from snapshelf.training.sources.splits import split

PHOTOS = [f"photo {number}".encode() for number in range(30)]


def example(id: str, title: str = "", *photos: bytes) -> Example:
    titles = {"en": title} if title else {}
    return Example(id, tuple(Photo(lambda data=data: data) for data in photos), Annotation(titles), False)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), min_size=20, max_size=40),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_nothing_is_on_both_sides_and_the_order_does_not_matter(pairs, seed, random) -> None:
    examples = [
        example(str(number), f"Title {title}", PHOTOS[photo]) for number, (title, photo) in enumerate(pairs)
    ]
    try:
        train, held = split(examples, 0.2, seed=seed)
    except TrainingError:
        # Everything hangs together with at least half of it.
        return
    assert sorted(train + held, key=examples.index) == examples
    assert 1 <= len(held) <= max(len(examples) * 0.2, len(examples) / 2)
    for said in (
        lambda example: example.id,
        lambda example: example.annotation.titles["en"],
        lambda example: example.photos[0].fingerprint(),
    ):
        assert not set(map(said, train)) & set(map(said, held))
    shuffled = random.sample(examples, len(examples))
    assert {example.id for example in split(shuffled, 0.2, seed=seed)[1]} == {example.id for example in held}


def test_a_tenth_is_held_out_by_chance() -> None:
    examples = [example(str(number), f"Title {number}", PHOTOS[number]) for number in range(30)]
    held = [split(examples, seed=seed)[1] for seed in range(3)]
    assert [len(part) for part in held] == [3] * 3
    assert len({frozenset(each.id for each in part) for part in held}) > 1


def test_titles_are_equal_whatever_their_letter_case() -> None:
    examples = [example(str(n), f"Title {n}", PHOTOS[n]) for n in range(8)]
    examples += [example("a", "Red  DRESS", PHOTOS[20]), example("b", "red dress", PHOTOS[21])]
    assert normalise("Red  DRESS") == "red dress"
    for seed in range(10):
        for side in split(examples, 0.3, seed=seed):
            assert len({example.id for example in side} & {"a", "b"}) != 1


def test_a_chain_of_things_in_common_is_one() -> None:
    chain = [
        example("a", "one", PHOTOS[0]),
        example("b", "one", PHOTOS[1]),
        example("c", "two", PHOTOS[1], PHOTOS[2]),
        example("d", "", PHOTOS[2]),
    ]
    rest = [example(str(number), f"Title {number}", PHOTOS[10 + number]) for number in range(8)]
    for seed in range(10):
        for side in split(chain + rest, 0.4, seed=seed):
            assert len({example.id for example in side} & set("abcd")) in (0, 4)


def test_photos_that_are_drawn_are_compared_by_their_pixels() -> None:
    def paint(level: int) -> Image.Image:
        return Image.new("RGB", (4, 4), (level, 0, 0))

    same = [Example(name, (partial(paint, 9),), Annotation({}), False) for name in "ab"]
    others = [Example(str(level), (partial(paint, level),), Annotation({}), False) for level in range(6)]
    for seed in range(6):
        for side in split(same + others, 0.4, seed=seed):
            assert len({example.id for example in side} & {"a", "b"}) != 1


def test_a_photo_that_cannot_be_read_is_left_to_who_decodes_it() -> None:
    def gone() -> bytes:
        raise PhotoError("gone")

    examples = [example(str(number), f"Title {number}", PHOTOS[number]) for number in range(10)]
    examples.append(Example("gone", (Photo(gone),), Annotation({"en": "Gone"}), False))
    assert sum(map(len, split(examples, seed=1))) == 11


def test_products_of_one_title_cannot_be_divided() -> None:
    with pytest.raises(TrainingError, match="titles that tell products apart"):
        split([example(str(number), "Dress", PHOTOS[number]) for number in range(20)], seed=1)
    with pytest.raises(TrainingError, match="cannot be divided"):
        split([], seed=1)
