from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshelf.catalogue import Price, Product
from snapshelf.errors import ProductError
from tests.catalogue.json_values import json_values, unhurried


def product(**fields: Any) -> Product:
    return Product.parse({"id": "1", "title": "T-shirt", **fields})


def refusal(**fields: Any) -> ProductError:
    with pytest.raises(ProductError) as caught:
        product(**fields)
    return caught.value


@pytest.mark.parametrize(
    ("written", "amount", "currency"),
    [
        ("1299", "1299", "CNY"),
        ("¥1,299.00", "1299.00", "CNY"),
        ("￥１２９９", "1299", "CNY"),
        ("12.5元", "12.5", "CNY"),
        ("15.00 USD", "15.00", "USD"),
        ("usd 15", "15", "USD"),
        ("$15", "15", "USD"),
        ("HK$ 1,299", "1299", "HKD"),
        ("€ 12,50", "12.50", "EUR"),
        ("1.299,00 €", "1299.00", "EUR"),
        ("1 299,00 €", "1299.00", "EUR"),
        ("1\u202f299,00\u00a0€", "1299.00", "EUR"),
        ("CHF 1'299.00", "1299.00", "CHF"),
        ("1.234.567", "1234567", "CNY"),
        ("₹1,29,900", "129900", "INR"),
        ("Rs. 499", "499", "INR"),
        ("0,500", "0.500", "CNY"),
        (".5", "0.5", "CNY"),
        ("0", "0", "CNY"),
        (1299, "1299", "CNY"),
        (12.5, "12.5", "CNY"),
        (19.989999771118164, "19.99", "CNY"),
        (Decimal("3.10"), "3.10", "CNY"),
        ({"amount": "15", "currency": "usd"}, "15", "USD"),
        ({"amount": "$15", "currency": "AUD"}, "15", "AUD"),
        ({"amount": "¥1500", "currency": "JPY"}, "1500", "JPY"),
        (Price(amount=Decimal(3), currency="EUR"), "3", "EUR"),
    ],
)
def test_reads_prices_as_feeds_write_them(written: Any, amount: str, currency: str) -> None:
    price = product(price=written).price
    assert price is not None
    assert (price.amount, price.currency) == (Decimal(amount), currency)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("call us", "'call us' is not an amount"),
        ("NaN", "'NaN' is not an amount"),
        (float("nan"), "is not an amount"),
        (float("inf"), "is not an amount"),
        (True, "is not an amount"),
        (["3"], "is not an amount"),
        ("-5", "'-5' is negative"),
        (-0.01, "is negative"),
        ("10-20", "is not an amount"),
        ("1,2,3", "is not an amount"),
        ("1 2", "is not an amount"),
        ("1.2.3,4", "is not an amount"),
        ("12.5 pcs", "'pcs' is not a currency"),
        ("约 12", "'约' is not a currency"),
        ("US$ 12 USD", "is not an amount"),
        ({"amount": "€3", "currency": "AUD"}, "is in EUR but the currency says AUD"),
        ({"amount": 3, "currency": "shells"}, "'shells' is not a currency"),
        ({"currency": "USD"}, "is missing"),
        ("1" * 40, "18 digits"),
    ],
)
def test_says_why_a_price_cannot_be_read(written: Any, reason: str) -> None:
    error = refusal(price=written)
    assert reason in str(error)
    assert str(error.field).startswith("price")


@pytest.mark.parametrize(
    ("written", "availability"),
    [
        ("in stock", "in_stock"),
        ("In_Stock", "in_stock"),
        ("有货", "in_stock"),
        ("true", "in_stock"),
        (True, "in_stock"),
        ("https://schema.org/OutOfStock", "out_of_stock"),
        ("售罄", "out_of_stock"),
        (False, "out_of_stock"),
        ("pre-order", "preorder"),
        ("BACKORDER", "backorder"),
    ],
)
def test_reads_the_usual_words_for_availability(written: Any, availability: str) -> None:
    assert product(availability=written).availability == availability


def test_nothing_left_is_out_of_stock_unless_the_shop_says_otherwise() -> None:
    assert product(stock="0").availability == "out_of_stock"
    assert product(stock=0, availability="preorder").availability == "preorder"
    assert product(stock="12.0").stock == 12
    assert product(stock=3, availability=None).availability == "in_stock"


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"id": ""}, "id", "is empty"),
        ({"id": "  "}, "id", "is empty"),
        ({"id": "x" * 129}, "id", "is longer than 128 characters: 'xxx"),
        ({"id": "a\nb"}, "id", "control character"),
        ({"id": True}, "id", "valid string"),
        ({"title": ""}, "title", "is empty"),
        ({"title": "t" * 1001}, "title", "longer than 1,000"),
        ({"title": "a\x00b"}, "title", "control character"),
        ({"title": "\udce9t\udce9"}, "title", "not UTF-8"),
        ({"title": b"\xff"}, "title", "not UTF-8"),
        ({"colour\ud83d": "red"}, "product", "holds half of a character"),
        ({"id": "a\ud83d"}, "id", "holds half of a character"),
        ({"title": "\ud83d dress"}, "title", "holds half of a character"),
        ({"category": ["Home", "\ude00"]}, "category", "holds half of a character"),
        ({"attributes": {"size": ["S", "\ud83d"]}}, "attributes.size", "holds half of a character"),
        ({"attributes": {"size": {"text": "\ud83d"}}}, "attributes.size", "holds half of a character"),
        ({"attributes": {"size": ["S", "a\x00"]}}, "attributes.size", "control character"),
        ({"description": "d" * 5001}, "description", "longer than 5,000"),
        ({"stock": "many"}, "stock", "'many' is not a whole number"),
        ({"stock": 1.5}, "stock", "is not a whole number"),
        ({"stock": True}, "stock", "is not a whole number"),
        ({"stock": -1}, "stock", "is negative"),
        ({"stock": 10**5000}, "stock", "is not a whole number"),
        ({"stock": 2**31}, "stock", "less than or equal"),
        ({"availability": "perhaps"}, "availability", "give in_stock, out_of_stock"),
        ({"url": "javascript:alert(1)"}, "url", "is not an http or https address"),
        ({"group_id": ""}, "group_id", "is empty"),
        ({"attributes": {"": "x"}}, "attributes.", "is empty"),
        ({"attributes": "red"}, "attributes", "valid dictionary"),
        ({"colour": "red"}, "colour", "is not a field of a product; its fields are id, title"),
    ],
)
def test_names_the_field_and_the_reason(fields: dict[str, Any], field: str, reason: str) -> None:
    error = refusal(**fields)
    assert error.field == field
    assert str(error).startswith(f"{field}: ")
    assert reason in str(error)


def test_a_missing_id_is_told_as_missing() -> None:
    with pytest.raises(ProductError, match="id: is missing"):
        Product.parse({"title": "T-shirt"})


def test_tells_every_wrong_field_at_once_and_each_only_once() -> None:
    error = refusal(id="", stock="many", attributes={"a": "\ud800", "b": "\ud800"})
    assert error.field == "id"
    assert [part.split(":")[0] for part in str(error).split("; ") if ": " in part] == [
        "id",
        "stock",
        "attributes.a",
        "attributes.b",
    ]


def test_a_copy_with_other_values_is_checked_like_a_new_product() -> None:
    shirt = product(price="12.50 EUR", stock=0, attributes={"size": ["S", "M"]})
    assert shirt.model_copy() == shirt
    assert shirt.model_copy(update={"title": " Renamed "}) == product(
        title="Renamed", price="12.50 EUR", stock=0, attributes={"size": ["S", "M"]}
    )
    with pytest.raises(ProductError, match="title: holds half of a character"):
        shirt.model_copy(update={"title": "\ud83d"})


def test_takes_one_value_for_a_list() -> None:
    one = product(id=12, category="Home > Kitchen>Pans", images="front.jpg, back.png")
    assert one.id == "12"
    assert one.category == ("Home", "Kitchen", "Pans")
    assert one.images == ("front.jpg", "back.png")


def test_takes_the_main_one_of_several_category_paths() -> None:
    assert product(category=["Home > Pans", "Gifts > Cooks"]).category == ("Home", "Pans")
    assert product(category=["Home", "", "Pans"]).category == ("Home", "Pans")


@pytest.mark.parametrize(
    ("written", "images"),
    [
        ("shirt, red.jpg", ("shirt, red.jpg",)),
        ("https://x.test/a?size=1,2", ("https://x.test/a?size=1,2",)),
        ("https://x.test/a https://x.test/b", ("https://x.test/a", "https://x.test/b")),
        ("https://x.test/a,https://x.test/b", ("https://x.test/a", "https://x.test/b")),
        ("a.jpg;b.webp|c.PNG", ("a.jpg", "b.webp", "c.PNG")),
    ],
)
def test_divides_images_only_where_new_ones_begin(written: str, images: tuple[str, ...]) -> None:
    assert product(images=written).images == images


def test_attributes_are_texts_numbers_and_lists_of_texts() -> None:
    given = {
        "year": 2011,
        "weight": Decimal("1.5"),
        "organic": True,
        "sizes": ["S", 36, 37.5, None],
        "colour": {"text": ["red"]},
        "length": {"numbers": [12.5, 13]},
        "other": {"depth": [1]},
        "gone": None,
        "empty": " ",
        "none": [],
        "unknown": float("nan"),
        "raw": b"\xff",
    }
    assert product(attributes=given).attributes == {
        "year": 2011.0,
        "weight": 1.5,
        "organic": "true",
        "sizes": ("S", "36", "37.5"),
        "colour": "red",
        "length": ("12.5", "13"),
        "other": '{"depth": [1]}',
    }


@pytest.mark.parametrize(
    "number",
    [1.7976931348623157e308, -1.1e30, float("inf"), 10**400, 10**5_000, Decimal("1e400")],
    ids=["float", "negative", "infinite", "int", "thousands of digits", "Decimal"],
)
@pytest.mark.parametrize(
    "wrap", [lambda number: number, lambda number: {"numbers": [number]}], ids=["plain", "custom"]
)
def test_numbers_that_no_index_can_reckon_with_are_refused(number: Any, wrap: Any) -> None:
    with pytest.raises(ProductError, match="numbers go up to 1e\\+30") as caught:
        product(attributes={"w": wrap(number)})
    assert caught.value.field == "attributes.w"
    for near in (1e30, -1e30, 5e-324):
        assert product(attributes={"w": near}).attributes == {"w": near}


def test_a_product_is_not_too_large() -> None:
    with pytest.raises(ProductError, match=r"at most 1,000$") as caught:
        product(attributes={str(number): "x" for number in range(1_001)})
    assert caught.value.field == "attributes"
    with pytest.raises(ProductError, match="at most 1,000,000"):
        product(attributes={"long": ["x" * 999_000, "x" * 1_001]})
    assert product(attributes={"long": "x" * 900_000})


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("field", [*Product.model_fields, "price.amount", "price.currency", "attributes.a"])
@pytest.mark.parametrize(
    "value", [nested(5_000), {"text": nested(5_000)}, 10**5_000], ids=["list", "dict", "int"]
)
def test_what_is_nested_or_huge_beyond_measure_is_refused(field: str, value: Any) -> None:
    name, _, inner = field.partition(".")
    fields = {"amount": 5, inner: value} if name == "price" else {inner: value}
    with pytest.raises(ProductError) as caught:
        product(**{name: fields if inner else value})
    assert len(str(caught.value)) < 500


def test_what_is_written_out_is_read_back_the_same() -> None:
    original = product(
        price="15.00 USD",
        category="A > B",
        stock=0,
        images="a.jpg",
        attributes={"year": 2011, "sizes": ["S"]},
    )
    assert Product.parse(original.model_dump()) == original
    assert Product.model_validate_json(original.model_dump_json()) == original


@unhurried
@given(
    st.dictionaries(st.sampled_from([*Product.model_fields, "colour"]), json_values, max_size=5)
    | st.sampled_from([*Product.model_fields]).flatmap(
        lambda name: st.fixed_dictionaries({"id": st.just("1"), "title": st.just("T"), name: json_values})
    )
    | st.fixed_dictionaries(
        {
            "id": st.just("1"),
            "title": st.just("T"),
            "price": st.fixed_dictionaries({"amount": st.just(5) | json_values, "currency": json_values}),
            "attributes": st.dictionaries(st.text(min_size=1, max_size=4), json_values, max_size=3),
        }
    )
)
def test_any_value_gives_a_product_or_a_product_error(fields: dict[str, Any]) -> None:
    try:
        made = Product.parse(fields)
    except ProductError as error:
        problem, field = str(error), error.field
    else:
        assert Product.parse(made.model_dump()) == made
        return
    assert field is not None
    assert problem.encode().decode().startswith(field)
