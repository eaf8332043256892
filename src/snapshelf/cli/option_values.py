"""Options of a request as the command line writes them: texts such as ``price=50..300`` → values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from snapshelf.search import FacetRequest, Range, Weights

_NUMBER = r"-?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"(?P<low>{_NUMBER})?\.\.(?P<high>{_NUMBER})?")
_SIZED_FACET = re.compile(r"(?P<field>.+):(?P<size>\d+)")


def read_facet_filters(texts: Sequence[str]) -> dict[str, Sequence[str] | Range]:
    """Read ``FIELD=VALUE`` and ``FIELD=LOW..HIGH``.

    Raises
    ------
    BadParameter
        Something else was written, or a field has both a range and other values.
    """
    from snapshelf.search import Range

    values: dict[str, list[str]] = {}
    for text in texts:
        field, sign, value = text.partition("=")
        if not (sign and field.strip() and value.strip()):
            raise typer.BadParameter(f"write {text!r} as FIELD=VALUE", param_hint="--choose")
        values.setdefault(field.strip(), []).append(value.strip())
    filters: dict[str, Sequence[str] | Range] = {}
    for field, written in values.items():
        bounds = [_RANGE.fullmatch(value) for value in written]
        if len(written) > 1 and any(bounds):
            raise typer.BadParameter(
                f"{field} has several choices, among them a range; give a single range, or values",
                param_hint="--choose",
            )
        if bounds[0]:
            low, high = (None if end is None else float(end) for end in bounds[0].group("low", "high"))
            filters[field] = Range(low, high)
        else:
            filters[field] = written
    return filters


def read_facets(texts: Sequence[str]) -> list[str | FacetRequest]:
    """Read ``FIELD`` and ``FIELD:N``, N being the values to list or the bars of the histogram."""
    from snapshelf.search import FacetRequest

    requests: list[str | FacetRequest] = []
    for text in texts:
        if sized := _SIZED_FACET.fullmatch(text):
            size = int(sized["size"])
            requests.append(FacetRequest(sized["field"], limit=size, bins=size))
        else:
            requests.append(text)
    return requests


def read_weights(texts: Sequence[str]) -> Weights:
    """Read ``SIGNAL=NUMBER``.

    Raises
    ------
    BadParameter
        Something else was written.
    """
    from snapshelf.search import WEIGHTED, Weights

    values: dict[str, float] = {}
    for text in texts:
        signal, _, number = text.partition("=")
        if signal not in WEIGHTED or not re.fullmatch(_NUMBER, number):
            raise typer.BadParameter(
                f"write {text!r} as SIGNAL=NUMBER; signals are {', '.join(WEIGHTED)}",
                param_hint="--weight",
            )
        values[signal] = float(number)
    return Weights(**values)
