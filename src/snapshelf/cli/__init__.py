"""The command line: ``snapshelf``."""

from snapshelf.cli._app import app, main

__all__ = ["app", "main"]
