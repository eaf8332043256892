"""Build the bundled encoder's weights from the data: ``python -m snapshelf.training --help``."""

from __future__ import annotations

import argparse
import itertools
import json
import time
from dataclasses import asdict
from pathlib import Path

import torch
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from snapshelf.training.data import TrainingSet
from snapshelf.training.export import export
from snapshelf.training.fresh import fresh_towers
from snapshelf.training.sources.bundled import bundled_examples
from snapshelf.training.train import Progress as Step
from snapshelf.training.train import Recipe, train

STAGES = (
    Recipe(
        epochs=131,
        decay_epochs=57,
        whole_epochs=7.3,
        batch=2_048,
        photo_rate=6e-4,
        text_rate=1.5e-3,
        weight_decay=0.1,
        rare=60,
        classes=0.0,
        average=0.998,
    ),
    Recipe(
        epochs=2,
        decay_epochs=1.9,
        whole_epochs=0.2,
        batch=512,
        photo_rate=1e-4,
        text_rate=2.5e-4,
        weight_decay=0.1,
        warmup_steps=10,
        rare=60,
        classes=0.0,
        average=0.98,
    ),
    Recipe(
        epochs=3,
        decay_epochs=2.5,
        whole_epochs=0,
        batch=512,
        text_rate=6e-4,
        weight_decay=0.1,
        warmup_steps=10,
        rare=60,
        lock_photos=True,
        average=0.97,
    ),
)
"""Stages of the shipped weights: titles and captions; the same at a lower rate; then the text tower alone."""


def main() -> None:
    """Read the data, train stage by stage, and write the encoder's folder."""
    options = _options()
    examples = list(itertools.islice(bundled_examples(options.data, options.drawn), options.limit))
    torch.manual_seed(STAGES[0].seed)
    towers = fresh_towers([example.annotation for example in examples], start=options.start)
    data = TrainingSet.build(examples, towers, options.runs / "data")
    began, columns = (
        time.monotonic(),
        (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeRemainingColumn(),
        ),
    )
    for number, recipe in enumerate(STAGES, start=1):
        with Progress(*columns) as bar:
            task = bar.add_task(f"stage {number}", total=None)

            def show(step: Step, bar: Progress = bar, task: TaskID = task, stage: int = number) -> None:
                text = f"stage {stage}: loss {step.loss:.3f}, {step.photos_per_second:.0f} photos/s"
                bar.update(task, completed=step.step, total=step.steps, description=text)
                if not bar.console.is_terminal and step.step % 50 == 0:
                    bar.console.print(f"step {step.step}/{step.steps}: {text}")

            train(towers, data, options.runs / f"stage{number}", recipe, on_step=show)
    card = {
        **json.loads(options.card.read_text(encoding="utf-8")),
        "stages": [asdict(recipe) for recipe in STAGES],
        "seed": STAGES[0].seed,
        "examples": len(data),
        "seconds": round(time.monotonic() - began),
        "processors": torch.get_num_threads(),
    }
    export(towers, options.out, card, weights=options.weights)
    print(f"the encoder is in {options.out}; use it with: snapshelf add FEED --encoder {options.out}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m snapshelf.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with fashion/ and grocery/")
    parser.add_argument(
        "--start", type=Path, help="safetensors of timm's vit_tiny_patch16_224; without it, from scratch"
    )
    parser.add_argument(
        "--drawn", type=int, default=1_200, help="drawn products to add (default %(default)s)"
    )
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/bundled"), help="checkpoints (default %(default)s)"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/bundled/encoder"), help="the encoder's folder")
    parser.add_argument(
        "--card",
        type=Path,
        default=Path(__file__).with_name("bundled_card.json"),
        help="fields of the model card that the run does not know",
    )
    parser.add_argument(
        "--weights", choices=["fp32", "fp16", "int8"], default="int8", help="how weights are stored"
    )
    parser.add_argument("--limit", type=int, help="use only the first LIMIT examples, to try the recipe")
    return parser.parse_args()


if __name__ == "__main__":
    main()
