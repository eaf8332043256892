"""``snapshelf events`` and ``snapshelf shopper``: events, and the data of a shopper."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from snapshelf._support.ids import id_problem
from snapshelf.cli.add import SOME_ROWS_REFUSED
from snapshelf.cli.console import Progress, note, print_json, print_table, progress, reported
from snapshelf.cli.options import DEFAULT_SHELF, JsonOption, ShelfOption
from snapshelf.errors import InputError, NotFoundError, StorageError

if TYPE_CHECKING:
    from snapshelf.events import Erased, EventNotice, Journal, Profile

_REMARKS_SHOWN = 10
_VALUES_SHOWN = 5
_DAY = 86_400.0


def _shopper_id(id: str) -> str:
    if (problem := id_problem("shopper", id)) is not None:
        raise typer.BadParameter(problem)
    return id


ShopperArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="ID", help="An account or a session.", callback=_shopper_id)
]

events = typer.Typer(
    name="events",
    help="Events of shoppers: import, prune, count.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
shopper = typer.Typer(
    name="shopper",
    help="Data of a shopper: show, export, forget, merge, consent.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(events)
    app.add_typer(shopper)


@events.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="JSON lines of UBI, Google Retail or GA4; - reads standard input."
        ),
    ],
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """Import events and searches into the journal, each once, so that it can be run again.

    A wrong line is reported and the rest is imported; the exit code is 3 then.
    """
    with reported(as_json, if_stopped="stopped; imported events are kept, and count once if they come again"):
        from snapshelf.events import ingest_events, json_lines

        with opened_journal(shelf) as journal, _lines(file) as lines, progress("lines") as report_progress:
            receipt = ingest_events(journal, json_lines(_counted(lines, report_progress)))
        if as_json:
            print_json(asdict(receipt))
        else:
            _say(receipt.refused)
            _say(receipt.notes)
            counts = {name: value for name, value in asdict(receipt).items() if isinstance(value, int)}
            parts = [f"{value:,} {name.replace('_', ' ')}" for name, value in counts.items() if value]
            parts += [f"{len(receipt.refused):,} refused"] if receipt.refused else []
            typer.echo(", ".join(parts) or "no events")
        if receipt.refused:
            raise typer.Exit(SOME_ROWS_REFUSED)


@events.command()
def prune(
    days: Annotated[
        int | None,
        typer.Option(
            "--days", min=1, help="Number of days to keep.", show_default="keep_days of shoppers.yaml, 730"
        ),
    ] = None,
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """Erase old events and impressions; profiles are computed again from the rest."""
    with reported(as_json):
        import time

        from snapshelf.shelf import shopper_settings

        kept = days if days is not None else shopper_settings(shelf).keep_days
        with opened_journal(shelf) as journal:
            erased = journal.prune(time.time() - kept * _DAY)
        _print_erased(erased, as_json)


@events.command()
def stats(shelf: ShelfOption = DEFAULT_SHELF, as_json: JsonOption = False) -> None:
    """Count the stored events, and the outcomes of all events that came."""
    with reported(as_json):
        with opened_journal(shelf) as journal:
            stats = journal.stats()
        if as_json:
            print_json(asdict(stats))
            return
        counts = {"events": stats.events, "impressions": stats.impressions, "profiles": stats.profiles}
        rows = [*counts.items(), ("robots' events", stats.robots)]
        rows += [(f"received: {name.replace('_', ' ')}", times) for name, times in stats.received.items()]
        print_table({"": "left", "count": "right"}, [(name, f"{count:,}") for name, count in rows])


@shopper.command()
def show(id: ShopperArgument, shelf: ShelfOption = DEFAULT_SHELF, as_json: JsonOption = False) -> None:
    """Show the profile of a shopper."""
    with reported(as_json):
        with opened_journal(shelf) as journal:
            known = journal.profile(id)
        if not known:
            raise _unknown(id)
        print_json(known.to_json()) if as_json else _print_profile(known)


@shopper.command()
def export(
    id: ShopperArgument,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write.", show_default="standard output")
    ] = None,
    shelf: ShelfOption = DEFAULT_SHELF,
) -> None:
    """Write all data of a shopper as lines of JSON: profile, events, impressions."""
    with reported(as_json=False), opened_journal(shelf) as journal:
        lines = [json.dumps(line, ensure_ascii=False) for line in journal.export(id)]
        if not lines:
            raise _unknown(id)
        if out is None:
            typer.echo("\n".join(lines))
            return
        try:
            out.write_text("\n".join(lines) + "\n", "utf-8")
        except OSError as error:
            raise StorageError(f"{out}: cannot be written: {error.strerror}") from error
        note(f"{len(lines):,} lines are in {out}")


@shopper.command()
def forget(id: ShopperArgument, shelf: ShelfOption = DEFAULT_SHELF, as_json: JsonOption = False) -> None:
    """Erase the data of a shopper; later training and counts do not use it."""
    with reported(as_json):
        with opened_journal(shelf) as journal:
            erased = journal.forget(id)
        _print_erased(erased, as_json)


@shopper.command()
def merge(
    session: Annotated[
        str, typer.Argument(metavar="SESSION", help="The anonymous session.", callback=_shopper_id)
    ],
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="The account that logged in.", callback=_shopper_id)
    ],
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """Move the events of a session to an account."""
    with reported(as_json):
        with opened_journal(shelf) as journal:
            known = journal.merge(session, account)
        print_json(known.to_json()) if as_json else _print_profile(known)


@shopper.command()
def consent(
    id: ShopperArgument,
    answer: Annotated[Literal["yes", "no"], typer.Argument(help="Whether to be remembered.")],
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """Record that a shopper agrees to be remembered, or does not: then all data is erased."""
    with reported(as_json):
        with opened_journal(shelf) as journal:
            erased = journal.consent(id, answer == "yes")
        _print_erased(erased, as_json)


@contextmanager
def opened_journal(shelf: Path) -> Iterator["Journal"]:
    """Open the journal of a shelf, which may be open elsewhere."""
    from snapshelf.shelf import open_catalogue, open_journal

    with open_catalogue(shelf) as catalogue, open_journal(shelf, catalogue) as journal:
        yield journal


@contextmanager
def _lines(file: Path) -> Iterator[IO[bytes]]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        with file.open("rb") as lines:
            yield lines
    except OSError as error:
        raise InputError(f"{file}: the events cannot be read ({error.strerror})") from None


def _counted(lines: IO[bytes], report_progress: Progress) -> Iterator[bytes]:
    for number, line in enumerate(lines, 1):
        yield line
        report_progress(number, None)


def _say(remarks: tuple["EventNotice", ...]) -> None:
    for remark in remarks[:_REMARKS_SHOWN]:
        note(f"line {remark.line}: {remark.text}")
    if len(remarks) > _REMARKS_SHOWN:
        note(f"… and {len(remarks) - _REMARKS_SHOWN:,} more; --json prints them all")


def _print_erased(erased: "Erased", as_json: bool) -> None:
    if as_json:
        print_json(asdict(erased))
    else:
        typer.echo(
            f"erased {erased.events:,} events, {erased.impressions:,} impressions, {erased.profiles:,} profiles"
        )


def _print_profile(known: "Profile") -> None:
    rows = [("events", f"{known.events:,}")]
    for name in ("category", "brand", "price", "colour"):
        best = list(getattr(known, name).items())[:_VALUES_SHOWN]
        rows.append((name, ", ".join(f"{value} {much:.1f}" for value, much in best)))
    latest = known.recent[: -_VALUES_SHOWN - 1 : -1]
    rows.append(("latest", ", ".join(f"{event.kind} {event.product}" for event in latest)))
    rows.append(
        ("bought", ", ".join(f"{product} × {purchases.count}" for product, purchases in known.bought.items()))
    )
    print_table({known.shopper: "left", "": "left"}, rows)


def _unknown(id: str) -> NotFoundError:
    return NotFoundError(f"nothing is known of a shopper {id!r}")
