"""A shelf from the feed to the hits, with the bundled encoder and the real engine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from snapshelf.catalogue import Product
from snapshelf.demo import DemoProduct
from snapshelf.errors import (
    EncoderMismatchError,
    FeedError,
    FilterError,
    NotFoundError,
    PhotoError,
    ProductError,
    QueryError,
    ShelfError,
    ShelfInUseError,
)
from snapshelf.index import Equals
from snapshelf.shelf import RowError, Shelf

COUNT = 40


@pytest.fixture(scope="module")
def filled(feed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled") / "shelf"
    with Shelf.open(folder) as shelf:
        report = shelf.add(feed)
    assert (report.rows, report.added, report.failed, report.photos_encoded) == (COUNT, COUNT, 0, COUNT)
    return folder


@pytest.fixture
def shelf(filled: Path, tmp_path: Path) -> Iterator[Shelf]:
    """A copy that a test may change."""
    shutil.copytree(filled, tmp_path / "shelf")
    with Shelf.open(tmp_path / "shelf") as opened:
        yield opened


def photo_of(feed: Path, id: str) -> Path:
    return feed.parent / f"{id}.jpg"


def test_an_indexed_photo_finds_its_own_product(
    shelf: Shelf, feed: Path, drawings: list[DemoProduct]
) -> None:
    for drawing in drawings:
        hit = shelf.search(photo=photo_of(feed, drawing.id), k=1).hits[0]
        assert hit.score == pytest.approx(1, abs=2e-3)
        assert shelf.similar(drawing.id, k=1).hits[0].score <= hit.score + 1e-3
        assert hit.product.id == drawing.id


@pytest.mark.parametrize(
    "query", [{"text": "red dress"}, {"text": "红色连衣裙"}, {"photo": 0}, {"photo": 0, "text": "蓝色"}]
)
@pytest.mark.parametrize("mode", ["full", "photo-vectors"])
def test_contributions_add_up_to_the_score(
    shelf: Shelf, feed: Path, drawings: list[DemoProduct], query, mode
) -> None:
    query = {**query, **({"photo": photo_of(feed, drawings[0].id)} if "photo" in query else {})}
    result = shelf.search(**query, mode=mode, k=COUNT, min_relevance=0)
    assert len(result) == COUNT
    for hit in result:
        assert sum(hit.contributions.values()) == pytest.approx(hit.score, abs=1e-5)
        assert set(hit.contributions) <= ({"photo"} & set(query)) | {
            "text_image",
            "text_title",
            "lexical",
            "constraints",
        }
    # Words alone: dresses come first, whatever else speaks for what is only red.
    has_tiers = mode == "full" and "photo" not in query
    kinds = {drawing.id: drawing.kind for drawing in drawings}
    order = [(has_tiers and kinds[hit.id] != "dress", -hit.score) for hit in result]
    assert order == sorted(order)
    assert set(result.timings) >= {"decode", "encode", "recall", "rank", "facets"}


def test_words_reach_titles_in_the_other_language(shelf: Shelf, drawings: list[DemoProduct]) -> None:
    """The feed's title is English; its Chinese name finds the same kind through the lexicon."""
    for drawing in drawings[:10]:
        chinese = shelf.search(text=drawing.title_zh, k=3)
        assert any(hit.contributions.get("lexical", 0) > 0 for hit in chinese)


def test_a_filter_holds_exactly(shelf: Shelf, drawings: list[DemoProduct]) -> None:
    colour = drawings[0].colour
    ids = {
        hit.product.id
        for hit in shelf.search(text="anything", k=COUNT, where=Equals("attributes.colour", colour))
    }
    assert ids == {drawing.id for drawing in drawings if drawing.colour == colour}


def test_a_written_filter_holds_exactly(shelf: Shelf, drawings: list[DemoProduct]) -> None:
    colour, first = drawings[0].colour, drawings[0].id
    expected = {drawing.id for drawing in drawings if drawing.colour == colour}
    where = f"colour = {colour} AND price < 20 in_stock"
    assert {hit.product.id for hit in shelf.search(text="anything", k=COUNT, where=where)} == expected
    assert {hit.product.id for hit in shelf.similar(first, k=COUNT, where=where)} == expected - {first}
    assert shelf.search(text="anything", where="price < 5 AND price > 9").hits == ()
    assert len(shelf.search(text="anything", k=COUNT, where=" ").hits) == COUNT
    with pytest.raises(FilterError, match="did you mean colour"):
        shelf.search(text="anything", where="colr = red")
    with pytest.raises(FilterError, match="character 8"):
        shelf.similar(first, where="price <")


def test_similar_leaves_the_product_itself_out(shelf: Shelf, drawings: list[DemoProduct]) -> None:
    result = shelf.similar(drawings[0].id, k=5)
    assert len(result) == 5
    assert drawings[0].id not in {hit.product.id for hit in result}


def test_adding_again_changes_nothing(shelf: Shelf, feed: Path) -> None:
    before = shelf.stats()
    report = shelf.add(feed)
    assert (report.unchanged, report.added, report.updated, report.photos_encoded) == (COUNT, 0, 0, 0)
    assert shelf.stats().catalogue_version == before.catalogue_version


def test_a_changed_price_encodes_nothing(shelf: Shelf, feed: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.jsonl"
    changed.write_text(feed.read_text(encoding="utf-8").replace("19.90", "18.00", 3), encoding="utf-8")
    report = shelf.add(changed, photos=feed.parent)
    assert (report.updated, report.unchanged, report.photos_encoded) == (3, COUNT - 3, 0)


def test_a_changed_photo_is_encoded_alone(shelf: Shelf, feed: Path, drawings: list[DemoProduct]) -> None:
    one = shelf.get(drawings[0].id)
    photos = [photo_of(feed, drawings[0].id).read_bytes(), photo_of(feed, drawings[1].id).read_bytes()]
    assert shelf.put(one, photos) == "updated"
    assert shelf.stats().photos == COUNT + 1
    assert shelf.put(one, photos) == "unchanged"
    # Either of its photos now finds it.
    for photo in photos:
        assert drawings[0].id in {hit.product.id for hit in shelf.search(photo=photo, k=2)}


def test_put_keeps_photos_when_none_are_given(shelf: Shelf, drawings: list[DemoProduct]) -> None:
    changed = shelf.get(drawings[0].id).model_copy(update={"title": "Something else entirely"})
    assert shelf.put(changed) == "updated"
    assert shelf.put(changed) == "unchanged"
    assert shelf.search(text="something else entirely", k=1).hits[0].product.id == drawings[0].id
    assert shelf.similar(drawings[1].id, k=COUNT).hits


def test_removed_products_are_gone_after_reopening(
    filled: Path, tmp_path: Path, drawings: list[DemoProduct]
) -> None:
    folder = tmp_path / "shelf"
    shutil.copytree(filled, folder)
    with Shelf.open(folder) as shelf:
        assert shelf.remove([drawings[0].id, "no such id"]) == 1
    with Shelf.open(folder) as shelf:
        assert shelf.stats().products == COUNT - 1
        with pytest.raises(NotFoundError, match=drawings[0].id):
            shelf.get(drawings[0].id)
        assert drawings[0].id not in {hit.product.id for hit in shelf.search(text="a", k=COUNT)}


@pytest.mark.parametrize("damage", ["missing", "broken", "behind", "ahead"])
def test_the_index_is_rebuilt_from_the_catalogue(
    filled: Path, tmp_path: Path, damage: str, feed: Path, drawings: list[DemoProduct]
) -> None:
    folder = tmp_path / "shelf"
    shutil.copytree(filled, folder)
    if damage == "missing":
        shutil.rmtree(folder / "store")
    elif damage == "broken":
        for file in (folder / "store").rglob("*"):
            if file.is_file():
                file.write_bytes(b"not what it was")
    else:
        old = "store" if damage == "behind" else "catalogue.sqlite"
        keep = tmp_path / "old"
        (shutil.copytree if damage == "behind" else shutil.copy)(folder / old, keep)
        with Shelf.open(folder) as shelf:
            shelf.remove(drawings[3].id)
            if damage == "ahead":
                shelf.remove(drawings[4].id)
        if damage == "behind":
            shutil.rmtree(folder / old)
            shutil.copytree(keep, folder / old)
        else:
            for file in folder.glob("catalogue.sqlite*"):
                file.unlink()
            shutil.copy(keep, folder / old)
    with Shelf.open(folder) as shelf:
        expected = COUNT - 1 if damage == "behind" else COUNT
        stats = shelf.stats()
        assert (stats.products, stats.index_version) == (expected, stats.catalogue_version)
        assert len(shelf.search(text="dress", k=COUNT, min_relevance=0)) == expected
        assert shelf.search(photo=photo_of(feed, drawings[0].id), k=1).hits[0].product.id == drawings[0].id


def test_a_killed_add_goes_on_where_it_stopped(feed: Path, tmp_path: Path) -> None:
    """`kill -9` in the middle; what was written is neither lost nor encoded again."""
    rows = feed.read_text(encoding="utf-8").splitlines()
    long = feed.parent / "long.jsonl"
    with long.open("w", encoding="utf-8") as lines:
        for copy in range(20):
            for row in rows:
                fields = json.loads(row)
                lines.write(json.dumps({**fields, "id": f"{fields['id']}-{copy}"}) + "\n")
    folder = tmp_path / "shelf"
    code = (
        "from snapshelf import Shelf\n"
        f"Shelf.open({str(folder)!r}).add({str(long)!r}, progress=lambda done, _: print(done, flush=True))"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) >= 300:
            break
    child.kill()
    child.wait()
    child.stdout.close()
    with Shelf.open(folder) as shelf:
        stored = shelf.stats().products
        assert 256 <= stored < len(rows) * 20
        report = shelf.add(long)
        assert report.unchanged == stored
        assert report.photos_encoded == report.added == len(rows) * 20 - stored
        assert shelf.stats().products == len(rows) * 20


def test_bad_rows_are_reported_and_the_rest_goes_on(feed: Path, tmp_path: Path) -> None:
    good = json.loads(feed.read_text(encoding="utf-8").splitlines()[0])
    (feed.parent / "text.jpg").write_text("this is no photo", encoding="utf-8")
    whole = photo_of(feed, good["id"]).read_bytes()
    (feed.parent / "half.jpg").write_bytes(whole[: len(whole) // 2])
    rows = [
        good,
        {**good, "id": ""},
        {**good},
        {**good, "id": "x" * 200},
        {**good, "id": "price", "price": "call us"},
        {**good, "id": "gone", "image": "nowhere.jpg"},
        {**good, "id": "text", "image": "text.jpg"},
        {**good, "id": "half", "image": "half.jpg"},
        {**good, "id": "none", "image": ""},
        {**good, "id": "last"},
    ]
    bad = feed.parent / "bad.jsonl"
    bad.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    errors: list[RowError] = []
    with Shelf.open(tmp_path / "shelf") as shelf:
        report = shelf.add(bad, errors=errors.append)
        assert (report.rows, report.added, report.failed) == (len(rows), 2, len(rows) - 2)
        assert {error.row for error in errors if error.refused} == set(range(2, len(rows)))
        messages = {error.id or error.row: error.message for error in errors}
        assert "call us" in messages["price"] or "price" in messages["price"]
        assert shelf.get("last").title == good["title"]


def test_disk_full_keeps_what_was_written(feed: Path, tmp_path: Path) -> None:
    """The file size limit of a child process is a full disk that a test can have."""
    code = (
        "import resource, signal\n"
        "from snapshelf import Shelf\nfrom snapshelf.errors import StorageError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"shelf = Shelf.open({str(tmp_path / 'shelf')!r})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))\n"
        f"try:\n    shelf.add({str(feed)!r})\nexcept StorageError as error:\n    print('refused:', error, flush=True)\n"
        "import os; os._exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert "refused:" in done.stdout, done.stdout + done.stderr
    with Shelf.open(tmp_path / "shelf") as shelf:
        assert shelf.add(feed).rows == COUNT
        assert shelf.stats().products == COUNT


def test_a_shelf_is_open_once(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(ShelfInUseError, match="open in another process"):
        Shelf.open(tmp_path / "shelf")
    code = (
        "from snapshelf import Shelf\n"
        f"try:\n    Shelf.open({str(tmp_path / 'shelf')!r})\nexcept Exception as e:\n    print(type(e).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "ShelfInUseError"


def test_another_encoder_is_refused(filled: Path, tmp_path: Path) -> None:
    folder, other = tmp_path / "shelf", tmp_path / "other"
    shutil.copytree(filled, folder)
    from snapshelf.encoders import registry

    shutil.copytree(registry()["bundled"].folder, other)
    tokenizer = other / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(EncoderMismatchError, match=r"snapshelf promote .*other --shelf"):
        Shelf.open(folder, encoder=other)


def test_a_missing_shelf_is_not_made_when_it_should_be_there(tmp_path: Path) -> None:
    with pytest.raises(ShelfError, match="no shelf here"):
        Shelf.open(tmp_path / "nothing", create=False)
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"text": "   "}, QueryError),
        ({"text": "x" * 2_000}, QueryError),
        ({"text": "red", "k": 0}, QueryError),
        ({"text": "red", "k": 1_001}, QueryError),
        ({"photo": b"no photo"}, PhotoError),
        ({"photo": "no/such/file.jpg"}, PhotoError),
    ],
)
def test_bad_queries_are_refused(shelf: Shelf, query, error) -> None:
    with pytest.raises(error):
        shelf.search(**query)


def test_a_search_for_nothing_lists_all_products(shelf: Shelf, drawings: list[DemoProduct]) -> None:
    assert {hit.id for hit in shelf.search(k=COUNT)} == {drawing.id for drawing in drawings}


def test_unknown_ids_and_photoless_products_are_refused(shelf: Shelf, drawings: list[DemoProduct]) -> None:
    for call in (shelf.get, shelf.similar, shelf.photo):
        with pytest.raises(NotFoundError, match="nobody"):
            call("nobody")
    with pytest.raises(NotFoundError, match="number 7"):
        shelf.photo(drawings[0].id, 7)
    with pytest.raises(ProductError, match="photo"):
        shelf.put(Product(id="new", title="New"))


def test_feeds_that_cannot_be_read_are_refused(shelf: Shelf, feed: Path, tmp_path: Path) -> None:
    with pytest.raises(FeedError):
        shelf.add(tmp_path / "missing.csv")
    with pytest.raises(FeedError, match="nonsense"):
        shelf.add(feed, mapping={"title": "nonsense"})


def test_searches_go_on_while_products_are_added(
    filled: Path, tmp_path: Path, feed: Path, drawings: list[DemoProduct]
) -> None:
    folder = tmp_path / "shelf"
    shutil.copytree(filled, folder)
    with Shelf.open(folder, serving=True) as shelf:
        done = threading.Event()
        counts: list[int] = []

        def look() -> None:
            while not done.is_set():
                photo = photo_of(feed, drawings[0].id)
                counts.append(len(shelf.search(photo=photo, k=5, min_relevance=0)))

        thread = threading.Thread(target=look)
        thread.start()
        base = shelf.get(drawings[1].id)
        photo = photo_of(feed, drawings[1].id).read_bytes()
        for number in range(8):
            shelf.put(base.model_copy(update={"id": f"new-{number}"}), [photo])
        done.set()
        thread.join()
        assert set(counts) == {5}
        assert shelf.stats().products == COUNT + 8
