"""Export a large model to two ONNX graphs, and measure their fidelity."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
import yaml
from PIL import Image
from torch import Tensor, nn

from snapshelf.demo import draw_catalogue, shopper_photo
from snapshelf.encoders import Vectors, load_encoder, write_card
from snapshelf.training.large.open_clip import reparameterise
from snapshelf.training.large.towers import LargeTowers, load_large
from snapshelf.training.stored_weights import Weights, shrink

_OPSET = 17
_LARGEST_FILE = 1_900_000_000
"""Bytes. A protocol buffer cannot hold 2 GB; larger graphs keep their weights in a second file."""

_PHOTOS = 4
_ENGLISH = (
    "red dress",
    "Women's black leather ANKLE boots, size 38",
    "a photo of a blue t-shirt with white stripes on a plain background",
    "Nike Air Max 90 (2024)",
    "green & yellow cotton scarf for autumn, hand-washed at 30°, made in Portugal, with a fringe at both of its ends",
)
_CHINESE = (
    "红色连衣裙",
    "女士黑色真皮短靴，38码",
    "一张白底蓝色条纹T恤的照片",
    "耐克跑鞋2024款",
    "秋季绿色黄色纯棉围巾，三十度手洗，葡萄牙制造，两端有流苏，送礼佳品，适合日常穿着与旅行，柔软亲肤不起球",
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cosines between the exported graphs' vectors and PyTorch's."""

    least: float
    mean: float


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Cosines between an export's vectors and its checkpoint's, for single inputs and for a batch.

    Its text is a table of the cosines.
    """

    photos_single: Agreement
    photos_batch: Agreement
    english_single: Agreement
    english_batch: Agreement
    chinese_single: Agreement
    chinese_batch: Agreement

    @property
    def least(self) -> float:
        """Smallest cosine of all."""
        return min(agreement.least for agreement in self._rows().values())

    def _rows(self) -> Mapping[str, Agreement]:
        return {
            "photos, one by one": self.photos_single,
            "photos, in a batch": self.photos_batch,
            "English, one by one": self.english_single,
            "English, in a batch": self.english_batch,
            "Chinese, one by one": self.chinese_single,
            "Chinese, in a batch": self.chinese_batch,
        }

    def __str__(self) -> str:
        rows = [f"{name:<20} {row.least:>8.6f} {row.mean:>8.6f}" for name, row in self._rows().items()]
        return "\n".join([f"{'cosine with PyTorch':<20} {'least':>8} {'mean':>8}", *rows])


def export_checkpoint(source: Path, out: Path, *, weights: Weights = "fp32") -> Fidelity:
    """Export a checkpoint of Transformers or OpenCLIP, or its adapter, to a folder that an encoder loads from.

    Parameters
    ----------
    source : Path
        See `load_large`; an adapter is merged into its base.
    out : Path
        Gets ``visual.onnx``, ``textual.onnx``, ``tokenizer.json`` and ``card.json``.
    weights : {"fp32", "fp16", "int8"}
        How weights are stored; the arithmetic is float32 in any case.

    Returns
    -------
    Fidelity

    Raises
    ------
    TrainingError
        The checkpoint cannot be read.
    MissingExtraError
        The library that wrote it is not installed.
    """
    return export_large(load_large(source), out, describe(source), weights=weights)


def export_large(
    towers: LargeTowers, out: Path, card: Mapping[str, Any], *, weights: Weights = "fp32"
) -> Fidelity:
    """Export towers with the active adapter merged, as in `export_checkpoint`.

    Parameters
    ----------
    towers : LargeTowers
    out : Path
    card : mapping
        The card's own fields: name, licence, languages, data, figures, ...; the others are added.
    weights : {"fp32", "fp16", "int8"}
    """
    device = next(towers.parameters()).device
    plain = towers.cpu().merged().eval()
    out.mkdir(parents=True, exist_ok=True)
    size, checkpoint = plain.image_size, plain.checkpoint
    pixels = torch.zeros(2, size, size, 3, dtype=torch.uint8)
    tokens = plain.tokenise(_ENGLISH[:2])
    lengths = {0: "n"} if checkpoint.tokenisation.padding == "fixed" else {0: "n", 1: "t"}
    _write(_PhotoGraph(plain), pixels, "pixels", {0: "n"}, out / "visual.onnx", weights)
    _write(_TextGraph(plain), tokens, "tokens", lengths, out / "textual.onnx", weights)
    checkpoint.tokenizer.save(str(out / "tokenizer.json"))
    write_card(
        out,
        {
            "languages": checkpoint.languages,
            **card,
            "kind": checkpoint.kind,
            "parameters": sum(parameter.numel() for parameter in plain.model.parameters()),
            "dimension": plain.dimension,
            "image_size": size,
            "weights": weights,
            "preprocessing": checkpoint.preprocessing.model_dump(exclude_none=True),
            "tokeniser": checkpoint.tokenisation.model_dump(exclude_none=True),
        },
    )
    fidelity = _compare(plain, out)
    towers.to(device)
    return fidelity


class _PhotoGraph(nn.Module):
    """Takes decoded pixels: normalisation is part of the graph."""

    def __init__(self, towers: LargeTowers) -> None:
        super().__init__()
        self.towers = towers.with_model(reparameterise(towers.model))

    def forward(self, pixels: Tensor) -> Tensor:
        return self.towers.encode_photos(pixels.permute(0, 3, 1, 2).float() / 255)


class _TextGraph(nn.Module):
    def __init__(self, towers: LargeTowers) -> None:
        super().__init__()
        self.towers = towers

    def forward(self, tokens: Tensor) -> Tensor:
        return self.towers.encode_texts(tokens)


def _write(
    graph: nn.Module, example: Tensor, name: str, dynamic: dict[int, str], path: Path, weights: Weights
) -> None:
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # a fused operator that ONNX lacks
    try:
        # A graph that is too large for a single file is written as many, which are merged here.
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch, torch.inference_mode():
            traced = Path(scratch, path.name)
            with warnings.catch_warnings():
                # The tracing exporter is deprecated, but it alone keeps the names of weights.
                warnings.simplefilter("ignore")
                torch.onnx.export(
                    graph.eval(),  # the exporter gives the modules back in the mode of the outermost
                    (example,),
                    str(traced),
                    input_names=[name],
                    output_names=["vectors"],
                    dynamic_axes={name: dynamic, "vectors": {0: "n"}},
                    opset_version=_OPSET,
                    dynamo=False,
                )
            model = onnx.load(traced)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    if weights != "fp32":
        model = shrink(model, weights)
    size = sum(len(weight.raw_data) for weight in model.graph.initializer)
    data = f"{path.name}.data"
    path.with_name(data).unlink(missing_ok=True)
    onnx.save(model, path, save_as_external_data=size > _LARGEST_FILE, location=data)


def describe(source: Path) -> dict[str, Any]:
    """Return name, source, licence and languages of a checkpoint, the last two from its README's header.

    Without a licence it is "NOASSERTION" (SPDX); without languages that field is missing.
    """
    readme = source / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    header: Any = {}
    if text.startswith("---"):
        header = yaml.safe_load(text.split("---")[1]) or {}
    described = {
        "name": source.resolve().name,
        "licence": header.get("license", "NOASSERTION"),
        "source": str(source),
    }
    languages = header.get("language")
    if languages:
        described["languages"] = [languages] if isinstance(languages, str) else languages
    return described


def _compare(towers: LargeTowers, folder: Path) -> Fidelity:
    """Compare vectors of the encoder, as a shelf uses it, and of the text graph with a padded batch."""
    encoder = load_encoder(folder)
    photos = _photos()
    graph = onnxruntime.InferenceSession(folder / "textual.onnx", providers=["CPUExecutionProvider"])
    pixels = torch.from_numpy(np.stack([towers.preprocess(photo) for photo in photos]))
    with torch.inference_mode():
        seen = towers.encode_photos(pixels.permute(0, 3, 1, 2).float() / 255).numpy()
    rows = {
        "photos_single": _agreement(
            seen, np.concatenate([encoder.encode_photos([photo]) for photo in photos])
        ),
        "photos_batch": _agreement(seen, encoder.encode_photos(photos)),
    }
    for language, texts in (("english", _ENGLISH), ("chinese", _CHINESE)):
        tokens = towers.tokenise(texts)
        with torch.inference_mode():
            read = towers.encode_texts(tokens).numpy()
        single = np.concatenate([encoder.encode_texts([text]) for text in texts])
        rows[f"{language}_single"] = _agreement(read, single)
        rows[f"{language}_batch"] = _agreement(read, graph.run(None, {"tokens": tokens.numpy()})[0])
    return Fidelity(**rows)


@cache
def _photos() -> tuple[Image.Image, ...]:
    return tuple(shopper_photo(product, seed) for seed, product in enumerate(draw_catalogue(_PHOTOS, seed=3)))


def _agreement(ours: Vectors, theirs: Vectors) -> Agreement:
    cosines = (ours * theirs).sum(axis=1)
    return Agreement(float(cosines.min()), float(cosines.mean()))
