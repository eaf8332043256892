"""``snapshelf serve``."""

import typer

from snapshelf.cli.console import note, reported
from snapshelf.cli.options import (
    DEFAULT_SHELF,
    AllowHttpOption,
    DatabaseOption,
    HostOption,
    PortOption,
    ShelfOption,
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    shelf: ShelfOption = DEFAULT_SHELF,
    database: DatabaseOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    allow_http: AllowHttpOption = False,
) -> None:
    """Serve a shelf: HTTP API and web page, until Ctrl-C."""
    with reported(as_json=False):
        from snapshelf.server import ServerSettings
        from snapshelf.server import serve as run
        from snapshelf.shelf import Shelf

        with Shelf.open(shelf, database=database, serving=True, create=False) as opened:
            run(
                opened,
                host,
                port,
                settings=ServerSettings(allow_http=allow_http),
                on_ready=lambda address: note(
                    f"{shelf} is served at {address} (API: {address}/openapi.json); Ctrl-C stops"
                ),
            )
