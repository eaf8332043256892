"""Where training takes its examples from: feeds, shelves, annotated photos, and the bundled encoder's data."""

from snapshelf.training._sources._bundled import bundled_examples, drawn, fashion, grocery
from snapshelf.training._sources._coco import coco_examples
from snapshelf.training._sources._example import Example, Photo, Report
from snapshelf.training._sources._feed import feed_examples
from snapshelf.training._sources._folders import folder_examples
from snapshelf.training._sources._shelf import shelf_examples
from snapshelf.training._sources._split import split
from snapshelf.training._sources._voc import voc_examples
from snapshelf.training._sources._yolo import yolo_examples

__all__ = [
    "Example",
    "Photo",
    "Report",
    "bundled_examples",
    "coco_examples",
    "drawn",
    "fashion",
    "feed_examples",
    "folder_examples",
    "grocery",
    "shelf_examples",
    "split",
    "voc_examples",
    "yolo_examples",
]
