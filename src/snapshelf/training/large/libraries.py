"""Optional libraries that read large checkpoints, imported on demand."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch

from snapshelf.errors import MissingExtraError

_OPERATORS = ("nms", "qnms")
_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def library(name: str) -> Any:
    """Import an optional library by its module name.

    Raises
    ------
    MissingExtraError
        It is not installed, or does not fit the others.
    """
    try:
        if find_spec("torchvision") is not None:
            _import_torchvision()
        return import_module(name)
    except (ImportError, RuntimeError) as error:
        raise MissingExtraError(
            f'{name} cannot be imported ({error}); pip install "snapshelf[train]", with torch and torchvision of '
            "the same build (both for the CPU, or both for the same CUDA)"
        ) from error


def _import_torchvision() -> None:
    """Import torchvision, even if its compiled operators do not fit PyTorch.

    A torchvision for CUDA beside a PyTorch for the CPU fails on import, because two object detection operators are
    missing; then Transformers, timm and OpenCLIP cannot be imported either. None of them is used with an operator of
    torchvision here, so declaring the two signatures is enough.
    """
    try:
        import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for name in _OPERATORS:
            torch.library.define(f"torchvision::{name}", _SIGNATURE)
        import_module("torchvision")
