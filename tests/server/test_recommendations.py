"""Recommendations over HTTP."""

from __future__ import annotations

import time
import uuid

import httpx
import pytest

from tests.server.drawn_shop import problem


def test_a_stranger_gets_what_there_is(client: httpx.Client) -> None:
    answer = client.get("/v1/recommendations", params={"kind": "for-you", "k": 5}).json()
    assert answer["kind"] == "for-you"
    assert answer["personal"] is False
    assert [one["rank"] for one in answer["products"]] == [1, 2, 3, 4, 5]
    for one in answer["products"]:
        assert one["score"] == pytest.approx(sum(one["contributions"].values()))
        assert one["reason"]["en"]
        assert one["reason"]["zh"]
        assert client.get(one["photo"]).headers["content-type"] == "image/jpeg"


def test_a_click_changes_the_very_next_answer(client: httpx.Client) -> None:
    shopper = f"ann {uuid.uuid4().hex}"
    first = client.get("/v1/recommendations", params={"shopper": shopper}).json()
    product = first["products"][-1]["product"]["id"]
    told = client.post(
        "/v1/events",
        json={
            "action_name": "click",
            "client_id": shopper,
            "event_id": uuid.uuid4().hex,
            "timestamp": time.time(),
            "query_id": first["query_id"],
            "event_attributes": {
                "object": {"object_id": product},
                "position": {"ordinal": first["products"][-1]["rank"]},
            },
        },
    )
    assert told.json()["accepted"] == 1
    then = client.get("/v1/recommendations", params={"shopper": shopper}).json()
    assert then["personal"] is True
    assert product not in [one["product"]["id"] for one in then["products"]]
    assert any(one["reason"]["product"] == product for one in then["products"])
    seen = client.get("/v1/recommendations", params={"shopper": shopper, "kind": "recently-seen"}).json()
    assert [one["product"]["id"] for one in seen["products"]] == [product]


def test_filter_stock_and_cart(client: httpx.Client) -> None:
    blue = client.get("/v1/recommendations", params={"where": 'colour = "blue"'}).json()
    assert {one["product"]["attributes"]["colour"] for one in blue["products"]} == {"blue"}
    everything = client.get("/v1/recommendations", params={"k": 100, "kind": "trending"}).json()
    assert "green-ball" not in [one["product"]["id"] for one in everything["products"]]
    cart = {"kind": "post-cart", "cart": ["red-mug", "blue-mug"]}
    after = [
        one["product"]["id"] for one in client.get("/v1/recommendations", params=cart).json()["products"]
    ]
    assert after
    assert not set(after) & {"red-mug", "blue-mug"}


def test_wrong_wishes_are_problems(client: httpx.Client) -> None:
    def ask(**params: object) -> httpx.Response:
        return client.get("/v1/recommendations", params=params)  # type: ignore[arg-type]

    problem(ask(kind="moon"), 422, "validation")
    problem(ask(k=0), 422, "validation")
    problem(ask(kind="similar"), 422, "validation")
    problem(ask(kind="similar", product="gone"), 404, "not-found")
    problem(ask(where="price <"), 400, "filter")
