"""Spelling correction: typing errors and pinyin → words of the shop and the lexicon."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Literal, NamedTuple
from weakref import WeakKeyDictionary, proxy

from snapshelf.language.lexicon import Lexicon
from snapshelf.language.normalisation import normalise
from snapshelf.language.pinyin import PinyinDecoder, is_chinese
from snapshelf.language.spelling import Speller
from snapshelf.language.tokens import ENGLISH_STOP_WORDS, Unit, split_units, stem
from snapshelf.language.word_forms import WordForms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshelf.language.vocabulary import Vocabulary

_MAX_TEXT_LENGTH = 200
"""Maximum length of a text to correct, in characters; longer texts are not typed queries."""
_MIN_LENGTH = 4
_MIN_LENGTH_FOR_TWO_EDITS = 8
_MIN_PART_LENGTH = 3
_MAX_PINYIN_LENGTH = 40
_MAX_CHINESE_WORDS = 20_000
_LEXICON_FREQUENCY = 0.5
_OTHER_FIRST_LETTER = 0.1
_SURE_RATIO = 5.0
_SURE_FREQUENCY = 2
_SURE_SHARE_SHORT = 5e-4  # of the shop's texts: many words are a single edit from a short word
_LONG_WORD = 6
_MAX_SUFFIX_LENGTH = 5
_MAX_DRIFT = 0.02
_SHOPPING_WORDS = """
about above affordable around available below best between bigger brand budget buy cheap cheaper cheapest colour colours
color colors cost deal delivery discount dollars euros expensive find free give good great help high higher inches just
less like litre litres longer lower maximum minimum more most much need nice offer online only order over pounds popular
price prices priced quality rating recommend reduced review reviews sale search shipping shop shorter show similar size
sizes smaller store than under very want within without yuan
arrivals bestseller bestsellers bestselling cheapest costliest latest newest popular priciest rated seller sellers
trending
"""
_COMMON_WORDS = ENGLISH_STOP_WORDS | frozenset(_SHOPPING_WORDS.split())


@dataclass(frozen=True, slots=True)
class Change:
    """A corrected word.

    Attributes
    ----------
    start, end : int
        Position of the word in the normalised text.
    before, after : str
        The text at this position before and after the correction.
    kind : str
        ``"typo"`` or ``"pinyin"``.
    """

    start: int
    end: int
    before: str
    after: str
    kind: Literal["typo", "pinyin"]


@dataclass(frozen=True, slots=True)
class Correction:
    """A corrected text.

    Attributes
    ----------
    text : str
        The corrected text, in normal form.
    changes : tuple[Change, ...]
        The corrected words, in text order; at least one.
    sure : bool
        The correction is applied; otherwise it is proposed as "did you mean".
    """

    text: str
    changes: tuple[Change, ...]
    sure: bool


def correct(text: str, vocabulary: Vocabulary, lexicon: Lexicon | None = None) -> Correction | None:
    """Correct the words of `text` that neither the shop nor the lexicon knows.

    A Latin word of four or more letters becomes the most frequent known word at an edit distance of 1 (a letter
    deleted, inserted or replaced, two adjacent letters transposed). A word of eight or more letters also becomes a
    word at distance 2, or two known words without the space between them. Pinyin, with or without spaces and tones,
    becomes Chinese if it covers whole words. Known words in any inflection, words with digits and words next to a
    number are not changed. The text is not changed if it would name a concept that the lexicon declares disjoint from
    a concept that it names now.

    Parameters
    ----------
    text : str
        A query.
    vocabulary : Vocabulary
        The words of the shop.
    lexicon : Lexicon or None
        The bundled lexicon if None.

    Returns
    -------
    Correction or None
        None if no word needs a correction.
    """
    return _corrector(vocabulary, lexicon or Lexicon.bundled()).correct(normalise(text))


def warm_up_correction(vocabulary: Vocabulary, lexicon: Lexicon | None = None) -> None:
    """Build the indexes that the first call of `correct` would build, which takes 0.5 s or more.

    Parameters
    ----------
    vocabulary : Vocabulary
    lexicon : Lexicon or None
        The bundled lexicon if None.
    """
    _corrector(vocabulary, lexicon or Lexicon.bundled()).prepare()


def _corrector(vocabulary: Vocabulary, lexicon: Lexicon) -> _Corrector:
    corrector = _correctors.get(vocabulary)
    if corrector is None or corrector.is_outdated(vocabulary, lexicon):
        corrector = _correctors[vocabulary] = _Corrector(vocabulary, lexicon)
    return corrector


class _Candidate(NamedTuple):
    """A possible correction of a word."""

    weight: float
    text: str
    sure: bool


class _Corrector:
    """The indexes of a version of a vocabulary for spelling correction."""

    def __init__(self, vocabulary: Vocabulary, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        # Weak, because the vocabulary keeps this object alive.
        self._vocabulary = proxy(vocabulary)
        self._size = len(vocabulary)
        self._texts = vocabulary.texts
        self._forms = WordForms.of(vocabulary)
        self._frequencies: dict[str, float] = dict(vocabulary)
        for concept in lexicon.concepts():
            for names in concept.names.values():
                for name in names:
                    for unit in split_units(normalise(name)):
                        self._frequencies.setdefault(unit.text, _LEXICON_FREQUENCY)

    def is_outdated(self, vocabulary: Vocabulary, lexicon: Lexicon) -> bool:
        """Return whether the number of words changed enough to rebuild; new words are known without a rebuild."""
        return lexicon is not self.lexicon or abs(len(vocabulary) - self._size) > _MAX_DRIFT * self._size

    def prepare(self) -> None:
        """Build the indexes that are otherwise built at first use."""
        _ = self._speller, self._pinyin

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self._frequencies)

    @cached_property
    def _pinyin(self) -> PinyinDecoder:
        chinese = [
            (times, word) for word, times in self._frequencies.items() if is_chinese(word) and len(word) > 1
        ]
        weights = {word: times for times, word in sorted(chinese, reverse=True)[:_MAX_CHINESE_WORDS]}
        for concept in self.lexicon.concepts():
            for rank, name in enumerate(map(normalise, concept.names.get("zh", ()))):
                if is_chinese(name):
                    weights[name] = weights.get(name, 0.0) + _LEXICON_FREQUENCY / (1 + rank)
        return PinyinDecoder(weights)

    def correct(self, text: str) -> Correction | None:
        if text.isdigit() or len(text) > _MAX_TEXT_LENGTH:
            return None
        changes: list[tuple[Change, bool]] = []
        for run in _runs(split_units(text)):
            if not all(self._is_known(unit.text) for unit in run):
                changes += self._changes(run, text)
        if not changes:
            return None
        corrected, end = "", 0
        for change, _ in changes:
            corrected += text[end : change.start] + change.after
            end = change.end
        corrected += text[end:]
        if self._changes_concept(text, corrected):
            return None
        return Correction(corrected, tuple(change for change, _ in changes), all(sure for _, sure in changes))

    def _changes(self, run: list[Unit], text: str) -> Iterator[tuple[Change, bool]]:
        first = 0
        while first < len(run):
            last, candidate = self._pinyin_candidate(run, first)
            kind: Literal["typo", "pinyin"] = "pinyin"
            if candidate is None:
                last, candidate, kind = first + 1, self._typo_candidate(run[first].text), "typo"
            if candidate is not None:
                start, end = run[first].start, run[last - 1].end
                yield Change(start, end, text[start:end], candidate.text, kind), candidate.sure
            first = last

    def _is_known(self, word: str) -> bool:
        """Return whether the word is known in any inflection, in English or a language of the shop."""
        if word in self._frequencies or word in self._vocabulary or word in _COMMON_WORDS:
            return True
        root = stem(word)
        longest = len(root) + _MAX_SUFFIX_LENGTH
        is_inflection = any(
            len(known) <= longest and stem(known) == root for known in self._speller.words_with_prefix(root)
        )
        return is_inflection or bool(self._forms.forms(word))

    def _typo_candidate(self, word: str) -> _Candidate | None:
        if len(word) < _MIN_LENGTH or self._is_known(word):
            return None
        candidates = sorted(self._near_words(word, 1), reverse=True)
        if candidates:
            best = candidates[0]
            other = max((c.weight for c in candidates[1:] if stem(c.text) != stem(best.text)), default=0.0)
            enough = max(_SURE_FREQUENCY, _SURE_RATIO * other)
            if len(word) < _LONG_WORD:
                enough = max(enough, _SURE_SHARE_SHORT * self._texts)
            return best._replace(sure=best.sure and best.weight >= enough)
        parts = self._split_candidate(word)
        if parts is not None or len(word) < _MIN_LENGTH_FOR_TWO_EDITS:
            return parts
        distant = max(self._near_words(word, 2), default=None)
        return distant and distant._replace(sure=False)

    def _near_words(self, word: str, distance: int) -> Iterator[_Candidate]:
        """Yield known words near `word`; the first letter is rarely wrong, except when transposed."""
        for near in self._speller.near(word, distance):
            if len(near.word) >= _MIN_PART_LENGTH:
                begins_alike = near.word[0] == word[0] or near.word[:2] == word[1::-1]
                share = 1.0 if begins_alike else _OTHER_FIRST_LETTER
                yield _Candidate(self._frequencies[near.word] * share, near.word, sure=begins_alike)

    def _split_candidate(self, word: str) -> _Candidate | None:
        """Return two known words that were typed without a space."""
        cuts = ((word[:at], word[at:]) for at in range(_MIN_PART_LENGTH, len(word) - _MIN_PART_LENGTH + 1))
        return max(
            (
                _Candidate(min(self._frequencies[a], self._frequencies[b]), f"{a} {b}", sure=False)
                for a, b in cuts
                if a in self._frequencies and b in self._frequencies
            ),
            default=None,
        )

    def _pinyin_candidate(self, run: list[Unit], first: int) -> tuple[int, _Candidate | None]:
        """Return the end of the longest run of units from `first` that is pinyin, and its decoding."""
        ends = list(accumulate(len(unit.text) for unit in run[first:]))
        letters = "".join(unit.text for unit in run[first:])[:_MAX_PINYIN_LENGTH]
        decodings = self._pinyin.decode_prefixes(letters)
        for last in range(len(run), first, -1):
            end = ends[last - first - 1]
            decoding = decodings.get(end)
            if (
                decoding is None
                or end < _MIN_LENGTH
                or len("".join(decoding.words)) == 1
                or all(self._is_known(unit.text) for unit in run[first:last])
            ):
                continue
            has_near_word = last == first + 1 and next(self._near_words(letters[:end], 1), None) is not None
            return last, _Candidate(
                decoding.weight, "".join(decoding.words), sure=decoding.sure and not has_near_word
            )
        return first, None

    def _changes_concept(self, before: str, after: str) -> bool:
        concepts_before = {match.concept for match in self.lexicon.find(before)}
        concepts_after = {match.concept for match in self.lexicon.find(after)}
        return any(
            self.lexicon.are_disjoint(removed, added)
            for removed in concepts_before - concepts_after
            for added in concepts_after - concepts_before
        )


_correctors: WeakKeyDictionary[Vocabulary, _Corrector] = WeakKeyDictionary()


def _is_plain(unit: Unit) -> bool:
    # A word with an apostrophe ("she's") has lost it, so it cannot be checked.
    return unit.text.isascii() and unit.text.isalpha() and len(unit.text) == unit.end - unit.start


def _runs(units: list[Unit]) -> Iterator[list[Unit]]:
    """Yield runs of Latin words without digits; a word next to a number belongs to it ("wd 40") and is skipped."""
    numbers = {i for i, unit in enumerate(units) if any(c.isdigit() for c in unit.text)}
    beside = {j for i in numbers for j in (i - 1, i + 1) if 0 <= j < len(units)}
    words = [
        (i, unit) for i, unit in enumerate(units) if i not in numbers and i not in beside and _is_plain(unit)
    ]
    for _, run in groupby(enumerate(words), key=lambda item: item[1][0] - item[0]):
        yield [unit for _, (_, unit) in run]
