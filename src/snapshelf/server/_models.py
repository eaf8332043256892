"""Bodies of requests and answers, as the OpenAPI page shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from snapshelf.catalogue import Product
from snapshelf.shelf import MAX_K

WHERE = "Only products that match this filter (AIP-160), such as `price < 300 AND in_stock`."


class SearchFields(BaseModel):
    """What every form of a search request can say beside its photo."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str | None, Field(description="Chinese or English words.")] = None
    k: Annotated[int, Field(ge=1, le=MAX_K, description="How many hits to answer.")] = 10
    where: Annotated[str | None, Field(description=WHERE)] = None


class SearchBody(SearchFields):
    """A search as JSON: a photo, words or both."""

    photo: Annotated[str | None, Field(description="The photo in base64, or as a data: URL.")] = None
    photo_url: Annotated[
        str | None, Field(description="Where the photo is; only when the server may fetch addresses.")
    ] = None


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

    rank: int = Field(description="1 for the best.")
    score: float = Field(description="Sum of the contributions.")
    contributions: dict[str, float] = Field(
        description="What the photo, the meaning of the text and its words add to the score.",
        examples=[{"photo": 0.61, "text": 0.12, "words": 0.08}],
    )
    why: str = Field(description="The contributions in a sentence.")
    product: Product
    photo: str = Field(description="Path of the product's photo.", examples=["/v1/products/D-17/photo"])


class SearchAnswer(BaseModel):
    """Hits, best first."""

    query_id: str = Field(description="Name of this search, to report clicks under later.")
    hits: list[HitModel]
    timings_ms: dict[str, float] = Field(
        description="Milliseconds by stage.",
        examples=[{"decode": 2.1, "encode": 9.8, "recall": 4.0, "rank": 0.7}],
    )


class WriteAnswer(BaseModel):
    """What became of a product that was put."""

    id: str
    status: Literal["created", "updated", "unchanged"]


class ImportLine(BaseModel):
    """What became of one line of an import."""

    line: int = Field(description="Number of the input line, from 1.")
    id: str | None = Field(description="The product's id, where the line could be read that far.")
    status: Literal["created", "updated", "unchanged", "error"]
    error: str | None = Field(default=None, description="What is wrong and what to do.")


class StatsAnswer(BaseModel):
    """The shelf in numbers."""

    products: int
    photos: int
    encoder: str = Field(description="Name of the encoder that made the vectors.")
    fingerprint: str = Field(description="Hash of everything that decides the vectors.")
    dimension: int = Field(description="Length of the vectors.")
    catalogue_version: int = Field(description="Goes up with every change of the catalogue.")
    store_version: int = Field(description="Catalogue version that the engine has caught up with.")
    bytes: int = Field(description="Size of the shelf on disk.")


class ExampleModel(BaseModel):
    """A query to try."""

    label_en: str
    label_zh: str
    text: str | None
    photo: str | None = Field(description="Path of the query photo.")


class StatusAnswer(BaseModel):
    """How the server is."""

    status: Literal["alive", "ready"]
