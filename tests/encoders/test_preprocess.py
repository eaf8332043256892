"""Photos are brought to a square, and texts to tokens, as the models' own processors do it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers

from snapshelf.encoders import Preprocessing, Tokenisation, Tokeniser, preprocess_photo, stretch_to_square
from snapshelf.encoders.tokenise import clean_text
from snapshelf.errors import EncoderError
from tests.encoders.encoder_contract import noise

sides = st.integers(1, 300)


@settings(deadline=None, max_examples=60)
@given(width=sides, height=sides, size=st.integers(1, 40), more=st.integers(0, 10))
def test_the_middle_is_what_resizing_and_cutting_gives(width: int, height: int, size: int, more: int) -> None:
    photo, resize = noise(width + 7 * height, (width, height)), size + more
    short = min(width, height)
    whole = photo.resize((resize * width // short, resize * height // short), Image.Resampling.BICUBIC)
    left, top = (whole.width - size) // 2, (whole.height - size) // 2
    expected = np.asarray(whole.crop((left, top, left + size, top + size)), np.int16)
    got = preprocess_photo(photo, Preprocessing(size=size, mode="crop", resize=resize)).astype(np.int16)
    # Each of the two passes of a resize rounds, and which comes first may differ.
    assert np.abs(got - expected).max() <= 3


@settings(deadline=None, max_examples=40)
@given(width=sides, height=sides)
def test_a_letterbox_keeps_proportions_and_fills_the_rest(width: int, height: int) -> None:
    black = Image.new("RGB", (width, height))
    pixels = preprocess_photo(black, Preprocessing(size=32, mode="letterbox", background=(9, 200, 9)))
    inside = (pixels == 0).all(axis=2)
    rows, columns = inside.any(axis=1).sum(), inside.any(axis=0).sum()
    assert max(rows, columns) == 32
    assert min(rows, columns) == max(1, round(32 * min(width, height) / max(width, height)))
    assert (pixels[~inside] == (9, 200, 9)).all()


@pytest.mark.parametrize("mode", ["stretch", "crop", "letterbox"])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("size", [(1, 1), (3_000, 2), (2, 3_000), (64, 48)])
def test_any_photo_becomes_a_square(mode: str, interpolation: str, size: tuple[int, int]) -> None:
    settings = Preprocessing.model_validate({"size": 24, "mode": mode, "interpolation": interpolation})
    pixels = preprocess_photo(noise(5, size), settings)
    assert (pixels.shape, pixels.dtype) == ((24, 24, 3), np.uint8)


def test_a_stretch_is_the_bundled_encoders_square() -> None:
    photo = noise(4, (600, 800))
    settings = Preprocessing(size=96, reducing_gap=2.0)
    np.testing.assert_array_equal(preprocess_photo(photo, settings), stretch_to_square(photo, 96))


@pytest.mark.parametrize(
    ("cleaning", "text", "cleaned"),
    [
        ("none", " A &amp; B ", " A &amp; B "),
        ("whitespace", " A &amp;\tB ", "A & B"),
        ("lower", " A &amp;\n B ", "a & b"),
        ("canonical", "T-shirt, 50% off! under_score", "tshirt 50 off under score"),
        ("canonical", "男士，T恤", "男士，t恤"),
        ("shelf", "Ｎｉｋｅ 紅色", "nike 红色"),
        ("none", "a\ud800b", "a?b"),
    ],
)
def test_texts_are_cleaned(cleaning: str, text: str, cleaned: str) -> None:
    assert clean_text(text, cleaning) == cleaned


END = {"end_token": "</s>"}


def words(*more: str) -> str:
    vocabulary = ["<pad>", "<s>", "</s>", "<unk>", "red", "dress", *more]
    tokenizer = Tokenizer(models.WordLevel({word: id for id, word in enumerate(vocabulary)}, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer.to_str()


def test_a_long_text_is_cut_but_keeps_its_ends() -> None:
    tokenise = Tokeniser(words(), Tokenisation(length=4, **END | {"begin_token": "<s>"}))
    assert tokenise("red").tolist() == [1, 4, 2]
    assert tokenise("red dress red dress").tolist() == [1, 4, 5, 2]


def test_a_fixed_length_is_filled_up() -> None:
    tokenise = Tokeniser(words(), Tokenisation(length=5, padding="fixed", pad_id=3, **END))
    assert tokenise("red dress").tolist() == [4, 5, 2, 3, 3]
    assert tokenise("").tolist() == [2, 3, 3, 3, 3]


def test_an_empty_text_has_a_token_where_none_is_added() -> None:
    assert Tokeniser(words(), Tokenisation(special_tokens=False, empty_id=3))("").tolist() == [3]


def test_a_language_is_told_by_its_characters() -> None:
    settings = Tokenisation(length=8, language_tokens={"en": "EN", "zh": "ZH"}, **END)
    tokenise = Tokeniser(words("EN", "ZH", "红裙"), settings)
    assert tokenise("red").tolist() == [6, 4, 2]
    assert tokenise("red 红裙").tolist() == [7, 4, 8, 2]


def test_a_token_that_is_not_there_is_named() -> None:
    with pytest.raises(EncoderError, match="<eos>"):
        Tokeniser(words(), Tokenisation.model_validate({"length": 4, "end_token": "<eos>"}))
