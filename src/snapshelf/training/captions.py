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
"""What a label can say, in the order of the label columns that the loss compares."""

_LEXICON_KIND = {"article": "category", "subcategory": "category", "master": "category", "class": "category"}
_MENTION = {"gender": 0.5, "colour": 0.65, "pattern": 0.3, "material": 0.2, "usage": 0.12, "season": 0.06}
"""How often an attribute caption mentions each kind, given that the product has it."""
_CATEGORY_LEVELS = {"article": 0.74, "subcategory": 0.13, "master": 0.04, "": 0.09}
"""How often it names the category at which level; the rest of the time it names none."""
_CATEGORIES = ("article", "subcategory", "master", "class")
_PREFERRED_NAME = 0.55


@dataclass(frozen=True, slots=True)
class Labelled:
    """What is known of a photo: its title by language (English at least) and its labels by kind."""

    titles: Mapping[Language, str]
    labels: Mapping[str, str] = field(default_factory=dict)

    def any_title(self) -> str:
        """The first title there is, or an empty text."""
        return next(iter(self.titles.values()), "")


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption and the labels that it names; it is true of every photo that has them all."""

    text: str
    names: Mapping[str, str]


class Captioner:
    """Makes captions; every name of a concept is used now and then, so that synonyms are learnt.

    Parameters
    ----------
    lexicon : Lexicon
    rng : random.Random
    """

    def __init__(self, lexicon: Lexicon, rng: random.Random) -> None:
        self._lexicon = lexicon
        self._rng = rng

    def concept(self, kind: str, label: str) -> Concept | None:
        """The lexicon's concept for a label, if it knows it."""
        return self._lexicon.get(_LEXICON_KIND.get(kind, kind), label)

    def canonical(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Labels by the lexicon's preferred names, so that "Tshirts" and "t-shirt" are one."""
        concepts = {kind: self.concept(kind, label) for kind, label in labels.items()}
        return {kind: concept.label("en") if concept else labels[kind] for kind, concept in concepts.items()}

    def completed(self, product: Labelled) -> Labelled:
        """With the labels that only the title tells, each concept by one name, whatever a source calls it."""
        told = self.labels_in_title(product.titles.get("en", ""))
        return Labelled(product.titles, self.canonical({**told, **product.labels}))

    def labels_in_title(self, title: str) -> dict[str, str]:
        """Pattern and material that a title names; the columns of a feed rarely have them."""
        found: dict[str, str] = {}
        for match in self._lexicon.find(title):
            if match.concept.kind in ("pattern", "material"):
                found.setdefault(match.concept.kind, match.concept.label("en"))
        return found

    def title(self, product: Labelled, language: Language) -> str:
        """The product's title; a Chinese one is composed where the shop has none, and labels serve without either."""
        if language in product.titles:
            return self._shortened(normalise(product.titles[language]), language)
        if "en" in product.titles:
            return self._chinese_title(product.titles["en"])
        if product.titles:
            return normalise(product.any_title())
        return normalise(
            " ".join(self._word(kind, label, language) for kind, label in product.labels.items())
        )

    def class_name(self, kind: str, label: str, language: Language) -> str:
        """A name of a label alone, such as "navy" or 藏青色."""
        word = self._word(kind, label, language) or label
        if language == "en" and self._rng.random() < 0.1:
            return normalise(f"a photo of {word}")
        return normalise(word)

    def misspelt(self, text: str) -> str:
        """The text with a slip of the keyboard in one of its longer English words."""
        words = text.split(" ")
        places = [i for i, word in enumerate(words) if len(word) > 3 and word.isascii() and word.isalpha()]
        if not places:
            return text
        place = self._rng.choice(places)
        word = words[place]
        at = self._rng.randrange(1, len(word) - 1)
        words[place] = self._rng.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            )
        )
        return " ".join(words)

    def attributes(self, product: Labelled, language: Language) -> Caption:
        """A caption such as "men's black watch" or 男士黑色手表 from some of the labels."""
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
        """Brand and rare words as they are, then what the lexicon can say in the order Chinese says it."""
        title = normalise(title)
        known: dict[str, list[str]] = {}
        rest, end = [], 0
        for match in self._lexicon.find(title):
            rest.append(title[end : match.start])
            end = match.end
            words = match.concept.names["zh"]
            word = words[0] if self._rng.random() < _PREFERRED_NAME else self._rng.choice(words)
            if word not in known.setdefault(match.concept.kind, []):
                known[match.concept.kind].append(word)
        rest.append(title[end:])
        brand = " ".join(" ".join(rest).replace("'s", " ").split())
        order = ("gender", "season", "usage", "colour", "pattern", "material", "style", "category", "thing")
        chinese = "".join(word for kind in order for word in known.get(kind, []))
        return self._shortened(f"{brand} {chinese}".strip(), "zh")

    def _shortened(self, title: str, language: Language) -> str:
        """Now and then without some words: shoppers rarely type a whole title."""
        words = title.split()
        if language == "zh" or len(words) < 4 or self._rng.random() > 0.5:
            return title
        kept = [word for word in words if self._rng.random() > 0.2]
        return " ".join(kept) or title
