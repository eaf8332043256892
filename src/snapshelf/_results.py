"""What a shelf answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import Product
from snapshelf.query import Chip, Note
from snapshelf.search import Evidence, FacetResult


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
    alike : int
        Further products with the same look and title that were folded into it.
    matched : tuple of str
        Words of the query that its text has. Only with ``explain=True``.
    facts : tuple of str
        Chips of the query, as filters, that hold for it.
    rules : tuple of str
        Names of the shop's rules that moved it.
    """

    product: Product
    score: float
    contributions: Mapping[str, float]
    relevance: float | None = None
    variants: int = 0
    alike: int = 0
    matched: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """The contributions in one line, the largest first: ``"photo 0.71 + words 0.25"``."""
        parts = sorted(self.contributions.items(), key=lambda part: -part[1])
        told = [f"{name} {value:.2f}" for name, value in parts if value >= 0]
        told += [f"− {name} {-value:.2f}" for name, value in parts if value < 0]
        return " + ".join(told).replace("+ −", "−")


@dataclass(frozen=True, slots=True)
class SearchResult:
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
        What was read from the words; each can be taken back with ``drop=[chip.where]``.
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
    close : tuple of Hit
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
    close: tuple[Hit, ...] = ()
    redirect: str | None = None
    evidence: Evidence | None = None

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)


@dataclass(frozen=True, slots=True)
class RecommendationReason:
    """Why a product is recommended, in a few words.

    Parameters
    ----------
    kind : str
        ``"together"``, ``"viewed"``, ``"basket"``, ``"photo"``, ``"words"``, ``"category"``, ``"popularity"``,
        ``"growth"``, ``"fresh"``, ``"new"``, ``"seen"`` or ``"bought"``.
    en, zh : str
        A short sentence in English and in Chinese.
    product : str or None
        Id of the product that it refers to.
    """

    kind: str
    en: str
    zh: str
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A product that is recommended.

    Parameters
    ----------
    product : Product
    score : float
        Comparable within one list. Diversity and what few have seen may put a product elsewhere than its score would.
    contributions : mapping
        What makes up the score; they add up to it. See ``docs/recommendations.md`` for their names.
    reason : RecommendationReason
    propensity : float
        Probability with which it was to stand at its place.
    """

    product: Product
    score: float
    contributions: Mapping[str, float]
    reason: RecommendationReason
    propensity: float = 1.0


@dataclass(frozen=True, slots=True)
class Recommendations:
    """Recommended products, best first.

    Parameters
    ----------
    kind : str
    query_id : str
        Names this list in whatever is told about it later.
    products : tuple of Recommendation
    personal : bool
        Whether anything is known of the shopper.
    """

    kind: str
    query_id: str
    products: tuple[Recommendation, ...]
    personal: bool = False

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.products)

    def __len__(self) -> int:
        return len(self.products)


WhyNotKind: TypeAlias = Literal[
    "shown", "later page", "filter", "choice", "chip", "rule", "excluded", "variant", "alike", "not recalled"
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
        example), ``"variant"`` and ``"alike"`` (`instead` stands for it), ``"not recalled"`` (too many products
        fit better).
    text : str
        The same in an English sentence.
    rank : int or None
        Its place in the result, from 1.
    score : float or None
        What it scores, whether it is found or not.
    contributions : mapping
        The parts of that score.
    least : float or None
        Score of the last hit of the first page, for comparison.
    failing : tuple of str
        Conditions that it fails, or the rule that hides it.
    instead : str or None
        Id of the product that stands for it.
    """

    id: str
    kind: WhyNotKind
    text: str
    rank: int | None = None
    score: float | None = None
    contributions: Mapping[str, float] = field(default_factory=dict)
    least: float | None = None
    failing: tuple[str, ...] = ()
    instead: str | None = None


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
        The whole row was left out; otherwise only a photo of it, or it is stored but no search returns it.
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
    quarantined : mapping
        Id → reason, of products that are stored but that the index refuses, so that no search returns them. Put them
        again with other values, or remove them.
    """

    products: int
    photos: int
    encoder: str
    fingerprint: str
    dimension: int
    catalogue_version: int
    store_version: int
    bytes: int
    quarantined: Mapping[str, str] = field(default_factory=dict)
