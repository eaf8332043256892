"""``snapshelf recommend``."""

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from snapshelf.cli.console import Side, note, print_json, print_table, reported
from snapshelf.cli.hits import price
from snapshelf.cli.options import (
    DEFAULT_SHELF,
    DatabaseOption,
    JsonOption,
    KOption,
    PersonalOption,
    ShelfOption,
    ShopperOption,
    WhereOption,
)

if TYPE_CHECKING:
    from snapshelf.recommend import RecommendationKind, RecommendationResponse


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(recommend)


def recommend(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="for-you, similar, viewed-together, bought-together, complete-the-look, post-cart, trending, "
            "recently-seen or buy-again.",
        ),
    ] = "for-you",
    shopper: ShopperOption = None,
    product: Annotated[
        str | None,
        typer.Option(
            "--product", metavar="ID", help="The product at hand; similar and viewed-together need it."
        ),
    ] = None,
    cart: Annotated[
        list[str] | None,
        typer.Option(
            "--cart",
            metavar="ID",
            help="A product in the cart. May be repeated.",
            show_default="what the journal knows of the shopper's",
        ),
    ] = None,
    k: KOption = 10,
    where: WhereOption = None,
    personal: PersonalOption = True,
    shelf: ShelfOption = DEFAULT_SHELF,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose products for a place of the shop where nothing was asked for.

    A shopper of whom nothing is known gets what everybody likes. What is not in stock is left out.
    """
    with reported(as_json):
        from snapshelf.shelf import Shelf

        with Shelf.open(shelf, database=database, create=False) as opened:
            found = opened.recommend(
                cast("RecommendationKind", kind),  # the shelf says which there are
                shopper=shopper,
                product=product,
                cart=cart,
                k=k,
                where=where,
                personal=personal,
            )
        print_json(_json(found)) if as_json else _print(found)


def _json(found: "RecommendationResponse") -> dict[str, Any]:
    """Give recommendations as plain values, as the HTTP API answers them."""
    return {
        "kind": found.kind,
        "query_id": found.query_id,
        "personal": found.personal,
        "products": [
            {
                "rank": rank,
                "id": one.product.id,
                "score": one.score,
                "contributions": dict(one.contributions),
                "reason": {
                    "kind": one.reason.kind,
                    "en": one.reason.en,
                    "zh": one.reason.zh,
                    "product": one.reason.product,
                },
                "propensity": one.propensity,
                "product": one.product.model_dump(mode="json"),
            }
            for rank, one in enumerate(found, start=1)
        ],
    }


def _print(found: "RecommendationResponse") -> None:
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
            str(rank),
            f"{one.score:.3f}",
            one.product.id,
            one.product.title,
            price(one.product),
            f"{one.reason.en} · {one.reason.zh}",
        )
        for rank, one in enumerate(found, start=1)
    ]
    print_table(columns, rows)
    note("for this shopper" if found.personal else "for everybody: nothing is known of the shopper")
