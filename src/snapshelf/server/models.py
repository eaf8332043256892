"""Bodies of HTTP requests and responses; searches derive from `SearchRequest`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, ValidationInfo, field_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from snapshelf._support.ids import MAX_ID_LENGTH
from snapshelf._support.options import ADVICE, OptionsModel, option_of, options_of
from snapshelf.catalogue import Product
from snapshelf.recommend import RecommendationRequest
from snapshelf.search import FacetKind, SearchRequest, Side

WHERE = SearchRequest.model_fields["where"].description


class HttpOptions(OptionsModel):
    """Options of a request as HTTP takes them: without those that only Python has."""

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_local(cls, value: object, field: ValidationInfo) -> object:
        if field.field_name and not option_of(cls.model_fields[field.field_name]).http:
            raise PydanticCustomError(ADVICE, "HTTP has no such option")
        return value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core_schema))
        for name, _, option in options_of(cls):
            if not option.http:
                schema["properties"].pop(name, None)
        return schema


class SearchForm(HttpOptions, SearchRequest):
    """A search as a form, or in the address beside an image; blank words count as none."""

    @field_validator("text", "without")
    @classmethod
    def _blank_is_none(cls, words: str | None) -> str | None:
        return words if words and words.strip() else None

    def to_request(self, photos: Sequence[bytes], *, record: bool = True) -> SearchRequest:
        """Return the search with its photos as bytes."""
        options = {name: getattr(self, name) for name in SearchRequest.model_fields}
        return SearchRequest(**{**options, "photo": None, "photos": tuple(photos), "record": record})


class RecommendationForm(HttpOptions, RecommendationRequest):
    """Recommendations as parameters of an address."""

    def to_request(self, *, record: bool) -> RecommendationRequest:
        """Return the request as the shelf takes it."""
        options = {name: getattr(self, name) for name in RecommendationRequest.model_fields}
        return RecommendationRequest(**{**options, "record": record})


class WhyNotForm(SearchForm):
    """A search, and a product to explain."""

    id: Annotated[str, Field(description="The product's id.", examples=["D-17"])]


class HeatMapForm(WhyNotForm):
    """A search, and the photo to look at."""

    side: Annotated[Side, Field(description="Whose photo: the product's or the query's.")] = "product"


class SearchBody(SearchForm):
    """A search as JSON: photos, words, liked products, several of these, or none of them to browse the shop."""

    photo: Annotated[str | None, Field(description="The photo in base64, or as a data: URL.")] = None
    photo_url: Annotated[
        str | None, Field(description="Where the photo is; only when the server may fetch addresses.")
    ] = None
    photos: Annotated[
        tuple[str, ...],
        Field(description="Several photos: in base64, or addresses when the server may fetch them."),
    ] = ()


class WhyNotBody(SearchBody, WhyNotForm):
    """A search as JSON, and a product to explain."""


class HeatMapBody(SearchBody, HeatMapForm):
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


class SuggestionModel(BaseModel):
    """A completion."""

    text: str
    kind: str = Field(description="What it is: `category`, `brand`, `title`, `query` …")
    language: str | None


class SuggestAnswer(BaseModel):
    """Completions, best first."""

    suggestions: list[SuggestionModel]


class FacetFieldModel(BaseModel):
    """A facet that a search may request."""

    field: str
    kind: FacetKind
    values: int = Field(description="Number of different values.")
    products: int = Field(description="Products that have it.")
    shown: bool = Field(
        description="Whether shoppers narrow down by it, as `search.yaml` or the values say; an id is not shown."
    )
    labels: dict[str, str] = Field(description="Its name by language, where `search.yaml` gives it.")
    limit: int | None = Field(description="How many values or bars to ask for, where `search.yaml` says so.")
    numeric: bool = Field(description="Whether it holds numbers, so that hits can be sorted by it.")


class FacetsAnswer(BaseModel):
    """Facets and sort orders of searches, the most useful facets first."""

    facets: list[FacetFieldModel]
    sorts: list[str] = Field(description="Values of `sort` that the page offers beside `relevance`.")


class RuleWarningModel(BaseModel):
    """What a rule names in vain, such as an id that no product has."""

    rule: str = Field(description="Name of the rule.")
    line: int = Field(description="Line of the rules, from 1.")
    message: str


class RulesAnswer(BaseModel):
    """The outcome of rules that were put: they are followed, as far as the shop has what they name."""

    warnings: list[RuleWarningModel]


class ZeroResult(BaseModel):
    """Words of searches without a good match."""

    text: str
    times: int


class ZeroResultsAnswer(BaseModel):
    """The words of the last days' searches without a good match, the most frequent first."""

    days: int
    queries: list[ZeroResult]


class WriteAnswer(BaseModel):
    """The outcome of a product that was put."""

    id: str
    status: Literal["created", "updated", "unchanged", "quarantined"] = Field(
        description="quarantined: it is stored, but no search returns it; GET /v1/stats says why."
    )


class ImportLine(BaseModel):
    """The outcome of a line of an import."""

    line: int = Field(description="Number of the input line, from 1.")
    id: str | None = Field(description="The product's id, where the line could be read that far.")
    status: Literal["created", "updated", "unchanged", "quarantined", "error"]
    error: str | None = Field(default=None, description="What is wrong and what to do.")


class StatsAnswer(BaseModel):
    """Counts and versions of the shelf."""

    products: int
    photos: int
    encoder: str = Field(description="Name of the encoder that made the vectors.")
    fingerprint: str = Field(description="Hash of everything that decides the vectors.")
    dimension: int = Field(description="Length of the vectors.")
    catalogue_version: int = Field(description="Increases with every change of the catalogue.")
    index_version: int = Field(description="Catalogue version that the index has reached.")
    bytes: int = Field(description="Size of the shelf on disk.")
    quarantined: dict[str, str] = Field(
        description="Products that are stored but that no search returns, by id, each with the reason."
    )
    rule_warnings: list[str] = Field(
        description="What is wrong with the rules: ids that no product has, fields that are gone, a broken file."
    )


class ExampleModel(BaseModel):
    """An example query."""

    label_en: str
    label_zh: str
    text: str | None
    photo: str | None = Field(description="Path of the query photo.")


class ExampleShopperModel(BaseModel):
    """A shopper of the examples."""

    id: str = Field(description="As in the events of the journal.")
    name_en: str
    name_zh: str
    likes_en: str = Field(description="The taste in a few words.")
    likes_zh: str


class StatusAnswer(BaseModel):
    """State of the server."""

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
    client_id: Annotated[str, Field(description="Id of the browser or session.")]
    timestamp: Annotated[str | float, Field(description="ISO 8601, or Unix seconds.")]
    user_id: Annotated[
        str | None, Field(description="The account, if known; it has priority over `client_id`.")
    ] = None
    event_id: Annotated[
        str | None,
        Field(description="An event with a known id is a duplicate. By default a hash of the content."),
    ] = None
    query_id: Annotated[
        str | None, Field(description="Query id of the search or recommendation before it.")
    ] = None
    session_id: str | None = None
    consent: Annotated[
        bool | None,
        Field(description="Whether the shopper agreed to be remembered; with false, nothing is kept."),
    ] = None
    event_attributes: Annotated[
        dict[str, object],
        Field(
            description="`object.object_id` is the product; `quantity`, `value` and `currency` of a purchase."
        ),
    ] = {}


class EventNoticeModel(BaseModel):
    """A warning about an event, or the reason why it was refused."""

    line: int | None = Field(description="Where it was in the body, from 1; null for a single event.")
    event_id: str | None
    text: str = Field(description="What is wrong and what to do.")
    field: str | None = Field(description="The field of the event that is wrong, if any.")


class EventsAnswer(BaseModel):
    """The outcome of events. Only the refused events have to be sent again."""

    accepted: int = Field(description="Kept, on disk, and in the profiles.")
    duplicates: int = Field(description="Known already, by their id.")
    ignored: int = Field(description="Of kinds that are not used.")
    robots: int = Field(description="Kept, but in no profile and not used for training.")
    without_consent: int = Field(description="Not kept: the shopper does not want to be remembered.")
    forgotten: int = Field(description="Not kept: from before the shopper was forgotten.")
    shown: int = Field(description="Searches that came with their hits, and are kept as impressions.")
    refused: list[EventNoticeModel] = Field(description="Not kept, with the reasons.")
    notes: list[EventNoticeModel] = Field(
        description="Warnings about accepted events: what was corrected, or is unusual."
    )


class ErasedAnswer(BaseModel):
    """Counts of what was erased."""

    events: int
    impressions: int
    profiles: int


class ConsentBody(BaseModel):
    """Whether a shopper agrees to be remembered."""

    model_config = ConfigDict(extra="forbid")

    given: bool


class ConsentAnswer(BaseModel):
    """Whether a shopper agreed to be remembered."""

    given: bool | None = Field(description="null: the shopper was not asked.")


class MergeBody(BaseModel):
    """The session of an account before it logged in."""

    model_config = ConfigDict(extra="forbid")

    session: str = Field(
        min_length=1,
        max_length=MAX_ID_LENGTH,
        description="The anonymous session; it does not exist afterwards.",
    )


class RecentModel(BaseModel):
    """A recent event."""

    product: str
    kind: str
    at: float = Field(description="Unix seconds.")


class BoughtModel(BaseModel):
    """Purchases of a product."""

    count: int
    first: float = Field(description="Unix seconds.")
    last: float = Field(description="Unix seconds.")
    mean_gap: float | None = Field(description="Mean seconds between purchases; null for a single purchase.")


class ProfileAnswer(BaseModel):
    """The profile of a shopper."""

    shopper: str
    events: int = Field(description="Events that it is computed from.")
    at: float = Field(description="Unix seconds of the latest.")
    recent: list[RecentModel] = Field(description="The latest 100 events, oldest first.")
    category: dict[str, float] = Field(description="Affinities, strongest first; those below 0 are dislikes.")
    brand: dict[str, float]
    price: dict[str, float] = Field(description="By band.")
    colour: dict[str, float]
    bought: dict[str, BoughtModel] = Field(description="By product.")
