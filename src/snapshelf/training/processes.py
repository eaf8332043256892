"""Distributed training under ``torchrun``, and Ctrl-C that waits for the end of a step."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType

import torch
import torch.distributed

_LONGEST_WAIT = timedelta(days=2)
"""Timeout of collectives: the others wait while the main process decodes photos or evaluates."""


@contextmanager
def process_group(device: str | None) -> Iterator[None]:
    """Join the process group of ``torchrun``, if there is one, and leave it at the end."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    on_gpu = device != "cpu" and torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    torch.distributed.init_process_group("nccl" if on_gpu else "gloo", timeout=_LONGEST_WAIT)
    try:
        yield
    finally:
        torch.distributed.destroy_process_group()


def is_main_process() -> bool:
    """Whether this process reads, evaluates and writes (rank 0)."""
    return not is_distributed() or torch.distributed.get_rank() == 0


def is_single_process() -> bool:
    """Whether there is no other process."""
    return not is_distributed() or torch.distributed.get_world_size() == 1


def barrier() -> None:
    """Wait for all processes."""
    if is_distributed():
        torch.distributed.barrier()


def is_distributed() -> bool:
    """Whether a process group is in use."""
    return torch.distributed.is_available() and torch.distributed.is_initialized()


class DeferredInterrupt:
    """Context in which Ctrl-C waits for the end of a step; a second Ctrl-C interrupts at once.

    `check` raises the deferred interrupt, so that a step is done wholly or not at all.
    """

    def __init__(self) -> None:
        self._received = False

    def __enter__(self) -> DeferredInterrupt:
        # Python delivers signals to the main thread only.
        self._main_thread = threading.current_thread() is threading.main_thread()
        if self._main_thread:
            self._previous = signal.signal(signal.SIGINT, self._defer)
        return self

    def __exit__(self, *_: object) -> None:
        if self._main_thread:
            signal.signal(signal.SIGINT, self._previous)

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if Ctrl-C was pressed."""
        if self._received:
            raise KeyboardInterrupt

    def _defer(self, _number: int, _frame: FrameType | None) -> None:
        self._received = True
        signal.signal(signal.SIGINT, self._previous)
