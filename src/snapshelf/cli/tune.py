"""``snapshelf tune``."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from snapshelf.cli.console import print_json, print_table, progress, reported
from snapshelf.cli.options import DEFAULT_SHELF, DatabaseOption, JsonOption, ShelfOption

if TYPE_CHECKING:
    from snapshelf.shelf import TuningReport


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tune)


def tune(
    shelf: ShelfOption = DEFAULT_SHELF, database: DatabaseOption = None, as_json: JsonOption = False
) -> None:
    """Let a shelf find out what each of its signals is worth, by asking itself for its own products.

    ``add`` does it by itself when a tenth of the products has changed.
    """
    with reported(as_json, if_stopped="stopped; the shelf is searched as before"):
        from snapshelf.shelf import Shelf

        with (
            Shelf.open(shelf, database=database, create=False) as opened,
            progress("questions") as report_progress,
        ):
            opened.tune(progress=report_progress)
            report = opened.stats().tuning
        if as_json:
            print_json(None if report is None else asdict(report))
        elif report is not None:
            print_tuning(report)


def print_tuning(report: "TuningReport") -> None:
    """Print what a shelf found out."""
    typer.echo(f"{report.questions:,} questions to {report.products:,} products")
    print_table(
        {"signal": "left", "weight": "right", "alone in the right order": "right"},
        [
            (name, f"{weight:.2f}", f"{report.worth[name]:.2f}" if name in report.worth else "")
            for name, weight in report.weights.items()
        ],
    )
    print_table(
        {"asked for by": "left", "first hit right": "right"},
        [(source, f"{share:.2f}") for source, share in report.success.items()],
    )
