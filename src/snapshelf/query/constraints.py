"""Words → facts that products may have, those that are ruled out among them."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from snapshelf.index import And, Between, Equals, Filter, Not, OneOf, Or
from snapshelf.language import Concept, Quantity, quantities
from snapshelf.query.filter_writer import write_filter
from snapshelf.query.knowledge import Knowledge, Values
from snapshelf.query.query import Chip, Note
from snapshelf.query.settings import Understanding

_PRICE, _CURRENCY = "price", "currency"

_NOT = re.compile(
    r"""(?:\b(?:not|no|non|without|except(?:\ for)?|excluding|other\ than|anything\ but|avoid|minus)\b\s*
        |(?<!\S)-
        |(?:不想要|不需要|不要|不是|不含|不带|除了|除|没有|排除|去掉|无|(?<!除)非)(?:有|带|是|穿)?\s*)
        (?:(?:in|any|a|an|the|with|of|for)\ )*$""",
    re.VERBOSE,
)
"""What stands before a name that is ruled out."""

_EXCEPTED = re.compile(r"\s*(?:的|款)*(?:除外|不要|以外|之外)")
"""What stands after one."""

_OR = re.compile(r"\s*(?:,|、|\bor\b|\bnor\b|\band\b|和|或|或者|及)?\s*")
"""What stands between two that are ruled out together."""

_WITHOUT = re.compile(
    r"""\b(?:without|excluding|except(?:\ for)?)\ (?:(?:any|a|an|the)\ )?
        (?P<en>[^\W\d][\w'-]*(?:\ (?!(?:and|but|for|in|with|under|on|or)\b)[^\W\d][\w'-]*)?)
        |(?:不要|不带|不含|不想要|没有)(?P<zh>[\u3400-\u9fff]{1,6}?)(?=的|[^\u3400-\u9fff]|$)""",
    re.VERBOSE,
)
"""What is ruled out though no fact tells it."""

_LEFT_OVER = re.compile(
    r"^(?:[\s,;、，；。的和且]|(?:and|or|but)\b)+|(?:[\s,;、，；。和且]|\b(?:and|or|but))+$|(?<=\s)\s+"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words of a query say.

    Parameters
    ----------
    chips : tuple of Chip
    rest : str
        The words without numbers that became facts and without what they rule out.
    minus : str
        What they rule out and no fact tells.
    asked : tuple of Concept
        The concepts that they name and do not rule out.
    notes : tuple of Note
    """

    chips: tuple[Chip, ...] = ()
    rest: str = ""
    minus: str = ""
    asked: tuple[Concept, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class _Mention:
    """A concept or a name of the shop's at a place of the text, and where the shop has it."""

    start: int
    end: int
    kind: str
    labels: Mapping[str, str]
    places: Sequence[Values]
    concept: Concept | None = None
    widened: bool = False


class Reader:
    """Reads facts from words, as far as a shop's products have them.

    Parameters
    ----------
    knowledge : Knowledge
    settings : Understanding
    drop : collection of str
        `Chip.where` of chips that are not wanted.
    """

    def __init__(self, knowledge: Knowledge, settings: Understanding, drop: Collection[str] = ()) -> None:
        self._knowledge = knowledge
        self._settings = settings
        self._drop = frozenset(drop)

    def read(self, text: str) -> Reading:
        """Read a query's text in normal form."""
        notes: list[Note] = []
        chips, cut = self._amounts(text, notes)
        mentions = [one for one in self._mentions(text) if not _touches((one.start, one.end), cut)]
        ruled_out = self._ruled_out(text, mentions)
        minus: list[str] = []
        asked: list[Concept] = []
        for mention in mentions:
            words = text[mention.start : mention.end]
            span = ruled_out.get((mention.start, mention.end))
            chip = self._chip(words, mention, excluded=span is not None)
            if span is not None:
                cut.append(span)
                if chip is None:
                    minus.append(words)
            elif mention.concept:
                asked.append(mention.concept)
            if chip and chip.where not in self._drop:
                chips.append(chip)
        minus += self._untold(text, cut)
        kept = {chip.where: chip for chip in sorted(chips, key=lambda chip: chip.start)}.values()
        rest = _without(text, cut)
        if not rest:
            # Nothing else is said: the best is what is least like it.
            minus += [chip.text for chip in kept if chip.excluded]
        notes += _contradictions(tuple(kept))
        return Reading(tuple(kept), rest, " ".join(dict.fromkeys(minus)), tuple(asked), tuple(notes))

    def _untold(self, text: str, cut: list[tuple[int, int]]) -> list[str]:
        """Words that are ruled out though they name nothing; their places are added to what is cut."""
        if self._settings.excluded == "off":
            return []
        found = [match for match in _WITHOUT.finditer(text) if not _touches(match.span(), cut)]
        cut += [match.span() for match in found]
        return [match["en"] or match["zh"] for match in found]

    def rule_out(self, text: str, at: int) -> Reading:
        """Read words to move away from, in normal form; their chips are at the place `at`."""
        chips: dict[str, Chip] = {}
        cut = []
        for mention in self._mentions(text):
            words = text[mention.start : mention.end]
            chip = self._chip(words, mention, excluded=True)
            if chip:
                cut.append((mention.start, mention.end))
                if chip.where not in self._drop:
                    chips[chip.where] = _moved(chip, at)
        return Reading(tuple(chips.values()), minus=_without(text, cut))

    def _mentions(self, text: str) -> list[_Mention]:
        names = [
            _Mention(
                start,
                end,
                name.kind,
                dict.fromkeys(("en", "zh"), name.texts[0]),
                [Values(name.field, name.texts, name.texts)],
            )
            for start, end, name in self._knowledge.names_in(text)
        ]
        concepts = [
            self._concept_mention(match.concept, match.start, match.end)
            for match in self._knowledge.lexicon.find(text)
        ]
        # Of two that overlap the longer one is meant: "Red Tape" is a brand; of two alike the concept.
        names = [one for one in names if not any(_at_least_as_long(other, one) for other in concepts)]
        concepts = [one for one in concepts if not any(_overlap(one, other) for other in names)]
        return sorted([*names, *concepts], key=lambda mention: (mention.start, mention.end))

    def _concept_mention(self, concept: Concept, start: int, end: int) -> _Mention:
        """Where the shop has a concept, or else the nearest wider one."""
        for each in (concept, *self._knowledge.lexicon.ancestors(concept)):
            if places := self._knowledge.values(each):
                labels = {language: each.label(language) for language in ("en", "zh")}
                return _Mention(start, end, each.kind, labels, places, concept, each is not concept)
        return _Mention(start, end, concept.kind, {}, (), concept)

    def _chip(self, text: str, mention: _Mention, *, excluded: bool) -> Chip | None:
        use = self._settings.use(mention.kind)
        if excluded and use != "off":
            use = self._settings.excluded
        # What is not navy may well be blue: the wider concept is no reason to leave a product out.
        if use == "off" or not mention.places or (excluded and mention.widened):
            return None
        wide = _any_of([(place.field, place.wide) for place in mention.places])
        exact = _any_of([(place.field, place.exact) for place in mention.places])
        labels = dict(mention.labels)
        if excluded:
            wide = exact = Not(wide)
            labels = {"en": f"not {labels['en']}", "zh": f"不要{labels['zh']}"}
        boost = self._settings.boost(mention.kind)
        return Chip(
            text=text,
            start=mention.start,
            end=mention.end,
            kind=mention.kind,
            field=mention.places[0].field,
            where=write_filter(wide),
            filter=wide,
            exact=exact,
            labels=labels,
            hard=use == "hard" and not mention.widened,
            boost=boost / 2 if mention.widened else boost,
            excluded=excluded,
        )

    def _ruled_out(self, text: str, mentions: Sequence[_Mention]) -> dict[tuple[int, int], tuple[int, int]]:
        """Places of the mentions that are ruled out → what to cut from the text with them."""
        if self._settings.excluded == "off":
            return {}
        found: dict[tuple[int, int], tuple[int, int]] = {}
        last: _Mention | None = None
        starts = {mention.start for mention in mentions}
        for mention in mentions:
            place = (mention.start, mention.end)
            before = _NOT.search(text[: mention.start])
            after = _EXCEPTED.match(text, mention.end)
            joined = (
                last is not None
                and last.kind == mention.kind
                and _OR.fullmatch(text[last.end : mention.start])
            )
            if before:
                found[place] = (before.start(), mention.end)
            elif joined:
                found[place] = (last.end if last else mention.start, mention.end)
            if after and after.end() not in starts:
                found[place] = (found.get(place, place)[0], after.end())
            last = mention if place in found else None
        return found

    def _amounts(self, text: str, notes: list[Note]) -> tuple[list[Chip], list[tuple[int, int]]]:
        """Chips of quantities, and the places of their words."""
        chips: list[Chip] = []
        cut: list[tuple[int, int]] = []
        for quantity in quantities(text):
            use = self._settings.use(quantity.kind)
            if use == "off":
                continue
            words = text[quantity.start : quantity.end]
            where = self._priced(quantity, notes) if quantity.kind == _PRICE else self._sized(quantity)
            if where is None:
                if quantity.kind == _PRICE:
                    cut.append((quantity.start, quantity.end))
                    notes.append(
                        Note(
                            "no-prices",
                            f"no product has a price, so {words!r} makes no difference",
                            {"words": words},
                        )
                    )
                continue
            field, condition = where
            chip = Chip(
                text=words,
                start=quantity.start,
                end=quantity.end,
                kind=quantity.kind,
                field=field,
                where=write_filter(condition),
                filter=condition,
                exact=condition,
                labels=_labels(quantity),
                hard=use == "hard",
                boost=self._settings.boost(quantity.kind),
                bound=quantity.kind == _PRICE or quantity.low is None or quantity.high is None,
            )
            dropped = chip.where in self._drop
            # A price is never in a title; another quantity may be, and is looked for there once it is no fact.
            if quantity.kind == _PRICE or not dropped:
                cut.append((quantity.start, quantity.end))
            if not dropped:
                chips.append(chip)
        return chips, cut

    def _priced(self, quantity: Quantity, notes: list[Note]) -> tuple[str, Filter] | None:
        if not self._knowledge.has(_PRICE):
            return None
        price = Between(_PRICE, at_least=quantity.low, at_most=quantity.high)
        currencies = self._knowledge.texts(_CURRENCY) if quantity.unit else ()
        if currencies and quantity.unit not in currencies:
            shop = ", ".join(currencies)
            notes.append(
                Note(
                    "other-currency",
                    f"prices here are in {shop}; the number was compared as it is, not converted from {quantity.unit}",
                    {"asked": quantity.unit, "shop": shop},
                )
            )
        if len(currencies) > 1 and quantity.unit in currencies:
            return _PRICE, And((price, Equals(_CURRENCY, quantity.unit)))
        return _PRICE, price

    def _sized(self, quantity: Quantity) -> tuple[str, Filter] | None:
        """The values of attributes that lie within a quantity."""
        parts: list[Filter] = []
        fields: list[str] = []
        for field, values in self._knowledge.amounts(quantity.kind).items():
            texts = tuple(dict.fromkeys(text for text, value in values if _lies_within(value, quantity)))
            if texts:
                parts.append(_one_of(field, texts))
                fields.append(field)
        if quantity.low is not None or quantity.high is not None:
            for field in self._knowledge.numbers(quantity.kind):
                parts.append(Between(field, at_least=quantity.low, at_most=quantity.high))
                fields.append(field)
        return (fields[0], parts[0] if len(parts) == 1 else Or(tuple(parts))) if parts else None


def _lies_within(value: Quantity, wanted: Quantity) -> bool:
    if value.unit and wanted.unit and value.unit != wanted.unit:
        return False
    if isinstance(wanted.value, str) or isinstance(value.value, str):
        return value.value == wanted.value
    low, high = value.low, value.high
    return (wanted.low is None or (low is not None and low >= wanted.low)) and (
        wanted.high is None or (high is not None and high <= wanted.high)
    )


def _one_of(field: str, texts: tuple[str, ...]) -> Filter:
    return Equals(field, texts[0]) if len(texts) == 1 else OneOf(field, texts)


def _any_of(places: Sequence[tuple[str, tuple[str, ...]]]) -> Filter:
    parts = tuple(_one_of(field, texts) for field, texts in places)
    return parts[0] if len(parts) == 1 else Or(parts)


def _touches(place: tuple[int, int], places: Sequence[tuple[int, int]]) -> bool:
    return any(place[0] < end and start < place[1] for start, end in places)


def _overlap(one: _Mention, other: _Mention) -> bool:
    return one.start < other.end and other.start < one.end


def _at_least_as_long(concept: _Mention, name: _Mention) -> bool:
    """Whether a concept that the shop has stands in the way of one of the shop's names."""
    return (
        bool(concept.places)
        and _overlap(concept, name)
        and concept.end - concept.start >= name.end - name.start
    )


def _moved(chip: Chip, at: int) -> Chip:
    return replace(chip, start=at, end=at)


def _without(text: str, cut: Sequence[tuple[int, int]]) -> str:
    for start, end in sorted(cut, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return _LEFT_OVER.sub("", text) if cut else text


def _labels(quantity: Quantity) -> dict[str, str]:
    unit = quantity.unit
    if quantity.kind == "size":
        size = f"{unit.upper()} {_size(quantity)}".strip()
        return {"en": f"size {size}", "zh": f"{size} 码"}
    unit = f" {unit}" if unit else ""
    low, high = (None if bound is None else f"{bound:.12g}" for bound in (quantity.low, quantity.high))
    if low is None:
        return {"en": f"up to {high}{unit}", "zh": f"{high}{unit} 以内"}
    if high is None:
        return {"en": f"from {low}{unit}", "zh": f"{low}{unit} 以上"}
    both = f"{low}{unit}" if low == high else f"{low}–{high}{unit}"
    return {"en": both, "zh": both}


def _size(quantity: Quantity) -> str:
    if isinstance(quantity.value, str) or quantity.low is None or quantity.high is None:
        return str(quantity.value)
    low, high = f"{quantity.low:g}", f"{quantity.high:g}"
    return low if low == high else f"{low}–{high}"


def _contradictions(chips: Sequence[Chip]) -> list[Note]:
    return [
        Note(
            "contradiction",
            f"no product can be both {one.labels['en']!r} and {other.labels['en']!r}",
            {"one": one.where, "other": other.where},
        )
        for one, other in combinations(chips, 2)
        if _exclude_each_other(one, other)
    ]


def _exclude_each_other(one: Chip, other: Chip) -> bool:
    if Not(one.filter) == other.filter or Not(other.filter) == one.filter:
        return True
    if not (one.bound and other.bound and one.hard and other.hard and one.field == other.field):
        return False
    (low, high), (other_low, other_high) = _bounds(one.filter), _bounds(other.filter)
    return max(low, other_low) > min(high, other_high)


def _bounds(where: Filter) -> tuple[float, float]:
    """The interval that a filter by a number leaves; everything where it is none."""
    match where:
        case Between(_, at_least, at_most):
            return (
                -math.inf if at_least is None else at_least,
                math.inf if at_most is None else at_most,
            )
        case And((Between() as price, *_)):
            return _bounds(price)
    return -math.inf, math.inf
