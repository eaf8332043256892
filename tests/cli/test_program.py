"""The program as a whole: help, version, usage, what starting it loads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import snapshelf
from tests.cli.commands import Run, spawn

COMMANDS = ("add", "search", "similar", "stats", "remove", "serve", "demo", "eval")


def test_alone_it_shows_help(run: Run) -> None:
    result = run()
    assert result.exit_code == 0
    assert "Usage: snapshelf" in result.stdout
    for command in COMMANDS:
        assert f" {command} " in result.stdout
    assert run("--help").stdout == result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run: Run, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Usage: snapshelf {command}" in result.stdout


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"snapshelf {snapshelf.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("add",),
        ("search", "--colour", "red"),
        ("search", "--mode", "fast"),
        ("eval",),
        ("search", "-k", "ten"),
    ],
)
def test_wrong_usage_exits_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr != ""


def test_help_loads_neither_engine_nor_encoder_nor_server() -> None:
    program = (
        "import sys; from snapshelf.cli import app\n"
        "app(['add', '--help'], standalone_mode=False); print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True
    ).stdout.split()
    assert "snapshelf.cli" in loaded
    heavy = {
        "numpy",
        "PIL",
        "onnxruntime",
        "qdrant_edge",
        "sqlalchemy",
        "fastapi",
        "httpx",
        "snapshelf.shelf",
    }
    assert heavy.isdisjoint(loaded)


def test_output_on_a_pipe_is_plain(shelf: Path) -> None:
    process = spawn("search", "--text", "mug", "--k", "3", "--shelf", shelf)
    output, notes = process.communicate(timeout=120)
    assert process.returncode == 0
    header, *rows = output.splitlines()
    assert header.split("\t") == ["#", "score", "id", "title", "price", "why"]
    assert len(rows) == 3
    assert "\x1b" not in output + notes


def test_the_environment_names_the_shelf(run: Run, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNAPSHELF_SHELF", str(shelf))
    assert json.loads(run("stats", "--json").stdout)["products"] > 0


def test_without_it_the_shelf_is_in_the_current_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "error: shelf: there is no shelf here" in run("stats").stderr
