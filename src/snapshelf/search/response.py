"""The responses of a search; each field is declared once, for Python, the command line and HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, InstanceOf, PlainSerializer, WithJsonSchema, computed_field

from snapshelf._support.wire import documented, photo_path, to_json
from snapshelf.catalogue import Product
from snapshelf.query import Chip, Note
from snapshelf.search.facets import FacetResult
from snapshelf.search.relevance import Evidence
from snapshelf.search.request import MAX_RESULTS, Side
from snapshelf.search.signals import SIGNALS

_GRID_DIGITS = 3

Contributions: TypeAlias = Annotated[
    Mapping[str, float],
    Field(
        description="What each signal adds to the score; they add up to it. "
        + "; ".join(f"`{signal.name}`: {signal.en}" for signal in SIGNALS)
        + ".",
        examples=[dict(zip((signal.name for signal in SIGNALS), (0.61, 0.12, 0.1, 0.08), strict=False))],
    ),
]


@documented
@dataclass(frozen=True, slots=True)
class Hit:
    """A product that a search returns.

    Examples
    --------
    >>> hit = shelf.search(text="red dress").hits[0]
    >>> hit.rank, hit.id, hit.constraints
    (1, 'D-1', ('colour = "red"', 'category = "Dresses"'))
    >>> abs(sum(hit.contributions.values()) - hit.score) < 1e-6
    True
    """

    rank: Annotated[int, Field(description="1 for the first hit of this response.")]
    product: Product
    score: Annotated[float, Field(description="Sum of the contributions; comparable within one response.")]
    contributions: Contributions
    relevance: Annotated[
        float | None,
        Field(
            description="Probability that the product is what was asked for; null where nothing was asked for or the "
            "encoder is not calibrated."
        ),
    ] = None
    variants: Annotated[
        int, Field(description="Further variants of it (the same `group_id`) that match and are not shown.")
    ] = 0
    duplicates: Annotated[
        int, Field(description="Further products of the same look and title that are not shown.")
    ] = 0
    matched_terms: Annotated[
        tuple[str, ...], Field(description="Words of the query that its text has; with `explain` only.")
    ] = ()
    constraints: Annotated[
        tuple[str, ...], Field(description="Constraints read from the words, as filters, that it satisfies.")
    ] = ()
    near: Annotated[
        tuple[str, ...],
        Field(description="Those of its constraints that it only comes near to: 42 2/3 for size 42."),
    ] = ()
    rules: Annotated[tuple[str, ...], Field(description="Names of the shop's rules that moved it.")] = ()

    @computed_field(description="Id of the product.")  # type: ignore[prop-decorator]
    @property
    def id(self) -> str:
        """Id of the product."""
        return self.product.id

    @computed_field(description="The contributions in one line.")  # type: ignore[prop-decorator]
    @property
    def why(self) -> str:
        """The contributions in one line, the largest first: ``"photo 0.71 + lexical 0.25"``."""
        parts = sorted(self.contributions.items(), key=lambda part: -part[1])
        texts = [f"{name} {value:.2f}" for name, value in parts if value >= 0]
        texts += [f"− {name} {-value:.2f}" for name, value in parts if value < 0]
        return " + ".join(texts).replace("+ −", "−")

    @computed_field(description="Path of the product's photo.", examples=["/v1/products/D-17/photo"])  # type: ignore[prop-decorator]
    @property
    def photo(self) -> str:
        """Path under which HTTP serves the product's photo."""
        return photo_path(self.product.id)


def _milliseconds(timings: Mapping[str, float]) -> dict[str, float]:
    return {stage: seconds * 1_000 for stage, seconds in timings.items()}


@documented
@dataclass(frozen=True, slots=True)
class SearchResponse:
    """Hits, best first, and what was understood beside them.

    Examples
    --------
    >>> response = shelf.search(text="drress", k=2)
    >>> response.searched_as, [hit.id for hit in response]
    ('dress', ['D-2', 'D-1'])
    >>> shelf.search(text="asdfqwer").no_good_match
    True
    """

    query_id: Annotated[str, Field(description="Name of this search; later events refer to it.")]
    hits: tuple[Hit, ...]
    timings: Annotated[
        Mapping[str, float],
        PlainSerializer(_milliseconds),
        Field(
            serialization_alias="timings_ms",
            description="Time by stage: seconds in Python, milliseconds in JSON.",
            examples=[
                {"decode": 2.1, "understand": 1.0, "encode": 9.8, "recall": 4.0, "rank": 0.7, "facets": 1.1}
            ],
        ),
    ]
    total: Annotated[
        int,
        Field(
            description="Products of the result: they match the filter, the facet filters and the hard constraints, "
            "and are probably what was asked for; variants count once. 0 where nothing is a good match: the hits are "
            f"the nearest products then. By relevance, pages go on to the best {MAX_RESULTS:,} at most; otherwise to "
            "the last."
        ),
    ] = 0
    facets: Annotated[tuple[FacetResult, ...], Field(description="In the order of the request.")] = ()
    chips: Annotated[
        tuple[Chip, ...],
        Field(
            description="Constraints read from the words, and the order that they ask for (kind `sort`); `dismissed` "
            "takes one back by its `where`."
        ),
    ] = ()
    sort: Annotated[
        str,
        Field(
            description="The order: what the request or the words ask for, otherwise `relevance`; without a query "
            "that is what sells, then what is new."
        ),
    ] = "relevance"
    searched_as: Annotated[
        str | None, Field(description="The corrected words that were searched instead of those given.")
    ] = None
    did_you_mean: Annotated[
        str | None, Field(description="Words that might have been meant; those given were searched.")
    ] = None
    related: Annotated[tuple[str, ...], Field(description="Further queries that have results.")] = ()
    notes: tuple[Note, ...] = ()
    next_page_token: Annotated[
        str | None, Field(description="Requests the hits that follow; null at the end.")
    ] = None
    no_good_match: Annotated[
        bool,
        Field(
            description="Not even the best hit is likely to be what was asked for: its relevance is below "
            "`cut_off`."
        ),
    ] = False
    cut_off: Annotated[float | None, Field(description="Relevance below which a hit is no good match.")] = (
        None
    )
    near_misses: Annotated[
        tuple[Hit, ...], Field(description="With `no_good_match`, those of the hits that were nearly good.")
    ] = ()
    redirect: Annotated[
        str | None, Field(description="Address that a rule of the shop sends this query to.")
    ] = None
    evidence: Annotated[
        InstanceOf[Evidence] | None,
        Field(exclude=True, description="Signals of the hits, each on its own scale; only with `explain`."),
    ] = None

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    def to_json(self) -> dict[str, Any]:
        """Return the response as JSON, as the command line prints it and HTTP sends it."""
        return to_json(self)


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
    "not relevant",
    "not recalled",
]
"""Why a product is where it is."""


@documented
@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a product is not among the hits of a search, or at which rank it is.

    Examples
    --------
    >>> answer = shelf.why_not("D-1", text="dress", k=1)
    >>> answer.kind, answer.rank
    ('later page', 2)
    """

    id: Annotated[str, Field(description="Id of the product.")]
    kind: Annotated[
        WhyNotKind,
        Field(
            description="`shown` and `later page`: it is a hit, at `rank`; `filter`, `choice` and `chip`: it fails "
            "the conditions `failing`; `rule`: a rule hides it; `excluded`: the query names it as an example; "
            "`variant` and `duplicate`: `represented_by` is shown instead; `not recalled`: too many products "
            "match better."
        ),
    ]
    text: Annotated[str, Field(description="The reason in an English sentence.")]
    rank: Annotated[int | None, Field(description="Its rank in the whole result, from 1.")] = None
    score: Annotated[float | None, Field(description="Its score, whether it is a hit or not.")] = None
    contributions: Contributions = field(default_factory=dict)
    lowest_shown_score: Annotated[
        float | None, Field(description="Score of the last hit of the first page.")
    ] = None
    failing: Annotated[
        tuple[str, ...], Field(description="Conditions that it fails, or the rule that hides it.")
    ] = ()
    represented_by: Annotated[str | None, Field(description="Id of the product that is shown instead.")] = (
        None
    )

    def to_json(self) -> dict[str, Any]:
        """Return the reason as JSON, as the command line prints it and HTTP sends it."""
        return to_json(self)


def _rows(grid: NDArray[np.float32]) -> list[list[float]]:
    return [[round(float(weight), _GRID_DIGITS) for weight in row] for row in grid]


@documented
@dataclass(frozen=True, slots=True)
class HeatMap:
    """Which parts of a photo make a product fit a query.

    Examples
    --------
    >>> heat = shelf.heat_map("D-1", text="red dress")
    >>> heat.side, float(heat.grid.max())
    ('product', 1.0)
    """

    id: Annotated[str, Field(description="Id of the product.")]
    side: Annotated[Side, Field(description="Whose photo: the product's or the query's.")]
    grid: Annotated[
        NDArray[np.float32],
        PlainSerializer(_rows),
        WithJsonSchema({"type": "array", "items": {"type": "array", "items": {"type": "number"}}}),
        Field(
            description="Rows of weights from 0 to 1 over the whole photo: 1 where covering the part costs most of the "
            "fit."
        ),
    ]
    fit: Annotated[float, Field(description="Cosine of the uncovered photo with the other side.")]
    position: Annotated[int, Field(description="Which of the product's photos, from 0.")]

    def to_json(self) -> dict[str, Any]:
        """Return the map as JSON, as HTTP sends it."""
        return to_json(self)
