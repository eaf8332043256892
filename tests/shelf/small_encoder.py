"""A small encoder in files of its own: pixels, and words by their tokens, through fixed random matrices."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from snapshelf.encoders import load_encoder, registry
from snapshelf.evaluation import Verdict

SIDE = 6


def write_small_encoder(folder: Path, *, seed: int, dimension: int = 48) -> str:
    """Write it; returns its fingerprint."""
    onnx = pytest.importorskip("onnx", reason="making another encoder needs onnx (snapshelf[train])")
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(seed)
    folder.mkdir(parents=True)

    def save(name: str, nodes, source, constants: dict[str, np.ndarray]) -> None:
        norm = [
            helper.make_node("ReduceL2", ["sum"], ["norm"], axes=[1], keepdims=1),
            helper.make_node("Div", ["sum", "norm"], ["vectors"]),
        ]
        target = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", dimension])
        graph = helper.make_graph(
            [*nodes, *norm],
            name,
            [source],
            [target],
            [numpy_helper.from_array(value, key) for key, value in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.save(model, folder / f"{name}.onnx")

    save(
        "photo",
        [
            helper.make_node("Cast", ["pixels"], ["float"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", ["float", "shape"], ["flat"]),
            helper.make_node("Sub", ["flat", "grey"], ["centred"]),
            helper.make_node("MatMul", ["centred", "matrix"], ["sum"]),
        ],
        helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIDE, SIDE, 3]),
        {
            "shape": np.array([-1, SIDE * SIDE * 3]),
            "grey": np.float32(128),
            "matrix": random.normal(size=(SIDE * SIDE * 3, dimension)).astype(np.float32),
        },
    )
    save(
        "text",
        [
            helper.make_node("Gather", ["table", "tokens"], ["rows"]),
            helper.make_node("ReduceMean", ["rows"], ["sum"], axes=[1], keepdims=0),
        ],
        helper.make_tensor_value_info("tokens", TensorProto.INT64, ["n", "t"]),
        {"table": random.normal(size=(20_000, dimension)).astype(np.float32)},
    )
    shutil.copy(registry()["bundled"].folder / "tokenizer.json", folder)
    files = ("photo.onnx", "text.onnx", "tokenizer.json")
    card = {
        "name": f"small-{seed}",
        "licence": "Apache-2.0",
        "languages": ["en", "zh"],
        "parameters": 1_000,
        "dimension": dimension,
        "image_size": SIDE,
        "files": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files},
    }
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return load_encoder(folder).fingerprint


def write_verdict(folder: Path, *, base: str, tuned: str, good: bool = True) -> None:
    """Write what a fine-tuning run would have written."""
    Verdict(
        base=base,
        tuned=tuned,
        alpha=1.0,
        level=0.95,
        tolerance=0.01,
        mixes=(),
        comparisons=(),
        categories=(),
        may_be_promoted=good,
        reasons=("better: target: title",) if good else ("worse: general: title, Chinese: RR 0.8 → 0.2",),
    ).write(folder / "verdict.json")
