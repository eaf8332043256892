"""Shopify's product export: a product is a run of rows, a row for each variant, then a row for each further image.

Only the first row of a run has the title and what else all variants share; see
https://help.shopify.com/en/manual/products/import-export/using-csv.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from snapshelf.catalogue.feeds.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshelf.catalogue.feeds.csv import CsvReader

_OPTIONS = tuple((f"Option{number} Name", f"Option{number} Value") for number in (1, 2, 3))
_OF_ONE_ROW = ("Variant ", "Option", "Image ")


def is_shopify(columns: tuple[str, ...]) -> bool:
    """Whether these are the columns of a Shopify export."""
    return {"Handle", "Title", "Variant Price"} <= set(columns)


class ShopifyReader:
    """Variants of a Shopify export, each with all that it has from its product; see `Reader`."""

    untyped = True

    def __init__(self, table: CsvReader) -> None:
        self._table = table
        options = {column for pair in _OPTIONS for column in pair}
        left = [column for column in table.columns if column not in options and column != "Variant Image"]
        self.columns = tuple(dict.fromkeys([*left, "Variant SKU", "Image Src"]))

    def records(self) -> Iterator[Record]:
        """Every variant, under the number of its row."""
        for handle, run in groupby(self._table.records(), key=lambda record: record.values.get("Handle", "")):
            rows = list(run)
            if handle:
                yield from _variants(handle, rows)
            else:
                yield from rows

    def count(self) -> int:
        """Count the rows of the file, those that only hold an image included."""
        return self._table.count()


def _id(handle: str, position: int, variants: int) -> str:
    return handle if variants == 1 else f"{handle}-{position}"


def _variants(handle: str, rows: list[Record]) -> Iterator[Record]:
    first = rows[0].values
    shared = {column: value for column, value in first.items() if not column.startswith(_OF_ONE_ROW)}
    images = list(dict.fromkeys(row.values["Image Src"] for row in rows if row.values.get("Image Src")))
    variants = [row for row in rows if row is rows[0] or row.values.get("Variant Price")]
    for position, row in enumerate(variants, 1):
        own = {name: value for name, value in row.values.items() if name.startswith("Variant ") and value}
        picture = own.pop("Variant Image", None)
        values: dict[str, Any] = {
            **shared,
            **own,
            "Variant SKU": own.get("Variant SKU", "").lstrip("'") or _id(handle, position, len(variants)),
            "Image Src": list(dict.fromkeys([picture, *images])) if picture else images,
        }
        for option, value in _OPTIONS:
            # A product without options has an option called "Title".
            if row.values.get(value) and first.get(option, "Title") not in ("", "Title"):
                values[first[option]] = row.values[value]
        if own.get("Variant Inventory Qty", "").startswith("-"):
            # Sold more than there was.
            values["Variant Inventory Qty"] = "0"
        yield Record(row.number, row.line, values)
