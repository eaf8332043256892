"""Ways to run the program: what the tests of the command line share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

COUNT = 16
"""Products in the feed."""

Run = Callable[..., Result]


def _hear_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def spawn(*arguments: str | Path, one_core: bool = False) -> subprocess.Popen[str]:
    """Start the program as a process of its own, its output on pipes."""
    environment = {name: value for name, value in os.environ.items() if name != "SNAPSHELF_SHELF"}
    program = "from snapshelf.cli import main; main()"
    if one_core:
        program = f"import os; os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}}); {program}"
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
        # A shell that runs the tests in the background has its children ignore Ctrl-C.
        preexec_fn=_hear_ctrl_c,
    )
