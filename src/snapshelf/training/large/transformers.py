"""Checkpoints of Transformers: ``config.json``, ``model.safetensors``, ``preprocessor_config.json`` and a tokeniser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from snapshelf.encoders import Preprocessing, Tokenisation, read_processor
from snapshelf.errors import EncoderError, TrainingError
from snapshelf.training.large.checkpoint import Checkpoint, Encode, padding_token, read_json, read_tokenizer
from snapshelf.training.large.libraries import library


@dataclass(frozen=True, slots=True)
class _Family:
    encode_texts: Callable[[int], Encode]
    tokenise: Callable[[Path, Tokenizer, dict[str, Any]], Tokenisation]
    languages: Callable[[Tokenizer], tuple[str, ...]]


def load_transformers(folder: Path) -> Checkpoint:
    """Read a checkpoint of SigLIP, SigLIP 2, Chinese-CLIP or CLIP.

    Raises
    ------
    TrainingError
        The model is not supported, or a file is missing or incomplete.
    """
    config = read_json(folder / "config.json")
    kind = str(config.get("model_type"))
    if kind == "siglip2":
        raise TrainingError(
            f"{folder}: a NaFlex checkpoint, which takes photos of any proportions; take one of fixed resolution, "
            "such as google/siglip2-base-patch16-224"
        )
    if kind not in _FAMILIES:
        raise TrainingError(
            f"{folder}: checkpoints of {kind} are not known, only those of {', '.join(_FAMILIES)}"
        )
    family = _FAMILIES[kind]
    transformers = library("transformers")
    try:
        model, loading = transformers.AutoModel.from_pretrained(
            folder,
            local_files_only=True,
            dtype=torch.float32,
            attn_implementation="sdpa",
            output_loading_info=True,
        )
    except Exception as error:  # Transformers, safetensors and pickle raise their own kinds
        raise TrainingError(f"{folder}: the weights cannot be read: {error}") from error
    if loading["missing_keys"]:
        names = ", ".join(sorted(loading["missing_keys"])[:3])
        raise TrainingError(f"{folder}: {len(loading['missing_keys'])} weights are missing, such as {names}")
    tokenizer = read_tokenizer(folder)
    tokenisation = family.tokenise(folder, tokenizer, model.config.text_config.to_dict())
    preprocessing = _preprocessing(folder, int(model.config.vision_config.image_size))
    return Checkpoint(
        folder=folder,
        kind=kind,
        model=model.eval(),
        encode_photos=_encode_photos,
        encode_texts=family.encode_texts(tokenisation.pad_id),
        tokenizer=tokenizer,
        tokenisation=tokenisation,
        preprocessing=preprocessing,
        dimension=_dimension(model.config),
        languages=family.languages(tokenizer),
    )


def _dimension(config: Any) -> int:
    # SigLIP has no common projection: its vectors have the photo tower's width.
    return int(getattr(config, "projection_dim", None) or config.vision_config.hidden_size)


def _encode_photos(model: Any, pixels: Tensor) -> Tensor:
    vectors: Tensor = model.get_image_features(pixel_values=pixels).pooler_output
    return vectors


def _encode_unmasked(padding: int) -> Encode:  # noqa: ARG001 - SigLIP reads the padding like any other token
    def encode(model: Any, tokens: Tensor) -> Tensor:
        vectors: Tensor = model.get_text_features(input_ids=tokens).pooler_output
        return vectors

    return encode


def _encode_masked(padding: int) -> Encode:
    def encode(model: Any, tokens: Tensor) -> Tensor:
        mask = masked(tokens, padding)
        vectors: Tensor = model.get_text_features(input_ids=tokens, attention_mask=mask).pooler_output
        return vectors

    return encode


def _encode_causal(padding: int) -> Encode:  # noqa: ARG001 - causal attention never sees the padding after the end
    def encode(model: Any, tokens: Tensor) -> Tensor:
        length = tokens.shape[1]
        mask = torch.ones(length, length, dtype=torch.bool, device=tokens.device).tril()[None, None]
        vectors: Tensor = model.get_text_features(input_ids=tokens, attention_mask=mask).pooler_output
        return vectors

    return encode


def masked(tokens: Tensor, padding: int) -> Tensor:
    """Return the attention mask: bool (n, 1, 1, t), False for padding.

    Transformers uses a mask with four axes unchanged; its conversion of a two-dimensional mask is lost in tracing.
    """
    return (tokens != padding)[:, None, None, :]


def _siglip_texts(folder: Path, tokenizer: Tokenizer, config: dict[str, Any]) -> Tokenisation:
    return Tokenisation(
        length=int(config["max_position_embeddings"]),
        padding="fixed",
        pad_id=padding_token(folder, tokenizer),
        end_token="<eos>" if _is_siglip2(tokenizer) else "</s>",
        # Both were trained on lower case, SigLIP without punctuation.
        cleaning="lower" if _is_siglip2(tokenizer) else "canonical",
    )


def _is_siglip2(tokenizer: Tokenizer) -> bool:
    """Whether it is SigLIP 2, whose model type is "siglip", too; its vocabulary is Gemma's, which is multilingual."""
    return tokenizer.token_to_id("<bos>") is not None


def _chinese_clip_texts(folder: Path, tokenizer: Tokenizer, config: dict[str, Any]) -> Tokenisation:
    return Tokenisation(
        # It was trained on texts of at most 52 tokens, though it has room for 512.
        length=min(52, int(config["max_position_embeddings"])),
        pad_id=padding_token(folder, tokenizer),
        cleaning="none",
    )


def _clip_texts(folder: Path, tokenizer: Tokenizer, config: dict[str, Any]) -> Tokenisation:
    return Tokenisation(
        length=int(config["max_position_embeddings"]),
        pad_id=padding_token(folder, tokenizer),
        cleaning="lower",
    )


_FAMILIES = {
    "siglip": _Family(
        _encode_unmasked,
        _siglip_texts,
        lambda tokenizer: ("en", "zh") if _is_siglip2(tokenizer) else ("en",),
    ),
    "chinese_clip": _Family(_encode_masked, _chinese_clip_texts, lambda _: ("zh",)),
    "clip": _Family(_encode_causal, _clip_texts, lambda _: ("en",)),
}


def _preprocessing(folder: Path, image_size: int) -> Preprocessing:
    path = folder / "preprocessor_config.json"
    try:
        preprocessing = read_processor(path)
    except EncoderError as error:
        raise TrainingError(str(error)) from error
    if preprocessing.size != image_size:
        raise TrainingError(
            f"{path}: its photos are not squares of {image_size} pixels, as config.json has it"
        )
    return preprocessing
