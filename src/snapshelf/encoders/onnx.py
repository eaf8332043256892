"""An encoder on ONNX Runtime."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from snapshelf.encoders.card import sha256
from snapshelf.encoders.description import ModelDescription
from snapshelf.encoders.layouts import Layout, read_layout
from snapshelf.encoders.preprocess import normalise_pixels, preprocess_photo
from snapshelf.encoders.protocol import Vectors
from snapshelf.encoders.providers import open_sessions
from snapshelf.encoders.tokenise import Tokeniser
from snapshelf.errors import EncoderError

_BATCH = 16
"""Rows of a batch; larger batches exceed the cache and are slower on a CPU."""

_SMALL_MB = 100
"""Maximum size of an encoder that computes on the calling thread; larger encoders use all cores for each call."""

_VECTORS = ("vectors", "image_embeds", "text_embeds", "image_features", "text_features", "embeddings")
"""Names that exporters give to the output with the vectors of the joint space."""

_POOLED = "pooler_output"
"""Also the vectors in SigLIP, which has no projection; in CLIP, the input of the projection."""

_SCALED_BY_BATCH = b"DynamicQuantizeLinear"
"""Operator that scales activations by the maximum of the batch, so a vector would depend on the batch."""

_FLOATS: dict[str, type[np.floating[Any]]] = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class OnnxEncoder:
    """Two ONNX graphs and a tokeniser of a folder.

    A small encoder computes each call on the calling thread, and several threads may call concurrently: a bulk job
    scales with its workers, and queries do not compete for a thread pool. A large encoder uses all cores for each
    call, which keeps the latency of a single photo low.

    Parameters
    ----------
    model : ModelDescription or Layout
        The encoder to load.
    provider : str or None
        "cpu", "openvino", "cuda" or "auto"; by default the environment variable SNAPSHELF_PROVIDER, else "auto".

    Raises
    ------
    EncoderError
        A file is missing or invalid, or the provider is not available.
    """

    def __init__(self, model: ModelDescription | Layout, provider: str | None = None) -> None:
        layout = read_layout(model.folder) if isinstance(model, ModelDescription) else model
        about = layout.description
        self._preprocessing = layout.preprocessing
        try:
            sessions, self._provider = open_sessions(
                (layout.photo, layout.text), provider, threads=1 if about.size_mb <= _SMALL_MB else 0
            )
            self._tokeniser = Tokeniser(layout.tokenizer.read_text(encoding="utf-8"), layout.tokenisation)
        except EncoderError as error:
            raise EncoderError(f"{about.folder}: the encoder cannot be loaded: {error}") from error
        except Exception as error:  # Each library raises its own exceptions.
            raise EncoderError(f"{about.folder}: the encoder cannot be loaded: {error}") from error
        pooled = about.kind.startswith("siglip")
        self._photo = _Graph(layout.photo, sessions[0], pooled)
        self._text = _Graph(layout.text, sessions[1], pooled)
        self._check_photo_input()
        self._check_text_inputs()
        self._fingerprint = _fingerprint(layout)
        self.description = self._with_checked_dimension(about)

    @property
    def name(self) -> str:
        """Name on the model's card."""
        return self.description.name

    @property
    def fingerprint(self) -> str:
        """Hash of both graphs, the tokeniser, the preprocessing and the tokenisation."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return self.description.dimension

    @property
    def provider(self) -> str:
        """Selected execution provider: "cpu", "openvino" or "cuda"."""
        return self._provider

    def encode_photos(self, photos: Sequence[Image.Image]) -> Vectors:
        """Encode RGB photos as float32 (n, d), L2-normalised."""
        vectors = np.empty((len(photos), self.dimension), np.float32)
        for rows in _in_batches(range(len(photos)), self._photo.batch):
            vectors[rows] = self._normalise(self._run_photos([photos[row] for row in rows]))
        return vectors

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Encode texts as float32 (n, d), L2-normalised; an empty text has a vector too, without meaning.

        Texts with the same number of tokens form a batch, because padding would cost more than it saves.
        """
        vectors = np.empty((len(texts), self.dimension), np.float32)
        tokens = [self._tokeniser(text) for text in texts]
        by_length = sorted(range(len(texts)), key=lambda row: len(tokens[row]))
        for _, group in groupby(by_length, key=lambda row: len(tokens[row])):
            for rows in _in_batches(list(group), self._text.batch):
                vectors[rows] = self._normalise(self._run_tokens(np.stack([tokens[row] for row in rows])))
        return vectors

    def _run_photos(self, photos: Sequence[Image.Image]) -> NDArray[Any]:
        pixels = np.stack([preprocess_photo(photo, self._preprocessing) for photo in photos])
        ((name, kind),) = self._photo.inputs.items()
        if kind in _FLOATS:
            return self._photo(
                {name: normalise_pixels(pixels, self._preprocessing).astype(_FLOATS[kind], copy=False)}
            )
        return self._photo({name: pixels})

    def _run_tokens(self, tokens: NDArray[np.int64]) -> NDArray[Any]:
        # Texts have no padding that the tower must ignore, so the mask is all ones.
        fixed = {"attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
        return self._text({name: fixed.get(name, tokens) for name in self._text.inputs})

    def _normalise(self, output: NDArray[Any]) -> Vectors:
        vectors = output.astype(np.float32, copy=False)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not (np.isfinite(norms) & (norms > 0)).all():
            raise EncoderError(
                f"{self.description.folder}: a vector is zero or not finite; half-precision weights may have "
                "overflowed: export the model with --weights fp32"
            )
        unit: Vectors = vectors / norms
        return unit

    def _check_photo_input(self) -> None:
        kinds = list(self._photo.inputs.values())
        if len(kinds) != 1 or kinds[0] not in {"tensor(uint8)", *_FLOATS}:
            raise EncoderError(
                f"{self._photo.path}: a photo graph takes a single input, uint8 (n, s, s, 3) or float (n, 3, s, s), "
                f"but this graph takes {self._photo.inputs}"
            )
        if kinds[0] in _FLOATS and self._preprocessing.mean is None:
            raise EncoderError(
                f"{self._photo.path}: the graph takes float pixels, but the card's preprocessing has no mean and std"
            )

    def _check_text_inputs(self) -> None:
        names = set(self._text.inputs)
        if len(names & {"tokens", "input_ids"}) != 1 or not names <= {
            "tokens",
            "input_ids",
            "attention_mask",
            "token_type_ids",
        }:
            raise EncoderError(
                f"{self._text.path}: a text graph takes tokens or input_ids and optionally attention_mask and "
                f"token_type_ids, but this graph takes {self._text.inputs}"
            )

    def _with_checked_dimension(self, about: ModelDescription) -> ModelDescription:
        """Run both graphs; check that their vectors have the same dimension as on the card."""
        try:
            photo = self._run_photos([Image.new("RGB", (about.image_size, about.image_size))])
            words = self._run_tokens(self._tokeniser("a")[None])
        except Exception as error:
            raise EncoderError(
                f"{about.folder}: the encoder cannot be loaded, because it does not run: {error}"
            ) from error
        if {photo.shape, words.shape} != {(1, about.dimension or photo.shape[-1])}:
            declared = f"; its card says {about.dimension} numbers" if about.dimension else ""
            raise EncoderError(
                f"{about.folder}: the encoder cannot be loaded: its vectors have the shape {photo.shape} for a photo "
                f"and {words.shape} for a word{declared}"
            )
        return replace(about, dimension=photo.shape[-1])


class _Graph:
    """An ONNX session with its vector output.

    Attributes
    ----------
    inputs : dict
        Name → type in ONNX Runtime.
    batch : int
        Maximum rows of a run.
    """

    def __init__(self, path: Path, session: onnxruntime.InferenceSession, pooled: bool) -> None:
        self.path = path
        self.inputs: dict[str, str] = {node.name: node.type for node in session.get_inputs()}
        self.batch = 1 if _SCALED_BY_BATCH in path.read_bytes() else _BATCH
        self._session = session
        known_outputs = (*_VECTORS, _POOLED) if pooled else _VECTORS
        outputs = [node.name for node in session.get_outputs()]
        if not (vector_outputs := [name for name in known_outputs if name in outputs]):
            raise EncoderError(
                f"{path}: none of the outputs {outputs} is known to hold vectors; export the model with: snapshelf "
                "encoders export, or name the output vectors"
            )
        self._output = vector_outputs[0]

    def __call__(self, inputs: dict[str, NDArray[Any]]) -> NDArray[Any]:
        output: NDArray[Any] = self._session.run([self._output], inputs)[0]
        return output


def _in_batches(rows: Sequence[int], size: int) -> Iterator[list[int]]:
    for first in range(0, len(rows), size):
        yield list(rows[first : first + size])


def _fingerprint(layout: Layout) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for file in layout.files():
        digest.update(bytes.fromhex(sha256(file)))
    for settings in (layout.preprocessing, layout.tokenisation):
        # Exclude defaults, so that a setting of a later version does not change the fingerprint of existing shelves.
        digest.update(settings.model_dump_json(exclude_defaults=True).encode())
    return digest.hexdigest()
