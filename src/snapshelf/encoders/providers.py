"""Where a graph is computed: ONNX Runtime's execution providers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import onnxruntime

from snapshelf.errors import EncoderError

Provider: TypeAlias = Literal["auto", "cpu", "openvino", "cuda"]
"""What may be asked for; "auto" takes CUDA, else OpenVINO, else the CPU."""

_ORT_NAMES = {
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}

_OPTIONS: dict[str, dict[str, Any]] = {
    # A shelf's vectors must not depend on the machine that answers: full precision everywhere.
    "cuda": {"use_tf32": "0"},
    "openvino": {"device_type": "CPU", "precision": "FP32"},
    "cpu": {},
}

_PACKAGES = {"cuda": "onnxruntime-gpu", "openvino": "onnxruntime-openvino"}


def providers_available() -> tuple[str, ...]:
    """Those that this machine's ONNX Runtime was built with, best first."""
    built = onnxruntime.get_available_providers()
    return tuple(name for name, ort_name in _ORT_NAMES.items() if ort_name in built)


def candidates(asked: str | None) -> tuple[str, ...]:
    """Providers to try in order.

    Parameters
    ----------
    asked : str or None
        By default the environment variable SNAPSHELF_PROVIDER, else "auto".

    Raises
    ------
    EncoderError
        It is no provider, or this machine's ONNX Runtime does not have it.
    """
    name = asked or os.environ.get("SNAPSHELF_PROVIDER") or "auto"
    if name not in get_args(Provider):
        raise EncoderError(f"{name!r} is no execution provider; there are {', '.join(get_args(Provider))}")
    available = providers_available()
    if name == "auto":
        return available
    if name not in available:
        raise EncoderError(
            f"the execution provider {name} is asked for, but this ONNX Runtime has only "
            f"{', '.join(available)}: pip install {_PACKAGES[name]} (it takes the place of onnxruntime), "
            "or ask for auto"
        )
    return (name,)


def open_sessions(
    graphs: Sequence[Path], asked: str | None, threads: int
) -> tuple[list[onnxruntime.InferenceSession], str]:
    """Open graphs with the first provider that takes them all.

    ONNX Runtime falls back to the CPU with no more than a warning when a provider's own libraries do not load;
    a provider that was asked for by name is an error then.

    Returns
    -------
    list of InferenceSession, str
        And the provider's name.

    Raises
    ------
    EncoderError
        The provider that was asked for cannot be had.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    for name in (tried := candidates(asked)):
        wanted = [(_ORT_NAMES[name], _OPTIONS[name])]
        if name != "cpu":
            wanted.append((_ORT_NAMES["cpu"], {}))
        sessions = [onnxruntime.InferenceSession(str(graph), options, providers=wanted) for graph in graphs]
        if all(session.get_providers()[0] == _ORT_NAMES[name] for session in sessions):
            return sessions, name
    raise EncoderError(
        f"the execution provider {tried[-1]} is there but does not start on this machine: its own libraries or its "
        "device are missing; ask for auto or cpu"
    )
