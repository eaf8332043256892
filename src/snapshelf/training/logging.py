"""Curves of a run: TensorBoard always, Weights & Biases where it is installed and asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from torch.utils.tensorboard import SummaryWriter

from snapshelf.training.train import Progress

_ASKS_FOR_WANDB = ("WANDB_PROJECT", "WANDB_API_KEY", "WANDB_MODE")


class RunLog:
    """Writes the loss and its parts, the learning rate and the speed of every step.

    Weights & Biases is used when it is installed and one of its own environment variables (``WANDB_PROJECT``,
    ``WANDB_API_KEY``, ``WANDB_MODE``) is set; ``WANDB_MODE=offline`` keeps it to files, ``disabled`` turns it off.

    Parameters
    ----------
    folder : Path
        TensorBoard's log directory; runs that go on append to it.
    settings : mapping
        What the run was made with.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self._folder, self._settings = folder, settings
        self._writer: SummaryWriter | None = None
        self._wandb: Any = None

    def step(self, progress: Progress) -> None:
        """Write what a step told."""
        if self._writer is None:
            # Opened here, because of several processes only one is told of steps. What an interrupted run has written
            # beyond its last checkpoint is not drawn twice.
            self._writer = SummaryWriter(self._folder, purge_step=progress.step)
            self._wandb = _wandb_run(self._folder, self._settings)
        values = {
            "loss/all": progress.loss,
            **{f"loss/{name}": value for name, value in progress.losses.items()},
            "rate": progress.rate,
            "photos per second": progress.photos_per_second,
        }
        for name, value in values.items():
            self._writer.add_scalar(name, value, progress.step)
        if self._wandb is not None:
            self._wandb.log(values, step=progress.step)

    def close(self) -> None:
        """Write what is pending."""
        if self._writer is not None:
            self._writer.close()
        if self._wandb is not None:
            self._wandb.finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _wandb_run(folder: Path, settings: Mapping[str, Any]) -> Any:
    if find_spec("wandb") is None or not any(os.environ.get(name) for name in _ASKS_FOR_WANDB):
        return None
    import wandb

    return wandb.init(project=os.environ.get("WANDB_PROJECT", "snapshelf"), dir=folder, config=dict(settings))
