"""Checkpoints of OpenCLIP: ``open_clip_config.json``, ``open_clip_model.safetensors`` or ``.bin``, a tokeniser."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn

from snapshelf.encoders import Preprocessing, Tokenisation
from snapshelf.errors import TrainingError
from snapshelf.training.large.checkpoint import Checkpoint, padding_token, read_json, read_tokenizer
from snapshelf.training.large.libraries import library
from snapshelf.training.large.transformers import masked

_WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
)
_LENGTH = 77
"""Longest text, where the configuration does not say."""

_MODES: dict[str, Literal["crop", "letterbox", "stretch"]] = {
    "shortest": "crop",
    "longest": "letterbox",
    "squash": "stretch",
}
_CLEANING: dict[str, Literal["whitespace", "lower", "canonical"]] = {
    "whitespace": "whitespace",
    "lower": "lower",
    "canonicalize": "canonical",
}


def load_open_clip(folder: Path) -> Checkpoint:
    """Read a checkpoint of OpenCLIP, whatever its towers.

    Raises
    ------
    TrainingError
        A file is missing or incomplete, or the configuration is not supported.
    """
    config = read_json(folder / "open_clip_config.json")
    try:
        model_config, photos = config["model_cfg"], config.get("preprocess_cfg", {})
        texts = model_config["text_cfg"]
        model = _load_model(folder, model_config)
        tokenizer = _tokenizer(folder, texts)
        tokenisation = _tokenisation(folder, tokenizer, texts)
        _normalise_punctuation(tokenizer, canonical=tokenisation.cleaning == "canonical")
        return Checkpoint(
            folder=folder,
            kind="open_clip",
            model=model,
            encode_photos=_encode_photos,
            encode_texts=_encode_texts,
            tokenizer=tokenizer,
            tokenisation=tokenisation,
            preprocessing=_preprocessing(model, photos),
            dimension=int(model_config["embed_dim"]),
            languages=("en", "zh") if "hf_model_name" in texts else ("en",),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"{folder / 'open_clip_config.json'}: {type(error).__name__}: {error}") from error


def _load_model(folder: Path, config: Mapping[str, Any]) -> nn.Module:
    open_clip = library("open_clip")
    path = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
    if path is None:
        raise TrainingError(f"{folder}: the weights are missing; one of {', '.join(_WEIGHTS)} is expected")
    try:
        with TemporaryDirectory() as scratch:
            described = json.loads(json.dumps(config))
            if "hf_model_name" in described["text_cfg"]:
                # OpenCLIP would ask the hub for the text tower's configuration; it is read off the weights instead.
                weights = library("open_clip.factory").load_state_dict(str(path))
                shape = _text_shape(described["text_cfg"]["hf_model_name"], weights)
                shape.save_pretrained(scratch)
                described["text_cfg"]["hf_model_name"] = scratch
            Path(scratch, "open_clip_config.json").write_text(
                json.dumps({"model_cfg": described}), encoding="utf-8"
            )
            with _without_log_warnings():
                model: nn.Module = open_clip.create_model(
                    f"local-dir:{scratch}", load_weights=False, pretrained_text=False
                )
        open_clip.load_checkpoint(model, str(path), strict=True)
    except TrainingError:
        raise
    except Exception as error:  # OpenCLIP, timm, safetensors and pickle raise their own kinds
        raise TrainingError(f"{folder}: the model cannot be loaded: {error}") from error
    return model.eval()


@contextmanager
def _without_log_warnings() -> Iterator[None]:
    """Suppress OpenCLIP's warning about missing weights, which are loaded in a second step."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _text_shape(name: str, weights: Mapping[str, Tensor]) -> Any:
    """Return the configuration of a text tower of Transformers, read off its weights.

    Attention heads have 64 dimensions in every published XLM-R and NLLB.
    """
    transformers = library("transformers")
    tower = "text.transformer."
    if "xlm-roberta" in name:
        vocabulary, width = weights[f"{tower}embeddings.word_embeddings.weight"].shape
        return transformers.XLMRobertaConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            num_hidden_layers=_layers(weights, f"{tower}encoder.layer."),
            num_attention_heads=max(1, width // 64),
            intermediate_size=len(weights[f"{tower}encoder.layer.0.intermediate.dense.weight"]),
            max_position_embeddings=len(weights[f"{tower}embeddings.position_embeddings.weight"]),
            type_vocab_size=len(weights[f"{tower}embeddings.token_type_embeddings.weight"]),
            layer_norm_eps=1e-5,
        )
    if "nllb" in name:
        vocabulary, width = weights[f"{tower}embed_tokens.weight"].shape
        return transformers.M2M100Config(
            vocab_size=vocabulary,
            d_model=width,
            encoder_layers=_layers(weights, f"{tower}layers."),
            encoder_attention_heads=max(1, width // 64),
            encoder_ffn_dim=len(weights[f"{tower}layers.0.fc1.weight"]),
            # Only the encoder is used; the decoder is as small as possible.
            decoder_layers=1,
            decoder_ffn_dim=1,
            scale_embedding=True,
        )
    raise TrainingError(f"text towers made of {name} are not supported, only those of XLM-R and NLLB")


def _layers(weights: Mapping[str, Tensor], prefix: str) -> int:
    number = re.compile(re.escape(prefix) + r"(\d+)\.")
    return 1 + max(int(match[1]) for match in map(number.match, weights) if match)


def _encode_photos(model: Any, pixels: Tensor) -> Tensor:
    vectors: Tensor = model.encode_image(pixels)
    return vectors


def _encode_texts(model: Any, tokens: Tensor) -> Tensor:
    text: Any = getattr(model, "text", None)
    if not hasattr(text, "pooler"):
        vectors: Tensor = model.encode_text(tokens)
        return vectors
    padding = text.config.pad_token_id
    out = text.transformer(input_ids=tokens, attention_mask=masked(tokens, padding))
    projected: Tensor = text.proj(text.pooler(out, (tokens != padding).long()))
    return projected


def _tokenizer(folder: Path, texts: Mapping[str, Any]) -> Tokenizer:
    if texts.get("hf_tokenizer_name"):
        return read_tokenizer(folder)
    # Without a name OpenCLIP uses its own copy of CLIP's vocabulary, whatever the folder holds.
    clip = library("open_clip").SimpleTokenizer()
    tokenizer = Tokenizer(
        models.BPE(
            vocab=clip.encoder,
            merges=sorted(clip.bpe_ranks, key=clip.bpe_ranks.__getitem__),
            end_of_word_suffix="</w>",
        )
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(
                Regex(r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"), "removed", invert=True
            ),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    begin, end = "<start_of_text>", "<end_of_text>"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}", special_tokens=[(token, clip.encoder[token]) for token in (begin, end)]
    )
    return tokenizer


def _normalise_punctuation(tokenizer: Tokenizer, *, canonical: bool) -> None:
    """Normalise full-width and curly punctuation first, as OpenCLIP does with ftfy.

    With `canonical`, the normalised punctuation is removed, too.
    """
    steps: list[normalizers.Normalizer] = [
        normalizers.NFKC(),
        normalizers.Replace(Regex("[‘’]"), "'"),
        normalizers.Replace(Regex("[“”]"), '"'),
    ]
    if canonical:
        steps += [
            normalizers.Replace("_", " "),
            normalizers.Replace(Regex(r"[!-/:-@\[-^`{-~]"), ""),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    if tokenizer.normalizer is not None:
        steps.append(tokenizer.normalizer)
    tokenizer.normalizer = normalizers.Sequence(steps)


def _tokenisation(folder: Path, tokenizer: Tokenizer, texts: Mapping[str, Any]) -> Tokenisation:
    length = int(texts.get("context_length", _LENGTH))
    if not texts.get("hf_tokenizer_name"):
        return Tokenisation(length=length, padding="fixed", pad_id=0, cleaning="lower")
    options = dict(texts.get("tokenizer_kwargs", {}))
    cleaning = _CLEANING[options.pop("clean", "whitespace")]
    if options or texts.get("tokenizer_mode"):
        raise TrainingError(
            f"{folder}: the tokeniser's {', '.join(options) or 'tokenizer_mode'} is not supported"
        )
    nllb = tokenizer.token_to_id("zho_Hans") is not None
    return Tokenisation(
        length=length,
        # Transformers' towers have an attention mask; OpenCLIP's own attend to the padding.
        padding="longest" if "hf_model_name" in texts else "fixed",
        pad_id=padding_token(folder, tokenizer),
        cleaning=cleaning,
        language_tokens={"en": "eng_Latn", "zh": "zho_Hans"} if nllb else {},
        end_token="</s>" if nllb else None,
    )


def _preprocessing(model: Any, config: Mapping[str, Any]) -> Preprocessing:
    clip = library("open_clip.constants")
    sizes = model.visual.image_size
    size, other = (sizes, sizes) if isinstance(sizes, int) else sizes
    if size != other:
        raise TrainingError(f"photos of {size}×{other} pixels: only squares are supported")
    interpolation: Any = config.get("interpolation") or "bicubic"
    return Preprocessing(
        size=size,
        mode=_MODES[config.get("resize_mode") or "shortest"],
        interpolation="bicubic" if interpolation == "random" else interpolation,
        background=(int(config.get("fill_color") or 0),) * 3,
        mean=tuple(config.get("mean") or clip.OPENAI_DATASET_MEAN),
        std=tuple(config.get("std") or clip.OPENAI_DATASET_STD),
    )


def reparameterise(model: nn.Module) -> nn.Module:
    """Return a copy with a photo tower's training-only branches merged (FastViT of MobileCLIP)."""
    if not any(hasattr(module, "reparameterize") for module in model.modules()):
        return model
    fused: nn.Module = library("timm.utils").reparameterize_model(model, inplace=False)
    return fused
