"""What a shop's page asks for over HTTP: facets, choices, sorting, pages, chips, reasons, rules, suggestions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.drawn_shop import COLOURS, KINDS, base64_of, path_of, photo_of, problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from snapshelf.shelf import Shelf

BAG = photo_of("bag", "red")


def as_json(**fields: Any) -> dict[str, Any]:
    return {"json": fields}


def as_form(**fields: Any) -> dict[str, Any]:
    """The same as a browser's form says it: lists repeat, what is nested is JSON."""
    parts: list[tuple[str, tuple[None, str]]] = []
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            nested = isinstance(one, dict | bool)
            parts.append((name, (None, json.dumps(one) if nested else str(one))))
    return {"files": parts}


def as_image(**fields: Any) -> dict[str, Any]:
    parts = [(name, value[1]) for name, value in as_form(**fields)["files"]]
    return {"content": BAG, "headers": {"Content-Type": "image/jpeg"}, "params": parts}


FORMS = pytest.mark.parametrize("form", [as_json, as_form, as_image])


def search(client: httpx.Client, **request: Any) -> dict[str, Any]:
    response = client.post("/v1/search", **request)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def ids(answer: dict[str, Any]) -> list[str]:
    return [hit["product"]["id"] for hit in answer["hits"]]


def counts(facet: dict[str, Any]) -> dict[str, int]:
    return {one["value"]: one["count"] for one in facet["values"]}


@FORMS
def test_facets_and_choices(client: httpx.Client, form: Callable[..., dict[str, Any]]) -> None:
    choices = {"colour": ["red", "blue"], "price": {"low": 21, "high": None}}
    asked = form(
        text="home", facets=["colour", {"field": "price", "bins": 4}, "brand"], facet_filters=choices, k=15
    )
    answer = search(client, **asked)
    assert sorted(ids(answer)) == sorted(
        f"{colour}-{kind}" for colour in ("red", "blue") for kind in ("ball", "bag")
    )
    assert answer["total"] == 4
    colour, price, brand = answer["facets"]
    # A facet's own choice does not narrow it: two of the three kinds cost at least 21.
    assert counts(colour) == dict.fromkeys(COLOURS, 2)
    assert {one["value"] for one in colour["values"] if one["chosen"]} == {"red", "blue"}
    assert colour["values"][0]["labels"].keys() == {"en", "zh"}
    assert (price["low"], price["high"], sum(price["counts"])) == (20.5, 22.5, 6)
    assert (len(price["edges"]), price["chosen"]) == (5, {"low": 21.0, "high": None})
    assert counts(brand) == {"Kiln & Co": 4}


def test_labels_of_values_in_both_languages(client: httpx.Client) -> None:
    (facet,) = search(client, **as_json(text="mug", facets=["colour"]))["facets"]
    assert {"en": "red", "zh": "红色"} in [one["labels"] for one in facet["values"]]
    (facet,) = search(client, **as_json(text="mug", facets=["brand"]))["facets"]
    assert [one["labels"] for one in facet["values"]] == [None]


@FORMS
def test_sorting(client: httpx.Client, form: Callable[..., dict[str, Any]]) -> None:
    prices = {f"{colour}-{kind}": 20 + at for at, kind in enumerate(KINDS) for colour in COLOURS}
    everything = {"text": "home under 500", "min_relevance": 0, "k": 15}
    up = [prices[one] for one in ids(search(client, **form(**everything, sort="price")))]
    down = [prices[one] for one in ids(search(client, **form(**everything, sort="-price")))]
    assert up == sorted(prices.values()) == down[::-1]
    best = search(client, **form(text="home under 500", sort="rating", k=5))
    assert {hit["product"]["attributes"]["rating"] for hit in best["hits"]} == {5}


@FORMS
def test_pages_hold_every_product_once(client: httpx.Client, form: Callable[..., dict[str, Any]]) -> None:
    everything = {"text": "red home", "min_relevance": 0}
    whole = ids(search(client, **form(**everything, k=15)))
    assert len(whole) == 15
    seen: list[str] = []
    token = {}
    for _ in range(4):
        answer = search(client, **form(**everything, k=4, **token))
        seen += ids(answer)
        token = {"page_token": answer["next_page_token"]}
    assert seen == whole
    assert token == {"page_token": None}


def test_a_page_token_belongs_to_its_search(client: httpx.Client) -> None:
    token = search(client, **as_json(text="home", k=4))["next_page_token"]
    for request in (
        as_json(text="blue bag", k=4, page_token=token),
        as_json(text="home", k=4, page_token=token[:-4]),
    ):
        problem(client.post("/v1/search", **request), 422, "query")


def test_chips_can_be_taken_back(client: httpx.Client) -> None:
    answer = search(client, **as_json(text="红色 马克杯 21元以下", k=15))
    by_kind = {chip["kind"]: chip for chip in answer["chips"]}
    price = by_kind["price"]
    assert price["hard"]
    assert price["labels"].keys() == {"en", "zh"}
    assert {hit["product"]["id"].split("-")[1] for hit in answer["hits"]} == {"mug"}
    colour = by_kind["colour"]
    assert answer["hits"][0]["contributions"]["constraints"] > 0
    assert colour["where"] in answer["hits"][0]["constraints"]
    without = search(client, **as_json(text="红色 马克杯 21元以下", k=15, dismissed=[price["where"]]))
    assert {chip["kind"] for chip in without["chips"]} == by_kind.keys() - {"price"}
    plain = search(client, **as_json(text="红色 马克杯 21元以下", k=15, understand=False))
    assert plain["chips"] == []


def test_contradictions_are_told_and_no_error(client: httpx.Client) -> None:
    answer = search(client, **as_json(text="mug under 5 over 900", k=3))
    assert answer["notes"]
    assert all(note.keys() == {"kind", "text", "values"} for note in answer["notes"])
    assert search(client, **as_json(text="mug", where="price < 5 AND price > 9"))["total"] == 0


@pytest.mark.parametrize(
    "text", ["\x00\x07red\x1b[31m", "红色 mug шапка كوب", "'; DROP TABLE products; --", "𠮷野家"]
)
def test_odd_words_are_searched(client: httpx.Client, text: str) -> None:
    search(client, **as_json(text=text, facets=["colour"], related=3, explain=True))


@pytest.mark.parametrize("text", ["😀😀", "!!!", "\u200b"])
def test_words_without_letters_are_an_answer_or_a_sentence(client: httpx.Client, text: str) -> None:
    response = client.post("/v1/search", json={"text": text})
    if response.status_code != 200:
        problem(response, 422, "query")


def test_several_photos(client: httpx.Client) -> None:
    photos = [photo_of("bag", "red"), photo_of("mug", "red")]
    files = [("photo", (f"{at}.jpg", photo, "image/jpeg")) for at, photo in enumerate(photos)]
    from_form = search(client, files=files, data={"k": "4"})
    from_json = search(client, json={"photos": [base64_of(photo) for photo in photos], "k": 4})
    assert ids(from_form) == ids(from_json)
    assert {"red-bag", "red-mug"} <= set(ids(from_form))


@FORMS
def test_liked_and_disliked(client: httpx.Client, form: Callable[..., dict[str, Any]]) -> None:
    answer = search(client, **form(liked=["red-mug", "blue-mug"], disliked=["black-mug"], k=15))
    assert not {"red-mug", "blue-mug", "black-mug"} & set(ids(answer))


def test_unknown_examples_are_told(client: httpx.Client) -> None:
    problem(client.post("/v1/search", json={"liked": ["nobody"]}), 404, "not-found")
    answer = search(client, **as_json(text="red", disliked=["nobody"]))
    assert [note["values"] for note in answer["notes"]] == [{"ids": "nobody"}]


def test_without(client: httpx.Client) -> None:
    photo = base64_of(photo_of("ball", "red"))
    plain = search(client, json={"photo": photo, "k": 15})
    away = search(client, json={"photo": photo, "without": "red", "k": 15})
    assert ids(plain)[0] == "red-ball"
    assert [hit["score"] for hit in plain["hits"]] != [hit["score"] for hit in away["hits"]]


def test_weights_and_mode(client: httpx.Client) -> None:
    answer = search(
        client, **as_form(text="red mug", weights={"lexical": 0, "text_title": 0, "constraints": 0}, k=1)
    )
    assert answer["hits"][0]["contributions"].get("lexical", 0) == 0
    assert search(client, **as_json(text="red mug", mode="photo-vectors", k=1))["hits"]
    problem(client.post("/v1/search", json={"text": "red", "weights": {"price": 1}}), 422, "validation")
    problem(client.post("/v1/search", json={"text": "red", "weights": {"lexical": -1}}), 422, "validation")


def test_explaining_names_the_matched_words(client: httpx.Client) -> None:
    assert search(client, **as_json(text="red mug", k=1, explain=True))["hits"][0]["matched_terms"] == [
        "red",
        "mug",
    ]
    assert search(client, **as_json(text="red mug", k=1))["hits"][0]["matched_terms"] == []


@pytest.fixture
def variant(put: Callable[..., httpx.Response]) -> None:
    """The purple ball, which comes in two sizes."""
    for size in ("S", "L"):
        put(f"purple-{size}", title=f"Purple glass vase {size}", group_id="purple", attributes={"size": size})


@pytest.mark.usefixtures("variant")
def test_variants_stand_together(client: httpx.Client) -> None:
    answer = search(client, **as_json(text="purple glass vase", k=20, facets=["size"]))
    found = [hit for hit in answer["hits"] if hit["product"]["group_id"] == "purple"]
    assert [hit["variants"] for hit in found] == [1]
    assert answer["total"] == 1
    assert counts(answer["facets"][0]) == {"S": 1, "L": 1}
    apart = search(client, **as_json(text="purple glass vase", k=20, collapse=False))
    assert (apart["total"], sorted(ids(apart))) == (2, ["purple-L", "purple-S"])


@FORMS
def test_why_not(client: httpx.Client, form: Callable[..., dict[str, Any]]) -> None:
    response = client.post("/v1/search/why-not", **form(text="red", where="price < 21", id="red-bag"))
    body = response.json()
    assert (response.status_code, body["kind"], body["rank"]) == (200, "filter", None)
    assert "price < 21" in body["text"]
    assert sum(body["contributions"].values()) == pytest.approx(body["score"])
    shown = client.post("/v1/search/why-not", **form(text="red", id="red-bag", k=15)).json()
    assert (shown["kind"], shown["id"]) == ("shown", "red-bag")
    chosen = form(text="red", facet_filters={"colour": ["blue"]}, id="red-bag")
    assert client.post("/v1/search/why-not", **chosen).json()["kind"] == "choice"


def test_why_not_of_nothing(client: httpx.Client) -> None:
    problem(client.post("/v1/search/why-not", json={"text": "red", "id": "nobody"}), 404, "not-found")
    body = problem(client.post("/v1/search/why-not", json={"text": "red"}), 422, "validation")
    assert [error["field"] for error in body["errors"]] == ["id"]


@pytest.mark.parametrize("side", ["product", "query"])
def test_heat_map(client: httpx.Client, side: str) -> None:
    response = client.post(
        "/v1/search/heat-map", files={"photo": ("a.jpg", BAG)}, data={"id": "red-bag", "side": side}
    )
    body = response.json()
    assert response.status_code == 200, body
    assert (body["id"], body["side"]) == ("red-bag", side)
    weights = [weight for row in body["grid"] for weight in row]
    assert len({len(row) for row in body["grid"]}) == 1
    assert 0 <= min(weights) < max(weights) <= 1
    assert -1 <= body["fit"] <= 1.001


def test_heat_map_of_nothing(client: httpx.Client) -> None:
    problem(client.post("/v1/search/heat-map", json={"text": "red", "id": "nobody"}), 404, "not-found")
    no_photo = {"text": "red", "id": "red-bag", "side": "query"}
    problem(client.post("/v1/search/heat-map", json=no_photo), 422, "query")


def test_what_may_be_asked(client: httpx.Client) -> None:
    body = client.get("/v1/facets").json()
    fields = {one["field"]: (one["kind"], one["shown"]) for one in body["facets"]}
    assert [one["field"] for one in body["facets"]][:2] == ["category", "price"]
    assert fields["colour"] == ("values", True)
    assert fields["rating"] == ("values", True)
    assert fields["title_en"] == ("values", False)
    assert body["sorts"] == ["bestselling", "newest", "price", "-price", "rating"]
    # Whatever is listed can be asked for.
    names = list(fields)
    assert [one["field"] for one in search(client, **as_json(text="red", facets=names))["facets"]] == names


@FORMS
@pytest.mark.parametrize(
    ("field", "value"),
    [("facets", ["colr"]), ("sort", "brand"), ("sort", "nothing"), ("facet_filters", {"colr": ["red"]})],
)
def test_unknown_fields_are_said(
    client: httpx.Client, form: Callable[..., dict[str, Any]], field: str, value: Any
) -> None:
    problem(client.post("/v1/search", **form(text="red", **{field: value})), 422, "query")


@pytest.mark.parametrize(
    "fields",
    [
        {"facet_filters": {"price": {"lower": 3}}},
        {"facets": [{"field": "price", "bins": 0}]},
        {"diversity": 2},
        {"related": 21},
        {"mode": "fast"},
    ],
)
def test_fields_out_of_range(client: httpx.Client, fields: dict[str, Any]) -> None:
    for form in (as_json, as_form):
        problem(client.post("/v1/search", **form(text="red", **fields)), 422, "validation")


@pytest.mark.parametrize(
    "fields", [{"facet_filters": "{price"}, {"facets": "{price"}, {"weights": "lexical=1"}]
)
def test_nested_fields_of_a_form_are_json(client: httpx.Client, fields: dict[str, str]) -> None:
    body = problem(client.post("/v1/search", **as_form(text="red", **fields)), 400, "input")
    assert str(body["detail"]).startswith(next(iter(fields)))


@pytest.fixture
def rules(client: httpx.Client) -> Iterator[Callable[[str], httpx.Response]]:
    """Puts rules that are gone after the test."""

    def put(text: str, kind: str = "application/yaml") -> httpx.Response:
        return client.put("/v1/rules", content=text.encode(), headers={"Content-Type": kind})

    yield put
    put("")


def test_rules(client: httpx.Client, rules: Callable[[str], httpx.Response]) -> None:
    text = (
        "# spring\n- name: mugs first\n  words: red\n  pin: [green-mug]\n- name: no bags\n  hide: [red-bag]\n"
    )
    assert rules(text).json() == {"warnings": []}
    response = client.get("/v1/rules")
    assert response.headers["content-type"].startswith("application/yaml")
    assert response.text == text
    answer = search(client, **as_json(text="red", k=15))
    assert ids(answer)[0] == "green-mug"
    assert answer["hits"][0]["rules"] == ["mugs first"]
    assert "red-bag" not in ids(answer)
    assert ids(search(client, **as_json(text="red", k=15, rules=False)))[0] != "green-mug"
    hidden = client.post("/v1/search/why-not", json={"text": "red", "id": "red-bag"}).json()
    assert (hidden["kind"], hidden["failing"]) == ("rule", ["no bags"])


def test_a_rule_that_leads_elsewhere(client: httpx.Client, rules: Callable[[str], httpx.Response]) -> None:
    assert rules("- {name: sale, exactly: sale, redirect: https://shop.example/sale}").json() == {
        "warnings": []
    }
    assert search(client, **as_json(text="Sale"))["redirect"] == "https://shop.example/sale"
    assert search(client, **as_json(text="red"))["redirect"] is None


def test_rules_that_cannot_be_followed_change_nothing(
    client: httpx.Client, rules: Callable[..., httpx.Response]
) -> None:
    good = "- {name: good, boost: {where: 'colour = red'}}"
    assert rules(good).json() == {"warnings": []}
    conflict = "- {name: a, pin: [red-mug]}\n- {name: b, hide: [red-mug]}"
    detail = str(problem(rules(conflict), 422, "rules")["detail"])
    assert "'a'" in detail
    assert "'b'" in detail
    problem(rules("- {name: x, boost: {where: 'colr = red'}}"), 422, "rules")
    problem(rules("- {name: x"), 422, "rules")
    problem(rules(good, "text/plain"), 415, "content-type")
    not_text = client.put("/v1/rules", content=b"\xff", headers={"Content-Type": "application/yaml"})
    problem(not_text, 400, "input")
    assert client.get("/v1/rules").text == good


def test_suggestions(client: httpx.Client) -> None:
    found = client.get("/v1/suggest", params={"q": "red", "k": 5}).json()["suggestions"]
    assert 0 < len(found) <= 5
    assert all(one.keys() == {"text", "kind", "language"} for one in found)
    chinese = client.get("/v1/suggest", params={"q": "shou", "language": "zh"}).json()["suggestions"]
    assert "手提包" in [one["text"] for one in chinese]
    for parameters in ({}, {"q": "a", "k": 0}, {"q": "a" * 1_001}, {"q": "a", "language": "fr"}):
        problem(client.get("/v1/suggest", params=parameters), 422, "validation")
    for odd in ("", "   ", "'\"<>&%", "😀", "\x00"):
        assert client.get("/v1/suggest", params={"q": odd}).status_code == 200


def test_searches_without_results_are_reported(client: httpx.Client) -> None:
    for _ in range(2):
        search(client, **as_json(text="zzyzx gadget"))
    body = client.get("/v1/reports/zero-results", params={"days": 1}).json()
    assert body["days"] == 1
    assert {"text": "zzyzx gadget", "times": 2} in body["queries"]
    problem(client.get("/v1/reports/zero-results", params={"days": 0}), 422, "validation")


def test_answer_says_all_of_the_shelf_s(client: httpx.Client, shelf: Shelf) -> None:
    answer = search(client, **as_json(text="red mug", k=3, related=3, facets=["colour"], explain=True))
    expected = shelf.search(text="red mug", k=3, related=3, facets=["colour"], explain=True)
    assert (answer["total"], answer["related"]) == (expected.total, list(expected.related))
    assert answer["next_page_token"] == expected.next_page_token
    assert (answer["no_good_match"], answer["cut_off"]) == (expected.no_good_match, expected.cut_off)
    for hit, wanted in zip(answer["hits"], expected, strict=True):
        assert hit["relevance"] == pytest.approx(wanted.relevance)
        assert hit["matched_terms"] == list(wanted.matched_terms)
        assert hit["constraints"] == list(wanted.constraints)
    assert [chip["where"] for chip in answer["chips"]] == [chip.where for chip in expected.chips]
    assert path_of("red-mug", "photo") in [hit["photo"] for hit in answer["hits"]]


def test_rules_that_name_what_the_shop_has_not_are_followed_and_said(
    client: httpx.Client, rules: Callable[[str], httpx.Response]
) -> None:
    text = "- name: early\n  pin: [not-yet]\n"
    (warning,) = rules(text).json()["warnings"]
    assert (warning["rule"], warning["line"]) == ("early", 2)
    assert client.get("/v1/rules").text == text
    assert client.get("/v1/stats").json()["rule_warnings"] == [warning["message"]]
