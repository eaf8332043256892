"""Examples from Pascal VOC XML files, as LabelImg writes them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from snapshelf.errors import TrainingError
from snapshelf.training.captions import Annotation
from snapshelf.training.sources.example import Box, Example, Photo, Report, plain_name
from snapshelf.training.sources.files import existing_folder, photo_files, read_file


def voc_examples(folder: Path, *, report: Report | None = None) -> Iterator[Example]:
    """Yield every object of the XML files below a folder, cropped from its photo.

    ``filename`` names the photo, which is beside the XML file or anywhere below the folder.

    Parameters
    ----------
    folder : Path
        ``Annotations/`` and ``JPEGImages/``, or XML files beside their photos.
    report : callable or None
        Called with a sentence for each file or object that cannot be used.

    Raises
    ------
    TrainingError
        There is no such folder, or no XML file in it.
    """
    report = report or (lambda _: None)
    files = sorted(existing_folder(folder).rglob("*.xml"))
    if not files:
        raise TrainingError(f"{folder}: holds no XML file of Pascal VOC annotations")
    by_name = {path.name: path for path in photo_files(folder)}
    by_stem = {path.stem: path for path in by_name.values()}
    for file in files:
        name = file.relative_to(folder).as_posix()
        try:
            # Python's own parser limits the expansion of entities and loads no external entities.
            root = ElementTree.parse(file).getroot()  # noqa: S314
        except (ElementTree.ParseError, OSError) as error:
            report(f"{name}: is not XML that can be read: {error}")
            continue
        named = Path(root.findtext("filename", "").replace("\\", "/")).name
        beside = file.with_name(named)
        photo = beside if named and beside.is_file() else by_name.get(named) or by_stem.get(file.stem)
        if photo is None:
            report(f"{name}: its photo {named!r} is not below {folder}")
            continue
        for number, element in enumerate(root.iter("object")):
            label = plain_name(element.findtext("name", ""))
            try:
                box = _box(element, root)
            except (ValueError, ZeroDivisionError) as error:
                report(f"{name}, object {number}: its box or the photo's size cannot be used: {error}")
                continue
            if not label:
                report(f"{name}, object {number}: has no name")
                continue
            yield Example(
                f"{name}#{number}",
                (Photo(partial(read_file, photo), box),),
                Annotation({}, {"class": label}),
                False,
            )


def _box(element: ElementTree.Element, root: ElementTree.Element) -> Box:
    width, height = _number(root, "size/width"), _number(root, "size/height")
    left, top, right, bottom = (
        _number(element, f"bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax")
    )
    # Pixels are numbered from 1, and the last pixel belongs to the box.
    return (left - 1) / width, (top - 1) / height, right / width, bottom / height


def _number(element: ElementTree.Element, path: str) -> float:
    text = element.findtext(path)
    if text is None:
        raise ValueError(f"{path} is missing")
    return float(text)
