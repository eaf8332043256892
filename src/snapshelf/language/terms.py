"""Index terms of a text for lexical retrieval (BM25), and the words of a query with the terms that answer them."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

from snapshelf.language.lexicon import Concept, Lexicon, Span
from snapshelf.language.normalisation import normalise
from snapshelf.language.tokens import Unit, is_stop_word, split_units, stem
from snapshelf.language.units import measures

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from snapshelf.language.brands import BrandNames

_COMPOUND_GAPS = frozenset({"", "-", "‐", "&", ".", "_"})
_JOINED_GAPS = frozenset({" ", "-", "‐", ".", "_"})
# A longer compound is a list or an address, which nobody types as a single word.
_MAX_COMPOUND_LENGTH = 32
_MAX_UNIT_LENGTH = 5
_MIN_PART_LENGTH = 3
_MAX_WORD_LENGTH = 3
_MAX_RUN_LENGTH = 4
_GLUED = re.compile(rf"([^\W\d_]{{{_MIN_PART_LENGTH},}})(\d+)|(\d+)([^\W\d_]{{{_MIN_PART_LENGTH},}})")

Alternatives: TypeAlias = tuple[tuple[str, ...], ...]
"""Ways of saying a word in index terms: a product has the word if it has all terms of any of them."""


class ShopForms(Protocol):
    """What a shop's own words say of the words of a query; see `WordForms`."""

    stop_words: frozenset[str]
    """Stop words of the shop's languages."""

    def forms(self, word: str) -> list[str]:
        """Return the inflections of a word, and the compounds that end with it, among the words of the shop."""
        ...

    def parts(self, word: str) -> list[tuple[str, str]]:
        """Return modifier and head of a compound that the shop has as words."""
        ...

    def joined(self, first: str, second: str) -> list[str]:
        """Return the words of the shop that are two words written together."""
        ...

    def chinese_pairs(self, characters: str, *, after_word: bool, before_word: bool) -> list[int]:
        """Return the places of the pairs of characters that are a word, and do not only join two words."""
        ...


@dataclass(frozen=True, slots=True)
class QueryWord:
    """A word of a query, and the index terms by which a product has it.

    Attributes
    ----------
    text : str
        The word as it stands in the normalised query.
    start, end : int
        Its position there.
    alternatives : tuple of tuple of str
        A product has the word if it has all terms of one of these: its concept, its stem, the parts of a compound,
        the character pairs of a Chinese word. At least one alternative, each with at least one term.
    written : tuple of str
        The terms that a name of a product has if the word stands in it as it is written here; empty where that is not
        indexed.
    """

    text: str
    start: int
    end: int
    alternatives: Alternatives
    written: tuple[str, ...] = ()


class IndexTerms(NamedTuple):
    """The index terms of a text of a product.

    Parameters
    ----------
    words : tuple of str
        The tokens, repeats included, and the terms of concepts and of wider concepts. They make the length of a text.
    helpers : tuple of str
        Further distinct terms by which parts and other forms of the words are retrieved.
    surfaces : tuple of str
        A term for each distinct word as it is written, stop words included. Only names of products need them.
    """

    words: tuple[str, ...]
    helpers: tuple[str, ...]
    surfaces: tuple[str, ...]


def tokenize(text: str, lexicon: Lexicon | None = None) -> list[str]:
    """Return the BM25 tokens of `text`; documents and queries use the same analysis.

    English words are stemmed (Snowball). A compound gives its joined form and its parts ("wd-40":
    ``wd40``, ``wd``, ``40``), but no parts where a single letter leads: a t-shirt is no shirt. Chinese is
    cut by forward maximum matching against the lexicon; what the lexicon does not know becomes
    character bigrams. Stop words are dropped unless nothing else is left.

    Parameters
    ----------
    text : str
        Any text.
    lexicon : Lexicon or None
        The lexicon whose names are Chinese words; the bundled lexicon if None.

    Returns
    -------
    list of str
        The tokens in order, repeats included; empty for a text without letters and digits.
    """
    units = split_units(normalise(text))
    return _tokens(units, (lexicon or Lexicon.bundled()).segment(units))


def search_terms(text: str, lexicon: Lexicon | None = None) -> list[str]:
    """Return the tokens of `text` and a term for each measure and each concept that it names.

    Concept terms let 红色 match "Red": both texts have ``§colour/red``. Terms of measures let 65寸 match "65-inch".

    Parameters
    ----------
    text : str
        Any text.
    lexicon : Lexicon or None
        The bundled lexicon if None.

    Returns
    -------
    list of str
        The tokens as `tokenize` gives them, then the distinct terms of measures and of concepts in order of mention.

    Examples
    --------
    >>> from snapshelf.language import search_terms
    >>> "dress" in search_terms("red dresses")
    True
    """
    lexicon = lexicon or Lexicon.bundled()
    normalised = normalise(text)
    units = split_units(normalised)
    spans = lexicon.segment(units)
    terms = dict.fromkeys(term for measure in measures(normalised) for term in measure.terms)
    terms |= dict.fromkeys(concept.term for concept in _concepts(lexicon, spans, units))
    tokens = _tokens(units, spans)
    return tokens + [term for term in terms if term not in tokens]


def index_terms(text: str, lexicon: Lexicon | None = None) -> IndexTerms:
    """Return the terms under which a text of a product is indexed.

    Beside `search_terms`, these are the wider concepts (a query for shoes matches sneakers, but a query for sneakers
    does not match all shoes), and helpers: measures; every pair of adjacent characters of Chinese and of other scripts
    without spaces, so that no cut hides a word; single Chinese characters; numbers joined with the letters beside
    them ("2 TB" is 2TB); and the other written forms of words (Mueller for Müller, eau for l'eau).

    Parameters
    ----------
    text : str
        Any text.
    lexicon : Lexicon or None
        The bundled lexicon if None.

    Examples
    --------
    >>> from snapshelf.language import index_terms
    >>> index_terms("RJ 45").helpers
    ('rj45',)
    """
    lexicon = lexicon or Lexicon.bundled()
    normalised = normalise(text)
    units = split_units(normalised)
    spans = lexicon.segment(units)
    concepts = _concepts(lexicon, spans, units)
    concepts |= dict.fromkeys(wider for concept in concepts for wider in lexicon.ancestors(concept))
    words = _tokens(units, spans) + [concept.term for concept in concepts]
    helpers = dict.fromkeys(term for measure in measures(normalised) for term in measure.terms)
    helpers |= dict.fromkeys(_helpers(units))
    surfaces = dict.fromkeys(_surfaces(units))
    return IndexTerms(tuple(words), tuple(term for term in helpers if term not in words), tuple(surfaces))


def query_words(
    text: str,
    lexicon: Lexicon | None = None,
    forms: ShopForms | None = None,
    brands: BrandNames | None = None,
) -> list[QueryWord]:
    """Return the words of a query with the index terms of each, in order.

    A name of the lexicon is one word ("running shoes"). Chinese that the lexicon does not know is a word if it has up
    to three characters; of a longer run, whose words are not known, each pair of characters counts, without those
    that only lie between words of the shop. Stop words are left out unless nothing else is left.

    Parameters
    ----------
    text : str
        Any text.
    lexicon : Lexicon or None
        The bundled lexicon if None.
    forms : ShopForms or None
        The shop's words, for inflections and stop words of its languages and for compounds.
    brands : BrandNames or None
        The shop's brands. A brand is a word, and its other names are alternatives.

    Returns
    -------
    list of QueryWord
        Empty for a text without letters and digits. Positions index ``normalise(text)``.

    Examples
    --------
    >>> from snapshelf.language import query_words
    >>> [(word.text, word.alternatives) for word in query_words("the wd-40 sprays")]
    [('wd-40', (('wd40',), ('wd', '40'))), ('sprays', (('spray',),))]
    """
    lexicon = lexicon or Lexicon.bundled()
    normalised = normalise(text)
    units = split_units(normalised)
    spans = lexicon.segment(units)
    spans += lexicon.named(spans, units)
    measured = _measured_spans(normalised, units)
    branded = brands.spans(units) if brands else {}
    pieces = list(_pieces(units, spans, latin_names=True, measured=measured, branded=branded))
    stop_words = forms.stop_words if forms else frozenset()
    words = [piece for piece in pieces if not piece.is_stop_word(stop_words)] or pieces
    return [
        QueryWord(
            normalised[part[0].start : part[-1].end],
            part[0].start,
            part[-1].end,
            alternatives,
            () if piece.kind == "measure" else _written(part),
        )
        for piece in words
        for part, alternatives in _alternatives(piece, units, forms)
    ]


def surface_words(text: str, lexicon: Lexicon | None = None) -> list[str]:
    """Return the surface words of `text`: not stemmed, unknown Chinese not split into bigrams; eau beside l'eau."""
    normalised = normalise(text)
    chunks = normalised.split(" ")
    if normalised.isascii() and all(len(chunk) > 1 and chunk.isalpha() for chunk in chunks):
        return [word for word in chunks if not is_stop_word(word)]  # Most titles; three times as fast.
    units = split_units(normalised)
    # The lexicon segments only Chinese.
    spans = [] if normalised.isascii() else (lexicon or Lexicon.bundled()).segment(units)
    words: list[str] = []
    for piece in _pieces(units, spans):
        if piece.kind == "latin":
            words += [word for word in _forms(piece, units) if not is_stop_word(word)]
            words += [unit.others[0] for unit in piece.units if unit.is_elided]
        elif piece.kind != "stop":
            words.append(_joined(piece.units))
    return words


class _Piece(NamedTuple):
    """Units that belong together, the first of them at place `first` of the text."""

    kind: Literal["name", "stop", "unknown", "latin", "measure"]
    units: list[Unit]
    first: int
    terms: tuple[str, ...] = ()
    others: Alternatives = ()

    def is_stop_word(self, stop_words: frozenset[str]) -> bool:
        """Return whether the piece says nothing beside other words."""
        word = self.units[0]
        if self.kind == "latin" and len(self.units) == 1:
            return is_stop_word(word.text) or word.text in stop_words
        return self.kind == "stop"


def _concepts(lexicon: Lexicon, spans: list[Span], units: list[Unit]) -> dict[Concept, None]:
    return dict.fromkeys(concept for span in lexicon.named(spans, units) for concept in span.concepts)


def _tokens(units: list[Unit], spans: list[Span]) -> list[str]:
    pieces = list(_pieces(units, spans))
    return list(_words(pieces, units, keep_stop_words=False)) or list(
        _words(pieces, units, keep_stop_words=True)
    )


def _measured_spans(normalised: str, units: list[Unit]) -> dict[int, tuple[int, tuple[str, ...]]]:
    """Return first unit → unit after the last, and terms, of each measure."""
    starts = [unit.start for unit in units]
    spans = {}
    for measure in measures(normalised):
        first, last = bisect_left(starts, measure.start), bisect_left(starts, measure.end)
        if first < last and units[last - 1].end <= measure.end:
            spans[first] = (last, measure.terms)
    return spans


def _pieces(
    units: list[Unit],
    spans: list[Span],
    *,
    latin_names: bool = False,
    measured: Mapping[int, tuple[int, tuple[str, ...]]] = MappingProxyType({}),
    branded: Mapping[int, tuple[int, Alternatives]] = MappingProxyType({}),
) -> Iterator[_Piece]:
    """Split a text into Chinese names and stop words of the lexicon, unknown Chinese, and Latin compounds.

    With `latin_names`, English names of the lexicon are pieces too. Of several spans at a unit the last counts.
    Measures are pieces before all else, and brands unless a name of the lexicon is longer.
    """
    cuts = {
        span.first: span
        for span in spans
        if any(unit.is_han for unit in units[span.first : span.last]) or (latin_names and span.concepts)
    }
    position = 0
    while position < len(units):
        first = position
        if first in measured:
            position, terms = measured[first]
            yield _Piece("measure", units[first:position], first, terms)
            continue
        span = cuts.get(first)
        brand = branded.get(first)
        if brand is not None and (span is None or span.last <= brand[0]):
            position = brand[0]
            concepts = span.concepts if span is not None and span.last == position else ()
            terms = tuple(concept.term for concept in concepts)
            yield _Piece("name", units[first:position], first, terms, brand[1])
            continue
        if span is not None:
            position = span.last
            kind: Literal["name", "stop"] = "name" if span.concepts else "stop"
            terms = tuple(concept.term for concept in span.concepts)
            yield _Piece(kind, units[first:position], first, terms)
            continue
        unit = units[first]
        position += 1
        if not unit.is_unspaced or unit.is_han:
            gaps = {""} if unit.is_han else _COMPOUND_GAPS
            while (
                position < len(units)
                and position not in cuts
                and position not in measured
                and position not in branded
                and units[position].is_han == unit.is_han
                and units[position].is_unspaced == unit.is_unspaced
                and units[position].gap in gaps
            ):
                position += 1
        yield _Piece("unknown" if unit.is_han else "latin", units[first:position], first)


def _words(pieces: list[_Piece], units: list[Unit], *, keep_stop_words: bool) -> Iterator[str]:
    for piece in pieces:
        if piece.kind == "unknown":
            yield from _bigrams(piece.units)
        elif piece.kind == "latin":
            for word in _forms(piece, units):
                if keep_stop_words or not is_stop_word(word):
                    yield stem(word)
        elif piece.kind == "name" or keep_stop_words:
            yield _joined(piece.units)


def _joined(units: Iterable[Unit]) -> str:
    return "".join(unit.text for unit in units)


def _bigrams(characters: list[Unit]) -> list[str]:
    return [a.text + b.text for a, b in pairwise(characters)] or [unit.text for unit in characters]


def _forms(piece: _Piece, units: list[Unit]) -> Iterator[str]:
    """Yield the words of a Latin compound and its joined form."""
    run = [unit.text for unit in piece.units]
    if len(run) == 1 or not _is_letter(run[0]):
        yield from run
    following = units[piece.first + 1] if piece.first + 1 < len(units) else None
    if len(run) > 1:
        joined = "".join(run)
        if len(joined) <= _MAX_COMPOUND_LENGTH:
            yield joined
    elif (
        _is_letter(run[0])
        and not is_stop_word(run[0])
        and following is not None
        and following.gap == " "
        and not following.is_unspaced
        and not is_stop_word(following.text)
    ):
        yield run[0] + following.text  # "t shirt" is also written "tshirt" and "t-shirt"


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isalpha()


# Helper terms of products, and the alternatives of query words that meet them.


def _helpers(units: list[Unit]) -> Iterator[str]:
    for unit in units:
        for form in unit.others:
            yield stem(form)
        yield from _parts_of_glued(unit)
    for left, right in pairwise(units):
        if joined := _glue(left, right):
            yield stem(joined)
        if left.is_unspaced and right.is_unspaced and not right.gap:
            yield left.text[-1] + right.text[0]
        if counted := _counted(left, right):
            yield counted
    for unit in units:
        if unit.is_unspaced:
            yield from (a + b for a, b in pairwise(unit.text))
        if unit.is_han or (unit.is_unspaced and len(unit.text) == 1):
            yield _single(unit)


def _counted(left: Unit, right: Unit) -> str:
    """Return a number with the Chinese character that it counts (27速, 1.5匹), or an empty text."""
    is_counted = right.is_han and not right.gap and left.text.replace(".", "").isdigit()
    return left.text + right.text if is_counted else ""


def _surfaces(units: list[Unit]) -> Iterator[str]:
    """Yield the terms of words as they are written; a word's own term is its stem."""
    letter_leads = False
    for left, unit in zip([None, *units], units, strict=False):
        goes_on = left is not None and not left.is_unspaced and unit.gap in _COMPOUND_GAPS
        letter_leads = letter_leads if goes_on else _is_letter(unit.text)
        if not unit.is_unspaced and not (goes_on and letter_leads):  # a T-shirt is no shirt
            yield from _surfaces_of(unit)


def _surfaces_of(unit: Unit) -> list[str]:
    words = [part for part in unit.parts if len(part) > 1] or [unit.text]
    return [f"={word}" for word in words if word.isalpha()]


def _written(units: Sequence[Unit]) -> tuple[str, ...]:
    """Return the terms of words as they are written, or of the character pairs of Chinese."""
    words = [unit for unit in units if not unit.is_unspaced]
    if len(words) > 1 and _is_letter(words[0].text):
        terms = [stem(_joined(words))]
    else:
        terms = [term for unit in words for term in _surfaces_of(unit) or [unit.text]]
    han = [unit for unit in units if unit.is_han]
    terms += [first.text + second.text for first, second in pairwise(han)] or [_single(unit) for unit in han]
    return tuple(dict.fromkeys(terms))


def _single(unit: Unit) -> str:
    """Return the term of a Chinese character, wherever it stands; the character itself is the term of a word."""
    return f"·{unit.text}"


def _parts_of_glued(unit: Unit) -> tuple[str, ...]:
    """Return the parts of a word and a number that are written together (iphone15), unless it is a code or a unit."""
    match = _GLUED.fullmatch(unit.text)
    return tuple(stem(part) for part in match.groups() if part) if match else ()


def _glue(left: Unit, right: Unit) -> str:
    """Return the joined form of two neighbours that are also written together, or an empty text.

    These are a number and a unit or a short name (2 TB, RJ 45), and a word and a single letter (USB C, G Shock).
    """
    if left.is_unspaced or right.is_unspaced or right.gap not in _JOINED_GAPS:
        return ""
    first, second = left.text, right.text
    if is_stop_word(first) or is_stop_word(second):
        return ""
    if first.isalpha() and second.isalpha():
        is_joined = len(first) == 1 or len(second) == 1
    else:
        is_joined = (first.isalpha() and second.isdigit()) or (
            first.replace(".", "").isdigit() and second.isalpha() and len(second) <= _MAX_UNIT_LENGTH
        )
    return first + second if is_joined and len(first + second) <= _MAX_COMPOUND_LENGTH else ""


def _alternatives(
    piece: _Piece, units: list[Unit], forms: ShopForms | None
) -> Iterator[tuple[Sequence[Unit], Alternatives]]:
    """Yield the words of a piece of a query: their units and alternatives."""
    terms = [(term,) for term in piece.terms]
    if piece.kind == "unknown" and len(piece.units) >= _MAX_WORD_LENGTH:
        for part in _unknown_words(piece, units, forms):
            yield part.units, _distinct(_unspaced_alternatives(part, units))
    elif any(unit.is_unspaced for unit in piece.units):
        yield piece.units, _distinct([*terms, *_unspaced_alternatives(piece, units), *piece.others])
    else:
        others = _forms_of_shop(piece, units, forms) if forms else ()
        yield piece.units, _distinct([*terms, *_latin_alternatives(piece, units), *others, *piece.others])


def _unknown_words(piece: _Piece, units: list[Unit], forms: ShopForms | None) -> Iterator[_Piece]:
    """Yield the words of Chinese that the lexicon does not know: pairs, or the whole if it is short.

    A pair that only lies between words of the shop counts for nothing; a character in no other pair is left alone.
    """
    starts = range(len(piece.units) - 1)
    kept: Collection[int] = starts
    if forms:
        before, after = _neighbours(piece, units)
        kept = forms.chinese_pairs(_joined(piece.units), after_word=bool(before), before_word=bool(after))
    if len(kept) == len(starts) and len(piece.units) <= _MAX_WORD_LENGTH:
        yield piece
        return
    covered = {place + offset for place in kept for offset in (0, 1)}
    for place in range(len(piece.units)):
        if place in kept:
            yield _Piece("unknown", piece.units[place : place + 2], piece.first + place)
        elif place not in covered:
            yield _Piece("unknown", piece.units[place : place + 1], piece.first + place)


def _distinct(alternatives: Iterable[tuple[str, ...]]) -> Alternatives:
    return tuple(dict.fromkeys(tuple(dict.fromkeys(terms)) for terms in alternatives))


def _unspaced_alternatives(piece: _Piece, units: list[Unit]) -> Iterator[tuple[str, ...]]:
    """Yield the ways in which a product may have a Chinese word, or another of a script without spaces.

    It has the word as the lexicon cuts it, or all of its pairs of characters. A word of a single character that stands
    in a run is in the product with its neighbour; alone it may be anywhere.
    """
    word = _joined(piece.units)
    if piece.kind != "unknown" or len(piece.units) == 1:
        yield (word,)
    if len(word) > 1:
        yield tuple(a + b for a, b in pairwise(word))
    if not all(unit.is_unspaced for unit in piece.units):
        return
    before, after = _neighbours(piece, units)
    if len(word) == 1 and before:
        yield (before[-1] + word,)
    if len(word) == 1 and after:
        yield (word + after[0],)
    if len(word) == 1 and not before and not after:
        yield (_single(piece.units[0]),)
    if len(word) == 1 and piece.first and (counted := _counted(units[piece.first - 1], piece.units[0])):
        yield (counted,)
    if (before or after) and len(before + word + after) <= _MAX_RUN_LENGTH:
        yield tuple(a + b for a, b in pairwise(before + word + after))


def _neighbours(piece: _Piece, units: list[Unit]) -> tuple[str, str]:
    """Return the characters before and after a piece in its run of a script without spaces."""
    first, last = piece.first, piece.first + len(piece.units)
    while first and units[first - 1].is_unspaced and not units[first].gap:
        first -= 1
    while last < len(units) and units[last].is_unspaced and not units[last].gap:
        last += 1
    return _joined(units[first : piece.first]), _joined(units[piece.first + len(piece.units) : last])


def _latin_alternatives(piece: _Piece, units: list[Unit]) -> Iterator[tuple[str, ...]]:
    """Yield the joined form of a compound, its parts together, and other written forms."""
    words = [unit.text for unit in piece.units]
    joined = "".join(words)
    leads = _is_letter(words[0])
    is_compound = leads or all(unit.gap in _COMPOUND_GAPS for unit in piece.units[1:])
    if len(words) > 1 and is_compound and len(joined) <= _MAX_COMPOUND_LENGTH:
        yield (stem(joined),)
    if len(words) == 1 or not leads:
        kept = [word for word in words if not is_stop_word(word)] or words
        yield tuple(stem(word) for word in kept)
    if len(words) == 1:
        if is_stop_word(words[0]):
            yield tuple(_surfaces_of(piece.units[0]))
        yield from ((stem(form),) for form in piece.units[0].others)
        if parts := _parts_of_glued(piece.units[0]):
            yield parts
    last = piece.first + len(piece.units) - 1
    for left, right in ((piece.first - 1, piece.first), (last, last + 1)):
        if left >= 0 and right < len(units) and (glued := _glue(units[left], units[right])):
            yield (stem(glued),)


def _forms_of_shop(piece: _Piece, units: list[Unit], forms: ShopForms) -> Iterator[tuple[str, ...]]:
    """Yield inflections of a word, compounds with it, and the parts of a compound, as the shop has them."""
    words = [unit.text for unit in piece.units]
    if len(words) == 1:
        for word in (words[0], *piece.units[0].others):
            yield from ((stem(form),) for form in forms.forms(word))
            yield from ((stem(modifier), stem(head)) for modifier, head in forms.parts(word))
    last = piece.first + len(words) - 1
    pairs = [(piece.first - 1, piece.first), (last, last + 1)]
    if len(words) == 2:
        pairs.append((piece.first, last))
    for left, right in pairs:
        if left >= 0 and right < len(units) and units[right].gap in _JOINED_GAPS:
            yield from ((stem(form),) for form in forms.joined(units[left].text, units[right].text))
