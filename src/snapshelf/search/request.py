"""A search request: each option with its type, bounds, default and description, declared once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, TypedDict

from PIL import Image
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from snapshelf._support.ids import MAX_ID_LENGTH, id_problem
from snapshelf._support.options import ADVICE, Option, OptionsModel, options_of
from snapshelf._support.wire import documented
from snapshelf.errors import QueryError
from snapshelf.index import Filter
from snapshelf.query import MAX_EXAMPLES, MAX_PHOTOS, MAX_TEXT_LENGTH, PhotoInput
from snapshelf.search.signals import Mode, Weights, check_weight_names

MAX_K = 1_000
"""Most hits of a search."""

MAX_RESULTS = 1_000
"""Hits that the pages of a search go on to."""

MAX_RELATED = 20
"""Most further queries proposed with a search."""

MAX_VALUES = 1_000
"""Most values of a facet."""

MAX_BINS = 200
"""Most bars of a histogram."""

FacetKind: TypeAlias = Literal["values", "numbers"]
"""Values that are listed, or numbers in a histogram."""

Side: TypeAlias = Literal["product", "query"]
"""Whose photo a heat map lies over."""


@documented
@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both included; a bound that is None is open.

    Raises
    ------
    QueryError
        A bound is not finite.

    Examples
    --------
    >>> from snapshelf import Range
    >>> response = shelf.search(text="dress", facet_filters={"price": Range(100, 200)})
    >>> [hit.id for hit in response]
    ['D-1']
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    low: Annotated[float | None, Field(allow_inf_nan=False, description="None: no lower bound.")] = None
    high: Annotated[float | None, Field(allow_inf_nan=False, description="None: no upper bound.")] = None

    def __post_init__(self) -> None:
        for bound in (self.low, self.high):
            if bound is not None and not isfinite(bound):
                raise QueryError(f"a range ends at {bound}; give a finite number, or leave the end open")


@documented
@dataclass(frozen=True, slots=True)
class FacetRequest:
    """A facet that a search is asked for.

    Raises
    ------
    QueryError
        A number is out of range.

    Examples
    --------
    >>> from snapshelf import FacetRequest
    >>> response = shelf.search(facets=[FacetRequest("price", bins=2)])
    >>> response.facets[0].edges, response.facets[0].counts
    ((0.0, 200.0, 400.0), (3, 3))
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    field: Annotated[str, Field(description="As in filters.", examples=["brand"])]
    limit: Annotated[
        int, Field(ge=1, le=MAX_VALUES, description="Values to list, the most frequent first.")
    ] = 20
    bins: Annotated[int, Field(ge=1, le=MAX_BINS, description="Bars of the histogram of a number.")] = 20
    kind: Annotated[
        FacetKind | None,
        Field(description="`values` lists numbers too, such as sizes, instead of a histogram."),
    ] = None

    def __post_init__(self) -> None:
        for name, number, most in (("limit", self.limit, MAX_VALUES), ("bins", self.bins, MAX_BINS)):
            if not 1 <= number <= most:
                raise QueryError(
                    f"facet {self.field!r}: {name} is {number}; it must be between 1 and {most:,}"
                )


class SearchOptions(TypedDict, total=False):
    """The options of a `SearchRequest` as keywords."""

    photo: PhotoInput | None
    photos: Sequence[PhotoInput]
    text: str | None
    without: str | None
    liked: Sequence[str]
    disliked: Sequence[str]
    k: int
    where: str | Filter | None
    mode: Mode
    weights: Weights | None
    sort: str | None
    facets: Sequence[str | FacetRequest]
    facet_filters: Mapping[str, Sequence[str] | Range] | None
    page_token: str | None
    min_relevance: float | None
    diversity: float
    collapse: bool
    understand: bool
    dismissed: Sequence[str]
    rules: bool
    related: int
    explain: bool
    shopper: str | None
    personal: bool
    record: bool


def _photo_digest(photo: PhotoInput) -> str:
    if isinstance(photo, Image.Image):
        data = repr((photo.size, photo.mode)).encode() + photo.tobytes()
    else:
        data = photo if isinstance(photo, bytes) else Path(photo).read_bytes()
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _check_where(where: object) -> str | Filter | None:
    if where is None or isinstance(where, str | Filter):
        return where
    raise PydanticCustomError(ADVICE, "give a text such as 'price < 300 AND in_stock', or a Filter")


def _check_weights(weights: object) -> object:
    if isinstance(weights, Mapping):
        try:
            check_weight_names(weights)
            Weights(**weights)
        except TypeError:
            return weights  # unknown signals are named by the validation that follows
        except (QueryError, ValueError) as error:
            raise PydanticCustomError(ADVICE, "{problem}", {"problem": str(error)}) from error
    return weights


def _check_values(values: object) -> object:
    if isinstance(values, str):
        raise PydanticCustomError(
            ADVICE, "takes a list of values, as in {example}", {"example": repr([values])}
        )
    return values


def check_shopper(shopper: str) -> str:
    """Refuse what cannot be the id of a shopper, for fields of requests."""
    if (problem := id_problem("shopper", shopper)) is not None:
        raise PydanticCustomError(
            ADVICE, "{problem}; leave it out to ask as nobody in particular", {"problem": problem}
        )
    return shopper


def _check_product_id(product_id: str) -> str:
    if (problem := id_problem("product", product_id)) is not None:
        raise PydanticCustomError(ADVICE, "{problem}", {"problem": problem})
    return product_id


ProductId: TypeAlias = Annotated[str, AfterValidator(_check_product_id)]
Photo: TypeAlias = Annotated[
    PhotoInput,
    PlainSerializer(_photo_digest, when_used="json"),
    WithJsonSchema({"type": "string", "format": "binary"}),
]
Where: TypeAlias = Annotated[
    str | Filter | None,
    PlainValidator(_check_where),
    PlainSerializer(lambda where: where if where is None or isinstance(where, str) else repr(where)),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "null"}]}),
    Field(description="Only products that match this filter (AIP-160), such as `price < 300 AND in_stock`."),
    Option(flags=("--where", "-w"), metavar="FILTER"),
]
Shopper: TypeAlias = Annotated[
    Annotated[str, AfterValidator(check_shopper), Field(min_length=1, max_length=MAX_ID_LENGTH)] | None,
    Field(
        description="Who searches, an account or a session, as events name it: the shopper's history reorders the "
        f"best candidates; up to {MAX_ID_LENGTH} characters."
    ),
    Option(metavar="NAME"),
]
Personal: TypeAlias = Annotated[bool, Field(description="Let the shopper's history count.")]
Record: TypeAlias = Annotated[
    bool,
    Field(
        description="False leaves no trace in the query log, the journal and the profile, and explores nothing: for "
        "health checks and robots."
    ),
    Option(decides_order=False, http=False, cli=False),
]


@documented
class SearchRequest(OptionsModel):
    """A search: photos, words, liked products or several of these, and the options of the search.

    Without any of these the shop is browsed: all that matches the filters is listed.

    Examples
    --------
    >>> from snapshelf.search import SearchRequest
    >>> request = SearchRequest(text="red dress", where="price < 300")
    >>> request.k, request.where
    (10, 'price < 300')
    """

    photo: Annotated[
        Photo | None,
        Field(description="Bytes of a photo, path of a local file, or a Pillow image."),
        Option(http=False, cli=False),
    ] = None
    photos: Annotated[
        tuple[Photo, ...],
        Field(description=f"Photos of what is looked for, up to {MAX_PHOTOS}."),
        Option(flags=("--photo", "-p"), metavar="PATH", http=False),
    ] = ()
    text: Annotated[
        str | None,
        Field(description=f"Chinese or English words, up to {MAX_TEXT_LENGTH:,} characters."),
        Option(flags=("--text", "-t"), metavar="WORDS"),
    ] = None
    without: Annotated[str | None, Field(description="Words to move away from."), Option(metavar="WORDS")] = (
        None
    )
    liked: Annotated[
        tuple[ProductId, ...],
        Field(
            description=f"Ids of products to find similar products to, up to {MAX_EXAMPLES}; they are not hits."
        ),
        Option(metavar="ID"),
    ] = ()
    disliked: Annotated[
        tuple[ProductId, ...],
        Field(description=f"Ids of products to keep away from, up to {MAX_EXAMPLES}; they are not hits."),
        Option(metavar="ID"),
    ] = ()
    k: Annotated[
        int,
        Field(ge=1, le=MAX_K, description="How many hits to return."),
        Option(flags=("--k", "-k"), decides_order=False),
    ] = 10
    where: Where = None
    mode: Annotated[
        Mode,
        Field(
            description="`full` is the whole search; `photo-vectors` compares the query with the photo vectors alone "
            "by cosine, as benchmarks do."
        ),
    ] = "full"
    weights: Annotated[
        Weights | None,
        BeforeValidator(_check_weights),
        Field(description="Weight of each signal in the score; without effect on `photo-vectors`."),
        Option(flags=("--weight",), metavar="SIGNAL=NUMBER"),
    ] = None
    sort: Annotated[
        str | None,
        Field(
            description="`relevance` (the default), `newest`, `rating`, `bestselling`, `price` or any field that holds "
            "numbers; `-price` begins with the largest. Without photo and words, the default is what sells, then what "
            "is new."
        ),
        Option(metavar="FIELD"),
    ] = None
    facets: Annotated[
        tuple[str | FacetRequest, ...],
        Field(description="Fields whose values are counted, with how many values or bars to return."),
        Option(flags=("--facet",), metavar="FIELD[:N]", decides_order=False),
    ] = ()
    facet_filters: Annotated[
        dict[str, Annotated[tuple[str, ...] | Range, BeforeValidator(_check_values)]],
        BeforeValidator(lambda filters: {} if filters is None else filters),
        Field(
            description="Chosen facet values by field: a product has one of each field's values, or a number in its "
            "range.",
            examples=[{"brand": ["Acme", "Best"], "price": {"low": 50, "high": 300}}],
        ),
        Option(flags=("--choose",), metavar="FIELD=VALUE"),
    ] = Field(default_factory=dict)
    page_token: Annotated[
        str | None,
        Field(description="`next_page_token` of the previous response of the same search."),
        Option(metavar="TOKEN", decides_order=False),
    ] = None
    min_relevance: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="Least probability that a product is what was asked for; by default the shelf's own. 0 keeps "
            "everything.",
        ),
    ] = None
    diversity: Annotated[
        float,
        Field(ge=0, le=1, description="How far similar-looking hits move apart; 0 orders by score alone"),
    ] = 0.0
    collapse: Annotated[
        bool,
        Field(description="Show one variant of each product, and one of the products that look the same."),
    ] = True
    understand: Annotated[
        bool,
        Field(description="Read constraints such as colour and price from the words, and correct spelling."),
    ] = True
    dismissed: Annotated[
        tuple[str, ...],
        AfterValidator(lambda filters: tuple(sorted(set(filters)))),
        Field(description="Constraints of an earlier response (`where` of its chips) that are not meant."),
        Option(flags=("--drop",), metavar="FILTER"),
    ] = ()
    rules: Annotated[bool, Field(description="Apply the shop's rules.")] = True
    related: Annotated[
        int,
        Field(ge=0, le=MAX_RELATED, description="How many further queries to propose."),
        Option(decides_order=False),
    ] = 0
    explain: Annotated[
        bool,
        Field(description="Return the matched terms of each hit."),
        Option(decides_order=False),
    ] = False
    shopper: Shopper = None
    personal: Personal = True
    record: Record = True

    @property
    def all_photos(self) -> tuple[PhotoInput, ...]:
        """`photo` and `photos`."""
        return (*(() if self.photo is None else (self.photo,)), *self.photos)

    def ordering(self) -> dict[str, Any]:
        """Return the options that decide the hits and their order, as JSON; photos by their digests."""
        reported = {name for name, _, option in options_of(type(self)) if not option.decides_order}
        values = self.model_dump(mode="json", exclude=reported)
        values["photos"] = [photo for photo in (values.pop("photo"), *values["photos"]) if photo is not None]
        return values
