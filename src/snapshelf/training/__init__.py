"""Training of the encoders; everything that computes here needs the extra ``snapshelf[train]``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from snapshelf.errors import MissingExtraError

if TYPE_CHECKING:
    from snapshelf.training._fine_tune import Stage, fine_tune, usual_recipe
    from snapshelf.training._large import Fidelity, export_checkpoint
    from snapshelf.training._sources import (
        Example,
        coco_examples,
        feed_examples,
        folder_examples,
        shelf_examples,
        split,
        voc_examples,
        yolo_examples,
    )
    from snapshelf.training._train import Recipe

__all__ = [
    "Example",
    "Fidelity",
    "Recipe",
    "Stage",
    "coco_examples",
    "export_checkpoint",
    "feed_examples",
    "fine_tune",
    "folder_examples",
    "shelf_examples",
    "split",
    "usual_recipe",
    "voc_examples",
    "yolo_examples",
]

# Loaded at first use: annotations can be read without PyTorch, and PyTorch alone takes seconds to load.
_HOMES = {
    "Example": "_sources",
    "Fidelity": "_large",
    "Recipe": "_train",
    "Stage": "_fine_tune",
    "coco_examples": "_sources",
    "export_checkpoint": "_large",
    "feed_examples": "_sources",
    "fine_tune": "_fine_tune",
    "folder_examples": "_sources",
    "shelf_examples": "_sources",
    "split": "_sources",
    "usual_recipe": "_fine_tune",
    "voc_examples": "_sources",
    "yolo_examples": "_sources",
}
_OF_THE_EXTRA = ("onnx", "peft", "safetensors", "tensorboard", "torch", "transformers", "open_clip", "timm")


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _OF_THE_EXTRA:
            raise
        raise MissingExtraError(
            f'training needs {error.name}, which is not installed; run: pip install "snapshelf[train]"'
        ) from error


def __dir__() -> list[str]:
    return __all__
