"""Parquet, through pyarrow (extra ``snapshelf[parquet]``), a batch of rows at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from snapshelf.catalogue.feeds.record import Record, flatten, is_photo
from snapshelf.catalogue.feeds.text import readable
from snapshelf.errors import FeedError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Inline photos make rows of a megabyte and more.
_ROWS_AT_ONCE = 64


class ParquetReader:
    """Rows of a Parquet file; see `Reader`. Structs but ``{bytes, path}`` photos become dotted columns."""

    untyped = False

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._opened() as file:
            self._rows = file.metadata.num_rows
            self.columns = tuple(name for field in file.schema_arrow for name in _names(field))
        if not self._rows:
            raise FeedError(f"{path}: has columns but no rows")

    def records(self) -> Iterator[Record]:
        """Every row in order."""
        number = 0
        with self._opened() as file:
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                for values in batch.to_pylist():
                    number += 1
                    yield Record(number, None, flatten(values))

    def count(self) -> int:
        """Count the rows, which the file's footer tells."""
        return int(self._rows)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        try:
            import pyarrow as arrow
            from pyarrow import parquet
        except ImportError as error:
            raise MissingExtraError(
                f"{self._path}: reading Parquet needs pyarrow: pip install 'snapshelf[parquet]'"
            ) from error
        try:
            with readable(self._path), parquet.ParquetFile(self._path, memory_map=True) as file:
                yield file
        except arrow.ArrowException as error:
            raise FeedError(f"{self._path}: is damaged or not Parquet ({error}); make it again") from error


def _names(field: Any) -> Iterator[str]:
    from pyarrow import types

    if types.is_struct(field.type) and not is_photo([inner.name for inner in field.type]):
        for inner in field.flatten():
            yield from _names(inner)
    else:
        yield field.name
