"""Matched terms: the words of a query that the text of a product has."""

from __future__ import annotations

from snapshelf.catalogue import Product
from snapshelf.index import document_terms
from snapshelf.language import Lexicon, search_terms
from snapshelf.query import Query


def matched_terms(query: Query, product: Product, lexicon: Lexicon) -> tuple[str, ...]:
    """Return the words of the query that the signal ``lexical`` counts, as they were typed and in their order.

    A word counts when the product has it in any form: 红色 matches a product that says "red".
    """
    text = query.normalised
    shared = query.terms.keys() & document_terms(product, lexicon).keys()
    places = {
        match.start: text[match.start : match.end]
        for match in lexicon.find(text)
        if match.concept.term in shared
    }
    taken = [(start, start + len(word)) for start, word in places.items()]
    start = 0
    for word in text.split():
        start = text.index(word, start)
        end = start + len(word)
        named = any(start < last and first < end for first, last in taken)
        if not named and shared.intersection(search_terms(word, lexicon=lexicon)):
            places[start] = word
        start = end
    return tuple(word for _, word in sorted(places.items()))
