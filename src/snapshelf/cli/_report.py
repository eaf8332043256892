"""``snapshelf report``: what a shelf learned about its searches."""

from typing import Annotated

import typer

from snapshelf.cli._console import note, print_json, print_table, reported
from snapshelf.cli._options import DEFAULT_SHELF, JsonOption, ShelfOption

report = typer.Typer(
    name="report",
    help="Reports for merchandisers.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(report)


@report.callback()
def _report() -> None:
    """Reports for merchandisers."""


@report.command("zero-results")
def zero_results(
    days: Annotated[
        int, typer.Option("--days", min=1, max=3_650, help="How many days back, today included.")
    ] = 30,
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """List the words of searches that found nothing good, the most frequent first."""
    with reported(as_json):
        from snapshelf import Shelf

        with Shelf.open(shelf, create=False) as opened:
            found = opened.zero_results(days)
        if as_json:
            print_json([{"text": text, "times": times} for text, times in found])
            return
        print_table({"times": "right", "words": "left"}, [(str(times), text) for text, times in found])
        if not found:
            note("every search of these days found something")
