"""Another encoder for a shelf: what it takes, what it leaves, and what an interruption cannot break."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from snapshelf.catalogue import Catalogue, Product, decode_photo
from snapshelf.demo import DemoProduct
from snapshelf.encoders import load_encoder
from snapshelf.errors import EncoderError, EncoderMismatchError, PromotionError, ShelfError, ShelfInUseError
from snapshelf.shelf import Shelf, history, promote, reencode, roll_back
from tests.shelf.small_encoder import write_small_encoder, write_verdict

COUNT = 40


@dataclass(frozen=True)
class Model:
    folder: Path
    fingerprint: str


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("old") / "model"
    return Model(folder, write_small_encoder(folder, seed=0, dimension=40))


@pytest.fixture(scope="module")
def filled(feed: Path, old: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("before") / "shelf"
    with Shelf.open(folder, encoder=old.folder) as shelf:
        shelf.add(feed)
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "shelf"))


@pytest.fixture
def model(tmp_path: Path, old: Model) -> Model:
    """Another encoder, with vectors of another length, and a verdict that speaks for it."""
    fingerprint = write_small_encoder(tmp_path / "model", seed=1)
    write_verdict(tmp_path / "model", base=old.fingerprint, tuned=fingerprint)
    return Model(tmp_path / "model", fingerprint)


def photo_of(feed: Path, drawing: DemoProduct) -> Path:
    return feed.parent / f"{drawing.id}.jpg"


def check(
    folder: Path, fingerprint: str, feed: Path, drawings: list[DemoProduct], products: int = COUNT
) -> None:
    """The shelf opens without being told its encoder, and finds every product by its photo."""
    with Shelf.open(folder, create=False) as shelf:
        stats = shelf.stats()
        assert (stats.fingerprint, stats.products) == (fingerprint, products)
        assert stats.index_version == stats.catalogue_version
        for drawing in drawings[:10]:
            hit = shelf.search(photo=photo_of(feed, drawing), k=1).hits[0]
            assert (hit.product.id, hit.score) == (drawing.id, pytest.approx(1, abs=2e-3))
            assert shelf.photo(drawing.id)
        assert len(shelf.search(text="red dress", k=100, min_relevance=0)) == products
        assert shelf.search(text="dress").hits


def test_a_shelf_gets_another_encoder_and_keeps_its_own_copy(
    folder: Path, model: Model, old: Model, feed: Path, drawings: list[DemoProduct], tmp_path: Path
) -> None:
    seen: list[tuple[int, int | None]] = []
    made = promote(folder, model.folder, progress=lambda *told: seen.append(told))
    assert (made.action, made.before, made.after) == ("promote", old.fingerprint, model.fingerprint)
    assert (made.photos, made.encoded, made.from_thumbnails, made.reason) == (COUNT, COUNT, 0, None)
    assert seen[0] == (COUNT, COUNT)
    assert history(folder) == [made]
    shutil.rmtree(model.folder)
    moved = folder.rename(tmp_path / "moved")
    check(moved, model.fingerprint, feed, drawings)
    with Catalogue.open(moved / "catalogue.sqlite") as catalogue:
        stored = catalogue.vectors([drawings[0].id])[drawings[0].id]
    fresh = load_encoder(moved / "encoders" / model.fingerprint).encode_photos(
        [decode_photo(photo_of(feed, drawings[0]).read_bytes())]
    )
    assert stored == pytest.approx(fresh, abs=1e-3)
    with Shelf.open(moved) as shelf:
        assert shelf.add(feed).unchanged == COUNT


def test_what_is_added_later_is_encoded_by_the_new_encoder(
    folder: Path, model: Model, feed: Path, drawings: list[DemoProduct]
) -> None:
    promote(folder, model.folder)
    with Shelf.open(folder) as shelf:
        shelf.put(Product(id="new", title="New"), [photo_of(feed, drawings[3]).read_bytes()])
    check(folder, model.fingerprint, feed, drawings[:3], COUNT + 1)


def test_the_way_back(
    folder: Path, model: Model, old: Model, feed: Path, drawings: list[DemoProduct]
) -> None:
    with pytest.raises(PromotionError, match="no encoder was ever promoted"):
        roll_back(folder)
    promote(folder, model.folder)
    with Shelf.open(folder) as shelf:
        shelf.remove(drawings[20].id)
        picture = Image.effect_noise((60, 60), 90).convert("RGB")
        picture.save(folder.parent / "new.jpg")
        shelf.put(Product(id="new", title="New"), [(folder.parent / "new.jpg").read_bytes()])
    made = roll_back(folder)
    # Only the photo that came since had no vector of the old encoder.
    assert (made.action, made.after, made.encoded) == ("back", old.fingerprint, 1)
    check(folder, old.fingerprint, feed, drawings)
    with Shelf.open(folder) as shelf:
        assert shelf.search(photo=folder.parent / "new.jpg", k=1).hits[0].product.id == "new"
    with pytest.raises(PromotionError, match="rolled back already"):
        roll_back(folder)
    # The abandoned one is still there, with its vectors.
    again = promote(folder, folder / "encoders" / model.fingerprint)
    assert again.encoded == 0
    assert [each.action for each in history(folder)] == ["promote", "back", "promote"]


def test_only_the_encoder_in_use_and_the_one_before_are_kept(
    folder: Path, model: Model, tmp_path: Path
) -> None:
    promote(folder, model.folder)
    third = write_small_encoder(tmp_path / "third", seed=3)
    write_verdict(tmp_path / "third", base=model.fingerprint, tuned=third)
    promote(folder, tmp_path / "third")
    names = {path.name for path in (folder / "encoders").iterdir()} - {"lock"}
    kept = {model.fingerprint, third}
    assert names == kept | {f"{each}.vectors" for each in kept}


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ("missing", "no verdict.json"),
        ("bad", "worse: general: title, Chinese"),
        ("of another", "is of another encoder"),
        ("of another base", "but the shelf uses"),
        ("unreadable", "the verdict cannot be read"),
    ],
)
def test_a_model_without_a_good_verdict_is_refused_unless_forced(
    folder: Path, model: Model, old: Model, spoil: str, reason: str, feed: Path, drawings: list[DemoProduct]
) -> None:
    verdict = model.folder / "verdict.json"
    if spoil == "missing":
        verdict.unlink()
    elif spoil == "unreadable":
        verdict.write_text("{", encoding="utf-8")
    else:
        write_verdict(
            model.folder,
            base="something" if spoil == "of another base" else old.fingerprint,
            tuned="something" if spoil == "of another" else model.fingerprint,
            good=spoil != "bad",
        )
    with pytest.raises(PromotionError, match=reason):
        promote(folder, model.folder)
    with pytest.raises(PromotionError, match="needs a reason"):
        promote(folder, model.folder, force="  ")
    assert history(folder) == []
    check(folder, old.fingerprint, feed, drawings)
    made = promote(folder, model.folder, force="the shop wants it")
    assert made.reason == "the shop wants it"
    assert reason in " ".join(made.overruled)
    assert "@" in made.who
    assert history(folder) == [made]
    check(folder, model.fingerprint, feed, drawings)


def test_a_card_that_names_a_file_outside_writes_nothing_outside(
    folder: Path, model: Model, tmp_path: Path
) -> None:
    secret = tmp_path / "x"
    secret.write_bytes(b"a file of somebody else")
    path = model.folder / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    digest = hashlib.sha256(secret.read_bytes()).hexdigest()
    files = {**card["files"], "../x": digest}
    path.write_text(json.dumps({**card, "files": files}), encoding="utf-8")
    before = sorted(folder.rglob("*"))
    with pytest.raises(EncoderError, match=r"'\.\./x' leads out of its folder"):
        promote(folder, model.folder, force="never mind")
    (model.folder / "more.txt").symlink_to(secret)
    path.write_text(json.dumps({**card, "files": {**card["files"], "more.txt": digest}}), encoding="utf-8")
    with pytest.raises(EncoderError, match=r"'more\.txt' is a link that leads out of"):
        promote(folder, model.folder, force="never mind")
    assert sorted(folder.rglob("*")) == before


def test_a_shelf_with_a_product_in_quarantine_gets_another_encoder(folder: Path, model: Model) -> None:
    with Catalogue.open(folder / "catalogue.sqlite") as catalogue:
        (id,) = catalogue.ids(limit=1)
        product = catalogue.get(id)
        catalogue.put_fields(
            [Product.model_construct(**{**dict(product), "attributes": {"w": sys.float_info.max}})]
        )
    promote(folder, model.folder)
    with Shelf.open(folder) as shelf:
        assert list(shelf.stats().quarantined) == [id]
        assert len(shelf.search(text="red dress", k=100)) == COUNT - 1


def test_a_file_that_is_not_what_the_card_says_is_refused_even_by_force(folder: Path, model: Model) -> None:
    graph = model.folder / "text.onnx"
    graph.write_bytes(graph.read_bytes() + b"\x00")
    with pytest.raises(EncoderError):
        promote(folder, model.folder, force="never mind")
    tokenizer = model.folder / "tokenizer.json"
    shutil.copy(folder.parent / "model" / "tokenizer.json", tokenizer.with_suffix(".old"))
    write_small_encoder(folder.parent / "fresh", seed=1)
    shutil.copy(folder.parent / "fresh" / "text.onnx", graph)
    tokenizer.write_text(tokenizer.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(EncoderError, match=r"not the file that card\.json describes"):
        promote(folder, model.folder, force="never mind")


def test_other_refusals(folder: Path, model: Model, tmp_path: Path) -> None:
    with pytest.raises(ShelfError, match="no shelf here"):
        promote(tmp_path / "nothing", model.folder)
    with pytest.raises(EncoderError):
        promote(folder, tmp_path / "nothing")
    promote(folder, model.folder)
    with pytest.raises(PromotionError, match="uses this encoder already"):
        promote(folder, model.folder)


_POINTS = {
    # name: code that stops there, and the encoder that the shelf has afterwards
    "while it encodes": (
        "import snapshelf.shelf.reencode as r\nr._PAGE = 8\nput = p.VectorFile.put\n"
        "def slow(self, vectors):\n    put(self, vectors)\n    here()\np.VectorFile.put = slow"
    ),
    "while the old vectors are saved": (
        "save = p._Change._save_current\n"
        "def slow(self):\n    save(self)\n    here()\np._Change._save_current = slow"
    ),
    "within the transaction": (
        "get = p.VectorFile.get\n"
        "def slow(self, photos):\n    vectors = get(self, photos)\n    here()\n    return vectors\n"
        "p.VectorFile.get = slow\n"
        "import snapshelf.catalogue.database as d\nd._KEYS = d._KEYS.limit(None).limit(16)"
    ),
    "before the commit": (
        "import snapshelf.catalogue.database as d\nadvance = d._advance\n"
        "def slow(*given):\n    advance(*given)\n    here()\nd._advance = slow"
    ),
    "before the index follows": ("def slow(*given, **options):\n    here()\np.open_index = slow"),
    "while the index follows": (
        "def slow(catalogue, index, lexicon):\n    from snapshelf.shelf.sync import replay\n"
        "    replay(catalogue, index, 0, lexicon)\n    here()\np.catch_up = slow"
    ),
}


@pytest.mark.parametrize("point", _POINTS)
def test_kill_9_at_any_moment_leaves_a_shelf_that_works(
    folder: Path, model: Model, old: Model, feed: Path, drawings: list[DemoProduct], point: str
) -> None:
    code = (
        "import time\nimport snapshelf.shelf.rollout as p\n"
        "def here():\n    print('here', flush=True)\n    time.sleep(600)\n"
        f"{_POINTS[point]}\np.promote({str(folder)!r}, {str(model.folder)!r})\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "here\n"
    child.kill()
    child.wait()
    child.stdout.close()
    changed = point.endswith("the index follows")
    check(folder, model.fingerprint if changed else old.fingerprint, feed, drawings)
    with Shelf.open(folder) as shelf:
        # What is acknowledged between the two attempts is not lost by the second.
        shelf.put(Product(id="between", title="Between"), [photo_of(feed, drawings[1]).read_bytes()])
        shelf.remove(drawings[30].id)
    if not changed:
        again = promote(folder, model.folder)
        # 8 of 40 were encoded, and one of the others is removed.
        assert again.encoded == (31 if point == "while it encodes" else 0)
    assert [each.after for each in history(folder)] == [model.fingerprint]
    check(folder, model.fingerprint, feed, drawings[2:], COUNT)
    with Shelf.open(folder) as shelf:
        assert shelf.get("between").title == "Between"


def test_ctrl_c_leaves_the_shelf_as_it_was_and_is_gone_on_with(
    folder: Path,
    model: Model,
    old: Model,
    feed: Path,
    drawings: list[DemoProduct],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reencode, "_PAGE", 8)

    def stop(done: int, _: int | None) -> None:
        if done >= 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        promote(folder, model.folder, progress=stop)
    check(folder, old.fingerprint, feed, drawings)
    assert promote(folder, model.folder).encoded == COUNT - 16
    check(folder, model.fingerprint, feed, drawings)


def test_a_shelf_that_is_open_goes_on_with_the_old_encoder(
    folder: Path, model: Model, old: Model, feed: Path, drawings: list[DemoProduct]
) -> None:
    with Shelf.open(folder, serving=True) as shelf:
        with pytest.raises(ShelfInUseError, match="stop that process and give the same command again"):
            promote(folder, model.folder)
        assert shelf.search(photo=photo_of(feed, drawings[0]), k=1).hits[0].product.id == drawings[0].id
        assert shelf.stats().fingerprint == old.fingerprint
        # What the server takes meanwhile counts too.
        shelf.put(Product(id="served", title="Served"), [photo_of(feed, drawings[5]).read_bytes()])
    assert promote(folder, model.folder).encoded == 0
    check(folder, model.fingerprint, feed, drawings[:5], COUNT + 1)


def test_what_is_added_while_it_encodes_is_not_left_behind(
    folder: Path, model: Model, feed: Path, drawings: list[DemoProduct]
) -> None:
    noise = Image.effect_noise((50, 50), 80).convert("RGB")
    noise.save(folder.parent / "noise.jpg")
    added: list[str] = []

    def meanwhile(*_: object) -> None:
        if not added:
            with Shelf.open(folder) as shelf:
                shelf.put(Product(id="late", title="Late"), [(folder.parent / "noise.jpg").read_bytes()])
            added.append("late")

    assert promote(folder, model.folder, progress=meanwhile).encoded == COUNT + 1
    check(folder, model.fingerprint, feed, drawings, COUNT + 1)


def test_only_one_promotion_at_a_time(folder: Path, model: Model) -> None:
    def second(*_: object) -> None:
        with pytest.raises(ShelfInUseError, match="promoting"):
            promote(folder, model.folder)

    assert promote(folder, model.folder, progress=second).encoded == COUNT


def test_photos_come_from_the_originals_where_these_are_still_what_was_indexed(
    model: Model, old: Model, tmp_path: Path
) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    for seed, name in enumerate(("same", "changed", "gone")):
        random = np.random.default_rng(seed)
        pixels = random.integers(0, 255, (9, 7, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((500, 640)).save(shop / f"{name}.png")
    (shop / "feed.jsonl").write_text(
        "\n".join(
            json.dumps({"id": name, "title": name, "image": f"{name}.png"})
            for name in ("same", "changed", "gone")
        ),
        encoding="utf-8",
    )
    with Shelf.open(tmp_path / "shelf", encoder=old.folder) as shelf:
        assert shelf.add(shop / "feed.jsonl").added == 3
    (shop / "gone.png").unlink()
    shutil.copy(shop / "same.png", shop / "changed.png")
    made = promote(tmp_path / "shelf", model.folder, photos=shop)
    assert (made.encoded, made.from_thumbnails) == (3, 2)
    encoder = load_encoder(model.folder)
    with Catalogue.open(tmp_path / "shelf" / "catalogue.sqlite") as catalogue:
        vectors = catalogue.vectors(["same", "changed"])
    exact = encoder.encode_photos([decode_photo((shop / "same.png").read_bytes(), at_least=512)])
    assert vectors["same"] == pytest.approx(exact, abs=1e-3)
    # The thumbnail of what was indexed, not the file that has taken its name.
    assert float((vectors["changed"] @ exact.T)[0, 0]) < 0.9


def test_an_encoder_that_is_gone_can_be_replaced_but_not_gone_back_to(
    feed: Path, tmp_path: Path, drawings: list[DemoProduct]
) -> None:
    """As after an upgrade that brings other bundled weights."""
    write_small_encoder(tmp_path / "old", seed=7)
    with Shelf.open(tmp_path / "shelf", encoder=tmp_path / "old") as shelf:
        shelf.add(feed)
    with pytest.raises(EncoderMismatchError, match="snapshelf promote bundled"):
        Shelf.open(tmp_path / "shelf", encoder="bundled")
    with pytest.raises(PromotionError, match=r"no verdict\.json"):
        promote(tmp_path / "shelf", "bundled")
    shutil.rmtree(tmp_path / "old")
    with pytest.raises(EncoderError):
        Shelf.open(tmp_path / "shelf")
    write_small_encoder(tmp_path / "unknown", seed=8)
    with pytest.raises(PromotionError, match=r"no verdict\.json"):
        promote(tmp_path / "shelf", tmp_path / "unknown")
    promote(tmp_path / "shelf", "bundled")
    check(tmp_path / "shelf", load_encoder().fingerprint, feed, drawings)
    with pytest.raises(PromotionError, match="was not kept"):
        roll_back(tmp_path / "shelf")


def test_a_full_disk_leaves_the_shelf_as_it_was(
    folder: Path, model: Model, old: Model, feed: Path, drawings: list[DemoProduct]
) -> None:
    code = (
        "import os, resource, signal\n"
        "from snapshelf.errors import StorageError\nimport snapshelf.shelf.rollout as p\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "save = p._Change._save_current\n"
        "def then_full(self):\n    save(self)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, resource.RLIM_INFINITY))\n"
        "p._Change._save_current = then_full\n"
        f"try:\n    p.promote({str(folder)!r}, {str(model.folder)!r})\n"
        "except StorageError as error:\n    print('refused:', error, flush=True)\n"
        "os._exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert "refused:" in done.stdout, done.stdout + done.stderr
    check(folder, old.fingerprint, feed, drawings)
    promote(folder, model.folder)
    check(folder, model.fingerprint, feed, drawings)


def test_an_empty_shelf_takes_another_encoder(tmp_path: Path, model: Model, old: Model) -> None:
    with Shelf.open(tmp_path / "shelf", encoder=old.folder):
        pass
    assert promote(tmp_path / "shelf", model.folder).photos == 0
    with Shelf.open(tmp_path / "shelf") as shelf:
        assert shelf.stats().dimension == 48
