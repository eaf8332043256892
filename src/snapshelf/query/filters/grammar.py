"""Parse the text of a filter in the grammar of AIP-160 to a syntax tree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from snapshelf.errors import FilterError

# After https://google.aip.dev/160: OR binds tighter than AND; adjacent conditions are joined by AND.
# A minus begins a negation where a condition may begin, and a number where a value is expected.
_END = r"(?=[\s()]|\Z)"
_TEXT = r"""[^\s.,:<>=!()"'“”‘’（）＜＞＝：≤≥≠\x00-\x1f\x7f]+"""
_GRAMMAR = rf"""
start: expression?
expression: sequence (_AND sequence)*
sequence: factor+
factor: term (_OR term)*
?term: simple | _NOT simple -> negation | _MINUS simple -> minus
?simple: restriction | "(" expression ")"
restriction: member (COMPARATOR arg)?
arg: member | "(" expression ")"
member: value ("." field)* | CALL -> call
value: TEXT | STRING | TIMESTAMP
!field: TEXT | STRING | _AND | _OR | _NOT

_AND.3: /AND{_END}/
_OR.3: /OR{_END}/
_NOT.3: /NOT{_END}/
_MINUS.3: "-"
CALL.2: /(?!(?:AND|OR|NOT)\(){_TEXT}(?=\()/
TIMESTAMP.1: /\d{{4}}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)?/
COMPARATOR: /<=|>=|!=|<|>|=|:/
TEXT: /(?!(?:AND|OR|NOT){_END}){_TEXT}/
STRING: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/s
%ignore /\s+/
"""

_PIECE = re.compile(r"\\(?P<escaped>.)|(?P<star>\*)|(?P<plain>[^\\*]+)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "'": "'", "\\": "\\", "*": "*"}
_HALF_WIDTH = dict(
    zip(
        "“”‘’（）＜＞＝：≤≥≠",
        ('"', '"', "'", "'", "(", ")", "<", ">", "=", ":", "<=", ">=", "!="),
        strict=True,
    )
)
_CHOICE = 'write alternatives as brand = ("Acme" OR "Best")'
_COMPARISONS = "the comparisons are = != < <= > >= and :; put a text with these signs in quotes"
_ADVICE = {
    **{sign: f"type {half} instead" for sign, half in _HALF_WIDTH.items()},
    **{word: f"write {word.upper()} in capitals" for word in ("and", "or", "not")},
    **{
        word: f'this operator stands before or between conditions; to compare with the text, write "{word}"'
        for word in ("AND", "OR", "NOT")
    },
    **dict.fromkeys(("&&", "&"), "write AND"),
    **dict.fromkeys(("||", "|"), "write OR"),
    **dict.fromkeys(("in", "[", ","), _CHOICE),
    **dict.fromkeys(("like", "~"), 'write wildcards as brand = "Ac*"'),
    **dict.fromkeys(("<", "<=", ">", ">=", "=", "!=", ":"), _COMPARISONS),
    "is": "write presence as brand:* and absence as -brand:*",
    "!": "write NOT, or != for a comparison",
    '"': r"the text has no closing quote; write a quote within it as \"",
    "'": r"the text has no closing quote; write a quote within it as \'",
}


@dataclass(frozen=True, slots=True)
class Value:
    """A text of the filter, split at its wildcards: ``abc*`` has the pieces ``("abc", "")``."""

    pieces: tuple[str, ...]
    quoted: bool
    start: int

    @property
    def text(self) -> str:
        """The text, each wildcard as a star."""
        return "*".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Member:
    """Values joined by dots: a field, or a literal such as ``12.5``."""

    values: tuple[Value, ...]

    @property
    def start(self) -> int:
        """Offset of its first character."""
        return self.values[0].start

    def joined(self) -> Value:
        """Join the values to a single value."""
        pieces = self.values[0].pieces
        for value in self.values[1:]:
            pieces = (*pieces[:-1], f"{pieces[-1]}.{value.pieces[0]}", *value.pieces[1:])
        return Value(pieces, any(value.quoted for value in self.values), self.start)


@dataclass(frozen=True, slots=True)
class Restriction:
    """A field, a comparator and a value or an expression of values; a bare field has no comparator."""

    member: Member
    comparator: str | None = None
    arg: Node | None = None

    @property
    def start(self) -> int:
        """Offset of its first character."""
        return self.member.start


@dataclass(frozen=True, slots=True)
class AndNode:
    """Conditions joined by AND."""

    parts: tuple[Node, ...]
    start: int


@dataclass(frozen=True, slots=True)
class OrNode:
    """Conditions joined by OR."""

    parts: tuple[Node, ...]
    start: int


@dataclass(frozen=True, slots=True)
class NotNode:
    """A negated condition."""

    part: Node
    start: int


Node: TypeAlias = Restriction | AndNode | OrNode | NotNode


def parse(text: str) -> Node | None:
    """Parse a filter; return None for an empty filter.

    Raises
    ------
    FilterError
        The text does not follow the grammar.
    """
    try:
        tree: Node | None = _parser().parse(text)  # type: ignore[assignment]  # the builder leaves no Tree
    except UnexpectedInput as error:
        raise _malformed(text, error) from None
    return tree


def advice(word: str) -> str | None:
    """Return what to write instead of a word or sign of another query language; None if nothing is known."""
    return _ADVICE.get(word) or _ADVICE.get(word.lower())


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", transformer=_Builder(), maybe_placeholders=False)


class _Builder(Transformer[Token, Node]):
    """Builds the tree during parsing, so that deep nesting needs no deep call stack."""

    def start(self, parts: list[Node]) -> Node | None:
        return parts[0] if parts else None

    def expression(self, parts: list[Node]) -> Node:
        return parts[0] if len(parts) == 1 else AndNode(tuple(parts), parts[0].start)

    sequence = expression

    def factor(self, parts: list[Node]) -> Node:
        return parts[0] if len(parts) == 1 else OrNode(tuple(parts), parts[0].start)

    def negation(self, parts: list[Node]) -> Node:
        return NotNode(parts[0], parts[0].start)

    def minus(self, parts: list[Node]) -> Node:
        match parts[0]:
            case Restriction(Member((Value((first, *rest), False, start), *others)), None) if (
                "0" <= first[:1] <= "9"
            ):
                number = Value((f"-{first}", *rest), False, start - 1)
                return Restriction(Member((number, *others)))
        return self.negation(parts)

    def restriction(self, parts: list[Any]) -> Node:
        return Restriction(*parts)

    def arg(self, parts: list[Member | Node]) -> Node:
        return Restriction(parts[0]) if isinstance(parts[0], Member) else parts[0]

    def member(self, values: list[Value]) -> Member:
        return Member(tuple(values))

    def call(self, names: list[Token]) -> Member:
        raise FilterError(
            f"{names[0].value!r} is called as a function, but filters have no functions",
            position=_start(names[0]) + 1,
            hint='put a text with parentheses in quotes, as in brand = "Acme (UK)"',
        )

    def value(self, tokens: list[Token]) -> Value:
        token = tokens[0]
        if token.type == "STRING":
            return Value(_unescaped(token), True, _start(token))
        return Value(tuple(token.split("*")), False, _start(token))

    field = value


def _start(token: Token) -> int:
    return token.start_pos or 0


def _unescaped(token: Token) -> tuple[str, ...]:
    """Split a quoted text at its wildcards and resolve its escapes."""
    pieces = [""]
    for match in _PIECE.finditer(token[1:-1]):
        if match["star"]:
            pieces.append("")
        elif match["plain"]:
            pieces[-1] += match["plain"]
        elif match["escaped"] in _ESCAPES:
            pieces[-1] += _ESCAPES[match["escaped"]]
        else:
            raise FilterError(
                f"{match[0]!r} is not an escape",
                position=_start(token) + match.start() + 2,
                hint=r"the escapes are \" \' \\ \* \n \t; write a backslash as \\",
            )
    return tuple(pieces)


def _malformed(text: str, error: UnexpectedInput) -> FilterError:
    offset = error.pos_in_stream or 0
    hint: str | None = None
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        problem, hint = f"{str(error.token)[:80]!r} is not expected here", advice(error.token)
        if error.token.type == "RPAR":
            before = text[:offset]
            is_open = before.count("(") > before.count(")")
            hint = "something is missing before it" if is_open else "no ( opens it"
    elif isinstance(error, UnexpectedCharacters):
        sign = text[offset]
        sign_text = repr(sign) if sign.isprintable() else f"the control character U+{ord(sign):04X}"
        problem, hint = f"{sign_text} cannot stand here", advice(sign)
    else:
        offset, problem = len(text), "the filter ends too early"
        if text.rstrip()[-1:] in "<>=!:":
            hint = "a value is missing, as in price < 300"
        elif text.split()[-1] in ("AND", "OR", "NOT", "-"):
            hint = "a condition is missing after it, such as price < 300"
        elif "RPAR" in getattr(error, "expected", ()):
            hint = "a ) is missing"
    hint = (
        hint
        or 'a condition is written like price < 300 or brand = "Acme"; conditions are joined by AND and OR'
    )
    return FilterError(problem, position=offset + 1, hint=hint)
