"""Paths that come from outside: the names in a card, a feed, an archive or a hub's listing."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath


def within(folder: Path, name: str) -> Path:
    """Path of a file in a folder; the file need not be there.

    Parameters
    ----------
    folder : Path
    name : str
        Relative to the folder, with ``/`` between its parts.

    Returns
    -------
    Path
        With all symbolic links resolved.

    Raises
    ------
    ValueError
        The name, or a symbolic link on its way, leads out of the folder, or the links lead nowhere.
    """
    check_relative(name)
    root = folder.resolve()
    try:
        path = (root / name).resolve()
    # A loop of links is a RuntimeError up to Python 3.12, and an OSError from 3.13 on.
    except (OSError, RuntimeError) as error:
        raise ValueError(f"{name!r} cannot be followed: {error}") from error
    if not path.is_relative_to(root):
        raise ValueError(f"{name!r} is a link that leads out of {folder}")
    return path


def check_relative(name: str) -> str:
    r"""Return a name that stays within whatever folder it is put behind, read with ``/`` or with ``\`` alike.

    Raises
    ------
    ValueError
        It is empty, absolute, goes up by ``..``, or holds a NUL.
    """
    windows = PureWindowsPath(name)
    if "\0" in name or name in ("", "."):
        raise ValueError(f"{name!r} is not a file's name")
    if PurePosixPath(name).is_absolute() or windows.root or ".." in windows.parts:
        raise ValueError(f"{name!r} leads out of its folder; give a path within it")
    return name
