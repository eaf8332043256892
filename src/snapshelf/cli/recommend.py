"""``snapshelf recommend``."""

from typing import TYPE_CHECKING, Unpack

import typer

from snapshelf.cli.console import Side, note, print_json, print_table
from snapshelf.cli.hits import price
from snapshelf.cli.options import DEFAULT_SHELF, DatabaseOption, JsonOption, ShelfOption
from snapshelf.cli.request_command import add_request_command

if TYPE_CHECKING:
    from snapshelf.recommend import (
        RecommendationOptions,
        RecommendationRequest,
        RecommendationResponse,
    )


def register(app: typer.Typer) -> None:
    """Add the command."""
    add_request_command(app, recommend, _recommendation_request)


def _recommendation_request() -> "type[RecommendationRequest]":
    from snapshelf.recommend import RecommendationRequest

    return RecommendationRequest


def recommend(
    shelf: ShelfOption = DEFAULT_SHELF,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    **options: "Unpack[RecommendationOptions]",
) -> None:
    """Recommend products for a place of the shop where nothing was searched for.

    A shopper without a history gets what all shoppers like. Sold-out products are left out.
    """
    from snapshelf.shelf import Shelf

    with Shelf.open(shelf, database=database, create=False) as opened:
        response = opened.recommend(**options)
    print_json(response.to_json()) if as_json else _print(response)


def _print(response: "RecommendationResponse") -> None:
    columns: dict[str, Side] = {
        "#": "right",
        "score": "right",
        "id": "left",
        "title": "left",
        "price": "right",
        "why": "left",
    }
    rows = [
        (
            str(recommendation.rank),
            f"{recommendation.score:.3f}",
            recommendation.product.id,
            recommendation.product.title,
            price(recommendation.product),
            f"{recommendation.reason.en} · {recommendation.reason.zh}",
        )
        for recommendation in response
    ]
    print_table(columns, rows)
    note("for this shopper" if response.personal else "for everybody: nothing is known of the shopper")
