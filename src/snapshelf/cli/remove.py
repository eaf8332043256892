"""``snapshelf remove``."""

from typing import Annotated

import typer

from snapshelf.cli.console import print_json, reported
from snapshelf.cli.options import DEFAULT_SHELF, DatabaseOption, JsonOption, ShelfOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(remove)


def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of products.")],
    shelf: ShelfOption = DEFAULT_SHELF,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove products from a shelf; ids that it does not have are ignored."""
    with reported(as_json):
        from snapshelf.shelf import Shelf

        with Shelf.open(shelf, database=database, create=False) as opened:
            removed = opened.remove(ids)
        if as_json:
            print_json({"removed": removed})
        else:
            typer.echo(f"removed {removed:,} of {len(ids):,}")
