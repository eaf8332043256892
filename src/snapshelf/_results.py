"""What a shelf answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from snapshelf.catalogue import Product


@dataclass(frozen=True, slots=True)
class Hit:
    """A product found.

    Parameters
    ----------
    product : Product
    score : float
        Larger is better; comparable within one result.
    contributions : mapping
        What makes up the score, by signal: ``"photo"`` (the query's photo against the product's), ``"text"`` (the
        query's words against the product's photo) and ``"words"`` (the query's words against the product's). They add
        up to it.
    """

    product: Product
    score: float
    contributions: Mapping[str, float]

    @property
    def why(self) -> str:
        """The contributions in one line, the largest first: ``"photo 0.71 + words 0.25"``."""
        parts = sorted(self.contributions.items(), key=lambda part: -part[1])
        return " + ".join(f"{name} {value:.2f}" for name, value in parts)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first.

    Parameters
    ----------
    query_id : str
        Names this search in whatever is told about it later.
    hits : tuple of Hit
    timings : mapping
        Seconds spent in the stages ``decode``, ``encode``, ``recall`` and ``rank``.
    """

    query_id: str
    hits: tuple[Hit, ...]
    timings: Mapping[str, float]

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)


@dataclass(frozen=True, slots=True)
class RowError:
    """A row of a feed, or one of its photos, that could not be used.

    Parameters
    ----------
    file : str
        The feed.
    row : int
        Number of the row as the feed counts it.
    id : str or None
        The product's id, where it could be read.
    field : str or None
    message : str
        Where, what is wrong and what to do.
    refused : bool
        The whole row was left out; otherwise only a photo of it.
    """

    file: str
    row: int
    id: str | None
    field: str | None
    message: str
    refused: bool = True


@dataclass(frozen=True, slots=True)
class AddReport:
    """What `Shelf.add` did with the rows of a feed.

    Parameters
    ----------
    rows : int
        Rows read: the sum of the next four.
    added, updated, unchanged, failed : int
    photos_encoded : int
        Photos that had to be encoded; known ones are not encoded again.
    seconds : float
    """

    rows: int
    added: int
    updated: int
    unchanged: int
    failed: int
    photos_encoded: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ShelfStats:
    """Facts about a shelf.

    Parameters
    ----------
    products, photos : int
    encoder : str
        Name of the encoder.
    fingerprint : str
        Its fingerprint.
    dimension : int
        Length of its vectors.
    catalogue_version, store_version : int
        Equal, unless the engine has not been flushed since the last change.
    bytes : int
        Size on disk.
    """

    products: int
    photos: int
    encoder: str
    fingerprint: str
    dimension: int
    catalogue_version: int
    store_version: int
    bytes: int
