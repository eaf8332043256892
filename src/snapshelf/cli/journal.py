"""``snapshelf events`` and ``snapshelf shopper``: what shoppers did, and what is known of one."""

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
    from snapshelf.events import Erased, Journal, Profile, Remark

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
    help="What shoppers did: import it, erase what is old, count.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
shopper = typer.Typer(
    name="shopper",
    help="What is known of one shopper: show, export, forget, merge, consent.",
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
    """Take events and searches into the journal, each once, so that it can be run again.

    What is wrong with a line is said and the rest goes on; the exit code is 3 then.
    """
    with reported(as_json, if_stopped="stopped; what was taken is kept, and counts once if it comes again"):
        from snapshelf.events import json_lines, tell

        with opened_journal(shelf) as journal, _lines(file) as lines, progress("lines") as told:
            receipt = tell(journal, json_lines(_counted(lines, told)))
        if as_json:
            print_json(asdict(receipt))
        else:
            _say(receipt.refused)
            _say(receipt.notes)
            counts = {name: value for name, value in asdict(receipt).items() if isinstance(value, int)}
            parts = [f"{value:,} {name.replace('_', ' ')}" for name, value in counts.items() if value]
            parts += [f"{len(receipt.refused):,} refused"] if receipt.refused else []
            typer.echo(", ".join(parts) or "nothing was told")
        if receipt.refused:
            raise typer.Exit(SOME_ROWS_REFUSED)


@events.command()
def prune(
    days: Annotated[
        int | None,
        typer.Option(
            "--days", min=1, help="Keep so many days.", show_default="keep_days of shoppers.yaml, 730"
        ),
    ] = None,
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """Erase events and impressions that are old; profiles are made anew from the rest."""
    with reported(as_json):
        import time

        from snapshelf.shelf import shopper_settings

        kept = days if days is not None else shopper_settings(shelf).keep_days
        with opened_journal(shelf) as journal:
            erased = journal.prune(time.time() - kept * _DAY)
        _print_erased(erased, as_json)


@events.command()
def stats(shelf: ShelfOption = DEFAULT_SHELF, as_json: JsonOption = False) -> None:
    """Count what is kept, and what became of everything that was told."""
    with reported(as_json):
        with opened_journal(shelf) as journal:
            found = journal.stats()
        if as_json:
            print_json(asdict(found))
            return
        counts = {"events": found.events, "impressions": found.impressions, "profiles": found.profiles}
        rows = [*counts.items(), ("robots' events", found.robots)]
        rows += [(f"told: {name.replace('_', ' ')}", times) for name, times in found.told.items()]
        print_table({"": "left", "count": "right"}, [(name, f"{count:,}") for name, count in rows])


@shopper.command()
def show(id: ShopperArgument, shelf: ShelfOption = DEFAULT_SHELF, as_json: JsonOption = False) -> None:
    """Show what is known of a shopper, in short."""
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
    """Write everything that is kept of a shopper, as lines of JSON: profile, events, what was shown."""
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
    """Erase what is kept of a shopper; the next training and the next counts leave no trace."""
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
        str, typer.Argument(metavar="ACCOUNT", help="Whose it turned out to be.", callback=_shopper_id)
    ],
    shelf: ShelfOption = DEFAULT_SHELF,
    as_json: JsonOption = False,
) -> None:
    """Give what a session did to an account."""
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
    """Take note that a shopper agrees to be remembered, or does not: then everything known is erased."""
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


def _counted(lines: IO[bytes], told: Progress) -> Iterator[bytes]:
    for number, line in enumerate(lines, 1):
        yield line
        told(number, None)


def _say(remarks: tuple["Remark", ...]) -> None:
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
    rows.append(("bought", ", ".join(f"{name} × {one.count}" for name, one in known.bought.items())))
    print_table({known.shopper: "left", "": "left"}, rows)


def _unknown(id: str) -> NotFoundError:
    return NotFoundError(f"nothing is known of a shopper {id!r}")
