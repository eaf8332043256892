"""Sources of training examples: feeds, shelves, annotated photos, and the bundled encoder's data."""

from snapshelf.training.sources.bundled import bundled_examples, drawn, fashion, grocery
from snapshelf.training.sources.coco import coco_examples
from snapshelf.training.sources.example import Example, Photo, Report
from snapshelf.training.sources.feed import feed_examples
from snapshelf.training.sources.folders import folder_examples
from snapshelf.training.sources.shelf import shelf_examples
from snapshelf.training.sources.splits import split
from snapshelf.training.sources.voc import voc_examples
from snapshelf.training.sources.yolo import yolo_examples

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
