"""From the words of the command line to a search of the shelf."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshelf.search import FacetRequest, Range

_NUMBER = r"-?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"(?P<low>{_NUMBER})?\.\.(?P<high>{_NUMBER})?")
_SIZED_FACET = re.compile(r"(?P<field>.+):(?P<size>\d+)")


def chosen(options: Sequence[str] | None) -> dict[str, Sequence[str] | Range]:
    """Read ``FIELD=VALUE`` and ``FIELD=LOW..HIGH``.

    Raises
    ------
    BadParameter
        Something else was written, or a field has both a range and other values.
    """
    from snapshelf.search import Range

    values: dict[str, list[str]] = {}
    for option in options or ():
        field, sign, value = option.partition("=")
        if not (sign and field.strip() and value.strip()):
            raise typer.BadParameter(f"write {option!r} as FIELD=VALUE", param_hint="--choose")
        values.setdefault(field.strip(), []).append(value.strip())
    choices: dict[str, Sequence[str] | Range] = {}
    for field, written in values.items():
        bounds = [_RANGE.fullmatch(value) for value in written]
        if len(written) > 1 and any(bounds):
            raise typer.BadParameter(
                f"{field} has several choices, one of them a range; choose one range or values",
                param_hint="--choose",
            )
        if bounds[0]:
            low, high = (None if end is None else float(end) for end in bounds[0].group("low", "high"))
            choices[field] = Range(low, high)
        else:
            choices[field] = written
    return choices


def facet_requests(options: Sequence[str] | None) -> list[str | FacetRequest]:
    """Read ``FIELD`` and ``FIELD:N``, N being the values to list or the bars of the histogram."""
    from snapshelf.search import FacetRequest

    requests: list[str | FacetRequest] = []
    for option in options or ():
        if sized := _SIZED_FACET.fullmatch(option):
            size = int(sized["size"])
            requests.append(FacetRequest(sized["field"], limit=size, bins=size))
        else:
            requests.append(option)
    return requests
