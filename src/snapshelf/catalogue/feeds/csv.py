"""Comma-, semicolon-, tab- or bar-separated values, the first row being the header."""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING

from snapshelf.catalogue.feeds.record import Record
from snapshelf.catalogue.feeds.text import open_text, read_sample, readable
from snapshelf.errors import FeedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DELIMITERS = ",;\t|"


class CsvReader:
    """Rows of a CSV file; see `Reader`."""

    untyped = True

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = read_sample(path).splitlines(keepends=True)
        # The delimiter divides the header into most columns.
        headers = {mark: _first_row(lines, mark) for mark in _DELIMITERS}
        self._delimiter = max(headers, key=lambda mark: len(headers[mark]))
        self._header = _unique(headers[self._delimiter])
        self.columns = tuple(name for name in self._header if name)
        if not self.columns:
            raise FeedError(f"{path}: the first row has no column names")

    def records(self) -> Iterator[Record]:
        """Read every row in order; a row that does not fit the header has a `problem`."""
        header = self._header
        for number, (line, last, cells) in enumerate(islice(self._rows(), 1, None), 1):
            if isinstance(cells, str):
                yield Record(number, line, {}, cells)
            elif len(cells) != len(header):
                runs = f"; it runs to line {last}: is a closing quote missing?" if last > line else ""
                problem = f"has {len(cells)} values where the header has {len(header)} columns{runs}"
                yield Record(number, line, {}, problem)
            else:
                values = {name: cell for name, cell in zip(header, cells, strict=True) if name}
                yield Record(number, line, values)

    def count(self) -> int:
        """Count the rows without interpreting them."""
        return sum(1 for _ in self._rows()) - 1

    def _rows(self) -> Iterator[tuple[int, int, list[str] | str]]:
        """First line, last line, and cells or problem of every row that is not blank, the header included."""
        with readable(self._path), open_text(self._path) as stream:
            rows = csv.reader(stream, delimiter=self._delimiter)
            while True:
                line = rows.line_num + 1
                try:
                    cells = next(rows)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield line, rows.line_num, f"cannot be read: {error}; is a closing quote missing?"
                    continue
                if cells:
                    yield line, rows.line_num, cells


def _first_row(lines: list[str], delimiter: str) -> list[str]:
    try:
        return next((row for row in csv.reader(lines, delimiter=delimiter) if row), [])
    except csv.Error:
        return []


def _unique(header: list[str]) -> list[str]:
    names: list[str] = []
    for column in header:
        # Spreadsheets break long headings into lines.
        plain = name = " ".join(column.split())
        repeat = 1
        while name and name in names:
            repeat += 1
            name = f"{plain} ({repeat})"
        names.append(name)
    return names
