"""Several photos, words and examples → the two vectors that a query is made of; see ``docs/concepts/queries.md``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

LIKED, DISLIKED = 1.0, 0.5
"""How much the mean of the liked and of the disliked products counts beside the photos (Rocchio's feedback, 1971)."""

TOLD, UNTOLD = 1.5, 3.0
"""Length of the words' vector beside a photo, where facts tell what the words ask for and where none does. The score
gives a photo three times the part of words alone; here the words say what the photo does not show."""

FACTS = 2.5
"""How many times its boost a fact adds beside a photo, for the same reason."""

OWN = 0.4
"""Share of what a photo has already that is taken out of the words which ask for something else."""


def looks(
    photos: Vector, weights: Sequence[float] | None, liked: Sequence[Vector], disliked: Sequence[Vector]
) -> Vector | None:
    """Join photos and examples to one unit vector float32 (d,); None where there are none.

    Parameters
    ----------
    photos : ndarray
        Unit vectors float32 (n, d).
    weights : sequence of float or None
        One for each photo.
    liked, disliked : sequence of ndarray
        Photo vectors float32 (m, d) of each product.
    """
    parts = []
    if len(photos):
        parts.append(unit(np.average(photos, axis=0, weights=weights)))
    if liked:
        parts.append(np.float32(LIKED) * _mean(liked))
    if not parts:
        return None
    if disliked:
        parts.append(np.float32(-DISLIKED) * _mean(disliked))
    return unit(np.sum(parts, axis=0))


def own(photo: Vector, names: Vector) -> int:
    """Which of the names, unit vectors float32 (n, d), a photo shows most of."""
    return int(np.argmax(names @ photo))


_ROUNDING = 1e-5
"""Share of a vector's length below which what is left of it is the rounding of float32, and points nowhere."""


def away(vector: Vector, minus: Vector, amount: float) -> Vector:
    """Take out of a vector what of it points to `minus`, a unit vector: all of it for an amount of 1.

    Zero where nothing but rounding would be left: "laptop" without "laptop" has no direction.
    """
    share = max(0.0, float(vector @ minus))
    rest = vector - np.float32(amount * share) * minus
    is_rounding = np.linalg.norm(rest) <= _ROUNDING * np.linalg.norm(vector)
    return np.zeros_like(vector) if is_rounding else rest


def unit(vector: Vector) -> Vector:
    """Scale to length 1; the zero vector stays."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length > 0 else vector, np.float32)


def _mean(products: Sequence[Vector]) -> Vector:
    return unit(np.mean([photos.mean(axis=0) for photos in products], axis=0))
