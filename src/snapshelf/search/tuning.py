"""What a shelf found out about its own search: the weight of each signal, and what its values mean."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from snapshelf._support.files import write_text
from snapshelf.query import QueryKind
from snapshelf.search.relevance import Calibration, Curve
from snapshelf.search.signals import WEIGHTED, Weights

TUNING = "tuning.json"
"""Name of a shelf's tuning in its folder."""

PRIOR = "prior.json"

_CONSTRAINTS = "constraints"


class Prior(BaseModel):
    """What is known of any shop before it is asked: fitted over several shops of different kinds.

    Parameters
    ----------
    format : int
        Version of the file's format.
    fingerprint : str
        Of the encoder that the scales are of.
    shops : tuple of str
        What it was fitted on.
    weights : mapping
        Signal → weight of a standard deviation of the signal; of the whole signal for ``lexical``.
    scales : mapping
        See `Calibration`: those of the bundled encoder, over all shops.
    curves : mapping
        Kind of query → curve of probabilities.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    fingerprint: str
    shops: tuple[str, ...]
    weights: Mapping[str, float]
    scales: Mapping[str, tuple[float, float]]
    curves: Mapping[QueryKind, Curve]

    @classmethod
    @cache
    def bundled(cls) -> Self:
        """Return the prior that is part of the package."""
        return cls.model_validate_json((resources.files("snapshelf.search") / PRIOR).read_bytes())


class Tuning(BaseModel):
    """What a shelf found out by asking itself for its own products.

    Parameters
    ----------
    format : int
        Version of the file's format.
    products : int
        Products that the shelf had.
    version : int
        Version of the catalogue.
    questions : int
        Queries that it asked itself.
    weights : mapping
        Signal → weight; only proportions matter.
    worth : mapping
        Signal → share of the pairs of a right and a wrong product that the signal alone puts in the right order, where
        the words asked for do not stand in the product; 0.5 is chance.
    success : mapping
        Kind of question → share whose first hit was right.
    clicks : int
        Clicks that refined the weights.
    calibration : Calibration
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    products: int = 0
    version: int = 0
    questions: int = 0
    weights: Mapping[str, float]
    worth: Mapping[str, float] = Field(default_factory=dict)
    success: Mapping[str, float] = Field(default_factory=dict)
    clicks: int = 0
    calibration: Calibration

    @classmethod
    def untuned(cls, fingerprint: str, prior: Prior | None = None) -> Self:
        """Return what is assumed of a shelf that has not asked itself yet; its scales are those of other shops.

        Nothing is known of the cosines of another encoder than the prior's, so there are no probabilities.
        """
        prior = prior or Prior.bundled()
        return cls(
            weights=raw_weights(prior.weights, prior.scales),
            calibration=Calibration(
                fingerprint=fingerprint,
                fitted_on=f"other shops: {', '.join(prior.shops)}",
                scales=prior.scales,
                curves=prior.curves if fingerprint == prior.fingerprint else {},
            ),
        )

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Read a tuning; None where there is none, or it is of another version, as it is made again by itself."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None

    def write(self, path: Path) -> None:
        """Write it as JSON, whole or not at all.

        Raises
        ------
        StorageError
            It could not be written.
        """
        write_text(path, self.model_dump_json(indent=2) + "\n")

    @property
    def signal_weights(self) -> Weights:
        """The weights, for a search."""
        return Weights(**self.weights)


def raw_weights(weights: Mapping[str, float], scales: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Turn weights of standard deviations into weights of the signals as they are."""
    raw = {name: weights.get(name, 0.0) / (scales.get(name, (0.0, 1.0))[1] or 1.0) for name in WEIGHTED}
    # Constraints come on top of the mean of the other signals.
    return raw | {_CONSTRAINTS: weights.get(_CONSTRAINTS, 1.0)}
