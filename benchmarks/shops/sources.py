"""The shops: their feeds as the shop systems write them, and their photos.

Every feed goes through the shelf's own reader. What is added here is only what the reader cannot have: JSON arrays
become JSON lines, and products whose photo is not at hand get a plain one.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
import tarfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from PIL import Image

from benchmarks.shops.electronics import rows as draw_electronics
from snapshelf.demo import write_demo

DATA = Path(__file__).parent / "data"
_SIDE = 64
_SEED = 11

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """The files of a shop.

    Parameters
    ----------
    feeds : sequence of Path
    photos : Path
        Folder or tar file.
    codes : sequence of str
        Attributes that are codes, beside the id.
    mapping : mapping
        Field → column, see `Shelf.add`.
    photographed : str
        Which photos the products have, in words.
    words : mapping
        Title → its words, for titles in Chinese whose words are known.
    """

    feeds: Sequence[Path]
    photos: Path
    codes: Sequence[str] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    photographed: str = "own"
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)


def plain_photo(id: str) -> bytes:
    """Return a photo that says nothing about a product: a pale surface, of a shade that follows from its id."""
    shade = zlib.crc32(id.encode())
    colour = tuple(160 + (shade >> 8 * channel & 0xFF) * 80 // 255 for channel in range(3))
    buffer = io.BytesIO()
    Image.new("RGB", (_SIDE, _SIDE), colour).save(buffer, "PNG")
    return buffer.getvalue()


def dummyjson(shared: Path, folder: Path) -> Source:
    """Take the products of DummyJSON; nested objects become columns with a dot, as exports write them."""
    rows = json.loads((shared / "shops/dummyjson/products.json").read_text("utf-8"))
    for row in rows:
        del row["reviews"], row["thumbnail"]
        for name in [name for name, value in row.items() if isinstance(value, dict)]:
            row |= {f"{name}.{key}": value for key, value in row.pop(name).items()}
    feed = _write_lines(folder, rows, "id", "images", lambda _: None)
    return Source((feed,), folder, codes=("sku", "meta.barcode"), photographed="plain")


def eshop(shared: Path, folder: Path) -> Source:
    """Take the catalogue of eShop; its colours and kinds are in the titles."""
    rows = json.loads((shared / "shops/eshop/catalog.json").read_text("utf-8"))
    photos = _unpack(shared / "shops/eshop/photos.tar", folder)
    feed = _write_lines(folder, rows, "Id", "image", lambda row: photos.get(f"{row['Id']}.webp"))
    return Source((feed,), folder)


def magento(shared: Path, folder: Path) -> Source:
    """Take the four sample files of Magento: bags, fitness, watches, and clothes with their variants."""
    photos = _unpack(shared / "shops/magento/photos.tar", folder)

    def photo(row: Row) -> str | None:
        row["category"] = _magento_category(row)
        row.pop("additional_images", None)  # most are not in the tar
        return photos.get((row.get("base_image") or "").removeprefix("/"))

    tables = sorted((shared / "shops/magento").glob("*.csv"))
    feeds = [_write_table(folder, table, "sku", "image", photo) for table in tables]
    return Source(feeds, folder, photographed="own, plain where there is none")


def oro(shared: Path, folder: Path) -> Source:
    """Take the products of OroCommerce: tools, lights, furniture and clothes for offices and hospitals."""
    photos = _unpack(shared / "shops/oro/photos.tar", folder)
    path = shared / "shops/oro/products.csv"
    feed = _write_table(folder, path, "sku", "image", lambda row: photos.get(f"{row['sku']}.jpg"))
    return Source((feed,), folder, photographed="own, plain where there is none")


def woocommerce(shared: Path, folder: Path) -> Source:
    """Take the sample products of WooCommerce."""
    path = shared / "shops/woocommerce/sample_products.csv"
    feed = _write_table(folder, path, "ID", "Images", lambda _: None)
    return Source((feed,), folder, codes=("SKU",), photographed="plain")


def grocery(shared: Path, _: Path) -> Source:
    """Take the catalogue of groceries."""
    return Source((shared / "grocery/catalogue.csv",), shared / "grocery/catalogue.tar")


def fashion(shared: Path, folder: Path) -> Source:
    """Draw 8,000 of the clothes."""
    with (shared / "fashion/products.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    feed = folder / "products.csv"
    _write_csv(feed, random.Random(_SEED).sample(rows, 8_000))
    return Source((feed,), shared / "fashion/images.tar")


def fashion_all(shared: Path, _: Path) -> Source:
    """Take all the clothes."""
    return Source((shared / "fashion/products.csv",), shared / "fashion/images.tar")


def demo(_: Path, folder: Path) -> Source:
    """Draw the demo catalogue: titles in English and Chinese."""
    return Source((write_demo(folder / "drawn").feed,), folder / "drawn", photographed="drawn")


def chinese(_: Path, folder: Path) -> Source:
    """Take our list of goods of a Chinese shop; the words of its titles are known."""
    rows = _read_list("chinese.tsv")
    words = {}
    for row in rows:
        parts = [part.replace("_", " ") for part in row["title"].split(" ")]
        row["title"] = join_words(parts)
        words[row["title"]] = parts
    feed = _write_lines(folder, rows, "id", "image", lambda _: None)
    return Source((feed,), folder, codes=("sku",), photographed="plain", words=words)


def european(_: Path, folder: Path) -> Source:
    """Take our list of German, Spanish and French goods."""
    feed = _write_lines(folder, _read_list("european.tsv"), "id", "image", lambda _: None)
    return Source((feed,), folder, codes=("ean",), photographed="plain")


def electronics(_: Path, folder: Path) -> Source:
    """Draw an electronics shop; its descriptions name the series of other products."""
    feed = _write_lines(folder, list(draw_electronics(3_000)), "id", "image", lambda _: None)
    return Source((feed,), folder, codes=("model", "ean"), photographed="plain")


SOURCES: Mapping[str, Callable[[Path, Path], Source]] = {
    "dummyjson": dummyjson,
    "eshop": eshop,
    "magento": magento,
    "oro": oro,
    "woocommerce": woocommerce,
    "grocery": grocery,
    "fashion": fashion,
    "demo": demo,
    "chinese": chinese,
    "european": european,
    "electronics": electronics,
    "fashion-all": fashion_all,
}
"""Name of a shop → what makes its files, of the folder of shared data and a folder to write to."""

OWN = ("demo", "chinese", "european", "electronics")
"""Shops that need no shared data."""

ON_DEMAND = ("fashion-all",)


def join_words(words: Iterable[str]) -> str:
    """Join the words of a Chinese title as shops write it: a space only between Latin words."""
    return (
        re.sub(r"(?<=[A-Za-z0-9+]) (?=[A-Za-z])|(?<=[A-Za-z]) (?=\d)", "\0", " ".join(words))
        .replace(" ", "")
        .replace("\0", " ")
    )


def _magento_category(row: Row) -> str:
    """The first of the paths of a row: "Default Category/Men/Tops,Default Category/New", or lines of a sample file."""
    if "categories" in row:
        return row["categories"].split(",")[0].removeprefix("Default Category/").replace("/", " > ")
    return " > ".join(row["category"].split("\n")[:2])


def _read_list(name: str) -> list[Row]:
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return [dict(row) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


def _unpack(tar: Path, folder: Path) -> dict[str, str]:
    """Unpack the photos; name in the tar → path in the folder."""
    with tarfile.open(tar) as photos:
        photos.extractall(folder, filter="data")
        return {member.name: member.name for member in photos if member.isfile()}


def _write_lines(
    folder: Path, rows: list[Row], id: str, column: str, photo: Callable[[Row], str | None]
) -> Path:
    path = folder / "products.jsonl"
    _give_photos(folder, rows, id, column, photo)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def _write_table(folder: Path, table: Path, id: str, column: str, photo: Callable[[Row], str | None]) -> Path:
    with table.open(encoding="utf-8", newline="") as lines:
        rows: list[Row] = [dict(row) for row in csv.DictReader(lines)]
    _give_photos(folder, rows, id, column, photo)
    path = folder / table.name
    _write_csv(path, rows)
    return path


def _write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _give_photos(
    folder: Path, rows: Iterable[Row], id: str, column: str, photo: Callable[[Row], str | None]
) -> None:
    """Name the photo of each row in a column, drawing a plain one where it has none of its own."""
    plain = folder / "plain"
    plain.mkdir(exist_ok=True)
    for row in rows:
        own = photo(row)
        if own is None:
            own = f"plain/{zlib.crc32(str(row[id]).encode()):08x}.png"
            (folder / own).write_bytes(plain_photo(str(row[id])))
        row[column] = own
