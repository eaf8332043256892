"""Bodies of requests and answers, as the OpenAPI page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from snapshelf._support.ids import MAX_ID_LENGTH
from snapshelf.catalogue import Product
from snapshelf.recommend import REASONS
from snapshelf.search import (
    CONTRIBUTIONS,
    MAX_BINS,
    MAX_K,
    MAX_RELATED,
    MAX_VALUES,
    WINDOWS,
    FacetKind,
    FacetRequest,
    Range,
    SearchOptions,
    Weights,
)

WHERE = "Only products that match this filter (AIP-160), such as `price < 300 AND in_stock`."

Signal: TypeAlias = Literal["photo", "text", "title", "words", "facts"]
"""What the weights of a search are about."""

Weight: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class RangeBody(BaseModel):
    """Numbers from `low` to `high`, both included."""

    model_config = ConfigDict(extra="forbid")

    low: Annotated[float | None, Field(allow_inf_nan=False, description="None: no lower bound.")] = None
    high: Annotated[float | None, Field(allow_inf_nan=False, description="None: no upper bound.")] = None


class FacetBody(BaseModel):
    """A facet with its size."""

    model_config = ConfigDict(extra="forbid")

    field: Annotated[str, Field(description="As in filters.", examples=["brand"])]
    limit: Annotated[
        int, Field(ge=1, le=MAX_VALUES, description="Values to list, the most frequent first.")
    ] = 20
    bins: Annotated[int, Field(ge=1, le=MAX_BINS, description="Bars of the histogram of a number.")] = 20
    kind: Annotated[
        FacetKind | None,
        Field(description="`values` lists numbers too, such as sizes, instead of a histogram."),
    ] = None


class SearchFields(BaseModel):
    """What every form of a search request can say beside its photos."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str | None, Field(description="Chinese or English words.")] = None
    without: Annotated[str | None, Field(description="Words to move away from.")] = None
    liked: Annotated[
        tuple[str, ...], Field(description="Ids of products to find the like of; they are no hits.")
    ] = ()
    disliked: Annotated[
        tuple[str, ...], Field(description="Ids of products to keep away from; they are no hits.")
    ] = ()
    k: Annotated[int, Field(ge=1, le=MAX_K, description="How many hits to answer.")] = 10
    where: Annotated[str | None, Field(description=WHERE)] = None
    mode: Annotated[
        Literal["full", "photo-vectors"],
        Field(description="The whole search, or cosine with the photos alone as benchmarks do."),
    ] = "full"
    weights: Annotated[
        dict[Signal, Weight] | None, Field(description="Part of each signal in the score.")
    ] = None
    sort: Annotated[
        str | None,
        Field(
            description="`relevance` (the usual), `newest`, `rating`, `price` or any field that holds numbers; "
            "`-price` begins with the largest."
        ),
    ] = None
    facets: Annotated[
        tuple[str | FacetBody, ...],
        Field(description="Fields whose values are counted; /v1/facets lists them."),
    ] = ()
    facet_filters: Annotated[
        dict[str, tuple[str, ...] | RangeBody],
        Field(
            description="Chosen facet values by field: products have one of each field's values, or a number in "
            "its range.",
            examples=[{"brand": ["Acme", "Best"], "price": {"low": 50, "high": 300}}],
        ),
    ] = {}
    page_token: Annotated[
        str | None, Field(description="`next_page_token` of the same search, for the hits that follow.")
    ] = None
    diversity: Annotated[
        float, Field(ge=0, le=1, description="0 orders by score alone, towards 1 by difference too.")
    ] = 0.0
    collapse: Annotated[
        bool, Field(description="Show one variant of each product, and one of those that look the same.")
    ] = True
    understand: Annotated[bool, Field(description="Read facts from the words, and correct them.")] = True
    dismissed: Annotated[
        tuple[str, ...],
        Field(description="Chips of an earlier answer, as their `where`, that are not meant."),
    ] = ()
    rules: Annotated[bool, Field(description="Apply the shop's rules.")] = True
    related: Annotated[
        int, Field(ge=0, le=MAX_RELATED, description="Further queries to propose, at most.")
    ] = 0
    explain: Annotated[bool, Field(description="Tell with each hit which words matched.")] = False
    shopper: Annotated[
        str | None,
        Field(
            description="Who searches, an account or a session, as in the events told of them: what they did orders "
            "what fits.",
            min_length=1,
            max_length=MAX_ID_LENGTH,
        ),
    ] = None
    personal: Annotated[
        bool, Field(description="Whether what is known of the shopper counts in this search.")
    ] = True

    def options(self, photos: Sequence[bytes]) -> SearchOptions:
        """Say it as `Shelf.search` takes it; blank words count as none."""
        return {
            "photos": photos,
            "text": self.text if self.text and self.text.strip() else None,
            "without": self.without if self.without and self.without.strip() else None,
            "liked": self.liked,
            "disliked": self.disliked,
            "k": self.k,
            "where": self.where,
            "mode": self.mode,
            "weights": None if self.weights is None else Weights(**self.weights),
            "sort": self.sort,
            "facets": [
                one if isinstance(one, str) else FacetRequest(**one.model_dump()) for one in self.facets
            ],
            "facet_filters": {
                field: Range(chosen.low, chosen.high) if isinstance(chosen, RangeBody) else chosen
                for field, chosen in self.facet_filters.items()
            },
            "page_token": self.page_token,
            "diversity": self.diversity,
            "collapse": self.collapse,
            "understand": self.understand,
            "dismissed": self.dismissed,
            "rules": self.rules,
            "related": self.related,
            "explain": self.explain,
            "shopper": self.shopper,
            "personal": self.personal,
        }


class WhyNotFields(SearchFields):
    """A search, and a product to explain."""

    id: Annotated[str, Field(description="The product's id.", examples=["D-17"])]


class HeatMapFields(WhyNotFields):
    """A search, and the photo to look at."""

    side: Annotated[
        Literal["product", "query"], Field(description="Whose photo: the product's or the query's.")
    ] = "product"


class PhotoFields(BaseModel):
    """How photos come in JSON."""

    model_config = ConfigDict(extra="forbid")

    photo: Annotated[str | None, Field(description="The photo in base64, or as a data: URL.")] = None
    photo_url: Annotated[
        str | None, Field(description="Where the photo is; only when the server may fetch addresses.")
    ] = None
    photos: Annotated[
        tuple[str, ...],
        Field(description="Several photos: in base64, or addresses when the server may fetch them."),
    ] = ()


class SearchBody(SearchFields, PhotoFields):
    """A search as JSON: photos, words, liked products or several of these."""


class WhyNotBody(WhyNotFields, PhotoFields):
    """A search as JSON, and a product to explain."""


class HeatMapBody(HeatMapFields, PhotoFields):
    """A search as JSON, and the photo to look at."""


class ProductBody(Product):
    """A product with its photos."""

    photos: Annotated[
        tuple[str, ...] | None,
        Field(
            description="Photos in base64, or http(s) addresses when the server may fetch them; the first is "
            "the main one. Left out, a product keeps the photos that it has."
        ),
    ] = None


class HitModel(BaseModel):
    """One product that was found."""

    rank: int = Field(description="1 for the first of this answer.")
    score: float = Field(description="Sum of the contributions.")
    relevance: float | None = Field(
        description="Probability that it is what was asked for; null where that is not known."
    )
    contributions: dict[str, float] = Field(
        description="What each signal adds to the score; they add up to it. "
        + "; ".join(f"`{name}`: {what}" for name, what in CONTRIBUTIONS.items())
        + ".",
        examples=[{"photo": 0.61, "text": 0.12, "title": 0.1, "words": 0.08}],
    )
    why: str = Field(description="The contributions in a sentence.")
    matched_terms: list[str] = Field(description="Words of the query that its text has; with `explain` only.")
    constraints: list[str] = Field(description="Chips, as their `where`, that hold for it.")
    rules: list[str] = Field(description="Names of the shop's rules that moved it.")
    variants: int = Field(description="Further variants of it that match and are not shown.")
    duplicates: int = Field(description="Further products of the same look and title that are not shown.")
    product: Product
    photo: str = Field(description="Path of the product's photo.", examples=["/v1/products/D-17/photo"])


class ValueModel(BaseModel):
    """One value of a facet."""

    value: str
    count: int = Field(description="Products that have it; variants count once.")
    chosen: bool
    labels: dict[str, str] | None = Field(
        description="What it is called by language, where the lexicon knows it.",
        examples=[{"en": "Red", "zh": "红色"}],
    )


class FacetModel(BaseModel):
    """What the matching products have in one field. Its own choice does not narrow it."""

    field: str
    kind: FacetKind
    values: list[ValueModel] = Field(description="The most frequent first, the chosen ones among them.")
    total_values: int = Field(description="Different values there are.")
    missing: int = Field(description="Products without the field.")
    low: float | None = Field(description="The least number.")
    high: float | None = Field(description="The largest number.")
    edges: list[float] = Field(description="Histogram: bar i is from edge i to edge i + 1.")
    counts: list[int] = Field(description="Histogram: products in each bar.")
    chosen: RangeBody | None = Field(description="The chosen range of numbers.")


class ChipModel(BaseModel):
    """A fact that was read from the words."""

    text: str = Field(description="The words that it was read from.")
    start: int
    end: int = Field(description="Where they are in the words as they were understood.")
    kind: str = Field(examples=["colour"])
    field: str = Field(examples=["attributes.colour"])
    where: str = Field(
        description="It as a filter; `dismissed` takes it back by this.", examples=['colour = "Red"']
    )
    labels: dict[str, str] = Field(description="What it is called by language.")
    hard: bool = Field(description="Products without it are left out; otherwise those with it are preferred.")
    boost: float = Field(description="What it adds to the score.")
    excluded: bool = Field(description="The words rule something out.")


class NoteModel(BaseModel):
    """Something that the shopper should be told."""

    kind: str
    text: str = Field(description="An English sentence.")
    values: dict[str, str] = Field(description="What is particular in it, to say it in another language.")


class SearchAnswer(BaseModel):
    """Hits, best first, and what was understood and found beside them."""

    query_id: str = Field(description="Name of this search, to report clicks under later.")
    total: int = Field(
        description="Products that match filter, choices and hard chips; variants count once. Pages go on to the "
        f"best {WINDOWS[-1]:,} at most."
    )
    hits: list[HitModel]
    facets: list[FacetModel] = Field(description="In the order in which they were asked for.")
    chips: list[ChipModel]
    searched_as: str | None = Field(description="The corrected words that were searched instead.")
    did_you_mean: str | None = Field(
        description="Words that might have been meant; those given were searched."
    )
    related: list[str] = Field(description="Further queries that find something.")
    notes: list[NoteModel]
    next_page_token: str | None = Field(description="Asks for the hits that follow; null at the end.")
    no_good_match: bool = Field(description="Not even the best hit is likely to be what was asked for.")
    cut_off: float | None = Field(description="Relevance below which a hit is no good match.")
    near_misses: list[HitModel] = Field(
        description="With `no_good_match`: those of the hits that were nearly good."
    )
    redirect: str | None = Field(description="Address that a rule of the shop sends this query to.")
    timings_ms: dict[str, float] = Field(
        description="Milliseconds by stage.",
        examples=[
            {"decode": 2.1, "understand": 1.0, "encode": 9.8, "recall": 4.0, "rank": 0.7, "facets": 1.1}
        ],
    )


class WhyNotAnswer(BaseModel):
    """Why a product is not among the hits, or where it is."""

    id: str
    kind: str = Field(
        description="`shown`, `later page`, `filter`, `choice`, `chip`, `rule`, `excluded`, `variant`, `duplicate` or "
        "`not recalled`."
    )
    text: str = Field(description="The reason in an English sentence.")
    rank: int | None = Field(description="Its place in the result, from 1.")
    score: float | None
    contributions: dict[str, float]
    lowest_shown_score: float | None = Field(description="Score of the last hit of the first page.")
    failing: list[str] = Field(description="Conditions that it fails, or the rule that hides it.")
    represented_by: str | None = Field(description="Id of the product that stands for it.")


class HeatMapAnswer(BaseModel):
    """Which parts of a photo make it fit."""

    id: str
    side: Literal["product", "query"]
    grid: list[list[float]] = Field(description="Rows of weights from 0 to 1 over the whole photo.")
    fit: float = Field(description="Cosine of the photo with the other side.")


class SuggestionModel(BaseModel):
    """A completion of what is being typed."""

    text: str
    kind: str = Field(description="What it is: `category`, `brand`, `title`, `query` …")
    language: str | None


class SuggestAnswer(BaseModel):
    """Completions, best first."""

    suggestions: list[SuggestionModel]


class FacetFieldModel(BaseModel):
    """A facet that may be asked for."""

    field: str
    kind: FacetKind
    values: int = Field(description="Different values there are.")
    products: int = Field(description="Products that have it.")
    shown: bool = Field(description="Whether it is one that shoppers narrow down by, not an id or a title.")


class FacetsAnswer(BaseModel):
    """What a search may be narrowed down and sorted by."""

    facets: list[FacetFieldModel]
    sorts: list[str] = Field(description="What the page offers as `sort` beside `relevance`.")


class ZeroResult(BaseModel):
    """Words that found nothing good."""

    text: str
    times: int


class ZeroResultsAnswer(BaseModel):
    """The words of the last days' searches that found nothing good, the most frequent first."""

    days: int
    queries: list[ZeroResult]


class WriteAnswer(BaseModel):
    """What became of a product that was put."""

    id: str
    status: Literal["created", "updated", "unchanged", "quarantined"] = Field(
        description="quarantined: it is stored, but no search returns it; GET /v1/stats says why."
    )


class ImportLine(BaseModel):
    """What became of one line of an import."""

    line: int = Field(description="Number of the input line, from 1.")
    id: str | None = Field(description="The product's id, where the line could be read that far.")
    status: Literal["created", "updated", "unchanged", "quarantined", "error"]
    error: str | None = Field(default=None, description="What is wrong and what to do.")


class ReasonModel(BaseModel):
    """Why a product is recommended."""

    kind: str = Field(
        description=f"{', '.join(f'`{kind}`' for kind in REASONS)}.",
    )
    en: str = Field(description="A short sentence in English.")
    zh: str = Field(description="The same in Chinese.")
    product: str | None = Field(description="Id of the product that it refers to.")


class RecommendationModel(BaseModel):
    """A product that is recommended."""

    rank: int
    score: float = Field(description="Comparable within one list.")
    contributions: dict[str, float] = Field(
        description="What makes up the score, by the kinds of reasons; they add up to it."
    )
    reason: ReasonModel
    propensity: float = Field(description="Probability with which it was to stand at its place.")
    product: Product
    photo: str = Field(description="Path of the product's photo.")


class RecommendationsAnswer(BaseModel):
    """Recommended products, best first."""

    kind: str
    query_id: str = Field(description="Names this list in the events that follow it.")
    personal: bool = Field(description="Whether anything is known of the shopper.")
    products: list[RecommendationModel]


class StatsAnswer(BaseModel):
    """The shelf in numbers."""

    products: int
    photos: int
    encoder: str = Field(description="Name of the encoder that made the vectors.")
    fingerprint: str = Field(description="Hash of everything that decides the vectors.")
    dimension: int = Field(description="Length of the vectors.")
    catalogue_version: int = Field(description="Goes up with every change of the catalogue.")
    index_version: int = Field(description="Catalogue version that the engine has caught up with.")
    bytes: int = Field(description="Size of the shelf on disk.")
    quarantined: dict[str, str] = Field(
        description="Products that are stored but that no search returns, by id, each with the reason."
    )


class ExampleModel(BaseModel):
    """A query to try."""

    label_en: str
    label_zh: str
    text: str | None
    photo: str | None = Field(description="Path of the query photo.")


class ExampleShopperModel(BaseModel):
    """A shopper to see the shop as they do."""

    id: str = Field(description="As in the events of the journal.")
    name_en: str
    name_zh: str
    likes_en: str = Field(description="The taste in a few words.")
    likes_zh: str


class StatusAnswer(BaseModel):
    """How the server is."""

    status: Literal["alive", "ready"]


class EventBody(BaseModel):
    """An event in the shape of UBI 1.3.

    `user_id` is the account, `client_id` the browser. Google Retail's `UserEvent` and events of GA4 are taken too: see
    the examples.
    """

    model_config = ConfigDict(extra="allow")

    action_name: Annotated[
        str,
        Field(
            description="click, view, long_view, add_to_cart, remove_from_cart, purchase, return, search …"
        ),
    ]
    client_id: Annotated[str, Field(description="Whose it is: a browser or session.")]
    timestamp: Annotated[str | float, Field(description="ISO 8601, or Unix seconds.")]
    user_id: Annotated[str | None, Field(description="The account, where it is known; it goes before.")] = (
        None
    )
    event_id: Annotated[
        str | None, Field(description="The same id is the same event. Left out, what it says is its id.")
    ] = None
    query_id: Annotated[
        str | None, Field(description="Of the search or recommendation that it followed.")
    ] = None
    session_id: str | None = None
    consent: Annotated[
        bool | None,
        Field(description="Whether the shopper agreed to be remembered; of false nothing is kept."),
    ] = None
    event_attributes: Annotated[
        dict[str, object],
        Field(
            description="`object.object_id` is the product; `quantity`, `value` and `currency` of a purchase."
        ),
    ] = {}


class RemarkModel(BaseModel):
    """What is to be said of one event."""

    line: int | None = Field(description="Where it was in the body, from 1; null for a single event.")
    event_id: str | None
    text: str = Field(description="What is wrong and what to do.")
    field: str | None = Field(description="The event's field at fault, where there is one.")


class EventsAnswer(BaseModel):
    """What became of events. All but the refused ones are dealt with for good."""

    accepted: int = Field(description="Kept, on disk, and in the profiles.")
    duplicates: int = Field(description="Known by their id.")
    ignored: int = Field(description="Of kinds that say nothing of interest.")
    robots: int = Field(description="Kept, but in no profile and never learned from.")
    without_consent: int = Field(description="Not kept: the shopper does not want to be remembered.")
    forgotten: int = Field(description="Not kept: from before the shopper was forgotten.")
    shown: int = Field(description="Searches that were told with their answers, and kept.")
    refused: list[RemarkModel] = Field(description="Not kept, and why.")
    notes: list[RemarkModel] = Field(description="Of accepted events: what was put right, or is odd.")


class ErasedAnswer(BaseModel):
    """What was erased."""

    events: int
    impressions: int
    profiles: int


class ConsentBody(BaseModel):
    """Whether a shopper agrees to be remembered."""

    model_config = ConfigDict(extra="forbid")

    given: bool


class ConsentAnswer(BaseModel):
    """Whether a shopper agreed to be remembered."""

    given: bool | None = Field(description="null: that was never said.")


class MergeBody(BaseModel):
    """Who an account was before it logged in."""

    model_config = ConfigDict(extra="forbid")

    session: str = Field(
        min_length=1, max_length=MAX_ID_LENGTH, description="The anonymous session; it is no more afterwards."
    )


class RecentModel(BaseModel):
    """One of the latest events."""

    product: str
    kind: str
    at: float = Field(description="Unix seconds.")


class BoughtModel(BaseModel):
    """Purchases of one product."""

    count: int
    first: float = Field(description="Unix seconds.")
    last: float = Field(description="Unix seconds.")
    mean_gap: float | None = Field(description="Mean seconds between purchases; null for a single one.")


class ProfileAnswer(BaseModel):
    """What is known of a shopper, in short."""

    shopper: str
    events: int = Field(description="Events that it was made from.")
    at: float = Field(description="Unix seconds of the latest.")
    recent: list[RecentModel] = Field(description="The latest 100 events, oldest first.")
    category: dict[str, float] = Field(description="Affinities, strongest first; those below 0 are dislikes.")
    brand: dict[str, float]
    price: dict[str, float] = Field(description="By band.")
    colour: dict[str, float]
    bought: dict[str, BoughtModel] = Field(description="By product.")
