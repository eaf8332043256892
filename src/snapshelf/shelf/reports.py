"""Reports of a shelf: rows of a feed, and its own state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from snapshelf.search import Tuning


@dataclass(frozen=True, slots=True)
class RowError:
    """A row of a feed, or a photo of it, that could not be used.

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
        The whole row was left out; otherwise only a photo of it, or it is stored but no search returns it.

    Examples
    --------
    >>> from pathlib import Path
    >>> size = Path("broken.jsonl").write_text('{"id": "X-1", "title": "Lamp", "price": "?"}')
    >>> errors = []
    >>> shelf.add("broken.jsonl", errors=errors.append).failed
    1
    >>> errors[0].row, errors[0].id
    (1, 'X-1')
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
    quarantined : int
        Products added or updated that the index refused: they are stored, but no search returns them.
    seconds : float

    Examples
    --------
    >>> report = shelf.add("products.csv", photos="photos/")
    >>> report.rows, report.unchanged, report.failed
    (6, 6, 0)
    """

    rows: int
    added: int
    updated: int
    unchanged: int
    failed: int
    photos_encoded: int
    quarantined: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TuningReport:
    """What a shelf found out by asking itself for its own products.

    Parameters
    ----------
    products, questions : int
        Products that the shelf had then, and queries that it asked itself.
    weights : mapping
        Signal → weight of a standard deviation of the signal in the score; they add up to 1.
    worth : mapping
        Signal → share of the pairs of a right and a wrong product that it puts in the right order by itself; 0.5 is
        chance, and such a signal gets no say. The words' meaning is measured where the words themselves do not help.
    success : mapping
        Kind of question → share whose first hit was right.
    cut_offs : mapping
        Kind of query → least probability of a good match.
    clicks : int
        Searches whose clicks refined the weights.
    """

    products: int
    questions: int
    weights: Mapping[str, float]
    worth: Mapping[str, float]
    success: Mapping[str, float]
    cut_offs: Mapping[str, float]
    clicks: int = 0

    @classmethod
    def of(cls, tuning: Tuning) -> Self:
        """Report a tuning."""
        scales = tuning.calibration.scales
        weights = {
            name: weight * scales.get(name, (0.0, 1.0))[1]
            for name, weight in tuning.weights.items()
            if name != "constraints"
        }
        total = sum(weights.values()) or 1.0
        return cls(
            tuning.products,
            tuning.questions,
            {name: weight / total for name, weight in weights.items()},
            dict(tuning.worth),
            dict(tuning.success),
            {kind: curve.cut_off for kind, curve in tuning.calibration.curves.items()},
            tuning.clicks,
        )


@dataclass(frozen=True, slots=True)
class ShelfStats:
    """Size and state of a shelf.

    Parameters
    ----------
    products, photos : int
    encoder : str
        Name of the encoder.
    fingerprint : str
        Its fingerprint.
    dimension : int
        Length of its vectors.
    catalogue_version, index_version : int
        Equal, unless the index has not been flushed since the last change.
    bytes : int
        Size of the folder, and of the tables on a PostgreSQL server.
    quarantined : mapping
        Id → reason, of products that are stored but that the index refuses, so that no search returns them. Put them
        again with other values, or remove them.
    rule_warnings : tuple of str
        What is wrong with the shop's rules: ids that no product has, fields that are gone, a file that cannot be read.
    tuning : TuningReport or None
        What each signal is worth in this shop; None before the shelf has asked itself.

    Examples
    --------
    >>> stats = shelf.stats()
    >>> stats.products, stats.photos, stats.encoder, stats.dimension
    (6, 6, 'bundled', 256)
    """

    products: int
    photos: int
    encoder: str
    fingerprint: str
    dimension: int
    catalogue_version: int
    index_version: int
    bytes: int
    quarantined: Mapping[str, str] = field(default_factory=dict)
    rule_warnings: tuple[str, ...] = ()
    tuning: TuningReport | None = None
