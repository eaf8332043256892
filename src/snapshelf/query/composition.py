"""Compose the photo vector and the text vector of a query; see ``docs/concepts/queries.md``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

LIKED_WEIGHT, DISLIKED_WEIGHT = 1.0, 0.5
"""Weights of the mean liked and the mean disliked product beside the photos (Rocchio feedback, 1971)."""

CONSTRAINED_TEXT_LENGTH, FREE_TEXT_LENGTH = 1.5, 3.0
"""Length of the text vector beside a photo, with and without constraints read from the words. The score gives a photo
three times the weight of the text; here the words say what the photo does not show."""

CONSTRAINT_BOOST = 2.5
"""Factor of the boosts of constraints beside a photo, for the same reason."""

REPLACED_SHARE = 0.4
"""Share of the photo's own value that is subtracted from words that ask for another value."""

_ROUNDING = 1e-5
"""Share of a vector's length below which the rest after a subtraction is float32 rounding and has no direction."""


def compose_photo_vector(
    photos: Vector, liked: Sequence[Vector], disliked: Sequence[Vector]
) -> Vector | None:
    """Combine photos and example products to a unit vector float32 (d,); None without photos and liked products.

    Parameters
    ----------
    photos : ndarray
        Unit vectors float32 (n, d).
    liked, disliked : sequence of ndarray
        Photo vectors float32 (m, d) of each product.
    """
    parts = []
    if len(photos):
        parts.append(normalise_vector(np.mean(photos, axis=0)))
    if liked:
        parts.append(np.float32(LIKED_WEIGHT) * _mean_product(liked))
    if not parts:
        return None
    if disliked:
        parts.append(np.float32(-DISLIKED_WEIGHT) * _mean_product(disliked))
    return normalise_vector(np.sum(parts, axis=0))


def nearest_name(photo: Vector, names: Vector) -> int:
    """Return the row of the name, among unit vectors float32 (n, d), with the largest cosine to a photo."""
    return int(np.argmax(names @ photo))


def subtract_direction(vector: Vector, direction: Vector) -> Vector:
    """Subtract from a vector its positive component along a unit vector.

    The result is zero if only rounding is left: "laptop" without "laptop" has no direction.
    """
    component = max(0.0, float(vector @ direction))
    rest = vector - np.float32(component) * direction
    is_rounding = np.linalg.norm(rest) <= _ROUNDING * np.linalg.norm(vector)
    return np.zeros_like(vector) if is_rounding else rest


def normalise_vector(vector: Vector) -> Vector:
    """Scale a vector to length 1; the zero vector stays zero."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length > 0 else vector, np.float32)


def _mean_product(products: Sequence[Vector]) -> Vector:
    return normalise_vector(np.mean([photos.mean(axis=0) for photos in products], axis=0))
