"""A request → vectors, terms and facts."""

from __future__ import annotations

import re
import time
import unicodedata
from collections import Counter
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from snapshelf.encoders import Encoder
from snapshelf.errors import NotFoundError, QueryError
from snapshelf.language import Correction, correct, normalise, search_terms
from snapshelf.query.composition import FACTS, OWN, TOLD, UNTOLD, Vector, away, looks, own
from snapshelf.query.constraints import Reader, Reading
from snapshelf.query.knowledge import Knowledge
from snapshelf.query.query import Note, Query
from snapshelf.query.request import Request, decoded
from snapshelf.query.settings import Understanding

_SPOKEN = re.compile(r"[^\W_]")
_COMPARISON = re.compile(
    r"""\b(?:(?:something|anything|one|ones|exactly|just|looks?|looking)\ )*
        (?:like|similar\ to|same\ as|the\ same\ as)\ (?:this|that|these|those|it)(?:\ (?:one|photo|picture|image))?\b
    |\b(?:the\ )?same\ (?:style|kind|type|item|product|model|thing|one|shape|design)\b
    |\b(?:but|instead|please|rather|except)\b
    |和?(?:这|那)(?:张|个|件|条|双|款|种)?(?:图片?|照片)?(?:的?(?:一样|类似|相似|差不多))的?(?:款式?|样式)?
    |(?:同|这|该|类似|相似|一样的?)(?:款式?|样式)的?|类似的?|一样的|但是?|有没有|有(?=.*吗)|的?吗|换成|改成|改为|(?<![\u4e00-\u9fff])要""",
    re.VERBOSE,
)
"""Words that say only that the photo is to be compared with: the photo says it already."""


def understand(
    encoder: Encoder,
    request: Request,
    knowledge: Knowledge | None = None,
    settings: Understanding | None = None,
    *,
    drop: Collection[str] = (),
) -> Query:
    """Decode, read and encode a request.

    Parameters
    ----------
    encoder : Encoder
        Encodes all photos in one pass, and all words in another.
    request : Request
    knowledge : Knowledge or None
        What the shop has. Without it no facts are read from the words, and nothing is corrected.
    settings : Understanding or None
        The usual ones by default.
    drop : collection of str
        `Chip.where` of the chips that the shopper removed.

    Raises
    ------
    QueryError
        The words have no letter, digit or emoji that could be looked for, and there is nothing else.
    NotFoundError
        Nothing is asked for but products like some that are not there.
    PhotoError
        A photo cannot be decoded.
    """
    settings = settings or Understanding()
    start = time.perf_counter()
    images = [decoded(each) for each in request.photos]
    decoded_at = time.perf_counter()
    notes: list[Note] = []
    words, correction = _words(request, knowledge, settings, notes)
    reading = _read(words, request, knowledge, settings, drop)
    liked, disliked = _examples(request, knowledge, notes)
    by_looks = bool(images) or bool(liked)
    said = reading.rest
    if by_looks and settings.read:
        said = " ".join(_COMPARISON.sub(" ", said).split())
    terms = Counter(search_terms(said, lexicon=knowledge.lexicon if knowledge else None))
    if not by_looks and not said and not reading.minus:
        said = words  # only numbers: there is nothing better to go by
        if not said:
            raise NotFoundError("none of the liked products is there; give a photo, words, or other products")
    read_at = time.perf_counter()
    encoded = encoder.encode_photos(images)
    texts = list(dict.fromkeys(each for each in (said, reading.minus) if each))
    vectors = dict(zip(texts, encoder.encode_texts(texts), strict=True))
    look = looks(encoded, request.photo_weights, liked, disliked)
    word = vectors.get(said)
    if look is not None and word is not None:
        length = request.text_weight * (TOLD if reading.chips else UNTOLD)
        word = np.float32(length) * _instead(word, look, reading, knowledge, encoder)
    minus = vectors.get(reading.minus)
    if minus is not None:
        amount = request.without_weight
        look = None if look is None else away(look, minus, amount)
        word = away(word, minus, amount) if word is not None else (-minus if look is None else None)
    finished = time.perf_counter()
    return Query(
        photo=look,
        text=word,
        terms={term: float(count) for term, count in terms.items()},
        timings={
            "decode": decoded_at - start,
            "understand": read_at - decoded_at,
            "encode": finished - read_at,
        },
        normalised=words,
        correction=correction,
        chips=tuple(replace(chip, boost=FACTS * chip.boost) for chip in reading.chips)
        if by_looks
        else reading.chips,
        notes=(*notes, *reading.notes),
        excluded=frozenset((*request.liked, *request.disliked)),
    )


def _words(
    request: Request, knowledge: Knowledge | None, settings: Understanding, notes: list[Note]
) -> tuple[str, Correction | None]:
    """The text in its normal form and put right, and what was or may be wrong with it."""
    if request.text is None:
        return "", None
    words = normalise(request.text)
    if not words:
        raise QueryError("the query's text is empty: leave it out to search by photo alone")
    if not _SPOKEN.search(words):
        words = _named(words)
        if words:
            notes.append(Note("emoji", f"the text was read as {words!r}", {"words": words}))
        elif not request.photos and not request.liked:
            raise QueryError(
                f"the query's text {request.text[:40]!r} has neither letters nor digits; write what to look for"
            )
    if not (settings.correct and knowledge and knowledge.vocabulary and words):
        return words, None
    correction = correct(words, knowledge.vocabulary, knowledge.lexicon)
    return correction.text if correction and correction.sure else words, correction


def _named(signs: str) -> str:
    """What emoji show: 👗 is a dress."""
    names = (unicodedata.name(sign, "") for sign in signs if unicodedata.category(sign) == "So")
    return normalise(" ".join(names))


def _read(
    words: str,
    request: Request,
    knowledge: Knowledge | None,
    settings: Understanding,
    drop: Collection[str],
) -> Reading:
    unwanted = normalise(request.without or "")
    if knowledge is None or not settings.read:
        return Reading(rest=words, minus=unwanted)
    reader = Reader(knowledge, settings, drop)
    reading = reader.read(words)
    if not unwanted:
        return reading
    without = reader.rule_out(unwanted, len(words))
    return Reading(
        (*reading.chips, *without.chips),
        reading.rest,
        " ".join(filter(None, (reading.minus, without.minus))),
        reading.asked,
        reading.notes,
    )


def _examples(
    request: Request, knowledge: Knowledge | None, notes: list[Note]
) -> tuple[list[Vector], list[Vector]]:
    """Vectors of liked and of disliked products, those that are there."""
    ids = (*request.liked, *request.disliked)
    found = knowledge.vectors(ids) if knowledge else {}
    if missing := [id for id in dict.fromkeys(ids) if id not in found]:
        listed = ", ".join(missing)
        notes.append(Note("unknown-products", f"these products are not there: {listed}", {"ids": listed}))
    liked, disliked = (
        [found[id] for id in listed if id in found] for listed in (request.liked, request.disliked)
    )
    return liked, disliked


def _instead(
    word: Vector, look: Vector, reading: Reading, knowledge: Knowledge | None, encoder: Encoder
) -> Vector:
    """The words, less what the photo has of the same kinds: red instead of the photo's blue."""
    if knowledge is None:
        return word
    for kind in {concept.kind for concept in reading.asked} - {"category"}:
        concepts, names = knowledge.spoken(encoder, kind)
        shown = own(look, names)
        if all(concepts[shown] != concept for concept in reading.asked):
            word = word - np.float32(OWN) * names[shown]
    return word
