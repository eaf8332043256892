"""Heat maps: which parts of a photo make it fit, by covering each part in turn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from snapshelf.encoders import Encoder

_CELLS = 7
"""Cells along the longer side."""

_COVERED = 2
"""Side of a cover, in cells: larger than a cell, or a small encoder would hardly notice."""

_SIDE = 256
"""Longer side, in pixels, of the photo that is looked at: thumbnails have no more, and covering is quick."""


def occlusion_map(
    encoder: Encoder, photo: Image.Image, target: NDArray[np.float32]
) -> tuple[NDArray[np.float32], float]:
    """Return the parts of a photo that make it similar to a vector, by occlusion [1]_.

    A blurred copy of the photo is laid over each part in turn, which hides what is there without adding an edge.
    All covered photos are encoded in a single batch. A cell's heat is the mean loss of the covers over it.

    Parameters
    ----------
    encoder : Encoder
    photo : Image.Image
        RGB.
    target : ndarray
        float32 (d,), the direction to be near to.

    Returns
    -------
    grid : ndarray
        float32 (rows, columns) in [0, 1], over the whole photo: 1 where covering costs most, 0 where it costs nothing
        or helps. All 0 if no part matters.
    fit : float
        Cosine of the uncovered photo with the target.

    References
    ----------
    .. [1] M. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", ECCV 2014.
    """
    photo = photo.copy()
    photo.thumbnail((_SIDE, _SIDE))
    blurred = photo.filter(ImageFilter.GaussianBlur(max(photo.size) / 8))
    rows, columns = _shape(photo)
    covers = list(_covers(rows, columns))
    covered = [_cover(photo, blurred, rows, columns, *cover) for cover in covers]
    direction = target / np.float32(np.linalg.norm(target) or 1.0)
    fits = encoder.encode_photos([photo, *covered]) @ direction
    heat = np.zeros((rows, columns), np.float32)
    times = np.zeros((rows, columns), np.float32)
    for (top, left, bottom, right), fit in zip(covers, fits[1:], strict=True):
        heat[top:bottom, left:right] += fits[0] - fit
        times[top:bottom, left:right] += 1
    heat = np.maximum(heat / times, 0)
    return heat / np.float32(heat.max() or 1.0), float(fits[0])


def _shape(photo: Image.Image) -> tuple[int, int]:
    width, height = photo.size
    longer = max(width, height)
    return max(1, round(_CELLS * height / longer)), max(1, round(_CELLS * width / longer))


def _covers(rows: int, columns: int) -> Iterator[tuple[int, int, int, int]]:
    """Squares of cells that lie over the photo in every place, those at the edge cut off."""
    for top in range(1 - _COVERED, rows):
        for left in range(1 - _COVERED, columns):
            yield max(top, 0), max(left, 0), min(top + _COVERED, rows), min(left + _COVERED, columns)


def _cover(
    photo: Image.Image,
    blurred: Image.Image,
    rows: int,
    columns: int,
    top: int,
    left: int,
    bottom: int,
    right: int,
) -> Image.Image:
    across, down = photo.width / columns, photo.height / rows
    box = (round(left * across), round(top * down), round(right * across), round(bottom * down))
    covered = photo.copy()
    covered.paste(blurred.crop(box), box[:2])
    return covered
