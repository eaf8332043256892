"""The lexicon: shop concepts (colours, categories, materials ...) and their names in English and Chinese."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from snapshelf.errors import LexiconError
from snapshelf.language._normalise import normalise
from snapshelf.language._words import CHINESE_STOP_WORDS, ENGLISH_STOP_WORDS, Unit, split_units

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML was built without libyaml
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

LANGUAGES = ("en", "zh")
_NAME_GAPS = frozenset({" ", "-", "‐", " - ", "/", ".", "&"})


def _concept_id(kind: str, key: str) -> str:
    return f"{kind}/{key}".replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that shop texts name: a colour, a category, a material ...

    Attributes
    ----------
    kind : str
        What it is a kind of: ``"colour"``, ``"category"``, ``"gender"``, ``"season"``, ``"usage"``,
        ``"pattern"``, ``"material"`` or ``"style"`` in the bundled lexicon.
    key : str
        Its name within the kind, for example ``"navy blue"``.
    names : Mapping[str, tuple[str, ...]]
        Language (``"en"``, ``"zh"``) -> its names there, the preferred one first.
    parent : str or None
        Key of the next wider concept of the same kind.
    """

    kind: str
    key: str
    names: Mapping[str, tuple[str, ...]] = field(hash=False)
    parent: str | None = None

    @property
    def id(self) -> str:
        """Kind and key without spaces, for example ``"colour/navy-blue"``; unique in a lexicon."""
        return _concept_id(self.kind, self.key)

    @property
    def term(self) -> str:
        """The concept as a search term, for example ``"§colour/navy-blue"``; no word of a text looks so."""
        return f"§{self.id}"

    def label(self, language: str) -> str:
        """Return the preferred name in `language` (``"en"`` or ``"zh"``)."""
        return self.names[language][0]


class Match(NamedTuple):
    """A concept that a text names at ``normalise(text)[start:end]``."""

    concept: Concept
    start: int
    end: int


class Span(NamedTuple):
    """Units ``first`` to ``last - 1`` form a name of `concepts`, or a stop word where there are none."""

    first: int
    last: int
    concepts: tuple[Concept, ...]


class _Node:
    """A node of the trie over the units of names; `concepts` is None where no name ends."""

    __slots__ = ("children", "concepts")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.concepts: tuple[Concept, ...] | None = None

    def reach(self, name: str) -> _Node:
        node = self
        for unit in split_units(normalise(name)):
            node = node.children.setdefault(unit.text, _Node())
        return node


def _name_key(name: str) -> str:
    return " ".join(unit.text for unit in split_units(normalise(name)))


def _continues(left: Unit, right: Unit) -> bool:
    return not right.gap if left.is_han or right.is_han else right.gap in _NAME_GAPS


class Lexicon:
    """Shop concepts, found by their names in either language.

    Case, hyphens, spaces, apostrophes and accents do not distinguish names: "T-Shirt" and "t shirt" are
    one. Within a kind a name belongs to one concept only; across kinds it may be shared (orange is a
    colour and a fruit).

    Parameters
    ----------
    concepts : Iterable[Concept]
        All concepts, in the order in which they are listed.
    source : str
        Where they come from; error messages say it.

    Raises
    ------
    LexiconError
        Two concepts of a kind share a key or a name, a name has no letters, or a parent is missing or
        its own descendant.
    """

    def __init__(self, concepts: Iterable[Concept], *, source: str = "lexicon") -> None:
        self._concepts = tuple(concepts)
        self._source = source
        self._by_id: dict[str, Concept] = {}
        self._by_name: dict[tuple[str, str], Concept] = {}
        self._root = _Node()
        for word in ENGLISH_STOP_WORDS | CHINESE_STOP_WORDS:
            self._root.reach(word).concepts = ()
        for concept in self._concepts:
            if concept.id in self._by_id:
                raise LexiconError(f"{source}: {concept.id} is there twice; merge the two")
            self._by_id[concept.id] = concept
            for name in [name for names in concept.names.values() for name in names]:
                self._add_name(concept, name)
        self._ancestors = {concept.id: self._chain(concept) for concept in self._concepts}

    def _add_name(self, concept: Concept, name: str) -> None:
        key = _name_key(name)
        if not key:
            raise LexiconError(
                f"{self._source}: {concept.id} has the name {name!r} without a letter; remove it"
            )
        owner = self._by_name.setdefault((concept.kind, key), concept)
        if owner.id != concept.id:
            raise LexiconError(
                f"{self._source}: the name {name!r} is claimed by {owner.id} and {concept.id}; keep it in one"
            )
        node = self._root.reach(name)
        if node.concepts is None or concept not in node.concepts:
            node.concepts = (*(node.concepts or ()), concept)

    def _chain(self, concept: Concept) -> tuple[Concept, ...]:
        chain: list[Concept] = []
        step = concept
        while step.parent is not None:
            parent = self._by_id.get(_concept_id(step.kind, step.parent))
            if parent is None:
                raise LexiconError(
                    f"{self._source}: {step.id} has the parent {step.parent!r}, not a {step.kind}; add it"
                )
            if parent == concept or parent in chain:
                raise LexiconError(f"{self._source}: {concept.id} is among its own ancestors; cut the circle")
            chain.append(parent)
            step = parent
        return tuple(chain)

    @classmethod
    @cache
    def bundled(cls) -> Lexicon:
        """Return the lexicon that comes with Snapshelf (read once)."""
        resource = resources.files("snapshelf.language") / "lexicon.yaml"
        return cls(_parse(resource.read_text("utf-8"), "lexicon.yaml"), source="lexicon.yaml")

    @classmethod
    def load(cls, path: Path) -> Lexicon:
        """Read a lexicon from a YAML file laid out as the bundled ``lexicon.yaml``.

        Raises
        ------
        LexiconError
            The file cannot be read, is not laid out so, or does not hold together.
        """
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LexiconError(f"{path}: cannot be read as UTF-8 text: {error}") from error
        return cls(_parse(text, str(path)), source=str(path))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds, in the order of their first concept."""
        return tuple(dict.fromkeys(concept.kind for concept in self._concepts))

    def concepts(self, kind: str | None = None) -> tuple[Concept, ...]:
        """Return the concepts of `kind`, or all, in the lexicon's order."""
        return tuple(concept for concept in self._concepts if kind in (None, concept.kind))

    def get(self, kind: str, label: str) -> Concept | None:
        """Return the concept of `kind` that has the name `label` in any language, or None."""
        return self._by_name.get((kind, _name_key(label)))

    def ancestors(self, concept: Concept) -> tuple[Concept, ...]:
        """Return the wider concepts of `concept`, the nearest first."""
        return self._ancestors[concept.id]

    def find(self, text: str) -> list[Match]:
        """Return the concepts that `text` names, in order.

        The longest name at each place counts and names do not overlap; one that is shared across kinds
        gives a match for each. A shared name is no category where the text names other categories and
        none of its own family: the orange in "orange t-shirt" is no fruit. A Chinese name of one
        character counts only before another name, a stop word or a break: 红 in 红裙, but not in 红米.

        Parameters
        ----------
        text : str
            Any text in English, Chinese or both.

        Returns
        -------
        list of Match
            `start` and `end` index ``normalise(text)``.
        """
        units = split_units(normalise(text))
        return [
            Match(concept, units[span.first].start, units[span.last - 1].end)
            for span in self.named(self.segment(units))
            for concept in span.concepts
        ]

    def segment(self, units: list[Unit]) -> list[Span]:
        """Return the names and stop words among `units` by forward maximum matching, in order."""
        spans: list[Span] = []
        position = 0
        while position < len(units):
            span = self._longest(units, position)
            if span is None:
                position += 1
            else:
                spans.append(span)
                position = span.last
        return _without_fragments(spans, units)

    def _longest(self, units: list[Unit], first: int) -> Span | None:
        longest = None
        node = self._root.children.get(units[first].text)
        last = first + 1
        while node is not None:
            if node.concepts is not None:
                longest = Span(first, last, node.concepts)
            if last == len(units) or not _continues(units[last - 1], units[last]):
                break
            node = node.children.get(units[last].text)
            last += 1
        return longest

    def named(self, spans: list[Span]) -> list[Span]:
        """Return the spans that name concepts, shared names without a category that the text rules out."""
        named = [span for span in spans if span.concepts]
        families = {
            self._family(span.concepts[0])
            for span in named
            if len(span.concepts) == 1 and span.concepts[0].kind == "category"
        }
        return [self._without_strangers(span, families) if len(span.concepts) > 1 else span for span in named]

    def _without_strangers(self, span: Span, families: set[str]) -> Span:
        fitting = tuple(
            concept
            for concept in span.concepts
            if not families or concept.kind != "category" or self._family(concept) in families
        )
        return span._replace(concepts=fitting)

    def _family(self, concept: Concept) -> str:
        return (concept, *self._ancestors[concept.id])[-1].id


def _without_fragments(spans: list[Span], units: list[Unit]) -> list[Span]:
    # Chinese puts the head last, so what follows a single character tells a word (红裙) from a
    # fragment of an unknown one (红米); hence from right to left.
    kept: list[Span] = []
    for span in reversed(spans):
        unit = units[span.first]
        single = unit.is_han and span.last == span.first + 1
        followed = span.last < len(units) and units[span.last].is_han and not units[span.last].gap
        before_known = bool(kept) and kept[-1].first == span.last
        if not single or not followed or before_known or unit.text == "的":
            kept.append(span)
    kept.reverse()
    return kept


class _Loader(_SafeLoader):
    """A safe loader that rejects a key given twice, which YAML forbids and PyYAML lets pass."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key_node.value!r} is there twice", key_node.start_mark
                )
            seen.add(key_node.value)
        return super().construct_mapping(node, deep=deep)


def _parse(text: str, source: str) -> list[Concept]:
    try:
        # _Loader is a safe loader
        content = yaml.load(text, Loader=_Loader)  # noqa: S506
    except yaml.YAMLError as error:
        raise LexiconError(f"{source}: not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise LexiconError(f"{source}: must be a mapping from kinds to concepts")
    concepts = []
    for kind, entries in content.items():
        if not isinstance(entries, dict):
            raise LexiconError(f"{source}: {kind}: must be a mapping from keys to concepts")
        concepts += [
            _parse_concept(kind, key, entry, f"{source}: {kind}/{key}") for key, entry in entries.items()
        ]
    return concepts


def _parse_concept(kind: object, key: object, entry: object, where: str) -> Concept:
    if not isinstance(kind, str) or not isinstance(key, str):
        raise LexiconError(f"{where}: kind and key must be text; put quotes round them")
    if not isinstance(entry, dict) or not entry.keys() <= {*LANGUAGES, "parent"}:
        raise LexiconError(
            f"{where}: must be a mapping with the fields {', '.join(LANGUAGES)} and parent only"
        )
    parent = entry.get("parent")
    if not isinstance(parent, str | None):
        raise LexiconError(f"{where}: parent must be the key of a concept; put quotes round it")
    names = {}
    for language in LANGUAGES:
        listed = entry.get(language)
        if not isinstance(listed, list) or not listed or not all(isinstance(name, str) for name in listed):
            raise LexiconError(
                f"{where}: {language} must list one or more names; put quotes round numbers, yes and no"
            )
        names[language] = tuple(listed)
    return Concept(kind, key, names, parent)
