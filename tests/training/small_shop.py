"""A shop and an encoder that are small enough to train in seconds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import torch

from snapshelf.demo import draw_catalogue
from snapshelf.language import Lexicon
from snapshelf.training.captions import Annotation, Captioner
from snapshelf.training.export import export
from snapshelf.training.model import Architecture, TwoTowers
from snapshelf.training.tokenizer import tokenizer_corpus, train_tokenizer
from snapshelf.training.train import Recipe

RECIPE = Recipe(
    epochs=6.0,
    decay_epochs=2.0,
    whole_epochs=6.0,
    batch=24,
    photo_rate=1e-3,
    text_rate=1e-3,
    warmup_steps=2,
    keep_patches=None,
    rare=0,
    seed=5,
)


def write_shop(folder: Path, count: int, *, seed: int = 21) -> Path:
    """Write a feed of drawn products with small photos; returns the feed's path."""
    (folder / "photos").mkdir(parents=True)
    with (folder / "products.jsonl").open("w", encoding="utf-8") as lines:
        for product in draw_catalogue(count=count, seed=seed):
            product.photo(64).save(folder / "photos" / f"{product.id}.png")
            row = {
                "id": product.id,
                "title": product.title,
                "category": list(product.category),
                "images": [f"photos/{product.id}.png"],
                "colour": product.colour,
                "material": product.material,
                "gender": product.gender,
            }
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    return folder / "products.jsonl"


def small_towers() -> TwoTowers:
    """Untrained towers of the bundled architecture, a thousandth of its size."""
    torch.manual_seed(2)
    captioner = Captioner(Lexicon.bundled(), Random(0))
    products = [
        Annotation({"en": product.title_en, "zh": product.title_zh}) for product in draw_catalogue(20, 8)
    ]
    shape = Architecture(
        vocabulary=600,
        dimension=24,
        image_size=32,
        image_width=24,
        image_depth=1,
        image_heads=2,
        text_width=24,
        text_depth=1,
        text_heads=2,
    )
    tokenizer = train_tokenizer(
        tokenizer_corpus(products, captioner), vocabulary=600, longest=shape.text_length
    )
    towers = TwoTowers(replace(shape, vocabulary=tokenizer.get_vocab_size()), tokenizer)
    with torch.no_grad():
        for parameter in towers.parameters():
            # As after some training: the exporter would store equal weights once, under one name.
            parameter += 0.01 * torch.randn(parameter.shape)
    return towers


def write_base(folder: Path) -> Path:
    """Export the small towers as a model to start from."""
    card = {"name": "tiny", "licence": "MIT", "languages": ["en", "zh"], "credits": "drawn by lot"}
    export(small_towers(), folder, card, weights="fp32")
    return folder
