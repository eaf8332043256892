"""Sources of examples: products of feeds and shelves, and annotated photos in the usual formats."""

from __future__ import annotations

import csv
import gc
import json
import tarfile
from pathlib import Path

import pytest
import yaml
from PIL import Image

from snapshelf.catalogue import Product
from snapshelf.errors import FeedError, PhotoError, ShelfError, TrainingError
from snapshelf.shelf import Shelf
from snapshelf.training.captions import Annotation
from snapshelf.training.sources.bundled import bundled_examples, drawn
from snapshelf.training.sources.coco import coco_examples
from snapshelf.training.sources.feed import feed_examples
from snapshelf.training.sources.folders import folder_examples
from snapshelf.training.sources.products import annotation_of, stands_out_from_white
from snapshelf.training.sources.shelf import shelf_examples
from snapshelf.training.sources.voc import voc_examples
from snapshelf.training.sources.yolo import yolo_examples

RED, BLUE = (200, 20, 20), (20, 20, 200)


def two_halves(path: Path, size: tuple[int, int] = (100, 80)) -> Path:
    """A photo that is red on the left and blue on the right."""
    photo = Image.new("RGB", size, RED)
    photo.paste(BLUE, (size[0] // 2, 0, *size))
    path.parent.mkdir(parents=True, exist_ok=True)
    photo.save(path, quality=95)
    return path


def middle(photo: Image.Image) -> tuple[int, ...]:
    pixel = photo.getpixel((photo.width // 2, photo.height // 2))
    assert isinstance(pixel, tuple)
    return pixel


def near(pixel: tuple[int, ...], colour: tuple[int, ...]) -> bool:
    return max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) < 25


# Products


@pytest.mark.parametrize(
    ("title", "titles"),
    [
        ("Red Dress", {"en": "Red Dress"}),
        ("红色连衣裙", {"zh": "红色连衣裙"}),
        ("红色连衣裙 Red Dress", {"en": "Red Dress", "zh": "红色连衣裙"}),
        ("Women's Red Dress 女士红色连衣裙", {"en": "Women's Red Dress", "zh": "女士红色连衣裙"}),
        ("Quillmere 连衣裙", {"zh": "Quillmere 连衣裙"}),
        (
            "Women's Khaki Block Heels 女士卡其色粗跟鞋",
            {"en": "Women's Khaki Block Heels", "zh": "女士卡其色粗跟鞋"},
        ),
        ("2024-17", {}),
    ],
)
def test_titles_are_told_apart_by_language(title: str, titles: dict[str, str]) -> None:
    assert annotation_of(Product(id="1", title=title)).titles == titles


def test_a_title_that_is_the_id_says_nothing() -> None:
    assert annotation_of(Product(id="SKU-77a", title="SKU-77a")) == Annotation({}, {})


def test_attributes_and_categories_become_labels() -> None:
    product = Product(
        id="1",
        title="Thing",
        category=("Apparel", "Topwear", "Tshirts"),
        attributes={
            "baseColour": "Red",
            "适用性别": "男",
            "Material": ("cotton", "wool"),
            "season": "Summer, Winter",
            "Pattern": ("striped",),
            "weight": 12.0,
            "title_zh": "东西",
        },
    )
    assert annotation_of(product) == Annotation(
        {"en": "Thing", "zh": "东西"},
        {
            "article": "Tshirts",
            "subcategory": "Topwear",
            "master": "Apparel",
            "colour": "Red",
            "gender": "男",
            "pattern": "striped",
        },
    )


@pytest.mark.parametrize(
    ("labels", "expected"),
    [({"colour": "Red"}, True), ({"colour": "白色"}, False), ({"colour": "Off White"}, False), ({}, False)],
)
def test_pale_products_keep_their_background(labels: dict[str, str], expected: bool) -> None:
    assert stands_out_from_white(labels) is expected


def test_a_feed(tmp_path: Path) -> None:
    two_halves(tmp_path / "a.jpg")
    (tmp_path / "feed.csv").write_text(
        "sku,name,shade,category,image\n"
        "1,Red dress,red,Clothing > Dresses,a.jpg\n"
        ",No id,red,Clothing,a.jpg\n"
        "3,No photo,red,Clothing,\n"
        "4,Photo gone,red,Clothing,gone.jpg\n",
        "utf-8",
    )
    problems: list[str] = []
    examples = list(
        feed_examples(tmp_path / "feed.csv", mapping={"attributes.colour": "shade"}, report=problems.append)
    )
    assert [example.id for example in examples] == ["1", "4"]
    assert examples[0].annotation == Annotation(
        {"en": "Red dress"}, {"colour": "red", "article": "Dresses", "master": "Clothing"}
    )
    assert examples[0].replaceable_background
    assert examples[0].photos[0]().size == (100, 80)
    assert len(problems) == 2
    assert "row 2" in problems[0]
    assert "product '3' has no photo" in problems[1]
    with pytest.raises(PhotoError, match=r"gone\.jpg"):
        examples[1].photos[0]()


def test_a_feed_without_titles_is_refused(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("sku,image\n1,a.jpg\n", "utf-8")
    with pytest.raises(FeedError, match="title"):
        list(feed_examples(tmp_path / "feed.csv"))


def test_photos_in_a_tar_and_inside_the_feed(tmp_path: Path) -> None:
    photo = two_halves(tmp_path / "a.jpg")
    with tarfile.open(tmp_path / "photos.tar", "w") as tar:
        tar.add(photo, "1.jpg")
    (tmp_path / "feed.csv").write_text("id,title\n1,Red dress\n", "utf-8")
    (example,) = feed_examples(tmp_path / "feed.csv", tmp_path / "photos.tar")
    assert example.photos[0]().size == (100, 80)
    # An archive that nobody asks any more is closed; the interpreter warns of those that are not.
    del example
    gc.collect()

    pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs snapshelf[parquet]")
    from pyarrow import parquet

    rows = {"id": ["1", "2"], "title": ["Red dress", "Blue mug"], "image": [photo.read_bytes()] * 2}
    parquet.write_table(pyarrow.table(rows), tmp_path / "feed.parquet")
    examples = list(feed_examples(tmp_path / "feed.parquet"))
    assert [example.photos[0]().size for example in examples] == [(100, 80)] * 2


def test_a_shelf_even_while_it_is_open(tmp_path: Path) -> None:
    two_halves(tmp_path / "a.jpg", (400, 300))
    products = [
        Product(id="a", title="Red Dress 红色连衣裙", images=("a.jpg",), attributes={"颜色": "红色"}),
        Product(id="b", title="Blue Mug", images=("a.jpg",), attributes={"title_zh": "蓝色马克杯"}),
    ]
    with Shelf.open(tmp_path / "shelf") as shelf:
        shelf.add(products, photos=tmp_path)
        examples = list(shelf_examples(tmp_path / "shelf"))
        assert [(example.id, example.annotation) for example in examples] == [
            ("a", Annotation({"en": "Red Dress", "zh": "红色连衣裙"}, {"colour": "红色"})),
            ("b", Annotation({"en": "Blue Mug", "zh": "蓝色马克杯"}, {})),
        ]
        assert [photo().size for photo in examples[0].photos] == [(320, 240)]
        shelf.remove("a")
        with pytest.raises(PhotoError, match="no photo number 0 in the shelf any more"):
            examples[0].photos[0]()
    with pytest.raises(ShelfError, match="there is no shelf here"):
        list(shelf_examples(tmp_path))


# Annotated photos


def test_folders(tmp_path: Path) -> None:
    two_halves(tmp_path / "train" / "red_dress" / "1.jpg")
    two_halves(tmp_path / "train" / "mug" / "deep.PNG")
    two_halves(tmp_path / "lost.jpg")
    (tmp_path / "train" / "mug" / "notes.txt").write_text("no photo", "utf-8")
    examples = list(folder_examples(tmp_path))
    assert [(example.id, example.annotation) for example in examples] == [
        ("train/mug/deep.PNG", Annotation({}, {"class": "mug"})),
        ("train/red_dress/1.jpg", Annotation({}, {"class": "red dress"})),
    ]
    assert examples[0].photos[0]().size == (100, 80)


def test_folders_without_a_class_are_refused(tmp_path: Path) -> None:
    two_halves(tmp_path / "1.jpg")
    with pytest.raises(TrainingError, match="give each class a folder"):
        list(folder_examples(tmp_path))
    with pytest.raises(TrainingError, match="no such folder"):
        list(folder_examples(tmp_path / "nowhere"))


def coco(folder: Path, **changes: object) -> Path:
    content: dict[str, object] = {
        "images": [{"id": 7, "file_name": "train/a.jpg", "width": 100, "height": 80}],
        "categories": [{"id": 1, "name": "red_dress"}, {"id": 2, "name": "mug"}],
        "annotations": [
            {"id": 10, "image_id": 7, "category_id": 1, "bbox": [0, 10, 40, 60], "iscrowd": 0},
            {"id": 11, "image_id": 7, "category_id": 2, "bbox": [60, 10, 40, 60]},
            {"id": 12, "image_id": 7, "category_id": 2, "bbox": [0, 0, 100, 80], "iscrowd": 1},
            {"id": 13, "image_id": 8, "category_id": 2, "bbox": [0, 0, 10, 10]},
            {"id": 14, "image_id": 7, "category_id": 2},
        ],
    }
    path = folder / "instances.json"
    path.write_text(json.dumps(content | changes), "utf-8")
    return path


def check_boxes(examples: list, names: list[str]) -> None:
    """Of two boxes, the first is on the red half and the second on the blue one; a little around them is kept."""
    assert [example.annotation for example in examples] == [Annotation({}, {"class": name}) for name in names]
    left, right = (example.photos[0]() for example in examples)
    assert near(middle(left), RED)
    assert near(middle(right), BLUE)
    for part in (left, right):
        assert 40 < part.width <= 40 + 2 * 4
        assert 60 < part.height <= 60 + 2 * 6
    assert examples[0].photos[0].fingerprint() == examples[1].photos[0].fingerprint()


def test_coco(tmp_path: Path) -> None:
    two_halves(tmp_path / "images" / "train" / "a.jpg")
    problems: list[str] = []
    examples = list(coco_examples(coco(tmp_path), tmp_path / "images", report=problems.append))
    check_boxes(examples, ["red dress", "mug"])
    assert [problem.split(":")[0] for problem in problems] == [
        "instances.json, annotation 3",
        "instances.json, annotation 4",
    ]


@pytest.mark.parametrize("text", ["not json", "[]", '{"images": []}', '{"images": 3, "categories": [1]}'])
def test_a_file_that_is_not_coco_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "instances.json").write_text(text, "utf-8")
    with pytest.raises(TrainingError, match=r"instances\.json: is not"):
        list(coco_examples(tmp_path / "instances.json"))


def voc(name: str, left: int, right: int, *, filename: str = "a.jpg", width: int = 100) -> str:
    return (
        f"<annotation><filename>{filename}</filename><size><width>{width}</width><height>80</height></size>"
        f"<object><name>{name}</name><bndbox><xmin>{left}</xmin><ymin>11</ymin><xmax>{right}</xmax><ymax>70</ymax>"
        "</bndbox></object></annotation>"
    )


@pytest.mark.parametrize(("photos", "annotations"), [("JPEGImages", "Annotations"), (".", ".")])
def test_voc(tmp_path: Path, photos: str, annotations: str) -> None:
    two_halves(tmp_path / photos / "a.jpg")
    folder = tmp_path / annotations
    folder.mkdir(exist_ok=True)
    (folder / "a.xml").write_text(voc("red_dress", 1, 40), "utf-8")
    (folder / "b.xml").write_text(voc("mug", 61, 100, filename="C:\\photos\\a.jpg"), "utf-8")
    (folder / "c.xml").write_text("<annotation>", "utf-8")
    (folder / "d.xml").write_text(voc("mug", 1, 40, filename="gone.jpg"), "utf-8")
    (folder / "e.xml").write_text(voc("mug", 1, 40, width=0), "utf-8")
    (folder / "f.xml").write_text(voc("", 1, 40), "utf-8")
    problems: list[str] = []
    check_boxes(list(voc_examples(tmp_path, report=problems.append)), ["red dress", "mug"])
    assert [Path(problem.split(":")[0].split(",")[0]).name for problem in problems] == [
        "c.xml",
        "d.xml",
        "e.xml",
        "f.xml",
    ]


def test_an_entity_bomb_is_no_annotation(tmp_path: Path) -> None:
    two_halves(tmp_path / "a.jpg")
    entities = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{number} "{f"&a{number - 1};" * 10}">' for number in range(1, 12)
    )
    (tmp_path / "a.xml").write_text(f"<!DOCTYPE x [{entities}]><annotation>&a11;</annotation>", "utf-8")
    problems: list[str] = []
    assert list(voc_examples(tmp_path, report=problems.append)) == []
    assert len(problems) == 1


def test_a_folder_without_voc_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no XML file"):
        list(voc_examples(tmp_path))


YOLO = (
    "1 0.2 0.5 0.4 0.75\n\n0 0.6 0.125 1.0 0.125 1.0 0.875 0.6 0.875\n0 0.5\n9 0.5 0.5 0.5 0.5\nx 0 0 1 1\n"
)


@pytest.mark.parametrize("layout", ["labelimg", "ultralytics", "images"])
def test_yolo(tmp_path: Path, layout: str) -> None:
    names = ["mug", "red_dress"]
    if layout == "labelimg":
        two_halves(tmp_path / "a.jpg")
        (tmp_path / "a.txt").write_text(YOLO, "utf-8")
        (tmp_path / "classes.txt").write_text("\n".join(names) + "\n", "utf-8")
    else:
        two_halves(tmp_path / "images" / "train" / "a.jpg")
        two_halves(tmp_path / "images" / "train" / "background.jpg")
        (tmp_path / "labels" / "train").mkdir(parents=True)
        (tmp_path / "labels" / "train" / "a.txt").write_text(YOLO, "utf-8")
        (tmp_path / "data.yaml").write_text(
            yaml.safe_dump({"names": names if layout == "images" else dict(enumerate(names))}), "utf-8"
        )
    problems: list[str] = []
    check_boxes(list(yolo_examples(tmp_path, report=problems.append)), ["red dress", "mug"])
    assert [problem.split(":")[0].split("line ")[1] for problem in problems] == ["4", "5", "6"]


def test_yolo_without_class_names_or_labels_is_refused(tmp_path: Path) -> None:
    two_halves(tmp_path / "a.jpg")
    with pytest.raises(TrainingError, match="what the class numbers mean"):
        list(yolo_examples(tmp_path))
    (tmp_path / "data.yaml").write_text("names: [", "utf-8")
    with pytest.raises(TrainingError, match="is not YAML"):
        list(yolo_examples(tmp_path))
    (tmp_path / "data.yaml").write_text("names: [mug]", "utf-8")
    with pytest.raises(TrainingError, match="no photo has its YOLO text file"):
        list(yolo_examples(tmp_path))


def test_a_box_outside_its_photo_cannot_be_used(tmp_path: Path) -> None:
    two_halves(tmp_path / "a.jpg")
    (tmp_path / "classes.txt").write_text("mug\n", "utf-8")
    (tmp_path / "a.txt").write_text("0 1.5 0.5 0.2 0.2\n0 0.5 0.5 0.01 0.01\n", "utf-8")
    for example in yolo_examples(tmp_path):
        with pytest.raises(PhotoError, match="smaller than 8 pixels or outside"):
            example.photos[0]()


# The bundled encoder's data


def test_drawn_products_have_two_pictures_and_both_languages() -> None:
    (example,) = drawn(1, seed=3)
    assert set(example.annotation.titles) == {"en", "zh"}
    studio, shopper = (photo() for photo in example.photos)
    assert studio.mode == shopper.mode == "RGB"
    assert studio.tobytes() != shopper.tobytes()


def test_bundled_data_leaves_validation_out(tmp_path: Path) -> None:
    photo = two_halves(tmp_path / "a.jpg")

    def archive(name: str, *members: str) -> None:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        with tarfile.open(tmp_path / name, "w") as tar:
            for member in members:
                tar.add(photo, member)

    def table(name: str, *rows: list[str]) -> None:
        with (tmp_path / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)

    archive("fashion/images.tar", "images/1.jpg", "images/2.jpg")
    archive("fashion/photos_large.tar", "images/1.jpg")
    archive("grocery/catalogue.tar", "images/0.jpg")
    archive("grocery/photos.tar", "photos/t.jpg", "photos/v.jpg")
    header = "id gender masterCategory subCategory articleType baseColour season year usage productDisplayName image"
    table(
        "fashion/products.csv",
        [*header.split(), "split"],
        [
            "1",
            "Men",
            "Apparel",
            "Topwear",
            "Tshirts",
            "Blue",
            "Summer",
            "2011",
            "NA",
            "Blue tee",
            "images/1.jpg",
            "train",
        ],
        [
            "2",
            "Men",
            "Apparel",
            "Topwear",
            "Tshirts",
            "White",
            "Summer",
            "2011",
            "NA",
            "White tee",
            "images/2.jpg",
            "val",
        ],
    )
    table(
        "grocery/catalogue.csv",
        ["product_id", "title", "category", "department", "description", "image"],
        ["0", "Golden Delicious", "Apple", "Fruit", "", "images/0.jpg"],
    )
    table(
        "grocery/photos.csv",
        ["image", "product_id", "split"],
        ["photos/t.jpg", "0", "train"],
        ["photos/v.jpg", "0", "val"],
    )
    examples = list(bundled_examples(tmp_path, 1))
    assert [example.id for example in examples[:3]] == ["fashion/1", "grocery/0", "grocery/photos/t.jpg"]
    assert [len(example.photos) for example in examples[:3]] == [2, 1, 1]
    assert "usage" not in examples[0].annotation.labels
    assert len(examples) == 3 + 2
    for example in examples[:3]:
        for open_photo in example.photos:
            open_photo()
    (tmp_path / "fashion" / "products.csv").unlink()
    with pytest.raises(TrainingError, match=r"products\.csv: cannot be read"):
        list(bundled_examples(tmp_path, 1))
