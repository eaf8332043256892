"""Where commands that learn from shoppers, or report of them, read what was shown and done."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from snapshelf.cli.console import note
from snapshelf.cli.journal import opened_journal

if TYPE_CHECKING:
    from snapshelf.events import ShopLog

LogOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--log",
        help="Searches and events of the shop: JSON lines of UBI, Google Retail or GA4.",
        show_default="the shelf's journal",
    ),
]

_REFUSALS_SHOWN = 10


def told_of(log: Path | None, shelf: Path) -> "ShopLog":
    """Read what there is to learn from; who was forgotten has no part in it."""
    from snapshelf.events import read_log

    with opened_journal(shelf) as journal:
        if log is None:
            return journal.log()
        told = journal.without_forgotten(read_log(log))
    for sentence in told.refused[:_REFUSALS_SHOWN]:
        note(sentence)
    if len(told.refused) > _REFUSALS_SHOWN:
        note(f"{len(told.refused):,} lines were refused")
    return told
