"""A filter's text → conditions that every engine can evaluate."""

from __future__ import annotations

from snapshelf.errors import FilterError
from snapshelf.index import And, Between, Equals, Filter, Has, Ids, Not, OneOf, Or
from snapshelf.query.filter_fields import ATTRIBUTES, AVAILABILITIES, MOMENTS, Fields, Kind, Known
from snapshelf.query.filter_grammar import Every, Member, No, Node, Restriction, Some, Value, advice, parse
from snapshelf.query.filter_values import Reading, fits, is_date, read, read_number, read_text

MAX_FILTER_LENGTH = 10_000
"""Longest filter, in characters."""

_MAX_DEPTH = 50
_MICROSECONDS = 1e6
_BOUNDS = {"<": "below", "<=": "at_most", ">": "above", ">=": "at_least"}


def parse_filter(text: str, fields: Fields) -> Filter:
    """Parse a filter in the grammar of AIP-160 [1]_.

    Comparisons of texts by order, by wildcard or as dates become a choice among the texts that the field holds now,
    so membership is exact in every engine.

    Parameters
    ----------
    text : str
        Such as ``price < 300 AND in_stock AND (colour = "red" OR colour = "blue")``; without a condition everything
        matches. At most 10,000 characters.
    fields : Fields
        What the products hold, for example a store.

    Raises
    ------
    FilterError
        The filter is malformed, names a field that there is not, compares it with what it cannot hold, or is too
        long, too deep or too costly. It says at which character.

    References
    ----------
    .. [1] https://google.aip.dev/160
    """
    if len(text) > MAX_FILTER_LENGTH:
        raise FilterError(
            f"the filter has {len(text):,} characters",
            position=MAX_FILTER_LENGTH + 1,
            hint=f"{MAX_FILTER_LENGTH:,} are the most",
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise FilterError(
            f"the half of a character, U+{ord(text[error.start]):04X}",
            position=error.start + 1,
            hint="send the filter as UTF-8",
        ) from None
    tree = parse(text)
    return And(()) if tree is None else _Compiler(Known(fields)).whole(tree)


class _Compiler:
    """Turns the tree of one filter into conditions."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def whole(self, node: Node, depth: int = 0) -> Filter:
        """Compile a tree."""
        _check_depth(node, depth)
        match node:
            case Every(parts):
                return And(tuple(self.whole(part, depth + 1) for part in parts))
            case Some(parts):
                return Or(tuple(self.whole(part, depth + 1) for part in parts))
            case No(part):
                return Not(self.whole(part, depth + 1))
            case Restriction(member, None):
                return self._alone(member)
            case Restriction(member, comparator, arg):
                assert comparator is not None  # noqa: S101  (an argument comes with its comparator)
                assert arg is not None  # noqa: S101
                return self._spread(member, comparator, arg, depth)

    def _alone(self, member: Member) -> Filter:
        word = member.joined().text
        hint = advice(word)
        if hint is not None or any(value.quoted for value in member.values):
            raise FilterError(
                f"{word[:80]!r} stands alone",
                position=member.start + 1,
                hint=hint
                or 'say which field it is, as in brand = "Acme"; words to look for are the query\'s text',
            )
        field, kind = self._known.resolve(word, member.start)
        if kind != "truth":
            raise FilterError(
                f"{word[:80]!r} is compared with nothing",
                position=member.start + 1,
                hint=f'write {field} = "…" or {field} = ("…" OR "…"), or {field}:* for products that have one',
            )
        return Equals(field, True)

    def _spread(self, member: Member, comparator: str, arg: Node, depth: int) -> Filter:
        """Compare with a value, or with each of several joined by operators: ``brand = ("Acme" OR "Best")``."""
        _check_depth(arg, depth)
        match arg:
            case Every(parts):
                return And(tuple(self._spread(member, comparator, part, depth + 1) for part in parts))
            case Some(parts):
                return Or(tuple(self._spread(member, comparator, part, depth + 1) for part in parts))
            case No(part):
                return Not(self._spread(member, comparator, part, depth + 1))
            case Restriction(literal, None):
                return self._compared(member, comparator, literal.joined())
            case Restriction():
                raise FilterError(
                    "a comparison within the values of another",
                    position=arg.start + 1,
                    hint='within these parentheses stand values only, as in brand = ("Acme" OR "Best")',
                )

    def _compared(self, member: Member, comparator: str, value: Value) -> Filter:
        if comparator == "!=":
            return Not(self._compared(member, "=", value))
        name = member.joined().text
        if name == ATTRIBUTES and comparator == ":":
            return self._has_attribute(value)
        field, kind = self._known.resolve(name, member.start)
        if comparator == ":" and _is_anything(value):
            return And(()) if kind == "id" else Has(field)
        if comparator in _BOUNDS:
            return self._ordered(field, kind, comparator, value)
        return self._equal(field, kind, value)

    def _has_attribute(self, value: Value) -> Filter:
        if _is_anything(value):
            return Or(tuple(Has(field) for field in self._known.attributes))
        return Has(self._known.resolve(f"{ATTRIBUTES}.{value.text}", value.start)[0])

    def _equal(self, field: str, kind: Kind, value: Value) -> Filter:
        if len(value.pieces) > 1:
            return self._like(field, kind, value)
        text = value.text
        match kind:
            case "id":
                return Ids((text,))
            case "text":
                return Equals(field, text)
            case "number":
                first, last = _span(field, value)
                return Equals(field, first) if first == last else Between(field, at_least=first, at_most=last)
            case "truth":
                if text not in ("true", "false"):
                    raise _unsuitable(field, value, f"write {field} = true or {field} = false")
                return Equals(field, text == "true")
            case "availability":
                if text not in AVAILABILITIES:
                    raise _unsuitable(field, value, f"it is one of {', '.join(AVAILABILITIES)}")
                return Equals(field, text)
            case "attribute":
                number = read_number(text)
                numbers = () if number is None else (number,)
                if value.quoted:
                    return OneOf(field, (text, *numbers))
                wanted = _reading(field, value)
                if wanted.kind == "text":
                    return Equals(field, text)
                return OneOf(field, (*numbers, *self._texts_that_hold(field, "=", wanted, value)))

    def _like(self, field: str, kind: Kind, value: Value) -> Filter:
        if kind not in ("text", "attribute"):
            raise _unsuitable(
                field, value, f"it has no wildcards; write {field}:* for products that have one"
            )
        if _is_anything(value):
            return Has(field)
        texts = self._known.texts(field, value.start)
        return OneOf(field, tuple(text for text in texts if fits(value.pieces, text)))

    def _ordered(self, field: str, kind: Kind, comparator: str, value: Value) -> Filter:
        if len(value.pieces) > 1:
            raise _unsuitable(field, value, r"wildcards go with = and :, and a star itself is \* in quotes")
        match kind:
            case "number":
                first, last = _span(field, value)
                return Between(field, **{_BOUNDS[comparator]: first if comparator in ("<", ">=") else last})
            case "text":
                return OneOf(field, self._texts_that_hold(field, comparator, read_text(value.text), value))
            case "attribute":
                wanted = _reading(field, value)
                texts = OneOf(field, self._texts_that_hold(field, comparator, wanted, value))
                if wanted.kind != "number":
                    return texts
                return Or((Between(field, **{_BOUNDS[comparator]: float(wanted.first)}), texts))
            case _:
                raise _unsuitable(field, value, "it has no order; compare it with = or !=")

    def _texts_that_hold(self, field: str, comparator: str, wanted: Reading, value: Value) -> tuple[str, ...]:
        as_one = read_text if wanted.kind == "text" else read
        texts = self._known.texts(field, value.start)
        return tuple(text for text in texts if wanted.holds(comparator, as_one(text)))


def _check_depth(node: Node, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise FilterError(
            f"conditions are nested deeper than {_MAX_DEPTH} levels",
            position=node.start + 1,
            hint='write fewer parentheses, for example a choice as brand = ("Acme" OR "Best")',
        )


def _is_anything(value: Value) -> bool:
    return len(value.pieces) > 1 and not any(value.pieces)


def _span(field: str, value: Value) -> tuple[float, float]:
    """The least and the largest number that a value of a field of numbers means: a day is all its seconds."""
    number = read_number(value.text)
    if number is not None:
        return number, number
    if field not in MOMENTS:
        raise _unsuitable(field, value, f"it is compared with a plain number, as in {field} < 300")
    wanted = _reading(field, value)
    if wanted.kind != "time":
        raise _unsuitable(
            field, value, f"it is compared with a date, as in {field} >= 2026-11-01, or seconds since 1970"
        )
    return float(wanted.first) / _MICROSECONDS, float(wanted.last) / _MICROSECONDS


def _reading(field: str, value: Value) -> Reading:
    reading = read(value.text)
    if reading.kind == "text" and is_date(value.text):
        raise _unsuitable(field, value, "there is no such day or time; as a text it goes into quotes after =")
    return reading


def _unsuitable(field: str, value: Value, hint: str) -> FilterError:
    return FilterError(f"{field} cannot be {value.text[:80]!r}", position=value.start + 1, hint=hint)
