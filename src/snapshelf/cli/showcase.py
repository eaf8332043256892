"""Example searches that show what a shelf can do: in the terminal, and as examples on the page."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from snapshelf.cli.hits import print_hits
from snapshelf.errors import FeedError, NotFoundError

if TYPE_CHECKING:
    from snapshelf.catalogue import Product
    from snapshelf.demo import DemoFiles
    from snapshelf.server import Example
    from snapshelf.shelf import Shelf

SHOWN = 3
"""How many of the examples the terminal shows."""

_HITS = 5
_COLOURS = (("red", "红色"), ("blue", "蓝色"))


@dataclass(frozen=True, slots=True)
class Showcase:
    """One example search, named in both languages."""

    label_en: str
    label_zh: str
    text: str | None = None
    photo: bytes | None = None


def drawn_showcases(files: "DemoFiles") -> list[Showcase]:
    """Give a shopper's photo, words, and both; then more photos and words to try."""
    titles = {row["id"]: row["attributes"] for row in _rows(files.feed)}
    products = [line.split("\t")[1] for line in files.qrels.read_text("utf-8").splitlines()[1:]]
    photos = [
        Showcase(titles[product]["title_en"], titles[product]["title_zh"], None, path.read_bytes())
        for product, path in zip(
            products, (files.folder / row["image"] for row in _rows(files.queries)), strict=True
        )
    ]
    colour_en, colour_zh = next(pair for pair in _COLOURS if pair[0] != titles[products[0]]["colour"])
    first = photos[0]
    kind_en, kind_zh = _kind(titles[products[0]]["title_en"])
    both = Showcase(
        f"{first.label_en} + “{colour_en} {kind_en}”",
        f"{first.label_zh} + “{colour_zh}{kind_zh}”",
        f"{colour_zh}{kind_zh}",
        first.photo,
    )
    words = [
        Showcase(text, text, text)
        for text in ("红色连衣裙", "男士黑色手表", "striped backpack", "white ceramic mug")
    ]
    return [first, words[0], both, *words[1:], *photos[1:8]]


def _kind(title: str) -> tuple[str, str]:
    """What a title calls the product, in both languages: the last category it names."""
    from snapshelf.language import Lexicon

    named = [match.concept for match in Lexicon.bundled().find(title) if match.concept.kind == "category"]
    return (named[-1].label("en"), named[-1].label("zh")) if named else ("", "")


def own_showcases(shelf: "Shelf", products: Iterable["Product"]) -> list[Showcase]:
    """Give the photo of the feed's first product, its title, and both."""
    for product in products:
        try:
            photo = shelf.photo(product.id)
        except NotFoundError:
            continue  # the shelf refused it
        title = product.title
        return [
            Showcase(title, title, None, photo),
            Showcase(title, title, title),
            Showcase(f"{title} + “{title}”", f"{title} + “{title}”", title, photo),
        ]
    raise FeedError(
        "no product of the feed could be used, so there is nothing to show; see `snapshelf add --help`"
    )


def show(shelf: "Shelf", showcases: Iterable[Showcase]) -> None:
    """Search for each and print the hits."""
    for number, showcase in enumerate(showcases, start=1):
        photo_en, photo_zh = ("photo: ", "照片：") if showcase.photo else ("", "")
        labels = f"{photo_en}{showcase.label_en} · {photo_zh}{showcase.label_zh}"
        typer.secho(f"\nExample {number} · {labels}", bold=True)
        print_hits(shelf.search(photo=showcase.photo, text=showcase.text, k=_HITS))


def examples(showcases: Iterable[Showcase]) -> list["Example"]:
    """Return them as examples of the page."""
    from snapshelf.server import Example

    return [Example(**asdict(showcase)) for showcase in showcases]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
