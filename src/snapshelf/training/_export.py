"""A trained checkpoint → the folder that the ONNX encoder loads."""

from __future__ import annotations

import hashlib
import json
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from snapshelf.training._model import Architecture, PhotoTower, TextTower, TwoTowers, load_checkpoint

_OPSET = 17
_SMALLEST_HALVED = 1_024
"""Weights of fewer numbers stay float32: they cost nothing and scale everything."""


class _PhotoGraph(nn.Module):
    """Pixels as they are decoded go in, so that no caller has to know mean and deviation."""

    def __init__(self, tower: PhotoTower) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, pixels: Tensor) -> Tensor:
        vectors: Tensor = self.tower(pixels.permute(0, 3, 1, 2).float() / 127.5 - 1)
        return vectors


def export(checkpoint: Path, folder: Path, card: Mapping[str, Any]) -> None:
    """Write ``photo.onnx``, ``text.onnx``, ``tokenizer.json`` and ``card.json``.

    Weights are stored as float16 and computed with as float32 (the runtime widens them once, when it loads).

    Parameters
    ----------
    checkpoint : Path
        With ``tokenizer.json`` beside it.
    folder : Path
    card : mapping
        The model card's own fields: name, licence, languages, data, figures, ...; shape and hashes are added.

    Raises
    ------
    TrainingError
        The checkpoint cannot be read.
    """
    state = load_checkpoint(checkpoint)
    shape = Architecture(**state["shape"])
    model = TwoTowers(shape)
    model.load_state_dict(state["model"])
    model.eval()
    folder.mkdir(parents=True, exist_ok=True)
    pixels = torch.zeros(2, shape.image_size, shape.image_size, 3, dtype=torch.uint8)
    tokens = torch.ones(2, 5, dtype=torch.int64)
    _write(_PhotoGraph(model.photo), pixels, "pixels", {0: "n"}, folder / "photo.onnx")
    _write(model.text, tokens, "tokens", {0: "n", 1: "t"}, folder / "text.onnx")
    shutil.copyfile(checkpoint.with_name("tokenizer.json"), folder / "tokenizer.json")
    files = {name: _sha256(folder / name) for name in ("photo.onnx", "text.onnx", "tokenizer.json")}
    described = {
        **card,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "dimension": shape.dimension,
        "image_size": shape.image_size,
        "files": files,
    }
    (folder / "card.json").write_text(
        json.dumps(described, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def _write(
    graph: _PhotoGraph | TextTower, example: Tensor, name: str, dynamic: dict[int, str], path: Path
) -> None:
    with torch.inference_mode(), warnings.catch_warnings():
        # The tracing exporter is announced as the older one; it is the one that keeps these graphs small.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            (example,),
            str(path),
            input_names=[name],
            output_names=["vectors"],
            dynamic_axes={name: dynamic, "vectors": {0: "n"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    onnx.save(_halved(onnx.load(path)), path)


def _halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large float32 weights as float16 behind a cast."""
    graph, casts = model.graph, []
    for weight in graph.initializer:
        if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < _SMALLEST_HALVED:
            continue
        half = numpy_helper.from_array(
            numpy_helper.to_array(weight).astype(np.float16), f"{weight.name}.half"
        )
        casts.append(helper.make_node("Cast", [half.name], [weight.name], to=TensorProto.FLOAT))
        weight.CopyFrom(half)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
