"""Products over HTTP: putting, getting and deleting them, their photos, and importing many."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.drawn_shop import base64_of, path_of, photo_of, problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from snapshelf.server import ServerSettings

NDJSON = {"Content-Type": "application/x-ndjson"}
ODD_IDS = [
    "A/1",
    "a",
    "a/similar",
    "a/photo",
    "/",
    "//x//",
    "红色 连衣裙",
    "50% off",
    "%2F",
    "%252F",
    "a?b=c#d",
    "x;y=1&z",
    "+ +",
    ":import",
    '"quoted"',
    "a\\b",
    "ünï",
    "…" * 42,
]


@pytest.mark.parametrize("product_id", ODD_IDS)
def test_life_of_a_product(put: Callable[..., httpx.Response], client: httpx.Client, product_id: str) -> None:
    created = put(product_id, price="12.50", attributes={"size": ["S", "M"]})
    assert created.status_code == 201, created.text
    assert created.json() == {"id": product_id, "status": "created"}

    got = client.get(created.headers["location"]).json()
    assert got["id"] == product_id
    assert got["price"] == {"amount": "12.50", "currency": "CNY"}
    assert got["attributes"] == {"size": ["S", "M"]}
    assert client.get(path_of(product_id)).json() == got

    similar = client.get(path_of(product_id, "similar"), params={"k": 3}).json()
    assert product_id not in [hit["product"]["id"] for hit in similar["hits"]]
    found = client.post(
        "/v1/search", json={"photo": base64_of(photo_of("ball", "yellow", background="grey"))}
    ).json()
    hit = found["hits"][0]
    assert hit["product"]["id"] == product_id
    assert client.get(hit["photo"]).content == client.get(path_of(product_id, "photo")).content

    assert client.delete(path_of(product_id)).status_code == 204
    problem(client.get(path_of(product_id)), 404, "not-found")
    problem(client.get(path_of(product_id, "photo")), 404, "not-found")
    problem(client.delete(path_of(product_id)), 404, "not-found")


def test_ids_that_look_like_routes_are_told_apart(
    put: Callable[..., httpx.Response], client: httpx.Client
) -> None:
    put("a", title="The short one")
    put("a/similar", title="The long one")
    assert client.get("/v1/products/a%2Fsimilar").json()["title"] == "The long one"
    assert client.get("/v1/products/a%2fsimilar").json()["title"] == "The long one"
    assert "hits" in client.get("/v1/products/a/similar").json()
    problem(client.get("/v1/products/a/other"), 404, "not-found")


def test_put_again(put: Callable[..., httpx.Response], client: httpx.Client) -> None:
    put("again", title="First")
    photo = client.get(path_of("again", "photo")).content
    assert put("again", title="First").json()["status"] == "unchanged"
    without_photos = client.put(path_of("again"), json={"title": "Second"})
    assert (without_photos.status_code, without_photos.json()["status"]) == (200, "updated")
    assert client.get(path_of("again")).json()["title"] == "Second"
    assert client.get(path_of("again", "photo")).content == photo
    assert (
        put("again", title="Second", photos=[base64_of(photo_of("bag", "black"))]).json()["status"]
        == "updated"
    )
    assert client.get(path_of("again", "photo")).content != photo


def test_put_as_a_form(put: Callable[..., httpx.Response], client: httpx.Client) -> None:
    put("form")
    files = [
        ("product", (None, json.dumps({"title": "From a form"}))),
        ("photos", ("front.jpg", photo_of("bag", "red"), "image/jpeg")),
        ("photos", ("back.jpg", photo_of("bag", "blue"), "image/jpeg")),
    ]
    assert client.put(path_of("form"), files=files).json() == {"id": "form", "status": "updated"}
    assert client.get(path_of("form")).json()["title"] == "From a form"
    with_unknown = client.put(path_of("form"), files=[*files, ("title", (None, "x"))])
    assert "title" in str(problem(with_unknown, 400, "input")["detail"])
    twice = [
        ("product", (None, json.dumps({"title": "x", "photos": [base64_of(photo_of("bag", "red"))]}))),
        files[1],
    ]
    problem(client.put(path_of("form"), files=twice), 422, "product")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"price": "cheap"}, "price"),
        ({"price": -1}, "price"),
        ({"stock": "many"}, "stock"),
        ({"colour": "red"}, "colour"),
        ({"id": "other"}, "id"),
        ({"photos": "text"}, "photos"),
        ({"photos": [1]}, "photos"),
        ({"title": "x" * 1_001}, "title"),
        ({"price": {"amount": 5, "currency": ["CNY"]}}, "price"),
        ({"price": {"amount": {"value": 5}, "currency": "CNY"}}, "price"),
        ({"price": {"amount": 5, "currency": False}}, "price"),
        ({"attributes": {"w": 1.7976931348623157e308}}, "attributes"),
        ({"attributes": {"w": 10**40}}, "attributes"),
        ({"attributes": ["w"]}, "attributes"),
        ({"category": {"a": 1}}, "category"),
        ({"availability": {}}, "availability"),
        ({"stock": []}, "stock"),
    ],
)
def test_bad_fields(put: Callable[..., httpx.Response], fields: dict[str, Any], field: str) -> None:
    body = problem(put("bad", **fields), 422, "product")
    (error,) = body["errors"]
    assert error["field"].split(".")[0] == field


def test_bad_ids(put: Callable[..., httpx.Response]) -> None:
    problem(put("x" * 129), 422, "product")
    problem(put("new\nline"), 422, "product")
    problem(put("nul\0"), 422, "product")
    problem(put(" padded "), 422, "product")


@pytest.mark.parametrize("photo", ["§", base64_of(b"no photo"), base64_of(photo_of("bag", "red")[:200])])
def test_bad_photos(put: Callable[..., httpx.Response], client: httpx.Client, photo: str) -> None:
    problem(put("bad", photos=[photo]), 400, "photo")
    problem(client.get(path_of("bad")), 404, "not-found")


def test_new_product_without_photos(put: Callable[..., httpx.Response]) -> None:
    problem(put("bad", photos=None), 422, "product")


def test_photo_addresses_are_not_fetched_unless_allowed(put: Callable[..., httpx.Response]) -> None:
    body = problem(put("bad", photos=["https://shop.example/a.jpg"]), 400, "photo")
    assert "--allow-http" in str(body["detail"])


def test_put_wrong_content(client: httpx.Client) -> None:
    problem(
        client.put(path_of("bad"), content=b"x", headers={"Content-Type": "text/plain"}), 415, "content-type"
    )
    for content in (b"", b"{", b"[]", b"NaN", b'{"title": NaN}'):
        response = client.put(path_of("bad"), content=content, headers={"Content-Type": "application/json"})
        problem(response, 400, "input")


def test_unknown_product(client: httpx.Client) -> None:
    body = problem(client.get(path_of("没有/这个")), 404, "not-found")
    assert "没有/这个" in str(body["detail"])
    problem(client.get("/v1/products/%00"), 422, "product")
    problem(client.get("/v1/products/%ff%fe"), 404, "not-found")


def test_photo_is_cached_until_it_changes(put: Callable[..., httpx.Response], client: httpx.Client) -> None:
    put("cached")
    first = client.get(path_of("cached", "photo"))
    assert first.headers["content-type"] == "image/jpeg"
    assert "max-age" in first.headers["cache-control"]
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(path_of("cached", "photo"), headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    put("cached", photos=[base64_of(photo_of("bag", "black"))])
    changed = client.get(path_of("cached", "photo"), headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def lines(*products: dict[str, Any] | str | bytes) -> bytes:
    raw = [
        p if isinstance(p, bytes) else p.encode() if isinstance(p, str) else json.dumps(p).encode()
        for p in products
    ]
    return b"\n".join(raw)


def statuses(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


def new(number: int, **fields: Any) -> dict[str, Any]:
    photo = photo_of("bag", ("red", "green", "blue")[number % 3], background="ivory")
    return {"id": f"import-{number}", "title": f"Bag {number}", "photos": [base64_of(photo)], **fields}


@pytest.fixture
def imported(client: httpx.Client) -> Iterator[None]:
    yield
    for number in range(10):
        client.delete(path_of(f"import-{number}"))


@pytest.mark.usefixtures("imported")
def test_import(client: httpx.Client) -> None:
    body = lines(
        new(1),
        "this is not JSON",
        new(2, price="cheap"),
        "",
        new(3, photos=[base64_of(b"no photo")]),
        '["a list"]',
        new(4, id=None),
        b'{"id": "\xff"}',
        new(1),
        new(1, title="Renamed", photos=None),
        new(5, id="x" * 129),
        new(6),
    )
    answers = statuses(client.post("/v1/products:import", content=body, headers=NDJSON))
    assert [(answer["line"], answer["status"]) for answer in answers] == [
        (1, "created"),
        (2, "error"),
        (3, "error"),
        (5, "error"),
        (6, "error"),
        (7, "error"),
        (8, "error"),
        (9, "unchanged"),
        (10, "updated"),
        (11, "error"),
        (12, "created"),
    ]
    assert [answer["id"] for answer in answers[:4]] == ["import-1", None, "import-2", "import-3"]
    assert all(("error" in answer) == (answer["status"] == "error") for answer in answers)
    assert "price" in answers[2]["error"]
    assert client.get(path_of("import-1")).json()["title"] == "Renamed"
    assert client.get(path_of("import-6")).status_code == 200
    problem(client.get(path_of("import-3")), 404, "not-found")


@pytest.mark.usefixtures("imported")
def test_import_names_the_line_of_the_body(client: httpx.Client) -> None:
    body = lines(new(1), '{"id": "cut off"', '{"id": }', b'{"id": "\xff"}', r'{"id": "4", "title": "\ud83d"}')
    answers = statuses(client.post("/v1/products:import", content=body, headers=NDJSON))
    assert [answer.get("error", "").partition(" at ")[2] for answer in answers[:4]] == [
        "",
        "line 2 column 16.",
        "line 3 column 8.",
        "line 4 column 9.",
    ]
    assert answers[4]["error"].startswith(r"title: holds half of a character (the lone surrogate \ud83d)")


def test_a_product_with_half_a_character(client: httpx.Client) -> None:
    body = rb'{"title": "T", "attributes": {"size": ["\ud83d\u0041"]}}'
    response = client.put(path_of("half"), content=body, headers={"Content-Type": "application/json"})
    assert problem(response, 422, "product")["errors"][0]["field"] == "attributes"


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n\n"])
def test_ends_of_lines(client: httpx.Client, end: bytes) -> None:
    body = lines(new(1)) + (b"\r\n" if end == b"\r\n" else b"\n") + lines(new(2)) + end
    answers = statuses(client.post("/v1/products:import", content=body, headers=NDJSON))
    assert [(answer["line"], answer["id"]) for answer in answers] == [(1, "import-1"), (2, "import-2")]


def test_import_of_nothing(client: httpx.Client) -> None:
    assert statuses(client.post("/v1/products:import", content=b"", headers=NDJSON)) == []


@pytest.mark.usefixtures("imported")
def test_import_of_overlong_lines(strict: httpx.Client, settings: ServerSettings) -> None:
    overlong = new(2, description="x" * settings.max_body_bytes)
    answers = statuses(
        strict.post("/v1/products:import", content=lines(new(1), overlong, new(3)), headers=NDJSON)
    )
    assert [(answer["line"], answer["status"]) for answer in answers] == [
        (1, "created"),
        (2, "error"),
        (3, "created"),
    ]


@pytest.mark.usefixtures("imported")
def test_import_too_large(strict: httpx.Client, client: httpx.Client) -> None:
    body = lines(new(1)) + b"\n" * 200_000
    problem(strict.post("/v1/products:import", content=body, headers=NDJSON), 413, "body-too-large")
    pieces = (body[start : start + 4_000] for start in range(0, len(body), 4_000))
    problem(strict.post("/v1/products:import", content=pieces, headers=NDJSON), 413, "body-too-large")
    problem(client.get(path_of("import-1")), 404, "not-found")


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "multipart/form-data", ""])
def test_import_of_another_type(client: httpx.Client, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    problem(client.post("/v1/products:import", content=lines(new(1)), headers=headers), 415, "content-type")


def test_status_lines_come_while_the_import_goes_on(client: httpx.Client) -> None:
    """A client that reads slowly gets its lines one by one, and searches go on meanwhile."""
    body = b"\n".join(b'{"id": "import-1"}' for _ in range(20_000))
    with client.stream("POST", "/v1/products:import", content=body, headers=NDJSON) as response:
        first = next(response.iter_lines())
        assert json.loads(first)["status"] == "error"
        assert client.get("/v1/stats").status_code == 200
