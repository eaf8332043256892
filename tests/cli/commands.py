"""Ways to run the program: what the tests of the command line share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

COUNT = 24
"""Products in the feed."""

Run = Callable[..., Result]


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
    )
