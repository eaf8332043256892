"""What each choice in the bundled encoder's recipe is worth: ``python -m benchmarks.ablation --help``.

Every variant is trained alike, on the same train products, seed and number of photos, and differs from the first in one
choice. It is judged by cosine with the photo vectors of the validation products: their titles, and classes of at least
ten products in both languages. The runs are short, so that they take minutes: they rank choices and do not show how
good a model becomes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.encoders import Data, plain_features, report_progress
from benchmarks.machine import cores, describe_machine
from snapshelf.encoders import Preprocessing, Vectors, preprocess_photo
from snapshelf.errors import SnapshelfError
from snapshelf.evaluation import EncoderTask, label_task, title_task
from snapshelf.language import normalise
from snapshelf.training.data import TrainingSet
from snapshelf.training.fresh import fresh_towers
from snapshelf.training.model import TwoTowers
from snapshelf.training.sources.bundled import fashion
from snapshelf.training.sources.example import Example
from snapshelf.training.train import Recipe, train

_COMMON = 10
_PHOTO_BATCH = 128


@dataclass(frozen=True, slots=True)
class Variant:
    """A choice that is tried: what it changes of the recipe or of the model."""

    name: str
    recipe: dict[str, Any] = field(default_factory=dict)
    pretrained: bool = True
    image_size: int = 112
    fit: Literal["stretch", "crop", "letterbox"] = "stretch"


VARIANTS = (
    Variant("as shipped: ViT-Tiny start, contrastive, titles and captions, 112 pixels, stretched"),
    Variant("from scratch", pretrained=False),
    Variant("from scratch, distilled from ViT-Tiny", {"distil": 1.0}, pretrained=False),
    Variant("sigmoid loss", {"loss": "sigmoid"}),
    Variant("without attribute captions", {"captions": 0.0}),
    Variant("with class names", {"classes": 1.0}),
    Variant("neighbours in a step", {"neighbours": 16}),
    Variant("the last step's weights, no average", {"average": 0.0}),
    Variant("every patch seen", {"keep_patches": None}),
    Variant("96 pixels", {"keep_patches": 18}, image_size=96),
    Variant("64 pixels", {"keep_patches": None}, image_size=64),
    Variant("letterbox", fit="letterbox"),
    Variant("crop", fit="crop"),
)


class _Fitted(TwoTowers):
    """Towers that see photos cropped or letterboxed instead of stretched."""

    fit: Literal["stretch", "crop", "letterbox"] = "stretch"

    def preprocess(self, photo: Image.Image) -> NDArray[np.uint8]:
        return preprocess_photo(photo, Preprocessing(size=self.image_size, mode=self.fit))


class _PlainFeatures:
    """ViT-Tiny's class-token features as a teacher of which photos are alike; it knows no words."""

    def __init__(self, start: Path) -> None:
        self._encode = plain_features(start)

    def encode_photos(self, photos: Sequence[Image.Image]) -> Vectors:
        return self._encode(photos)


def main() -> int:
    """Train and judge every variant; print the table; returns the exit code."""
    options = _options()
    wanted = [variant for variant in VARIANTS if not options.only or variant.name in options.only]
    try:
        examples = list(islice(fashion(options.data / "fashion"), options.products))
        data = Data(options.data)
        figures = {}
        for variant in wanted:
            report_progress(variant.name)
            figures[variant.name] = _figures(variant, examples, data, options)
            print(json.dumps({variant.name: figures[variant.name]}), file=sys.stderr, flush=True)
    except (SnapshelfError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"machine": describe_machine(cores(None)), "variants": figures}, indent=2))
    else:
        print(as_table(figures))
    return 0


def _figures(
    variant: Variant, examples: Sequence[Example], data: Data, options: argparse.Namespace
) -> dict[str, float]:
    start = options.start if variant.pretrained else None
    torch.manual_seed(options.seed)
    fresh = fresh_towers(
        [example.annotation for example in examples], start=start, image_size=variant.image_size
    )
    towers = _Fitted(fresh.shape, fresh.tokenizer)
    towers.load_state_dict(fresh.state_dict())
    towers.fit = variant.fit
    epochs = options.steps * options.batch / len(examples)
    recipe = Recipe(
        **{
            "epochs": epochs,
            "decay_epochs": epochs / 2,
            "whole_epochs": epochs / 8,
            "batch": options.batch,
            "warmup_steps": 20,
            "keep_patches": 24,
            "rare": 0,
            "classes": 0.0,
            "average": 0.95,
            "seed": options.seed,
            **variant.recipe,
        }
    )
    teacher = _PlainFeatures(options.start) if "distil" in variant.recipe else None
    folder = Path(tempfile.mkdtemp(dir=options.runs))
    try:
        ready = TrainingSet.build(examples, towers, folder, teacher=teacher)
        began = time.monotonic()
        train(towers, ready, folder, recipe)
        return {"seconds": time.monotonic() - began, **_judge(towers, data)}
    finally:
        shutil.rmtree(folder)


@torch.inference_mode()
def _judge(towers: TwoTowers, data: Data) -> dict[str, float]:
    towers.eval()

    def photos(batch: Sequence[Image.Image]) -> Vectors:
        pixels = np.stack([towers.preprocess(photo) for photo in batch])
        with torch.inference_mode():
            vectors: Vectors = towers.encode_photos(
                torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
            ).numpy()
        return vectors

    corpus = data.validation_photos(photos)
    titles, labels = [data.titles[row] for row in data.validation], data.labels(data.validation)
    tasks: list[EncoderTask] = [title_task(titles, "raw")]
    for kind in ("subcategory", "article", "colour"):
        tasks += [label_task(labels, [kind], wording, least=_COMMON) for wording in ("en", "zh")]
    figures = {}
    for task in tasks:
        texts = [normalise(text) for text in task.queries]
        parts = [
            towers.encode_texts(towers.tokenise(texts[first : first + _PHOTO_BATCH])).numpy()
            for first in range(0, len(texts), _PHOTO_BATCH)
        ]
        scores = task.score(np.concatenate(parts), corpus)
        for metric, value in zip(scores.metrics, scores.values.mean(axis=0), strict=True):
            figures[f"{task.name} {task.wording} {metric}"] = float(value)
    return figures


def as_table(figures: dict[str, dict[str, float]]) -> str:
    """Lay the figures out as Markdown: a line for each variant."""
    columns = [name for name in next(iter(figures.values())) if name.endswith(("seconds", "@10", "RR"))]
    lines = ["| variant | " + " | ".join(columns) + " |", "|---" * (1 + len(columns)) + "|"]
    for name, row in figures.items():
        cells = [f"{row[column]:.0f}" if column == "seconds" else f"{row[column]:.3f}" for column in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ablation", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with fashion/ and grocery/")
    parser.add_argument(
        "--start", type=Path, required=True, help="safetensors of timm's vit_tiny_patch16_224"
    )
    parser.add_argument("--products", type=int, default=8_000, help="train products (default %(default)s)")
    parser.add_argument("--steps", type=int, default=120, help="steps of a run (default %(default)s)")
    parser.add_argument("--batch", type=int, default=192, help="products in a step (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", help="name of a variant; may be repeated")
    parser.add_argument("--runs", type=Path, help="folder for what the runs need (default: a temporary one)")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
