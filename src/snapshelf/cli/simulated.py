"""The demo's shoppers: simulated, written to the journal, counted, and shown."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from snapshelf.cli.console import progress
from snapshelf.cli.rank import items_of

if TYPE_CHECKING:
    from snapshelf.server import ExampleShopper
    from snapshelf.shelf import Shelf

_AT_ONCE = 500
_SHOWN = 4


def show_shoppers(shelf: "Shelf", place: Path) -> None:
    """Let simulated shoppers search the shop, if they have not yet, and print what is for each of the personas."""
    from snapshelf.demo import PERSONAS

    if not shelf.journal.stats().events:
        _simulate(shelf, place)
    typer.secho("\nFor each of the shoppers · 每位顾客的推荐", bold=True)
    for persona in PERSONAS:
        response = shelf.recommend("for-you", shopper=persona.id, k=_SHOWN)
        typer.echo(f"{persona.en} · {persona.zh} ({persona.likes_en})")
        for recommendation in response:
            typer.echo(f"  {recommendation.product.title}: {recommendation.reason.en}")


def _simulate(shelf: "Shelf", place: Path) -> None:
    from snapshelf.demo import draw_catalogue, simulate
    from snapshelf.events import ingest_events
    from snapshelf.ranking import ModelStore, refresh_statistics
    from snapshelf.shelf import open_catalogue

    start = time.monotonic()
    now = time.time()
    lines = simulate(list(draw_catalogue()), until=now).lines
    with progress("shoppers") as report_progress:
        for first in range(0, len(lines), _AT_ONCE):
            ingest_events(shelf.journal, enumerate(lines[first : first + _AT_ONCE], first + 1))
            report_progress(min(first + _AT_ONCE, len(lines)), len(lines))
    with open_catalogue(place) as catalogue:
        refresh_statistics(ModelStore(place), shelf.journal, items_of(place), catalogue, now=now)
    typer.echo(
        f"simulated {len(lines):,} searches and events of shoppers in {time.monotonic() - start:.1f} s"
    )


def example_shoppers() -> list["ExampleShopper"]:
    """Offer the personas on the page."""
    from snapshelf.demo import PERSONAS
    from snapshelf.server import ExampleShopper

    return [
        ExampleShopper(
            id=persona.id,
            name_en=persona.en,
            name_zh=persona.zh,
            likes_en=persona.likes_en,
            likes_zh=persona.likes_zh,
        )
        for persona in PERSONAS
    ]
