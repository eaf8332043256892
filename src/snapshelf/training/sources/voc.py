"""Boxes in Pascal VOC XML files, as LabelImg writes them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from snapshelf.errors import TrainingError
from snapshelf.training.captions import Labelled
from snapshelf.training.sources.example import Box, Example, Photo, Report, plain_name
from snapshelf.training.sources.files import existing_folder, photo_files, read_file


def voc_examples(folder: Path, *, report: Report | None = None) -> Iterator[Example]:
    """Every object in the XML files below a folder, cut out of its photo.

    The photo is the one that ``filename`` names, beside the XML file or anywhere else below the folder.

    Parameters
    ----------
    folder : Path
        ``Annotations/`` and ``JPEGImages/``, or XML files beside their photos.
    report : callable or None
        Told of files and objects that cannot be used.

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
            # Python's own parser refuses entities that grow without limit, and reads no others from elsewhere.
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
        for number, thing in enumerate(root.iter("object")):
            label = plain_name(thing.findtext("name", ""))
            try:
                box = _box(thing, root)
            except (ValueError, ZeroDivisionError) as error:
                report(f"{name}, object {number}: its box or the photo's size cannot be used: {error}")
                continue
            if not label:
                report(f"{name}, object {number}: has no name")
                continue
            yield Example(
                f"{name}#{number}",
                (Photo(partial(read_file, photo), box),),
                Labelled({}, {"class": label}),
                False,
            )


def _box(thing: ElementTree.Element, root: ElementTree.Element) -> Box:
    width, height = _number(root, "size/width"), _number(root, "size/height")
    left, top, right, bottom = (_number(thing, f"bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax"))
    # Pixels are counted from 1, and the last one belongs to the box.
    return (left - 1) / width, (top - 1) / height, right / width, bottom / height


def _number(element: ElementTree.Element, path: str) -> float:
    text = element.findtext(path)
    if text is None:
        raise ValueError(f"{path} is missing")
    return float(text)
