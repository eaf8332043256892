"""A shop that is measured: its shelf, kept in a cache folder, and its products as the judge reads them."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import snapshelf
from benchmarks.shops.sources import OWN, SOURCES, Source
from snapshelf.catalogue import Product
from snapshelf.errors import SnapshelfError
from snapshelf.shelf import Shelf, open_catalogue

_CODE = Path(snapshelf.__file__).parent
_DECIDES_INDEX = ("catalogue", "index", "language", "shelf", "encoders")
"""Rooms whose code decides what is in a shelf; a shelf of other code is indexed anew."""

_DECIDES_TUNING = (*_DECIDES_INDEX, "query", "search", "tuning")
_INDEX = ("store", "words")
_TUNING = "tuning.json"
_MADE = "made.json"


@dataclass(frozen=True)
class Shop:
    """A shop with its shelf.

    Parameters
    ----------
    name : str
    shelf : Path
    source : Source
    products : sequence of Product
    """

    name: str
    shelf: Path
    source: Source
    products: Sequence[Product]

    def forget_tuning(self) -> None:
        """Let the next run tune the shelf anew."""
        _remove(self.shelf.parent / _MADE)

    def code_values(self, product: Product) -> Mapping[str, str]:
        """Return the codes of a product by the name of their column."""
        codes = {"id": product.id}
        for name in self.source.codes:
            value = product.attributes.get(name)
            if isinstance(value, float):
                codes[name] = f"{value:.0f}"
            elif isinstance(value, str) and value:
                codes[name] = value
        return codes


def open_shop(name: str, shared: Path | None, cache: Path, report: Callable[[str], None]) -> Shop | None:
    """Take a shop from the cache, or build its shelf; None where its data is not at hand."""
    if name not in OWN and (shared is None or not shared.is_dir()):
        return None
    folder = cache / name
    made = folder / _MADE
    files, shelf = folder / "files", folder / "shelf"
    files.mkdir(parents=True, exist_ok=True)
    source = SOURCES[name](shared or files, files)
    code = {"index": _digest_of_code(_DECIDES_INDEX), "tuning": _digest_of_code(_DECIDES_TUNING)}
    known: dict[str, str] = json.loads(made.read_text()) if made.is_file() else {}
    if known != code:
        is_index_old = known.get("index") != code["index"]
        report(f"{name}: {'indexing' if is_index_old else 'tuning'} anew")
        for part in (*(_INDEX if is_index_old else ()), _TUNING):
            _remove(shelf / part)
        with Shelf.open(shelf) as built:  # tunes itself
            if is_index_old:
                _add(built, source, lambda text: report(f"{name}: {text}"))
        made.write_text(json.dumps(code))
    with open_catalogue(shelf) as catalogue:
        ids: list[str] = []
        while page := catalogue.ids(ids[-1] if ids else None):
            ids += page
        products = list(catalogue.get_many(ids).values())
    if not products:
        raise SnapshelfError(f"shop {name}: its shelf has no products; remove {folder} and run again")
    return Shop(name, shelf, source, products)


def _add(shelf: Shelf, source: Source, report: Callable[[str], None]) -> None:
    problems: list[str] = []
    for feed in source.feeds:
        shelf.add(
            feed,
            photos=source.photos,
            mapping=source.mapping,
            errors=lambda problem: problems.append(problem.message),
        )
    if problems:
        report(f"{len(problems)} rows not usable, the first: {problems[0]}")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _digest_of_code(rooms: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for room in rooms:
        for path in sorted((_CODE / room).rglob("*")):
            if path.suffix in (".py", ".yaml", ".json"):
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
