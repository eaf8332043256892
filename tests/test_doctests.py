"""The examples in the docstrings run, on a shelf of six products."""

from __future__ import annotations

import csv
import doctest
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import snapshelf
from snapshelf.demo import DemoProduct, draw_catalogue
from snapshelf.shelf import Shelf

PRODUCTS = {
    # id: title, price, brand, category, and what the photo shows
    "D-1": ("Red dress 红色连衣裙", 199, "Quillmere", "Clothing > Dresses", ("dress", "red")),
    "D-2": ("Blue dress 蓝色连衣裙", 349, "Quillmere", "Clothing > Dresses", ("dress", "blue")),
    "S-1": ("White casual shoes 白色休闲鞋", 259, "Fernbrook", "Shoes", ("casual shoes", "white")),
    "B-1": ("Black backpack 黑色双肩包", 299, "Fernbrook", "Bags", ("backpack", "black")),
    "M-1": ("Green mug 绿色马克杯", 39, "Koto", "Home > Kitchen", ("mug", "green")),
    "V-1": ("White vase 白色花瓶", 89, "Koto", "Home > Decoration", ("vase", "white")),
}


def modules() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(snapshelf.__path__, "snapshelf."):
        # Training needs PyTorch, and `__main__` would start the program.
        if not info.name.startswith("snapshelf.training") and not info.name.endswith("__main__"):
            yield importlib.import_module(info.name)


def examples() -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    tests = [test for module in [snapshelf, *modules()] for test in finder.find(module) if test.examples]
    return list({(test.filename, test.lineno): test for test in tests}.values())


EXAMPLES = examples()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a feed, its photos and a photo to search with."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "photos").mkdir()
    drawn: dict[str, DemoProduct] = {product.kind: product for product in draw_catalogue(300, 3)}
    with (folder / "products.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "title", "price", "brand", "category", "image", "colour"])
        for id, (title, price, brand, category, (kind, colour)) in PRODUCTS.items():
            picture = replace(drawn[kind], colour=colour, pattern="solid").photo(240)
            picture.save(folder / "photos" / f"{id}.jpg", quality=92)
            rows.writerow([id, title, f"{price} CNY", brand, category, f"{id}.jpg", colour])
    (folder / "query.jpg").write_bytes((folder / "photos" / "D-1.jpg").read_bytes())
    return folder


@pytest.fixture(scope="module")
def shelf(shop: Path) -> Iterator[Shelf]:
    with Shelf.open(shop / "shelf") as opened:
        assert opened.add(shop / "products.csv", photos=shop / "photos").added == len(PRODUCTS)
        yield opened


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.name for example in EXAMPLES])
def test_examples_print_what_they_say(
    example: doctest.DocTest, shop: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    if "shelf" not in example.globs:
        example.globs["shelf"] = shelf
    output: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=output.append)
    assert result.failed == 0, "".join(output)
    assert result.attempted == len(example.examples)


def test_no_example_is_skipped() -> None:
    skipped = [test.name for test in EXAMPLES for part in test.examples if doctest.SKIP in part.options]
    assert skipped == []


def test_every_public_name_has_an_example() -> None:
    names = {test.name for test in EXAMPLES}
    without = []
    for name in snapshelf.__all__:
        thing = getattr(snapshelf, name)
        home = f"{getattr(thing, '__module__', 'snapshelf')}.{name}"
        if not isinstance(thing, ModuleType) and home not in names:
            without.append(home)
    assert without == []
