"""Codes: ids, article numbers and barcodes, by which products are searched as written and in part."""

from __future__ import annotations

import re
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from snapshelf.catalogue import is_barcode_name, is_code_name, is_name_of_other_codes
from snapshelf.errors import SnapshelfError
from snapshelf.index import FieldValue, Ids, SearchIndex
from snapshelf.language import MIN_CODE_DIGITS, MIN_CODE_LENGTH, Vocabulary, code_key, is_code, quantities
from snapshelf.query.filters.fields import ATTRIBUTES

EXACT, PREFIX, WITHIN = 3, 2, 1
"""How a code matches: it is what was typed, begins with it, or contains it."""

MAX_MATCHES = 100
"""Maximum number of products that a code matches."""

MIN_PREFIX, MIN_WITHIN = 3, 4
"""Least number of letters and digits that are looked up as the beginning, and as another part, of a code."""

_GROUP = "group_id"
_SAMPLE = 1_000
"""Products whose values tell which columns hold codes."""

_READ_AT_ONCE = 2_000
_MAX_PRODUCTS = 100_000_000

_MIN_VALUES = 8
"""Values that a column without the name of a code must have in the sample to be recognised."""

_MOST = 0.9
"""Share of a column's values that must be different, and share that must look like codes."""

_DISTINCT_IF_NAMED = 0.5
"""Least length of a code among other words: with letters, and of digits alone (fewer may be a size or a year)."""

_MIN_DIGITS_OF_WORDS = 3
_MIN_BARCODE = 8
_MAX_KEY_LENGTH = 128
_MAX_WORDS = 4
"""Words that a code may be typed as: AB 1234."""

_LARGEST_COLUMN_TEXT = 80
_REBUILT_SHARE = 0.1
"""Share of the products that must have changed for the table to be built again."""

_QUICK = 0.05
"""Seconds of building up to which a lookup waits for it; a slower build runs in the background."""

_FREQUENT = 3
"""A number in more texts of the shop, for each product with this code, is a word of the shop."""

_END = 10
"""Byte between two codes: a line feed, which is in no code."""

_COMPARED = 512
"""Positions compared at once."""

_HAN = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_CHUNK = re.compile(rf"[^\W_{_HAN}]+(?:[-_./#+:]+[^\W_{_HAN}]+)*")
_LAST_CODE_POINT = "\U0010ffff"
_DIGIT = re.compile(r"\d")
_SEPARATOR = re.compile(r"[,;|\n]")
_SHAPE = re.compile(r"#?[^\W_]+(?:[-_./#]+[^\W_]+)*")
_SHORT_CODE = re.compile(r"[^\W\d_]+[-_./#]\d+|\d+[-_./#][^\W\d_]+")
_OTHER_SHAPE = re.compile(
    r"""\d{4}-\d\d-\d\d.*|\d{1,2}/\d{1,2}/\d{2,4}      # dates
    |\d+[.,]\d{1,2}                                    # decimals
    |\d+(?:[.,]\d+)?[-_ ]?[^\W\d_]{1,3}                # quantities
    |\d+x\d+(?:x\d+)?\D*                               # dimensions
    |.*\.(?:jpe?g|png|gif|webp|avif|svg|mp4|pdf|html?)|https?:.*|www\..*""",
    re.VERBOSE | re.IGNORECASE,
)


class Code(NamedTuple):
    """A code of a product: its form for comparison, the code as the shop writes it, and the product's id."""

    key: str
    written: str
    id: str

    @property
    def term(self) -> str:
        """The index term of the code; the zeros in front of a barcode are part of it."""
        return code_key(self.written) if self.written.startswith("0") else self.key


class CodeWord(NamedTuple):
    """A stretch of a text that is a code and nothing else; by any of the terms, products have it."""

    start: int
    end: int
    terms: tuple[str, ...]


class CodeReading(NamedTuple):
    """The codes that a text names.

    Parameters
    ----------
    matches : mapping
        Id of each product with such a code → `EXACT`, `PREFIX` or `WITHIN`, best first.
    words : tuple of CodeWord
    is_whole : bool
        The text as a whole is the code of a product.
    """

    matches: Mapping[str, int] = {}
    words: tuple[CodeWord, ...] = ()
    is_whole: bool = False

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Positions of the `words`."""
        return [(word.start, word.end) for word in self.words]


class CodeTable:
    """The codes of all products of an index: ids, group ids, and the values of columns that hold codes.

    A column holds codes if its name says so ("SKU", 条码) or if nearly all its values look like codes and differ. The
    table is built at the first lookup and again after many changes: at once if that is quick, else in the background.
    Changes since then are read at the next lookup. It may be used from several threads.

    Parameters
    ----------
    index : SearchIndex
    """

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        self._building = threading.Lock()
        self._updating = threading.Lock()
        self._changed: dict[str, int] = {}
        self._changes = 0
        self._table: _Table | None = None
        self._recent = _Recent()

    def changed(self, ids: Iterable[str]) -> None:
        """Take notice of products that were added, changed or removed in the index."""
        with self._updating:
            self._changes += 1
            self._changed.update(dict.fromkeys(ids, self._changes))

    def prepare(self) -> None:
        """Start to build the table in the background, so that the first lookup need not wait."""
        self._build_in_background()

    def exact(self, key: str) -> list[Code]:
        """Return the codes that are equal to a key, of at most `MAX_MATCHES` products."""
        codes = (code for part in self._parts() for code in part.current(part.codes.exact(key)))
        return list(islice(codes, MAX_MATCHES))

    def partial(self, key: str) -> list[tuple[Code, int]]:
        """Return the codes that begin with a key or contain it, with `PREFIX` or `WITHIN`, in this order.

        Keys that are shorter than `MIN_PREFIX` and `MIN_WITHIN` match nothing. A product comes as often as it has such
        codes.
        """
        matches: list[tuple[Code, int]] = []
        if len(key) > _MAX_KEY_LENGTH:
            return matches
        parts = self._parts()
        for level, least in ((PREFIX, MIN_PREFIX), (WITHIN, MIN_WITHIN)):
            for part in parts if len(key) >= least else ():
                # Products have few codes that are alike, so that twice as many codes are enough.
                limit = 2 * MAX_MATCHES + len(part.outdated)
                codes = part.codes.prefix(key, limit) if level == PREFIX else part.codes.within(key, limit)
                matches += [(code, level) for code in part.current(codes)]
        return matches

    def _parts(self) -> list[_Part]:
        """Return the table and what has changed since."""
        table = self._table
        if table is None or (self._is_old(table) and table.seconds <= _QUICK):
            with self._building:
                table = self._table
                if table is None or self._is_old(table):
                    table = self._build()
        elif self._is_old(table):
            self._build_in_background()
        recent = self._read_changes(table)
        if not recent.ids:
            return [_Part(table.codes)]
        return [_Part(recent.codes), _Part(table.codes, recent.ids)]

    def _is_old(self, table: _Table) -> bool:
        return len(self._changed) > _REBUILT_SHARE * table.products

    def _read_changes(self, table: _Table) -> _Recent:
        recent = self._recent
        if recent.table is table and recent.changes == self._changes:
            return recent
        with self._updating:
            changes, ids = self._changes, list(self._changed)
        codes: Iterable[Code] = ()
        if ids:
            new = [name for name in self._attributes() if name not in table.attributes]
            columns = code_columns(self._index.field_values(ids, new)) if new else ()
            codes = _codes_of(self._index, ids, [*table.columns, *columns])
        self._recent = recent = _Recent(table, changes, frozenset(ids), SortedCodes(codes))
        return recent

    def _attributes(self) -> list[str]:
        return [name for name in self._index.fields() if name.startswith(f"{ATTRIBUTES}.")]

    def _build(self) -> _Table:
        start = time.monotonic()
        with self._updating:
            changes = self._changes
        ids = self._index.scroll(limit=_MAX_PRODUCTS)
        attributes = self._attributes()
        sample = self._index.field_values(ids[:: max(1, len(ids) // _SAMPLE)], attributes)
        columns = code_columns(sample)
        codes = SortedCodes(_codes_of(self._index, ids, columns))
        table = _Table(codes, columns, frozenset(attributes), len(ids), time.monotonic() - start)
        with self._updating:
            self._changed = {id: change for id, change in self._changed.items() if change > changes}
            self._table = table
        return table

    def _build_in_background(self) -> None:
        if not self._building.acquire(blocking=False):
            return

        def build() -> None:
            try:
                # The index may be closed meanwhile, with the shelf.
                with suppress(SnapshelfError):
                    self._build()
            finally:
                self._building.release()

        threading.Thread(target=build, name="snapshelf-codes", daemon=True).start()


@dataclass(frozen=True, slots=True)
class _Column:
    """A column that holds codes.

    Parameters
    ----------
    name : str
    is_unique : bool
        Its values differ, so that each of them is a code, whatever it looks like.
    is_barcode : bool
        Leading zeros are padding.
    """

    name: str
    is_unique: bool
    is_barcode: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    codes: SortedCodes
    columns: tuple[_Column, ...]
    attributes: frozenset[str]
    products: int
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class _Recent:
    """The codes of the products that have changed since a table was built."""

    table: _Table | None = None
    changes: int = 0
    ids: frozenset[str] = frozenset()
    codes: SortedCodes = field(default_factory=lambda: SortedCodes(()))


class SortedCodes:
    """Codes in order, for lookups by a whole code, its beginning, and any other part.

    Beginnings are neighbours in the order. Other parts go through the positions of all sequences of four bytes in the
    joined codes: those of the rarest sequence of a part are compared with the part.

    Parameters
    ----------
    codes : iterable of Code
    """

    def __init__(self, codes: Iterable[Code]) -> None:
        self._codes = sorted(codes, key=attrgetter("key"))
        self._keys = [code.key for code in self._codes]
        encoded = [key.encode() for key in self._keys]
        text = np.frombuffer(b"\n".join([*encoded, b""]), np.uint8)
        lengths = np.array([len(key) + 1 for key in encoded], np.int64)
        self._starts = np.cumsum(lengths) - lengths
        self._text = text
        grams = _grams(text)
        inside = (text[: len(grams)] != _END) & (text[1 : len(grams) + 1] != _END)
        inside &= (text[2 : len(grams) + 2] != _END) & (text[3 : len(grams) + 3] != _END)
        places = np.flatnonzero(inside)
        # A sort of pairs in a single number is faster than an indirect sort.
        pairs = np.sort(grams[places].astype(np.uint64) << np.uint64(32) | places.astype(np.uint64))
        self._grams = (pairs >> np.uint64(32)).astype(np.uint32)
        self._places = (pairs & np.uint64(0xFFFFFFFF)).astype(np.uint32)

    def __len__(self) -> int:
        return len(self._codes)

    def exact(self, key: str) -> list[Code]:
        """Return the codes that are equal to a key."""
        first = bisect_left(self._keys, key)
        return self._codes[first : bisect_right(self._keys, key, first)]

    def prefix(self, key: str, limit: int) -> list[Code]:
        """Return the first codes that begin with a key, in order."""
        first = bisect_left(self._keys, key)
        last = bisect_left(self._keys, key + _LAST_CODE_POINT, first)
        return self._codes[first : min(last, first + limit)]

    def within(self, key: str, limit: int) -> list[Code]:
        """Return the first codes that contain a key of four or more bytes, in order."""
        part = np.frombuffer(key.encode(), np.uint8)
        wanted = _grams(part)
        if not len(wanted):
            return []
        first = np.searchsorted(self._grams, wanted, "left")
        counts = np.searchsorted(self._grams, wanted, "right") - first
        rarest = int(np.argmin(counts))
        places = self._places[first[rarest] : first[rarest] + counts[rarest]].astype(np.int64) - rarest
        rows: dict[int, None] = {}
        for start in range(0, len(places), _COMPARED):
            chunk = places[start : start + _COMPARED]
            chunk = chunk[(chunk >= 0) & (chunk + len(part) <= len(self._text))]
            same = chunk[(self._text[chunk[:, None] + np.arange(len(part))] == part).all(axis=1)]
            rows |= dict.fromkeys((np.searchsorted(self._starts, same, "right") - 1).tolist())
            if len(rows) >= limit:
                break
        return [self._codes[row] for row in rows][:limit]


def _grams(text: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return the four bytes from each position as a number."""
    if len(text) < MIN_WITHIN:
        return np.empty(0, np.uint32)
    return np.lib.stride_tricks.sliding_window_view(text, 4).copy().view(">u4")[:, 0].astype(np.uint32)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the codes, and the products whose codes in it are outdated."""

    codes: SortedCodes
    outdated: Collection[str] = ()

    def current(self, codes: list[Code]) -> list[Code]:
        """Leave out outdated codes."""
        return [code for code in codes if code.id not in self.outdated] if self.outdated else codes


# Columns


def code_columns(products: Sequence[Mapping[str, FieldValue]]) -> tuple[_Column, ...]:
    """Return the columns that hold codes, by their names and values.

    Parameters
    ----------
    products : sequence of mapping
        The attributes of products, ``attributes.NAME`` → value.
    """
    values: dict[str, list[str]] = {}
    for product in products:
        for name, value in product.items():
            values.setdefault(name, []).extend(_written_codes(value))
    columns = []
    for name, texts in values.items():
        short = name.removeprefix(f"{ATTRIBUTES}.")
        distinct = len(set(texts)) / len(texts) if texts else 0.0
        if is_code_name(short):
            is_unique = distinct >= _MOST
            if (
                is_unique
                or distinct >= _DISTINCT_IF_NAMED
                or _share(texts, _is_telling) >= _DISTINCT_IF_NAMED
            ):
                columns.append(_Column(name, is_unique, is_barcode_name(short)))
        elif (
            len(texts) >= _MIN_VALUES
            and distinct >= _MOST
            and _share(texts, _has_shape) >= _MOST
            and not is_name_of_other_codes(short)
        ):
            columns.append(_Column(name, is_unique=False, is_barcode=False))
    return tuple(columns)


def _share(texts: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, texts)) / len(texts) if texts else 0.0


def _has_shape(text: str) -> bool:
    """Return whether a value of any column looks like a code."""
    return (
        len(code_key(text)) >= MIN_CODE_DIGITS
        and bool(_DIGIT.search(text))
        and bool(_SHAPE.fullmatch(text))
        and not _OTHER_SHAPE.fullmatch(text)
    )


def _is_telling(text: str) -> bool:
    """Return whether a value of a column of codes is a code, not words: "Galaxy S21" are words."""
    chunks = text.split()
    return (
        bool(_DIGIT.search(text))
        and len(code_key(text)) >= MIN_CODE_LENGTH
        and all(_DIGIT.search(chunk) or len(chunk) < MIN_CODE_LENGTH for chunk in chunks)
    )


def _written_codes(value: FieldValue) -> Iterator[str]:
    """Yield the codes in a value; whole numbers without decimals, as barcodes are that were read as numbers."""
    if isinstance(value, float | int):
        if float(value).is_integer():
            yield str(int(value))
    elif isinstance(value, str):
        if len(value) <= _LARGEST_COLUMN_TEXT:
            yield from filter(None, map(str.strip, _SEPARATOR.split(value)))
    elif value is not None:
        for text in value:
            yield from _written_codes(text)


def _codes_of(index: SearchIndex, ids: Sequence[str], columns: Sequence[_Column]) -> Iterator[Code]:
    """Yield the codes of those products that the index has."""
    fields = [_GROUP, *(column.name for column in columns)]
    for start in range(0, len(ids), _READ_AT_ONCE):
        some = ids[start : start + _READ_AT_ONCE]
        present = index.matches(some, Ids(tuple(some)))
        for id, values in zip(some, index.field_values(some, fields), strict=True):
            if id in present:
                yield from _codes_of_product(id, values, columns)


def _codes_of_product(
    id: str, values: Mapping[str, FieldValue], columns: Sequence[_Column]
) -> Iterator[Code]:
    keys = {code_key(id): id}
    if isinstance(group := values.get(_GROUP), str):
        keys.setdefault(code_key(group), group)
    for column in columns:
        for text in _written_codes(values.get(column.name)):
            is_word = " " in text or not column.is_unique
            if not is_word or _is_telling(text):
                keys.setdefault(code_key(text), text)
                if column.is_barcode and text.isdigit():
                    keys.setdefault(text.lstrip("0"), text)
    for key, text in keys.items():
        if key:
            yield Code(key, text, id)


# Queries


def read_codes(text: str, table: CodeTable, vocabulary: Vocabulary | None = None) -> CodeReading:
    """Read the codes of products in a query.

    The whole text may be any code. Among other words, a code has a digit, and at least four letters and digits or five
    digits. What is no whole code may be the beginning of codes, or another part of them.

    Parameters
    ----------
    text : str
        In normal form.
    table : CodeTable
    vocabulary : Vocabulary or None
        The words of the shop; a number that is a word of the shop is no part of a code.
    """
    key = code_key(text)
    if not key:
        return CodeReading()
    reading = _Reading()
    if codes := _exact(table, key):
        reading.add(text, 0, [(code, EXACT) for code in codes])
        if _looks_like_code(text) and not _is_plain_number(text):
            reading.add_products(table.partial(key))
        return CodeReading(reading.matches, tuple(reading.words), is_whole=True)
    if _looks_like_code(text):
        _add_whole_codes(reading, text, table, vocabulary)
        if not reading.matches:
            _add_parts_of_codes(reading, text, table, vocabulary)
    return CodeReading(reading.matches, tuple(reading.words))


class _Reading:
    """The codes that were read so far."""

    def __init__(self) -> None:
        self.matches: dict[str, int] = {}
        self.words: list[CodeWord] = []

    def add(self, written: str, start: int, codes: Sequence[tuple[Code, int]]) -> bool:
        """Add the codes that a stretch of the text is, or is a part of; return whether there are any."""
        self.add_products(codes)
        # A code without digits is a word, too, and is left to those that read words.
        if codes and _DIGIT.search(written):
            terms = dict.fromkeys(code.term for code, _ in codes if code.id in self.matches)
            self.words.append(CodeWord(start, start + len(written), (code_key(written), *terms)))
        return bool(codes)

    def add_products(self, codes: Sequence[tuple[Code, int]]) -> None:
        """Add the products of codes."""
        for code, level in codes:
            if len(self.matches) >= MAX_MATCHES:
                break
            self.matches.setdefault(code.id, level)


def complete_codes(typed: str, table: CodeTable) -> list[Code]:
    """Return codes that what was typed begins, and then those that it is another part of.

    Parameters
    ----------
    typed : str
        In normal form.
    table : CodeTable
    """
    key = code_key(typed)
    if not _looks_like_code(typed):
        return []
    return [code for code, _ in table.partial(key) if code.key != key]


def _looks_like_code(text: str) -> bool:
    """Return whether a text may be a part of codes: it has a digit, or is a word with a sign inside."""
    return bool(_DIGIT.search(text) or (_SHAPE.fullmatch(text) and not text.isalpha()))


def _add_whole_codes(reading: _Reading, text: str, table: CodeTable, vocabulary: Vocabulary | None) -> None:
    """Add the whole codes among the words of a text."""
    chunks = list(_CHUNK.finditer(text))
    end = 0
    for first, chunk in enumerate(chunks):
        for last in reversed(chunks[first : first + _MAX_WORDS]) if chunk.start() >= end else ():
            run = text[chunk.start() : last.end()]
            if not (_is_recognisable(run) or _SHORT_CODE.fullmatch(run)) or not (
                codes := _exact(table, code_key(run))
            ):
                continue
            is_frequent = vocabulary and vocabulary.frequency(code_key(run)) > _FREQUENT * len(codes)
            if not is_frequent and not _is_plain_number(run):
                reading.add(run, chunk.start(), [(code, EXACT) for code in codes])
                end = last.end()
                break


def _add_parts_of_codes(
    reading: _Reading, text: str, table: CodeTable, vocabulary: Vocabulary | None
) -> None:
    """Add the codes that a text as a whole, or else words of it, are parts of."""
    chunks = list(_CHUNK.finditer(text))
    known = [bool(vocabulary and vocabulary.frequency(code_key(chunk[0]))) for chunk in chunks]
    key = code_key(text)
    is_short = key.isdigit() and len(key) < MIN_CODE_LENGTH
    if not any(known) and not is_short and reading.add(text, 0, table.partial(key)):
        return
    if len(chunks) == 1 and _is_recognisable(text) and not _is_plain_number(text):
        # Products that have it as a word come first, so that the word stays what it is.
        reading.add_products(table.partial(key))
    for chunk, is_word in zip(chunks, known, strict=True) if len(chunks) > 1 else ():
        if not is_word and _is_recognisable(chunk[0]) and not _is_plain_number(chunk[0]):
            reading.add(chunk[0], chunk.start(), table.partial(code_key(chunk[0])))


def _exact(table: CodeTable, key: str) -> list[Code]:
    """Return the codes that are equal to a key; a barcode may have more or fewer zeros in front."""
    codes = table.exact(key)
    if not codes and len(key) >= _MIN_BARCODE and key.startswith("0") and key.isdigit():
        codes = table.exact(key.lstrip("0"))
    return codes


def _is_recognisable(run: str) -> bool:
    """Return whether a code can be recognised among words: in "watch 12 v" the first two words are none."""
    return len(_DIGIT.findall(run)) >= (_MIN_DIGITS_OF_WORDS if " " in run else 1) and is_code(run)


def _is_plain_number(text: str) -> bool:
    """Return whether a text is a short number or a quantity: 42, 2012, 500ml, size 42."""
    if text.isdigit():
        return len(text) < MIN_CODE_DIGITS
    may_be = text[0].isdigit() or " " in text
    return may_be and any(quantity.start == 0 and quantity.end == len(text) for quantity in quantities(text))
