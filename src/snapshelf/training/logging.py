"""Training curves: TensorBoard always, Weights & Biases where it is installed and configured."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from torch.utils.tensorboard import SummaryWriter

from snapshelf.training.train import Progress

_WANDB_VARIABLES = ("WANDB_PROJECT", "WANDB_API_KEY", "WANDB_MODE")


class RunLog:
    """Logs the loss and its terms, the learning rate and the throughput of every step.

    Weights & Biases is used when it is installed and one of its own environment variables (``WANDB_PROJECT``,
    ``WANDB_API_KEY``, ``WANDB_MODE``) is set; ``WANDB_MODE=offline`` keeps it to files, ``disabled`` turns it off.

    Parameters
    ----------
    folder : Path
        TensorBoard's log directory; a resumed run appends to it.
    settings : mapping
        Hyperparameters of the run.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self._folder, self._settings = folder, settings
        self._writer: SummaryWriter | None = None
        self._wandb: Any = None

    def step(self, progress: Progress) -> None:
        """Log a step."""
        if self._writer is None:
            # Opened here, because only the main process reports steps. `purge_step` drops what an interrupted run
            # logged after its last checkpoint.
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
        """Flush and close the logs."""
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
    if find_spec("wandb") is None or not any(os.environ.get(name) for name in _WANDB_VARIABLES):
        return None
    import wandb

    return wandb.init(project=os.environ.get("WANDB_PROJECT", "snapshelf"), dir=folder, config=dict(settings))
