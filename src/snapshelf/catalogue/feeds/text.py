"""Opening feeds that are text: UTF-8, with or without a byte order mark, plain or gzipped."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from snapshelf.errors import FeedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

_GZIP_MAGIC = b"\x1f\x8b"
_SAMPLE = 65_536


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what can go wrong while a file is read into a `FeedError`."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FeedError(f"{path}: the gzip file is damaged or cut short ({error}); make it again") from error
    except FileNotFoundError as error:
        raise FeedError(f"{path}: there is no such file") from error
    except IsADirectoryError as error:
        raise FeedError(f"{path}: is a folder; give the feed's file") from error
    except OSError as error:
        raise FeedError(f"{path}: cannot be read: {error.strerror or error}") from error


def open_bytes(path: Path) -> io.BufferedReader | gzip.GzipFile:
    """Open for reading, unpacking gzip on the way."""
    raw = path.open("rb")
    if raw.read(2) == _GZIP_MAGIC:
        raw.close()
        return gzip.open(path)
    raw.seek(0)
    return raw


def open_text(path: Path) -> TextIO:
    """Open as UTF-8; bytes that are not UTF-8 become lone surrogates, which no product accepts."""
    return io.TextIOWrapper(open_bytes(path), encoding="utf-8-sig", errors="surrogateescape", newline="")


def read_sample(path: Path) -> str:
    """Text at the file's beginning, checked to be UTF-8.

    Bytes that are not UTF-8 here mean another encoding of the whole file; further on they are a damaged row.

    Raises
    ------
    FeedError
        The file is missing, empty, binary or not UTF-8.
    """
    with readable(path), open_bytes(path) as stream:
        data = stream.read(_SAMPLE)
        at_end = not stream.read(1)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FeedError(f"{path}: is UTF-16 text; save it as UTF-8")
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=at_end)
    except UnicodeDecodeError as error:
        raise FeedError(
            f"{path}: is not UTF-8 text: byte 0x{data[error.start]:02x} at offset {error.start:,}; "
            f"save it as UTF-8{_other_encoding(data)}"
        ) from error
    if not text.strip():
        raise FeedError(f"{path}: is empty")
    if "\x00" in text:
        raise FeedError(f"{path}: is a binary file (it holds zero bytes); give CSV, JSON Lines or Parquet")
    return text


def _other_encoding(data: bytes) -> str:
    try:
        # The last character may be cut in two.
        codecs.getincrementaldecoder("gb18030")().decode(data)
    except UnicodeDecodeError:
        return ""
    return " (it may be GBK: iconv -f GB18030 -t UTF-8)"
