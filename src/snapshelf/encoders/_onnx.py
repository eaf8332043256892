"""The encoder that runs on ONNX Runtime."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image
from tokenizers import Tokenizer

from snapshelf.encoders._description import ModelDescription, registry
from snapshelf.encoders._preprocess import square
from snapshelf.encoders._protocol import Encoder, Vectors
from snapshelf.errors import EncoderError
from snapshelf.language import normalise

_UNKNOWN_TOKEN = 1

_BATCH = 16
"""Photos in one run: larger batches leave the cache and are slower on a CPU."""


class OnnxEncoder:
    """Two ONNX graphs and a tokeniser from one folder.

    Each call computes on the thread that makes it, and several threads may call at once: so a bulk job scales with
    its workers, and queries do not fight over a pool.

    Parameters
    ----------
    description : ModelDescription

    Raises
    ------
    EncoderError
        A file is missing or is not what the card says.
    """

    def __init__(self, description: ModelDescription) -> None:
        self.description = description
        folder = description.folder
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            blobs = [(folder / name).read_bytes() for name in ("photo.onnx", "text.onnx", "tokenizer.json")]
            self._photo, self._text = (
                onnxruntime.InferenceSession(blob, options, providers=["CPUExecutionProvider"])
                for blob in blobs[:2]
            )
            self._tokenizer = Tokenizer.from_str(blobs[2].decode())
        except Exception as error:  # each of the three libraries raises its own kind
            raise EncoderError(f"{folder}: the encoder cannot be loaded: {error}") from error
        digest = hashlib.blake2b(digest_size=16)
        for blob in blobs:
            digest.update(hashlib.sha256(blob).digest())
        self._fingerprint = digest.hexdigest()

    @property
    def name(self) -> str:
        """Name on the model's card."""
        return self.description.name

    @property
    def fingerprint(self) -> str:
        """Hash of both graphs and the tokeniser."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return self.description.dimension

    def encode_photos(self, photos: Sequence[Image.Image]) -> Vectors:
        """Encode RGB photos as float32 (n, d), L2-normalised."""
        parts = [np.empty((0, self.dimension), np.float32)]
        for first in range(0, len(photos), _BATCH):
            pixels = np.stack(
                [square(photo, self.description.image_size) for photo in photos[first : first + _BATCH]]
            )
            parts.append(self._photo.run(None, {"pixels": pixels})[0])
        return np.concatenate(parts)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Encode texts as float32 (n, d), L2-normalised; an empty text has a vector too, which says nothing."""
        parts = [np.empty((0, self.dimension), np.float32)]
        for text in texts:
            # One by one: padding to a common length would cost more than it saves and change the last digits.
            ids = self._tokenizer.encode(normalise(text), add_special_tokens=False).ids or [_UNKNOWN_TOKEN]
            parts.append(self._text.run(None, {"tokens": np.array([ids], np.int64)})[0])
        return np.concatenate(parts)


def load_encoder(name: str | Path | None = None) -> Encoder:
    """Load an encoder by its name in the registry, or from a folder; without either, the bundled one.

    Raises
    ------
    EncoderError
        There is no such encoder or it cannot be loaded; the message lists those there are.
    """
    known = registry()
    if name is None:
        return OnnxEncoder(known["bundled"])
    if str(name) in known:
        return OnnxEncoder(known[str(name)])
    folder = Path(name)
    if not folder.is_dir():
        raise EncoderError(
            f"{name}: no such encoder; known are {', '.join(known)}, or give the folder of one"
        )
    return OnnxEncoder(ModelDescription.read(folder))
