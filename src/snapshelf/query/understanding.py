"""Parse and encode a query: photos and words → vectors, terms and constraints."""

from __future__ import annotations

import re
import time
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from snapshelf.encoders import Encoder
from snapshelf.errors import NotFoundError, QueryError
from snapshelf.language import (
    Correction,
    Lexicon,
    QueryWord,
    WordForms,
    correct,
    index_terms,
    normalise,
    query_words,
    search_terms,
    stem,
    words_with_prefix,
)
from snapshelf.query.catalogue_view import CatalogueView
from snapshelf.query.categories import CATEGORY
from snapshelf.query.codes import CodeReading, read_codes
from snapshelf.query.composition import (
    CONSTRAINED_TEXT_LENGTH,
    CONSTRAINT_BOOST,
    FREE_TEXT_LENGTH,
    REPLACED_SHARE,
    Vector,
    compose_photo_vector,
    nearest_name,
    normalise_vector,
    subtract_direction,
)
from snapshelf.query.constraints import ConstraintReader, ParsedText
from snapshelf.query.order_words import ORDER, read_order, without_order
from snapshelf.query.photo_kind import LEAST_KIND_PROBABILITY
from snapshelf.query.query import Chip, Note, OrderWords, Query
from snapshelf.query.query_input import QueryInput, decode_photo_input
from snapshelf.query.settings import UnderstandingSettings

_SEARCHABLE = re.compile(r"[^\W_]")
_COMPARISON = re.compile(
    r"""\b(?:(?:something|anything|one|ones|exactly|just|looks?|looking)\ )*
        (?:like|similar\ to|same\ as|the\ same\ as)\ (?:this|that|these|those|it)(?:\ (?:one|photo|picture|image))?\b
    |\b(?:the\ )?same\ (?:style|kind|type|item|product|model|thing|one|shape|design)\b
    |\b(?:but|instead|please|rather|except)\b
    |和?(?:这|那)(?:张|个|件|条|双|款|种)?(?:图片?|照片)?(?:的?(?:一样|类似|相似|差不多))的?(?:款式?|样式)?
    |(?:同|这|该|类似|相似|一样的?)(?:款式?|样式)的?|类似的?|一样的|但是?|有没有|有(?=.*吗)|的?吗|换成|改成|改为|(?<![\u4e00-\u9fff])要""",
    re.VERBOSE,
)
"""Words that only refer to the photo ("like this one"); the photo vector already expresses them."""

OTHER_FORM_WEIGHT = 0.5
"""Weight of the terms together that are another form of a word, where the word's own term weighs 1."""

SURFACE_WEIGHT = 1.0
"""Weight of a word as it is written, beside its stem: who asks for "prints" gets prints before printed shirts."""

MAX_SURFACES = 4
"""Words of a query up to which their written form counts; more words tell a product by themselves."""


def understand(
    encoder: Encoder,
    query_input: QueryInput,
    catalogue: CatalogueView | None = None,
    settings: UnderstandingSettings | None = None,
    *,
    dismissed: Collection[str] = (),
) -> Query:
    """Decode, parse and encode the input of a query.

    Parameters
    ----------
    encoder : Encoder
        Encodes all photos in one pass and all texts in another.
    query_input : QueryInput
    catalogue : CatalogueView or None
        The fields and words of the catalogue. Without it, no constraints are read and no spelling is corrected.
    settings : UnderstandingSettings or None
        Default settings if None.
    dismissed : collection of str
        `Chip.where` of the chips that the shopper removed.

    Raises
    ------
    QueryError
        The words hold no letter, digit or known emoji, and the input has no photo and no liked product.
    NotFoundError
        The input has only liked products, and none of them is in the catalogue.
    PhotoError
        A photo cannot be decoded.
    """
    if query_input.is_empty:
        return Query(None, None)
    settings = settings or UnderstandingSettings()
    started = time.perf_counter()
    images = [decode_photo_input(photo) for photo in query_input.photos]
    decoded_at = time.perf_counter()
    notes: list[Note] = []
    words = _normalised(query_input, notes)
    codes = _read_codes(words, catalogue)
    order = _read_order(words, codes, catalogue, settings, dismissed)
    correction = _correction(words, codes, order, catalogue, settings)
    if correction is not None and correction.sure:
        words = correction.text
        codes = _read_codes(words, catalogue)
        order = _read_order(words, codes, catalogue, settings, dismissed)
    reader = ConstraintReader(catalogue, settings, dismissed) if catalogue and settings.read else None
    parsed = _parse_text(words, codes, order, query_input, reader)
    liked, disliked = _example_vectors(query_input, catalogue, notes)
    has_photo = bool(images) or bool(liked)
    encoded_text = parsed.remaining_text
    if has_photo and settings.read:
        encoded_text = " ".join(_COMPARISON.sub(" ", encoded_text).split())
    lexicon = catalogue.lexicon if catalogue else None
    vocabulary = catalogue.vocabulary if catalogue else None
    forms = WordForms.of(vocabulary) if vocabulary else None
    brands = catalogue.brand_names if catalogue else None
    searched_words = _with_kinds(query_words(encoded_text, lexicon, forms, brands), parsed.kind_terms)
    if catalogue and settings.correct:
        searched_words = _with_longer_words(searched_words, encoded_text, catalogue)
    searched_words = _with_codes(searched_words, encoded_text, words, codes)
    terms = _weigh_terms(encoded_text, searched_words, lexicon)
    says_nothing = not has_photo and not encoded_text and not parsed.negated_text
    # "Under 50" and "cheapest" look for nothing in particular: the shop is browsed within the price, or in the order.
    if says_nothing and not (parsed.chips or order):
        encoded_text = (
            words  # The words hold only quantities that constrain nothing, so encode them after all.
        )
        if not encoded_text:
            raise NotFoundError(
                "none of the liked products is in the catalogue; give a photo, words, or other products"
            )
    read_at = time.perf_counter()
    encoded = encoder.encode_photos(images)
    texts = list(dict.fromkeys(filter(None, (encoded_text, parsed.negated_text))))
    vectors = dict(zip(texts, encoder.encode_texts(texts), strict=True))
    photo_vector = compose_photo_vector(encoded, liked, disliked)
    text_vector = vectors.get(encoded_text)
    if photo_vector is not None and text_vector is not None:
        length = CONSTRAINED_TEXT_LENGTH if parsed.chips else FREE_TEXT_LENGTH
        text_vector = np.float32(length) * _replace_own_values(
            text_vector, photo_vector, parsed, catalogue, encoder
        )
    chips = parsed.chips
    if photo_vector is not None and reader is not None and catalogue is not None and words:
        chips += _photo_chips(photo_vector, words, parsed, catalogue, encoder, reader)
    negated = vectors.get(parsed.negated_text)
    if negated is not None:
        if text_vector is not None:
            text_vector = subtract_direction(text_vector, negated)
        elif photo_vector is None:
            text_vector = -negated
        if photo_vector is not None:
            photo_vector = subtract_direction(photo_vector, negated)
    finished = time.perf_counter()
    return Query(
        photo=photo_vector,
        text=text_vector,
        terms=terms,
        words=tuple(searched_words),
        codes=codes.matches,
        timings={
            "decode": decoded_at - started,
            "understand": read_at - decoded_at,
            "encode": finished - read_at,
        },
        normalised=words,
        correction=correction,
        chips=tuple(replace(chip, boost=CONSTRAINT_BOOST * chip.boost) for chip in chips)
        if has_photo
        else chips,
        order=order,
        notes=(*notes, *parsed.notes),
        nearest=parsed.nearest,
        excluded_ids=frozenset((*query_input.liked, *query_input.disliked)),
    )


def _with_longer_words(words: list[QueryWord], text: str, catalogue: CatalogueView) -> list[QueryWord]:
    """Let an unknown last word stand for the words of the shop that it begins: it may be typed in part."""
    last = words[-1] if words else None
    if last is None or catalogue.vocabulary is None or last.end < len(text):
        return words
    if not (last.text.isascii() and last.text.isalpha()) or catalogue.has_word(last.text):
        return words
    longer = words_with_prefix(last.text, catalogue.vocabulary, catalogue.lexicon)
    alternatives = dict.fromkeys((*last.alternatives, *((stem(word),) for word in longer)))
    return [*words[:-1], replace(last, alternatives=tuple(alternatives))]


def _with_kinds(words: Sequence[QueryWord], terms: Mapping[str, tuple[str, ...]]) -> list[QueryWord]:
    """Return words with the terms of further kinds that they mean, by word."""
    return [
        replace(word, alternatives=(*word.alternatives, *((term,) for term in terms.get(word.text, ()))))
        for word in words
    ]


def _with_codes(words: Sequence[QueryWord], remaining: str, text: str, codes: CodeReading) -> list[QueryWord]:
    """Return the words that remain of a text, with each code as a single word: products have its terms."""
    merged = list(words)
    for code in codes.words:
        written = text[code.start : code.end]
        start = remaining.find(written)
        end = start + len(written)
        if start >= 0:
            merged = [word for word in merged if word.end <= start or end <= word.start]
            merged.append(
                QueryWord(written, start, end, tuple((term,) for term in dict.fromkeys(code.terms)))
            )
    return sorted(merged, key=lambda word: word.start)


def _weigh_terms(text: str, words: Sequence[QueryWord], lexicon: Lexicon | None) -> dict[str, float]:
    """Return the BM25 weights of a text's own terms, and of the other terms by which products have its words."""
    weights = {term: float(count) for term, count in Counter(search_terms(text, lexicon=lexicon)).items()}
    for word in words:
        for alternative in word.alternatives:
            for term in alternative:
                weights.setdefault(term, OTHER_FORM_WEIGHT / len(alternative))
    if len(words) <= MAX_SURFACES:
        surfaces = index_terms(text, lexicon).surfaces
        if len(surfaces) <= MAX_SURFACES:
            weights |= dict.fromkeys(surfaces, SURFACE_WEIGHT)
    return weights


def _normalised(query_input: QueryInput, notes: list[Note]) -> str:
    """Return the text in normal form; emoji alone become their names."""
    if query_input.text is None:
        return ""
    words = normalise(query_input.text)
    if not words:
        raise QueryError("the query's text is empty; omit it to search by photo only, or to browse the shop")
    if not _SEARCHABLE.search(words):
        words = _emoji_names(words)
        if words:
            notes.append(Note("emoji", f"the text was read as {words!r}", {"words": words}))
        elif not query_input.photos and not query_input.liked:
            raise QueryError(
                f"the query's text {query_input.text[:40]!r} has no letters or digits; write what to search for"
            )
    return words


def _read_codes(words: str, catalogue: CatalogueView | None) -> CodeReading:
    if catalogue is None or catalogue.codes is None or not words:
        return CodeReading()
    return read_codes(words, catalogue.codes, catalogue.vocabulary)


def _read_order(
    words: str,
    codes: CodeReading,
    catalogue: CatalogueView | None,
    settings: UnderstandingSettings,
    dismissed: Collection[str],
) -> OrderWords | None:
    if catalogue is None or not settings.read or settings.mode(ORDER) == "off":
        return None
    return read_order(words, catalogue, codes.spans, dismissed)


def _correction(
    words: str,
    codes: CodeReading,
    order: OrderWords | None,
    catalogue: CatalogueView | None,
    settings: UnderstandingSettings,
) -> Correction | None:
    """Return the spelling correction of the words; codes and words that ask for an order are not corrected."""
    if not (settings.correct and catalogue and catalogue.vocabulary and words) or codes.is_whole:
        return None
    correction = correct(words, catalogue.vocabulary, catalogue.lexicon, catalogue.has_word)
    kept = [*codes.spans, *([(order.chip.start, order.chip.end)] if order else [])]
    if correction is None or any(
        change.start < end and start < change.end for change in correction.changes for start, end in kept
    ):
        return None
    return correction


def _emoji_names(signs: str) -> str:
    """Return the names of emoji: 👗 is a dress."""
    names = (unicodedata.name(sign, "") for sign in signs if unicodedata.category(sign) == "So")
    return normalise(" ".join(names))


def _parse_text(
    words: str,
    codes: CodeReading,
    order: OrderWords | None,
    query_input: QueryInput,
    reader: ConstraintReader | None,
) -> ParsedText:
    unwanted = normalise(query_input.without or "")
    if reader is None:
        return ParsedText(remaining_text=words, negated_text=unwanted)
    rest, place, moved = without_order(words, order)
    spans = [(start, end) if start < place else (start - moved, end - moved) for start, end in codes.spans]
    parsed = reader.read(rest, spans)
    if moved:
        parsed = replace(parsed, chips=tuple(_moved(chip, place, moved) for chip in parsed.chips))
    if not unwanted:
        return parsed
    without = reader.read_negated(unwanted, len(words))
    return replace(
        parsed,
        chips=(*parsed.chips, *without.chips),
        negated_text=" ".join(filter(None, (parsed.negated_text, without.negated_text))),
    )


def _moved(chip: Chip, place: int, by: int) -> Chip:
    """Move a chip of the words from a place on."""
    return chip if chip.start < place else replace(chip, start=chip.start + by, end=chip.end + by)


def _photo_chips(
    photo: Vector,
    words: str,
    parsed: ParsedText,
    catalogue: CatalogueView,
    encoder: Encoder,
    reader: ConstraintReader,
) -> tuple[Chip, ...]:
    """Return the chip of the kind that a photo shows, for words that name no kind themselves."""
    if parsed.names_kind or any(chip.kind == CATEGORY for chip in parsed.chips):
        return ()
    estimator = catalogue.photo_kinds(encoder)
    kind = estimator.estimate(normalise_vector(photo), LEAST_KIND_PROBABILITY) if estimator else None
    if kind is None:
        return ()
    comparisons = [match[0] for match in _COMPARISON.finditer(words)]
    others = tuple(
        word for word in parsed.other_words if not any(word.text in comparison for comparison in comparisons)
    )
    chip = reader.photo_chip(kind, others, len(words))
    return (chip,) if chip else ()


def _example_vectors(
    query_input: QueryInput, catalogue: CatalogueView | None, notes: list[Note]
) -> tuple[list[Vector], list[Vector]]:
    """Return the photo vectors of the liked and disliked products that are in the catalogue."""
    ids = (*query_input.liked, *query_input.disliked)
    vectors = catalogue.vectors(ids) if catalogue else {}
    if missing := [id for id in dict.fromkeys(ids) if id not in vectors]:
        listed = ", ".join(missing)
        notes.append(
            Note("unknown-products", f"these products are not in the catalogue: {listed}", {"ids": listed})
        )
    liked, disliked = (
        [vectors[id] for id in group if id in vectors] for group in (query_input.liked, query_input.disliked)
    )
    return liked, disliked


def _replace_own_values(
    text_vector: Vector,
    photo_vector: Vector,
    parsed: ParsedText,
    catalogue: CatalogueView | None,
    encoder: Encoder,
) -> Vector:
    """Subtract from the text vector what the photo shows of the same kinds: red instead of the photo's blue."""
    if catalogue is None:
        return text_vector
    for kind in {concept.kind for concept in parsed.concepts} - {"category"}:
        concepts, names = catalogue.concept_vectors(encoder, kind)
        own_row = nearest_name(photo_vector, names)
        if all(concepts[own_row] != concept for concept in parsed.concepts):
            text_vector = text_vector - np.float32(REPLACED_SHARE) * names[own_row]
    return text_vector
