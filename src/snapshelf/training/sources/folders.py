"""Examples from folders named after classes, as in ImageNet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from snapshelf.errors import TrainingError
from snapshelf.training.captions import Annotation
from snapshelf.training.sources.example import Example, Photo, plain_name
from snapshelf.training.sources.files import existing_folder, photo_files, read_file


def folder_examples(folder: Path) -> Iterator[Example]:
    """Yield the photos below a folder; the class is the name of a photo's folder (``train/red_dress/1.jpg``).

    Raises
    ------
    TrainingError
        There is no such folder, or no photo in its subfolders.
    """
    count = 0
    for path in photo_files(existing_folder(folder)):
        if path.parent == folder:
            continue
        count += 1
        labels = {"class": plain_name(path.parent.name)}
        yield Example(
            path.relative_to(folder).as_posix(),
            (Photo(partial(read_file, path)),),
            Annotation({}, labels),
            False,
        )
    if not count:
        raise TrainingError(f"{folder}: holds no photo in a subfolder; give each class a folder of its own")
