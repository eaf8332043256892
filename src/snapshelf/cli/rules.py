"""``snapshelf rules``: the shop's own rules."""

from pathlib import Path
from typing import Annotated

import typer

from snapshelf.cli.console import note, print_json, reported
from snapshelf.cli.options import DEFAULT_SHELF, DatabaseOption, JsonOption, ShelfOption

rules = typer.Typer(
    name="rules",
    help="Check and show the rules of a shop: boost, bury, pin, hide, redirect.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(rules)


@rules.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The rules, as in rules.yaml.")],
    shelf: Annotated[
        Path | None,
        typer.Option("--shelf", "-s", help="Also check them against the products of this shelf."),
    ] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check whether rules are consistent; with a shelf, also whether it has what they name."""
    with reported(as_json):
        from snapshelf.errors import RuleError
        from snapshelf.search import Rules

        if not file.is_file():
            raise RuleError(f"{file}: there is no such file")
        names = [rule.name for rule in Rules.load(file)]
        warnings = [] if shelf is None else _warnings(file, shelf, database)
        if as_json:
            print_json({"rules": names, "warnings": warnings})
        else:
            typer.echo(f"{len(names)} rules that hold together: {', '.join(names)}" if names else "no rules")
            for warning in warnings:
                note(f"warning: {warning}")


def _warnings(file: Path, shelf: Path, database: str | None) -> list[str]:
    from snapshelf.shelf import Shelf

    with Shelf.open(shelf, database=database, create=False) as opened:
        return [warning.message for warning in opened.check_rules(file.read_text("utf-8"))]


@rules.command()
def show(
    shelf: ShelfOption = DEFAULT_SHELF, database: DatabaseOption = None, as_json: JsonOption = False
) -> None:
    """Print the rules of a shelf as they were written."""
    with reported(as_json):
        from snapshelf.shelf import Shelf

        with Shelf.open(shelf, database=database, create=False) as opened:
            text = opened.rules
        if as_json:
            print_json({"rules": text})
        else:
            typer.echo(text.rstrip("\n")) if text else note("this shelf has no rules")
