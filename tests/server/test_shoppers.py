"""Events over HTTP, and what is known of a shopper."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import httpx
import pytest

NDJSON = {"content-type": "application/x-ndjson"}


@pytest.fixture
def ann() -> str:
    return f"ann/{uuid.uuid4().hex}"


def path(shopper: str, rest: str = "") -> str:
    return f"/v1/shoppers/{shopper.replace('/', '%2F')}{rest}"


def event(shopper: str, product: str = "red-mug", **fields: Any) -> dict[str, Any]:
    return {
        "action_name": "click",
        "client_id": shopper,
        "event_id": uuid.uuid4().hex,
        "timestamp": time.time() - 60,
        "event_attributes": {"object": {"object_id": product}},
        **fields,
    }


def test_an_event_is_in_the_profile_when_the_answer_comes(client: httpx.Client, ann: str) -> None:
    answer = client.post("/v1/events", json=event(ann))
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    known = client.get(path(ann, "/profile")).json()
    assert known["recent"][0]["product"] == "red-mug"
    assert known["category"] == {"Home > Mug": pytest.approx(1)}
    assert known["brand"] == {"Kiln & Co": pytest.approx(1)}
    assert known["colour"] == {"red": pytest.approx(1)}


def test_lines_are_answered_one_by_one(client: httpx.Client, ann: str) -> None:
    first = event(ann)
    lines = [
        json.dumps(first),
        "",
        "{broken",
        json.dumps(first),
        json.dumps(event(ann, timestamp="soon")),
        json.dumps(event(ann, product="no such thing")),
        json.dumps(event(ann, action_name="impression")),
        json.dumps(event(ann, timestamp=time.time() + 90_000)),
    ]
    answer = client.post("/v1/events", content="\n".join(lines), headers=NDJSON)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["accepted"], told["duplicates"], told["ignored"]) == (3, 1, 1)
    assert [(one["line"], one["field"]) for one in told["refused"]] == [(3, None), (5, "timestamp")]
    assert [one["line"] for one in told["notes"]] == [8, 6]
    assert "1 days ahead" in told["notes"][0]["text"]
    # Sent again as a whole, nothing counts twice.
    again = client.post("/v1/events", content="\n".join(lines[:6]), headers=NDJSON).json()
    assert (again["accepted"], again["duplicates"]) == (0, 3)


def test_a_list_and_the_other_shapes(client: httpx.Client, ann: str) -> None:
    assert client.post("/v1/events", json=[event(ann), event(ann)]).json()["accepted"] == 2
    retail = {
        "eventType": "add-to-cart",
        "visitorId": "browser",
        "userInfo": {"userId": ann},
        "productDetails": [{"product": {"id": "blue-bag"}}],
    }
    assert client.post("/v1/events", json=retail).json()["accepted"] == 1
    items = [{"item_id": "red-bag", "price": 20}, {"item_id": "red-mug", "price": 5}]
    ga4 = {"client_id": ann, "events": [{"name": "purchase", "params": {"items": items}}]}
    assert client.post("/v1/events", json=ga4).json()["accepted"] == 2
    bought = client.get(path(ann, "/profile")).json()["bought"]
    assert set(bought) == {"red-bag", "red-mug"}


@pytest.mark.parametrize(
    ("body", "status", "kind", "sentence"),
    [
        ("{broken", 400, "input", "not JSON"),
        ("[]", 200, None, None),
        ("7", 422, "event", "JSON object"),
        ('{"action_name": "click"}', 422, "event", "the shopper is missing"),
        ('{"action_name": "click", "client_id": "a"}', 422, "event", "timestamp: it is missing"),
    ],
)
def test_a_body_that_cannot_be_used(
    client: httpx.Client, body: str, status: int, kind: str | None, sentence: str | None
) -> None:
    answer = client.post("/v1/events", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    if kind is not None and sentence is not None:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"].endswith(kind)
        assert sentence in answer.json()["detail"]


def test_another_type_is_refused(client: httpx.Client) -> None:
    answer = client.post("/v1/events", content="a=b", headers={"content-type": "text/plain"})
    assert answer.status_code == 415
    assert "application/x-ndjson" in answer.json()["detail"]


def test_robots_say_so(client: httpx.Client, ann: str) -> None:
    answer = client.post("/v1/events", json=event(ann), headers={"user-agent": "Mozilla/5.0 bingbot/2.0"})
    assert answer.json()["robots"] == 1
    assert client.get(path(ann, "/profile")).status_code == 404


def test_export_and_forget(client: httpx.Client, ann: str) -> None:
    told = [event(ann) for _ in range(3)]
    client.post("/v1/events", json=told)
    answer = client.get(path(ann))
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[0]["profile"]["events"] == 3
    assert [line["event_id"] for line in lines[1:]] == [one["event_id"] for one in told]

    assert client.delete(path(ann)).json() == {"events": 3, "impressions": 0, "profiles": 1}
    assert client.get(path(ann)).status_code == 404
    assert client.delete(path(ann)).json()["events"] == 0
    assert client.post("/v1/events", json=told).json()["forgotten"] == 3


def test_consent(client: httpx.Client, ann: str) -> None:
    client.post("/v1/events", json=event(ann))
    assert client.get(path(ann, "/consent")).json() == {"given": None}
    assert client.put(path(ann, "/consent"), json={"given": False}).json()["events"] == 1
    assert client.post("/v1/events", json=event(ann)).json()["without_consent"] == 1
    client.put(path(ann, "/consent"), json={"given": True})
    assert client.post("/v1/events", json=event(ann)).json()["accepted"] == 1
    assert client.get(path(ann, "/consent")).json() == {"given": True}
    assert client.put(path(ann, "/consent"), json={"given": "perhaps"}).status_code == 422


def test_login(client: httpx.Client, ann: str) -> None:
    visit = f"visit-{uuid.uuid4().hex}"
    client.post("/v1/events", json=[event(visit, "red-mug"), event(ann, "blue-bag")])
    merged = client.post(path(ann, "/merge"), json={"session": visit}).json()
    assert {one["product"] for one in merged["recent"]} == {"red-mug", "blue-bag"}
    assert client.get(path(visit)).status_code == 404


@pytest.mark.parametrize("shopper", ["a" * 300, "%00", "%20"])
def test_a_shopper_who_cannot_be(client: httpx.Client, shopper: str) -> None:
    answer = client.get(f"/v1/shoppers/{shopper}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "id"
