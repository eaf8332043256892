"""Reading a feed: every row becomes a product or an error, and none stops the others."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from snapshelf._support.ids import MAX_PRODUCT_ID_LENGTH
from snapshelf.catalogue.feeds.csv import CsvReader
from snapshelf.catalogue.feeds.jsonl import JsonlReader
from snapshelf.catalogue.feeds.mapping import Plan
from snapshelf.catalogue.feeds.parquet import ParquetReader
from snapshelf.catalogue.feeds.shopify import ShopifyReader, is_shopify
from snapshelf.catalogue.feeds.text import open_bytes, readable
from snapshelf.catalogue.product import Product
from snapshelf.errors import FeedError, ProductError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from snapshelf.catalogue.feeds.record import Reader, Record

FeedFormat: TypeAlias = Literal["csv", "jsonl", "parquet"]
"""File formats of feeds."""

_SUFFIXES: dict[str, FeedFormat] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


class Row(NamedTuple):
    """One row of a feed: a product, or the error that says why it is none.

    Parameters
    ----------
    number : int
        The row, counted from 1; a header does not count.
    product : Product or None
    photos : tuple of bytes
        Image files inside the feed itself (Parquet).
    error : ProductError or None
        Names the file, the row, the field and what to do.
    id : str or None
        The product's id as far as it is known, also when the row has an error.
    place : str
        Where it is, in words: ``"shoes.csv, row 3 (line 4)"``; empty for a row of no feed.
    """

    number: int
    product: Product | None
    photos: tuple[bytes, ...] = ()
    error: ProductError | None = None
    id: str | None = None
    place: str = ""


class Feed:
    """A feed whose columns are understood; each iteration reads the file anew.

    Made by `read_feed`.
    """

    def __init__(self, path: Path, reader: Reader, plan: Plan) -> None:
        self.path = path
        self._reader = reader
        self._plan = plan

    @property
    def mapping(self) -> dict[str, str]:
        """The column or columns (``a/b/c``) that fill each field, as `read_feed` takes it."""
        return self._plan.described(self._reader.columns)

    @cached_property
    def total(self) -> int:
        """Number of rows; takes a quick pass over a text file."""
        return self._reader.count()

    def __iter__(self) -> Iterator[Row]:
        """Every row in order.

        Raises
        ------
        FeedError
            The file cannot be read any further.
        """
        plan = self._plan
        seen = set(self._reader.columns)
        rows_by_id: dict[str, int] = {}
        for record in self._reader.records():
            if not seen.issuperset(record.values):
                plan = plan.extended(record.values.keys() - seen)
                seen |= record.values.keys()
            row = self._row(record, plan, rows_by_id)
            if row.product is not None:
                rows_by_id[row.product.id] = row.number
            yield row

    def _row(self, record: Record, plan: Plan, rows_by_id: Mapping[str, int]) -> Row:
        fields: dict[str, Any] = {}
        place = f"{self.path.name}, {record.place}"
        try:
            if record.problem is not None:
                raise ProductError(record.problem)
            fields, photos = plan.read(record.values)
            product = Product.parse(fields)
            if product.id in rows_by_id:
                first = rows_by_id[product.id]
                raise ProductError(
                    f"id: {product.id!r} is already the id of row {first}; give every product its own",
                    field="id",
                )
        except ProductError as error:
            return _refused(record.number, place, error, fields.get("id"))
        except RecursionError:
            return _refused(record.number, place, ProductError("is nested too deeply"), None)
        return Row(record.number, product, photos, None, product.id, place)


def _refused(number: int, place: str, error: ProductError, id: Any) -> Row:
    given = str(id)[:MAX_PRODUCT_ID_LENGTH] if isinstance(id, str | int | float) else None
    printable = given and given.encode(errors="backslashreplace").decode()
    return Row(number, None, (), ProductError(f"{place}: {error}", field=error.field), printable, place)


def read_feed(
    path: str | Path,
    mapping: Mapping[str, str] | None = None,
    *,
    format: FeedFormat | None = None,
) -> Feed:
    """Open a feed: CSV (also TSV, semicolons; also gzipped), JSON Lines (also gzipped) or Parquet.

    Columns with usual names, among them those of Google Merchant and Shopify, find their field by
    themselves; the rest become attributes. In CSV, where everything is text, an attribute that reads as a
    number becomes one.

    Parameters
    ----------
    path : str or Path
    mapping : mapping, optional
        Column(s) by field for what cannot be guessed; see `parse_mapping`.
    format : FeedFormat, optional
        By default read from the file's name and first bytes.

    Raises
    ------
    FeedError
        The file is missing, empty or of an unknown format; the mapping names a column that is not there; no
        column can be taken for id or title.
    MissingExtraError
        It is Parquet and pyarrow is not installed.
    """
    path = Path(path)
    reader = _reader(path, format or _format(path))
    plan = Plan.make(reader.columns, mapping or {}, feed=path.name, untyped=reader.untyped)
    return Feed(path, reader, plan)


def _reader(path: Path, format_: FeedFormat) -> Reader:
    match format_:
        case "csv":
            table = CsvReader(path)
            if next(table.records(), None) is None:
                raise FeedError(f"{path}: has a header but no rows")
            return ShopifyReader(table) if is_shopify(table.columns) else table
        case "jsonl":
            return JsonlReader(path)
        case "parquet":
            return ParquetReader(path)


def _format(path: Path) -> FeedFormat:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    by_name = _SUFFIXES.get(next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), ""))
    if by_name is not None:
        return by_name
    with readable(path), open_bytes(path) as stream:
        beginning = stream.read(1024)
    if beginning.startswith(b"PAR1"):
        return "parquet"
    if beginning.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return "jsonl"
    raise FeedError(
        f"{path}: cannot tell what format this is; name it .csv, .tsv, .jsonl (also with .gz) or .parquet"
    )
