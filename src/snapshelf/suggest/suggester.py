"""Query completions while a query is typed, and related queries after it was answered."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Literal, TypeAlias

from snapshelf.catalogue import Product
from snapshelf.errors import StorageError
from snapshelf.index import document_terms
from snapshelf.language import (
    Completion,
    Completions,
    Concept,
    Lexicon,
    Match,
    correct,
    normalise,
    search_terms,
    tokenize,
)
from snapshelf.suggest.query_log import QueryLog
from snapshelf.suggest.vocabulary import Phrase, ShopVocabulary, concepts_of, leaves_of

SuggestionKind: TypeAlias = Literal["query", "brand", "category", "phrase", "part", "title", "code"]
"""An earlier query, or the part of a product that the words come from."""

LexicalSearch: TypeAlias = Callable[[Mapping[str, float], int], Sequence[Product]]
"""Weighted terms, k → the k best products by BM25."""

MIN_QUERY_COUNT = 3
"""Times that a query must have been made before others see it: a rare query may be private."""

_MIN_PRODUCTS = 3
"""Products that must share the beginning or end of a title before it is offered."""

_KIND_WEIGHTS = {"query": 3.0, "category": 2.0, "brand": 2.0, "phrase": 1.0, "part": 0.7, "title": 0.2}
"""Factor of the logarithm of a count, by kind: short and general completions come first."""

_MAX_QUERIES = 10_000
_MAX_WAIT = 0.05
"""Seconds of building the index up to which a request waits for it; a slower build runs in the background."""

_REFRESH_SECONDS = 600.0
"""Seconds after which the index takes in new queries, even if the catalogue did not change."""

_MAX_HITS = 24
"""Hits that related queries are derived from."""

_MAX_SIBLINGS = 4
_MAX_CHECKED = 5
_MIN_SHARE, _MAX_SHARE = 0.05, 0.8
"""Share of the hits between which a value is worth a related query: less is rare, more narrows nothing."""

_MODIFIER_KINDS = ("colour", "material", "pattern", "gender", "style", "usage", "occasion")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggested query.

    Parameters
    ----------
    text : str
    kind : {"query", "brand", "category", "phrase", "part", "title", "code"}
        An earlier query; a brand; a category; a value or brand with a category; a part of several titles; a title; an
        id, article number or barcode.
    language : str
        ``"en"``, ``"zh"``, or empty where they belong to both, as brands do.
    """

    text: str
    kind: SuggestionKind
    language: str


class Suggester:
    """Completes queries and proposes related queries, from the shop's vocabulary and earlier queries.

    The index of phrases is built at the first request and again after a change: at once if that is quick, else in the
    background, while the old index answers. It may be used from several threads.

    Parameters
    ----------
    words : ShopVocabulary
    lexicon : Lexicon
        The shop's.
    log : QueryLog or None
        Earlier queries with results; those made three times or more are offered.
    """

    def __init__(self, words: ShopVocabulary, lexicon: Lexicon, log: QueryLog | None = None) -> None:
        self._words = words
        self._lexicon = lexicon
        self._log = log
        self._building = threading.Lock()
        self._index: _Index | None = None

    def prepare(self) -> None:
        """Start to build the index in the background, so that the first request need not wait."""
        self._build_in_background()

    def suggest(
        self,
        prefix: str,
        k: int = 8,
        language: Literal["en", "zh"] | None = None,
        *,
        is_hidden: Callable[[str], bool] | None = None,
    ) -> list[Suggestion]:
        """Complete a prefix; Chinese may be typed in pinyin or by initials, and a slip is no end.

        Parameters
        ----------
        prefix : str
        k : int
            Maximum number of suggestions.
        language : {"en", "zh"} or None
            Suggestions in the other language come last.
        is_hidden : callable or None
            Tests whether a text leads only to products that the shop hides; such a text is not suggested.

        Returns
        -------
        list of Suggestion
            Best first, without duplicates.
        """
        typed = normalise(prefix)
        if not typed:
            return []
        index = self._current()
        suggestions = index.find(typed, k, language, is_hidden)
        if not suggestions and (cut := self._last_word(typed)):
            # No phrase has this prefix, but the last word may be a category after words that the shop knows.
            suggestions = [
                Suggestion(typed[:cut] + each.text, "phrase", each.language)
                for each in index.find(typed[cut:], k, language)
                if each.kind == "category" and not (is_hidden and is_hidden(typed[:cut] + each.text))
            ]
        if not suggestions:
            correction = correct(typed, self._words.vocabulary, self._lexicon)
            if correction is not None and correction.sure:
                suggestions = index.find(correction.text, k, language, is_hidden, is_typed=False)
        return suggestions

    def _last_word(self, typed: str) -> int:
        """Return where the last word begins if all words before it are known, else 0."""
        head, _, _ = typed.rpartition(" ")
        if head and all(word in self._words.vocabulary for word in head.split()):
            return len(head) + 1
        ends = [match.end for match in self._lexicon.find(typed) if match.end < len(typed)]
        return max(ends, default=0) if not typed.isascii() else 0

    def related(
        self, text: str | None, hits: Sequence[Product], search: LexicalSearch, k: int = 6
    ) -> list[str]:
        """Propose related queries: narrower categories, values and brands of many hits, sibling categories.

        For each there is a product with all of its words.

        Parameters
        ----------
        text : str or None
            The query text; None or blank for a photo alone.
        hits : sequence of Product
            Hits of the query, best first.
        search : callable
            Lexical search of the index.
        k : int
            Maximum number of proposals.
        """
        query = _ParsedQuery(normalise(text or ""), self._lexicon)
        shown = [_HitSummary(product, self._lexicon) for product in hits[:_MAX_HITS]]
        sources = (self._narrower(query, shown), self._values(query, shown), self._brands(query, shown))
        seen = {query.key}
        proposals: list[str] = []
        narrower = (text for text in chain.from_iterable(zip_longest(*sources)) if text)
        siblings = (text for text in self._siblings(query) if self.exists(text, search))
        for text in chain((text for text in narrower if self._matches_any(text, shown)), siblings):
            key = _key(text, self._lexicon)
            if key not in seen:
                seen.add(key)
                proposals.append(text)
            if len(proposals) == k:
                break
        return proposals

    def _narrower(self, query: _ParsedQuery, shown: Sequence[_HitSummary]) -> Iterator[str]:
        counts = Counter(leaf for hit in shown for leaf in hit.leaves)
        if not query.categories:
            yield from (query.after(leaf.label(query.language)) for leaf, _ in counts.most_common())
        for match in query.categories:
            narrower = set(self._lexicon.descendants(match.concept))
            for concept, _ in counts.most_common():
                if concept in narrower:
                    yield query.with_another(match, concept)

    def _values(self, query: _ParsedQuery, shown: Sequence[_HitSummary]) -> Iterator[str]:
        """Yield queries with a value of some hits, of a kind that the query does not name."""
        named_kinds = {match.concept.kind for match in query.matches}
        counts = Counter(
            concept
            for hit in shown
            for concept in hit.concepts
            if concept.kind in _MODIFIER_KINDS and concept.kind not in named_kinds
        )
        for concept, times in counts.most_common():
            if _MIN_SHARE <= times / len(shown) <= _MAX_SHARE:
                yield query.before(concept.label(query.language), _subject(query, shown))

    def _brands(self, query: _ParsedQuery, shown: Sequence[_HitSummary]) -> Iterator[str]:
        counts = Counter(hit.brand for hit in shown if hit.brand)
        if any(normalise(brand) in query.text for brand in counts):
            return
        for brand, times in counts.most_common():
            if times / len(shown) <= _MAX_SHARE:
                yield f"{brand} {_subject(query, shown)}".strip()

    def _siblings(self, query: _ParsedQuery) -> Iterator[str]:
        for match in query.categories:
            ancestors = self._lexicon.ancestors(match.concept)
            siblings = [
                each
                for each in (self._lexicon.descendants(ancestors[0]) if ancestors else ())
                if each != match.concept
                and each.parent == match.concept.parent
                and not self._lexicon.are_disjoint(each, match.concept)
            ]
            yield from (query.with_another(match, each) for each in siblings[:_MAX_SIBLINGS])

    def _matches_any(self, text: str, shown: Iterable[_HitSummary]) -> bool:
        """Return whether a product has all words of a text; its concepts may have other names there."""
        normal = normalise(text)
        matches = self._lexicon.find(normal)
        names = {word for each in matches for word in tokenize(normal[each.start : each.end], self._lexicon)}
        terms = {word for word in tokenize(normal, self._lexicon) if word not in names}
        terms |= {match.concept.term for match in matches}
        return any(terms <= hit.terms for hit in shown)

    def exists(self, text: str, search: LexicalSearch) -> bool:
        """Return whether a product of the best of a search has all words of a text."""
        terms = dict.fromkeys(search_terms(text, lexicon=self._lexicon), 1.0)
        return self._matches_any(
            text, (_HitSummary(product, self._lexicon) for product in search(terms, _MAX_CHECKED))
        )

    def _current(self) -> _Index:
        """Return the index, rebuilt where it is out of date."""
        index = self._index
        if index is None or (self._is_old(index) and index.seconds <= _MAX_WAIT):
            with self._building:
                if self._index is None or self._is_old(self._index):
                    self._index = self._build()
                return self._index
        if self._is_old(index):
            self._build_in_background()
        return index

    def _build_in_background(self) -> None:
        if not self._building.acquire(blocking=False):
            return

        def build() -> None:
            try:
                # The log may be closed meanwhile, with the shelf.
                with suppress(StorageError):
                    self._index = self._build()
            finally:
                self._building.release()

        threading.Thread(target=build, name="snapshelf-suggest", daemon=True).start()

    def _is_old(self, index: _Index) -> bool:
        return index.version != self._words.version or (
            self._log is not None and time.monotonic() - index.built_at > _REFRESH_SECONDS
        )

    def _build(self) -> _Index:
        version = self._words.version
        queries = self._log.popular(_MAX_QUERIES, MIN_QUERY_COUNT) if self._log is not None else []
        return _Index(self._words.phrases(), queries, version, self._lexicon)


class _Index:
    """Phrases and queries by prefix."""

    def __init__(
        self,
        phrases: Sequence[tuple[Phrase, int]],
        queries: Sequence[tuple[str, int]],
        version: int,
        lexicon: Lexicon,
    ) -> None:
        start = time.monotonic()
        self._lexicon = lexicon
        self._kinds: dict[str, SuggestionKind] = {}
        weighted: dict[str, Completion] = {}
        candidates: Iterable[tuple[str, SuggestionKind, str, int]] = chain(
            (
                (*phrase, times)
                for phrase, times in phrases
                if phrase.kind != "part" or times >= _MIN_PRODUCTS
            ),
            ((text, "query", "", times) for text, times in queries),
        )
        for text, kind, language, times in candidates:
            weight = _KIND_WEIGHTS[kind] * math.log1p(times)
            if text not in weighted or weighted[text].weight < weight:
                weighted[text] = Completion(text, weight, language)
                self._kinds[text] = kind
        self._completions = Completions.of(weighted.values())
        self.version = version
        self.built_at = time.monotonic()
        self.seconds = self.built_at - start

    def find(
        self,
        typed: str,
        k: int,
        language: str | None,
        is_hidden: Callable[[str], bool] | None = None,
        *,
        is_typed: bool = True,
    ) -> list[Suggestion]:
        suggestions: dict[frozenset[str], Suggestion] = {}
        for each in self._completions.find(typed, 4 * k, language):
            if not is_typed or normalise(each.text) != typed:
                key = _key(each.text, self._lexicon)
                if key not in suggestions and not (is_hidden and is_hidden(each.text)):
                    suggestions[key] = Suggestion(each.text, self._kinds[each.text], each.language)
            if len(suggestions) == k:
                break
        return list(suggestions.values())


class _ParsedQuery:
    """A query, with the parts that related queries are made of."""

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self.text = text
        self.matches = lexicon.find(text)
        self.categories = [match for match in self.matches if match.concept.kind == "category"]
        self.language = "zh" if any("\u3400" <= character <= "\u9fff" for character in text) else "en"
        self.key = _key(text, lexicon)

    def before(self, label: str, subject: str) -> str:
        """Return a query with a value before its category, as both languages have it, or at the end."""
        if self.text and not self.categories:
            return self.after(label)
        return f"{label}{subject}" if self.language == "zh" else f"{label} {subject}".strip()

    def after(self, label: str) -> str:
        """Return the query with another word at the end."""
        return f"{self.text} {label}".strip()

    def with_another(self, match: Match, concept: Concept) -> str:
        """Return the query with a concept replaced by another."""
        return self.text[: match.start] + concept.label(self.language) + self.text[match.end :]


class _HitSummary:
    """Brand, concepts and terms of a hit."""

    def __init__(self, product: Product, lexicon: Lexicon) -> None:
        self.brand = product.brand
        self.concepts = concepts_of(product, lexicon)
        self.leaves = leaves_of(self.concepts, lexicon)
        self.terms = document_terms(product, lexicon).keys()


def _subject(query: _ParsedQuery, shown: Sequence[_HitSummary]) -> str:
    """Return the query text, or for a photo alone the category of most hits."""
    counts = Counter(leaf for hit in shown for leaf in hit.leaves)
    return query.text or next((leaf.label(query.language) for leaf, _ in counts.most_common(1)), "")


def _key(text: str, lexicon: Lexicon) -> frozenset[str]:
    """Return a key that is equal for texts of the same words, whatever their order and endings."""
    return frozenset(tokenize(text, lexicon))
