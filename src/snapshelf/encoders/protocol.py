"""The protocol of encoders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Vectors = NDArray[np.float32]
"""float32 array of shape (n, d); rows have unit L2 norm."""


@runtime_checkable
class Encoder(Protocol):
    """Encodes photos and texts as vectors of a joint space; cosine measures similarity.

    Implementations are thread-safe, and the vector of a photo or text does not depend on the rest of the batch (within
    1e-4).
    """

    @property
    def name(self) -> str:
        """Name in the registry, for example ``"bundled"``."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of everything that determines the vectors; a shelf stores it with them."""
        ...

    @property
    def dimension(self) -> int:
        """Dimension d of the vectors."""
        ...

    def encode_photos(self, photos: Sequence[Image.Image]) -> Vectors:
        """Encode RGB photos (upright, no transparency) as float32 (n, d), L2-normalised.

        An empty sequence gives shape (0, d).
        """
        ...

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Encode Chinese or English texts as float32 (n, d), L2-normalised.

        An empty sequence gives shape (0, d).
        """
        ...
