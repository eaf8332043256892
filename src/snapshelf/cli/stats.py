"""``snapshelf stats``."""

from dataclasses import asdict

import typer

from snapshelf.cli.console import print_json, reported
from snapshelf.cli.options import DEFAULT_SHELF, DatabaseOption, JsonOption, ShelfOption
from snapshelf.cli.tune import print_tuning


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(stats)


def stats(
    shelf: ShelfOption = DEFAULT_SHELF, database: DatabaseOption = None, as_json: JsonOption = False
) -> None:
    """Show the number of products of a shelf, its encoder and its size."""
    with reported(as_json):
        from snapshelf.shelf import Shelf

        with Shelf.open(shelf, database=database, create=False) as opened:
            stats = opened.stats()
        values = asdict(stats)
        if as_json:
            print_json(values)
        else:
            quarantined, rule_warnings = values.pop("quarantined"), values.pop("rule_warnings")
            del values["tuning"]
            for name, value in values.items():
                typer.echo(f"{name.replace('_', ' ')}: {f'{value:,}' if isinstance(value, int) else value}")
            typer.echo(f"quarantined: {len(quarantined):,}")
            for id, reason in quarantined.items():
                typer.echo(f"  {id}: {reason}")
            for warning in rule_warnings:
                typer.echo(f"warning: {warning}")
            if stats.tuning is not None:
                print_tuning(stats.tuning)
