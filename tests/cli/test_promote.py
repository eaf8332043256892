"""promote: refusals, force, history and the way back, as the command line has them."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from snapshelf.encoders import load_encoder, registry
from snapshelf.shelf import Shelf
from tests.cli.commands import COUNT, Run


@pytest.fixture
def own_shelf(shelf: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(shelf, tmp_path / "shelf"))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The bundled encoder but for its tokeniser's file; nobody has compared the two."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("photo.onnx", "text.onnx", "tokenizer.json", "card.json"):
        shutil.copy(registry()["bundled"].folder / name, folder / name)
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, indent=1), encoding="utf-8")
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest()
    card["files"]["tokenizer.json"] = digest
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return folder


def test_promote_refuses_forces_remembers_and_goes_back(run: Run, own_shelf: Path, model: Path) -> None:
    at = ("--shelf", own_shelf)
    assert "no encoder was ever promoted" in run("promote", *at).stdout
    refused = run("promote", model, *at, "--json")
    assert refused.exit_code == 1
    error = json.loads(refused.stdout)["error"]
    assert error["type"] == "PromotionError"
    assert "verdict.json" in error["message"]
    assert "--force REASON" in error["message"]

    forced = run("promote", model, *at, "--force", "measured elsewhere", "--json")
    made = json.loads(forced.stdout)
    assert (made["photos"], made["encoded"], made["reason"]) == (COUNT, COUNT, "measured elsewhere")
    assert "overruled: it has no verdict.json" in forced.stderr
    with Shelf.open(own_shelf) as shelf:
        assert shelf.stats().fingerprint == load_encoder(model).fingerprint == made["after"]

    back = run("promote", "--back", *at)
    assert back.exit_code == 0
    assert f"({load_encoder().fingerprint})" in back.stdout
    assert "0 encoded" in back.stdout
    lines = run("promote", *at).stdout.splitlines()
    assert [line.split("\t")[2] for line in lines] == ["action", "promote", "back"]
    assert lines[1].endswith("measured elsewhere")
    assert [each["action"] for each in json.loads(run("promote", *at, "--json").stdout)] == [
        "promote",
        "back",
    ]
    assert run("promote", "--back", *at).exit_code == 1


def test_promote_says_when_the_shelf_is_open(run: Run, own_shelf: Path, model: Path) -> None:
    with Shelf.open(own_shelf):
        result = run("promote", model, "--shelf", own_shelf, "--force", "try")
    assert result.exit_code == 1
    assert "stop that process and give the same command again" in result.stderr


def test_promote_refuses_options_that_exclude_each_other(run: Run, own_shelf: Path, model: Path) -> None:
    assert run("promote", model, "--back", "--shelf", own_shelf).exit_code == 2
    assert run("promote", "--back", "--force", "x", "--shelf", own_shelf).exit_code == 2
    assert run("promote", "--shelf", own_shelf.parent / "nothing").exit_code == 1
