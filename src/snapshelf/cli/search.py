"""``snapshelf search``, ``similar``, ``why-not`` and ``suggest``."""

from dataclasses import asdict
from typing import Annotated, Literal

import typer

from snapshelf.cli.console import note, print_json, print_table, reported
from snapshelf.cli.hits import print_hits, print_why_not, result_json
from snapshelf.cli.options import (
    DEFAULT_SHELF,
    ChooseOption,
    CollapseOption,
    DislikedOption,
    DropOption,
    JsonOption,
    KOption,
    LikedOption,
    ModeOption,
    PersonalOption,
    QueryPhotosOption,
    RulesOption,
    ShelfOption,
    ShopperOption,
    SortOption,
    TextOption,
    UnderstandOption,
    WhereOption,
    WithoutOption,
)
from snapshelf.cli.query import chosen, facet_requests


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(search)
    app.command()(similar)
    app.command("why-not")(why_not)
    app.command()(suggest)


def search(
    photo: QueryPhotosOption = None,
    text: TextOption = None,
    without: WithoutOption = None,
    liked: LikedOption = None,
    disliked: DislikedOption = None,
    where: WhereOption = None,
    choose: ChooseOption = None,
    sort: SortOption = None,
    facet: Annotated[
        list[str] | None,
        typer.Option(
            "--facet",
            metavar="FIELD[:N]",
            help="Count the values of a field, N of them or in N bars. May be repeated.",
        ),
    ] = None,
    k: KOption = 10,
    page_token: Annotated[
        str | None, typer.Option("--page-token", metavar="TOKEN", help="The page after an earlier one.")
    ] = None,
    diversity: Annotated[
        float, typer.Option("--diversity", help="0 orders by score alone, towards 1 by difference too.")
    ] = 0.0,
    collapse: CollapseOption = True,
    understand: UnderstandOption = True,
    drop: DropOption = None,
    rules: RulesOption = True,
    related: Annotated[int, typer.Option("--related", help="Further searches to propose, at most.")] = 0,
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell with each hit which words, facts and rules made it so.")
    ] = False,
    mode: ModeOption = "full",
    shopper: ShopperOption = None,
    personal: PersonalOption = True,
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """Find products by photos, by words, by liked products, or by several of these at once.

    With photo and words, the words change what the photo asks for: a photo of a red dress with "green" finds
    green dresses like it.
    """
    with reported(as_json):
        from snapshelf.shelf import Shelf

        choices, facets = chosen(choose), facet_requests(facet)
        with Shelf.open(shelf, create=False) as opened:
            result = opened.search(
                photos=photo or (),
                text=text,
                without=without,
                liked=liked or (),
                disliked=disliked or (),
                k=k,
                where=where,
                mode=mode,
                sort=sort,
                facets=facets,
                facet_filters=choices,
                page_token=page_token,
                diversity=diversity,
                collapse=collapse,
                understand=understand,
                dismissed=drop or (),
                rules=rules,
                related=related,
                explain=explain,
                shopper=shopper,
                personal=personal,
            )
        print_json(result_json(result)) if as_json else print_hits(result, explain=explain)


def similar(
    product_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a product of the shelf.")],
    where: WhereOption = None,
    k: KOption = 10,
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """Find products that look like one of the shelf's."""
    with reported(as_json):
        from snapshelf.shelf import Shelf

        with Shelf.open(shelf, create=False) as opened:
            result = opened.similar(product_id, k=k, where=where)
        print_json(result_json(result)) if as_json else print_hits(result)


def why_not(
    product_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the product to explain.")],
    photo: QueryPhotosOption = None,
    text: TextOption = None,
    without: WithoutOption = None,
    liked: LikedOption = None,
    disliked: DislikedOption = None,
    where: WhereOption = None,
    choose: ChooseOption = None,
    sort: SortOption = None,
    k: KOption = 10,
    collapse: CollapseOption = True,
    understand: UnderstandOption = True,
    drop: DropOption = None,
    rules: RulesOption = True,
    shopper: ShopperOption = None,
    personal: PersonalOption = True,
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """Say why a product is not among the hits of a search, or at which place it is."""
    with reported(as_json):
        from snapshelf.shelf import Shelf

        choices = chosen(choose)
        with Shelf.open(shelf, create=False) as opened:
            answer = opened.why_not(
                product_id,
                photos=photo or (),
                text=text,
                without=without,
                liked=liked or (),
                disliked=disliked or (),
                k=k,
                where=where,
                sort=sort,
                facet_filters=choices,
                collapse=collapse,
                understand=understand,
                dismissed=drop or (),
                rules=rules,
                shopper=shopper,
                personal=personal,
            )
        print_json(asdict(answer)) if as_json else print_why_not(answer)


def suggest(
    prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="What was typed so far.")],
    k: Annotated[int, typer.Option("--k", "-k", help="How many to show.")] = 8,
    language: Annotated[
        Literal["en", "zh"] | None, typer.Option("--language", help="Prefer this language.")
    ] = None,
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """Complete what is being typed, from titles, brands, categories, the lexicon and earlier searches."""
    with reported(as_json):
        from snapshelf.shelf import Shelf

        with Shelf.open(shelf, create=False) as opened:
            found = opened.suggest(prefix, k, language=language)
        if as_json:
            print_json([{"text": one.text, "kind": one.kind, "language": one.language} for one in found])
            return
        print_table({"text": "left", "kind": "left"}, [(one.text, one.kind) for one in found])
        if not found:
            note("nothing on this shelf begins so")
