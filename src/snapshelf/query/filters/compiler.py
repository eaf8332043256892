"""Compile the text of a filter to conditions that every search index evaluates."""

from __future__ import annotations

from snapshelf.errors import FilterError
from snapshelf.index import And, Between, Equals, Filter, Has, Ids, Not, OneOf, Or
from snapshelf.query.filters.fields import (
    ATTRIBUTES,
    AVAILABILITY_VALUES,
    TIMESTAMP_FIELDS,
    FieldKind,
    FieldResolver,
    Fields,
)
from snapshelf.query.filters.grammar import (
    AndNode,
    Member,
    Node,
    NotNode,
    OrNode,
    Restriction,
    Value,
    advice,
    parse,
)
from snapshelf.query.filters.values import (
    TypedValue,
    looks_like_timestamp,
    matches_wildcard,
    parse_number,
    parse_value,
    text_value,
)

MAX_FILTER_LENGTH = 10_000
"""Maximum length of a filter, in characters."""

_MAX_DEPTH = 50
_MICROSECONDS = 1e6
_BOUNDS = {"<": "below", "<=": "at_most", ">": "above", ">=": "at_least"}


def parse_filter(text: str, fields: Fields) -> Filter:
    """Parse a filter in the grammar of AIP-160 [1]_.

    Comparisons of texts by order, by wildcard or as dates become alternatives among the texts that the field holds
    now, so every index returns exactly the same products.

    Parameters
    ----------
    text : str
        For example ``price < 300 AND in_stock AND (colour = "red" OR colour = "blue")``. An empty filter matches
        every product. At most 10,000 characters.
    fields : Fields
        The fields of the products, for example a search index.

    Raises
    ------
    FilterError
        The filter is malformed, names an unknown field, compares a field with an unsuitable value, or is too long,
        too deep or too costly. The error names the position of the character.

    References
    ----------
    .. [1] https://google.aip.dev/160
    """
    if len(text) > MAX_FILTER_LENGTH:
        raise FilterError(
            f"the filter has {len(text):,} characters",
            position=MAX_FILTER_LENGTH + 1,
            hint=f"the maximum is {MAX_FILTER_LENGTH:,}",
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise FilterError(
            f"the filter holds half a character, U+{ord(text[error.start]):04X}",
            position=error.start + 1,
            hint="send the filter as UTF-8",
        ) from None
    tree = parse(text)
    return And(()) if tree is None else _Compiler(FieldResolver(fields)).compile(tree)


class _Compiler:
    """Compiles the syntax tree of a filter."""

    def __init__(self, fields: FieldResolver) -> None:
        self._fields = fields

    def compile(self, node: Node, depth: int = 0) -> Filter:
        """Compile a syntax tree."""
        _check_depth(node, depth)
        match node:
            case AndNode(parts):
                return And(tuple(self.compile(part, depth + 1) for part in parts))
            case OrNode(parts):
                return Or(tuple(self.compile(part, depth + 1) for part in parts))
            case NotNode(part):
                return Not(self.compile(part, depth + 1))
            case Restriction(member, None):
                return self._bare_member(member)
            case Restriction(member, comparator, arg):
                assert comparator is not None  # noqa: S101  (the grammar gives an argument only with a comparator)
                assert arg is not None  # noqa: S101
                return self._compare_each(member, comparator, arg, depth)

    def _bare_member(self, member: Member) -> Filter:
        word = member.joined().text
        hint = advice(word)
        if hint is not None or any(value.quoted for value in member.values):
            raise FilterError(
                f"{word[:80]!r} has no field",
                position=member.start + 1,
                hint=hint
                or 'name the field, as in brand = "Acme"; put words to search for in the text of the query',
            )
        field, kind = self._fields.resolve(word, member.start)
        if kind != "truth":
            raise FilterError(
                f"{word[:80]!r} has no comparison",
                position=member.start + 1,
                hint=f'write {field} = "…", {field} = ("…" OR "…"), or {field}:* for products that have a value',
            )
        return Equals(field, True)

    def _compare_each(self, member: Member, comparator: str, arg: Node, depth: int) -> Filter:
        """Compare with a value, or with each value of an expression such as ``brand = ("Acme" OR "Best")``."""
        _check_depth(arg, depth)
        match arg:
            case AndNode(parts):
                return And(tuple(self._compare_each(member, comparator, part, depth + 1) for part in parts))
            case OrNode(parts):
                return Or(tuple(self._compare_each(member, comparator, part, depth + 1) for part in parts))
            case NotNode(part):
                return Not(self._compare_each(member, comparator, part, depth + 1))
            case Restriction(literal, None):
                return self._compare(member, comparator, literal.joined())
            case Restriction():
                raise FilterError(
                    "a comparison stands among the values of another comparison",
                    position=arg.start + 1,
                    hint='put only values in these parentheses, as in brand = ("Acme" OR "Best")',
                )

    def _compare(self, member: Member, comparator: str, value: Value) -> Filter:
        if comparator == "!=":
            return Not(self._compare(member, "=", value))
        name = member.joined().text
        if name == ATTRIBUTES and comparator == ":":
            return self._has_attribute(value)
        field, kind = self._fields.resolve(name, member.start)
        if comparator == ":" and _is_lone_wildcard(value):
            return And(()) if kind == "id" else Has(field)
        if comparator in _BOUNDS:
            return self._compare_order(field, kind, comparator, value)
        return self._compare_equal(field, kind, value)

    def _has_attribute(self, value: Value) -> Filter:
        if _is_lone_wildcard(value):
            return Or(tuple(Has(field) for field in self._fields.attributes))
        return Has(self._fields.resolve(f"{ATTRIBUTES}.{value.text}", value.start)[0])

    def _compare_equal(self, field: str, kind: FieldKind, value: Value) -> Filter:
        if len(value.pieces) > 1:
            return self._match_wildcard(field, kind, value)
        text = value.text
        match kind:
            case "id":
                return Ids((text,))
            case "text":
                return Equals(field, text)
            case "number":
                first, last = _number_range(field, value)
                return Equals(field, first) if first == last else Between(field, at_least=first, at_most=last)
            case "truth":
                if text not in ("true", "false"):
                    raise _unsuitable_value(field, value, f"write {field} = true or {field} = false")
                return Equals(field, text == "true")
            case "availability":
                if text not in AVAILABILITY_VALUES:
                    raise _unsuitable_value(
                        field,
                        value,
                        f"use {', '.join(AVAILABILITY_VALUES[:-1])} or {AVAILABILITY_VALUES[-1]}",
                    )
                return Equals(field, text)
            case "attribute":
                number = parse_number(text)
                numbers = () if number is None else (number,)
                if value.quoted:
                    return OneOf(field, (text, *numbers))
                bound = _typed_value(field, value)
                if bound.kind == "text":
                    return Equals(field, text)
                return OneOf(field, (*numbers, *self._matching_texts(field, "=", bound, value)))

    def _match_wildcard(self, field: str, kind: FieldKind, value: Value) -> Filter:
        if kind not in ("text", "attribute"):
            raise _unsuitable_value(
                field, value, f"this field takes no wildcards; write {field}:* for products that have a value"
            )
        if _is_lone_wildcard(value):
            return Has(field)
        texts = self._fields.texts(field, value.start)
        return OneOf(field, tuple(text for text in texts if matches_wildcard(value.pieces, text)))

    def _compare_order(self, field: str, kind: FieldKind, comparator: str, value: Value) -> Filter:
        if len(value.pieces) > 1:
            raise _unsuitable_value(
                field, value, r"use wildcards with = and : only; write a literal star as \* in quotes"
            )
        match kind:
            case "number":
                first, last = _number_range(field, value)
                return Between(field, **{_BOUNDS[comparator]: first if comparator in ("<", ">=") else last})
            case "text":
                return OneOf(field, self._matching_texts(field, comparator, text_value(value.text), value))
            case "attribute":
                bound = _typed_value(field, value)
                texts = OneOf(field, self._matching_texts(field, comparator, bound, value))
                if bound.kind != "number":
                    return texts
                return Or((Between(field, **{_BOUNDS[comparator]: float(bound.first)}), texts))
            case _:
                raise _unsuitable_value(field, value, "this field has no order; compare it with = or !=")

    def _matching_texts(
        self, field: str, comparator: str, bound: TypedValue, value: Value
    ) -> tuple[str, ...]:
        parse_as = text_value if bound.kind == "text" else parse_value
        texts = self._fields.texts(field, value.start)
        return tuple(text for text in texts if bound.holds(comparator, parse_as(text)))


def _check_depth(node: Node, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise FilterError(
            f"conditions are nested deeper than {_MAX_DEPTH} levels",
            position=node.start + 1,
            hint='use fewer parentheses; write alternatives as brand = ("Acme" OR "Best")',
        )


def _is_lone_wildcard(value: Value) -> bool:
    return len(value.pieces) > 1 and not any(value.pieces)


def _number_range(field: str, value: Value) -> tuple[float, float]:
    """Return the smallest and the largest number of a value in a numeric field; a day spans its seconds."""
    number = parse_number(value.text)
    if number is not None:
        return number, number
    if field not in TIMESTAMP_FIELDS:
        raise _unsuitable_value(field, value, f"compare it with a plain number, as in {field} < 300")
    bound = _typed_value(field, value)
    if bound.kind != "time":
        raise _unsuitable_value(
            field, value, f"compare it with a date, as in {field} >= 2026-11-01, or with seconds since 1970"
        )
    return float(bound.first) / _MICROSECONDS, float(bound.last) / _MICROSECONDS


def _typed_value(field: str, value: Value) -> TypedValue:
    reading = parse_value(value.text)
    if reading.kind == "text" and looks_like_timestamp(value.text):
        raise _unsuitable_value(
            field, value, "this day or time does not exist; to compare it as a text, put it in quotes after ="
        )
    return reading


def _unsuitable_value(field: str, value: Value, hint: str) -> FilterError:
    return FilterError(
        f"{field} does not take the value {value.text[:80]!r}", position=value.start + 1, hint=hint
    )
