"""The lexicon: concepts of shops (colours, categories, materials …) with their English and Chinese names."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from snapshelf.errors import LexiconError
from snapshelf.language.normalisation import normalise
from snapshelf.language.tokens import CHINESE_STOP_WORDS, ENGLISH_STOP_WORDS, Unit, split_units

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML was built without libyaml
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

LANGUAGES = ("en", "zh")
_FIELDS = (*LANGUAGES, "parent", "fills", "not_in", "replace")
_NAME_GAPS = frozenset({" ", "-", "‐", " - ", "/", ".", "&"})


def _concept_id(kind: str, key: str) -> str:
    return f"{kind}/{key}".replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept that shop texts name, such as a colour, a category or a material.

    Attributes
    ----------
    kind : str
        The kind of the concept: ``"colour"``, ``"category"``, ``"gender"``, ``"season"``, ``"usage"``,
        ``"pattern"``, ``"material"``, ``"style"`` or ``"occasion"`` in the bundled lexicon.
    key : str
        Its name within the kind, for example ``"navy blue"``.
    names : Mapping[str, tuple[str, ...]]
        Language (``"en"``, ``"zh"``) → names, the preferred name first; at least one name in all.
    parent : str or None
        Key of the nearest wider concept of the same kind.
    fills : str or None
        The product attribute that holds it, for example ``"colour"``. A hint only, because shops name attributes
        freely.
    not_in : tuple[str, ...]
        Phrases in which its names mean something else: no colour in "orange juice", no material in "glass cleaner".
    """

    kind: str
    key: str
    names: Mapping[str, tuple[str, ...]] = field(hash=False)
    parent: str | None = None
    fills: str | None = None
    not_in: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Kind and key without spaces, for example ``"colour/navy-blue"``; unique in a lexicon."""
        return _concept_id(self.kind, self.key)

    @property
    def term(self) -> str:
        """The concept as a search term, for example ``"§colour/navy-blue"``; no word of a text has this form."""
        return f"§{self.id}"

    def label(self, language: str) -> str:
        """Return the preferred name in `language` (``"en"`` or ``"zh"``), or else in the other language."""
        return (self.names.get(language) or next(iter(self.names.values())))[0]


class Match(NamedTuple):
    """A concept that a text names at ``normalise(text)[start:end]``."""

    concept: Concept
    start: int
    end: int


class Span(NamedTuple):
    """Units ``first`` to ``last - 1`` form a name of `concepts`, or a stop word if `concepts` is empty."""

    first: int
    last: int
    concepts: tuple[Concept, ...]


class _Node:
    """A node of the trie over the units of names; `concepts` is None if no name ends here.

    `excluded` holds the ids of concepts that the phrase ending here does not name.
    """

    __slots__ = ("children", "concepts", "excluded")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.concepts: tuple[Concept, ...] | None = None
        self.excluded: set[str] | None = None

    def insert(self, units: list[Unit]) -> list[_Node]:
        """Return the nodes where a name ends, as it is matched with umlauts and without."""
        ways = {tuple(unit.text for unit in units), tuple(unit.key for unit in units)}
        return [self._descend(way) for way in ways]

    def _descend(self, words: tuple[str, ...]) -> _Node:
        node = self
        for word in words:
            if (child := node.children.get(word)) is None:
                child = node.children[word] = _Node()
            node = child
        return node


def _units(name: str) -> list[Unit]:
    return split_units(normalise(name))


def _name_key(name: str) -> str:
    return " ".join(unit.text for unit in _units(name))


def continues(left: Unit, right: Unit) -> bool:
    """Return whether a name may go on from a unit to the next."""
    return not right.gap if left.is_han or right.is_han else right.gap in _NAME_GAPS


class Lexicon:
    """Concepts of shops with lookup by their names in both languages.

    Names that differ only in case, hyphens, spaces, apostrophes or accents are equal ("T-Shirt" and "t shirt"). A
    name belongs to a single concept of a kind, but concepts of different kinds may share it (orange is a colour and a
    fruit).

    A lexicon is immutable, so threads may share it.

    Parameters
    ----------
    concepts : Iterable[Concept]
        All concepts, in their order.
    apart : Iterable[tuple[str, str]]
        Pairs of ids of disjoint concepts, which are never confused with each other.
    source : str
        Origin of the concepts, for error messages.

    Raises
    ------
    LexiconError
        Two concepts of a kind share a key or a name, a name has no letters, or a parent is missing or
        its own descendant.
    """

    def __init__(
        self,
        concepts: Iterable[Concept],
        *,
        apart: Iterable[tuple[str, str]] = (),
        source: str = "lexicon",
    ) -> None:
        self._build(_Content(tuple(concepts), tuple(apart)), source, is_complete=True)

    def _build(self, content: _Content, source: str, *, is_complete: bool) -> None:
        self._content = content
        self._concepts = content.concepts
        self._source = source
        self._by_id: dict[str, Concept] = {}
        self._by_name: dict[tuple[str, str], Concept] = {}
        self._root = _Node()
        self._phrases = _Node()
        for word in ENGLISH_STOP_WORDS | CHINESE_STOP_WORDS:
            for node in self._root.insert(_units(word)):
                node.concepts = ()
        for concept in self._concepts:
            if concept.id in self._by_id:
                raise LexiconError(f"{source}: {concept.id} is defined twice; merge the two definitions")
            self._by_id[concept.id] = concept
            for name in [name for names in concept.names.values() for name in names]:
                self._add_name(concept, name)
            for phrase in concept.not_in:
                for node in self._phrases.insert(_units(phrase)):
                    node.excluded = {*(node.excluded or ()), concept.id}
        self._apart = {frozenset(pair) for pair in content.apart}
        if is_complete:
            self._check_pairs()
        self._ancestors = {
            concept.id: self._ancestor_chain(concept, is_complete=is_complete) for concept in self._concepts
        }
        self._descendants: dict[str, list[Concept]] = defaultdict(list)
        for concept in self._concepts:
            for wider in self._ancestors[concept.id]:
                self._descendants[wider.id].append(concept)

    def _check_pairs(self) -> None:
        for pair in self._content.apart:
            for concept_id in pair:
                if concept_id not in self._by_id:
                    raise LexiconError(
                        f"{self._source}: apart: unknown concept {concept_id!r}; write kind/key"
                    )

    def _add_name(self, concept: Concept, name: str) -> None:
        units = _units(name)
        if not units:
            raise LexiconError(
                f"{self._source}: {concept.id} has the name {name!r}, which has no letter; remove it"
            )
        owner = self._by_name.setdefault((concept.kind, " ".join(unit.text for unit in units)), concept)
        if owner.id != concept.id:
            raise LexiconError(
                f"{self._source}: the name {name!r} belongs to {owner.id} and {concept.id}; remove it from either"
            )
        for node in self._root.insert(units):
            if node.concepts is None or concept not in node.concepts:
                node.concepts = (*(node.concepts or ()), concept)

    def _ancestor_chain(self, concept: Concept, *, is_complete: bool) -> tuple[Concept, ...]:
        chain: list[Concept] = []
        current = concept
        while current.parent is not None:
            parent = self._by_id.get(_concept_id(current.kind, current.parent))
            if parent is None and not is_complete:
                break
            if parent is None:
                raise LexiconError(
                    f"{self._source}: {current.id} has the unknown parent {current.parent!r}; add this {current.kind}"
                )
            if parent == concept or parent in chain:
                raise LexiconError(f"{self._source}: {concept.id} is its own ancestor; change a parent")
            chain.append(parent)
            current = parent
        return tuple(wider for wider in chain if not self.are_disjoint(concept, wider))

    @classmethod
    @cache
    def bundled(cls) -> Lexicon:
        """Return the bundled lexicon; the file is read once."""
        resource = resources.files("snapshelf.language") / "lexicon.yaml"
        lexicon = cls.__new__(cls)
        lexicon._build(_parse(resource.read_text("utf-8"), "lexicon.yaml"), "lexicon.yaml", is_complete=True)
        return lexicon

    @classmethod
    def load(cls, path: Path) -> Lexicon:
        """Read a lexicon from a YAML file in the format of the bundled ``lexicon.yaml``.

        Concepts that the file refers to but does not define (a parent, a disjoint concept) may come from the base of
        `overlay`.

        Raises
        ------
        LexiconError
            The file cannot be read, has another format, or is inconsistent.
        """
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LexiconError(f"{path}: cannot be read as UTF-8 text: {error}") from error
        lexicon = cls.__new__(cls)
        lexicon._build(_parse(text, str(path)), str(path), is_complete=False)
        return lexicon

    def overlay(self, base: Lexicon) -> Lexicon:
        """Return a merge of this lexicon over `base`; both remain unchanged.

        A concept of both is merged: names from here come first and are preferred, phrases are joined, and parent and
        attribute from here have precedence. ``replace: true`` in the file replaces the concept instead. A name from
        here is removed from other concepts of its kind in `base`. Disjoint pairs are joined.

        Raises
        ------
        LexiconError
            The merge is inconsistent: a parent or a disjoint concept is in neither lexicon, parents form a circle, or
            a concept would have no name.
        """
        lexicon = Lexicon.__new__(Lexicon)
        lexicon._build(_merge(self, base), self._source, is_complete=True)
        return lexicon

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds in the order of their first concept."""
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

    def descendants(self, concept: Concept) -> tuple[Concept, ...]:
        """Return the narrower concepts of `concept`, at any depth, in the lexicon's order."""
        return tuple(self._descendants.get(concept.id, ()))

    def are_disjoint(self, first: Concept, second: Concept) -> bool:
        """Return whether the lexicon forbids to widen to, correct to or confuse either concept with the other."""
        return frozenset((first.id, second.id)) in self._apart

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the content, 16 hex digits; index terms depend on it."""
        content_key = [(c.id, sorted(c.names.items()), c.parent, c.fills, c.not_in) for c in self._concepts]
        pairs = sorted(tuple(sorted(pair)) for pair in self._apart)
        return hashlib.sha256(repr((content_key, pairs)).encode()).hexdigest()[:16]

    def find(self, text: str) -> list[Match]:
        """Return the concepts that `text` names, in order.

        The longest name at each position matches, and matches do not overlap. A name that several kinds share gives a
        match for each kind, but no category if the text names only categories of other families: the orange in
        "orange t-shirt" is no fruit. A Chinese name of one character matches only before another name, a stop word or
        a break: 红 in 红裙, but not in 红米. A concept never matches in its `not_in` phrases.

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
            for span in self.named(self.segment(units), units)
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
        node = self._root.children.get(units[first].key)
        last = first + 1
        while node is not None:
            if node.concepts is not None:
                longest = Span(first, last, node.concepts)
            if last == len(units) or not continues(units[last - 1], units[last]):
                break
            node = node.children.get(units[last].key)
            last += 1
        return longest

    def named(self, spans: list[Span], units: list[Unit]) -> list[Span]:
        """Return the spans that name concepts, without concepts that the surrounding text excludes."""
        excluded = self._excluded_spans(units)
        named = [_without_excluded(span, excluded) for span in spans] if excluded else spans
        named = [span for span in named if span.concepts]
        families = {
            self._family(span.concepts[0])
            for span in named
            if len(span.concepts) == 1 and span.concepts[0].kind == "category"
        }
        return [
            self._without_other_families(span, families) if len(span.concepts) > 1 else span for span in named
        ]

    def _excluded_spans(self, units: list[Unit]) -> list[tuple[int, int, set[str]]]:
        """Return the spans of `not_in` phrases: first unit, last unit + 1, ids of the excluded concepts."""
        spans: list[tuple[int, int, set[str]]] = []
        for first, unit in enumerate(units):
            node = self._phrases.children.get(unit.key)
            last = first + 1
            while node is not None:
                if node.excluded is not None:
                    spans.append((first, last, node.excluded))
                if last == len(units) or not continues(units[last - 1], units[last]):
                    break
                node = node.children.get(units[last].key)
                last += 1
        return spans

    def _without_other_families(self, span: Span, families: set[str]) -> Span:
        same_family = tuple(
            concept
            for concept in span.concepts
            if not families or concept.kind != "category" or self._family(concept) in families
        )
        return span._replace(concepts=same_family)

    def _family(self, concept: Concept) -> str:
        return (concept, *self._ancestors[concept.id])[-1].id


def _without_excluded(span: Span, excluded: list[tuple[int, int, set[str]]]) -> Span:
    ids = {
        concept_id
        for first, last, ids in excluded
        if first <= span.first and span.last <= last
        for concept_id in ids
    }
    return span._replace(concepts=tuple(c for c in span.concepts if c.id not in ids)) if ids else span


def _without_fragments(spans: list[Span], units: list[Unit]) -> list[Span]:
    # Chinese puts the head last, so the text after a single character distinguishes a word (红裙) from a
    # fragment of an unknown word (红米); hence from right to left.
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
    """A safe loader that rejects duplicate keys, which YAML forbids but PyYAML accepts."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key_node.value!r} occurs twice", key_node.start_mark
                )
            seen.add(key_node.value)
        return super().construct_mapping(node, deep=deep)


@dataclass(frozen=True, slots=True)
class _Content:
    """The content of a lexicon file; `replaced` holds the ids of concepts that replace those of the base."""

    concepts: tuple[Concept, ...]
    apart: tuple[tuple[str, str], ...] = ()
    replaced: frozenset[str] = frozenset()


def _merge(overlay_lexicon: Lexicon, base_lexicon: Lexicon) -> _Content:
    content, base = overlay_lexicon._content, base_lexicon._content
    by_id = {concept.id: concept for concept in base.concepts}
    claimed = {
        (concept.kind, _name_key(name)): concept.id
        for concept in content.concepts
        for names in concept.names.values()
        for name in names
    }
    merged = {
        concept.id: _without_names(concept, claimed, overlay_lexicon._source)
        for concept in base.concepts
        if concept.id not in content.replaced
    }
    for concept in content.concepts:
        below = by_id.get(concept.id) if concept.id not in content.replaced else None
        merged[concept.id] = _merge_concepts(concept, merged[concept.id]) if below else concept
    return _Content(tuple(merged.values()), (*base.apart, *content.apart))


def _without_names(concept: Concept, claimed: Mapping[tuple[str, str], str], source: str) -> Concept:
    names = {
        language: tuple(
            name for name in listed if claimed.get((concept.kind, _name_key(name)), concept.id) == concept.id
        )
        for language, listed in concept.names.items()
    }
    names = {language: listed for language, listed in names.items() if listed}
    if not names:
        raise LexiconError(f"{source}: {concept.id} would have no name; add a name")
    return concept if names == concept.names else replace(concept, names=names)


def _merge_concepts(overlay_lexicon: Concept, base_lexicon: Concept) -> Concept:
    names = {
        language: tuple(
            dict.fromkeys((*overlay_lexicon.names.get(language, ()), *base_lexicon.names.get(language, ())))
        )
        for language in LANGUAGES
        if language in overlay_lexicon.names or language in base_lexicon.names
    }
    return Concept(
        overlay_lexicon.kind,
        overlay_lexicon.key,
        names,
        overlay_lexicon.parent or base_lexicon.parent,
        overlay_lexicon.fills or base_lexicon.fills,
        tuple(dict.fromkeys((*overlay_lexicon.not_in, *base_lexicon.not_in))),
    )


def _parse(text: str, source: str) -> _Content:
    try:
        # _Loader is a safe loader
        content = yaml.load(text, Loader=_Loader)  # noqa: S506
    except yaml.YAMLError as error:
        raise LexiconError(f"{source}: not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise LexiconError(f"{source}: must be a mapping from kinds to concepts")
    apart = _parse_apart(content.pop("apart", []), source)
    fills = content.pop("fills", {})
    if not isinstance(fills, dict) or not all(isinstance(x, str) for item in fills.items() for x in item):
        raise LexiconError(f"{source}: fills: must be a mapping from kinds to names of attributes")
    concepts = []
    replaced = set()
    for kind, entries in content.items():
        if not isinstance(entries, dict):
            raise LexiconError(f"{source}: {kind}: must be a mapping from keys to concepts")
        for key, entry in entries.items():
            concept = _parse_concept(kind, key, entry, fills.get(kind), f"{source}: {kind}/{key}")
            concepts.append(concept)
            if entry.get("replace"):
                replaced.add(concept.id)
    return _Content(tuple(concepts), apart, frozenset(replaced))


def _parse_apart(entries: object, source: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for entry in entries if isinstance(entries, list) else [None]:
        match entry:
            case [str(first), str(second)] if first != second:
                pairs.append((first, second))
            case _:
                raise LexiconError(
                    f"{source}: apart: must list pairs of ids such as [colour/red, category/rose]"
                )
    return tuple(pairs)


def _parse_concept(kind: object, key: object, entry: object, fills: str | None, where: str) -> Concept:
    if not isinstance(kind, str) or not isinstance(key, str):
        raise LexiconError(f"{where}: kind and key must be text; put quotes round them")
    if not isinstance(entry, dict) or not entry.keys() <= set(_FIELDS):
        raise LexiconError(f"{where}: must be a mapping with the fields {', '.join(_FIELDS)} only")
    for name in ("parent", "fills"):
        if not isinstance(entry.get(name), str | None):
            raise LexiconError(f"{where}: {name} must be text; put quotes round it")
    if not isinstance(entry.get("replace", False), bool):
        raise LexiconError(f"{where}: replace must be true or false")
    names = {
        language: _parse_texts(entry[language], f"{where}: {language}")
        for language in LANGUAGES
        if language in entry
    }
    if not names:
        raise LexiconError(f"{where}: needs a name: {' or '.join(LANGUAGES)} must list at least one name")
    not_in = _parse_texts(entry["not_in"], f"{where}: not_in") if "not_in" in entry else ()
    return Concept(kind, key, names, entry.get("parent"), entry.get("fills", fills), not_in)


def _parse_texts(listed: object, where: str) -> tuple[str, ...]:
    if not isinstance(listed, list) or not listed or not all(isinstance(text, str) for text in listed):
        raise LexiconError(f"{where} must list at least one text; put quotes round numbers, yes and no")
    return tuple(listed)
