"""The program and its commands."""

from typing import Annotated

import typer

import snapshelf
from snapshelf.cli import add as _add
from snapshelf.cli import demo as _demo
from snapshelf.cli import encoders as _encoders
from snapshelf.cli import eval as _eval
from snapshelf.cli import journal as _journal
from snapshelf.cli import lexicon as _lexicon
from snapshelf.cli import promote as _promote
from snapshelf.cli import rank as _rank
from snapshelf.cli import recommend as _recommend
from snapshelf.cli import remove as _remove
from snapshelf.cli import report as _report
from snapshelf.cli import rules as _rules
from snapshelf.cli import search as _search
from snapshelf.cli import serve as _serve
from snapshelf.cli import stats as _stats
from snapshelf.cli import train as _train
from snapshelf.cli import tune as _tune

_HELP = """
Product search that sees: by photo, by Chinese or English words, or by both.

Every command works on a shelf, a folder: --shelf, or the environment variable SNAPSHELF_SHELF, or ./shelf.

Exit codes: 0 done, 1 error, 2 wrong usage, 3 done but some rows were refused, 130 stopped by Ctrl-C.
"""

app = typer.Typer(name="snapshelf", help=_HELP, pretty_exceptions_enable=False, rich_markup_mode="markdown")
_COMMANDS = (
    _add,
    _search,
    _stats,
    _remove,
    _serve,
    _demo,
    _rules,
    _lexicon,
    _report,
    _journal,
    _eval,
    _promote,
    _rank,
    _recommend,
    _train,
    _tune,
    _encoders,
)
for _command in _COMMANDS:
    _command.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"snapshelf {snapshelf.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _snapshelf(
    context: typer.Context,
    _: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the program: the entry point of the console script."""
    app()
