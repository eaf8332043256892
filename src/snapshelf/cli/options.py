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
        show_default="the shelf's; a file in its folder for a new shelf",
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
HostOption: TypeAlias = Annotated[
    str, typer.Option("--host", help="Address to listen at; 0.0.0.0 lets other machines in.")
]
PortOption: TypeAlias = Annotated[
    int, typer.Option("--port", min=0, max=65_535, help="Port; 0 takes a free port.")
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
