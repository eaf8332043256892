"""A small feed of drawn products, a shelf of it, and a way to run the program."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from snapshelf.cli import app
from snapshelf.demo import DemoProduct, draw_catalogue
from snapshelf.shelf import Shelf
from tests.cli.commands import COUNT, Run


@pytest.fixture(scope="session")
def drawings() -> list[DemoProduct]:
    return list(draw_catalogue(count=COUNT, seed=5))


@pytest.fixture(scope="session")
def feed(drawings: list[DemoProduct], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "photos").mkdir()
    with (folder / "products.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["sku", "name", "price", "image"])
        for drawing in drawings:
            drawing.photo(120).save(folder / "photos" / f"{drawing.id}.jpg", quality=90)
            rows.writerow([drawing.id, drawing.title, f"{drawing.price} CNY", f"{drawing.id}.jpg"])
    return folder / "products.csv"


@pytest.fixture(scope="session")
def photos(feed: Path) -> Path:
    return feed.parent / "photos"


@pytest.fixture(scope="session")
def shelf(feed: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf with the whole feed; tests only read it."""
    folder = tmp_path_factory.mktemp("filled") / "shelf"
    with Shelf.open(folder) as opened:
        opened.add(feed, photos=photos)
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process."""
    monkeypatch.delenv("SNAPSHELF_SHELF", raising=False)

    def invoke(*arguments: str | Path) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return invoke
