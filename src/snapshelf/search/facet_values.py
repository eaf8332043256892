"""The values of a facet as shoppers see them: spellings of a value are one value, and lists in a cell are several."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from snapshelf.index import OneOf, SearchIndex
from snapshelf.language import Lexicon, normalise

ATTRIBUTES = "attributes."
"""Beginning of the full names of attributes."""

EVERY = 1_000_000_000
"""More values than any field has."""

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""A number as text."""

_HAN = re.compile(r"[\u3400-\u9fff]")
_LINES = re.compile(r"\s*[\r\n]+\s*")
_LIST = re.compile(r"\s*(?:[;|、；]|[,，](?!\d)|(?<!\d)[,，])\s*")
"""Signs that divide a list; a comma between digits is a decimal comma."""
_PAIR = re.compile(r"\s*[/／&＆+＋]\s*|\s+and\s+", re.IGNORECASE)
"""Signs that divide a list or belong to a name, as in AC/DC."""
_WORD = re.compile(r"[^\W\d_]{3}|[\u3400-\u9fff]")
_LONGEST_LIST = 500
"""Characters of the longest cell that may be a list; longer ones are descriptions."""
_TRANSLATED = 2_000
"""Most values of a field that are looked up in the lexicon."""


class FieldValues:
    """The values of a text field.

    A cell is a list if a line break divides it, or if every part between its signs (``,;|、``, and ``/&+`` between
    words) is a value by itself elsewhere, or if all parts are names of a kind in the lexicon, such as colours. Values
    are one if they differ in case, width or white space, or if the lexicon has them as the English and the Chinese name
    of the same thing.

    Parameters
    ----------
    cells : mapping
        Text of a cell → number of products.
    lexicon : Lexicon or None
    splits : bool
        Whether cells may be lists.
    """

    def __init__(
        self, cells: Mapping[str, int], lexicon: Lexicon | None = None, *, splits: bool = True
    ) -> None:
        self._lexicon = lexicon
        self._alone = Counter[str]()
        for cell, count in cells.items():
            self._alone[normalise(cell)] += count
        parts = {cell: self._parts(cell) if splits else (cell.strip(),) for cell in cells}
        names: defaultdict[str, Counter[str]] = defaultdict(Counter)  # key → how it is spelled
        for cell, texts in parts.items():
            for text in texts:
                # A list says less about how the shop writes a value than a cell with this value alone.
                names[normalise(text)][text] += cells[cell] if len(texts) == 1 else 0
        same = self._translations({key: sum(spelled.values()) for key, spelled in names.items()})
        labels = {key: min(spelled, key=lambda text: _rank(text, spelled)) for key, spelled in names.items()}
        self._label_of = {key: labels[same.get(key, key)] for key in names}
        self.labels: dict[str, tuple[str, ...]] = {}
        cells_of: defaultdict[str, list[str]] = defaultdict(list)
        for cell, texts in parts.items():
            self.labels[cell] = tuple(dict.fromkeys(self._label_of[normalise(text)] for text in texts))
            for label in self.labels[cell]:
                cells_of[label].append(cell)
        self.cells: dict[str, tuple[str, ...]] = {label: tuple(cells) for label, cells in cells_of.items()}
        self.is_plain = all(labels == (cell,) for cell, labels in self.labels.items())

    def cells_of(self, value: str) -> tuple[str, ...]:
        """Return the texts of the cells that have a value, in whatever spelling; the value itself if none has."""
        return self.cells.get(self.label_of(value), (value,))

    def label_of(self, value: str) -> str:
        """Return the most frequent spelling of a value."""
        return self._label_of.get(normalise(value), value)

    def _parts(self, cell: str) -> tuple[str, ...]:
        if len(cell) > _LONGEST_LIST:
            return (cell.strip(),)
        lines = _LINES.split(cell.strip())
        return tuple(dict.fromkeys(part for line in lines if line for part in self._split(line)))

    def _split(self, text: str) -> Iterable[str]:
        for signs in (_LIST, _PAIR):
            parts = [part for part in signs.split(text) if part]
            if len(parts) > 1 and self._are_values(parts, need_words=signs is _PAIR):
                return [part for each in parts for part in self._split(each)]
        return (text.strip(),)

    def _are_values(self, parts: Sequence[str], *, need_words: bool) -> bool:
        if need_words and not all(_WORD.search(part) for part in parts):
            return False
        return all(self._is_value(part) for part in parts) or self._are_of_a_kind(parts)

    def _is_value(self, part: str) -> bool:
        """Whether a part is a value by itself elsewhere, or a list with other signs, as in "red/black, white"."""
        if normalise(part) in self._alone:
            return True
        parts = [each for each in _PAIR.split(part) if each]
        return len(parts) > 1 and self._are_values(parts, need_words=True)

    def _are_of_a_kind(self, parts: Sequence[str]) -> bool:
        kinds = [self._kinds(part) for part in parts]
        return bool(set.intersection(*kinds))

    def _kinds(self, text: str) -> set[str]:
        return {kind for kind, _ in self._concepts(text)}

    def _concepts(self, text: str) -> set[tuple[str, str]]:
        """Kind and id of the concepts that a whole text names."""
        if self._lexicon is None:
            return set()
        length = len(normalise(text))
        return {
            (match.concept.kind, match.concept.id)
            for match in self._lexicon.find(text)
            if match.end - match.start == length
        }

    def _translations(self, counts: Mapping[str, int]) -> dict[str, str]:
        """Return the values of the less frequent language that are names of a value in the other: key → its key."""
        chinese = {key for key in counts if _HAN.search(key)}
        if not chinese or len(chinese) == len(counts) or len(counts) > _TRANSLATED:
            return {}
        by_concept: defaultdict[str, list[str]] = defaultdict(list)
        for key in counts:
            for _, concept in self._concepts(key):
                by_concept[concept].append(key)
        same: dict[str, str] = {}
        for keys in by_concept.values():
            keys.sort(key=lambda key: (-counts[key], key))
            # A synonym in the same language is another value: the shop has both navy and dark blue.
            other = next((key for key in keys if (key in chinese) != (keys[0] in chinese)), None)
            if other is not None:
                same[other] = keys[0]
        return {key: first for key, first in same.items() if first not in same}


class FacetValues:
    """The values of all fields of an index, read when they are first asked for; made anew when products change.

    Parameters
    ----------
    index : SearchIndex
    lexicon : Lexicon or None
    """

    def __init__(self, index: SearchIndex, lexicon: Lexicon | None = None) -> None:
        self._index = index
        self._lexicon = lexicon
        self._fields: dict[str, FieldValues] = {}
        self._overlaps: dict[tuple[str, str, str | None], bool] = {}

    def of(self, field: str) -> FieldValues:
        """Return the values of a field."""
        if field not in self._fields:
            counted = self._index.facet(field, limit=EVERY)
            cells = {each.value: each.count for each in counted.values if isinstance(each.value, str)}
            # A brand or a category may have any sign in its name.
            splits = field.startswith(ATTRIBUTES)
            self._fields[field] = FieldValues(cells, self._lexicon, splits=splits)
        return self._fields[field]

    def overlap(self, field: str, label: str, group: str | None) -> bool:
        """Whether a product, or a group of variants, has several cells of a value, and would be counted twice."""
        key = field, label, group
        if key not in self._overlaps:
            cells: tuple[str | float, ...] = self.of(field).cells.get(label, ())
            if NUMBER.fullmatch(label):
                cells = (*cells, float(label))
            apart = sum(self._index.count(OneOf(field, (cell,)), group) for cell in cells)
            self._overlaps[key] = apart != self._index.count(OneOf(field, cells), group)
        return self._overlaps[key]


def _rank(text: str, counts: Mapping[str, int]) -> tuple[object, ...]:
    """Order spellings: the most frequent first, then capitalised ones ("Red" before "RED" and "red")."""
    return -counts[text], text.isupper(), text.islower(), text
