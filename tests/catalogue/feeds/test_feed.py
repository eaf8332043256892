from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshelf.catalogue import Price, Row, read_feed
from snapshelf.errors import FeedError, ProductError
from tests.catalogue.json_values import json_values, unhurried

if TYPE_CHECKING:
    from pathlib import Path


_COLUMNS = ("id", "title", "price", "images", "stock", "description", "category", "colour")


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows_of(
    folder: Path, name: str, content: str | bytes, mapping: dict[str, str] | None = None
) -> list[Row]:
    return list(read_feed(written(folder, name, content), mapping))


def titles(rows: list[Row]) -> list[str | None]:
    return [row.product and row.product.title for row in rows]


class TestCsv:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_finds_the_delimiter(self, tmp_path: Path, delimiter: str) -> None:
        content = 'id,title,price\n1,"Red, blue; or\tboth | more","12,50"\n'.replace(",", delimiter)
        content = content.replace(f"Red{delimiter} ", "Red, ").replace(f"12{delimiter}50", "12,50")
        (row,) = rows_of(tmp_path, "feed.csv", content)
        assert row.product is not None
        assert row.product.title.startswith("Red, ")
        assert row.product.price == Price.model_validate("12.50")

    def test_reads_byte_order_mark_blank_lines_and_line_breaks_in_values(self, tmp_path: Path) -> None:
        content = '\ufeff\r\nid,title,description\r\n\r\n1,红色连衣裙,"two\r\nlines"\r\n2,Shirt,\r\n'
        rows = rows_of(tmp_path, "feed.csv", content)
        assert titles(rows) == ["红色连衣裙", "Shirt"]
        assert [row.number for row in rows] == [1, 2]
        assert rows[0].product is not None
        assert rows[0].product.description == "two\r\nlines"

    def test_reads_gzip_by_its_content(self, tmp_path: Path) -> None:
        packed = gzip.compress(b"id,title\n1,Shirt\n", mtime=0)
        assert titles(rows_of(tmp_path, "feed.csv.gz", packed)) == ["Shirt"]
        assert titles(rows_of(tmp_path, "feed.csv", packed)) == ["Shirt"]

    def test_every_iteration_starts_anew(self, tmp_path: Path) -> None:
        feed = read_feed(written(tmp_path, "feed.csv", "id,title\n1,Shirt\n2,Shoe\n"))
        assert list(feed) == list(feed)
        assert feed.total == 2

    def test_numbers_are_recognised_and_codes_are_not(self, tmp_path: Path) -> None:
        header = "id,title,year,weight,ean,sign,flag,exp,gone,none,usage"
        content = f"{header}\n1,T,2011,-1.50,0123,+5,true,1e5,, N/A ,nan\n"
        (row,) = rows_of(tmp_path, "feed.csv", content)
        assert row.product is not None
        assert row.product.attributes == {
            "year": 2011.0,
            "weight": -1.5,
            "ean": "0123",
            "sign": "+5",
            "flag": "true",
            "exp": "1e5",
        }

    def test_headings_may_repeat_be_empty_or_broken_into_lines(self, tmp_path: Path) -> None:
        (row,) = rows_of(tmp_path, "feed.csv", ',id,title,note,note,"net\n weight"\n0,1,T,a,b,c\n')
        assert row.product is not None
        assert row.product.attributes == {"note": "a", "note (2)": "b", "net weight": "c"}

    def test_bad_rows_are_told_and_do_not_stop_the_others(self, tmp_path: Path) -> None:
        content = (
            b"id,title,price,stock\n"
            b"1,Shirt,call us,3\n"
            b"2,Too,many,values,here\n"
            b"3,Few\n"
            b"4,,1,1\n"
            b",Nobody,1,1\n"
            b"5,Good,12.50,3\n" + b"x" * 129 + b",Long,1,1\n"
            b"6,Fine,,many\n"
            b"7,Last,9,0\n"
        )
        rows = rows_of(tmp_path, "feed.csv", content)
        assert titles(rows) == [None, None, None, None, None, "Good", None, None, "Last"]
        assert [(row.number, row.id, row.error and row.error.field) for row in rows if row.error] == [
            (1, "1", "price"),
            (2, None, None),
            (3, None, None),
            (4, "4", "title"),
            (5, None, "id"),
            (7, "x" * 128, "id"),
            (8, "6", "stock"),
        ]
        assert str(rows[0].error) == (
            "feed.csv, row 1 (line 2): price: 'call us' is not an amount; "
            "give a number such as 12.50, or leave it empty"
        )
        assert str(rows[1].error) == "feed.csv, row 2 (line 3): has 5 values where the header has 4 columns"

    def test_an_id_is_used_once(self, tmp_path: Path) -> None:
        rows = rows_of(tmp_path, "feed.csv", "id,title,stock\n1,A,bad\n1,B,2\n2,C,2\n1,D,2\n")
        assert titles(rows) == [None, "B", "C", None]
        assert str(rows[3].error) == (
            "feed.csv, row 4 (line 5): id: '1' is already the id of row 2; give every product its own"
        )
        assert (rows[3].id, rows[3].error.field if rows[3].error else None) == ("1", "id")

    def test_a_quote_left_open_is_told_with_where_it_leads(self, tmp_path: Path) -> None:
        rows = rows_of(tmp_path, "feed.csv", 'id,title,brand\n1,A,x\n2,"B,x\n3,C,x\n4,D,x\n')
        assert titles(rows) == ["A", None]
        assert "row 2 (line 3)" in str(rows[1].error)
        assert "it runs to line 5: is a closing quote missing?" in str(rows[1].error)

    def test_a_value_without_end_costs_only_what_it_swallows(self, tmp_path: Path) -> None:
        long = "".join(f"{number},T{number}\n" for number in range(3, 30_000))
        rows = rows_of(tmp_path, "feed.csv", f'id,title\n1,A\n2,"B\n{long}')
        assert rows[0].product is not None
        assert "field larger than field limit" in str(rows[1].error)
        assert len(rows) > 10_000
        assert all(row.product for row in rows[3:])

    def test_a_damaged_row_far_inside_is_one_error(self, tmp_path: Path) -> None:
        good = "".join(f"{number},红{number}\n" for number in range(10_000)).encode()
        rows = rows_of(tmp_path, "feed.csv", b"id,title\n" + good + b"x,caf\xe9\n\xe9,T\ny,T\n")
        assert [row.number for row in rows if row.error] == [10_001, 10_002]
        assert "title: holds bytes that are not UTF-8" in str(rows[10_000].error)
        assert rows[10_001].id == "\\udce9"
        assert rows[-1].product is not None


class TestJsonLines:
    def test_half_a_character_costs_its_row(self, tmp_path: Path) -> None:
        lines = (r'{"id": "1", "title": "\ud83d\ude00"}', r'{"id": "\ud83d", "title": "T"}')
        lines += (r'{"id": "3", "title": "T", "size": ["S", "\ude00"]}', r'{"id": "4", "title": "T"}')
        rows = rows_of(tmp_path, "feed.jsonl", "\n".join(lines))
        assert titles(rows) == ["\U0001f600", None, None, "T"]
        errors = [row.error for row in rows if row.error]
        assert [error.field for error in errors] == ["id", "attributes.size"]
        assert str(errors[0]).startswith("feed.jsonl, row 2 (line 2): id: holds half of a character")

    def test_reads_types_as_they_are(self, tmp_path: Path) -> None:
        record = {
            "id": 7,
            "title": "Shirt",
            "price": 12.5,
            "category": ["Apparel", "Tops"],
            "images": ["a.jpg", "b.jpg"],
            "year": 2011,
            "code": "2011",
            "organic": True,
            "sizes": ["S", "M"],
            "nothing": None,
        }
        (row,) = rows_of(tmp_path, "feed.jsonl", json.dumps(record))
        assert row.product is not None
        assert row.product.model_dump(exclude_defaults=True) == {
            "id": "7",
            "title": "Shirt",
            "price": {"amount": 12.5},
            "category": ("Apparel", "Tops"),
            "images": ("a.jpg", "b.jpg"),
            "attributes": {"year": 2011.0, "code": "2011", "organic": "true", "sizes": ("S", "M")},
        }

    def test_reads_what_a_product_is_written_as(self, tmp_path: Path) -> None:
        first = rows_of(
            tmp_path,
            "feed.csv",
            "id,title,price,category,stock,item_group_id,link,year,image\n"
            "1,T,15 USD,A > B,3,g,https://x.test/1,2011,a.jpg\n",
        )[0].product
        assert first is not None
        (row,) = rows_of(tmp_path, "feed.jsonl", first.model_dump_json())
        assert row.product == first

    def test_reads_products_of_the_retail_api(self, tmp_path: Path) -> None:
        record = {
            "name": "projects/1/products/7",
            "id": "7",
            "title": "Shirt",
            "categories": ["Apparel > Tops", "Gifts"],
            "brands": ["Acme"],
            "uri": "https://x.test/7",
            "images": [{"uri": "https://x.test/7.jpg", "height": 300, "width": 200}],
            "priceInfo": {"currencyCode": "EUR", "price": 12.5},
            "availability": "IN_STOCK",
            "availableQuantity": 4,
            "primaryProductId": "g7",
            "attributes": {"colour": {"text": ["red"]}, "weight": {"numbers": [1.5]}},
        }
        (row,) = rows_of(tmp_path, "feed.jsonl", json.dumps(record))
        assert row.product is not None
        assert row.product.model_dump(exclude_defaults=True) == {
            "id": "7",
            "title": "Shirt",
            "brand": "Acme",
            "category": ("Apparel", "Tops"),
            "price": {"amount": 12.5, "currency": "EUR"},
            "stock": 4,
            "url": "https://x.test/7",
            "images": ("https://x.test/7.jpg",),
            "group_id": "g7",
            "attributes": {"name": "projects/1/products/7", "colour": ("red",), "weight": ("1.5",)},
        }

    def test_bad_rows_are_told_and_do_not_stop_the_others(self, tmp_path: Path) -> None:
        lines = [
            '{"id": "1", "title": "A"}',
            "",
            "{not json}",
            '["a"]',
            "[" * 100_000,
            '{"id": "2", "title": "B"}',
        ]
        rows = rows_of(tmp_path, "feed.jsonl", "\n".join(lines))
        assert titles(rows) == ["A", None, None, None, "B"]
        assert str(rows[1].error).startswith("feed.jsonl, row 2 (line 3): is not JSON: ")
        assert "row 3 (line 4): is not an object" in str(rows[2].error)
        assert rows[3].error is not None

    def test_a_column_that_comes_late_is_put_to_use(self, tmp_path: Path) -> None:
        lines = [json.dumps({"id": str(number), "title": "T"}) for number in range(1_500)]
        lines.append(json.dumps({"id": "x", "title": "T", "price": 3, "shade": "red"}))
        product = rows_of(tmp_path, "feed.jsonl", "\n".join(lines))[-1].product
        assert product is not None
        assert product.price == Price.model_validate(3)
        assert product.attributes == {"shade": "red"}

    @unhurried
    @given(
        st.lists(
            st.dictionaries(st.sampled_from(_COLUMNS) | st.text(max_size=4), json_values, max_size=4)
            | st.fixed_dictionaries(
                {
                    "id": st.integers(),
                    "title": st.just("T"),
                    "price": json_values
                    | st.fixed_dictionaries({"amount": json_values, "currency": json_values}),
                    "attributes": json_values | st.dictionaries(st.text(max_size=4), json_values, max_size=3),
                }
            ),
            max_size=3,
        )
    )
    def test_no_row_stops_a_feed(self, tmp_path_factory: Any, records: list[dict[str, Any]]) -> None:
        lines = [json.dumps(record) for record in [{"id": "1", "title": "T"}, *records]]
        rows = rows_of(tmp_path_factory.mktemp("feed"), "feed.jsonl", "\n".join(lines))
        assert len(rows) == len(lines)
        assert all((row.product is None) != (row.error is None) for row in rows)


class TestWholeFeed:
    @pytest.mark.parametrize(
        ("name", "content", "reason"),
        [
            ("feed.csv", b"", "is empty"),
            ("feed.csv", b"\n \n", "is empty"),
            ("feed.csv", b"id,title\n", "has a header but no rows"),
            ("feed.csv", b"id,title\n1,caf\xe9\n", "is not UTF-8 text: byte 0xe9 at offset 14"),
            ("feed.csv", "编号,标题\n1,红\n".encode("gb18030"), "it may be GBK"),
            ("feed.csv", "id,title\n1,T\n".encode("utf-16"), "is UTF-16 text; save it as UTF-8"),
            ("feed.csv", b"id,title\n\x00\x00\x00", "is a binary file"),
            ("feed.csv", gzip.compress(b"id,title\n1,T\n" * 10, mtime=0)[:-12], "cut short"),
            ("feed.jsonl", b'[{"id": "1", "title": "T"}]', "is a JSON array; write an object per line"),
            ("feed.jsonl", b"{]", "row 1 (line 1): is not JSON"),
            ("feed.jsonl", b"{}", "is an empty object"),
            ("feed.xlsx", b"PK\x03\x04", "cannot tell what format this is; name it .csv"),
            ("feed.csv", b"sku,weight\n1,2\n", "no column looks like the product's title"),
            (
                "feed.csv",
                b"title,weight\n1,2\n",
                "name it in the column mapping: id=COLUMN. Columns: title, weight",
            ),
        ],
    )
    def test_says_why_it_cannot_be_read(self, tmp_path: Path, name: str, content: bytes, reason: str) -> None:
        with pytest.raises(FeedError) as caught:
            rows_of(tmp_path, name, content)
        assert name in str(caught.value)
        assert reason in str(caught.value)

    def test_says_that_there_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(FeedError, match="there is no such file"):
            read_feed(tmp_path / "feed.csv")
        with pytest.raises(FeedError, match="there is no such file"):
            read_feed(tmp_path / "feed")
        with pytest.raises(FeedError, match="is a folder"):
            read_feed(tmp_path, format="csv")

    def test_damage_further_on_is_told_when_it_is_met(self, tmp_path: Path) -> None:
        lines = "".join(f"{number},{number**9}\n" for number in range(5_000)).encode()
        path = written(tmp_path, "feed.csv.gz", gzip.compress(b"id,title\n" + lines)[:-100])
        rows = iter(read_feed(path))
        assert next(rows).product is not None
        with pytest.raises(FeedError, match="damaged or cut short"):
            list(rows)

    def test_tells_the_format_by_the_content_if_the_name_does_not(self, tmp_path: Path) -> None:
        assert titles(rows_of(tmp_path, "feed", '\n{"id": "1", "title": "A"}')) == ["A"]
        path = written(tmp_path, "export", "id,title\n1,B\n")
        assert titles(list(read_feed(path, format="csv"))) == ["B"]


def test_the_given_catalogues_need_no_mapping(shared: Path) -> None:
    fashion = read_feed(shared / "data/fashion/products.csv")
    row = next(iter(fashion))
    assert row.product is not None
    assert row.product.model_dump(exclude_defaults=True) == {
        "id": "1163",
        "title": "Nike Sahara Team India Fanwear Round Neck Jersey",
        "category": ("Apparel", "Topwear", "Tshirts"),
        "images": ("images/1163.jpg",),
        "attributes": {
            "gender": "Men",
            "baseColour": "Blue",
            "season": "Summer",
            "year": 2011.0,
            "usage": "Sports",
            "split": "train",
        },
    }
    assert fashion.total == 41_623
    grocery = list(read_feed(shared / "data/grocery/catalogue.csv"))
    assert [row.error for row in grocery] == [None] * 81
    assert grocery[0].product is not None
    assert grocery[0].product.category == ("Fruit", "Apple")


def test_errors_of_rows_are_product_errors(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, "feed.csv", "id,title\n1,\n")
    assert isinstance(row.error, ProductError)
