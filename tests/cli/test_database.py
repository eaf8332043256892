"""``--database``: the catalogue of a shelf in PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.cli.commands import COUNT, Run


@pytest.mark.postgresql
@pytest.mark.parametrize("new_location", ["postgresql"], indirect=True)
def test_the_database_is_given_once(
    run: Run, location: str, feed: Path, photos: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "shelf"
    url = make_url(location).set(password="geheim").render_as_string(hide_password=False)  # noqa: S106
    added = run("add", feed, "--photos", photos, "--shelf", folder, "--database", url)
    assert added.exit_code == 0, added.output
    assert "geheim" not in added.output
    stats = run("stats", "--shelf", folder, "--json")
    assert json.loads(stats.stdout)["products"] == COUNT
    refused = run("add", feed, "--photos", photos, "--shelf", tmp_path / "second", "--database", url)
    assert refused.exit_code == 1
    assert f"{folder}; open that shelf" in refused.output.replace("\n", " ")
    assert "geheim" not in refused.output


def test_a_server_that_is_not_there(run: Run, feed: Path, photos: Path, tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    url = "postgresql+psycopg://shop:geheim@127.0.0.1:1/shop"
    result = run("add", feed, "--photos", photos, "--shelf", tmp_path / "shelf", "--database", url)
    assert result.exit_code == 1
    assert "the server cannot be reached; check that it runs" in result.output.replace("\n", " ")
    assert "geheim" not in result.output
