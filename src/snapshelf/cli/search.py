"""``snapshelf search``, ``similar``, ``why-not`` and ``suggest``."""

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, Unpack

import typer

from snapshelf.cli.console import note, print_json, print_table, reported
from snapshelf.cli.hits import print_hits, print_why_not
from snapshelf.cli.options import DEFAULT_SHELF, DatabaseOption, JsonOption, KOption, ShelfOption, WhereOption
from snapshelf.cli.request_command import add_request_command

if TYPE_CHECKING:
    from snapshelf.search import SearchOptions, SearchRequest

WordsArgument: TypeAlias = Annotated[
    list[str] | None, typer.Argument(metavar="WORDS", help="Chinese or English words; the same as --text.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    add_request_command(app, search, _search_request)
    app.command()(similar)
    add_request_command(app, why_not, _search_request)
    app.command()(suggest)


def _search_request() -> "type[SearchRequest]":
    from snapshelf.search import SearchRequest

    return SearchRequest


def search(
    words: WordsArgument = None,
    shelf: ShelfOption = DEFAULT_SHELF,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    **options: "Unpack[SearchOptions]",
) -> None:
    """Search by photos, by words, by liked products, or by several of these at once.

    With photo and words, the words change what the photo asks for: a photo of a red dress with "green" gives green
    dresses like it. Without any of these the shop is browsed: all that matches --where and --choose, what sells first.
    """
    from snapshelf.shelf import Shelf

    _add_words(options, words)
    with Shelf.open(shelf, database=database, create=False) as opened:
        response = opened.search(**options)
    print_json(response.to_json()) if as_json else print_hits(response, explain=options.get("explain", False))


def _add_words(options: "SearchOptions", words: list[str] | None) -> None:
    if not words:
        return
    if "text" in options:
        raise typer.BadParameter("give the words either as they are or with --text", param_hint="WORDS")
    options["text"] = " ".join(words)


def similar(
    product_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a product of the shelf.")],
    where: WhereOption = None,
    k: KOption = 10,
    shelf: ShelfOption = DEFAULT_SHELF,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search for products that look like a product of the shelf."""
    with reported(as_json):
        from snapshelf.shelf import Shelf

        with Shelf.open(shelf, database=database, create=False) as opened:
            response = opened.similar(product_id, k=k, where=where)
        print_json(response.to_json()) if as_json else print_hits(response)


def why_not(
    product_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the product to explain.")],
    words: WordsArgument = None,
    shelf: ShelfOption = DEFAULT_SHELF,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    **options: "Unpack[SearchOptions]",
) -> None:
    """Explain why a product is not among the hits of a search, or at which rank it is."""
    from snapshelf.shelf import Shelf

    _add_words(options, words)
    with Shelf.open(shelf, database=database, create=False) as opened:
        reason = opened.why_not(product_id, **options)
    print_json(reason.to_json()) if as_json else print_why_not(reason)


def suggest(
    prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="What was typed so far.")],
    k: Annotated[int, typer.Option("--k", "-k", help="How many to show.")] = 8,
    language: Annotated[
        Literal["en", "zh"] | None, typer.Option("--language", help="Prefer this language.")
    ] = None,
    shelf: ShelfOption = DEFAULT_SHELF,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Complete what is being typed, from titles, brands, categories, the lexicon and earlier searches."""
    with reported(as_json):
        from snapshelf.shelf import Shelf

        with Shelf.open(shelf, database=database, create=False) as opened:
            suggestions = opened.suggest(prefix, k, language=language)
        if as_json:
            print_json(
                [
                    {"text": suggestion.text, "kind": suggestion.kind, "language": suggestion.language}
                    for suggestion in suggestions
                ]
            )
            return
        print_table(
            {"text": "left", "kind": "left"},
            [(suggestion.text, suggestion.kind) for suggestion in suggestions],
        )
        if not suggestions:
            note("no completion on this shelf")
