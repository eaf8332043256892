"""Searching over HTTP: each form of a request, its answer, and what is said about bad ones."""

from __future__ import annotations

import base64
import struct
import threading
import time
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from snapshelf.events import Event
from tests.server.drawn_shop import KINDS, base64_of, draw, encoded, path_of, photo_of, problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from snapshelf.shelf import Shelf

PHOTO = photo_of("mug", "red")


def as_form(photo: bytes | None, **fields: Any) -> dict[str, Any]:
    files = {"photo": ("photo.jpg", photo, "image/jpeg")} if photo else {"none": (None, "")}
    return (
        {"files": files, "data": fields}
        if photo
        else {"files": {k: (None, str(v)) for k, v in fields.items()}}
    )


def as_image(photo: bytes | None, **fields: Any) -> dict[str, Any]:
    return {"content": photo or b"", "headers": {"Content-Type": "image/jpeg"}, "params": fields}


def as_json(photo: bytes | None, **fields: Any) -> dict[str, Any]:
    return {"json": {**({"photo": base64_of(photo)} if photo else {}), **fields}}


FORMS = pytest.mark.parametrize("form", [as_form, as_image, as_json])


def search(client: httpx.Client, **request: Any) -> dict[str, Any]:
    response = client.post("/v1/search", **request)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def ids(answer: dict[str, Any]) -> list[str]:
    return [hit["product"]["id"] for hit in answer["hits"]]


@FORMS
def test_photo_finds_its_product(client: httpx.Client, form: Callable[..., dict[str, Any]]) -> None:
    answer = search(client, **form(PHOTO, k=3))
    assert ids(answer)[0] == "red-mug"
    assert len(answer["hits"]) == 3


@FORMS
def test_photo_and_words_together(client: httpx.Client, form: Callable[..., dict[str, Any]]) -> None:
    answer = search(client, **form(PHOTO, text="blue mug", k=15))
    assert {"photo", "text_image"} <= answer["hits"][0]["contributions"].keys()


@pytest.mark.parametrize("form", [as_form, as_json])
def test_words_alone(client: httpx.Client, form: Callable[..., dict[str, Any]]) -> None:
    assert ids(search(client, **form(None, text="绿色 手提包")))[0] == "green-bag"


@FORMS
def test_blank_words_beside_a_photo_are_none(
    client: httpx.Client, form: Callable[..., dict[str, Any]]
) -> None:
    with_blank, without = search(client, **form(PHOTO, text=" ")), search(client, **form(PHOTO))
    assert ids(with_blank) == ids(without)


@FORMS
def test_filters(client: httpx.Client, form: Callable[..., dict[str, Any]]) -> None:
    answer = search(client, **form(PHOTO, where='colour = "red" AND price < 22', k=15))
    assert sorted(ids(answer)) == ["red-ball", "red-mug"]
    assert ids(search(client, **form(PHOTO, where="price < 5 AND price > 9"))) == []
    bad = problem(client.post("/v1/search", **form(PHOTO, where="in_stock AND colr = red")), 400, "filter")
    assert bad["position"] == 14
    assert bad["hint"] == "did you mean colour?"
    assert "did you mean colour" in str(bad["detail"])
    assert bad["errors"] == [{"field": "where", "detail": bad["detail"]}]


def test_filters_of_similar_products(client: httpx.Client) -> None:
    answer = client.get(path_of("red-mug", "similar"), params={"where": "colour = red", "k": 15}).json()
    assert sorted(ids(answer)) == ["red-bag", "red-ball"]
    refused = client.get(path_of("red-mug", "similar"), params={"where": "price < 😀"})
    assert problem(refused, 400, "filter")["position"] == 9


def test_every_form_answers_the_same(client: httpx.Client) -> None:
    answers = [search(client, **form(PHOTO, text="blue", k=7)) for form in (as_form, as_image, as_json)]
    assert ids(answers[0]) == ids(answers[1]) == ids(answers[2])


def test_answer_is_the_shelf_s(client: httpx.Client, shelf: Shelf) -> None:
    answer = search(client, **as_json(PHOTO, text="蓝色", k=5))
    expected = shelf.search(photo=PHOTO, text="蓝色", k=5)
    assert ids(answer) == [hit.product.id for hit in expected]
    for rank, (hit, wanted) in enumerate(zip(answer["hits"], expected, strict=True), start=1):
        assert hit["rank"] == rank
        assert hit["score"] == pytest.approx(wanted.score)
        assert sum(hit["contributions"].values()) == pytest.approx(hit["score"])
        assert hit["why"] == wanted.why
        assert hit["product"] == wanted.product.model_dump(mode="json")
        assert client.get(hit["photo"]).headers["content-type"] == "image/jpeg"
    assert answer["timings_ms"].keys() == {"decode", "understand", "encode", "recall", "rank", "facets"}
    assert min(answer["timings_ms"].values()) >= 0


def test_query_ids_differ(client: httpx.Client) -> None:
    assert search(client, **as_json(PHOTO))["query_id"] != search(client, **as_json(PHOTO))["query_id"]


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_photo_formats(client: httpx.Client, form: str) -> None:
    request = {
        "content": encoded(draw("mug", "red"), form),
        "headers": {"Content-Type": f"image/{form.lower()}"},
    }
    assert ids(search(client, **request))[0] == "red-mug"


def test_data_url_and_wrapped_base64(client: httpx.Client) -> None:
    url = {"photo": f"data:image/jpeg;base64,{base64_of(PHOTO)}"}
    wrapped = {"photo": base64.encodebytes(PHOTO).decode()}
    assert ids(search(client, json=url))[0] == ids(search(client, json=wrapped))[0] == "red-mug"


def test_empty_file_field_of_a_browser_form_counts_as_none(client: httpx.Client) -> None:
    boundary = "frontier"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="photo"; filename=""\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n\r\n"
        f'--{boundary}\r\nContent-Disposition: form-data; name="text"\r\n\r\ngreen bag\r\n--{boundary}--\r\n'
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    assert ids(search(client, content=body.encode(), headers=headers))[0] == "green-bag"


@FORMS
@pytest.mark.parametrize("k", [0, -1, 1_001, "ten"])
def test_k_out_of_range(client: httpx.Client, form: Callable[..., dict[str, Any]], k: object) -> None:
    body = problem(client.post("/v1/search", **form(PHOTO, k=k)), 422, "validation")
    assert [error["field"] for error in body["errors"]] == ["k"]


@pytest.mark.parametrize(
    "request_",
    [
        as_form(None, text=""),
        as_form(None, k=3),
        as_json(None),
        as_json(None, text=" \n"),
        as_json(None, text="\u3000"),
    ],
)
def test_without_a_query_the_shop_is_browsed(client: httpx.Client, request_: dict[str, Any]) -> None:
    body = client.post("/v1/search", **request_).json()
    assert (body["total"], body["no_good_match"], body["cut_off"]) == (15, False, None)
    # The kinds of goods take turns.
    assert len({hit["product"]["category"][-1] for hit in body["hits"][:3]}) == 3
    assert {hit["relevance"] for hit in body["hits"]} == {None}


def test_a_category_page(client: httpx.Client) -> None:
    page = {"where": 'category = "Mug"', "facets": ["colour", "category"], "sort": "rating", "k": 3}
    body = client.post("/v1/search", json=page).json()
    assert (body["total"], {hit["product"]["category"][-1] for hit in body["hits"]}) == (5, {"Mug"})
    colour, category = body["facets"]
    assert sum(choice["count"] for choice in colour["values"]) == 5
    assert {choice["value"] for choice in category["values"]} == {"Home", "Mug"}
    more = client.post("/v1/search", json={**page, "page_token": body["next_page_token"]}).json()
    assert (len(more["hits"]), more["next_page_token"]) == (2, None)
    chosen = client.post("/v1/search", json={"facet_filters": {"colour": ["red"]}}).json()
    assert {hit["product"]["attributes"]["colour"] for hit in chosen["hits"]} == {"red"}
    problem(client.post("/v1/search", json={"without": "red"}), 422, "query")
    problem(client.post("/v1/search", json={"mode": "photo-vectors"}), 422, "query")
    reason = client.post("/v1/search/why-not", json={"where": 'category = "Mug"', "id": "red-bag"}).json()
    assert reason["kind"] == "filter"
    problem(client.post("/v1/search/heat-map", json={"id": "red-bag"}), 422, "query")


def test_overlong_words(client: httpx.Client) -> None:
    problem(client.post("/v1/search", **as_json(None, text="red " * 1_000)), 422, "query")


@FORMS
@pytest.mark.parametrize("photo", [b"this is no photo", PHOTO[:300], b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_undecodable_photo(client: httpx.Client, form: Callable[..., dict[str, Any]], photo: bytes) -> None:
    problem(client.post("/v1/search", **form(photo)), 400, "photo")


def test_no_bytes_at_all(client: httpx.Client) -> None:
    problem(client.post("/v1/search", **as_image(None)), 400, "photo")


@pytest.mark.parametrize("text", ["§§§", "abc", "data:image/jpeg;base64", "http://example.com/photo.jpg"])
def test_not_base64(client: httpx.Client, text: str) -> None:
    problem(client.post("/v1/search", json={"photo": text}), 400, "photo")


def test_photo_bomb(client: httpx.Client) -> None:
    """A small file that says it is a picture of 900 million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    problem(client.post("/v1/search", **as_image(bomb)), 400, "photo")


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"text": "red"', b"[1, 2]", b'{"text": "\xff"}', b"[" * 100_000]
)
def test_bad_json(client: httpx.Client, content: bytes) -> None:
    response = client.post("/v1/search", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in {400, 422}
    problem(response, response.status_code, "input" if response.status_code == 400 else "validation")


def test_unknown_fields_are_named(client: httpx.Client) -> None:
    for request in (as_json(PHOTO, txt="red"), as_form(PHOTO, txt="red"), as_image(PHOTO, txt="red")):
        body = problem(client.post("/v1/search", **request), 422, "validation")
        assert [error["field"] for error in body["errors"]] == ["txt"]


def test_wrong_file_fields(client: httpx.Client) -> None:
    misnamed = {"files": {"image": ("photo.jpg", PHOTO, "image/jpeg")}}
    assert "photo" in str(problem(client.post("/v1/search", **misnamed), 400, "input")["detail"])
    as_text = {"files": {"photo": (None, "red")}}
    problem(client.post("/v1/search", **as_text), 400, "input")
    many = {"files": [("photo", ("a.jpg", PHOTO))] * 17}
    problem(client.post("/v1/search", **many), 400, "bad-request")


def test_broken_form(client: httpx.Client) -> None:
    for content_type, content in [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=frontier", b"no frontier here"),
    ]:
        response = client.post("/v1/search", content=content, headers={"Content-Type": content_type})
        problem(response, 400, "bad-request")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""]
)
def test_wrong_content_type(client: httpx.Client, content_type: str) -> None:
    response = client.post(
        "/v1/search", content=b"x", headers={"Content-Type": content_type} if content_type else {}
    )
    problem(response, 415, "content-type")
    assert "image/*" in response.headers["accept"]


def test_addresses_are_not_fetched_unless_allowed(client: httpx.Client) -> None:
    body = problem(client.post("/v1/search", json={"photo_url": "https://shop.example/a.jpg"}), 400, "photo")
    assert "--allow-http" in str(body["detail"])


def test_private_addresses_are_never_fetched(strict: httpx.Client) -> None:
    problem(
        strict.post("/v1/search", json={"photo_url": f"{strict.base_url}/page/favicon.svg"}), 400, "photo"
    )
    problem(strict.post("/v1/search", json={"photo_url": "file:///etc/passwd"}), 400, "photo")


def test_photo_and_address_exclude_each_other(strict: httpx.Client) -> None:
    given = {"photo": base64_of(PHOTO), "photo_url": "https://shop.example/a.jpg"}
    assert "not both" in str(problem(strict.post("/v1/search", json=given), 400, "input")["detail"])
    given["photos"] = [base64_of(PHOTO)]
    problem(strict.post("/v1/search", json=given), 400, "input")


def test_body_too_large_by_declared_length(strict: httpx.Client) -> None:
    for form in (as_form, as_image, as_json):
        problem(strict.post("/v1/search", **form(bytes(70_000))), 413, "body-too-large")


def test_body_too_large_without_a_length(strict: httpx.Client) -> None:
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 10_000
            yield bytes(10_000)

    response = strict.post("/v1/search", content=chunks(), headers={"Content-Type": "image/jpeg"})
    problem(response, 413, "body-too-large")
    assert response.request.headers.get("content-length") is None
    assert sent > 60_000


def test_similar(client: httpx.Client, shelf: Shelf) -> None:
    answer = client.get(path_of("red-mug", "similar"), params={"k": 4}).json()
    assert ids(answer) == [hit.product.id for hit in shelf.similar("red-mug", k=4)]
    assert "red-mug" not in ids(answer)
    assert len(answer["hits"]) == 4


def test_similar_to_nothing(client: httpx.Client) -> None:
    problem(client.get(path_of("no such product", "similar")), 404, "not-found")
    body = problem(client.get(path_of("red-mug", "similar"), params={"k": 0}), 422, "validation")
    assert [error["field"] for error in body["errors"]] == ["k"]


def test_examples(client: httpx.Client) -> None:
    examples = client.get("/v1/examples").json()
    assert [example["label_zh"] for example in examples] == ["桌上的杯子", "这个包，要蓝色", "绿色的球"]
    assert [example["text"] for example in examples] == [None, "blue", "绿色 球"]
    assert examples[2]["photo"] is None
    photo = client.get(examples[0]["photo"])
    assert ids(search(client, **as_image(photo.content)))[0] in {f"red-{kind}" for kind in KINDS}
    problem(client.get("/v1/examples/2/photo"), 404, "not-found")
    problem(client.get("/v1/examples/-1/photo"), 404, "not-found")


def test_searches_are_answered_while_writers_wait(client: httpx.Client, shelf: Shelf) -> None:
    """Writers that queue up must neither hold up the event loop nor take the threads of searches."""
    waiting = [
        threading.Thread(target=client.put, args=(path_of("red-mug"),), kwargs={"json": {"title": "Red mug"}})
        for _ in range(12)
    ]
    before = client.get(path_of("red-mug")).json()
    with shelf._writing:
        for writer in waiting:
            writer.start()
        deadline = time.monotonic() + 10
        while "in_flight 13.0" not in client.get("/metrics").text and time.monotonic() < deadline:
            time.sleep(0.01)
        assert client.get("/healthz").status_code == 200
        assert ids(search(client, **as_json(PHOTO, k=1))) == ["red-mug"]
        assert all(writer.is_alive() for writer in waiting)
    for writer in waiting:
        writer.join(20)
    assert client.put(path_of("red-mug"), json=before).status_code == 200


@FORMS
def test_the_order_knows_the_shopper(
    client: httpx.Client, shelf: Shelf, form: Callable[..., dict[str, Any]]
) -> None:
    name = f"shopper of {form.__name__}"
    told = Event(event_id=name, shopper=name, kind="purchase", at=time.time(), product="blue-bag")
    assert shelf.journal.append([told]).accepted == 1
    answer = search(client, **form(None, text="mug", k=15, shopper=name)) if form is not as_image else None
    if answer is None:
        answer = search(client, **form(photo_of("bag", "black", background="wheat"), k=15, shopper=name))
    assert any("shopper" in hit["contributions"] for hit in answer["hits"])
    assert any("shopper" in hit["why"] for hit in answer["hits"])
    for hit in answer["hits"]:
        assert hit["score"] == pytest.approx(sum(hit["contributions"].values()), abs=1e-6)
    shown = shelf.journal.impression(answer["query_id"])
    assert shown is not None
    assert (shown.shopper, list(shown.products)) == (name, ids(answer))
    left_out = search(client, **form(PHOTO, k=15, shopper=name, personal="false"))
    assert not any("shopper" in hit["contributions"] for hit in left_out["hits"])


@pytest.mark.parametrize("shopper", ["", "x" * 257, "a\u0000b", " "])
def test_a_shopper_needs_a_name(client: httpx.Client, shopper: str) -> None:
    problem(client.post("/v1/search", json={"text": "mug", "shopper": shopper}), 422, "validation")
