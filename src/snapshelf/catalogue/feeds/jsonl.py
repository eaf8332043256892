"""JSON Lines: a product per line, nested objects as dotted columns."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING

from snapshelf.catalogue.feeds.record import Record, flatten
from snapshelf.catalogue.feeds.text import open_text, read_sample, readable
from snapshelf.errors import FeedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ROWS_LOOKED_AT = 1_000


class JsonlReader:
    """Objects of a JSON Lines file; see `Reader`. Columns are those of the first 1,000 rows."""

    untyped = False

    def __init__(self, path: Path) -> None:
        self._path = path
        if read_sample(path).lstrip().startswith("["):
            raise FeedError(f"{path}: is a JSON array; write an object per line (jq -c '.[]')")
        beginning = list(islice(self.records(), _ROWS_LOOKED_AT))
        self.columns = tuple(dict.fromkeys(column for record in beginning for column in record.values))
        if not self.columns:
            raise FeedError(f"{path}: {beginning[0].place}: {beginning[0].problem or 'is an empty object'}")

    def records(self) -> Iterator[Record]:
        """Read every row in order; a row that is not an object has a `problem`."""
        for number, (line, text) in enumerate(self._lines(), 1):
            try:
                value = json.loads(text)
                if isinstance(value, dict):
                    yield Record(number, line, flatten(value))
                    continue
                problem = f'is not an object like {{"id": "1", "title": "..."}}, but {text.strip()[:40]!r}'
            except RecursionError:
                problem = "is nested too deeply"
            except ValueError as error:
                problem = f"is not JSON: {error}"
            yield Record(number, line, {}, problem)

    def count(self) -> int:
        """Count the rows without interpreting them."""
        return sum(1 for _ in self._lines())

    def _lines(self) -> Iterator[tuple[int, str]]:
        with readable(self._path), open_text(self._path) as stream:
            for line, text in enumerate(stream, 1):
                if not text.isspace():
                    yield line, text
