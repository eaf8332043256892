"""Trained towers → the folder that the ONNX encoder loads, and back."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from snapshelf.encoders import registry
from snapshelf.errors import TrainingError
from snapshelf.training.model import Architecture, Towers, TwoTowers
from snapshelf.training.stored_weights import Weights, read_weights, shrink

_OPSET = 17


class _PhotoGraph(nn.Module):
    """Pixels as they are decoded go in, so that no caller has to know mean and deviation."""

    def __init__(self, towers: TwoTowers) -> None:
        super().__init__()
        self.photo = towers.photo

    def forward(self, pixels: Tensor) -> Tensor:
        vectors: Tensor = self.photo(pixels.permute(0, 3, 1, 2).float() / 127.5 - 1)
        return vectors


class _TextGraph(nn.Module):
    def __init__(self, towers: TwoTowers) -> None:
        super().__init__()
        self.text = towers.text

    def forward(self, tokens: Tensor) -> Tensor:
        vectors: Tensor = self.text(tokens)
        return vectors


def export(towers: TwoTowers, folder: Path, card: Mapping[str, Any], *, weights: Weights = "fp16") -> None:
    """Write ``photo.onnx``, ``text.onnx``, ``tokenizer.json`` and ``card.json``.

    Parameters
    ----------
    towers : TwoTowers
    folder : Path
    card : mapping
        The model card's own fields: name, licence, languages, data, figures, ...; shape and hashes are added.
    weights : "fp32", "fp16" or "int8"
        "int8" has a scale for each output channel of a matrix; the rest is fp16.
    """
    device = next(towers.parameters()).device
    towers.eval().cpu()
    shape = towers.shape
    folder.mkdir(parents=True, exist_ok=True)
    pixels = torch.zeros(2, shape.image_size, shape.image_size, 3, dtype=torch.uint8)
    tokens = torch.ones(2, 5, dtype=torch.int64)
    _write(_PhotoGraph(towers), pixels, "pixels", {0: "n"}, folder / "photo.onnx", weights)
    _write(_TextGraph(towers), tokens, "tokens", {0: "n", 1: "t"}, folder / "text.onnx", weights)
    towers.tokenizer.save(str(folder / "tokenizer.json"))
    files = {name: _sha256(folder / name) for name in ("photo.onnx", "text.onnx", "tokenizer.json")}
    described = {
        **card,
        "parameters": sum(parameter.numel() for parameter in towers.parameters()),
        "dimension": shape.dimension,
        "image_size": shape.image_size,
        "architecture": shape.to_json(),
        "log_scale": round(towers.log_scale.item(), 6),
        "weights": weights,
        "files": files,
    }
    (folder / "card.json").write_text(
        json.dumps(described, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    towers.to(device)


def load_towers(base: str | Path) -> Towers:
    """Towers to train further: by name, from an exported folder, or from a large model's checkpoint.

    Parameters
    ----------
    base : str or Path
        "bundled", a folder written by `export`, or a checkpoint folder of Transformers or OpenCLIP.

    Raises
    ------
    TrainingError
        There is no such model, or it cannot be trained further.
    """
    known = registry()
    entry = known.get(str(base))
    folder = entry.folder if entry is not None and entry.folder is not None else Path(base)
    if not folder.is_dir():
        raise TrainingError(f"{base}: no such model; give bundled or the folder of a model")
    if not (folder / "photo.onnx").exists():
        from snapshelf.training.large.towers import load_large

        return load_large(folder)
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        shape = Architecture(**card["architecture"])
        towers = TwoTowers(shape, Tokenizer.from_file(str(folder / "tokenizer.json")))
        state = {**read_weights(folder / "photo.onnx"), **read_weights(folder / "text.onnx")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{folder}: not a model that can be trained further: {error}") from error
    missing = towers.load_state_dict(state, strict=False)
    if missing.unexpected_keys or set(missing.missing_keys) - {"log_scale", "offset"}:
        raise TrainingError(f"{folder}: its graphs and its card are of different models")
    towers.log_scale.data.fill_(card.get("log_scale", towers.log_scale.item()))
    return towers


def _write(
    graph: _PhotoGraph | _TextGraph,
    example: Tensor,
    name: str,
    dynamic: dict[int, str],
    path: Path,
    weights: Weights,
) -> None:
    with torch.inference_mode(), warnings.catch_warnings():
        # The tracing exporter is deprecated, but it alone keeps these graphs small.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            (example,),
            str(path),
            input_names=[name],
            output_names=["vectors"],
            dynamic_axes={name: dynamic, "vectors": {0: "n"}},
            opset_version=_OPSET,
            # Folding is left to the runtime: so every weight keeps its name and can be read back.
            do_constant_folding=False,
            dynamo=False,
        )
    onnx.save(shrink(onnx.load(path), weights), path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
