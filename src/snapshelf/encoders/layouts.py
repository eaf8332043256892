"""Folder layouts of encoders: Snapshelf's own and those of the model hubs.

=========  =========================================================================================================
Snapshelf  ``card.json``; see `snapshelf.encoders.card`
Optimum    ``config.json`` and ``preprocessor_config.json`` of Transformers, ``tokenizer.json``, and in ``onnx/`` or
           beside them ``vision_model.onnx`` and ``text_model.onnx``
OpenCLIP   ``open_clip_config.json``, ``tokenizer.json``, ``visual.onnx`` and ``textual.onnx``
=========  =========================================================================================================

The name of a graph may end in ``_fp16``, ``_quantized``, ``_int8`` or ``_uint8``, as on the hubs.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from snapshelf.encoders.card import Card, Preprocessing, Tokenisation
from snapshelf.encoders.description import ModelDescription, megabytes
from snapshelf.encoders.preprocess import default_preprocessing
from snapshelf.errors import EncoderError

GRAPHS = (
    ("photo", "text"),
    ("visual", "textual"),
    ("onnx/vision_model", "onnx/text_model"),
    ("vision_model", "text_model"),
)
"""Names of the photo graph and the text graph in each layout, without ``.onnx``."""

VARIANTS = ("", "_fp16", "_quantized", "_int8", "_uint8")
"""Suffixes of these names, in order of precedence."""

_CHINESE_CLIP_LENGTH = 52
"""Training length of all Chinese-CLIP models, in tokens; their configuration gives only the limit of BERT."""

_RESAMPLING: dict[int, Literal["nearest", "lanczos", "bilinear", "bicubic"]] = {
    0: "nearest",
    1: "lanczos",
    2: "bilinear",
    3: "bicubic",
}
"""Pillow's filter numbers, as in preprocessor_config.json."""

_MODES: dict[str, Literal["crop", "stretch", "letterbox"]] = {
    "shortest": "crop",
    "squash": "stretch",
    "longest": "letterbox",
}
"""Resize modes under their names in OpenCLIP."""

_NO_LIMIT = 1_000_000
"""tokenizer_config.json has 1e30 for a tokeniser without a maximum length."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of an encoder with their preprocessing and tokenisation.

    Parameters
    ----------
    description : ModelDescription
        With dimension 0 if only the graphs state it.
    photo, text : Path
        The graphs.
    tokenizer : Path
    preprocessing : Preprocessing
    tokenisation : Tokenisation
    card : Card or None
    """

    description: ModelDescription
    photo: Path
    text: Path
    tokenizer: Path
    preprocessing: Preprocessing
    tokenisation: Tokenisation
    card: Card | None = None

    def files(self) -> list[Path]:
        """Return all files that determine the vectors, weight files of graphs included."""
        return [*with_weights(self.photo), *with_weights(self.text), self.tokenizer]


def with_weights(graph: Path) -> list[Path]:
    """Return a graph and its weight files."""
    prefixes = (f"{graph.name}.data", f"{graph.name}_data")
    return [graph, *sorted(file for file in graph.parent.iterdir() if file.name.startswith(prefixes))]


def read_layout(folder: Path, known: ModelDescription | None = None) -> Layout:
    """Detect the layout of a folder and read it.

    Parameters
    ----------
    folder : Path
    known : ModelDescription or None
        The registry's entry of the model, for fields that the folder does not state.

    Raises
    ------
    EncoderError
        The folder holds no encoder, or a file is missing or cannot be parsed; the message names the file.
    """
    if (folder / "card.json").is_file():
        layout = _read_card_layout(folder, known)
    elif (folder / "open_clip_config.json").is_file() and _find_graphs(folder)[0].stem.startswith("visual"):
        layout = _read_open_clip_layout(folder, known)
    elif (folder / "config.json").is_file():
        layout = _read_optimum_layout(folder, known)
    else:
        raise EncoderError(
            f"{folder}: not an encoder's folder: it has neither card.json (Snapshelf), nor config.json with "
            "vision_model.onnx (Optimum), nor open_clip_config.json with visual.onnx (OpenCLIP)"
        )
    return layout


def _read_card_layout(folder: Path, known: ModelDescription | None) -> Layout:
    card = Card.read(folder)
    photo, text = _find_graphs(folder)
    about = ModelDescription.of_card(card, folder)
    if known is not None:
        about = replace(about, source=known.source, checkpoint=known.checkpoint)
    return Layout(
        about,
        photo,
        text,
        _require_file(folder / "tokenizer.json"),
        card.preprocessing or default_preprocessing(card.image_size),
        card.tokeniser or Tokenisation(special_tokens=False, cleaning="shelf", empty_id=1),
        card,
    )


def _read_optimum_layout(folder: Path, known: ModelDescription | None) -> Layout:
    config = _read_json(folder / "config.json")
    kind = str(config.get("model_type"))
    photo, text = _find_graphs(folder)
    preprocessing = read_processor(folder / "preprocessor_config.json")
    return Layout(
        _describe(folder, known, kind, preprocessing.size, [photo, text]),
        photo,
        text,
        _require_file(folder / "tokenizer.json"),
        preprocessing,
        _transformers_tokenisation(folder, kind, config.get("text_config") or {}),
    )


def read_processor(path: Path) -> Preprocessing:
    """Read ``preprocessor_config.json`` as Transformers' image processors do.

    Raises
    ------
    EncoderError
        The file is missing or unsupported, or the input is not square.
    """
    config = _read_json(path)
    size: Any = config.get("size")
    crop: Any = config.get("crop_size")
    centre_crop = bool(config.get("do_center_crop"))
    if isinstance(size, int):  # written before Transformers 4.25
        size = {"shortest_edge": size} if centre_crop else {"height": size, "width": size}
    if isinstance(crop, int):
        crop = {"height": crop, "width": crop}
    # Pixels are multiplied by this factor before normalisation; mean and deviation refer to pixels / 255.
    factor = 255 * float(config.get("rescale_factor", 1 / 255))
    mean: Any = config.get("image_mean")
    std: Any = config.get("image_std")
    if not config.get("do_normalize", True):
        mean, std = [0.0] * 3, [1.0] * 3
    try:
        shape: dict[str, Any]
        if "shortest_edge" in size and centre_crop and crop["height"] == crop["width"]:
            shape = {"mode": "crop", "size": crop["height"], "resize": size["shortest_edge"]}
        elif "height" in size and size["height"] == size["width"] and not centre_crop:
            shape = {"mode": "stretch", "size": size["height"]}
        else:
            raise EncoderError(f"{path}: the input is not square: size {size}, crop_size {crop}")
        return Preprocessing(
            **shape,
            interpolation=_RESAMPLING[config.get("resample", 3)],
            mean=tuple(value / factor for value in mean),
            std=tuple(value / factor for value in std),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise EncoderError(f"{path}: the preprocessing is not supported: {error!r}") from error


def _transformers_tokenisation(folder: Path, kind: str, text: Mapping[str, Any]) -> Tokenisation:
    """Return the tokenisation of a Transformers model."""
    path = folder / "tokenizer_config.json"
    config = _read_json(path) if path.is_file() else {}
    longest = min(int(min(config.get("model_max_length", _NO_LIMIT), _NO_LIMIT)), _NO_LIMIT)
    match kind:
        case "siglip" | "siglip2":
            # The tower was trained on padded texts without a mask.
            gemma = "gemma" in str(config.get("tokenizer_class")).lower() or kind == "siglip2"
            return Tokenisation(
                length=min(longest, text.get("max_position_embeddings", 64)),
                padding="fixed",
                pad_id=_token_id(folder, _token(config.get("pad_token"), "<pad>" if gemma else "</s>")),
                end_token=_token(config.get("eos_token"), "<eos>" if gemma else "</s>"),
                cleaning="lower" if gemma else "canonical",
            )
        case "clip":
            return Tokenisation(
                length=min(longest, text.get("max_position_embeddings", 77)), cleaning="lower"
            )
        case "chinese_clip":
            return Tokenisation(length=min(longest, _CHINESE_CLIP_LENGTH), cleaning="none")
    raise EncoderError(
        f"{folder / 'config.json'}: models of type {kind!r} are not supported; supported are siglip, siglip2, clip, "
        "chinese_clip, and models that `snapshelf encoders export` wrote"
    )


def _read_open_clip_layout(folder: Path, known: ModelDescription | None) -> Layout:
    path = folder / "open_clip_config.json"
    config = _read_json(path)
    try:
        vision, text = config["model_cfg"]["vision_cfg"], config["model_cfg"]["text_cfg"]
        pixels = config.get("preprocess_cfg", {})
        size = pixels.get("size", vision["image_size"])
        preprocessing = Preprocessing(
            size=size if isinstance(size, int) else size[0],
            mode=_MODES[pixels.get("resize_mode", "shortest")],
            interpolation=pixels.get("interpolation", "bicubic"),
            background=(pixels.get("fill_color", 0),) * 3,
            mean=tuple(pixels["mean"]),
            std=tuple(pixels["std"]),
        )
        has_mask = "hf_model_name" in text
        settings = text.get("tokenizer_kwargs", {})
        cleaning = settings.get("clean", "whitespace" if "hf_tokenizer_name" in text else "lower")
        tokenisation = Tokenisation(
            length=text.get("context_length", 77),
            # OpenCLIP's own towers see the padding; those of Transformers mask it.
            padding="longest" if has_mask else "fixed",
            pad_id=_padding_id(folder) if "hf_tokenizer_name" in text else 0,
            cleaning="canonical" if cleaning == "canonicalize" else cleaning,
            **_nllb_settings(text),
        )
    except (KeyError, TypeError, ValidationError) as error:
        raise EncoderError(f"{path}: the configuration is not supported: {error!r}") from error
    photo, graph = _find_graphs(folder)
    return Layout(
        _describe(folder, known, "open_clip", preprocessing.size, [photo, graph]),
        photo,
        graph,
        _require_file(folder / "tokenizer.json"),
        preprocessing,
        tokenisation,
    )


def _nllb_settings(text: Mapping[str, Any]) -> dict[str, Any]:
    """Return the language tokens of NLLB, whose tokeniser otherwise treats every text as English."""
    if "nllb" not in str(text.get("hf_tokenizer_name")):
        return {}
    return {"language_tokens": {"en": "eng_Latn", "zh": "zho_Hans"}, "end_token": "</s>"}


def _padding_id(folder: Path) -> int:
    path = folder / "tokenizer_config.json"
    config = _read_json(path) if path.is_file() else {}
    return _token_id(folder, _token(config.get("pad_token"), "<pad>"))


def _token(value: Any, otherwise: str) -> str:
    """Return the text of a token, which is a string or an object with ``content``."""
    return str(value.get("content", otherwise)) if isinstance(value, dict) else str(value or otherwise)


def _token_id(folder: Path, token: str) -> int:
    tokenizer = _read_json(folder / "tokenizer.json")
    for added in tokenizer.get("added_tokens", []):
        if added.get("content") == token:
            return int(added["id"])
    vocabulary = tokenizer.get("model", {}).get("vocab", {})
    if isinstance(vocabulary, list):  # Unigram: pieces and their scores, in the order of their ids
        vocabulary = {piece: id for id, (piece, _) in enumerate(vocabulary)}
    if token not in vocabulary:
        raise EncoderError(f"{folder / 'tokenizer.json'}: the padding token {token!r} is missing")
    return int(vocabulary[token])


def _find_graphs(folder: Path) -> tuple[Path, Path]:
    """Return the two graphs, in the variant with the highest precision."""
    for variant in VARIANTS:
        for names in GRAPHS:
            photo, text = (folder / f"{name}{variant}.onnx" for name in names)
            if photo.is_file() and text.is_file():
                return photo, text
    if any(folder.glob("**/*.onnx")):
        present = ", ".join(sorted(str(path.relative_to(folder)) for path in folder.glob("**/*.onnx")))
        raise EncoderError(
            f"{folder}: the folder needs a matching photo graph (photo.onnx, visual.onnx or vision_model.onnx) "
            f"and a text graph (text.onnx, textual.onnx or text_model.onnx); it has {present}"
        )
    raise EncoderError(
        f"{folder}: the folder has no ONNX graphs; if it holds a checkpoint, export it: "
        f"snapshelf encoders export {folder} --out NEW"
    )


def _describe(
    folder: Path, known: ModelDescription | None, kind: str, image_size: int, graphs: Iterable[Path]
) -> ModelDescription:
    size = megabytes([*(file for graph in graphs for file in with_weights(graph)), folder / "tokenizer.json"])
    if known is not None:
        return replace(known, size_mb=size, image_size=image_size, folder=folder, ready=True)
    about = _front_matter(folder / "README.md")
    languages = about.get("language", [])
    return ModelDescription(
        name=folder.name,
        kind=kind,
        licence=str(about.get("license", "not stated")),
        parameters=_parameters(folder),
        size_mb=size,
        dimension=0,
        image_size=image_size,
        languages=tuple([languages] if isinstance(languages, str) else map(str, languages)),
        source=str(folder),
        ready=True,
        checkpoint=str(folder),
        folder=folder,
    )


def _front_matter(path: Path) -> dict[str, Any]:
    """Return the YAML front matter of a model page; empty if it cannot be parsed."""
    try:
        _, head, _ = path.read_text(encoding="utf-8").split("---", 2)
        content = yaml.safe_load(head)
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}


def _parameters(folder: Path) -> int | None:
    """Return the number of parameters of a checkpoint beside the graphs; None without a checkpoint."""
    for path in (folder / "open_clip_model.safetensors", folder / "model.safetensors"):
        if path.is_file():
            with path.open("rb") as file:
                (length,) = struct.unpack("<Q", file.read(8))
                tensors = json.loads(file.read(length))
            return sum(_product(about["shape"]) for name, about in tensors.items() if name != "__metadata__")
    return None


def _product(shape: Iterable[int]) -> int:
    count = 1
    for side in shape:
        count *= side
    return count


def _require_file(path: Path) -> Path:
    if not path.is_file():
        raise EncoderError(f"{path.parent}: the encoder cannot be loaded: {path.name} is missing")
    return path


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_require_file(path).read_bytes())
    except ValueError as error:
        raise EncoderError(f"{path}: the encoder cannot be loaded: not JSON: {error}") from error
    if not isinstance(content, dict):
        raise EncoderError(f"{path}: the encoder cannot be loaded: not a JSON object")
    return content
