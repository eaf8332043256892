"""``snapshelf search`` and ``snapshelf similar``."""

from pathlib import Path
from typing import Annotated

import typer

from snapshelf.cli._console import print_json, reported
from snapshelf.cli._hits import print_hits, result_json
from snapshelf.cli._options import DEFAULT_SHELF, JsonOption, KOption, ModeOption, ShelfOption, WhereOption


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(search)
    app.command()(similar)


def search(
    photo: Annotated[
        Path | None, typer.Option("--photo", "-p", help="A photo of what is looked for.")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", "-t", help="Words, Chinese or English.")] = None,
    where: WhereOption = None,
    k: KOption = 10,
    mode: ModeOption = "full",
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """Find products by photo, by words, or by both at once.

    With both, the words change what the photo asks for: a photo of a red dress with "green" finds green
    dresses like it.
    """
    with reported(as_json):
        from snapshelf import Shelf

        with Shelf.open(shelf, create=False) as opened:
            result = opened.search(photo=photo, text=text, k=k, where=where, mode=mode)
        print_json(result_json(result)) if as_json else print_hits(result)


def similar(
    product_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a product of the shelf.")],
    where: WhereOption = None,
    k: KOption = 10,
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """Find products that look like one of the shelf's."""
    with reported(as_json):
        from snapshelf import Shelf

        with Shelf.open(shelf, create=False) as opened:
            result = opened.similar(product_id, k=k, where=where)
        print_json(result_json(result)) if as_json else print_hits(result)
