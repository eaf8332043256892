"""Examples from COCO object detection files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from snapshelf.catalogue import open_photos
from snapshelf.errors import TrainingError
from snapshelf.training.captions import Annotation
from snapshelf.training.sources.example import Example, Photo, Report, plain_name
from snapshelf.training.sources.files import SharedPhotos, read_json


def coco_examples(
    path: Path, images: Path | None = None, *, report: Report | None = None
) -> Iterator[Example]:
    """Yield every box of a COCO object detection file, cropped from its photo; crowds are skipped.

    Parameters
    ----------
    path : Path
        JSON with ``images``, ``annotations`` and ``categories``.
    images : Path or None
        Folder or tar that ``file_name`` is relative to; by default the file's folder.
    report : callable or None
        Called with a sentence for each annotation that cannot be used.

    Raises
    ------
    TrainingError
        The file cannot be read or is not COCO object detection.
    PhotoError
        The photo source cannot be opened.
    """
    content = read_json(path)
    try:
        names = {category["id"]: plain_name(str(category["name"])) for category in content["categories"]}
        photos = {image["id"]: image for image in content["images"]}
        annotations = list(content["annotations"])
    except (TypeError, KeyError) as error:
        raise TrainingError(
            f"{path}: is not COCO object detection: it needs images, annotations and categories with their ids "
            f"({type(error).__name__}: {error})"
        ) from error
    source = SharedPhotos(open_photos(images if images is not None else path.parent))
    for number, annotation in enumerate(annotations):
        try:
            if annotation.get("iscrowd"):
                continue
            photo = photos[annotation["image_id"]]
            label, box = names[annotation["category_id"]], _box(annotation["bbox"], photo)
            read = partial(source.read, str(photo["file_name"]))
        except (AttributeError, TypeError, ValueError, KeyError, ZeroDivisionError) as error:
            if report is not None:
                report(f"{path.name}, annotation {number}: cannot be used ({type(error).__name__}: {error})")
            continue
        id = f"{photo['file_name']}#{annotation.get('id', number)}"
        yield Example(id, (Photo(read, box),), Annotation({}, {"class": label}), False)


def _box(bbox: Any, photo: Any) -> tuple[float, float, float, float]:
    left, top, width, height = (float(part) for part in bbox)
    across, down = float(photo["width"]), float(photo["height"])
    return left / across, top / down, (left + width) / across, (top + height) / down
