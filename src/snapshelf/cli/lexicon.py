"""``snapshelf lexicon``: the lexicon of texts and queries."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snapshelf.cli.console import note, print_json, print_table, reported
from snapshelf.cli.options import DEFAULT_SHELF, JsonOption, ShelfOption

if TYPE_CHECKING:
    from snapshelf.language import Concept, Lexicon

lexicon = typer.Typer(
    name="lexicon",
    help="Check a shop's own lexicon, and look up what words are understood as.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(lexicon)


@lexicon.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A lexicon, as in lexicon.yaml.")],
    as_json: JsonOption = False,
) -> None:
    """Check whether a lexicon is consistent, alone and laid over the bundled lexicon."""
    with reported(as_json):
        from snapshelf.language import Lexicon

        own = Lexicon.load(file)
        whole = own.overlay(Lexicon.bundled())
        counts = {"own": len(own.concepts()), "together": len(whole.concepts())}
        if as_json:
            print_json(counts)
        else:
            typer.echo(f"{counts['own']} concepts of its own, {counts['together']} together")


@lexicon.command()
def find(
    words: Annotated[str, typer.Argument(metavar="WORDS", help="A text as a shopper or a feed has it.")],
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """List the concepts that a text names, with their names in both languages and what they are kinds of.

    Uses the lexicon of the shelf, or the bundled lexicon where there is no shelf.
    """
    with reported(as_json):
        from snapshelf.language import normalise
        from snapshelf.shelf import shop_lexicon

        known, text = shop_lexicon(shelf), normalise(words)
        matches = [(text[match.start : match.end], match.concept) for match in known.find(words)]
        if as_json:
            print_json([{"words": named, **_plain(concept, known)} for named, concept in matches])
            return
        print_table(
            dict.fromkeys(("words", "concept", "English", "Chinese", "kind of"), "left"),
            [
                (
                    named,
                    concept.id,
                    ", ".join(concept.names.get("en", ())),
                    ", ".join(concept.names.get("zh", ())),
                    ", ".join(ancestor.id for ancestor in known.ancestors(concept)),
                )
                for named, concept in matches
            ],
        )
        if not matches:
            note("no concept of the lexicon is named here")


def _plain(concept: "Concept", known: "Lexicon") -> dict[str, Any]:
    return {
        "id": concept.id,
        "kind": concept.kind,
        "names": {language: list(names) for language, names in concept.names.items()},
        "kind_of": [ancestor.id for ancestor in known.ancestors(concept)],
    }
