"""What commands print: results on standard output, everything else on standard error."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

import typer

from snapshelf.errors import SnapshelfError

Progress: TypeAlias = Callable[[int, int | None], None]
Side: TypeAlias = Literal["left", "right"]

_SECONDS_BETWEEN_LINES = 5.0


def print_json(value: Any) -> None:
    """Print a JSON value, indented."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(columns: Mapping[str, Side], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on a terminal, and elsewhere the same as lines of tab-separated columns."""
    if not sys.stdout.isatty():
        for row in (list(columns), *rows):
            typer.echo("\t".join(" ".join(cell.split()) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for name, side in columns.items():
        table.add_column(name, justify=side, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(markup=False, highlight=False).print(table)


def note(text: str) -> None:
    """Print a line beside the result."""
    typer.echo(text, err=True)


@contextmanager
def reported(as_json: bool, *, if_stopped: str = "stopped") -> Iterator[None]:
    """Turn an error into a line and exit code 1, Ctrl-C into `if_stopped` and exit code 130."""
    try:
        yield
    except SnapshelfError as error:
        message = " ".join(str(error).split())
        if as_json:
            print_json({"error": {"type": type(error).__name__, "message": message}})
        typer.secho(f"error: {message}", fg="red", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        note(if_stopped)
        raise typer.Exit(130) from None


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """Show progress: a bar on a terminal, a line from time to time elsewhere."""
    with _bar(what) if sys.stderr.isatty() else _lines(what) as report:
        yield report


@contextmanager
def _bar(what: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


@contextmanager
def _lines(what: str) -> Iterator[Progress]:
    reported_at = time.monotonic()

    def report(done: int, total: int | None) -> None:
        nonlocal reported_at
        if time.monotonic() - reported_at >= _SECONDS_BETWEEN_LINES:
            reported_at = time.monotonic()
            note(f"{what}: {done:,}" + (f" of {total:,}" if total is not None else ""))

    yield report
