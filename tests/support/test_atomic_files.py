"""Files are replaced whole, whatever happens meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from snapshelf._support.files import (
    remove,
    replacing,
    replacing_folder,
    write_arrays,
    write_bytes,
    write_text,
)
from snapshelf.errors import StorageError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writes_bytes_text_and_arrays(tmp_path: Path) -> None:
    write_bytes(tmp_path / "deep" / "bytes", b"\x00\xff")
    write_text(tmp_path / "text", "红色\r\n")
    write_arrays(tmp_path / "plain.npz", {"a": np.arange(3)})
    write_arrays(tmp_path / "small.npz", {"a": np.zeros(10_000)}, compressed=True)
    assert (tmp_path / "deep" / "bytes").read_bytes() == b"\x00\xff"
    assert (tmp_path / "text").read_bytes() == "红色\r\n".encode()
    with np.load(tmp_path / "plain.npz") as arrays:
        assert arrays["a"].tolist() == [0, 1, 2]
    assert (tmp_path / "small.npz").stat().st_size < 10_000
    assert names(tmp_path) == ["deep", "plain.npz", "small.npz", "text"]


@pytest.mark.parametrize("durable", [True, False])
def test_an_error_in_the_block_leaves_the_old_content(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "file"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), replacing(path, durable=durable) as file:
        file.write(bytes([1 // 0]))
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_readers_see_the_old_content_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_text(path, "old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_what_a_killed_writer_left_is_used_up(tmp_path: Path) -> None:
    path = tmp_path / "file"
    killed = (
        "import os, signal, sys; from pathlib import Path; from snapshelf._support.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as file:\n"
        "    file.write(b'x' * 100_000); file.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    write_text(path, "old")
    assert subprocess.run([sys.executable, "-c", killed, str(path)]).returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert (tmp_path / "file.new").stat().st_size == 100_000
    write_text(path, "new")
    assert path.read_text() == "new"
    assert names(tmp_path) == ["file"]


def test_writers_at_once_do_not_mix_their_contents(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([65 + number]) * (1_000 * (number + 1)) for number in range(8)]
    with ThreadPoolExecutor(8) as executor:
        for _ in range(20):
            list(executor.map(lambda content: write_bytes(path, content), contents))
            assert path.read_bytes() in contents
    assert names(tmp_path) == ["file"]


def test_the_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write_text(tmp_path / "atomic", "")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_folder_that_is_a_file_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"file/inner: cannot be written: .*; free space"):
        write_text(tmp_path / "file" / "inner", "text")


def test_arrays_of_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        write_arrays(tmp_path / "arrays.npz", {"a": np.array([{}], dtype=object)})
    assert names(tmp_path) == []


def test_removes_a_file_that_may_be_missing(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "text")
    remove(tmp_path / "file")
    remove(tmp_path / "file")
    assert names(tmp_path) == []
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="folder: cannot be written"):
        remove(tmp_path / "folder")


def test_replaces_a_folder_whole(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with replacing_folder(folder) as new:
        (new / "deep").mkdir()
        (new / "deep" / "first").write_text("1")
        assert not folder.exists()
    with replacing_folder(folder) as new:
        (new / "second").write_text("2")
    assert names(folder) == ["second"]
    with pytest.raises(ZeroDivisionError), replacing_folder(folder) as new:
        (new / "third").write_text(str(1 // 0))
    assert names(folder) == ["second"]
    assert names(tmp_path) == ["folder"]


def test_leftovers_of_a_killed_folder_writer_do_not_get_in(tmp_path: Path) -> None:
    for leftover in ("folder.new", "folder.old"):
        (tmp_path / leftover).mkdir()
        (tmp_path / leftover / "leftover").write_text("")
    with replacing_folder(tmp_path / "folder") as new:
        (new / "content").write_text("")
    assert names(tmp_path / "folder") == ["content"]
    assert names(tmp_path) == ["folder"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="cannot be written: Permission denied"):
            write_text(tmp_path / "file", "text")
    finally:
        tmp_path.chmod(0o700)
