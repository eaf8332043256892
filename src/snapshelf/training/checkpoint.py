"""Checkpoints: weights, moving average, objective, optimiser state and step, to resume a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from snapshelf._support.files import replacing
from snapshelf.errors import TrainingError

_FORMAT = 3


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint written by a training run.

    Raises
    ------
    TrainingError
        The file is not such a checkpoint.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever the pickle inside raises
        raise TrainingError(
            f"{path}: not a checkpoint that can be read: {error}; delete it to start again"
        ) from error
    if not isinstance(state, dict) or state.get("format") != _FORMAT:
        raise TrainingError(f"{path}: not a checkpoint of this version; delete it to start again")
    return state


def load_checkpoint(
    path: Path,
    towers: nn.Module,
    average: nn.Module,
    objective: nn.Module,
    optimiser: torch.optim.Optimizer,
) -> int:
    """Restore the state of a run; return the number of steps done.

    Raises
    ------
    TrainingError
        The checkpoint is of another version or of another model.
    """
    state = read_checkpoint(path)
    try:
        towers.load_state_dict(state["towers"])
        average.load_state_dict(state["average"])
        objective.load_state_dict(state["objective"])
        optimiser.load_state_dict(state["optimiser"])
    except (RuntimeError, ValueError, KeyError) as error:
        raise TrainingError(
            f"{path}: a checkpoint of another model ({error}); delete it to start again"
        ) from error
    return int(state["step"])


def save_checkpoint(
    path: Path,
    towers: nn.Module,
    average: nn.Module,
    objective: nn.Module,
    optimiser: torch.optim.Optimizer,
    step: int,
) -> None:
    """Write a checkpoint atomically: the previous checkpoint stays until the new is complete."""
    state = {
        "format": _FORMAT,
        "towers": towers.state_dict(),
        "average": average.state_dict(),
        "objective": objective.state_dict(),
        "optimiser": optimiser.state_dict(),
        "step": step,
    }
    with replacing(path) as file:
        torch.save(state, file)
