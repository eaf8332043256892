"""The lexicon: shop concepts (colours, categories, materials ...) and their names in English and Chinese."""

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
    """One thing that shop texts name: a colour, a category, a material ...

    Attributes
    ----------
    kind : str
        What it is a kind of: ``"colour"``, ``"category"``, ``"gender"``, ``"season"``, ``"usage"``,
        ``"pattern"``, ``"material"``, ``"style"`` or ``"occasion"`` in the bundled lexicon.
    key : str
        Its name within the kind, for example ``"navy blue"``.
    names : Mapping[str, tuple[str, ...]]
        Language (``"en"``, ``"zh"``) -> its names there, the preferred one first; at least one in all.
    parent : str or None
        Key of the next wider concept of the same kind.
    fills : str or None
        The attribute of products that it is a value of, for example ``"colour"``: a hint, as shops name their
        attributes as they like.
    not_in : tuple[str, ...]
        Phrases in which its names do not mean it: no colour in "orange juice", no material in "glass cleaner".
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
        """The concept as a search term, for example ``"§colour/navy-blue"``; no word of a text looks so."""
        return f"§{self.id}"

    def label(self, language: str) -> str:
        """Return the preferred name in `language` (``"en"`` or ``"zh"``), or in the other where it has none."""
        return (self.names.get(language) or next(iter(self.names.values())))[0]


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
    """A node of the trie over the units of names; `concepts` is None where no name ends.

    `barred` are the ids of concepts that are not meant in the phrase that ends here.
    """

    __slots__ = ("barred", "children", "concepts")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.concepts: tuple[Concept, ...] | None = None
        self.barred: set[str] | None = None

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

    A lexicon is not changed after it is made, so threads may share it.

    Parameters
    ----------
    concepts : Iterable[Concept]
        All concepts, in the order in which they are listed.
    apart : Iterable[tuple[str, str]]
        Pairs of ids of concepts that are never taken for each other.
    source : str
        Where they come from; error messages say it.

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
        self._build(_Content(tuple(concepts), tuple(apart)), source, whole=True)

    def _build(self, content: _Content, source: str, *, whole: bool) -> None:
        self._content = content
        self._concepts = content.concepts
        self._source = source
        self._by_id: dict[str, Concept] = {}
        self._by_name: dict[tuple[str, str], Concept] = {}
        self._root = _Node()
        self._phrases = _Node()
        for word in ENGLISH_STOP_WORDS | CHINESE_STOP_WORDS:
            self._root.reach(word).concepts = ()
        for concept in self._concepts:
            if concept.id in self._by_id:
                raise LexiconError(f"{source}: {concept.id} is there twice; merge the two")
            self._by_id[concept.id] = concept
            for name in [name for names in concept.names.values() for name in names]:
                self._add_name(concept, name)
            for phrase in concept.not_in:
                node = self._phrases.reach(phrase)
                node.barred = {*(node.barred or ()), concept.id}
        self._apart = {frozenset(pair) for pair in content.apart}
        if whole:
            self._check_pairs()
        self._ancestors = {concept.id: self._chain(concept, whole=whole) for concept in self._concepts}
        self._descendants: dict[str, list[Concept]] = defaultdict(list)
        for concept in self._concepts:
            for wider in self._ancestors[concept.id]:
                self._descendants[wider.id].append(concept)

    def _check_pairs(self) -> None:
        for pair in self._content.apart:
            for concept_id in pair:
                if concept_id not in self._by_id:
                    raise LexiconError(f"{self._source}: apart: there is no {concept_id!r}; write kind/key")

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

    def _chain(self, concept: Concept, *, whole: bool) -> tuple[Concept, ...]:
        chain: list[Concept] = []
        step = concept
        while step.parent is not None:
            parent = self._by_id.get(_concept_id(step.kind, step.parent))
            if parent is None and not whole:
                break
            if parent is None:
                raise LexiconError(
                    f"{self._source}: {step.id} has the parent {step.parent!r}, not a {step.kind}; add it"
                )
            if parent == concept or parent in chain:
                raise LexiconError(f"{self._source}: {concept.id} is among its own ancestors; cut the circle")
            chain.append(parent)
            step = parent
        return tuple(wider for wider in chain if not self.are_apart(concept, wider))

    @classmethod
    @cache
    def bundled(cls) -> Lexicon:
        """Return the lexicon that comes with Snapshelf (read once)."""
        resource = resources.files("snapshelf.language") / "lexicon.yaml"
        lexicon = cls.__new__(cls)
        lexicon._build(_parse(resource.read_text("utf-8"), "lexicon.yaml"), "lexicon.yaml", whole=True)
        return lexicon

    @classmethod
    def load(cls, path: Path) -> Lexicon:
        """Read a lexicon from a YAML file laid out as the bundled ``lexicon.yaml``.

        What the file refers to and does not have (a parent, a concept to keep apart) is looked for in the
        lexicon that it is laid `over`.

        Raises
        ------
        LexiconError
            The file cannot be read, is not laid out so, or does not hold together.
        """
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LexiconError(f"{path}: cannot be read as UTF-8 text: {error}") from error
        lexicon = cls.__new__(cls)
        lexicon._build(_parse(text, str(path)), str(path), whole=False)
        return lexicon

    def over(self, base: Lexicon) -> Lexicon:
        """Return `base` with this lexicon laid over it; both stay as they are.

        A concept that `base` has too is added to it: its names come first, so that they are preferred, its
        phrases join, its parent and the attribute that it fills count where given. ``replace: true`` in the
        file takes the concept as it is here instead. A name that another concept of the kind has in `base`
        is taken from that one. Pairs to keep apart are joined.

        Raises
        ------
        LexiconError
            The two together do not hold: a parent or a concept to keep apart is in neither, parents form
            a circle, or a concept would be left without a name.
        """
        lexicon = Lexicon.__new__(Lexicon)
        lexicon._build(_laid_over(self, base), self._source, whole=True)
        return lexicon

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

    def descendants(self, concept: Concept) -> tuple[Concept, ...]:
        """Return the narrower concepts of `concept`, at any depth, in the lexicon's order."""
        return tuple(self._descendants.get(concept.id, ()))

    def are_apart(self, one: Concept, other: Concept) -> bool:
        """Say whether neither of the two may be widened to, corrected to or taken for the other."""
        return frozenset((one.id, other.id)) in self._apart

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that the lexicon says, 16 hex digits; index terms depend on it."""
        said = [(c.id, sorted(c.names.items()), c.parent, c.fills, c.not_in) for c in self._concepts]
        pairs = sorted(tuple(sorted(pair)) for pair in self._apart)
        return hashlib.sha256(repr((said, pairs)).encode()).hexdigest()[:16]

    def find(self, text: str) -> list[Match]:
        """Return the concepts that `text` names, in order.

        The longest name at each place counts and names do not overlap; one that is shared across kinds
        gives a match for each. A shared name is no category where the text names other categories and
        none of its own family: the orange in "orange t-shirt" is no fruit. A Chinese name of one
        character counts only before another name, a stop word or a break: 红 in 红裙, but not in 红米. Nothing is
        found in the phrases that a concept is `not_in`.

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

    def named(self, spans: list[Span], units: list[Unit]) -> list[Span]:
        """Return the spans that name concepts, without those that the text around them rules out."""
        barred = self._barred(units)
        named = [_without_barred(span, barred) for span in spans] if barred else spans
        named = [span for span in named if span.concepts]
        families = {
            self._family(span.concepts[0])
            for span in named
            if len(span.concepts) == 1 and span.concepts[0].kind == "category"
        }
        return [self._without_strangers(span, families) if len(span.concepts) > 1 else span for span in named]

    def _barred(self, units: list[Unit]) -> list[tuple[int, int, set[str]]]:
        """Where phrases lie in which some concepts are not meant: first and last unit, their ids."""
        found: list[tuple[int, int, set[str]]] = []
        for first, unit in enumerate(units):
            node = self._phrases.children.get(unit.text)
            last = first + 1
            while node is not None:
                if node.barred is not None:
                    found.append((first, last, node.barred))
                if last == len(units) or not _continues(units[last - 1], units[last]):
                    break
                node = node.children.get(units[last].text)
                last += 1
        return found

    def _without_strangers(self, span: Span, families: set[str]) -> Span:
        fitting = tuple(
            concept
            for concept in span.concepts
            if not families or concept.kind != "category" or self._family(concept) in families
        )
        return span._replace(concepts=fitting)

    def _family(self, concept: Concept) -> str:
        return (concept, *self._ancestors[concept.id])[-1].id


def _without_barred(span: Span, barred: list[tuple[int, int, set[str]]]) -> Span:
    ids = {
        concept_id
        for first, last, ids in barred
        if first <= span.first and span.last <= last
        for concept_id in ids
    }
    return span._replace(concepts=tuple(c for c in span.concepts if c.id not in ids)) if ids else span


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


@dataclass(frozen=True, slots=True)
class _Content:
    """What a file says; `replaced` are the ids that it does not add to but replaces."""

    concepts: tuple[Concept, ...]
    apart: tuple[tuple[str, str], ...] = ()
    replaced: frozenset[str] = frozenset()


def _laid_over(upper: Lexicon, lower: Lexicon) -> _Content:
    content, base = upper._content, lower._content
    by_id = {concept.id: concept for concept in base.concepts}
    taken = {
        (concept.kind, _name_key(name)): concept.id
        for concept in content.concepts
        for names in concept.names.values()
        for name in names
    }
    merged = {
        concept.id: _without_names(concept, taken, upper._source)
        for concept in base.concepts
        if concept.id not in content.replaced
    }
    for concept in content.concepts:
        below = by_id.get(concept.id) if concept.id not in content.replaced else None
        merged[concept.id] = _joined(concept, merged[concept.id]) if below else concept
    return _Content(tuple(merged.values()), (*base.apart, *content.apart))


def _without_names(concept: Concept, taken: Mapping[tuple[str, str], str], source: str) -> Concept:
    names = {
        language: tuple(
            name for name in listed if taken.get((concept.kind, _name_key(name)), concept.id) == concept.id
        )
        for language, listed in concept.names.items()
    }
    names = {language: listed for language, listed in names.items() if listed}
    if not names:
        raise LexiconError(f"{source}: {concept.id} would be left without a name; give it one")
    return concept if names == concept.names else replace(concept, names=names)


def _joined(upper: Concept, lower: Concept) -> Concept:
    names = {
        language: tuple(dict.fromkeys((*upper.names.get(language, ()), *lower.names.get(language, ()))))
        for language in LANGUAGES
        if language in upper.names or language in lower.names
    }
    return Concept(
        upper.kind,
        upper.key,
        names,
        upper.parent or lower.parent,
        upper.fills or lower.fills,
        tuple(dict.fromkeys((*upper.not_in, *lower.not_in))),
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
            case [str(one), str(other)] if one != other:
                pairs.append((one, other))
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
        raise LexiconError(f"{where}: needs a name: {' or '.join(LANGUAGES)} must list one or more")
    not_in = _parse_texts(entry["not_in"], f"{where}: not_in") if "not_in" in entry else ()
    return Concept(kind, key, names, entry.get("parent"), entry.get("fills", fills), not_in)


def _parse_texts(listed: object, where: str) -> tuple[str, ...]:
    if not isinstance(listed, list) or not listed or not all(isinstance(text, str) for text in listed):
        raise LexiconError(f"{where} must list one or more texts; put quotes round numbers, yes and no")
    return tuple(listed)
