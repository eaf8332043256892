"""The contract of a reader of a file format: records, columns by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Record(NamedTuple):
    """One row as it stands in the file.

    Parameters
    ----------
    number : int
        The row, counted from 1; a header does not count.
    line : int or None
        The line of the file on which it begins, counted from 1, in formats that have lines.
    values : dict
        Value by column; columns without a value may be absent.
    problem : str or None
        Why the row cannot be read; `values` is then empty.
    """

    number: int
    line: int | None
    values: dict[str, Any]
    problem: str | None = None

    @property
    def place(self) -> str:
        """Where the row is, in words."""
        return f"row {self.number}" if self.line is None else f"row {self.number} (line {self.line})"


class Reader(Protocol):
    """A reader of a file; `records` may be called again and starts at the beginning."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names known before the first row; later rows of JSON Lines may bring more."""
        ...

    @property
    def untyped(self) -> bool:
        """Whether all values are texts, so that numbers have to be recognised."""
        ...

    def records(self) -> Iterator[Record]:
        """Every row in order."""
        ...

    def count(self) -> int:
        """Count the rows without interpreting them."""
        ...


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested objects as columns with dotted names; absent values are left out.

    A ``{bytes, path}`` object, the photo of a Hugging Face data set, stays whole.
    """
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict) and not is_photo(value):
            flat |= flatten(value, f"{prefix}{name}.")
        elif value is not None:
            flat[prefix + name] = value
    return flat


def is_photo(names: Any) -> bool:
    """Whether an object with these keys is a photo the way Hugging Face data sets keep it."""
    return "bytes" in names and set(names) <= {"bytes", "path"}
