"""``snapshelf train``."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from snapshelf.cli.add import columns_of
from snapshelf.cli.console import Side, note, print_json, print_table, reported
from snapshelf.cli.options import AllowHttpOption, JsonOption, MapOption, PhotosOption

if TYPE_CHECKING:
    from snapshelf.evaluation import Verdict
    from snapshelf.training import Example, Recipe, Stage

_PROBLEMS_SHOWN = 10
_SECONDS_BETWEEN_LINES = 5.0
_STOPPED = (
    "stopped; the decoded photos and the last checkpoint are kept, and the same command continues from there"
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(train)


def train(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new encoder; a run goes on in it.")],
    feed: Annotated[
        Path | None, typer.Argument(help="Products: a CSV, JSON Lines or Parquet file.", show_default=False)
    ] = None,
    photos: PhotosOption = None,
    mapping: MapOption = None,
    allow_http: AllowHttpOption = False,
    shelf: Annotated[
        Path | None, typer.Option("--shelf", "-s", help="Learn from the products of this shelf.")
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="KIND:PATH",
            help="Learn from annotated photos: folders:DIR (a folder for each class), coco:FILE (with --photos), "
            "voc:DIR or yolo:DIR.",
        ),
    ] = None,
    base: Annotated[
        str, typer.Option("--base", help="Model to start from: bundled, or the folder of an encoder.")
    ] = "bundled",
    epochs: Annotated[
        float | None, typer.Option("--epochs", min=0.01, help="Passes over the products.", show_default="10")
    ] = None,
    batch: Annotated[
        int | None, typer.Option("--batch", min=2, help="Products in a step.", show_default="128")
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            min=0.0,
            help="Learning rate of the photo tower; that of the words tower keeps its ratio.",
            show_default="1e-4; 1e-5 for all weights of a large model",
        ),
    ] = None,
    loss: Annotated[
        Literal["contrastive", "sigmoid"], typer.Option("--loss", help="What a step minimises.")
    ] = "contrastive",
    teacher: Annotated[
        str | None,
        typer.Option("--teacher", help="Name or folder of an encoder whose similarities are imitated."),
    ] = None,
    lora: Annotated[
        int | None,
        typer.Option(
            "--lora", min=1, help="Train an adapter of this rank instead of all weights (large models)."
        ),
    ] = None,
    general: Annotated[
        Path | None,
        typer.Option(
            "--general",
            help="Feed of other products, which the model must not become worse on.",
            show_default="drawn products",
        ),
    ] = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda"], typer.Option("--device", help="Where to compute.")
    ] = "auto",
    precision: Annotated[
        Literal["auto", "fp32", "bf16"],
        typer.Option("--precision", help="Arithmetic; auto takes the faster."),
    ] = "auto",
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="Of the division and of the training.", show_default="the recipe's"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train an encoder on your own products, and report whether it is better.

    Learns from a feed, a shelf or annotated photos. A tenth of the products is held out; the new model is compared with
    its base on them and on other products, in English and Chinese. Stopped runs go on when the same
    command is given again. Needs the extra snapshelf[train].
    """
    if sum(source is not None for source in (feed, shelf, labels)) != 1:
        raise typer.BadParameter("give one of FEED, --shelf and --labels")
    with reported(as_json, if_stopped=_STOPPED), _stages() as watch, _problems() as report:
        # PyTorch is looked for first: reading a feed only to hear that it is missing would be a waste of time.
        from snapshelf.encoders import load_encoder
        from snapshelf.training import feed_examples, fine_tune

        columns = columns_of(mapping)
        if feed is not None:
            examples = feed_examples(feed, photos, columns, allow_http=allow_http, report=report)
        elif shelf is not None:
            from snapshelf.training import shelf_examples

            examples = shelf_examples(shelf)
        else:
            examples = _annotated(labels or "", photos, report)
        verdict = fine_tune(
            examples,
            out,
            base=base,
            recipe=_recipe(base, lora, epochs, batch, rate, loss, precision, seed),
            general=None if general is None else feed_examples(general, report=report),
            teacher=None if teacher is None else load_encoder(teacher),
            lora=lora,
            device=None if device == "auto" else device,
            source=str(feed or shelf or labels),
            on_progress=watch,
            on_notice=note,
        )
    if os.environ.get("RANK", "0") != "0":
        return  # of the processes that torchrun has started, the first reports
    print_json({"folder": str(out), **verdict.to_json()}) if as_json else _print(verdict, out)


def _annotated(labels: str, photos: Path | None, report: Callable[[str], None]) -> "Iterator[Example]":
    from snapshelf import training

    kind, mark, path = labels.partition(":")
    match kind if mark and path else "":
        case "folders":
            return training.folder_examples(Path(path))
        case "coco":
            return training.coco_examples(Path(path), photos, report=report)
        case "voc":
            return training.voc_examples(Path(path), report=report)
        case "yolo":
            return training.yolo_examples(Path(path), report=report)
    raise typer.BadParameter(
        f"unknown labels {labels!r}; give folders:DIR, coco:FILE, voc:DIR or yolo:DIR", param_hint="--labels"
    )


def _recipe(
    base: str,
    lora: int | None,
    epochs: float | None,
    batch: int | None,
    rate: float | None,
    loss: Literal["contrastive", "sigmoid"],
    precision: Literal["auto", "fp32", "bf16"],
    seed: int | None,
) -> "Recipe":
    from snapshelf.training import default_recipe

    recipe = replace(default_recipe(base, lora=lora), loss=loss, precision=precision)
    if epochs is not None:
        share = epochs / recipe.epochs
        recipe = replace(
            recipe,
            epochs=epochs,
            decay_epochs=share * recipe.decay_epochs,
            whole_epochs=share * recipe.whole_epochs,
        )
    if rate is not None:
        ratio = recipe.text_rate / recipe.photo_rate
        recipe = replace(recipe, photo_rate=rate, text_rate=rate * ratio)
    if batch is not None:
        recipe = replace(recipe, batch=batch)
    return recipe if seed is None else replace(recipe, seed=seed)


@contextmanager
def _problems() -> Iterator[Callable[[str], None]]:
    """Show the first few sentences about what cannot be used, and count the others."""
    count = 0

    def show(problem: str) -> None:
        nonlocal count
        count += 1
        if count <= _PROBLEMS_SHOWN:
            note(problem)

    yield show
    if count > _PROBLEMS_SHOWN:
        note(f"… and {count - _PROBLEMS_SHOWN:,} more rows or annotations could not be used")


@contextmanager
def _stages() -> "Iterator[Callable[[Stage], None]]":
    """Show the progress of the stages of a run: a bar for each on a terminal, lines elsewhere."""
    with _bars() if sys.stderr.isatty() else _lines() as report:
        yield report


@contextmanager
def _bars() -> "Iterator[Callable[[Stage], None]]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def report(stage: "Stage") -> None:
            task = tasks.get(stage.name)
            if task is None:
                task = tasks[stage.name] = bars.add_task(stage.name, total=None, detail="")
            bars.update(task, completed=stage.done, total=stage.total, detail=stage.detail)

        yield report


@contextmanager
def _lines() -> "Iterator[Callable[[Stage], None]]":
    reported_at, last = 0.0, ""

    def report(stage: "Stage") -> None:
        nonlocal reported_at, last
        finished = stage.done == stage.total
        if stage.name == last and not finished and time.monotonic() - reported_at < _SECONDS_BETWEEN_LINES:
            return
        reported_at, last = time.monotonic(), stage.name
        far = f"{stage.done:,}" + (f" of {stage.total:,}" if stage.total is not None else "")
        note(f"{stage.name}: {far}" + (f"; {stage.detail}" if stage.detail else ""))

    yield report


def _print(verdict: "Verdict", out: Path) -> None:
    languages = {"en": "English", "zh": "Chinese", None: ""}
    rows = [
        (
            comparison.side,
            comparison.task,
            languages[comparison.language],
            comparison.metric,
            f"{comparison.base:.3f}",
            f"{comparison.tuned:.3f}",
            comparison.outcome,
        )
        for comparison in verdict.comparisons
        if comparison.decides
    ]
    texts: dict[str, Side] = dict.fromkeys(("set", "task", "queries", "metric"), "left")
    print_table({**texts, "base": "right", "tuned": "right", "outcome": "left"}, rows)
    for reason in verdict.reasons:
        note(reason)
    note(
        f"{out}: {verdict.alpha:g} of the tuned weights, {1 - verdict.alpha:g} of the base's; the card is README.md"
    )
    if verdict.may_be_promoted:
        typer.echo(f"It may take the base's place: snapshelf promote {out} --shelf SHELF")
    else:
        typer.echo("It must not take the base's place; see the reasons above")
