"""The log of impressions and interactions, for commands that train or report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from snapshelf.cli.console import note
from snapshelf.cli.journal import opened_journal

if TYPE_CHECKING:
    from snapshelf.events import EventLog

LogOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--log",
        help="Searches and events of the shop: JSON lines of UBI, Google Retail or GA4.",
        show_default="the shelf's journal",
    ),
]

_REFUSALS_SHOWN = 10


def read_shop_log(log: Path | None, shelf: Path) -> "EventLog":
    """Read impressions and interactions of a log, by default of the journal, without forgotten shoppers."""
    from snapshelf.events import read_log

    with opened_journal(shelf) as journal:
        if log is None:
            return journal.log()
        shop_log = journal.without_forgotten(read_log(log))
    for sentence in shop_log.refused[:_REFUSALS_SHOWN]:
        note(sentence)
    if len(shop_log.refused) > _REFUSALS_SHOWN:
        note(f"{len(shop_log.refused):,} lines were refused")
    return shop_log
