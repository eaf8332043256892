"""Train the bundled encoder: ``python -m snapshelf.training --help``."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from snapshelf.training._export import export
from snapshelf.training._sources import Example, drawn, fashion, grocery
from snapshelf.training._train import Progress as Step
from snapshelf.training._train import Recipe, train

_IMAGE_SIZE = 96


def main() -> None:
    """Read the data, train, and write the encoder's folder."""
    options = _options()
    examples = list(itertools.islice(_examples(options.data, options.drawn), options.limit))
    recipe = Recipe(epochs=options.epochs, decay_epochs=options.decay_epochs, batch=options.batch)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as bar:
        task = bar.add_task("training", total=None)

        def show(step: Step) -> None:
            text = f"loss {step.loss:.3f}, {step.photos_per_second:.0f} photos/s"
            bar.update(task, completed=step.step, total=step.steps, description=text)
            if not bar.console.is_terminal and step.step % 50 == 0:
                bar.console.print(f"step {step.step}/{step.steps}: {text}")

        checkpoint = train(examples, options.runs, recipe, start=options.start, on_step=show)
    card = {
        "name": options.name,
        "licence": "Apache-2.0",
        "languages": ["en", "zh"],
        "recipe": {
            "epochs": recipe.epochs,
            "decay_epochs": recipe.decay_epochs,
            "batch": recipe.batch,
            "seed": recipe.seed,
        },
        "examples": len(examples),
    }
    export(checkpoint, options.out, card)
    print(f"the encoder is in {options.out}; use it with: snapshelf add FEED --encoder {options.out}")


def _examples(data: Path, drawings: int) -> Iterator[Example]:
    yield from fashion(data / "fashion", _IMAGE_SIZE)
    yield from grocery(data / "grocery", _IMAGE_SIZE)
    # Drawings are few beside the photos, so each is seen twice in a pass.
    yield from 2 * list(drawn(drawings, _IMAGE_SIZE, seed=123))


def _options() -> argparse.Namespace:
    usual = Recipe()
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
    parser.add_argument("--name", default="bundled", help="name on the model's card (default %(default)s)")
    parser.add_argument("--epochs", type=float, default=usual.epochs)
    parser.add_argument("--decay-epochs", type=float, default=usual.decay_epochs)
    parser.add_argument("--batch", type=int, default=usual.batch)
    parser.add_argument("--limit", type=int, help="use only so many examples, to try the recipe out")
    return parser.parse_args()


if __name__ == "__main__":
    main()
