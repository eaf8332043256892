"""What a shelf answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import Product
from snapshelf.query import Chip, Note
from snapshelf.search.facets import FacetResult
from snapshelf.search.relevance import Evidence


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
        query's words against the product's photo), ``"title"`` (the query's words against the title's vector),
        ``"words"`` (BM25), ``"facts"`` (what was understood from the words and holds for the product),
        ``"rules"`` (boosts of the shop), ``"ranking"`` (what everybody's behaviour adds) and ``"shopper"`` (what this
        shopper's past adds). They add up to the score.
    relevance : float or None
        Probability that the product is what was asked for; None where nothing was asked for or the encoder is not
        calibrated.
    variants : int
        Further variants of it (the same `group_id`) that match and are not shown.
    duplicates : int
        Further products with the same look and title that were folded into it.
    matched_terms : tuple of str
        Words of the query that its text has. Only with ``explain=True``.
    constraints : tuple of str
        Chips of the query, as filters, that hold for it.
    rules : tuple of str
        Names of the shop's rules that moved it.
    """

    product: Product
    score: float
    contributions: Mapping[str, float]
    relevance: float | None = None
    variants: int = 0
    duplicates: int = 0
    matched_terms: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """The contributions in one line, the largest first: ``"photo 0.71 + words 0.25"``."""
        parts = sorted(self.contributions.items(), key=lambda part: -part[1])
        told = [f"{name} {value:.2f}" for name, value in parts if value >= 0]
        told += [f"− {name} {-value:.2f}" for name, value in parts if value < 0]
        return " + ".join(told).replace("+ −", "−")


@dataclass(frozen=True, slots=True)
class SearchResponse:
    """Hits, best first.

    Parameters
    ----------
    query_id : str
        Names this search in whatever is told about it later.
    hits : tuple of Hit
    timings : mapping
        Seconds spent in the stages ``decode``, ``encode``, ``recall``, ``rank`` and ``facets``.
    total : int
        Products that match the filter, the choices and the hard chips; variants count once. Pages go on to the
        best 1,000 of them at most.
    facets : tuple of FacetResult
        In the order in which they were asked for.
    chips : tuple of Chip
        What was read from the words; each can be taken back with ``dismissed=[chip.where]``.
    searched_as : str or None
        The corrected words that were searched instead of those given.
    did_you_mean : str or None
        Words that might have been meant; those given were searched.
    related : tuple of str
        Further queries that have results; only when asked for.
    notes : tuple of Note
    next_page_token : str or None
        Asks for what comes after these hits; None at the end.
    no_good_match : bool
        Not even the best hit is likely to be what was asked for: its relevance is below `cut_off`.
    cut_off : float or None
        Relevance below which a hit is no good match.
    near_misses : tuple of Hit
        With `no_good_match`, those of the hits that were nearly good.
    redirect : str or None
        Address that a rule sends this query to.
    evidence : Evidence or None
        What the signals say of the hits, each on its own scale; only with ``explain=True``.
    """

    query_id: str
    hits: tuple[Hit, ...]
    timings: Mapping[str, float]
    total: int = 0
    facets: tuple[FacetResult, ...] = ()
    chips: tuple[Chip, ...] = ()
    searched_as: str | None = None
    did_you_mean: str | None = None
    related: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    next_page_token: str | None = None
    no_good_match: bool = False
    cut_off: float | None = None
    near_misses: tuple[Hit, ...] = ()
    redirect: str | None = None
    evidence: Evidence | None = None

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)


WhyNotKind: TypeAlias = Literal[
    "shown",
    "later page",
    "filter",
    "choice",
    "chip",
    "rule",
    "excluded",
    "variant",
    "duplicate",
    "not recalled",
]
"""Why a product is where it is."""


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a product is not among the hits, or where it is.

    Parameters
    ----------
    id : str
        The product's.
    kind : str
        ``"shown"`` and ``"later page"`` (it is found, at `rank`), ``"filter"``, ``"choice"`` and ``"chip"`` (it does
        not match those `failing`), ``"rule"`` (a rule hides it), ``"excluded"`` (the query names it as an
        example), ``"variant"`` and ``"duplicate"`` (`represented_by` stands for it), ``"not recalled"`` (too many
        products fit better).
    text : str
        The same in an English sentence.
    rank : int or None
        Its place in the result, from 1.
    score : float or None
        What it scores, whether it is found or not.
    contributions : mapping
        The parts of that score.
    lowest_shown_score : float or None
        Score of the last hit of the first page, for comparison.
    failing : tuple of str
        Conditions that it fails, or the rule that hides it.
    represented_by : str or None
        Id of the product that stands for it.
    """

    id: str
    kind: WhyNotKind
    text: str
    rank: int | None = None
    score: float | None = None
    contributions: Mapping[str, float] = field(default_factory=dict)
    lowest_shown_score: float | None = None
    failing: tuple[str, ...] = ()
    represented_by: str | None = None


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Which parts of a photo make it fit.

    Parameters
    ----------
    grid : ndarray
        float32 (rows, columns) in [0, 1], over the whole photo: 1 where covering it up costs most of the fit.
    side : {"product", "query"}
        Whose photo it lies over.
    fit : float
        Cosine of the uncovered photo with the other side.
    position : int
        Which of the product's photos it is about, from 0.
    """

    grid: NDArray[np.float32]
    side: Literal["product", "query"]
    fit: float
    position: int
