"""The search of a shelf: plan → pipeline → response."""

from __future__ import annotations

import contextlib
import math
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from snapshelf.catalogue import Catalogue, Product
from snapshelf.encoders import Encoder
from snapshelf.errors import NotFoundError, QueryError, StorageError
from snapshelf.events import Event
from snapshelf.index import Equals, Filter, HasWords, Ids, Not, Or, SearchIndex, TermPlace
from snapshelf.language import Lexicon, WordForms, normalise, query_words, warm_up_correction
from snapshelf.query import (
    CATEGORY,
    MAX_TEXT_LENGTH,
    CatalogueView,
    Chip,
    CodeTable,
    Note,
    OrderWords,
    Query,
    QueryInput,
    UnderstandingSettings,
    complete_codes,
    hard_filter,
    parse_filter,
    understand,
)
from snapshelf.search.assignment import RankingAssignment
from snapshelf.search.corpus import GROUP, Corpus
from snapshelf.search.facet_fields import FacetField, facet_fields
from snapshelf.search.facet_values import FacetValues
from snapshelf.search.facets import count_facets, joined, read_facet_filters
from snapshelf.search.hits import hits_of
from snapshelf.search.impressions import impression_of, search_event
from snapshelf.search.paging import Page, page_token, query_digest, read_page_token
from snapshelf.search.personalisation import Personaliser
from snapshelf.search.pipeline import RankedResults, search, timed
from snapshelf.search.plan import WINDOWS, SearchPlan
from snapshelf.search.preference import preferred
from snapshelf.search.relaxation import relaxed
from snapshelf.search.relevance import (
    CALIBRATION,
    JUDGED,
    Calibration,
    RelevanceEstimate,
    evidence_of,
)
from snapshelf.search.request import SearchRequest
from snapshelf.search.response import SearchResponse
from snapshelf.search.rules.file import RuleFile
from snapshelf.search.rules.merchandising import Merchandising, conditions
from snapshelf.search.settings import SearchSettings
from snapshelf.search.sort import BESTSELLING, read_sort
from snapshelf.search.tuning import TUNING, Tuning
from snapshelf.search.word_match import WordStatistics
from snapshelf.suggest import LexicalSearch, QueryLog, ShopVocabulary, Suggester, Suggestion

MAX_SUGGESTIONS = 50
"""Most completions of a prefix."""

_NOTHING = Note("nothing-matches", "no product matches what was asked for; take a condition or a choice away")

_RELATED_BY = 24
"""Best hits that related queries are read from."""

_FACETS_KEPT = 600.0
"""Seconds after which the choices of shoppers are counted again for the order of facets."""

_WINDOWS_OF_PHOTO = WINDOWS[1:]
"""More than the first places show is like a photo, and the total counts it."""

_WRITTEN_WORDS = 3
"""Words from which a title that has them all is what was typed, and no kind of thing with properties."""

SETTINGS = "search.yaml"
RULES = "rules.yaml"


class SearchService:
    """Answers the searches of a shelf.

    Parameters
    ----------
    folder : Path
        The shelf's; its rules and settings are in it.
    catalogue : Catalogue
    store : SearchIndex
    encoder : Encoder
    lexicon : Lexicon
    settings : SearchSettings
    words : ShopVocabulary
    queries : QueryLog
    personal : Personaliser
    """

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        store: SearchIndex,
        encoder: Encoder,
        lexicon: Lexicon,
        settings: SearchSettings,
        words: ShopVocabulary,
        queries: QueryLog,
        personal: Personaliser,
    ) -> None:
        self.catalogue = catalogue
        self.index = store
        self.encoder = encoder
        self.personal = personal
        self.corpus = Corpus(store, catalogue, lexicon)
        self._lexicon = lexicon
        self._settings = settings
        self._words = words
        self._queries = queries
        self._suggester = Suggester(words, lexicon, queries)
        self.rules = RuleFile(folder / RULES, lexicon)
        self._facet_values = FacetValues(store, lexicon)
        self._facet_fields: tuple[Filter | None, int, dict[str, FacetField]] | None = None
        own = folder / CALIBRATION
        self._codes = CodeTable(store)
        self._own_calibration = Calibration.load(own) if own.is_file() else None
        self._tuning_file = folder / TUNING
        self.tuning = self._read_tuning()
        self._catalogue_view = CatalogueView(
            store,
            index=store,
            photo_vectors=catalogue.vectors,
            lexicon=lexicon,
            vocabulary=words.vocabulary,
            brand_names=words.brand_names,
            codes=self._codes,
        )

    def warm_up(self) -> None:
        """Begin to make what the first completion, correction and photo need, in the background."""
        self._suggester.prepare()
        self._codes.prepare()
        self.personal.prepare()
        threading.Thread(
            target=warm_up_correction,
            args=(self._words.vocabulary, self._lexicon),
            name="snapshelf-corrections",
            daemon=True,
        ).start()
        threading.Thread(
            target=WordForms.of, args=(self._words.vocabulary,), name="snapshelf-word-forms", daemon=True
        ).start()
        if (kinds := self._catalogue_view.photo_kinds(self.encoder)) is not None:
            threading.Thread(target=kinds.prepare, name="snapshelf-photo-kinds", daemon=True).start()

    def changed(self, ids: Iterable[str]) -> None:
        """Read the products anew when the next query comes; `ids` were put or removed."""
        self._codes.changed(ids)
        self._catalogue_view = self._catalogue_view.refreshed()
        self.personal.live.changed()
        self.rules.forget_filters()
        self._facet_values = FacetValues(self.index, self._lexicon)
        self._facet_fields = None

    def retune(self, tuning: Tuning) -> None:
        """Keep a tuning and search with it from now on."""
        tuning.write(self._tuning_file)
        self.tuning = tuning

    @property
    def is_tuned(self) -> bool:
        """Whether the shelf has asked itself, with the encoder that it has now."""
        return self.tuning.products > 0

    def _read_tuning(self) -> Tuning:
        """Return the shelf's tuning if it is of its encoder, and otherwise what is known of other shops."""
        fingerprint = self.encoder.fingerprint
        own = Tuning.load(self._tuning_file)
        if own is not None and own.calibration.fingerprint == fingerprint:
            return own
        return Tuning.untuned(fingerprint)

    @property
    def catalogue_view(self) -> CatalogueView:
        """The fields of the products as queries are understood by them."""
        return self._catalogue_view

    def search(self, request: SearchRequest) -> SearchResponse:
        """See `Shelf.search`."""
        plan, digest = self.plan(request), query_digest(request)
        page = Page(0) if request.page_token is None else read_page_token(request.page_token, digest)
        return self._respond(request, plan, page, digest, self.assign(request, page))

    def similar(self, id: str, k: int, where: str | Filter | None) -> SearchResponse:
        """See `Shelf.similar`."""
        request = SearchRequest.of(None, {"k": k, "where": where})
        vectors = self.catalogue.vectors([id]).get(id)
        if vectors is None:
            raise NotFoundError(f"no product has the id {id!r}")
        (fields,) = self.index.field_values([id], [GROUP])
        group = fields.get(GROUP)
        # Its variants are the same product in another colour or size.
        itself: Filter = Ids((id,)) if group is None else Or((Ids((id,)), Equals(GROUP, str(group))))
        restricted = joined(self._filter(request), self.visible(), Not(itself))
        plan = self._restricted(
            request, Query(vectors[0], None), restricted, Merchandising(), is_judged=False
        )
        return self._respond(request, plan, Page(0), query_digest(request))

    def visible(self) -> Filter | None:
        """See `RuleFile.visible`."""
        return self.rules.visible(self.index)

    def plan(self, request: SearchRequest) -> SearchPlan:
        """Understand a request: read its words and photos, and what has to hold.

        Raises
        ------
        QueryError
            The mode compares photos, and there is nothing to compare with.
        """
        content = QueryInput(
            request.all_photos, request.text, request.without, request.liked, request.disliked
        )
        if content.is_empty and request.mode != "full":
            raise QueryError(f"mode {request.mode!r} compares photos: give a photo or words to compare with")
        where = self._filter(request)  # before the encoder's work
        plain = request.mode != "full" or not request.understand
        settings = UnderstandingSettings.plain() if plain else self._settings.understanding
        query = understand(self.encoder, content, self._catalogue_view, settings, dismissed=request.dismissed)
        if request.mode != "full":
            query = replace(query, codes={})
        follows = request.rules and request.mode == "full"
        page = None
        if query.is_empty:
            chosen = read_facet_filters(request.facet_filters, self.index, self._facet_values).values()
            page = conditions(where, *(choice.filter for choice in chosen))
        rules = self.rules.applying(query.normalised, self.index, page) if follows else Merchandising()
        return self._restricted(request, query, where, rules)

    def _filter(self, request: SearchRequest) -> Filter | None:
        where = request.where
        return parse_filter(where, self.index) if isinstance(where, str) else where

    def _restricted(
        self,
        request: SearchRequest,
        query: Query,
        where: Filter | None,
        rules: Merchandising,
        *,
        is_judged: bool = True,
    ) -> SearchPlan:
        chosen = read_facet_filters(request.facet_filters, self.index, self._facet_values)
        choices = [choice.filter for choice in chosen.values()]
        no_examples = Not(Ids(tuple(sorted(query.excluded_ids)))) if query.excluded_ids else None
        not_hidden = joined(where, no_examples, rules.left)
        collapse = request.collapse and request.mode == "full"
        group = GROUP if collapse else None
        query, order, mild = self._read_order(request, query)
        sort = read_sort(order, self.index)
        chips, relaxations = relaxed(
            query.chips, joined(not_hidden, *choices), lambda within: self.index.count(within, group)
        )
        base = joined(not_hidden, _said(query, chips, self._lexicon))
        if mild is not None:
            boost = self._settings.understanding.boost(mild.sort)
            chip = preferred(mild, query.words, joined(base, *choices), self.index, boost)
            if chip is not None and chip.where not in request.dismissed:
                chips = (*chips, chip)
        everything = joined(base, *choices)
        total = self.index.count(everything, group)
        by_sales = sort == BESTSELLING or query.is_empty
        has_words = request.mode == "full" and query.text is not None
        words = WordStatistics.of(query.words, self.index) if has_words else WordStatistics()
        nothing = () if total else (_NOTHING,)
        return SearchPlan(
            query=replace(query, chips=chips),
            within=everything,
            mode=request.mode,
            weights=request.weights or self._settings.weights or self.tuning.signal_weights,
            sort=sort,
            bestsellers=self.personal.live.bestsellers() if by_sales else (),
            min_relevance=request.min_relevance,
            diversity=request.diversity,
            collapse=collapse,
            rules=rules,
            where=where,
            chosen=chosen,
            base=base,
            words=words,
            windows=_WINDOWS_OF_PHOTO if query.kind == "photo" else WINDOWS,
            is_judged=is_judged and request.mode == "full",
            result=everything,
            notes=(*query.notes, *rules.notes, *relaxations, *nothing),
        )

    def _read_order(
        self, request: SearchRequest, query: Query
    ) -> tuple[Query, str | None, OrderWords | None]:
        """Return the order of a request, or else of its words as far as the shop knows it, and mild words for an order.

        The query has its words for an order only where they order.
        """
        order = query.order
        without = replace(query, order=None)
        if request.sort is not None or order is None:
            return without, request.sort, None
        if order.is_mild and not query.is_empty:
            return without, None, order
        sort = read_sort(order.sort, self.index)
        is_known = sort is not None and sort.field in self.index.fields()
        if is_known or (sort == BESTSELLING and self.personal.live.has_statistics):
            return query, order.sort, None
        note = Note(
            "unknown-order",
            f"{order.chip.text!r} asks for an order that the shop has no numbers for, so it is left out",
            {"words": order.chip.text},
        )
        return replace(without, notes=(*query.notes, note)), None, None

    def assign(self, request: SearchRequest, page: Page) -> RankingAssignment:
        """Assign rankers to a search, or to a later page of it."""
        return self.personal.assign(
            request.shopper, personal=request.personal, first=page.first, explores=request.record
        )

    def rank(
        self,
        plan: SearchPlan,
        corpus: Corpus,
        assignment: RankingAssignment | None = None,
        *,
        depth: int,
        start: int = 0,
    ) -> RankedResults:
        """Fill the first places of a search; see `pipeline.search`."""
        return search(plan, corpus, assignment, self._calibration, depth=depth, start=start)

    def facet_fields(self) -> dict[str, FacetField]:
        """See `Shelf.facet_fields`."""
        visible, period = self.visible(), int(time.monotonic() // _FACETS_KEPT)
        if self._facet_fields is None or self._facet_fields[:2] != (visible, period):
            fields = facet_fields(
                self.index,
                self._facet_values,
                self._settings.facets,
                where=visible,
                used=self._queries.facets_used(),
                lexicon=self._lexicon,
            )
            self._facet_fields = (visible, period, fields)
        return dict(self._facet_fields[2])

    def suggest(self, prefix: str, k: int, language: Literal["en", "zh"] | None) -> list[Suggestion]:
        """See `Shelf.suggest`."""
        if not 1 <= k <= MAX_SUGGESTIONS:
            raise QueryError(f"k is {k}; it must be between 1 and {MAX_SUGGESTIONS}")
        typed = prefix[:MAX_TEXT_LENGTH]
        suggestions = self._suggester.suggest(typed, k, language, is_hidden=self._hidden_queries())
        texts = {normalise(suggestion.text) for suggestion in suggestions}
        codes = (code for code in self._completed_codes(typed) if normalise(code) not in texts)
        return [*suggestions, *(Suggestion(code, "code", "") for code in codes)][:k]

    def _completed_codes(self, typed: str) -> Iterable[str]:
        """Return the codes of products that what was typed is a part of, as the shop writes them."""
        codes = complete_codes(normalise(typed), self._codes)
        visible = self.visible()
        shown = self.index.matches([code.id for code in codes], visible) if codes and visible else None
        return dict.fromkeys(code.written for code in codes if shown is None or code.id in shown)

    def _hidden_queries(self) -> Callable[[str], bool] | None:
        """Return the test whether all products that have the words of a text are hidden; None where nothing is."""
        if (visible := self.visible()) is None:
            return None
        hidden, shown = self._lexical_search(Not(visible)), self._lexical_search(visible)
        exists = self._suggester.exists
        return lambda text: exists(text, hidden) and not exists(text, shown)

    def _lexical_search(self, where: Filter | None) -> LexicalSearch:
        def matching(terms: Mapping[str, float], count: int) -> list[Product]:
            ids = [candidate.id for candidate in self.index.matching(terms, count, where)]
            return list(self.catalogue.get_many(ids).values())

        return matching

    def _respond(
        self,
        request: SearchRequest,
        plan: SearchPlan,
        page: Page,
        digest: bytes,
        assignment: RankingAssignment | None = None,
    ) -> SearchResponse:
        end = page.skip + request.k
        # A place more than is shown says whether there is another page.
        depth = max(end + 1, JUDGED, _RELATED_BY if request.related else 0)
        corpus, order = self.corpus.read_once(), plan.query.order
        results = self.rank(plan, corpus, assignment, depth=depth, start=page.skip)
        plan = results.plan
        shown = results.places[page.skip : end]
        timings = {**plan.query.timings, **results.timings}
        with timed(timings, "rank"):
            estimate = self._estimate(results, shown)
            hits = hits_of(results, shown, corpus, estimate, explain=request.explain)
        with timed(timings, "facets"):
            # The base is the result set as it is without chosen values, so that a facet shows others beside them.
            facets = count_facets(
                self.index,
                request.facets,
                plan.base,
                plan.chosen,
                distinct=plan.collapse,
                values_of=self._facet_values,
                settings=self._settings.facets,
                lexicon=self._lexicon,
            )
        near_misses = set(estimate.near_misses(shown))
        if request.record:
            self._log(request, plan.query, 0 if estimate.no_good_match else len(hits))
        # Something may be known by the next page of a shopper who is unknown yet.
        decides = assignment is not None and (assignment.is_particular or request.shopper is not None)
        first = assignment.first if assignment is not None and decides else None
        # The first page has the id that decides what is left to chance; later pages have their own.
        is_first = assignment is not None and not page.skip
        query_id = assignment.first.query_id if assignment is not None and is_first else uuid.uuid4().hex
        response = SearchResponse(
            query_id=query_id,
            hits=hits,
            timings=timings,
            total=self.index.count(plan.result, GROUP if plan.collapse else None),
            facets=facets,
            chips=(*plan.query.chips, *([order.chip] if order else [])),
            sort=request.sort or (order.sort if order else "relevance"),
            searched_as=_correction(plan.query, sure=True),
            did_you_mean=_correction(plan.query, sure=False),
            related=self._related(results, request.related, corpus) if request.related else (),
            notes=plan.notes,
            next_page_token=page_token(Page(end, first), digest)
            if len(results.places) > end and (not estimate.no_good_match or request.min_relevance is not None)
            else None,
            no_good_match=estimate.no_good_match,
            cut_off=estimate.cut_off,
            near_misses=tuple(hit for hit in hits if hit.product.id in near_misses),
            redirect=plan.rules.redirect,
            evidence=evidence_of(results.table, results.table.rows(shown), plan, corpus)
            if request.explain and shown and not plan.is_browsing
            else None,
        )
        if assignment is not None and request.record:
            self._record(request, assignment, results, response, start=page.skip)
        return response

    @property
    def _calibration(self) -> Calibration:
        """What the shop judged itself, if it is of the encoder in use, and otherwise what the shelf found out."""
        own = self._own_calibration
        if own is not None and own.fingerprint == self.encoder.fingerprint:
            return own
        return self.tuning.calibration

    def _estimate(self, results: RankedResults, shown: Sequence[str]) -> RelevanceEstimate:
        """Return how likely the hits are what the query asks for."""
        probabilities = results.table.probability[results.table.rows(shown)].tolist()
        relevance = {
            id: probability
            for id, probability in zip(shown, probabilities, strict=True)
            if not math.isnan(probability)
        }
        return RelevanceEstimate(relevance, results.assessment.cut_off, results.assessment.has_good_match)

    def _related(self, results: RankedResults, k: int, corpus: Corpus) -> tuple[str, ...]:
        products = list(corpus.products.get_many(results.places[:_RELATED_BY]).values())
        matching = self._lexical_search(self.visible())
        return tuple(self._suggester.related(results.plan.query.normalised or None, products, matching, k))

    def _log(self, request: SearchRequest, query: Query, good: int) -> None:
        """Count the words of a first page, and its chosen facets; words with a photo or a filter say nothing alone."""
        narrowed = (
            request.where is not None
            or request.facet_filters
            or request.page_token is not None
            or request.mode != "full"
        )
        if query.kind == "words" and not query.is_empty and not narrowed:
            # A log that cannot be written is no reason not to answer.
            with contextlib.suppress(StorageError):
                self._queries.note(query.normalised, good)
        if request.facet_filters and request.page_token is None:
            with contextlib.suppress(StorageError):
                self._queries.note_facets(list(request.facet_filters))

    def _record(
        self,
        request: SearchRequest,
        assignment: RankingAssignment,
        results: RankedResults,
        response: SearchResponse,
        *,
        start: int,
    ) -> None:
        """Record what a search showed, and what a known shopper looked for."""
        if not self.personal.records or results.plan.mode != "full":
            return
        now, query_id = time.time(), response.query_id
        impression = impression_of(request, assignment, results, response, start=start, now=now)
        events: tuple[Event, ...] = ()
        if request.shopper is not None and request.personal and not start and not results.plan.is_browsing:
            events = (search_event(query_id, request.shopper, request.text, results.plan, now=now),)
        self.personal.record(impression, events)


def _said(query: Query, chips: Sequence[Chip], lexicon: Lexicon) -> Filter | None:
    """Return what the hard chips say; a product whose code was typed is of the kind that was meant.

    A product that has many words of the query exactly as they are written is meant, whatever was read from them.
    """
    unwanted = hard_filter([chip for chip in chips if chip.excluded])
    kinds = hard_filter([chip for chip in chips if chip.kind == CATEGORY and not chip.excluded])
    others = hard_filter([chip for chip in chips if chip.kind != CATEGORY and not chip.excluded])
    coded = query.coded
    read = joined(others, Or((kinds, Ids(coded))) if kinds is not None and coded else kinds)
    if read is None:
        return unwanted
    words = [word.alternatives for word in query_words(query.normalised, lexicon)]
    if len(words) >= _WRITTEN_WORDS:
        read = Or((read, HasWords.all_of(words, TermPlace.NAME)))
    return joined(unwanted, read)


def _correction(query: Query, *, sure: bool) -> str | None:
    correction = query.correction
    return correction.text if correction is not None and correction.sure == sure else None
