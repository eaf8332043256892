"""Write the small graphs of ``graphs/``: ``python -m tests.encoders.make_graphs`` (needs onnx).

They have the inputs and outputs of the hubs' graphs of SigLIP, and next to nothing in between.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).with_name("graphs")
SIZE, VOCABULARY, DIMENSION = 8, 200, 6


def main() -> None:
    random = np.random.default_rng(11)
    FOLDER.mkdir(exist_ok=True)
    seen = random.normal(size=(3 * SIZE * SIZE, DIMENSION)).astype(np.float32)
    read = random.normal(size=(VOCABULARY, DIMENSION)).astype(np.float32)
    mixed = random.normal(size=(DIMENSION, DIMENSION)).astype(np.float32)
    _save(
        "vision_model",
        [helper.make_node("Flatten", ["pixel_values"], ["flat"]), _node("MatMul", "flat", "seen")],
        {"seen": seen},
        {"pixel_values": (TensorProto.FLOAT, ["batch_size", 3, SIZE, SIZE])},
    )
    tokens = {"input_ids": (TensorProto.INT64, ["batch_size", "sequence_length"])}
    pooling = [
        helper.make_node("Gather", ["read", "input_ids"], ["tokens"]),
        helper.make_node("ReduceMean", ["tokens"], ["mean"], axes=[1], keepdims=0),
    ]
    _save("text_model", [*pooling, _node("MatMul", "mean", "mixed")], {"read": read, "mixed": mixed}, tokens)
    # Activations are scaled by the largest of the whole batch, as dynamic quantisation does.
    _save(
        "text_model_quantized",
        [
            *pooling,
            helper.make_node("DynamicQuantizeLinear", ["mean"], ["rough", "scale", "zero"]),
            helper.make_node("DequantizeLinear", ["rough", "scale", "zero"], ["again"]),
            _node("MatMul", "again", "mixed"),
        ],
        {"read": read, "mixed": mixed},
        tokens,
    )


def _node(kind: str, given: str, weight: str) -> onnx.NodeProto:
    return helper.make_node(kind, [given, weight], ["pooler_output"])


def _save(
    name: str,
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    inputs: dict[str, tuple[int, list[int | str]]],
) -> None:
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(key, kind, shape) for key, (kind, shape) in inputs.items()],
        [helper.make_tensor_value_info("pooler_output", TensorProto.FLOAT, ["batch_size", DIMENSION])],
        [numpy_helper.from_array(value, key) for key, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, FOLDER / f"{name}.onnx")


if __name__ == "__main__":
    main()
