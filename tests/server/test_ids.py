"""One rule of ids at every entrance: events, searches, recommendations, paths, products and the command line."""

from __future__ import annotations

import time
import uuid
from urllib.parse import quote

import httpx
import pytest
from typer.testing import CliRunner

from snapshelf.catalogue import Product
from snapshelf.cli import app
from snapshelf.errors import InputError
from snapshelf.shelf import Shelf
from tests.server.drawn_shop import path_of

GOOD = (
    "ann",
    "安",
    "ann\u3000li",
    "ann\u00a0li",
    "ann\u200bli",
    "a b",
    "a/b",
    "a%2Fb",
    "👗",
    "\u202eann",
    "\u0085a",
    "x" * 256,
)
BAD = ("", " ", "\u3000", "\u00a0", "a\x00b", "a\x1bb", "a\nb", "a\x7f", "x" * 257)


def event(**fields: object) -> dict[str, object]:
    return {
        "action_name": "click",
        "event_id": uuid.uuid4().hex,
        "client_id": "ann",
        "timestamp": time.time(),
        "event_attributes": {"object": {"object_id": "red-mug"}},
        **fields,
    }


def entrances(client: httpx.Client, shelf: Shelf, shopper: str) -> dict[str, bool]:
    """Which entrances let a shopper's id in."""
    path = f"/v1/shoppers/{quote(shopper, safe='')}/consent"
    answers = {
        "event": client.post("/v1/events", json=event(client_id=shopper)),
        "line": client.post("/v1/events", json=[event(client_id=shopper)]),
        "session": client.post("/v1/events", json=event(session_id=shopper or " ")),
        "query": client.post("/v1/events", json=event(query_id=shopper or " ")),
        "search": client.post("/v1/search", json={"text": "mug", "shopper": shopper}),
        "recommend": client.get("/v1/recommendations", params={"shopper": shopper}),
        "merge": client.post("/v1/shoppers/somebody/merge", json={"session": shopper}),
    }
    if shopper:  # without it the path is another one
        answers["path"] = client.get(path)
    for name, answer in answers.items():
        assert answer.status_code in (200, 400, 422), (name, answer.text)
    open_ = {name: answer.status_code == 200 for name, answer in answers.items()}
    open_["line"] = answers["line"].json()["accepted"] == 1
    for name, call in (
        ("Shelf.search", lambda: shelf.search(text="mug", shopper=shopper)),
        ("Shelf.recommend", lambda: shelf.recommend(shopper=shopper)),
    ):
        try:
            call()
            open_[name] = True
        except InputError:
            open_[name] = False
    return open_


@pytest.mark.parametrize("shopper", GOOD)
def test_every_entrance_takes_the_same_shoppers(client: httpx.Client, shelf: Shelf, shopper: str) -> None:
    answers = entrances(client, shelf, shopper)
    assert all(answers.values()), answers


@pytest.mark.parametrize("shopper", BAD)
def test_every_entrance_refuses_the_same_shoppers(client: httpx.Client, shelf: Shelf, shopper: str) -> None:
    answers = entrances(client, shelf, shopper)
    assert not any(answers.values()), answers


@pytest.mark.parametrize("shopper", [bad for bad in BAD if "\x00" not in bad])
def test_commands_refuse_them_too(shopper: str) -> None:
    outcome = CliRunner().invoke(app, ["shopper", "show", "--shelf", "nowhere", "--", shopper])
    assert outcome.exit_code == 2
    assert "ID" in outcome.output


@pytest.mark.parametrize(
    ("id", "is_good"),
    [
        ("p\u3000q", True),
        ("p\u200bq", True),
        (" p ", True),
        ("\u3000p", True),
        ("p\x1c", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("p\x00q", False),
        ("p\x7fq", False),
    ],
)
def test_products_in_events_paths_and_feeds_agree(client: httpx.Client, id: str, is_good: bool) -> None:
    told = event(event_attributes={"object": {"object_id": id}})
    assert client.post("/v1/events", json=told).status_code == (200 if is_good else 422)
    assert client.get(path_of(id.strip())).status_code == (404 if is_good else 422)
    try:
        product = Product.parse({"id": id, "title": "P"})
    except InputError:
        assert not is_good
    else:
        assert is_good
        assert product.id == id.strip()
