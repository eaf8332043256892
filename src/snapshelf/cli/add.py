"""``snapshelf add``."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from snapshelf.cli.console import note, print_json, progress, reported
from snapshelf.cli.options import (
    DEFAULT_SHELF,
    AllowHttpOption,
    DatabaseOption,
    JsonOption,
    MapOption,
    PhotosOption,
    ShelfOption,
)
from snapshelf.errors import StorageError

if TYPE_CHECKING:
    from snapshelf.shelf import AddReport, RowError

SOME_ROWS_REFUSED = 3
"""Exit code: the rest of the feed was added."""

_PROBLEMS_SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(add)


def add(
    feed: Annotated[Path, typer.Argument(help="Products: a CSV, JSON Lines or Parquet file.")],
    photos: PhotosOption = None,
    shelf: ShelfOption = DEFAULT_SHELF,
    database: DatabaseOption = None,
    mapping: MapOption = None,
    format: Annotated[
        Literal["csv", "jsonl", "parquet"] | None,
        typer.Option("--format", help="Format of the feed.", show_default="from the file's name"),
    ] = None,
    allow_http: AllowHttpOption = False,
    errors: Annotated[
        Path | None,
        typer.Option(
            "--errors", help="Write rows and photos that cannot be used to this file, as JSON lines."
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            help="Name or folder of the encoder.",
            show_default="the shelf's; bundled for a new shelf",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Add the products of a feed to a shelf, or bring them up to date.

    A row that cannot be used or searched is reported and the rest is added; the exit code is 3 then. Stored photos are
    not encoded again, so an interrupted run is resumed by running it again.
    """
    with reported(
        as_json, if_stopped="stopped; indexed rows are kept, and the same command continues from there"
    ):
        from snapshelf.catalogue import read_feed
        from snapshelf.shelf import Shelf

        columns = columns_of(mapping)
        # A feed that cannot be read must not leave an empty shelf behind.
        understood = read_feed(feed, columns, format=format).mapping
        note("columns: " + ", ".join(f"{field}={column}" for field, column in understood.items()))
        with (
            problems(errors) as report_problem,
            Shelf.open(shelf, database=database, encoder=encoder) as opened,
            progress("rows") as report_progress,
        ):
            report = opened.add(
                feed,
                photos=photos,
                mapping=columns,
                format=format,
                allow_http=allow_http,
                progress=report_progress,
                errors=report_problem,
            )
        print_json(asdict(report)) if as_json else typer.echo(summary(report))
        if report.failed or report.quarantined:
            raise typer.Exit(SOME_ROWS_REFUSED)


def summary(report: "AddReport") -> str:
    """Return the report of `Shelf.add` as a line."""
    changed = report.added + report.updated
    counts = f"{report.added:,} added, {report.updated:,} updated, " if changed else "nothing changed: "
    refused = f", {report.failed:,} refused" if report.failed else ""
    refused += f", {report.quarantined:,} not searchable" if report.quarantined else ""
    encoded = f"{report.photos_encoded:,} photos encoded" if report.photos_encoded else "no photo encoded"
    counts += f"{report.unchanged:,} unchanged{refused}"
    return f"{report.rows:,} rows: {counts}; {encoded}; {report.seconds:.1f} s"


def columns_of(mapping: list[str] | None) -> dict[str, str] | None:
    """Read the ``--map`` options."""
    from snapshelf.catalogue import parse_mapping

    return parse_mapping(",".join(mapping)) if mapping else None


@contextmanager
def problems(file: Path | None) -> Iterator[Callable[["RowError"], None]]:
    """Write problems to a file as they come, or show the first few."""
    count = 0

    def show(problem: "RowError") -> None:
        nonlocal count
        count += 1
        if count <= _PROBLEMS_SHOWN:
            note(problem.message)

    if file is None:
        yield show
        if count > _PROBLEMS_SHOWN:
            note(f"… and {count - _PROBLEMS_SHOWN:,} more; --errors FILE writes them all")
        return

    try:
        lines = file.open("w", encoding="utf-8", buffering=1)
    except OSError as error:
        raise StorageError(f"{file}: cannot be written: {error.strerror}") from error

    def write(problem: "RowError") -> None:
        nonlocal count
        count += 1
        lines.write(json.dumps(asdict(problem), ensure_ascii=False) + "\n")

    with lines:
        yield write
    if count:
        note(f"{count:,} problems are in {file}")
