"""Examples from YOLO text files, as LabelImg and Ultralytics write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import yaml

from snapshelf.errors import TrainingError
from snapshelf.training.captions import Annotation
from snapshelf.training.sources.example import Box, Example, Photo, Report, plain_name
from snapshelf.training.sources.files import existing_folder, photo_files, read_file, read_text

_CLASS_FILES = ("classes.txt", "obj.names")


def yolo_examples(folder: Path, *, report: Report | None = None) -> Iterator[Example]:
    """Yield every box of the text files of the photos below a folder, cropped from its photo.

    The text file of ``images/a/1.jpg`` is ``labels/a/1.txt``, that of ``1.jpg`` is ``1.txt`` beside it. A line is a
    class number and centre, width and height as parts of the photo's sides, or the corners of a polygon, whose
    bounding box is used.

    Parameters
    ----------
    folder : Path
        With ``classes.txt`` (LabelImg; also below ``labels/``), or a YAML file that has ``names`` (Ultralytics).
    report : callable or None
        Called with a sentence for each line that cannot be used.

    Raises
    ------
    TrainingError
        There is no such folder, nothing names the classes, or no photo has a text file.
    """
    report = report or (lambda _: None)
    names = _class_names(existing_folder(folder))
    annotated = 0
    for photo in photo_files(folder):
        file = _labels_of(photo, folder)
        if file is None:
            continue
        annotated += 1
        for number, line in enumerate(read_text(file).splitlines(), 1):
            if not line.strip():
                continue
            try:
                which, *parts = line.split()
                label, box = names[int(which)], _box([float(part) for part in parts])
            except (ValueError, KeyError) as error:
                report(
                    f"{file.relative_to(folder)}, line {number}: cannot be used ({type(error).__name__}: {error})"
                )
                continue
            id = f"{photo.relative_to(folder).as_posix()}#{number}"
            yield Example(
                id, (Photo(partial(read_file, photo), box),), Annotation({}, {"class": label}), False
            )
    if not annotated:
        raise TrainingError(
            f"{folder}: no photo has its YOLO text file; put 1.txt beside 1.jpg, or in labels/ as 1.jpg is in images/"
        )


def _class_names(folder: Path) -> dict[int, str]:
    for name in _CLASS_FILES:
        for path in sorted(folder.rglob(name)):
            lines = [line for line in read_text(path).splitlines() if line.strip()]
            return {number: plain_name(line) for number, line in enumerate(lines)}
    for path in sorted(folder.glob("*.y*ml")):
        try:
            content = yaml.safe_load(read_text(path))
        except yaml.YAMLError as error:
            raise TrainingError(f"{path}: is not YAML: {error}") from error
        match content.get("names") if isinstance(content, Mapping) else None:
            case Mapping() as named:
                return {int(number): plain_name(str(name)) for number, name in named.items()}
            case Sequence() as listed:
                return {number: plain_name(str(name)) for number, name in enumerate(listed)}
    raise TrainingError(
        f"{folder}: nothing says what the class numbers mean; add classes.txt with a name on each line, or data.yaml "
        "with names"
    )


def _labels_of(photo: Path, folder: Path) -> Path | None:
    parts = list(photo.relative_to(folder).parts)
    candidates = [photo.with_suffix(".txt")]
    if "images" in parts:
        parts[len(parts) - 1 - parts[::-1].index("images")] = "labels"
        candidates.insert(0, folder.joinpath(*parts).with_suffix(".txt"))
    elif folder.name == "images":
        candidates.insert(0, folder.with_name("labels").joinpath(*parts).with_suffix(".txt"))
    return next((path for path in candidates if path.is_file() and path.name not in _CLASS_FILES), None)


def _box(parts: Sequence[float]) -> Box:
    if len(parts) == 4:
        across, down, width, height = parts
        return across - width / 2, down - height / 2, across + width / 2, down + height / 2
    if len(parts) >= 6 and len(parts) % 2 == 0:
        return min(parts[::2]), min(parts[1::2]), max(parts[::2]), max(parts[1::2])
    raise ValueError(f"{len(parts)} numbers are neither a box nor an outline")
