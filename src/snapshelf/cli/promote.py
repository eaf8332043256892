"""``snapshelf promote``."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snapshelf.cli.console import note, print_json, print_table, progress, reported
from snapshelf.cli.options import DEFAULT_SHELF, AllowHttpOption, JsonOption, ShelfOption

if TYPE_CHECKING:
    from snapshelf.shelf import Promotion


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(promote)


def promote(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="[MODEL]", help="Folder or name of the encoder; without it, the history of promotions."
        ),
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="Take the last promotion back instead.")] = False,
    photos: Annotated[
        Path | None,
        typer.Option(
            "--photos",
            help="Folder or tar of the photos that the shelf was made from.",
            show_default="the shelf's thumbnails, up to 320 pixels",
        ),
    ] = None,
    allow_http: AllowHttpOption = False,
    force: Annotated[
        str | None,
        typer.Option(
            "--force", metavar="REASON", help="Promote in spite of the verdict; the reason is recorded."
        ),
    ] = None,
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """Give a shelf another encoder: encode its photos anew and change over at the end.

    A model whose verdict.json is bad or missing is refused. The shelf works with the old encoder until the last
    moment and may be served meanwhile; an interrupted run is resumed by giving the same command again.
    """
    if back and (model is not None or force is not None):
        raise typer.BadParameter("--back takes neither a model nor --force: it returns to the encoder before")
    with reported(
        as_json, if_stopped="stopped; the shelf is as it was, and the same command continues from here"
    ):
        from snapshelf.shelf import history, roll_back
        from snapshelf.shelf import promote as promote_encoder

        if model is None and not back:
            _print_history(history(shelf), as_json)
            return
        with progress("photos") as report_progress:
            if model is None:
                rollout = roll_back(shelf, photos=photos, allow_http=allow_http, progress=report_progress)
            else:
                rollout = promote_encoder(
                    shelf, model, photos=photos, allow_http=allow_http, force=force, progress=report_progress
                )
        if as_json:
            print_json(asdict(rollout))
        else:
            typer.echo(
                f"{shelf} uses {rollout.name} now ({rollout.after}): {rollout.photos:,} photos, "
                f"{rollout.encoded:,} encoded for it"
            )
        for objection in rollout.overruled:
            note(f"overruled: {objection}")
        if rollout.from_thumbnails:
            note(
                f"{rollout.from_thumbnails:,} photos were encoded from the shelf's thumbnails, because the files were "
                "not given with --photos or have changed"
            )


def _print_history(entries: "list[Promotion]", as_json: bool) -> None:
    if as_json:
        print_json([asdict(each) for each in entries])
    elif not entries:
        typer.echo("no encoder was ever promoted on this shelf")
    else:
        print_table(
            {
                "when": "left",
                "who": "left",
                "action": "left",
                "encoder": "left",
                "fingerprint": "left",
                "forced": "left",
            },
            [
                (each.when, each.who, each.action, each.name, each.after, each.reason or "")
                for each in entries
            ],
        )
