"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

DEFAULT_SHELF = Path("shelf")

ShelfOption: TypeAlias = Annotated[
    Path,
    typer.Option("--shelf", "-s", envvar="SNAPSHELF_SHELF", help="Folder of the shelf.", show_default=True),
]
DatabaseOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        envvar="SNAPSHELF_DATABASE",
        help="PostgreSQL database for the catalogue: postgresql://user@host/name. The shelf remembers it.",
        show_default="the shelf's; a file in its folder for a new one",
    ),
]
ProviderOption: TypeAlias = Annotated[
    Literal["auto", "cpu", "openvino", "cuda"] | None,
    typer.Option(
        "--provider",
        envvar="SNAPSHELF_PROVIDER",
        help="Where encoders compute; auto takes CUDA, else OpenVINO, else the CPU.",
        show_default="auto",
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
ModeOption: TypeAlias = Annotated[
    Literal["full", "photo-vectors"],
    typer.Option("--mode", help="The whole search, or cosine with the photos alone as benchmarks do."),
]
KOption: TypeAlias = Annotated[int, typer.Option("--k", "-k", help="How many hits to show, 1 to 1,000.")]
WhereOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--where",
        "-w",
        metavar="FILTER",
        help="Only products that match, such as 'price < 300 AND in_stock'.",
    ),
]
QueryPhotosOption: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option("--photo", "-p", help="A photo of what is looked for. May be repeated."),
]
TextOption: TypeAlias = Annotated[str | None, typer.Option("--text", "-t", help="Words, Chinese or English.")]
WithoutOption: TypeAlias = Annotated[
    str | None, typer.Option("--without", metavar="WORDS", help="Words to move away from.")
]
LikedOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--liked", metavar="ID", help="A product to find the like of. May be repeated."),
]
DislikedOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--disliked", metavar="ID", help="A product to keep away from. May be repeated."),
]
ChooseOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--choose",
        metavar="FIELD=VALUE",
        help="A facet value, or a range as in price=50..300. May be repeated: values of one field are "
        "alternatives.",
    ),
]
DropOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--drop", metavar="FILTER", help="A fact read from the words that is not meant. May be repeated."
    ),
]
UnderstandOption: TypeAlias = Annotated[
    bool, typer.Option("--understand/--no-understand", help="Read facts from the words, and correct them.")
]
CollapseOption: TypeAlias = Annotated[
    bool,
    typer.Option("--collapse/--no-collapse", help="Show one variant of each product, one of each look."),
]
RulesOption: TypeAlias = Annotated[bool, typer.Option("--rules/--no-rules", help="Apply the shop's rules.")]
SortOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--sort",
        metavar="FIELD",
        help="newest, rating, price or any field of numbers; -price begins with the largest.",
        show_default="relevance",
    ),
]
HostOption: TypeAlias = Annotated[
    str, typer.Option("--host", help="Address to listen at; 0.0.0.0 lets other machines in.")
]
PortOption: TypeAlias = Annotated[
    int, typer.Option("--port", min=0, max=65_535, help="Port; 0 takes a free one.")
]
PhotosOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--photos",
        help="Folder or tar that the feed's image paths are relative to.",
        show_default="the feed's folder",
    ),
]
AllowHttpOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--allow-http", help="Fetch images that are http(s) addresses. Private addresses stay forbidden."
    ),
]
MapOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FIELD=COLUMN,…",
        help="Columns whose names cannot be guessed, for example "
        "title=productDisplayName,category=masterCategory/subCategory. May be repeated.",
    ),
]
ShopperOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--shopper", metavar="NAME", help="Who searches: what they did orders what fits."),
]
PersonalOption: TypeAlias = Annotated[
    bool, typer.Option("--personal/--no-personal", help="Let what is known of the shopper count.")
]
