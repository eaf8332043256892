"""Weights in ONNX graphs: stored in 32, 16 or 8 bits, and read back."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

Weights: TypeAlias = Literal["fp32", "fp16", "int8"]
"""How weights are stored. The arithmetic is float32: the runtime widens the weights once, when it loads them."""

_SMALLEST_SHRUNK = 1_024
"""Weights of fewer numbers stay float32: they cost nothing and scale everything."""


def shrink(model: onnx.ModelProto, weights: Weights) -> onnx.ModelProto:
    """Store large float32 weights in fewer bits, behind nodes that the runtime folds away when it loads."""
    graph, nodes = model.graph, []
    for weight in list(graph.initializer) if weights != "fp32" else []:
        if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < _SMALLEST_SHRUNK:
            continue
        values, name = numpy_helper.to_array(weight), weight.name
        # Matrices alone become int8: the convolution that reads the pixels is small and lost more than all of them.
        if weights == "fp16" or values.ndim != 2:
            weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.fp16"))
            nodes.append(helper.make_node("Cast", [weight.name], [name], to=TensorProto.FLOAT))
            continue
        scale = _channel_scale(values)
        rounded = np.rint(values / scale).astype(np.int8)
        weight.CopyFrom(numpy_helper.from_array(rounded, f"{name}.int8"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
        nodes.append(helper.make_node("Cast", [weight.name], [f"{name}.wide"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", [f"{name}.wide", f"{name}.scale"], [name]))
    nodes.extend(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


def _channel_scale(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a scale for each row of the first axis that has several rows."""
    axis = 0 if values.shape[0] > 1 else values.ndim - 1
    others = tuple(i for i in range(values.ndim) if i != axis)
    largest = np.abs(values).max(axis=others, keepdims=True)
    return np.where(largest > 0, largest / 127, 1).astype(np.float32)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read weights, widened to float32, by the names that they have in the towers."""
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}
    state = {}
    for name, values in stored.items():
        if not name.startswith(("photo.", "text.")) or name.endswith(".scale"):
            continue
        plain, kind = name.rsplit(".", 1)
        if kind == "int8":
            state[plain] = torch.from_numpy(values.astype(np.float32) * stored[f"{plain}.scale"])
        elif kind == "fp16":
            state[plain] = torch.from_numpy(values.astype(np.float32))
        else:
            state[name] = torch.from_numpy(values.copy())
    return state
