"""Numbers with their units: prices, sizes, volumes, weights, lengths."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

QuantityKind: TypeAlias = Literal["price", "size", "volume", "weight", "length"]


class Quantity(NamedTuple):
    """A number that a text names at ``normalise(text)[start:end]``.

    Attributes
    ----------
    start, end : int
        Where it is in the normalised text, its words ("under", 以下) and unit included.
    value : float, str or None
        The number that was said; the name of a letter size such as ``"XL"``; None for a range.
    unit : str
        ``"ml"``, ``"g"`` or ``"cm"``, to which values are converted; the ISO 4217 code of a price's currency; the
        system of a size (``"eu"``, ``"us"``, ``"uk"``); empty where none was said.
    kind : str
        ``"price"``, ``"size"``, ``"volume"``, ``"weight"`` or ``"length"``.
    low, high : float or None
        The interval that is meant, ends included; None where it is open, and both for letter sizes.
    """

    start: int
    end: int
    value: float | str | None
    unit: str
    kind: QuantityKind
    low: float | None
    high: float | None


def quantities(text: str) -> list[Quantity]:
    """Return the prices, sizes, volumes, weights and lengths that `text` names, in order."""
    return []
