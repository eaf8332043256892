"""The parts of the score as arrays over all products: many ways to weigh them are tried in minutes.

What the engine would answer is computed with NumPy: cosines with all photos and titles, and BM25 over all products.
Facts are simulated: a concept that the words name holds for a product whose labels name it or a narrower one.
"""

from __future__ import annotations

import collections
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.machine import cores
from benchmarks.workload import Row, read_rows
from snapshelf.catalogue import Product, decode_photo, open_photos, read_feed
from snapshelf.demo import write_demo
from snapshelf.encoders import Encoder
from snapshelf.index.documents import document_terms
from snapshelf.language import Lexicon, Vocabulary, normalise, search_terms, tokenize
from snapshelf.query import CONSTRAINED_TEXT_LENGTH, CONSTRAINT_BOOST, DECODED_SIDE
from snapshelf.search import Evidence, Weights
from snapshelf.search.exact_match import _SAME_TEXT, _SAME_WORDS

Vectors: TypeAlias = NDArray[np.float32]
Rows: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
Column: TypeAlias = NDArray[np.float32]

COLUMNS = {"gender": "gender", "baseColour": "colour", "articleType": "category"}
"""Column of products.csv → kind of concept that its labels are."""

BOOST = 0.2
"""What a fact that holds adds; the usual one of colours, kinds and genders."""

_CATEGORY_COLUMNS = ("articleType", "subCategory", "masterCategory")
_MOST_IN_A_DOCUMENT = 2.2
"""Largest weight of a term in a document: k₁ + 1."""
_AT_ONCE = 64


@dataclass(frozen=True, slots=True, eq=False)
class EncodedQuery:
    """A query: words, the vector of a photo, or both."""

    text: str | None = None
    photo: Vectors | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SignalColumns:
    """The signals of a query for every product; arrays (n,), None for signals that the query lacks.

    Parameters
    ----------
    photo, text_image, text_title : ndarray or None
        Cosines.
    lexical : ndarray or None
        BM25.
    mass : float
        Maximum BM25 score of the query: Σ IDF of its terms · (k₁ + 1).
    constraints : ndarray or None
        Number of concepts of the query's words that the product satisfies.
    same_words, same_title : ndarray or None
        bool: the product's title has the query's words in any order; is the query.
    """

    photo: Column | None = None
    text_image: Column | None = None
    text_title: Column | None = None
    lexical: Column | None = None
    mass: float = 0.0
    constraints: Column | None = None
    same_words: Mask | None = None
    same_title: Mask | None = None

    def evidence(self, rows: Rows) -> Evidence:
        """Return the calibration inputs of some products."""

        def of(signal: Column | None) -> NDArray[np.float64] | None:
            return None if signal is None else signal[rows].astype(np.float64)

        coverage = None if self.lexical is None else self.lexical / np.float32(self.mass or 1.0)
        return Evidence(of(self.photo), of(self.text_image), of(self.text_title), of(coverage))


def fused(signals: SignalColumns, weights: Weights, shop: Mask) -> Column:
    """The score of every product, -inf outside of the shop.

    It is the sum that ships without its divisor, which is the same for all products of a query.
    """
    total = np.zeros(len(shop), np.float32)
    # Beside a photo, words and the constraints read from them have a larger weight.
    beside_photo = signals.photo is not None
    text_length, boost = (CONSTRAINED_TEXT_LENGTH, CONSTRAINT_BOOST) if beside_photo else (1.0, 1.0)
    for weight, signal in (
        (weights.photo, signals.photo),
        (weights.text_image * text_length, signals.text_image),
        (weights.text_title * text_length, signals.text_title),
        (weights.constraints * BOOST * boost, signals.constraints),
        (weights.text_title * _SAME_WORDS, signals.same_words),
        (weights.text_title * _SAME_TEXT, signals.same_title),
    ):
        if signal is not None:
            total += np.float32(weight) * signal
    if signals.lexical is not None:
        best = float(signals.lexical[shop].max(initial=0.0))
        total += np.float32(weights.lexical / (best or 1.0)) * signals.lexical
    return np.where(shop, total, -np.inf).astype(np.float32)


class Postings:
    """BM25 over all products, term by term.

    Parameters
    ----------
    documents : iterable of mapping
        Term → weight of each product.
    """

    def __init__(self, documents: Iterable[Mapping[str, float]]) -> None:
        postings: dict[str, tuple[list[int], list[float]]] = collections.defaultdict(lambda: ([], []))
        self._documents = 0
        for row, document in enumerate(documents):
            self._documents += 1
            for term, weight in document.items():
                rows, weights = postings[term]
                rows.append(row)
                weights.append(weight)
        self._postings = {
            term: (np.array(rows), np.array(weights, np.float32))
            for term, (rows, weights) in postings.items()
        }

    def score(self, terms: Mapping[str, int]) -> tuple[Column, float]:
        """BM25 of every product, and the most that it could be."""
        scores, mass = np.zeros(self._documents, np.float32), 0.0
        for term, count in terms.items():
            rows, weights = self._postings.get(term, (np.array([], np.int64), np.array([], np.float32)))
            idf = np.log(1 + (self._documents - len(rows) + 0.5) / (len(rows) + 0.5))
            scores[rows] += np.float32(count * idf) * weights
            mass += count * idf * _MOST_IN_A_DOCUMENT
        return scores, mass


class Catalogue:
    """Products with labels, and all that the score is made of.

    Parameters
    ----------
    rows : sequence of Row
        Labels, in the columns of the fashion set.
    products : sequence of Product
    photos : ndarray
        Unit vectors float32 (n, d).
    encoder : Encoder
    names : sequence of tuple of str, optional
        What shoppers call each product; by default its title.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        products: Sequence[Product],
        photos: Vectors,
        encoder: Encoder,
        names: Sequence[tuple[str, ...]] | None = None,
    ) -> None:
        self.rows = list(rows)
        self.photos = photos
        self.texts = [normalise(product.title) for product in products]
        self.names = names or [(text,) for text in self.texts]
        self._encoder = encoder
        self._postings = Postings(document_terms(product) for product in products)

    @classmethod
    def load(cls, data: Path, encoder: Encoder, cache: Path, *, products: int, seed: int) -> Catalogue:
        """Take a sample of the products of the train split, and as many of the validation split as there are."""
        feed = {row.product.id: row.product for row in read_feed(data / "products.csv") if row.product}
        all_rows = read_rows(data)
        train = [place for place, row in enumerate(all_rows) if row["split"] == "train"]
        chosen = random.Random(seed).sample(train, min(products, len(train)))
        chosen += [place for place, row in enumerate(all_rows) if row["split"] == "val"]
        rows = [all_rows[place] for place in chosen]
        whole = cache / f"fashion-{encoder.fingerprint}.npy"
        if whole.exists():
            photos: Vectors = np.load(whole)[chosen]
        else:
            name = f"fashion-{products}-{seed}-{encoder.fingerprint}.npy"
            photos = _cached(cache / name, lambda: encode_photos(encoder, data / "images.tar", rows))
        return cls(rows, [feed[row["id"]] for row in rows], photos, encoder)

    @classmethod
    def drawn(cls, encoder: Encoder, cache: Path, *, products: int) -> Catalogue:
        """Take the drawn catalogue: few products, titles in two languages, pictures unlike photos."""
        feed = write_demo(cache / "drawn", count=products).feed
        drawn = [row.product for row in read_feed(feed) if row.product]
        rows = [_labels(product) for product in drawn]
        name = f"drawn-{products}-{encoder.fingerprint}.npy"
        photos = _cached(cache / name, lambda: encode_photos(encoder, feed.parent, rows))
        names = [
            tuple(str(product.attributes[name]) for name in ("title_en", "title_zh")) for product in drawn
        ]
        return cls(rows, drawn, photos, encoder, names)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def titles(self) -> Vectors:
        """Unit vectors of the titles."""
        return self.encode(self.texts)

    @cached_property
    def keys(self) -> list[str]:
        """The tokens of each title, in order of the alphabet."""
        return [_key(text) for text in self.texts]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the titles."""
        return Vocabulary.of(self.texts)

    @cached_property
    def concepts(self) -> dict[str, Mask]:
        """Id of a concept → which products' labels name it or a narrower one."""
        lexicon = Lexicon.bundled()
        masks: dict[str, Mask] = collections.defaultdict(lambda: np.zeros(len(self), np.bool_))
        columns = [*COLUMNS.items(), *((column, "category") for column in _CATEGORY_COLUMNS[1:])]
        for place, row in enumerate(self.rows):
            for column, kind in columns:
                if concept := lexicon.get(kind, row[column]):
                    for wider in (concept, *lexicon.ancestors(concept)):
                        masks[wider.id][place] = True
        return dict(masks)

    def named(self, text: str) -> list[str]:
        """Concepts of gender, colour and category that a text names, those that some product has or not."""
        kinds = set(COLUMNS.values())
        concepts = (match.concept for match in Lexicon.bundled().find(text))
        return list(dict.fromkeys(concept.id for concept in concepts if concept.kind in kinds))

    def labelled(self, wanted: Mapping[str, str]) -> Mask:
        """Which products have these labels."""
        masks = [self._columns[column] == label for column, label in wanted.items()]
        together: Mask = np.logical_and.reduce(masks)
        return together

    @cached_property
    def _columns(self) -> dict[str, NDArray[np.str_]]:
        return {column: np.array([row[column] for row in self.rows]) for column in COLUMNS}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of texts, each different one encoded once, on all cores."""
        different = sorted(set(texts), key=len)
        parts = [different[start : start + _AT_ONCE] for start in range(0, len(different), _AT_ONCE)]
        with ThreadPoolExecutor(len(cores(None))) as executor:
            vectors = np.concatenate(list(executor.map(self._encoder.encode_texts, parts)))
        places = {text: place for place, text in enumerate(different)}
        return vectors[[places[text] for text in texts]]

    def signals(self, queries: Iterable[EncodedQuery]) -> Iterator[SignalColumns]:
        """Ask every product."""
        remaining = iter(queries)
        while block := list(islice(remaining, _AT_ONCE)):
            texts = [normalise(query.text) for query in block if query.text is not None]
            vectors = iter(self.encode(texts) if texts else ())
            for query in block:
                photo = None if query.photo is None else self.photos @ query.photo
                if query.text is None:
                    yield SignalColumns(photo)
                else:
                    yield self._worded(normalise(query.text), next(vectors), photo)

    def _worded(self, text: str, vector: Vectors, photo: Column | None) -> SignalColumns:
        lexical, mass = self._postings.score(collections.Counter(search_terms(text)))
        constraints = np.zeros(len(self), np.float32)
        for concept in self.named(text):
            constraints += self.concepts.get(concept, np.float32(0))
        return SignalColumns(
            photo=photo,
            text_image=self.photos @ vector,
            text_title=self.titles @ vector,
            lexical=lexical,
            mass=mass,
            constraints=constraints,
            same_words=self._rows_of(self._by_key.get(_key(text), [])),
            same_title=self._rows_of(self._by_text.get(text, [])),
        )

    @cached_property
    def _by_key(self) -> dict[str, list[int]]:
        return _places(self.keys)

    @cached_property
    def _by_text(self) -> dict[str, list[int]]:
        return _places(self.texts)

    def _rows_of(self, places: Sequence[int]) -> Mask:
        mask = np.zeros(len(self), np.bool_)
        mask[list(places)] = True
        return mask


def encode_photos(encoder: Encoder, source_of_photos: Path, rows: Sequence[Row]) -> Vectors:
    """Unit vectors of the rows' photos."""
    with open_photos(source_of_photos) as source, ThreadPoolExecutor(len(cores(None))) as executor:

        def part(start: int) -> Vectors:
            names = [row["image"] for row in rows[start : start + _AT_ONCE]]
            return encoder.encode_photos(
                [decode_photo(source.read(name), at_least=DECODED_SIDE) for name in names]
            )

        return np.concatenate(list(executor.map(part, range(0, len(rows), _AT_ONCE))))


def encode_images(encoder: Encoder, images: Sequence[Image.Image]) -> Vectors:
    """Unit vectors of images, a block at a time."""
    parts = [images[start : start + _AT_ONCE] for start in range(0, len(images), _AT_ONCE)]
    return np.concatenate([encoder.encode_photos(part) for part in parts])


def class_query(wanted: Mapping[str, str], language: str, rng: random.Random) -> str | None:
    """Words for labels by the lexicon's names in a language; None where it has no name for one of them."""
    lexicon = Lexicon.bundled()
    concepts = [lexicon.get(COLUMNS[column], label) for column, label in wanted.items()]
    if not all(concepts):
        return None
    names = [rng.choice(concept.names[language]) for concept in concepts if concept]
    return ("" if language == "zh" else " ").join(names)


def _labels(product: Product) -> Row:
    master, kind = product.category[0], product.category[-1]
    gender, colour = (str(product.attributes.get(name, "NA")).title() for name in ("gender", "colour"))
    return {
        "gender": gender,
        "baseColour": colour,
        "articleType": kind,
        "subCategory": kind,
        "masterCategory": master,
        "image": product.images[0],
    }


def _key(text: str) -> str:
    return " ".join(sorted(tokenize(text)))


def _places(values: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = collections.defaultdict(list)
    for place, value in enumerate(values):
        places[value].append(place)
    return places


def _cached(path: Path, compute: Callable[[], Vectors]) -> Vectors:
    if path.exists():
        vectors: Vectors = np.load(path)
        return vectors
    vectors = compute()
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, vectors)
    return vectors
