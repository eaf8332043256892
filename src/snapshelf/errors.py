"""Every error that Snapshelf raises on purpose.

::

    SnapshelfError
    ├── InputError            the input cannot be used
    │   ├── FeedError         a feed as a whole: unreadable, wrong format, wrong column mapping
    │   ├── ProductError      a row or product: missing id, price that is no number, ...
    │   ├── PhotoError        a photo: not an image, truncated, too large, forbidden address
    │   ├── EventError        an event: no shopper, no product, an unreadable time, ...
    │   ├── QueryError        a search request: empty, k out of range, bad filter
    │   │   └── FilterError         a filter: malformed, or of an unknown field
    │   ├── EvaluationError   queries, qrels or metrics of an evaluation
    │   ├── LexiconError      a lexicon file that does not hold together
    │   └── RuleError         rules of a shop that cannot be read or contradict each other
    ├── NotFoundError         nothing has this id
    ├── ShelfError            the shelf itself
    │   ├── ShelfInUseError         another process holds it
    │   ├── EncoderMismatchError    its vectors were made by another encoder
    │   ├── PromotionError          an encoder may not replace its own
    │   ├── ShelfVersionError       it was written by a newer Snapshelf
    │   └── StorageError            it could not be written: disk full, read-only, I/O error
    ├── SearchIndexError      the engine failed or its process died
    ├── EncoderError          an encoder cannot be loaded or gave unusable vectors
    ├── TrainingError         a training run cannot start or go on
    └── MissingExtraError     a feature needs an optional dependency

Messages say what is wrong, where (file, row, field) and what to do about it.
"""

from __future__ import annotations

__all__ = [
    "EncoderError",
    "EncoderMismatchError",
    "EvaluationError",
    "EventError",
    "FeedError",
    "FilterError",
    "InputError",
    "LexiconError",
    "MissingExtraError",
    "NotFoundError",
    "PhotoError",
    "ProductError",
    "PromotionError",
    "QueryError",
    "RuleError",
    "SearchIndexError",
    "ShelfError",
    "ShelfInUseError",
    "ShelfVersionError",
    "SnapshelfError",
    "StorageError",
    "TrainingError",
]


class SnapshelfError(Exception):
    """The root: catch it to catch everything Snapshelf raises on purpose.

    Examples
    --------
    >>> from snapshelf import SnapshelfError
    >>> try:
    ...     shelf.search(text="dress", where="prize < 10")
    ... except SnapshelfError as error:
    ...     print(type(error).__name__)
    FilterError
    """


class InputError(SnapshelfError):
    """The input cannot be used."""


class FeedError(InputError):
    """A feed cannot be read as a whole."""


class ProductError(InputError):
    """A product cannot be accepted.

    Parameters
    ----------
    message : str
        What is wrong and what to do.
    field : str or None
        The product's field, for example ``"price"``.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class PhotoError(InputError):
    """A photo cannot be used."""


class EventError(InputError):
    """An event cannot be accepted.

    Parameters
    ----------
    message : str
        What is wrong and what to do.
    field : str or None
        The event's field, for example ``"timestamp"``.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class QueryError(InputError):
    """A search request cannot be understood."""


class FilterError(QueryError):
    """A filter cannot be understood.

    Parameters
    ----------
    problem : str
        What is wrong.
    position : int
        Character of the filter where it is wrong, from 1.
    hint : str
        What to write instead.
    """

    def __init__(self, problem: str, *, position: int, hint: str) -> None:
        super().__init__(f"filter, character {position}: {problem}; {hint}")
        self.position = position
        self.hint = hint


class EvaluationError(InputError):
    """Queries, qrels or metrics cannot be used."""


class LexiconError(InputError):
    """A lexicon file does not hold together."""


class RuleError(InputError):
    """Rules of a shop cannot be read, or contradict each other."""


class NotFoundError(SnapshelfError):
    """Nothing has this id."""


class ShelfError(SnapshelfError):
    """The shelf itself cannot be used."""


class ShelfInUseError(ShelfError):
    """Another process holds the shelf."""


class EncoderMismatchError(ShelfError):
    """The shelf's vectors were made by another encoder."""


class PromotionError(ShelfError):
    """An encoder may not replace the shelf's own, or there is none to roll back to."""


class ShelfVersionError(ShelfError):
    """The shelf was written by a newer Snapshelf."""


class StorageError(ShelfError):
    """The shelf could not be written."""


class SearchIndexError(SnapshelfError):
    """The engine failed or its process died."""


class EncoderError(SnapshelfError):
    """An encoder cannot be loaded or gave unusable vectors."""


class TrainingError(SnapshelfError):
    """A training run cannot start or go on."""


class MissingExtraError(SnapshelfError):
    """A feature needs an optional dependency."""
