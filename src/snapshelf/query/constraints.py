"""Read constraints from the words of a query, exclusions included."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from snapshelf.index import And, Between, Equals, Filter, Not, Or
from snapshelf.language import Concept, Quantity, QueryWord, quantities, query_words
from snapshelf.query.catalogue_view import CatalogueView, ShopName
from snapshelf.query.categories import CATEGORY, any_of, has_all, one_of
from snapshelf.query.filters.writer import write_filter
from snapshelf.query.heads import Role, roles
from snapshelf.query.photo_kind import PhotoKind
from snapshelf.query.query import Chip, NearestKind, Note
from snapshelf.query.settings import UnderstandingSettings

_PRICE, _CURRENCY = "price", "currency"

_EXACT_FIRST = 1.0
"""Boost of exactly the size that is asked for before sizes near to it: more than other signals differ."""

_CHINESE_UNITS: Mapping[str, str] = {
    "CNY": "元",
    "USD": "美元",
    "EUR": "欧元",
    "GBP": "英镑",
    "JPY": "日元",
    "HKD": "港元",
    "TWD": "新台币",
    "KRW": "韩元",
    "ml": "毫升",
    "g": "克",
    "cm": "厘米",
    "inch": "英寸",
}
"""Units as Chinese writes them; others are written as they are (GB, W)."""

_SIZE_SYSTEMS: Mapping[str, str] = {"eu": "欧码 ", "us": "美码 ", "uk": "英码 "}

_NEGATION_BEFORE = re.compile(
    r"""(?:\b(?:not|no|non|without|except(?:\ for)?|excluding|other\ than|anything\ but|avoid|minus)\b\s*
        |(?<!\S)-
        |(?:不想要|不需要|不要|不是|不含|不带|除了|除|没有|排除|去掉|无|(?<!除)非)(?:有|带|是|穿)?\s*)
        (?:(?:in|any|a|an|the|with|of|for)\ )*$""",
    re.VERBOSE,
)
"""Negation before an excluded name."""

_NEGATION_AFTER = re.compile(r"\s*(?:的|款)*(?:除外|不要|以外|之外)")
"""Negation after an excluded name."""

_NEGATION_CONJUNCTION = re.compile(r"\s*(?:,|、|\bor\b|\bnor\b|\band\b|和|或|或者|及)?\s*")
"""Conjunction between two names under the same negation."""

_NEGATED_WORDS = re.compile(
    r"""\b(?:without|excluding|except(?:\ for)?)\ (?:(?:any|a|an|the)\ )?
        (?P<en>[^\W\d][\w'-]*(?:\ (?!(?:and|but|for|in|with|under|on|or)\b)[^\W\d][\w'-]*)?)
        |(?:不要|不带|不含|不想要|没有)(?P<zh>[\u3400-\u9fff]{1,6}?)(?=的|[^\u3400-\u9fff]|$)""",
    re.VERBOSE,
)
"""Negated words that match no field value."""

_DANGLING_CONJUNCTIONS = re.compile(
    r"^(?:[\s,;、，；。的和且]|(?:and|or|but)\b)+|(?:[\s,;、，；。和且]|\b(?:and|or|but))+$|(?<=\s)\s+"
)


@dataclass(frozen=True, slots=True)
class ParsedText:
    """The constraints of a text, and the text that remains.

    Parameters
    ----------
    chips : tuple of Chip
    remaining_text : str
        The words without quantities that became constraints and without negated words.
    negated_text : str
        Negated words that match no field value, separated by spaces.
    concepts : tuple of Concept
        The concepts that the words name and do not negate.
    notes : tuple of Note
    nearest : NearestKind or None
        Kinds that are near to a kind that the words name and the shop does not have.
    names_kind : bool
        The words name the kind of thing that is asked for.
    other_words : tuple of QueryWord
        Words that are neither kinds, properties nor quantities.
    kind_terms : mapping
        Word for a kind → terms of further kinds that it means.
    """

    chips: tuple[Chip, ...] = ()
    remaining_text: str = ""
    negated_text: str = ""
    concepts: tuple[Concept, ...] = ()
    notes: tuple[Note, ...] = ()
    nearest: NearestKind | None = None
    names_kind: bool = False
    other_words: tuple[QueryWord, ...] = ()
    kind_terms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Mention:
    """A concept or a shop's own name at a span of the text, and the products that match it, if there are any.

    `where` tests field values only; `filter` may find a kind in titles too.
    """

    start: int
    end: int
    kind: str
    labels: Mapping[str, str]
    field: str = ""
    where: Filter | None = None
    filter: Filter | None = None
    exact: Filter | None = None
    concept: Concept | None = None
    is_wider: bool = False
    is_certain: bool = True

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end


class _Located(NamedTuple):
    """Where the shop has a quantity: a field, the products that have it or nearly, and those that have it exactly.

    `near` holds the values that only come near.
    """

    quantity: Quantity
    field: str
    filter: Filter
    exact: Filter
    near: tuple[str, ...] = ()


class ConstraintReader:
    """Reads constraints from words, as far as the products' fields have matching values.

    Parameters
    ----------
    catalogue : CatalogueView
    settings : UnderstandingSettings
    dismissed : collection of str
        `Chip.where` of the chips that the shopper removed.
    """

    def __init__(
        self, catalogue: CatalogueView, settings: UnderstandingSettings, dismissed: Collection[str] = ()
    ) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self._dismissed = frozenset(dismissed)

    def read(self, text: str, codes: Sequence[tuple[int, int]] = ()) -> ParsedText:
        """Read the constraints of a query's text in normal form.

        Nothing is read from the spans that are `codes`: the XS of KX55-XS-Red is no size.
        """
        notes: list[Note] = []
        chips, removed_spans = self._quantity_chips(text, codes, notes)
        known_spans = (*removed_spans, *codes)
        mentions = [
            mention for mention in self._mentions(text) if not _overlaps_any(mention.span, known_spans)
        ]
        negated = self._negated_spans(text, mentions)
        properties = [*known_spans, *((quantity.start, quantity.end) for quantity in quantities(text))]
        kinds = self._kinds(
            text, [mention for mention in mentions if mention.span not in negated], properties
        )
        negated_text: list[str] = []
        concepts: list[Concept] = []
        for mention in mentions:
            words = text[mention.start : mention.end]
            span = negated.get(mention.span)
            chip = self._chip(words, mention, excluded=span is not None, role=kinds.get(mention.span, "head"))
            if span is not None:
                removed_spans.append(span)
                if chip is None:
                    negated_text.append(words)
            elif mention.concept:
                concepts.append(mention.concept)
            if chip and chip.where not in self._dismissed:
                chips.append(chip)
        negated_text += self._negated_words(text, removed_spans)
        kept = {chip.where: chip for chip in sorted(chips, key=lambda chip: chip.start)}.values()
        remaining_text = _remove_spans(text, removed_spans)
        if not remaining_text:
            # Nothing else remains, so the best products are the least similar ones.
            negated_text += [chip.text for chip in kept if chip.excluded]
        notes += _contradictions(tuple(kept))
        nearest = self._nearest_kind(text, mentions, kinds)
        if nearest is not None:
            notes.append(nearest.note)
        return ParsedText(
            tuple(kept),
            remaining_text,
            " ".join(dict.fromkeys(negated_text)),
            tuple(concepts),
            tuple(notes),
            nearest,
            any(role != "modifier" for role in kinds.values()),
            self._words_outside(text, [*(mention.span for mention in mentions), *properties, *removed_spans]),
            self._kind_terms(text, mentions),
        )

    def photo_chip(self, kind: PhotoKind, other_words: Sequence[QueryWord], at: int) -> Chip | None:
        """Return the chip of a photo's kind beside words that name none; its position is `at`.

        It restricts, unless products of other kinds only have the words that are no properties in their names.
        """
        mode = self._settings.mode(CATEGORY)
        where = Equals(CATEGORY, kind.category)
        text = write_filter(where)
        if mode == "off" or text in self._dismissed:
            return None
        is_other = False
        if other_words:
            words = has_all(other_words)
            is_other = bool(self._catalogue.count(words)) and not self._catalogue.count(And((words, where)))
        return Chip(
            text="",
            start=at,
            end=at,
            kind=CATEGORY,
            field=CATEGORY,
            where=text,
            filter=where,
            exact=where,
            labels=self._catalogue.categories.labels(kind.category),
            hard=mode == "hard" and not is_other,
            boost=self._settings.boost(CATEGORY),
            source="photo",
            probability=kind.probability,
        )

    def _words_outside(self, text: str, spans: Sequence[tuple[int, int]]) -> tuple[QueryWord, ...]:
        return tuple(
            word
            for word in query_words(text, self._catalogue.lexicon)
            if not _overlaps_any((word.start, word.end), spans)
        )

    def _kind_terms(self, text: str, mentions: Sequence[_Mention]) -> dict[str, tuple[str, ...]]:
        terms: dict[str, tuple[str, ...]] = {}
        for mention in mentions:
            word = text[mention.start : mention.end]
            if mention.concept is not None and mention.kind == CATEGORY:
                kinds = self._catalogue.categories.kinds_named_after(mention.concept, word)
                terms[word] = tuple(kind.term for kind in kinds)
        return terms

    def _kinds(
        self, text: str, mentions: Sequence[_Mention], properties: Sequence[tuple[int, int]]
    ) -> dict[tuple[int, int], Role]:
        """Return the spans of the kinds that the words name → their roles, by grammar and by the shop's products.

        A kind that describes another ("kitchen" in "kitchen table") moves products up where some product is both. A
        kind beside an unknown word is the thing itself if it is that in all products with these words in their names.
        """
        kinds = {mention.span: mention.where for mention in mentions if mention.kind == CATEGORY}
        others = [mention.span for mention in mentions if mention.kind != CATEGORY] + list(properties)
        lexicon = self._catalogue.lexicon
        by_grammar = dict(zip(kinds, roles(text, list(kinds), others, lexicon), strict=True))
        heads = [where for span, where in kinds.items() if where is not None and by_grammar[span] == "head"]
        return {
            span: self._role_in_shop(role, where, heads, text, others) if where is not None else role
            for (span, where), role in zip(kinds.items(), by_grammar.values(), strict=True)
        }

    def _role_in_shop(
        self,
        role: Role,
        where: Filter,
        heads: Sequence[Filter],
        text: str,
        properties: Sequence[tuple[int, int]],
    ) -> Role:
        if role == "modifier" and heads:
            return "unsure" if self._catalogue.count(And((where, Or(tuple(heads))))) else "modifier"
        if role != "unsure":
            return role
        words = self._words_outside(text, properties)
        named = self._catalogue.count(has_all(words))
        if not named:
            return "unsure"
        of_kind = self._catalogue.count(And((has_all(words), where)))
        return "head" if of_kind == named else "unsure" if of_kind else "modifier"

    def _nearest_kind(
        self, text: str, mentions: Sequence[_Mention], kinds: Mapping[tuple[int, int], Role]
    ) -> NearestKind | None:
        """Return the kinds that are near to the only thing that is asked for, if the shop does not have it."""
        heads = [mention for mention in mentions if kinds.get(mention.span) == "head"]
        if self._settings.mode(CATEGORY) == "off" or len(heads) != 1:
            return None
        (head,) = heads
        if head.concept is None or (head.where is not None and not head.is_wider):
            return None
        categories = self._catalogue.categories
        texts = categories.nearest(head.concept) if head.where is None else (head.labels["en"],)
        if not texts:
            return None
        where = head.where or one_of(CATEGORY, texts)
        named = categories.named_outside_other_kinds(head.concept, text[head.start : head.end])
        if write_filter(where) in self._dismissed or self._catalogue.count(named):
            return None
        chip = Chip(
            text="",
            start=head.start,
            end=head.end,
            kind=CATEGORY,
            field=CATEGORY,
            where=write_filter(where),
            filter=where,
            exact=where,
            labels={},
            hard=False,
            boost=2 * self._settings.boost(CATEGORY),
        )
        known = [self._catalogue.lexicon.get(CATEGORY, text) for text in texts]
        chinese = tuple(
            text if concept is None else concept.label("zh")
            for text, concept in zip(texts, known, strict=True)
        )
        return NearestKind(head.concept, texts, chinese, chip)

    def _negated_words(self, text: str, removed_spans: list[tuple[int, int]]) -> list[str]:
        """Return negated words that match no field value; add their spans to `removed_spans`."""
        if self._settings.excluded == "off":
            return []
        matches = [
            match for match in _NEGATED_WORDS.finditer(text) if not _overlaps_any(match.span(), removed_spans)
        ]
        removed_spans += [match.span() for match in matches]
        return [match["en"] or match["zh"] for match in matches]

    def read_negated(self, text: str, at: int) -> ParsedText:
        """Read unwanted words in normal form; their chips get the position `at`."""
        chips: dict[str, Chip] = {}
        removed_spans = []
        for mention in self._mentions(text):
            words = text[mention.start : mention.end]
            chip = self._chip(words, mention, excluded=True)
            if chip:
                removed_spans.append((mention.start, mention.end))
                if chip.where not in self._dismissed:
                    chips[chip.where] = _move_to(chip, at)
        return ParsedText(tuple(chips.values()), negated_text=_remove_spans(text, removed_spans))

    def _mentions(self, text: str) -> list[_Mention]:
        names = [self._name_mention(name, start, end) for start, end, name in self._catalogue.names_in(text)]
        concepts = [
            self._concept_mention(match.concept, match.start, match.end, text[match.start : match.end])
            for match in self._catalogue.lexicon.find(text)
        ]
        # The longer of two overlapping mentions wins ("Red Tape" is a brand); of equal lengths, the concept.
        names = [name for name in names if not any(_covers(concept, name) for concept in concepts)]
        concepts = [concept for concept in concepts if not any(_overlap(concept, name) for name in names)]
        return sorted([*names, *concepts], key=lambda mention: mention.span)

    def _name_mention(self, name: ShopName, start: int, end: int) -> _Mention:
        where = one_of(name.field, name.texts)
        matching = where
        if name.kind == CATEGORY and (words := query_words(name.phrase, self._catalogue.lexicon)):
            matching = Or((where, has_all(words)))
        labels = dict.fromkeys(("en", "zh"), name.texts[0])
        return _Mention(start, end, name.kind, labels, name.field, where, matching, where)

    def _concept_mention(self, concept: Concept, start: int, end: int, word: str) -> _Mention:
        """Return the products that match a concept, or else those of exactly the nearest wider concept."""
        labels = _labels(concept)
        if values := self._catalogue.values(concept, word):
            if self._catalogue.categories.is_only_named_after(concept, word):
                labels["zh"] = word
            where = any_of([(field.field, field.matching) for field in values])
            exact = any_of([(field.field, field.exact) for field in values])
            is_certain = any(field.is_certain for field in values)
            matching = where
            if concept.kind == CATEGORY and is_certain:
                matching = Or((where, self._catalogue.categories.named_by_titles(concept, word)))
            return _Mention(
                start,
                end,
                concept.kind,
                labels,
                values[0].field,
                where,
                matching,
                exact,
                concept,
                is_certain=is_certain,
            )
        for wider in self._catalogue.lexicon.ancestors(concept):
            if located := self._catalogue.only(wider):
                field, where = located
                return _Mention(
                    start, end, wider.kind, _labels(wider), field, where, where, where, concept, is_wider=True
                )
        return _Mention(start, end, concept.kind, {}, concept=concept)

    def _chip(self, text: str, mention: _Mention, *, excluded: bool, role: Role = "head") -> Chip | None:
        mode = self._settings.mode(mention.kind)
        if excluded and mode != "off":
            mode = self._settings.excluded
        where, matching, exact = mention.where, mention.filter, mention.exact
        # A product that is not navy may be blue, so an exclusion never uses the wider concept.
        if mode == "off" or where is None or (excluded and mention.is_wider) or role == "modifier":
            return None
        labels = dict(mention.labels)
        if excluded:
            where = matching = exact = Not(where)
            labels = {"en": f"not {labels['en']}", "zh": f"不要{labels['zh']}"}
        boost = self._settings.boost(mention.kind)
        is_sure = not mention.is_wider and (excluded or (mention.is_certain and role == "head"))
        return Chip(
            text=text,
            start=mention.start,
            end=mention.end,
            kind=mention.kind,
            field=mention.field,
            where=write_filter(where),
            filter=matching or where,
            exact=exact or where,
            labels=labels,
            hard=mode == "hard" and is_sure,
            boost=boost / 2 if mention.is_wider and mention.kind != CATEGORY else boost,
            excluded=excluded,
        )

    def _negated_spans(
        self, text: str, mentions: Sequence[_Mention]
    ) -> dict[tuple[int, int], tuple[int, int]]:
        """Return the spans of negated mentions → the spans to remove from the text with them."""
        if self._settings.excluded == "off":
            return {}
        spans: dict[tuple[int, int], tuple[int, int]] = {}
        last: _Mention | None = None
        starts = {mention.start for mention in mentions}
        for mention in mentions:
            span = mention.span
            before = _NEGATION_BEFORE.search(text[: mention.start])
            after = _NEGATION_AFTER.match(text, mention.end)
            is_joined = (
                last is not None
                and last.kind == mention.kind
                and _NEGATION_CONJUNCTION.fullmatch(text[last.end : mention.start])
            )
            if before:
                spans[span] = (before.start(), mention.end)
            elif is_joined:
                spans[span] = (last.end if last else mention.start, mention.end)
            if after and after.end() not in starts:
                spans[span] = (spans.get(span, span)[0], after.end())
            last = mention if span in spans else None
        return spans

    def _quantity_chips(
        self, text: str, codes: Sequence[tuple[int, int]], notes: list[Note]
    ) -> tuple[list[Chip], list[tuple[int, int]]]:
        """Return the chips of quantities, and the spans of their words."""
        chips: list[Chip] = []
        removed_spans: list[tuple[int, int]] = []
        for quantity in quantities(text):
            span = quantity.start, quantity.end
            words = text[quantity.start : quantity.end]
            if self._settings.mode(quantity.kind) == "off" or _overlaps_any(span, codes):
                continue
            located = self._located(quantity, notes)
            if located is None:
                if quantity.kind == _PRICE:
                    removed_spans.append(span)
                    notes.append(
                        Note(
                            "no-prices",
                            f"no product has a price, so {words!r} has no effect",
                            {"words": words},
                        )
                    )
                continue
            chip = self._quantity_chip(words, located)
            is_dismissed = chip.where in self._dismissed
            # A title never holds a price. It may hold another quantity, so a dismissed quantity stays in the text.
            if quantity.kind == _PRICE or not is_dismissed:
                removed_spans.append(span)
            if not is_dismissed:
                chips.append(chip)
                if located.near:
                    notes.append(_near_note(words, located))
        return chips, removed_spans

    def _located(self, quantity: Quantity, notes: list[Note]) -> _Located | None:
        """Return where the shop has a quantity, in the first of its meanings that the shop has at all."""
        if quantity.kind == _PRICE:
            return self._located_price(quantity, notes)
        readings = (quantity, *quantity.others)
        return next((located for reading in readings if (located := self._located_attribute(reading))), None)

    def _quantity_chip(self, words: str, located: _Located) -> Chip:
        quantity = located.quantity
        return Chip(
            text=words,
            start=quantity.start,
            end=quantity.end,
            kind=quantity.kind,
            field=located.field,
            where=write_filter(located.filter),
            filter=located.filter,
            exact=located.exact,
            labels=_quantity_labels(quantity),
            hard=self._settings.mode(quantity.kind) == "hard",
            boost=_EXACT_FIRST if located.near else self._settings.boost(quantity.kind),
            near=located.near,
            bound=quantity.kind == _PRICE or quantity.low is None or quantity.high is None,
        )

    def _located_price(self, quantity: Quantity, notes: list[Note]) -> _Located | None:
        if not self._catalogue.has_field(_PRICE):
            return None
        price: Filter = Between(_PRICE, at_least=quantity.low, at_most=quantity.high)
        currencies = self._catalogue.texts(_CURRENCY) if quantity.unit else ()
        if currencies and quantity.unit not in currencies:
            shop = ", ".join(currencies)
            notes.append(
                Note(
                    "other-currency",
                    f"prices are in {shop}; the number was compared without conversion from {quantity.unit}",
                    {"asked": quantity.unit, "shop": shop},
                )
            )
        if len(currencies) > 1 and quantity.unit in currencies:
            price = And((price, Equals(_CURRENCY, quantity.unit)))
        return _Located(quantity, _PRICE, price, price)

    def _located_attribute(self, quantity: Quantity) -> _Located | None:
        """Return the attributes whose values lie within a quantity; for a size, with values near to it."""
        exact: list[Filter] = []
        nearly: list[Filter] = []
        near: list[str] = []
        fields: list[str] = []
        for name, values in self._catalogue.quantity_values(quantity.kind).items():
            within = tuple(dict.fromkeys(value for value, size in values if _is_within(size, quantity)))
            around = dict.fromkeys(value for value, size in values if _is_near(size, quantity))
            others = tuple(value for value in around if value not in within)
            exact += [one_of(name, within)] if within else []
            nearly += [one_of(name, others)] if others else []
            near += [value if isinstance(value, str) else f"{value:g}" for value in others]
            fields += [name] if within or others else []
        if quantity.low is not None or quantity.high is not None:
            for name in self._catalogue.numeric_fields(quantity.kind):
                exact.append(Between(name, at_least=quantity.low, at_most=quantity.high))
                fields.append(name)
        matching = _alternatives([*exact, *nearly])
        if matching is None:
            return None
        return _Located(quantity, fields[0], matching, _alternatives(exact) or matching, tuple(near))


def _alternatives(parts: Sequence[Filter]) -> Filter | None:
    return None if not parts else parts[0] if len(parts) == 1 else Or(tuple(parts))


def _near_note(words: str, located: _Located) -> Note:
    values = ", ".join(located.near)
    return Note(
        "near-size", f"near to {words!r}, and shown behind it: {values}", {"words": words, "near": values}
    )


def _is_near(value: Quantity, requested: Quantity) -> bool:
    """Return whether a size is less than a whole size away: 42 2/3 for 42, but not 43."""
    if requested.kind != "size" or requested.low is None or requested.low != requested.high:
        return False
    if value.low is None or value.high is None or (value.unit and requested.unit not in ("", value.unit)):
        return False
    return value.low < requested.low + 1 and value.high > requested.low - 1


def _is_within(value: Quantity, requested: Quantity) -> bool:
    if value.unit and requested.unit and value.unit != requested.unit:
        return False
    if isinstance(requested.value, str) or isinstance(value.value, str):
        return value.value == requested.value
    low, high = value.low, value.high
    return (requested.low is None or (low is not None and low >= requested.low)) and (
        requested.high is None or (high is not None and high <= requested.high)
    )


def _labels(concept: Concept) -> dict[str, str]:
    return {language: concept.label(language) for language in ("en", "zh")}


def _overlaps_any(span: tuple[int, int], spans: Sequence[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in spans)


def _overlap(first: _Mention, second: _Mention) -> bool:
    return first.start < second.end and second.start < first.end


def _covers(concept: _Mention, name: _Mention) -> bool:
    """Return whether a concept with products overlaps a shop's own name and is at least as long."""
    return (
        concept.where is not None
        and _overlap(concept, name)
        and concept.end - concept.start >= name.end - name.start
    )


def _move_to(chip: Chip, at: int) -> Chip:
    return replace(chip, start=at, end=at)


def _remove_spans(text: str, removed_spans: Sequence[tuple[int, int]]) -> str:
    for start, end in sorted(removed_spans, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return _DANGLING_CONJUNCTIONS.sub("", text) if removed_spans else text


def _quantity_labels(quantity: Quantity) -> dict[str, str]:
    if quantity.kind == "size":
        size = _size_text(quantity)
        system = _SIZE_SYSTEMS.get(quantity.unit, "")
        return {"en": f"size {quantity.unit.upper()} {size}".replace("  ", " "), "zh": f"{system}{size} 码"}
    low, high = (None if bound is None else f"{bound:.12g}" for bound in (quantity.low, quantity.high))
    units = {"en": f" {quantity.unit}".rstrip(), "zh": f" {_CHINESE_UNITS.get(quantity.unit, quantity.unit)}"}
    chinese = units["zh"].rstrip()
    if low is None:
        return {"en": f"up to {high}{units['en']}", "zh": f"{high}{chinese}以内"}
    if high is None:
        return {"en": f"from {low}{units['en']}", "zh": f"{low}{chinese}以上"}
    both = low if low == high else f"{low}–{high}"
    return {"en": f"{both}{units['en']}", "zh": f"{both}{chinese}"}


def _size_text(quantity: Quantity) -> str:
    if isinstance(quantity.value, str) or quantity.low is None or quantity.high is None:
        return str(quantity.value)
    low, high = _mixed_number(quantity.low), _mixed_number(quantity.high)
    return low if low == high else f"{low}–{high}"


def _mixed_number(number: float) -> str:
    """Write thirds as sizes have them: 42 2/3."""
    fraction = Fraction(number % 1).limit_denominator(3)
    is_third = fraction.denominator == 3 and abs(number % 1 - fraction) < 0.001
    return f"{int(number)} {fraction}" if is_third else f"{number:g}"


def _contradictions(chips: Sequence[Chip]) -> list[Note]:
    return [
        Note(
            "contradiction",
            f"no product can be both {first.labels['en']!r} and {second.labels['en']!r}",
            {"one": first.where, "other": second.where},
        )
        for first, second in combinations(chips, 2)
        if _exclude_each_other(first, second)
    ]


def _exclude_each_other(first: Chip, second: Chip) -> bool:
    if Not(first.filter) == second.filter or Not(second.filter) == first.filter:
        return True
    if not (first.bound and second.bound and first.hard and second.hard and first.field == second.field):
        return False
    (first_low, first_high), (second_low, second_high) = _bounds(first.filter), _bounds(second.filter)
    return max(first_low, second_low) > min(first_high, second_high)


def _bounds(where: Filter) -> tuple[float, float]:
    """Return the interval of a numeric filter; the whole line for other filters."""
    match where:
        case Between(_, at_least, at_most):
            return (
                -math.inf if at_least is None else at_least,
                math.inf if at_most is None else at_most,
            )
        case And((Between() as price, *_)):
            return _bounds(price)
    return -math.inf, math.inf
