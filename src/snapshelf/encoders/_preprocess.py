"""A photo of any size → the square of pixels that a photo tower looks at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def square(photo: Image.Image, size: int) -> NDArray[np.uint8]:
    """Resize an RGB photo to uint8 (size, size, 3), whatever its proportions.

    The whole photo is kept and stretched to the square, as SigLIP does: nothing of a product is cut off and
    no pixel is spent on a border. The encoder is trained on the same stretch.
    """
    return np.asarray(photo.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=2.0))
