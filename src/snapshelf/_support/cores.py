"""How many cores there are to work with."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Count the cores that this process may run on: a container or scheduler may grant fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
