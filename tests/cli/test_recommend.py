"""recommend: what it prints, and its errors."""

from __future__ import annotations

import json
from pathlib import Path

from snapshelf.demo import DemoProduct
from tests.cli.commands import COUNT, Run


def test_recommendations_as_json(run: Run, shelf: Path, drawings: list[DemoProduct]) -> None:
    product = drawings[0].id
    result = run("recommend", "similar", "--product", product, "--k", 4, "--json", "--shelf", shelf)
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer.keys() == {"kind", "query_id", "personal", "products"}
    assert len(answer["products"]) == 4
    assert answer["products"][0]["photo"] == f"/v1/products/{answer['products'][0]['id']}/photo"
    assert product not in [one["id"] for one in answer["products"]]
    assert all(one["reason"]["product"] == product for one in answer["products"])


def test_recommendations_for_people(run: Run, shelf: Path) -> None:
    result = run("recommend", "--shopper", "somebody", "--shelf", shelf)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1 + min(10, COUNT)
    assert "nothing is known of the shopper" in result.stderr


def test_what_cannot_be_is_said(run: Run, shelf: Path) -> None:
    result = run("recommend", "moon", "--shelf", shelf)
    assert result.exit_code == 1
    assert "kind is 'moon'; it must be 'for-you'" in result.stderr
    result = run("recommend", "similar", "--product", "gone", "--json", "--shelf", shelf)
    assert json.loads(result.stdout)["error"]["type"] == "NotFoundError"
