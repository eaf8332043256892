"""Settings of a shelf, as a file of YAML."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from snapshelf.errors import InputError, ShelfError

Settings = TypeVar("Settings", bound=BaseModel)


def read_settings(path: Path, kind: type[Settings]) -> Settings:
    """Read settings; those of a missing file are the usual ones.

    Raises
    ------
    ShelfError
        The file cannot be read, or a setting is unknown or unusable.
    """
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        return kind()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ShelfError(f"{path}: cannot be read as YAML: {error}") from error
    try:
        return kind.model_validate({} if content is None else content)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        message = str(problem["msg"]).removeprefix("Value error, ")
        raise ShelfError(f"{path}: {field}: {message}") from error
    except InputError as error:
        raise ShelfError(f"{path}: {error}") from error
