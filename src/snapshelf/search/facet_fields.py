"""The fields that can be facets: which of them shoppers narrow down by, in which order, and under which names."""

from __future__ import annotations

import fnmatch
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from snapshelf.index import Filter, SearchIndex
from snapshelf.language import Lexicon, normalise
from snapshelf.search.facet_values import ATTRIBUTES, NUMBER, FacetValues
from snapshelf.search.request import MAX_BINS, MAX_VALUES, FacetKind, FacetRequest

_ADDED = "added_at"
"""What ``newest`` sorts by; to a shopper it is no attribute of a product."""

_NEVER = frozenset({"id", "group_id", "currency", "availability", "stock", _ADDED})
"""Fields of every product that tell shoppers nothing, or the same as another field."""
_WELL_KNOWN: Mapping[str, float] = {"category": 5.0, "price": 3.5, "brand": 3.0}
"""Factor of the fields that shoppers look for first, whatever the shop sells."""

_SAMPLE = 200
"""Most frequent values that say what a field holds."""
_FEW_NUMBERS = 12
"""Different numbers of an attribute up to which they are listed, as sizes are, instead of counted in bars."""
_FEW = 60
_MOST_VALUES = 1 / 3
"""Values per product above which a value says little about others: the field names products."""
_NAMES = 0.7
"""Values per product from which a field names products, as codes do, even where there are few."""
_MERGED = 5_000
"""Most values of a field whose spellings are compared to describe it."""
_LOOKED_UP = 20
"""Most frequent values that are looked up in the lexicon."""
_CODE_DIGITS = 6
"""Digits from which numbers of which each product has its own are codes."""
_ONE_VALUE = 0.98
"""Share of a value from which all products have the same."""
_LONG = 40
"""Characters of the mean value from which a field holds texts to read."""
_BITS = 3.0
"""Entropy of the values, in bits, from which more values help no more: 8 equally frequent values."""
_WANTED = 2.0
"""Factor of the names that shoppers look for in many shops."""
_NAMES_OF_A_KIND = 1.5
"""Factor for values that the lexicon has as names of a kind, such as colours, materials or genders."""
_FEW_CHOICES = 100
"""Choices that say as much about the use of facets as nothing does."""
_YES_OR_NO = 0.5
"""Factor for values that only say yes or no."""

_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HTML = re.compile(r"<[a-zA-Z/!][^>]*>")
_ADDRESS = re.compile(
    r"^(?:https?:|www\.|/|[a-z]:\\)|\.(?:jpe?g|png|gif|webp|svg|pdf|html?|php|mp4)\b", re.IGNORECASE
)
_DATE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d|$)|^\d{1,2}:\d{2}")
_STRUCTURE = re.compile(r"^[\[{].*[\]}]$|^\w+=[^,]*,\w+=", re.DOTALL)
_NO_VALUES = (_HTML, _ADDRESS, _DATE, _STRUCTURE)
_YES_NO = frozenset({"yes", "no", "true", "false", "y", "n", "是", "否", "有", "无", "0", "1"})


@dataclass(frozen=True, slots=True)
class FacetField:
    """A field that can be a facet.

    Parameters
    ----------
    kind : {"values", "numbers"}
    values : int
        Number of different values.
    products : int
        Products that have the field; variants count each.
    shown : bool
        Whether shoppers narrow down by it: ``search.yaml`` says so, or the values do.
    labels : mapping
        Name of the field by language, as ``search.yaml`` has it.
    limit : int or None
        How many values, or bars, to ask for, as ``search.yaml`` has it.
    numeric : bool
        Whether it holds numbers, so that hits can be sorted by it.
    """

    kind: FacetKind
    values: int
    products: int
    shown: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    limit: int | None = None
    numeric: bool = False


class FacetSetting(BaseModel):
    """A facet that the shop shows.

    Parameters
    ----------
    field : str
    label : mapping
        Its name by language, ``en`` and ``zh``.
    values : int or None
        How many values, or bars, to show.
    kind : {"values", "numbers"} or None
        List numbers as values, or count them in bars; by default as their number suggests.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str = Field(min_length=1)
    label: dict[str, str] = Field(default_factory=dict)
    values: int | None = Field(default=None, ge=1, le=min(MAX_VALUES, MAX_BINS))
    kind: FacetKind | None = None

    @field_validator("label")
    @classmethod
    def _in_known_languages(cls, label: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(label.keys() - {"en", "zh"}):
            raise ValueError(f"{unknown[0]!r} is no language of the page; give en and zh")
        return label


def _named(setting: Any) -> Any:
    return {"field": setting} if isinstance(setting, str) else setting


class FacetSettings(BaseModel):
    """Which facets a page shows.

    Parameters
    ----------
    shown : tuple of FacetSetting
        Facets that come first, in this order; a name alone, or a name with a label and a number of values.
    hidden : tuple of str
        Fields that are never shown.
    others : bool
        Whether the other fields that suit follow, the most useful first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    shown: tuple[Annotated[FacetSetting, BeforeValidator(_named)], ...] = ()
    hidden: tuple[str, ...] = ()
    others: bool = True

    def request(self, request: str | FacetRequest) -> FacetRequest:
        """Complete a request by what the settings say of its field; a request that is only a name also by its size."""
        setting = self.of(request if isinstance(request, str) else request.field)
        if isinstance(request, FacetRequest):
            kind = request.kind or (setting.kind if setting else None)
            return replace(request, kind=kind)
        if setting is None:
            return FacetRequest(request)
        size = {} if setting.values is None else {"limit": setting.values, "bins": setting.values}
        return FacetRequest(request, kind=setting.kind, **size)

    def of(self, name: str) -> FacetSetting | None:
        """Return the setting of a field, if there is any."""
        short = name.removeprefix(ATTRIBUTES)
        return next((each for each in self.shown if each.field.removeprefix(ATTRIBUTES) == short), None)


def facet_fields(
    index: SearchIndex,
    values_of: FacetValues,
    settings: FacetSettings | None = None,
    *,
    where: Filter | None = None,
    used: Mapping[str, int] | None = None,
    lexicon: Lexicon | None = None,
) -> dict[str, FacetField]:
    """Return the fields that can be facets, by their short names: the shown ones first, in their order.

    Fields are shown that tell products apart without naming each, and that are not among the columns which shop systems
    write for themselves (``facet_columns.yaml``). They are ordered by coverage × entropy of the values × use.

    Parameters
    ----------
    index : SearchIndex
    values_of : FacetValues
    settings : FacetSettings or None
    where : Filter or None
        Counts are of the products that match.
    used : mapping or None
        Field → how often shoppers chose one of its values.
    lexicon : Lexicon or None
        Knows values that are names of a kind.
    """
    settings = settings or FacetSettings()
    products = index.count(where)
    hidden = {name.removeprefix(ATTRIBUTES) for name in settings.hidden}
    kinds = index.field_kinds()
    fields: dict[str, FacetField] = {}
    order: dict[str, tuple[float, float]] = {}
    # A short name belongs to the field that every product may have.
    for full in sorted(kinds.keys() - {_ADDED}, key=lambda full: (full.startswith(ATTRIBUTES), full)):
        short = full.removeprefix(ATTRIBUTES)
        name = full if short in fields else short
        summary = _Summary.of(full, index, values_of, where)
        setting = settings.of(name)
        score = 0.0
        if setting is None and settings.others and short not in hidden:
            score = summary.score(products, lexicon) * (1 + _share(short, used or {}))
        fields[name] = FacetField(
            setting.kind if setting and setting.kind else summary.kind,
            summary.values,
            summary.products,
            shown=setting is not None or score > 0,
            labels=setting.label if setting else {},
            limit=setting.values if setting else None,
            numeric=kinds[full] == "number" and full != "in_stock",
        )
        order[name] = (settings.shown.index(setting) if setting else len(settings.shown), -score)
    return {name: fields[name] for name in sorted(fields, key=lambda name: (order[name], name))}


def facet_kind(index: SearchIndex, field: str) -> FacetKind:
    """Return how a field is counted: numbers in bars, unless an attribute has only a few, as sizes are."""
    if field == "in_stock" or index.field_kinds().get(field) != "number":
        return "values"
    is_few = field.startswith(ATTRIBUTES) and index.facet(field, limit=1).total_values <= _FEW_NUMBERS
    return "values" if is_few else "numbers"


def _share(field: str, used: Mapping[str, int]) -> float:
    """Return the share of a field in the choices of shoppers, pulled to 0 where there are few."""
    times = {name.removeprefix(ATTRIBUTES): count for name, count in used.items()}
    return times.get(field, 0) / (_FEW_CHOICES + sum(times.values()))


@dataclass(frozen=True, slots=True)
class _Summary:
    """What a field holds: counts, and its most frequent values as shoppers see them."""

    field: str
    kind: FacetKind
    values: int
    products: int
    sample: Mapping[str, int]

    @classmethod
    def of(cls, field: str, index: SearchIndex, values_of: FacetValues, where: Filter | None) -> _Summary:
        counted = index.facet(field, where, limit=_SAMPLE)
        products = index.count(where) - counted.missing
        sample: Counter[str] = Counter()
        values = counted.total_values
        is_text = any(isinstance(each.value, str) for each in counted.values)
        spelled = values_of.of(field) if is_text and values <= _MERGED else None
        for each in counted.values:
            text = each.value if isinstance(each.value, str) else f"{each.value:.15g}"
            for label in spelled.labels.get(text, (text,)) if spelled else (text,):
                sample[label] += each.count
        if spelled is not None and not spelled.is_plain:
            values = len(spelled.cells)
        return cls(field, facet_kind(index, field), values, products, sample)

    def score(self, products: int, lexicon: Lexicon | None) -> float:
        """Return how much the field helps shoppers to narrow down; 0 for a field that they do not need."""
        # What nearly all have, as the first step of a category, tells nothing.
        telling = [count for count in self.sample.values() if count < _ONE_VALUE * self.products]
        if self.field in _NEVER or len(telling) < 2 or sum(telling) < (1 - _ONE_VALUE) * self.products:
            return 0.0
        factor = _WELL_KNOWN.get(self.field, 1.0)
        if self.field.startswith(ATTRIBUTES):
            names, name = _ColumnNames.read(), _plain_name(self.field)
            if names.exported.fullmatch(name) or self._is_no_value():
                return 0.0
            if name in names.wanted:
                factor *= _WANTED
            elif lexicon is not None and self._names_a_kind(lexicon):
                factor *= _NAMES_OF_A_KIND
            elif self._names_products:
                return 0.0
            elif {normalise(value) for value in self.sample} <= _YES_NO:
                factor *= _YES_OR_NO
        bits = _BITS if self.kind == "numbers" else min(_BITS, _entropy(telling))
        # Shoppers use a well-known field even where it has few values.
        least = _BITS / 2 if self.field in _WELL_KNOWN else 0.0
        return factor * self.products / products * (least + bits * (1 - least / _BITS)) / _BITS

    @property
    def _names_products(self) -> bool:
        """Whether there are so many values that they name products; of few products, whether most have their own."""
        most = max(_MOST_VALUES * self.products, min(_FEW, _NAMES * self.products))
        return self.kind == "values" and self.values > most

    def _is_no_value(self) -> bool:
        """Whether the values are texts to read, addresses, times, codes or structures, or flags as numbers."""
        texts, total = self.sample, sum(self.sample.values())
        if self.kind == "numbers" or all(NUMBER.fullmatch(text) for text in texts):
            is_flag = {float(text) for text in texts} <= {0.0, 1.0}
            return is_flag or (self._is_unique and all(len(text) >= _CODE_DIGITS for text in texts))
        if sum(len(text) * count for text, count in texts.items()) > _LONG * total:
            return True
        return any(
            sum(count for text, count in texts.items() if sign.search(text)) > total / 2
            for sign in _NO_VALUES
        )

    @property
    def _is_unique(self) -> bool:
        return self.values > _NAMES * self.products

    def _names_a_kind(self, lexicon: Lexicon) -> bool:
        named = 0
        for text, count in Counter(self.sample).most_common(_LOOKED_UP):
            length = len(normalise(text))
            named += count * any(match.end - match.start == length for match in lexicon.find(text))
        return named > sum(self.sample.values()) / 2


def _entropy(counts: Sequence[int]) -> float:
    total = sum(counts)
    return -sum(count / total * math.log2(count / total) for count in counts)


@dataclass(frozen=True, slots=True)
class _ColumnNames:
    """Names of columns, read from ``facet_columns.yaml``."""

    exported: re.Pattern[str]
    wanted: frozenset[str]

    @classmethod
    @cache
    def read(cls) -> _ColumnNames:
        text = resources.files("snapshelf.search").joinpath("facet_columns.yaml").read_text("utf-8")
        content = yaml.safe_load(text)
        patterns = [fnmatch.translate(name) for names in content["exported"].values() for name in names]
        return cls(re.compile("|".join(patterns)), frozenset(content["wanted"]))


def _plain_name(field: str) -> str:
    """Return the name of a column in lower case, with _ between its words."""
    words = _CAMEL_CASE.sub("_", field.removeprefix(ATTRIBUTES))
    return re.sub(r"[^\w]+|_+", "_", words.casefold()).strip("_")
