"""A product that the index refuses stops neither another product nor the opening of the shelf."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from snapshelf.catalogue import Product
from snapshelf.errors import SearchIndexError
from snapshelf.shelf import RowError, Shelf, open_catalogue
from snapshelf.shelf.folder import STORE, open_index
from snapshelf.shelf.quarantine import quarantined
from snapshelf.shelf.sync import replay

TOO_LARGE = {"w": 1.7976931348623157e308}


def made(id: str, **attributes: object) -> Product:
    return Product.parse({"id": id, "title": f"Red mug {id}", "attributes": attributes})


def refused(id: str) -> Product:
    """As a version that did not check the number let it through."""
    return Product.model_construct(**{**dict(made(id)), "attributes": dict(TOO_LARGE)})


def photo(shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 32), (shade, 40, 200)).save(file, "PNG")
    return file.getvalue()


def ids(shelf: Shelf) -> set[str]:
    return {hit.product.id for hit in shelf.search(text="red mug", k=100, collapse=False)}


def filled(folder: Path) -> Path:
    with Shelf.open(folder) as shelf:
        for number in range(6):
            shelf.put(made(str(number)), [photo(40 * number)])
    return folder


def brick(folder: Path, *numbers: str) -> None:
    """Commit to the catalogue alone what the index will refuse, as the crash of an older version left it."""
    with open_catalogue(folder) as catalogue:
        catalogue.put_fields([refused(id) for id in numbers])


@pytest.mark.parametrize("serving", [False, True])
def test_a_bricked_shelf_opens(tmp_path: Path, serving: bool) -> None:
    folder = filled(tmp_path / "shelf")
    brick(folder, "1", "4")
    with Shelf.open(folder, serving=serving) as shelf:
        stats = shelf.stats()
        assert set(stats.quarantined) == {"1", "4"}
        assert "attributes.w" in stats.quarantined["1"]
        assert stats.index_version == stats.catalogue_version
        assert stats.products == 6
        assert ids(shelf) == {"0", "2", "3", "5"}
        assert shelf.get("1").attributes == TOO_LARGE
        shelf.put(made("6"), [photo(250)])
        assert ids(shelf) == {"0", "2", "3", "5", "6"}
        assert shelf.put(made("1", colour="red")) == "updated"
        assert shelf.remove("4") == 1
        assert shelf.stats().quarantined == {}
        assert ids(shelf) == {"0", "1", "2", "3", "5", "6"}
    with Shelf.open(folder, serving=serving) as shelf:
        assert ids(shelf) == {"0", "1", "2", "3", "5", "6"}
        assert shelf.stats().quarantined == {}


def test_an_index_that_is_made_anew_refuses_the_same(tmp_path: Path) -> None:
    folder = filled(tmp_path / "shelf")
    brick(folder, "0", "5")
    with Shelf.open(folder) as shelf:
        shelf.set_rules("")
    (folder / STORE / "store.json").unlink()
    with Shelf.open(folder) as shelf:
        assert set(shelf.stats().quarantined) == {"0", "5"}
        assert ids(shelf) == {"1", "2", "3", "4"}


def test_a_shelf_with_a_quarantined_product_is_not_indexed_anew_at_each_opening(tmp_path: Path) -> None:
    folder = filled(tmp_path / "shelf")
    brick(folder, "2")
    Shelf.open(folder).close()
    state = (folder / STORE / "store.json").stat().st_mtime_ns
    Shelf.open(folder).close()
    assert (folder / STORE / "store.json").stat().st_mtime_ns == state


def test_put_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Shelf.open(filled(tmp_path / "shelf")) as shelf:
        assert shelf.put(refused("1")) == "quarantined"
        assert "product '1' cannot be searched" in caplog.text
        assert shelf.put(refused("1")) == "quarantined"
        assert shelf.put(refused("new"), [photo(1)]) == "quarantined"
        assert shelf.put(made("7"), [photo(2)]) == "created"
        assert ids(shelf) == {"0", "2", "3", "4", "5", "7"}
        assert shelf.put(made("new")) == "updated"
        assert "new" in ids(shelf)


def test_add_reports_it_and_goes_on(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(300):
        (photos / f"{number}.png").write_bytes(photo(number % 250))
    products = [refused(str(number)) if number in {7, 290} else made(str(number)) for number in range(300)]
    errors: list[RowError] = []
    with Shelf.open(tmp_path / "shelf") as shelf:
        report = shelf.add(products, photos=photos, errors=errors.append)
        assert (report.added, report.failed, report.quarantined) == (300, 0, 2)
        assert [(error.row, error.id, error.refused) for error in errors] == [
            (8, "7", False),
            (291, "290", False),
        ]
        assert "is stored, but no search returns it: the field 'attributes.w'" in errors[0].message
        assert shelf.stats().quarantined.keys() == {"7", "290"}
        assert len(shelf.search(text="red mug", k=1_000, collapse=False)) == 298


def test_a_feed_with_such_a_line_loses_that_line_only(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    rows = [{"id": str(number), "title": "Red mug", "image": f"{number}.png"} for number in range(3)]
    for number in range(3):
        (folder / f"{number}.png").write_bytes(photo(number * 60))
    lines = [json.dumps(row) for row in rows]
    lines[1] = lines[1][:-1] + ', "w": 1.7976931348623157e308}'
    (folder / "feed.jsonl").write_text("\n".join(lines))
    errors: list[RowError] = []
    with Shelf.open(tmp_path / "shelf") as shelf:
        report = shelf.add(folder / "feed.jsonl", errors=errors.append)
        assert (report.added, report.failed, report.quarantined) == (2, 1, 0)
        assert [(error.row, error.field, error.refused) for error in errors] == [(2, "attributes.w", True)]
        assert ids(shelf) == {"0", "2"}


def test_a_photo_that_is_a_circle_of_links_is_an_error_of_its_row(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    (folder / "0.png").write_bytes(photo(0))
    (folder / "1.png").symlink_to("1.png")
    rows = [{"id": str(number), "title": "Red mug", "image": f"{number}.png"} for number in range(2)]
    (folder / "feed.jsonl").write_text("\n".join(map(json.dumps, rows)))
    errors: list[RowError] = []
    with Shelf.open(tmp_path / "shelf") as shelf:
        report = shelf.add(folder / "feed.jsonl", errors=errors.append)
    assert (report.added, report.failed) == (1, 1)
    assert "'1.png' cannot be followed" in errors[0].message


def test_an_index_that_fails_by_itself_puts_nothing_in_quarantine(tmp_path: Path) -> None:
    folder = filled(tmp_path / "shelf")
    with Shelf.open(folder) as shelf:
        dimension = shelf.stats().dimension
    with open_catalogue(folder) as catalogue:
        store = open_index(folder, dimension)
        store.close()
        with pytest.raises(SearchIndexError, match="closed"):
            replay(catalogue, store, 0)
        assert quarantined(catalogue) == {}
