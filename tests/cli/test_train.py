"""train: wrong usage, and what is said where PyTorch is not installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import Run


@pytest.mark.parametrize(
    "sources",
    [[], ["feed.csv", "--shelf", "shelf"], ["--shelf", "shelf", "--labels", "voc:photos"]],
    ids=["none", "feed and shelf", "shelf and labels"],
)
def test_one_source_is_needed(run: Run, sources: list[str], tmp_path: Path) -> None:
    result = run("train", *sources, "--out", tmp_path)
    assert result.exit_code == 2
    assert "give one of FEED, --shelf and --labels" in " ".join(result.stderr.replace("│", " ").split())


def test_a_folder_to_write_to_is_needed(run: Run) -> None:
    result = run("train", "feed.csv")
    assert result.exit_code == 2
    assert "--out" in result.stderr


@pytest.mark.parametrize("as_json", [False, True])
def test_without_pytorch_the_extra_is_named(feed: Path, tmp_path: Path, as_json: bool) -> None:
    program = "import sys; sys.modules['torch'] = None; from snapshelf.cli import main; main()"
    command = [sys.executable, "-c", program, "train", str(feed), "--out", str(tmp_path / "out")]
    done = subprocess.run(command + ["--json"] * as_json, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    said = 'training needs torch, which is not installed; run: pip install "snapshelf[train]"'
    assert done.stderr.strip() == f"error: {said}"
    assert not (tmp_path / "out").exists()
    if as_json:
        assert json.loads(done.stdout) == {"error": {"type": "MissingExtraError", "message": said}}
