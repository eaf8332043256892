"""The encoder that runs on ONNX Runtime."""

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
from snapshelf.encoders.preprocess import normalised, prepare
from snapshelf.encoders.protocol import Vectors
from snapshelf.encoders.providers import open_sessions
from snapshelf.encoders.tokenise import Tokeniser
from snapshelf.errors import EncoderError

_BATCH = 16
"""Photos in one run: larger batches leave the cache and are slower on a CPU."""

_SMALL_MB = 100
"""Up to this size each call computes on the thread that makes it; beyond, ONNX Runtime spreads it over all cores."""

_VECTORS = ("vectors", "image_embeds", "text_embeds", "image_features", "text_features", "embeddings")
"""Outputs that are vectors of the common space, under the names that exporters give them."""

_POOLED = "pooler_output"
"""Is that too in SigLIP, which projects nothing; in CLIP it is what would still have to be projected."""

_SCALED_BY_BATCH = b"DynamicQuantizeLinear"
"""Operator that scales activations by the largest in the batch: what else is in a batch would change a vector."""

_FLOATS: dict[str, type[np.floating[Any]]] = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class OnnxEncoder:
    """Two ONNX graphs and a tokeniser from one folder.

    A small encoder computes each call on the thread that makes it, and several threads may call at once: so a bulk job
    scales with its workers, and queries do not fight over a pool. A large one uses all cores for each call: nobody
    waits a second for a photo while other cores idle.

    Parameters
    ----------
    model : ModelDescription or Layout
        What to load.
    provider : str or None
        "cpu", "openvino", "cuda" or "auto"; by default the environment variable SNAPSHELF_PROVIDER, else "auto".

    Raises
    ------
    EncoderError
        A file is missing or is not what it should be, or the provider cannot be had.
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
        except Exception as error:  # each of the libraries raises its own kind
            raise EncoderError(f"{about.folder}: the encoder cannot be loaded: {error}") from error
        pooled = about.kind.startswith("siglip")
        self._photo = _Graph(layout.photo, sessions[0], pooled)
        self._text = _Graph(layout.text, sessions[1], pooled)
        self._check_photo_input()
        self._check_text_inputs()
        self._fingerprint = _fingerprint(layout)
        self.description = self._with_dimension(about)

    @property
    def name(self) -> str:
        """Name on the model's card."""
        return self.description.name

    @property
    def fingerprint(self) -> str:
        """Hash of both graphs, the tokeniser and how photos and texts are prepared."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return self.description.dimension

    @property
    def provider(self) -> str:
        """Execution provider that was chosen: "cpu", "openvino" or "cuda"."""
        return self._provider

    def encode_photos(self, photos: Sequence[Image.Image]) -> Vectors:
        """Encode RGB photos as float32 (n, d), L2-normalised."""
        vectors = np.empty((len(photos), self.dimension), np.float32)
        for rows in _in_batches(range(len(photos)), self._photo.batch):
            vectors[rows] = self._unit(self._of_photos([photos[row] for row in rows]))
        return vectors

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Encode texts as float32 (n, d), L2-normalised; an empty text has a vector too, which says nothing.

        Texts of equal length in tokens go together: filling them up to a common length would cost more than it saves.
        """
        vectors = np.empty((len(texts), self.dimension), np.float32)
        tokens = [self._tokeniser(text) for text in texts]
        by_length = sorted(range(len(texts)), key=lambda row: len(tokens[row]))
        for _, group in groupby(by_length, key=lambda row: len(tokens[row])):
            for rows in _in_batches(list(group), self._text.batch):
                vectors[rows] = self._unit(self._of_tokens(np.stack([tokens[row] for row in rows])))
        return vectors

    def _of_photos(self, photos: Sequence[Image.Image]) -> NDArray[Any]:
        pixels = np.stack([prepare(photo, self._preprocessing) for photo in photos])
        ((name, kind),) = self._photo.inputs.items()
        if kind in _FLOATS:
            return self._photo(
                {name: normalised(pixels, self._preprocessing).astype(_FLOATS[kind], copy=False)}
            )
        return self._photo({name: pixels})

    def _of_tokens(self, tokens: NDArray[np.int64]) -> NDArray[Any]:
        # No padding that a tower must not see is ever there, so that every token is to be looked at.
        made = {"attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
        return self._text({name: made.get(name, tokens) for name in self._text.inputs})

    def _unit(self, found: NDArray[Any]) -> Vectors:
        vectors = found.astype(np.float32, copy=False)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not (np.isfinite(norms) & (norms > 0)).all():
            raise EncoderError(
                f"{self.description.folder}: a vector has no direction or is no number; weights of half precision may "
                "have overflowed: export the model with --weights fp32"
            )
        unit: Vectors = vectors / norms
        return unit

    def _check_photo_input(self) -> None:
        kinds = list(self._photo.inputs.values())
        if len(kinds) != 1 or kinds[0] not in {"tensor(uint8)", *_FLOATS}:
            raise EncoderError(
                f"{self._photo.path}: a photo graph takes one input, uint8 (n, s, s, 3) or float (n, 3, s, s); this "
                f"one takes {self._photo.inputs}"
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
                f"{self._text.path}: a words graph takes tokens or input_ids and, if it wants, attention_mask and "
                f"token_type_ids; this one takes {self._text.inputs}"
            )

    def _with_dimension(self, about: ModelDescription) -> ModelDescription:
        """Try both graphs: a photo and a word have vectors of one length, and it is what the card says."""
        try:
            photo = self._of_photos([Image.new("RGB", (about.image_size, about.image_size))])
            words = self._of_tokens(self._tokeniser("a")[None])
        except Exception as error:
            raise EncoderError(
                f"{about.folder}: the encoder cannot be loaded: it does not run: {error}"
            ) from error
        if {photo.shape, words.shape} != {(1, about.dimension or photo.shape[-1])}:
            said = f"; its card says {about.dimension} numbers" if about.dimension else ""
            raise EncoderError(
                f"{about.folder}: the encoder cannot be loaded: its vectors have the shape {photo.shape} for a photo "
                f"and {words.shape} for a word{said}"
            )
        return replace(about, dimension=photo.shape[-1])


class _Graph:
    """A session with the one output that is wanted of it.

    Attributes
    ----------
    inputs : dict
        Name → type, as ONNX Runtime has them.
    batch : int
        Most rows of one run.
    """

    def __init__(self, path: Path, session: onnxruntime.InferenceSession, pooled: bool) -> None:
        self.path = path
        self.inputs: dict[str, str] = {one.name: one.type for one in session.get_inputs()}
        self.batch = 1 if _SCALED_BY_BATCH in path.read_bytes() else _BATCH
        self._session = session
        wanted = (*_VECTORS, _POOLED) if pooled else _VECTORS
        there = [one.name for one in session.get_outputs()]
        if not (found := [name for name in wanted if name in there]):
            raise EncoderError(
                f"{path}: none of its outputs {there} is known to be the vectors; export the model with: snapshelf "
                "encoders export, or call the output vectors"
            )
        self._output = found[0]

    def __call__(self, given: dict[str, NDArray[Any]]) -> NDArray[Any]:
        found: NDArray[Any] = self._session.run([self._output], given)[0]
        return found


def _in_batches(rows: Sequence[int], size: int) -> Iterator[list[int]]:
    for first in range(0, len(rows), size):
        yield list(rows[first : first + size])


def _fingerprint(layout: Layout) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for file in layout.files():
        digest.update(bytes.fromhex(sha256(file)))
    for how in (layout.preprocessing, layout.tokenisation):
        # Without defaults: a setting that a later version adds does not change what is already on shelves.
        digest.update(how.model_dump_json(exclude_defaults=True).encode())
    return digest.hexdigest()
