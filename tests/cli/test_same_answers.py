"""The command line and HTTP give the same JSON, and ``why-not`` explains the order that ``search`` gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapshelf.demo import DemoProduct
from snapshelf.server import create_app
from snapshelf.shelf import Shelf
from tests.cli.commands import COUNT, Run
from tests.server.drawn_shop import running

CHANGING = ("query_id", "timings_ms")
"""What differs between two runs of the same search."""


def over_http(shelf: Path, path: str, body: dict[str, Any]) -> dict[str, Any]:
    with Shelf.open(shelf) as opened, running(create_app(opened)) as address:
        response = httpx.post(f"{address}{path}", json=body, timeout=60)
    assert response.status_code == 200, response.text
    value: dict[str, Any] = response.json()
    return value


def printed(run: Run, *arguments: str | Path) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    value: dict[str, Any] = json.loads(result.stdout)
    return value


def test_a_search_is_the_same_json(run: Run, shelf: Path) -> None:
    options = (
        "--facet",
        "currency",
        "--facet",
        "price:4",
        "--choose",
        "currency=CNY",
        "--related",
        "3",
        "--explain",
    )
    on_the_line = printed(run, "search", "red", "dress", "-k", "5", *options, "--shelf", shelf)
    body = {
        "text": "red dress",
        "k": 5,
        "facets": ["currency", {"field": "price", "limit": 4, "bins": 4}],
        "facet_filters": {"currency": ["CNY"]},
        "related": 3,
        "explain": True,
    }
    answered = over_http(shelf, "/v1/search", body)
    assert on_the_line.keys() == answered.keys()
    assert on_the_line["hits"]
    assert on_the_line["hits"][0]["photo"].startswith("/v1/products/")
    assert on_the_line["facets"][0]["values"][0].keys() == {"value", "count", "chosen", "labels"}
    for name in on_the_line.keys() - set(CHANGING):
        assert on_the_line[name] == answered[name], name


def test_a_reason_is_the_same_json(run: Run, shelf: Path, drawings: list[DemoProduct]) -> None:
    on_the_line = printed(
        run, "why-not", drawings[0].id, "red", "dress", "--mode", "photo-vectors", "--shelf", shelf
    )
    body = {"id": drawings[0].id, "text": "red dress", "mode": "photo-vectors"}
    assert on_the_line == over_http(shelf, "/v1/search/why-not", body)


def test_recommendations_are_the_same_json(run: Run, shelf: Path, drawings: list[DemoProduct]) -> None:
    product = drawings[0].id
    on_the_line = printed(run, "recommend", "similar", "--product", product, "-k", "3", "--shelf", shelf)
    with Shelf.open(shelf) as opened, running(create_app(opened)) as address:
        parameters = {"kind": "similar", "product": product, "k": 3}
        answered = httpx.get(f"{address}/v1/recommendations", params=parameters, timeout=60).json()
        unknown = httpx.get(f"{address}/v1/recommendations", params={"colour": "red"}, timeout=60)
    assert [recommendation["rank"] for recommendation in answered["products"]] == [1, 2, 3]
    assert {**on_the_line, "query_id": ""} == {**answered, "query_id": ""}
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "colour")


def test_words_need_no_option(run: Run, shelf: Path) -> None:
    plain = printed(run, "search", "red", "dress", "--shelf", shelf)
    named = printed(run, "search", "--text", "red dress", "--shelf", shelf)
    assert [hit["id"] for hit in plain["hits"]] == [hit["id"] for hit in named["hits"]]
    both = run("search", "red", "--text", "dress", "--shelf", shelf)
    assert (both.exit_code, "give the words either as they are or with --text" in both.stderr) == (2, True)


@pytest.mark.parametrize("weight", ["photo", "photo=x", "colour=1"])
def test_weights_that_are_none(run: Run, shelf: Path, weight: str) -> None:
    result = run("search", "red", "--weight", weight, "--shelf", shelf)
    assert (result.exit_code, "as SIGNAL=NUMBER" in result.stderr) == (2, True)


OPTIONS = st.fixed_dictionaries(
    {"text": st.sampled_from(["red", "dress", "black shoes under 500", "蓝色 包"])},
    optional={
        "diversity": st.sampled_from([0.3, 0.7, 1.0]),
        "mode": st.just("photo-vectors"),
        "weights": st.sampled_from([{"photo": 1.0}, {"photo": 0.0}]),
        "collapse": st.booleans(),
        "understand": st.booleans(),
        "rules": st.booleans(),
        "sort": st.sampled_from(["price", "-price", "newest"]),
        "without": st.sampled_from(["stripes", "red"]),
        "k": st.integers(1, 5),
    },
)


@pytest.fixture(scope="module")
def opened(shelf: Path) -> Iterator[Shelf]:
    with Shelf.open(shelf) as opened:
        yield opened


@given(options=OPTIONS, place=st.integers(0, COUNT - 1))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_rank_that_why_not_tells_is_that_of_the_search(
    opened: Shelf, options: dict[str, Any], place: int
) -> None:
    ids = [hit.product.id for hit in opened.search(**{**options, "k": 1_000})]
    if place < len(ids):
        assert opened.why_not(ids[place], **options).rank == place + 1
