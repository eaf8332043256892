"""Names from outside stay within their folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshelf._support.paths import check_relative, within


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../../x",
        "a/..",
        "/etc/passwd",
        r"..\x",
        r"a\..\..\x",
        r"C:\x",
        r"\\server\share\x",
        "",
        ".",
        "a\0b",
    ],
)
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    for check in (check_relative, lambda name: within(tmp_path, name)):
        with pytest.raises(ValueError, match=r"leads out|not a file's name"):
            check(name)


def test_links_are_followed_only_within(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "file").touch()
    (folder / "inside").symlink_to("a/file")
    (folder / "outside").symlink_to(tmp_path)
    (folder / "loop").symlink_to("loop")
    (tmp_path / "link").symlink_to(folder)
    assert within(folder, "inside") == folder / "a" / "file"
    assert within(tmp_path / "link", "a/file") == folder / "a" / "file"
    assert within(folder, "a/new..name") == folder / "a" / "new..name"
    with pytest.raises(ValueError, match="link that leads out"):
        within(folder, "outside/x")
    with pytest.raises(ValueError, match="cannot be followed"):
        within(folder, "loop/x")


@given(st.lists(st.sampled_from(["..", ".", "a", "/", "\\", "C:", "~", " "]), max_size=6).map("".join))
def test_whatever_is_accepted_is_below_the_folder(name: str) -> None:
    folder = Path("/nowhere/folder")
    try:
        path = within(folder, name)
    except ValueError:
        return
    assert folder in path.parents or path == folder
