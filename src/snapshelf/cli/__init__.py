"""The command line: ``snapshelf``."""

from snapshelf.cli.program import app, main

__all__ = ["app", "main"]
