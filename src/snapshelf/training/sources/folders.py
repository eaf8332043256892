"""Folders of photos, one for each class, as ImageNet has them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from snapshelf.errors import TrainingError
from snapshelf.training.captions import Labelled
from snapshelf.training.sources.example import Example, Photo, plain_name
from snapshelf.training.sources.files import existing_folder, photo_files, read_file


def folder_examples(folder: Path) -> Iterator[Example]:
    """Photos whose class is the name of the folder that they are in, at any depth (``train/red_dress/1.jpg``).

    Raises
    ------
    TrainingError
        There is no such folder, or no photo in a subfolder of it.
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
            Labelled({}, labels),
            False,
        )
    if not count:
        raise TrainingError(f"{folder}: holds no photo in a subfolder; give each class a folder of its own")
