"""The shop's rules that apply to a query, ready to be followed."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field

from snapshelf.errors import FilterError, RuleError
from snapshelf.index import And, Equals, Filter, Ids, Not, OneOf, Or
from snapshelf.query import Fields, Note, parse_filter
from snapshelf.search.rules.rule import FRONT, Rule, Rules


@dataclass(frozen=True, slots=True)
class Shift:
    """What matches gets `by` more, or less if it is negative."""

    rule: str
    filter: Filter
    by: float


@dataclass(frozen=True, slots=True)
class Merchandising:
    """What the rules do to a query.

    Parameters
    ----------
    shifts : tuple of Shift
    hidden : mapping
        Name of a rule → what it hides.
    pins : mapping
        Place from 1 → (id, name of the rule).
    redirect : str or None
    notes : tuple of Note
        Rules that could not be followed.
    """

    shifts: tuple[Shift, ...] = ()
    hidden: Mapping[str, Filter] = field(default_factory=dict)
    pins: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    redirect: str | None = None
    notes: tuple[Note, ...] = ()

    @property
    def left(self) -> Filter | None:
        """What the rules do not hide; None if they hide nothing."""
        return Not(Or(tuple(self.hidden.values()))) if self.hidden else None


def merchandising(
    rules: Sequence[Rule], fields: Fields, parsed: MutableMapping[str, Filter | FilterError]
) -> Merchandising:
    """Combine the rules that apply to a query.

    Parameters
    ----------
    rules : sequence of Rule
        In the order of their file: where two want the same place, or two redirects, the earlier rule counts.
    fields : Fields
        What the products hold.
    parsed : mutable mapping
        Filters parsed before, by their text; new ones are kept in it.
    """
    shifts: list[Shift] = []
    hidden: dict[str, Filter] = {}
    pins: dict[int, tuple[str, str]] = {}
    redirect: str | None = None
    notes: list[Note] = []

    def read(rule: Rule, text: str) -> Filter | None:
        # A rule outlives what it was written for: when its field is gone, the search goes on without it.
        parsed_filter = _parsed(text, fields, parsed)
        if not isinstance(parsed_filter, FilterError):
            return parsed_filter
        notes.append(
            Note(
                "ignored-rule",
                f"the rule {rule.name!r} is not followed: {parsed_filter}",
                {"rule": rule.name},
            )
        )
        return None

    for rule in rules:
        for move, sign in ((rule.boost, 1.0), (rule.bury, -1.0)):
            if move is not None and (which := read(rule, move.where)) is not None:
                shifts.append(Shift(rule.name, which, sign * move.by))
        if isinstance(rule.hide, tuple):
            hidden[rule.name] = Ids(rule.hide)
        elif rule.hide is not None and (which := read(rule, rule.hide)) is not None:
            hidden[rule.name] = which
        pinned = {id for id, _ in pins.values()}
        for place, id in rule.pin.items():
            if id not in pinned:
                pins.setdefault(place, (id, rule.name))
        redirect = redirect or rule.redirect
    return Merchandising(tuple(shifts), hidden, pins, redirect, tuple(notes))


def conditions(*filters: Filter | None) -> frozenset[Filter]:
    """Return what has to hold for all of the filters, condition by condition; a choice of a single value is a value."""
    tests: set[Filter] = set()
    for each in filters:
        match each:
            case None:
                pass
            case And(parts):
                tests |= conditions(*parts)
            case OneOf(field, (value,)):
                tests.add(Equals(field, value))
            case _:
                tests.add(each)
    return frozenset(tests)


def is_on_page(
    rule: Rule,
    page: frozenset[Filter] | None,
    fields: Fields,
    parsed: MutableMapping[str, Filter | FilterError],
) -> bool:
    """Whether a rule applies to a page that is browsed, by its conditions; None for a search."""
    if rule.page is None:
        return True
    if page is None:
        return False
    if rule.page == FRONT:
        return not page
    where = _parsed(rule.page, fields, parsed)
    return not isinstance(where, FilterError) and conditions(where) <= page


def check_filters(rules: Rules, fields: Fields, source: str) -> None:
    """Check that the filters of all rules can be understood.

    Raises
    ------
    RuleError
        A filter is malformed, or names an unknown field.
    """
    for rule in rules:
        texts = [move.where for move in (rule.boost, rule.bury) if move is not None]
        texts += [rule.hide] if isinstance(rule.hide, str) else []
        texts += [rule.page] if rule.page not in (None, FRONT) else []
        for text in texts:
            if isinstance(error := _parsed(text, fields, {}), FilterError):
                raise RuleError(f"{source}: rule {rule.name!r}: {error}") from error


def _parsed(
    text: str, fields: Fields, parsed: MutableMapping[str, Filter | FilterError]
) -> Filter | FilterError:
    if text not in parsed:
        try:
            parsed[text] = parse_filter(text, fields)
        except FilterError as error:
            parsed[text] = error
    return parsed[text]
