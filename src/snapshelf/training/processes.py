"""One process or several: what ``torchrun`` starts works together, and Ctrl-C waits for the end of a step."""

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
"""How long the others wait while the first process decodes photos or judges."""


@contextmanager
def together(device: str | None) -> Iterator[None]:
    """Join the processes that ``torchrun`` has started, if it has; they part at the end."""
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


def is_first() -> bool:
    """Whether this process is the one that reads, judges and writes."""
    return not _several() or torch.distributed.get_rank() == 0


def is_alone() -> bool:
    """Whether there is no other process."""
    return not _several() or torch.distributed.get_world_size() == 1


def wait_for_all() -> None:
    """Wait until every process has come here."""
    if _several():
        torch.distributed.barrier()


def _several() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


class Interrupt:
    """Within it, Ctrl-C is only noted; a second one interrupts at once.

    `check` raises what was noted, so that a step is done wholly or not at all.
    """

    def __init__(self) -> None:
        self._noted = False

    def __enter__(self) -> Interrupt:
        # Only the main thread hears signals; elsewhere somebody else decides when to stop.
        self._hears = threading.current_thread() is threading.main_thread()
        if self._hears:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if self._hears:
            signal.signal(signal.SIGINT, self._before)

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if Ctrl-C was noted."""
        if self._noted:
            raise KeyboardInterrupt

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._noted = True
        signal.signal(signal.SIGINT, self._before)
