"""Captions in two languages, made from a product's title and labels with the bilingual lexicon."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from snapshelf.language import Concept, Lexicon, normalise

Language: TypeAlias = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

KINDS = (
    "gender",
    "colour",
    "article",
    "subcategory",
    "master",
    "season",
    "usage",
    "pattern",
    "material",
    "class",
)
"""Kinds of labels, in the order of the label columns that the loss compares."""

_LEXICON_KIND = {"article": "category", "subcategory": "category", "master": "category", "class": "category"}
_MENTION = {"gender": 0.5, "colour": 0.65, "pattern": 0.3, "material": 0.2, "usage": 0.12, "season": 0.06}
"""Probability that an attribute caption mentions each kind, if the product has it."""
_CATEGORY_LEVELS = {"article": 0.74, "subcategory": 0.13, "master": 0.04, "": 0.09}
"""Probabilities of the category level that an attribute caption names; "" is none."""
_CATEGORIES = ("article", "subcategory", "master", "class")
_PREFERRED_NAME = 0.55


@dataclass(frozen=True, slots=True)
class Annotation:
    """Annotation of a photo: its titles by language (English at least) and its labels by kind."""

    titles: Mapping[Language, str]
    labels: Mapping[str, str] = field(default_factory=dict)

    def any_title(self) -> str:
        """Return the first title, or an empty text."""
        return next(iter(self.titles.values()), "")


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption and the labels that it names; it is true of every photo that has all of them."""

    text: str
    names: Mapping[str, str]


class Captioner:
    """Generates captions; all names of a concept are sampled, so that synonyms are learnt.

    Parameters
    ----------
    lexicon : Lexicon
    rng : random.Random
    """

    def __init__(self, lexicon: Lexicon, rng: random.Random) -> None:
        self._lexicon = lexicon
        self._rng = rng

    def concept(self, kind: str, label: str) -> Concept | None:
        """Return the lexicon's concept for a label, if any."""
        return self._lexicon.get(_LEXICON_KIND.get(kind, kind), label)

    def canonical(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Return the labels by the lexicon's preferred names, so that "Tshirts" and "t-shirt" are equal."""
        concepts = {kind: self.concept(kind, label) for kind, label in labels.items()}
        return {kind: concept.label("en") if concept else labels[kind] for kind, concept in concepts.items()}

    def with_title_labels(self, product: Annotation) -> Annotation:
        """Add the labels that only the title names, and use the preferred name of each concept."""
        from_title = self.labels_in_title(product.titles.get("en", ""))
        return Annotation(product.titles, self.canonical({**from_title, **product.labels}))

    def labels_in_title(self, title: str) -> dict[str, str]:
        """Return pattern and material that a title names; feeds rarely have columns for them."""
        labels: dict[str, str] = {}
        for match in self._lexicon.find(title):
            if match.concept.kind in ("pattern", "material"):
                labels.setdefault(match.concept.kind, match.concept.label("en"))
        return labels

    def title(self, product: Annotation, language: Language) -> str:
        """Return the title in a language.

        A missing Chinese title is composed from the English title, a missing title from the labels.
        """
        if language in product.titles:
            return self._with_dropped_words(normalise(product.titles[language]), language)
        if "en" in product.titles:
            return self._chinese_title(product.titles["en"])
        if product.titles:
            return normalise(product.any_title())
        return normalise(
            " ".join(self._word(kind, label, language) for kind, label in product.labels.items())
        )

    def class_name(self, kind: str, label: str, language: Language) -> str:
        """Return a name of a label, such as "navy" or 藏青色."""
        word = self._word(kind, label, language) or label
        if language == "en" and self._rng.random() < 0.1:
            return normalise(f"a photo of {word}")
        return normalise(word)

    def misspelt(self, text: str) -> str:
        """Return the text with a typo in a longer English word: a letter dropped, doubled or swapped."""
        words = text.split(" ")
        positions = [i for i, word in enumerate(words) if len(word) > 3 and word.isascii() and word.isalpha()]
        if not positions:
            return text
        position = self._rng.choice(positions)
        word = words[position]
        at = self._rng.randrange(1, len(word) - 1)
        words[position] = self._rng.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            )
        )
        return " ".join(words)

    def attributes(self, product: Annotation, language: Language) -> Caption:
        """Compose a caption such as "men's black watch" or 男士黑色手表 from some of the labels."""
        rng, names = self._rng, {}
        for kind, share in _MENTION.items():
            if kind in product.labels and rng.random() < share:
                names[kind] = product.labels[kind]
        level = rng.choices(list(_CATEGORY_LEVELS), list(_CATEGORY_LEVELS.values()))[0]
        if level in product.labels:
            names[level] = product.labels[level]
        if "class" in product.labels:
            names["class"] = product.labels["class"]
        words = {kind: word for kind, label in names.items() if (word := self._word(kind, label, language))}
        if not words:
            return Caption(self.title(product, language), {})
        names = {kind: names[kind] for kind in words}
        text = self._chinese_phrase(words) if language == "zh" else self._english_phrase(words)
        return Caption(normalise(text), names)

    def _word(self, kind: str, label: str, language: Language) -> str:
        concept = self.concept(kind, label)
        if concept is None:
            return label if language == "en" else ""
        words = concept.names[language]
        return words[0] if self._rng.random() < _PREFERRED_NAME else self._rng.choice(words)

    def _english_phrase(self, words: Mapping[str, str]) -> str:
        rng = self._rng
        category = next((words[kind] for kind in _CATEGORIES if kind in words), "")
        gender = words.get("gender", "")
        front = [
            words[kind] for kind in ("usage", "season", "colour", "pattern", "material") if kind in words
        ]
        if gender and rng.random() < 0.25 and category:
            parts = [*front, category, "for", gender]
        else:
            parts = [gender, *front, category]
        if rng.random() < 0.12:
            rng.shuffle(parts)
        elif rng.random() < 0.1:
            parts.insert(0, "a photo of")
        return " ".join(part for part in parts if part)

    def _chinese_phrase(self, words: Mapping[str, str]) -> str:
        rng = self._rng
        category = next((words[kind] for kind in _CATEGORIES if kind in words), "")
        front = [
            words[kind]
            for kind in ("gender", "season", "usage", "colour", "pattern", "material")
            if kind in words
        ]
        if rng.random() < 0.12:
            rng.shuffle(front)
        if category and front and rng.random() < 0.15:
            return "".join(front) + "的" + category
        if rng.random() < 0.1:
            return "".join([category, *front])
        return (" " if rng.random() < 0.15 else "").join([*front, category])

    def _chinese_title(self, title: str) -> str:
        """Compose a Chinese title: brand and unknown words, then the translated concepts in Chinese order."""
        title = normalise(title)
        translated: dict[str, list[str]] = {}
        rest, end = [], 0
        for match in self._lexicon.find(title):
            rest.append(title[end : match.start])
            end = match.end
            words = match.concept.names["zh"]
            word = words[0] if self._rng.random() < _PREFERRED_NAME else self._rng.choice(words)
            if word not in translated.setdefault(match.concept.kind, []):
                translated[match.concept.kind].append(word)
        rest.append(title[end:])
        brand = " ".join(" ".join(rest).replace("'s", " ").split())
        order = ("gender", "season", "usage", "colour", "pattern", "material", "style", "category", "thing")
        chinese = "".join(word for kind in order for word in translated.get(kind, []))
        return self._with_dropped_words(f"{brand} {chinese}".strip(), "zh")

    def _with_dropped_words(self, title: str, language: Language) -> str:
        """Drop some words at random: shoppers rarely type a whole title."""
        words = title.split()
        if language == "zh" or len(words) < 4 or self._rng.random() > 0.5:
            return title
        kept = [word for word in words if self._rng.random() > 0.2]
        return " ".join(kept) or title
