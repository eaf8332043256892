"""Training and fine-tuning of encoders; needs the extra ``snapshelf[train]``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from snapshelf.errors import MissingExtraError

if TYPE_CHECKING:
    from snapshelf.training.fine_tuning import Stage, default_recipe, fine_tune
    from snapshelf.training.large.export import Fidelity, export_checkpoint, export_large
    from snapshelf.training.large.towers import load_large
    from snapshelf.training.sources.coco import coco_examples
    from snapshelf.training.sources.example import Example
    from snapshelf.training.sources.feed import feed_examples
    from snapshelf.training.sources.folders import folder_examples
    from snapshelf.training.sources.shelf import shelf_examples
    from snapshelf.training.sources.voc import voc_examples
    from snapshelf.training.sources.yolo import yolo_examples
    from snapshelf.training.train import Recipe

__all__ = [
    "Example",
    "Fidelity",
    "Recipe",
    "Stage",
    "coco_examples",
    "default_recipe",
    "export_checkpoint",
    "export_large",
    "feed_examples",
    "fine_tune",
    "folder_examples",
    "load_large",
    "shelf_examples",
    "voc_examples",
    "yolo_examples",
]

# Imported at first use: PyTorch is optional and takes seconds to load.
_MODULES = {
    "Example": "sources",
    "Fidelity": "large",
    "Recipe": "train",
    "Stage": "fine_tuning",
    "coco_examples": "sources",
    "export_checkpoint": "large",
    "export_large": "large",
    "feed_examples": "sources",
    "fine_tune": "fine_tuning",
    "folder_examples": "sources",
    "load_large": "large",
    "shelf_examples": "sources",
    "default_recipe": "fine_tuning",
    "voc_examples": "sources",
    "yolo_examples": "sources",
}
_EXTRA_PACKAGES = ("onnx", "peft", "safetensors", "tensorboard", "torch", "transformers", "open_clip", "timm")


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA_PACKAGES:
            raise
        raise MissingExtraError(
            f'training needs {error.name}, which is not installed; run: pip install "snapshelf[train]"'
        ) from error


def __dir__() -> list[str]:
    return __all__
