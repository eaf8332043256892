"""Spelling correction: typing errors and pinyin → words of the shop and the lexicon."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary, proxy

from snapshelf.language.brands import BrandNames, is_brand_word
from snapshelf.language.lexicon import Lexicon
from snapshelf.language.normalisation import normalise
from snapshelf.language.pinyin import PinyinDecoder, is_chinese
from snapshelf.language.spelling import Speller
from snapshelf.language.tokens import ENGLISH_STOP_WORDS, Unit, split_units, stem
from snapshelf.language.word_forms import WordForms
from snapshelf.language.wrong_characters import ChineseSpeller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
_MIN_LENGTH_BESIDE_NUMBER = 5
_MIN_LENGTH_IF_ODD = 5
_RARE_LETTERS = 1e-4
"""Share of the known words that have three letters in a row, up to which these look like a slip."""

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


ChangeKind: TypeAlias = Literal["typo", "pinyin", "character"]


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
        ``"typo"``, ``"pinyin"``, or ``"character"`` for a wrong Chinese character.
    """

    start: int
    end: int
    before: str
    after: str
    kind: ChangeKind


@dataclass(frozen=True, slots=True)
class Correction:
    """A corrected text.

    Attributes
    ----------
    text : str
        The corrected text, in normal form.
    changes : tuple[Change, ...]
        The corrected words, in text order; at least one. If some are sure, those alone.
    sure : bool
        The correction is applied; otherwise it is proposed as "did you mean".
    """

    text: str
    changes: tuple[Change, ...]
    sure: bool


def correct(
    text: str,
    vocabulary: Vocabulary,
    lexicon: Lexicon | None = None,
    is_word: Callable[[str], bool] | None = None,
) -> Correction | None:
    """Correct the words of `text` that neither the shop nor the lexicon knows.

    A Latin word of four or more letters becomes the most frequent known word at an edit distance of 1 (a letter
    deleted, inserted or replaced, two adjacent letters transposed). A word of eight or more letters also becomes a
    word at distance 2, or two known words without the space between them. Pinyin, with or without spaces and tones,
    becomes Chinese if it covers whole words. A Chinese character becomes one of the same sound that makes a known word
    with its neighbours. Known words in any inflection, words with digits and short words next to a number are not
    changed. The text is not changed if it would name a concept that the lexicon declares disjoint from a concept that
    it names now.

    Parameters
    ----------
    text : str
        A query.
    vocabulary : Vocabulary
        The words of the shop.
    lexicon : Lexicon or None
        The bundled lexicon if None.
    is_word : callable or None
        Tells whether the shop has a word where `vocabulary` does not look, for example in descriptions; such words are
        not changed.

    Returns
    -------
    Correction or None
        None if no word needs a correction.
    """
    return _corrector(vocabulary, lexicon or Lexicon.bundled()).correct(normalise(text), is_word)


def words_with_prefix(
    prefix: str, vocabulary: Vocabulary, lexicon: Lexicon | None = None, limit: int = 16
) -> list[str]:
    """Return the words of the shop that begin with an unknown word: it may be typed in part.

    Parameters
    ----------
    prefix : str
        A Latin word of three letters or more, in normal form.
    vocabulary : Vocabulary
        The words of the shop.
    lexicon : Lexicon or None
        The bundled lexicon if None.
    limit : int
        Maximum number of words.

    Returns
    -------
    list of str
        The most frequent words first; empty for a word that the shop or the lexicon knows.
    """
    return _corrector(vocabulary, lexicon or Lexicon.bundled()).words_with_prefix(prefix, limit)


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
        self._brands = BrandNames()
        self._own: dict[str, float] = dict(vocabulary)
        for word, times in vocabulary:
            # A shop that has the plural, or "physician's", has the word.
            if word.endswith("s") and (root := stem(word)) in (word[:-1], word[:-2]):
                self._own.setdefault(root, times)
        self._frequencies = dict(self._own)
        self._vocabulary_words = list(self._frequencies)
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
        _ = self._speller, self._pinyin, self._chinese, self._letter_counts

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self._frequencies)

    @cached_property
    def _pinyin(self) -> PinyinDecoder:
        return PinyinDecoder(self._chinese_weights)

    @cached_property
    def _chinese(self) -> ChineseSpeller:
        return ChineseSpeller(self._chinese_weights, self._frequencies, self._vocabulary_words)

    @cached_property
    def _chinese_weights(self) -> dict[str, float]:
        chinese = [
            (times, word) for word, times in self._frequencies.items() if is_chinese(word) and len(word) > 1
        ]
        weights = {word: times for times, word in sorted(chinese, reverse=True)[:_MAX_CHINESE_WORDS]}
        for concept in self.lexicon.concepts():
            for rank, name in enumerate(map(normalise, concept.names.get("zh", ()))):
                if is_chinese(name):
                    weights[name] = weights.get(name, 0.0) + _LEXICON_FREQUENCY / (1 + rank)
        return weights

    @cached_property
    def _letter_counts(self) -> Counter[str]:
        """Three letters in a row → number of known words that have them; a space stands before and after a word."""
        return Counter(
            letters
            for word in self._frequencies
            if word.isascii() and word.isalpha()
            for letters in {*_letter_triples(word)}
        )

    def correct(self, text: str, is_word: Callable[[str], bool] | None = None) -> Correction | None:
        if text.isdigit() or len(text) > _MAX_TEXT_LENGTH:
            return None
        units = split_units(text)
        changes: list[tuple[Change, bool]] = []
        for run in _runs(units):
            if not all(self._is_known(unit.text) for unit in run):
                changes += self._changes(run, text)
        if is_word is not None:
            changes = [(change, sure) for change, sure in changes if not is_word(change.before)]
        changes += self._character_changes(units)
        if not changes:
            return None
        # A sure change is made, whatever else is only a guess.
        is_sure = any(sure for _, sure in changes)
        kept = sorted(
            (change for change, sure in changes if sure or not is_sure), key=lambda change: change.start
        )
        corrected, end = "", 0
        for change in kept:
            corrected += text[end : change.start] + change.after
            end = change.end
        corrected += text[end:]
        # A part of a wrong Chinese word may be the name of another concept: 裙 in 连伊裙.
        if any(change.kind != "character" for change in kept) and self._changes_concept(text, corrected):
            return None
        return Correction(corrected, tuple(kept), is_sure)

    def words_with_prefix(self, prefix: str, limit: int) -> list[str]:
        if len(prefix) < _MIN_PART_LENGTH or self._is_known(prefix):
            return []
        words = [word for word in self._speller.words_with_prefix(prefix) if word in self._vocabulary]
        return sorted(words, key=lambda word: -self._frequencies.get(word, 0.0))[:limit]

    def _character_changes(self, units: list[Unit]) -> Iterator[tuple[Change, bool]]:
        """Yield the corrections of wrong Chinese characters."""
        for first, last in _chinese_runs(units):
            run = units[first:last]
            spans = self.lexicon.segment(run)
            named = [(span.first, span.last) for span in spans]
            named += [(start, end) for start, (end, _) in self._brands.spans(run).items()]
            covered = {place for start, end in named for place in range(start, end)}
            fixed = {place for start, end in named if end - start > 1 for place in range(start, end)}
            unknown = frozenset(range(len(run))) - covered
            text = "".join(unit.text for unit in run)
            if unknown and text not in self._vocabulary:
                for candidate in self._chinese.candidates(text, unknown, frozenset(fixed)):
                    start, end = run[candidate.start].start, run[candidate.end - 1].end
                    before = text[candidate.start : candidate.end]
                    yield Change(start, end, before, candidate.word, "character"), candidate.sure

    def _changes(self, run: list[Unit], text: str) -> Iterator[tuple[Change, bool]]:
        first = 0
        while first < len(run):
            last, candidate = self._pinyin_candidate(run, first)
            kind: ChangeKind = "pinyin"
            if candidate is None:
                last, candidate, kind = first + 1, self._typo_candidate(run[first].text), "typo"
            if candidate is not None:
                start, end = run[first].start, run[last - 1].end
                yield Change(start, end, text[start:end], candidate.text, kind), candidate.sure
            first = last

    def _is_known(self, word: str) -> bool:
        """Return whether the word is known in any inflection, in English or a language of the shop."""
        if (
            word in self._frequencies
            or word in self._vocabulary
            or word in _COMMON_WORDS
            or is_brand_word(word)
        ):
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
            rest = [c for c in candidates[1:] if stem(c.text) != stem(best.text)]
            return best._replace(sure=best.sure and self._is_sure(word, best, rest))
        parts = self._split_candidate(word)
        if parts is not None or len(word) < _MIN_LENGTH_FOR_TWO_EDITS:
            return parts
        distant = max(self._near_words(word, 2), default=None)
        return distant and distant._replace(sure=False)

    def _is_sure(self, word: str, best: _Candidate, rest: list[_Candidate]) -> bool:
        """Return whether a word is a slip of the best candidate and of none of the rest.

        The longer a word, the fewer words are a single edit from it: from six letters on, a word that the shop has
        is meant, unless it has another at this distance. Of two short words at this distance both may be right,
        unless letters are transposed, or stand in a row as in no known word, or one is missing.
        """
        is_long = len(word) >= _LONG_WORD
        other = max((candidate.weight for candidate in rest), default=0.0)
        if best.weight >= max(_SURE_FREQUENCY, _SURE_RATIO * other) and (
            is_long or best.weight >= _SURE_SHARE_SHORT * self._texts
        ):
            return True
        if best.text not in self._own:
            return False
        if is_long:
            return other <= _LEXICON_FREQUENCY
        if rest:
            return False
        if len(word) < len(best.text):
            return True
        return len(word) >= _MIN_LENGTH_IF_ODD and (
            sorted(word) == sorted(best.text) or self._has_odd_letters(word)
        )

    def _has_odd_letters(self, word: str) -> bool:
        rare = _RARE_LETTERS * len(self._frequencies)
        return any(self._letter_counts[letters] <= rare for letters in _letter_triples(word))

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
    """Yield runs of Latin words without digits; a short word beside a number belongs to it ("wd 40") and is skipped."""
    numbers = {i for i, unit in enumerate(units) if any(c.isdigit() for c in unit.text)}
    beside = {
        j
        for i in numbers
        for j in (i - 1, i + 1)
        if 0 <= j < len(units) and len(units[j].text) < _MIN_LENGTH_BESIDE_NUMBER
    }
    words = [
        (i, unit) for i, unit in enumerate(units) if i not in numbers and i not in beside and _is_plain(unit)
    ]
    for _, run in groupby(enumerate(words), key=lambda item: item[1][0] - item[0]):
        yield [unit for _, (_, unit) in run]


def _chinese_runs(units: list[Unit]) -> Iterator[tuple[int, int]]:
    """Yield first and last + 1 of each run of two Chinese characters or more without a gap."""
    first = 0
    while first < len(units):
        last = first + 1
        while last < len(units) and units[first].is_han and units[last].is_han and not units[last].gap:
            last += 1
        if last - first > 1:
            yield first, last
        first = last


def _letter_triples(word: str) -> Iterator[str]:
    padded = f" {word} "
    return (padded[place : place + 3] for place in range(len(word)))
