"""Execution providers of ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import onnxruntime

from snapshelf.errors import EncoderError

Provider: TypeAlias = Literal["auto", "cpu", "openvino", "cuda"]
"""Name of a provider; "auto" selects CUDA, else OpenVINO, else the CPU."""

_ORT_NAMES = {
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}

_OPTIONS: dict[str, dict[str, Any]] = {
    # Full precision everywhere: the vectors of a shelf must not depend on the machine.
    "cuda": {"use_tf32": "0"},
    "openvino": {"device_type": "CPU", "precision": "FP32"},
    "cpu": {},
}

_PACKAGES = {"cuda": "onnxruntime-gpu", "openvino": "onnxruntime-openvino"}


def providers_available() -> tuple[str, ...]:
    """Return the providers of this machine's ONNX Runtime, the fastest first."""
    built = onnxruntime.get_available_providers()
    return tuple(name for name, ort_name in _ORT_NAMES.items() if ort_name in built)


def provider_candidates(requested: str | None) -> tuple[str, ...]:
    """Return the providers to try, in order.

    Parameters
    ----------
    requested : str or None
        By default the environment variable SNAPSHELF_PROVIDER, else "auto".

    Raises
    ------
    EncoderError
        The provider is unknown, or this machine's ONNX Runtime lacks it.
    """
    name = requested or os.environ.get("SNAPSHELF_PROVIDER") or "auto"
    if name not in get_args(Provider):
        raise EncoderError(f"{name!r} is no execution provider; use {', '.join(get_args(Provider))}")
    available = providers_available()
    if name == "auto":
        return available
    if name not in available:
        raise EncoderError(
            f"this ONNX Runtime lacks the execution provider {name}; it has only {', '.join(available)}. Run pip "
            f"install {_PACKAGES[name]} (which replaces onnxruntime), or set auto"
        )
    return (name,)


def open_sessions(
    graphs: Sequence[Path], requested: str | None, threads: int
) -> tuple[list[onnxruntime.InferenceSession], str]:
    """Open graphs with the first provider that supports all of them.

    If the libraries of a provider do not load, ONNX Runtime falls back to the CPU with a warning. Here this is an
    error for a provider requested by name.

    Returns
    -------
    list of InferenceSession
        The sessions of the graphs.
    str
        The name of the provider.

    Raises
    ------
    EncoderError
        The requested provider is not available.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    for name in (names := provider_candidates(requested)):
        providers = [(_ORT_NAMES[name], _OPTIONS[name])]
        if name != "cpu":
            providers.append((_ORT_NAMES["cpu"], {}))
        sessions = [
            onnxruntime.InferenceSession(str(graph), options, providers=providers) for graph in graphs
        ]
        if all(session.get_providers()[0] == _ORT_NAMES[name] for session in sessions):
            return sessions, name
    raise EncoderError(
        f"the execution provider {names[-1]} does not start on this machine, because its libraries or its device are "
        "missing; set auto or cpu"
    )
