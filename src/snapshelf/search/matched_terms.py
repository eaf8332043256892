"""Matched terms: the words of a query that the text of a product has."""

from __future__ import annotations

from snapshelf.catalogue import Product
from snapshelf.index import document_terms
from snapshelf.language import Lexicon
from snapshelf.query import Query


def matched_terms(query: Query, product: Product, lexicon: Lexicon) -> tuple[str, ...]:
    """Return the words of the query that the signal ``lexical`` counts, as they were typed and in their order.

    A word counts when the product has it in any form: 红色 matches a product that says "red".
    """
    terms = document_terms(product, lexicon).keys()
    return tuple(
        word.text
        for word in query.words
        if any(terms >= set(alternative) for alternative in word.alternatives)
    )
