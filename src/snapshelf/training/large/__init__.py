"""Large vision-language models: checkpoints of Transformers and OpenCLIP, their adapters, and their export."""

from snapshelf.training.large.export import Agreement, Fidelity, describe, export_checkpoint, export_large
from snapshelf.training.large.towers import LargeTowers, load_large

__all__ = [
    "Agreement",
    "Fidelity",
    "LargeTowers",
    "describe",
    "export_checkpoint",
    "export_large",
    "load_large",
]
