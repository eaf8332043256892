"""``snapshelf rank``: train, measure and explain the personalised ranking."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from snapshelf.cli.console import Side, note, print_json, print_table, progress, reported
from snapshelf.cli.journal import opened_journal
from snapshelf.cli.log import LogOption, read_shop_log
from snapshelf.cli.options import DEFAULT_SHELF, JsonOption, ShelfOption

if TYPE_CHECKING:
    from snapshelf.evaluation import PersonalReport
    from snapshelf.ranking import Items

CandidateOption: TypeAlias = Annotated[
    bool, typer.Option("--candidate", help="The candidate model instead of the serving model.")
]

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

    Each shopper's last purchase is the target; all items are ranked, never a sample. Beside each figure stand
    baselines, a 95 % bootstrap interval, and the same model with another shopper's history.
    """
    with reported(as_json):
        from snapshelf.evaluation import Purchases, benchmark_personal_ranking

        with progress("models") as report_progress:
            report = benchmark_personal_ranking(
                Purchases.read(folder, kept_back), protocol, progress=report_progress
            )
        print_json(report.to_json()) if as_json else _print(report)


@rank.command()
def train(log: LogOption = None, shelf: ShelfOption = DEFAULT_SHELF, as_json: JsonOption = False) -> None:
    """Train a ranking on impressions and the interactions that followed; it becomes the candidate.

    The log is divided by time: the earlier half gives the statistics, the next part trains, the last part measures.
    Afterwards the statistics for serving are computed from the whole log.
    """
    with reported(as_json):
        from time import time

        from snapshelf.evaluation import evaluate_ranking
        from snapshelf.ranking import InteractionHistories, ModelStore, count, objections, training_split
        from snapshelf.ranking import train as learn

        shop_log, items, now = read_shop_log(log, shelf), items_of(shelf), time()
        divided = training_split(items, shop_log.impressions, shop_log.interactions, now=now)
        model = learn(divided.statistics, divided.learn)
        report = evaluate_ranking(model, divided.statistics, divided.test).to_json()
        ranking = ModelStore(shelf)
        ranking.offer(model, report)
        ranking.save_statistics(
            count(
                items,
                InteractionHistories(items, shop_log.interactions, now=now),
                shop_log.impressions,
                until=now,
            )
        )
        _print_figures(report, as_json)
        against = objections(report)
        note("; ".join(against) if against else "the candidate may serve: snapshelf rank promote")


@rank.command()
def refresh(shelf: ShelfOption = DEFAULT_SHELF, as_json: JsonOption = False) -> None:
    """Add the new events of the journal to the statistics that serve: co-occurrence, popularity, clicks, repeats.

    For a timer: it reads the events since the last run, and the earlier events of the same shoppers. All statistics are
    computed again if a shopper was forgotten since.
    """
    with reported(as_json):
        from dataclasses import asdict
        from time import time

        from snapshelf.ranking import ModelStore, refresh_statistics
        from snapshelf.shelf import open_catalogue

        items = items_of(shelf)
        with opened_journal(shelf) as journal, open_catalogue(shelf) as catalogue:
            done = refresh_statistics(ModelStore(shelf), journal, items, catalogue, now=time())
        if as_json:
            print_json(asdict(done))
        else:
            typer.echo(
                f"counted {done.events:,} events and {done.impressions:,} impressions"
                f"{', everything anew' if done.anew else ''}"
            )


@rank.command("eval")
def evaluate(
    log: LogOption = None,
    candidate: CandidateOption = False,
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """Measure the ranking that serves, or the candidate, on the last searches of a log.

    Beside it: the order as shown, popularity, the fixed formula, the model without the shopper, and the model with
    another shopper's history, which must hurt. Then an off-policy estimate of the clicks that the ranking would have
    earned on those searches, from the propensities of exploration.
    """
    with reported(as_json):
        from time import time

        from snapshelf.errors import EvaluationError
        from snapshelf.evaluation import evaluate_off_policy, evaluate_ranking
        from snapshelf.ranking import ModelRanker, ModelStore, training_split

        shop_log, items = read_shop_log(log, shelf), items_of(shelf)
        divided = training_split(items, shop_log.impressions, shop_log.interactions, now=time())
        ranking = ModelStore(shelf)
        model = ranking.candidate() if candidate else ranking.current()
        report = evaluate_ranking(model, divided.statistics, divided.test).to_json()
        try:
            report["off_policy"] = evaluate_off_policy(
                ModelRanker(divided.statistics, model),
                items,
                divided.histories,
                shop_log.impressions,
                shop_log.interactions,
                since=divided.test_from,
            ).to_json()
        except EvaluationError as error:
            report["off_policy"] = {"trusted": False, "refused": str(error)}
        _print_figures(report, as_json)
        if not as_json:
            _print_off_policy(report["off_policy"])


@rank.command()
def promote(
    shelf: ShelfOption = DEFAULT_SHELF,
    force: Annotated[bool, typer.Option("--force", help="Promote it even if it has not won.")] = False,
    back: Annotated[
        bool, typer.Option("--back", help="Take the last promotion back: the model before serves again.")
    ] = False,
) -> None:
    """Let the candidate serve, if it won on later searches and another shopper's history hurts it."""
    with reported(as_json=False):
        from snapshelf.ranking import ModelStore

        ranking = ModelStore(shelf)
        ranking.roll_back() if back else ranking.promote(force=force)
        note("the ranking before serves again" if back else "the candidate serves now")


@rank.command()
def explain(
    shelf: ShelfOption = DEFAULT_SHELF,
    candidate: CandidateOption = False,
    as_json: JsonOption = False,
) -> None:
    """List the features with their meaning and their share of the ranking."""
    with reported(as_json):
        from snapshelf.ranking import FEATURES, FixedFormula, ModelStore

        ranking = ModelStore(shelf)
        model = ranking.candidate() if candidate else ranking.current()
        if isinstance(model, FixedFormula):
            note("no model was promoted: the fixed formula ranks")
            shares = {}
        else:
            shares = model.importance()
        meanings = {feature.name: feature.meaning for feature in FEATURES}
        if as_json:
            print_json([{"feature": n, "share": shares.get(n), "meaning": m} for n, m in meanings.items()])
            return
        ordered = sorted(meanings, key=lambda name: -shares.get(name, 0))
        rows = [(name, f"{shares[name]:.1%}" if shares else "", meanings[name]) for name in ordered]
        print_table({"feature": "left", "share": "right", "meaning": "left"}, rows)


def items_of(shelf: Path) -> "Items":
    """Columns of the products of a shelf, which may be open elsewhere."""
    from snapshelf.ranking import FOLDER as RANKING
    from snapshelf.ranking import ITEMS, ItemTable
    from snapshelf.shelf import open_catalogue

    with open_catalogue(shelf) as catalogue:
        return ItemTable.open(shelf / RANKING / ITEMS, catalogue).items


def _print_figures(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    names = ("NDCG@10", "HR@10", "MRR")
    rows = [
        (model, *(_with_interval(figures[name], *figures["intervals"][name]) for name in names))
        for model, figures in report["models"].items()
    ]
    print_table({"model": "left", **dict.fromkeys(names, "right")}, rows)
    note(f"{report['searches']:,} searches; in brackets: 95 % bootstrap intervals")


def _print_off_policy(report: dict[str, Any]) -> None:
    if estimates := report.get("estimates"):
        typer.echo()
        rows = [
            (
                name,
                _with_interval(estimate["value"], estimate["low"], estimate["high"]),
                f"{estimate['effective']:,.0f}",
            )
            for name, estimate in estimates.items()
        ]
        columns: dict[str, Side] = {
            "estimate": "left",
            "clicks per place": "right",
            "effective samples": "right",
        }
        print_table(columns, rows)
        note(
            f"{report['searches']:,} searches with {report['places']:,} places; the ranking agrees with "
            f"{report['agreed']:.0%}, and exploration had moved {report['swapped']:,}"
        )
    if report["refused"]:
        note(f"not to be trusted: {report['refused']}")


def _with_interval(value: float, low: float, high: float) -> str:
    return f"{value:.4f} ({low:.4f}–{high:.4f})"


def _print(report: "PersonalReport") -> None:
    values = report.to_json()
    names = ("HR@10", "NDCG@10", "low", "high", "MRR", "ms_per_request")
    numbers: dict[str, Side] = dict.fromkeys(names, "right")
    rows = [
        (model, *(f"{figures[name]:.4f}" for name in names)) for model, figures in values["models"].items()
    ]
    print_table({"model": "left", **numbers}, rows)
    if lists := values.get("lists"):
        spread = ("coverage", "gini", "diversity")
        typer.echo()
        print_table(
            {"list of ten": "left", **dict.fromkeys(spread, "right")},
            [(model, *(f"{figures[name]:.4f}" for name in spread)) for model, figures in lists.items()],
        )
    note(
        f"{values['shoppers']:,} shoppers, protocol {report.protocol}; low and high: 95 % bootstrap interval of NDCG@10"
    )
