"""``snapshelf demo``."""

import hashlib
import os
import shutil
import sys
import threading
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snapshelf.cli.add import columns_of, problems, summary
from snapshelf.cli.console import note, progress, reported
from snapshelf.cli.options import AllowHttpOption, HostOption, MapOption, PhotosOption, PortOption
from snapshelf.cli.showcase import SHOWN, drawn_showcases, examples, own_showcases, show
from snapshelf.cli.simulated import example_shoppers, show_shoppers
from snapshelf.errors import EncoderMismatchError

if TYPE_CHECKING:
    from snapshelf.demo import DemoFiles
    from snapshelf.shelf import Shelf


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    folder: Annotated[
        Path,
        typer.Option("--folder", help="Where the drawn catalogue and the shelf are kept for the next start."),
    ] = Path("demo-shelf"),
    catalogue: Annotated[
        Path | None,
        typer.Option("--catalogue", help="Show this feed instead of the drawn catalogue."),
    ] = None,
    photos: PhotosOption = None,
    mapping: MapOption = None,
    allow_http: AllowHttpOption = False,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End after the example searches.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
) -> None:
    """Show what Snapshelf does: draw a shop, index it, search it, serve its page.

    About 1,500 products are drawn by the program itself. Starting again reuses everything.
    """
    if catalogue is None and (photos or mapping or allow_http):
        raise typer.BadParameter(
            "--photos, --map and --allow-http are for your own feed: give --catalogue too"
        )
    with reported(as_json=False, if_stopped="stopped; the same command continues from there"):
        from snapshelf.catalogue import read_feed
        from snapshelf.server import ServerSettings, serve

        columns = columns_of(mapping)
        drawn = None
        if catalogue is None:
            drawn = _drawn(folder / "drawn")
            feed = read_feed(drawn.feed)
        else:
            feed = read_feed(catalogue, columns)
        with _opened(folder / _name(catalogue), serving=not no_serve) as shelf:
            with problems(None) as report_problem, progress("indexing") as report_progress:
                report = shelf.add(
                    feed.path,
                    photos=photos,
                    mapping=columns,
                    allow_http=allow_http,
                    progress=report_progress,
                    errors=report_problem,
                )
            typer.echo(f"indexed {feed.path}: {summary(report)}")
            showcases = (
                drawn_showcases(drawn)
                if drawn
                else own_showcases(shelf, (row.product for row in feed if row.product))
            )
            show(shelf, showcases[:SHOWN])
            if drawn:
                show_shoppers(shelf, folder / _name(catalogue))
            if not no_serve:
                serve(
                    shelf,
                    host,
                    port,
                    settings=ServerSettings(allow_http=allow_http),
                    examples=examples(showcases),
                    shoppers=example_shoppers() if drawn else (),
                    on_ready=lambda address: _welcome(address, browser=not no_browser),
                )


def _drawn(folder: Path) -> "DemoFiles":
    from snapshelf.demo import write_demo

    start = time.monotonic()
    with progress("drawing") as report_progress:
        files = write_demo(folder, progress=report_progress)
    if files.drawn:
        typer.echo(f"drew {files.drawn:,} pictures into {folder} in {time.monotonic() - start:.1f} s")
    else:
        typer.echo(f"all pictures are in {folder} already")
    return files


def _opened(place: Path, *, serving: bool) -> "Shelf":
    from snapshelf.shelf import Shelf

    try:
        return Shelf.open(place, serving=serving)
    except EncoderMismatchError:
        # It was left by another version of Snapshelf, and nothing is in it that the feed does not bring again.
        note(f"{place} was made with another encoder and is built anew")
        shutil.rmtree(place)
        return Shelf.open(place, serving=serving)


def _name(catalogue: Path | None) -> str:
    """Name the shelf of a feed: feeds of the same name in different folders do not mix."""
    if catalogue is None:
        return "shelf"
    place = hashlib.blake2b(os.fsencode(catalogue.resolve()), digest_size=4).hexdigest()
    return f"{catalogue.name.partition('.')[0]}-{place}"


def _welcome(address: str, *, browser: bool) -> None:
    typer.secho(f"\nOpen {address} (API: {address}/openapi.json). Ctrl-C stops.", bold=True)
    if browser and _has_display():
        # Starting a browser can take seconds, and the server is about to answer it.
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _has_display() -> bool:
    return sys.platform in {"darwin", "win32"} or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
