"""Where a shelf keeps its catalogue: an SQLite file in its folder, or a database of a PostgreSQL server.

A folder that uses a server has ``database.json`` with the URL and the shelf's id. The database notes the same id, so
that no second folder writes to it: the index of the first folder would miss those products.
"""

from __future__ import annotations

import secrets
import socket
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from snapshelf._support.files import write_text
from snapshelf.catalogue import Catalogue
from snapshelf.errors import InputError, ShelfError, ShelfInUseError

_SQLITE = "catalogue.sqlite"
_SERVER = "database.json"
_OWNER = "shelf"
"""Name of the note in the catalogue that says which shelf it belongs to."""
_RELEASE = f"psql -c \"DELETE FROM meta WHERE key = '{_OWNER}'\""  # noqa: S608 - for a message


def _is_server(database: str) -> bool:
    try:
        return make_url(database).drivername.startswith("postgresql")
    except (ArgumentError, ValueError):  # SQLAlchemy lets a port that is no number escape as a ValueError
        return False


class _Remembered(BaseModel):
    """Content of ``database.json``."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(repr=False)
    shelf: str

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Read it; None for a shelf with an SQLite file, and for no shelf."""
        file = folder / _SERVER
        try:
            return cls.model_validate_json(file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError):
            # The cause would show the URL with its password.
            raise ShelfError(
                f"{file}: cannot be read; restore it from a backup, or remove it and give --database URL again"
            ) from None

    def write(self, folder: Path) -> None:
        """Write it, for this user's eyes only: the URL may have a password."""
        write_text(folder / _SERVER, self.model_dump_json() + "\n", private=True)


class _Owner(BaseModel):
    """The shelf that a database belongs to, as the catalogue notes it."""

    id: str
    host: str
    folder: str


def require_shelf(folder: Path) -> None:
    """Refuse a folder without a shelf.

    Raises
    ------
    ShelfError
        There is no shelf.
    """
    if not any((folder / name).is_file() for name in (_SQLITE, _SERVER)):
        raise ShelfError(
            f"{folder}: there is no shelf here; make one with: snapshelf add FEED --shelf {folder}"
        )


def open_catalogue(folder: Path) -> Catalogue:
    """Open the catalogue of a shelf, which may be open elsewhere.

    Raises
    ------
    ShelfError
        There is no shelf, or the database belongs to another shelf.
    StorageError
        The database cannot be reached or read.
    """
    require_shelf(folder)
    remembered = _Remembered.read(folder)
    if remembered is None:
        return Catalogue.open(folder / _SQLITE)
    catalogue = Catalogue.open(remembered.url)
    try:
        _check_owner(folder, catalogue, remembered.shelf)
    except BaseException:
        catalogue.close()
        raise
    return catalogue


def take_catalogue(folder: Path, database: str | None = None) -> Catalogue:
    """Open the catalogue of a shelf that this process has locked; make the catalogue of a new shelf.

    Parameters
    ----------
    folder : Path
    database : str or None
        ``postgresql://user:password@host/database`` for a new shelf; remembered in the folder. None for the place that
        the folder remembers, and for an SQLite file in a new folder.

    Raises
    ------
    ShelfInUseError
        Another process has the database.
    ShelfError
        The database belongs to another shelf, or this shelf has another catalogue.
    StorageError
        The database cannot be reached, read or written.
    InputError
        The URL cannot be read or is not of PostgreSQL.
    """
    remembered = _Remembered.read(folder)
    if database is None and remembered is None:
        return Catalogue.open(folder / _SQLITE)
    if database is not None and not _is_server(database):
        raise InputError(
            "the shelf's database: write its URL as postgresql://user:password@host:5432/database"
        )
    if remembered is None and (folder / _SQLITE).is_file():
        raise ShelfError(
            f"{folder}: this shelf keeps its catalogue in {_SQLITE}; leave the database out, or give a new folder and "
            "add the feeds to that"
        )
    url = database if database is not None else remembered.url if remembered else ""
    catalogue = Catalogue.open(url)
    try:
        if not catalogue.hold():
            raise ShelfInUseError(
                f"{folder}: another process, perhaps on another machine, has its catalogue {catalogue.where} open; "
                "stop it, or search over HTTP"
            )
        _claim(folder, catalogue, url, remembered)
    except BaseException:
        catalogue.close()
        raise
    return catalogue


def _claim(folder: Path, catalogue: Catalogue, url: str, remembered: _Remembered | None) -> None:
    """Note in the folder where the catalogue is, and in the catalogue whose it is."""
    claimed = _check_owner(folder, catalogue, remembered.shelf if remembered else None)
    if remembered and remembered.url != url and not claimed:
        raise ShelfError(
            f"{folder}: {catalogue.where} is not the database of this shelf; leave it out to open the "
            "remembered database, or copy that with pg_dump first"
        )
    shelf = remembered.shelf if remembered else secrets.token_hex(16)
    if remembered is None or remembered.url != url:
        _Remembered(url=url, shelf=shelf).write(folder)
    if not claimed:
        owner = _Owner(id=shelf, host=socket.gethostname(), folder=str(folder.absolute()))
        catalogue.set_meta(_OWNER, owner.model_dump_json())


def _check_owner(folder: Path, catalogue: Catalogue, shelf: str | None) -> bool:
    """Refuse the catalogue of another shelf; returns False where it has no owner yet."""
    note = catalogue.meta(_OWNER)
    if note is None:
        return False
    owner = _Owner.model_validate_json(note)
    if owner.id != shelf:
        raise ShelfError(
            f"{folder}: {catalogue.where} is the catalogue of the shelf {owner.host}:{owner.folder}; open that shelf, "
            "or give this shelf a database or schema of its own. If that folder is lost, release the database with: "
            + _RELEASE
        )
    return True
