"""Warnings about rules that can be followed only in part: ids that no product has, filters of fields that are gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from snapshelf.errors import FilterError
from snapshelf.index import And, Filter, Ids, Not, Or, SearchIndex
from snapshelf.query import parse_filter
from snapshelf.search.rules.rule import FRONT, Rule, Rules


@dataclass(frozen=True, slots=True)
class RuleWarning:
    """What a rule names in vain. The rule is kept: the product or the field may come later.

    Parameters
    ----------
    rule : str
        Name of the rule.
    line : int
        Line of the rules' text, from 1.
    message : str
        A sentence that names the source, the line and the rule.

    Examples
    --------
    >>> (warning,) = shelf.check_rules('- {name: new, pin: [N-1]}')
    >>> warning.line, warning.message
    (1, "rules.yaml, line 1: rule 'new' pins the id 'N-1', which no product has")
    """

    rule: str
    line: int
    message: str


def rule_warnings(text: str, rules: Rules, index: SearchIndex, source: str) -> tuple[RuleWarning, ...]:
    """Return what the rules of a text name in vain, in the order of the text.

    Parameters
    ----------
    text : str
        YAML that `rules` were read from.
    rules : Rules
    index : SearchIndex
        Knows ids and fields of the products.
    source : str
        Where the text comes from; messages say it.
    """
    lines = _Lines(text)
    warnings: list[RuleWarning] = []

    def warn(place: int, rule: Rule, value: str, problem: str) -> None:
        line = lines.line_of(place, value)
        warnings.append(RuleWarning(rule.name, line, f"{source}, line {line}: rule {rule.name!r} {problem}"))

    for place, rule in enumerate(rules):
        named = list(_ids(rule, index))
        known = index.matches([id for _, _, id in named], And(())) if named else set()
        for verb, value, id in named:
            if id not in known:
                warn(place, rule, value, f"{verb} the id {id!r}, which no product has")
        for value in _filters(rule):
            try:
                parse_filter(value, index)
            except FilterError as error:
                warn(place, rule, value, f"is not followed: {error}")
    return tuple(sorted(warnings, key=lambda warning: warning.line))


def _filters(rule: Rule) -> Iterator[str]:
    yield from (move.where for move in (rule.boost, rule.bury) if move is not None)
    if isinstance(rule.hide, str):
        yield rule.hide
    if rule.page not in (None, FRONT):
        yield rule.page


def _ids(rule: Rule, index: SearchIndex) -> Iterator[tuple[str, str, str]]:
    """Yield the ids that a rule names: what it does with each, the text that the id stands in, the id."""
    yield from (("pins", id, id) for id in rule.pin.values())
    if isinstance(rule.hide, tuple):
        yield from (("hides", id, id) for id in rule.hide)
    verbs = {"boosts": rule.boost and rule.boost.where, "buries": rule.bury and rule.bury.where}
    for verb, text in (*verbs.items(), ("hides", rule.hide)):
        if isinstance(text, str):
            try:
                yield from ((verb, text, id) for id in _ids_in(parse_filter(text, index)))
            except FilterError:
                continue


def _ids_in(where: Filter) -> Iterator[str]:
    match where:
        case Ids(ids):
            yield from ids
        case And(parts) | Or(parts):
            for part in parts:
                yield from _ids_in(part)
        case Not(part):
            yield from _ids_in(part)


class _Lines:
    """Lines of the values in a YAML text of rules."""

    def __init__(self, text: str) -> None:
        root = yaml.compose(text)
        if isinstance(root, yaml.MappingNode):
            root = root.value[0][1] if root.value else None
        self._rules: list[yaml.Node] = root.value if isinstance(root, yaml.SequenceNode) else []

    def line_of(self, place: int, value: str) -> int:
        """Return the line of a value in the rule at a place, or of the rule; both from 1."""
        rule = self._rules[place]
        line: int = next((node.start_mark.line for node in _scalars(rule) if node.value == value), -1)
        if line < 0:
            line = rule.start_mark.line
        return line + 1


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _scalars(child)
    elif isinstance(node, yaml.MappingNode):
        for _, child in node.value:
            yield from _scalars(child)
