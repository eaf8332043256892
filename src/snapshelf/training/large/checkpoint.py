"""A large model's checkpoint, independent of the library that wrote it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from torch import Tensor, nn

from snapshelf.encoders import Preprocessing, Tokenisation
from snapshelf.errors import TrainingError
from snapshelf.training.large.libraries import library

_VOCABULARIES = ("vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model")

Encode = Callable[[Any, Tensor], Tensor]
"""A model and its input → vectors (n, d), of any length."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model with its preprocessing and tokenisation.

    Parameters
    ----------
    folder : Path
    kind : str
        Model family, as on an encoder's card: "siglip", "chinese_clip", "clip" or "open_clip".
    model : nn.Module
        The library's own model.
    encode_photos : callable
        Takes the model and float (n, 3, s, s), normalised with mean and standard deviation.
    encode_texts : callable
        Takes the model and int64 (n, t).
    tokenizer : Tokenizer
    tokenisation : Tokenisation
    preprocessing : Preprocessing
        With mean and standard deviation.
    dimension : int
    languages : tuple of str
        Languages of the family's training, where the checkpoint states none.
    """

    folder: Path
    kind: str
    model: nn.Module
    encode_photos: Encode
    encode_texts: Encode
    tokenizer: Tokenizer
    tokenisation: Tokenisation
    preprocessing: Preprocessing
    dimension: int
    languages: tuple[str, ...]


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file of a checkpoint.

    Raises
    ------
    TrainingError
        It is missing or no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise TrainingError(f"{path}: a JSON object is expected")
    return content


def read_tokenizer(folder: Path) -> Tokenizer:
    """Read a checkpoint's tokeniser: ``tokenizer.json``, or built from the vocabulary file.

    Raises
    ------
    TrainingError
        There is neither.
    """
    path = folder / "tokenizer.json"
    if not any((folder / name).is_file() for name in (path.name, *_VOCABULARIES)):
        # Transformers would build a tokeniser with an empty vocabulary.
        raise TrainingError(f"{folder}: the tokeniser is missing; tokenizer.json is expected, or vocab.txt")
    try:
        if path.is_file():
            return Tokenizer.from_file(str(path))
        slow = library("transformers").AutoTokenizer.from_pretrained(folder, local_files_only=True)
        tokenizer: Tokenizer = slow.backend_tokenizer
    except Exception as error:  # each of the libraries raises its own kind
        raise TrainingError(f"{folder}: the tokeniser cannot be read: {error}") from error
    return tokenizer


def padding_token(folder: Path, tokenizer: Tokenizer) -> int:
    """Return the id of the padding token, from the tokeniser's files."""
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if (folder / name).is_file():
            token = read_json(folder / name).get("pad_token")
            number = tokenizer.token_to_id(token["content"] if isinstance(token, dict) else token or "")
            if number is not None:
                return int(number)
    for token in ("<pad>", "[PAD]"):
        number = tokenizer.token_to_id(token)
        if number is not None:
            return int(number)
    raise TrainingError(f"{folder}: no file says which token pads; add pad_token to tokenizer_config.json")
