"""``snapshelf report``: searches without results, and experiments."""

from typing import TYPE_CHECKING, Annotated

import typer

from snapshelf.cli.console import Side, note, print_json, print_table, reported
from snapshelf.cli.log import LogOption, read_shop_log
from snapshelf.cli.options import DEFAULT_SHELF, DatabaseOption, JsonOption, ShelfOption

if TYPE_CHECKING:
    from snapshelf.evaluation import Proportion

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
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the words of searches without a good match, the most frequent first."""
    with reported(as_json):
        from snapshelf.shelf import Shelf

        with Shelf.open(shelf, database=database, create=False) as opened:
            queries = opened.zero_results(days)
        if as_json:
            print_json([{"text": text, "times": times} for text, times in queries])
            return
        print_table({"times": "right", "words": "left"}, [(str(times), text) for text, times in queries])
        if not queries:
            note("every search of these days had a good match")


@report.command()
def experiments(
    log: LogOption = None, shelf: ShelfOption = DEFAULT_SHELF, as_json: JsonOption = False
) -> None:
    """Report the experiments between two rankings so far (see ranking.experiment in search.yaml)."""
    with reported(as_json):
        from snapshelf.evaluation import report_experiments

        shop_log = read_shop_log(log, shelf)
        reports = report_experiments(shop_log.impressions, shop_log.interactions)
        if as_json:
            print_json([experiment.to_json() for experiment in reports])
            return
        columns: dict[str, Side] = {
            "experiment": "left",
            "variant": "left",
            "searches": "right",
            "shoppers": "right",
            **dict.fromkeys(("click", "cart", "purchase"), "right"),
        }
        rows = [
            (
                experiment.name,
                variant,
                f"{part.searches:,}",
                f"{part.shoppers:,}",
                *(_percent(part.of_shoppers[outcome]) for outcome in ("click", "cart", "purchase")),
            )
            for experiment in reports
            for variant, part in experiment.variants.items()
        ]
        print_table(columns, rows)
        for experiment in reports:
            preference = experiment.preference
            preferred = f"; a preferred in {_percent(preference)}" if preference else ""
            note(f"{experiment.name}: {experiment.verdict}{preferred}")
        if not reports:
            note("no search took part in an experiment")


def _percent(share: "Proportion") -> str:
    return f"{share.value:.1%} ({share.low:.1%}–{share.high:.1%}) of {share.trials:,}"
