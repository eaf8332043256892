"""``snapshelf rank``: the personal order of results, measured and trained."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from snapshelf.cli._console import Side, note, print_json, print_table, progress, reported
from snapshelf.cli._options import JsonOption

if TYPE_CHECKING:
    from snapshelf.evaluation import PersonalReport

rank = typer.Typer(
    name="rank",
    help="Train, measure and explain the ranking that knows the shopper.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(rank)


@rank.command()
def bench(
    folder: Annotated[
        Path, typer.Argument(help="Folder with products.csv (id, title, categories) and purchases.jsonl.")
    ],
    protocol: Annotated[
        Literal["search", "next"],
        typer.Option("--protocol", help="Personalised product search, or the next item of a shopper."),
    ] = "search",
    kept_back: Annotated[
        Path | None,
        typer.Option(
            "--kept-back", help='Lines {"shopper", "product"}: purchases kept back, which then are the test.'
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the ranking on real shoppers' purchases.

    Each shopper's last purchase is to be foreseen; all items are ranked, never a sample of them. Beside each
    figure stand baselines, a 95 % bootstrap interval, and the same model fed another shopper's history.
    """
    with reported(as_json):
        from snapshelf.evaluation import Purchases, bench_personal

        with progress("models") as tell:
            report = bench_personal(Purchases.read(folder, kept_back), protocol, progress=tell)
        print_json(report.to_json()) if as_json else _print(report)


def _print(report: "PersonalReport") -> None:
    told = report.to_json()
    names = ("HR@10", "NDCG@10", "low", "high", "MRR", "ms_per_request")
    numbers: dict[str, Side] = dict.fromkeys(names, "right")
    rows = [(model, *(f"{found[name]:.4f}" for name in names)) for model, found in told["models"].items()]
    print_table({"model": "left", **numbers}, rows)
    note(
        f"{told['shoppers']:,} shoppers, protocol {report.protocol}; low and high: 95 % bootstrap interval of NDCG@10"
    )
