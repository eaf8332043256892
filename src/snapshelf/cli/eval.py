"""``snapshelf eval``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from snapshelf.cli.console import Side, note, print_json, print_table, progress, reported
from snapshelf.cli.options import DEFAULT_SHELF, DatabaseOption, JsonOption, ModeOption, ShelfOption

if TYPE_CHECKING:
    from snapshelf.evaluation import CalibrationReport, EvaluationReport


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("eval")(evaluate)


def evaluate(
    queries: Annotated[
        Path,
        typer.Option(
            "--queries", help='BEIR lines: {"_id", "text" and/or "image"}, image relative to the file.'
        ),
    ],
    qrels: Annotated[
        Path, typer.Option("--qrels", help="BEIR (query-id, corpus-id, score) or TREC (4 columns).")
    ],
    metrics: Annotated[
        str,
        typer.Option(
            "--metrics",
            help="R@k, P@k, RR, RR@k, nDCG, nDCG@k, AP, AP@k, Success@k, as ir_measures has them.",
        ),
    ] = "R@1,R@10,RR@10,nDCG@10,P@10",
    mode: ModeOption = "full",
    vary: Annotated[
        Literal["typo", "order"] | None,
        typer.Option("--vary", help="Vary the texts: a wrong letter in each, or the words shuffled."),
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate",
            help="Then fit the probabilities of relevance to these queries, and keep them in the shelf.",
        ),
    ] = False,
    shelf: ShelfOption = DEFAULT_SHELF,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the retrieval quality of a shelf with queries and qrels.

    Each figure is a mean over queries, with its 95 % bootstrap interval and what a random ranking would
    score. R@k divides by all relevant products; some published benchmarks divide by min(k, all relevant).

    Variants and duplicates are not collapsed, and the shop's rules do not apply: every product counts by itself.
    """
    with reported(as_json):
        from snapshelf.evaluation import (
            calibrate_shelf,
            evaluate_shelf,
            parse_metrics,
            read_qrels,
            read_queries,
        )
        from snapshelf.search import CALIBRATION
        from snapshelf.shelf import Shelf

        asked, judged, wanted = read_queries(queries), read_qrels(qrels), parse_metrics(metrics)
        calibrated = None
        with Shelf.open(shelf, database=database, create=False) as opened:
            with progress("queries") as report_progress:
                report = evaluate_shelf(
                    opened, asked, judged, wanted, mode=mode, variation=vary, progress=report_progress
                )
            if calibrate:
                with progress("calibration") as report_progress:
                    calibrated = calibrate_shelf(opened, asked, judged, progress=report_progress)
                calibrated.calibration.write(shelf / CALIBRATION)
        for count, what in (
            (report.queries_without_qrels, "queries are left out: they have no qrels"),
            (
                report.qrels_without_query,
                "queries of the qrels are left out: the queries file does not have them",
            ),
            (report.relevant_not_in_shelf, "relevant products are not in the shelf; they count as misses"),
        ):
            if count:
                note(f"{count:,} {what}")
        if as_json:
            print_json(report.to_json() | ({"calibration": calibrated.to_json()} if calibrated else {}))
            return
        _print(report)
        if calibrated:
            _print_calibration(calibrated)


def _print(report: "EvaluationReport") -> None:
    rows = [
        (
            name,
            *(f"{value:.4f}" for value in (metric.value, metric.low, metric.high)),
            f"{metric.random:.2g}",
        )
        for name, metric in report.metrics.items()
    ]
    numbers: dict[str, Side] = dict.fromkeys(("value", "low", "high", "random"), "right")
    print_table({"metric": "left", **numbers}, rows)
    varied = {None: "", "typo": ", a wrong letter in each", "order": ", words shuffled"}[report.variation]
    note(
        f"{report.queries:,} queries{varied} over {report.corpus:,} products, mode {report.mode}, "
        f"{report.seconds:.1f} s; low and high: 95 % bootstrap interval; random: expected of a random ranking"
    )


def _print_calibration(calibrated: "CalibrationReport") -> None:
    rows = [
        (kind, f"{fit.queries:,}", f"{fit.error:.3f}", f"{fit.cut_off:.3f}")
        for kind, fit in calibrated.kinds.items()
    ]
    print_table({"calibrated": "left", "queries": "right", "ECE": "right", "cut-off": "right"}, rows)
    note(
        "ECE: expected calibration error on queries left out of the fit; cut-off: below it, no good match. "
        "Searches use it from the next time that the shelf is opened"
    )
