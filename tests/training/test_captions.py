"""Captions in both languages say what the labels say; no PyTorch is needed for them."""

from __future__ import annotations

import random

import pytest

from snapshelf.language import Lexicon

captions = pytest.importorskip("snapshelf.training.captions", reason="training needs snapshelf[train]")

WATCH = captions.Annotation(
    {"en": "Fossil Men Black Dial Watch FS4642"},
    {
        "gender": "Men",
        "colour": "Black",
        "article": "Watches",
        "subcategory": "Watches",
        "master": "Accessories",
    },
)


@pytest.fixture
def captioner():
    return captions.Captioner(Lexicon.bundled(), random.Random(1))


def test_a_chinese_title_keeps_the_brand_and_translates_the_rest(captioner) -> None:
    titles = {captioner.title(WATCH, "zh") for _ in range(50)}
    assert all(title.startswith("fossil fs4642") for title in titles)
    assert any("黑色" in title and ("表" in title) for title in titles)


@pytest.mark.parametrize(("language", "colour", "kind"), [("en", "black", "watch"), ("zh", "黑色", "手表")])
def test_attribute_captions_name_what_they_claim(captioner, language: str, colour: str, kind: str) -> None:
    generated = [captioner.attributes(WATCH, language) for _ in range(300)]
    for caption in generated:
        assert caption.names.items() <= WATCH.labels.items()
    assert any(colour in caption.text and kind in caption.text for caption in generated)
    lexicon = Lexicon.bundled()
    for caption in generated:
        if "colour" in caption.names:
            named = {
                match.concept.key for match in lexicon.find(caption.text) if match.concept.kind == "colour"
            }
            assert "black" in named, caption


def test_labels_of_two_sources_become_one(captioner) -> None:
    first = captioner.canonical({"article": "Tshirts", "gender": "Women", "colour": "Red"})
    second = captioner.canonical({"article": "t-shirt", "gender": "women", "colour": "red"})
    assert first == second
