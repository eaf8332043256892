"""Quantities in texts: prices, sizes and measures with a unit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from snapshelf.language.normalisation import normalise
from snapshelf.language.units import ATTACHED_UNITS, RESOLUTION, UNITS, MeasureKind, readings, resolution

if TYPE_CHECKING:
    from collections.abc import Iterable

QuantityKind: TypeAlias = Literal["price", "size"] | MeasureKind

AROUND = 0.2
"""Tolerance of "about 300", as a share of the number."""

_MAX_TEXT_LENGTH = 1_000
_LARGEST_SIZE = 200  # children's sizes are heights in cm

_CURRENCIES = {
    "CNY": "¥ 元 块钱 块 人民币 rmb cny yuan",
    "USD": "us$ $ 美元 美金 usd dollars dollar bucks",
    "EUR": "€ 欧元 eur euros euro",
    "GBP": "£ 英镑 gbp quid",
    "HKD": "hk$ 港币 港元 hkd",
    "JPY": "日元 jpy yen",
    "INR": "₹ 卢比 inr rs rupees",
}
_AT_MOST_BEFORE = """
under|below|less than|cheaper than|lower than|up to|upto|at most|no more than|not more than|not over|within|max|maximum
<=|<|≤
不超过|不到|不高于|不大于|低于|少于|小于|至多|最多|最高
"""
_AT_LEAST_BEFORE = """
over|above|more than|higher than|at least|no less than|not less than|starting at|from|min|minimum|>=|>|≥
超过|高于|大于|多于|不低于|不少于|不小于|至少|最低|从
"""
_ABOUT_BEFORE = "about|around|approximately|approx|roughly|~|大约|大概|差不多|约"
_AT_MOST_AFTER = (
    "or less|or under|or below|and under|and below|max|及以下|或以下|以下|之下|以内|之内|以里|内|封顶"
)
_AT_LEAST_AFTER = "or more|or above|and above|and up|及以上|或以上|以上|之上|起|+"
_ABOUT_AFTER = "or so|左右|上下"
_PRICE_LABEL = "priced at|priced|price|cost|价格|价位|售价|单价"
_BUDGET_LABEL = "budget|预算"
_SIZE_LABEL = "size|尺码|鞋码|码数|码"
# A bounded number before these units is not a price: "over 18 years", 3件以上.
_COUNTED = """
%|year|years|yr|yrs|month|months|day|days|hour|hours|hr|hrs|dpi|ply
pcs|piece|pieces|pair|pairs|pack|packs|pound|pounds|岁|周岁|年|月|天|小时|度|人|倍
个|件|双|条|只|片|包|层|支|瓶|盒|袋|款|折
"""


def _either(names: str | Iterable[str]) -> str:
    """Return an alternation of names, the longest first; English names end at a word boundary."""
    if isinstance(names, str):
        names = names.strip().replace("\n", "|").split("|")
    longest_first = sorted(names, key=len, reverse=True)
    return "|".join(
        re.escape(name) + ("(?![a-z])" if name[-1].isascii() and name[-1].isalpha() else "")
        for name in longest_first
    )


_CURRENCY_OF = {name: code for code, names in _CURRENCIES.items() for name in names.split()}
_CURRENCY_BEFORE = "|".join(
    re.escape(name) for name in sorted(_CURRENCY_OF, key=len, reverse=True) if name not in "元块块钱"
)
_MEASURE_UNITS = frozenset(name for names in UNITS.values() for name in names)
_UNIT = "|".join(
    (
        _either([*_CURRENCY_OF, *(_MEASURE_UNITS - ATTACHED_UNITS), "码", "号", "pound", "pounds"]),
        rf"(?<=\d)(?:{_either(ATTACHED_UNITS)})",
    )
)
_CHINESE_NUMBER = "[零〇一二两三四五六七八九十百千万半]{1,9}"
# "12" is no number at the end of "a12" or the start of "12-pack", nor 两 as a unit of weight.
_FRACTION = r"[ ][123]/[234](?![\d/])"  # 42 2/3
_NUMBER = rf"""
    (?:(?:\d{{1,3}}(?:,\d{{3}})+|\d{{1,9}})(?:\.\d{{1,4}}|{_FRACTION})?(?![\d])(?:[ ]?[百千万]|k(?![a-z0-9]))?
    |{_CHINESE_NUMBER}?(?=两)(?!两[百千万])|{_CHINESE_NUMBER})"""

_QUANTITY = re.compile(
    rf"""
    (?<![a-z0-9.\-/])
    (?:(?:(?P<price>{_either(_PRICE_LABEL)})|(?P<budget>{_either(_BUDGET_LABEL)})|(?P<size>{_either(_SIZE_LABEL)}))
        [ ]?(?:(?:is|of|at|[:=]|是|为)[ ]?)?)?
    (?:(?:(?P<most>{_either(_AT_MOST_BEFORE)})|(?P<least>{_either(_AT_LEAST_BEFORE)})
        |(?P<about>{_either(_ABOUT_BEFORE)})|(?P<between>between|介于|在))[ ]?)?
    (?:(?P<system>eu|us|uk)(?P<sized>[ ]size)?[ ]?(?=\d)|(?P<currency>{_CURRENCY_BEFORE})[ ]?)?
    (?P<number>{_NUMBER})
    (?:(?:[ -]?(?P<unit_1>{_UNIT}))?
        [ ]?(?:[-–—~]|to(?![a-z])|到|至|(?(between)and(?![a-z])|(?!))|[和与](?=.{{1,16}}之间))[ ]?
        (?:{_CURRENCY_BEFORE})?[ ]?(?P<number_2>{_NUMBER}))?
    (?:[ -]?(?P<unit>{_UNIT}))?
    (?:[ ]?(?P<size_after>size(?![a-z])))?
    (?:[ ]?(?:(?P<most_after>{_either(_AT_MOST_AFTER)})|(?P<least_after>{_either(_AT_LEAST_AFTER)})
        |(?P<about_after>{_either(_ABOUT_AFTER)})|之间))?
    (?![a-z0-9])
    """,
    re.VERBOSE,
)
_COUNTED_NEXT = re.compile(rf"[ ]?(?:{_either(_COUNTED)})")
_NECK_NEXT = re.compile("[ -]?neck|领")
_MEASURE_WORD_NEXT = re.compile("[件个条双款只套张把次天年]")
_LETTER_SIZE = re.compile(
    rf"""
    (?<![a-z0-9.\-/&'’])
    (?:(?P<before>{_either(_SIZE_LABEL)})[ ]?[:=]?[ ]?)?
    (?P<letters>[2-9]xl|x{{0,4}}[sl]|m|one[ ]size|free[ ]size|均码)
    (?:[ ]?(?P<after>码|号|size))?
    (?![a-z0-9&'’\-])
    """,
    re.VERBOSE,
)


class Quantity(NamedTuple):
    """A quantity that a text names at ``normalise(text)[start:end]``.

    Attributes
    ----------
    start, end : int
        Position in the normalised text, including its words ("under", 以下) and unit.
    value : float, str or None
        The number; the name of a letter size such as ``"XL"``; None for a range.
    unit : str
        The unit of the measure after conversion (`MEASURE_UNITS`: ``"ml"``, ``"GB"`` …); the ISO 4217 code of a
        price's currency; the system of a size (``"eu"``, ``"us"``, ``"uk"``); empty if the text names no unit.
    kind : str
        ``"price"``, ``"size"``, or the kind of the measure.
    low, high : float or None
        The closed interval; None for an open end. Both are None for letter sizes.
    others : tuple of Quantity
        Other meanings of the same words: 128G is a memory, or a weight. The products decide which is meant.
    """

    start: int
    end: int
    value: float | str | None
    unit: str
    kind: QuantityKind
    low: float | None
    high: float | None
    others: tuple[Quantity, ...] = ()


def quantities(text: str) -> list[Quantity]:
    """Return the prices, sizes and measures that `text` names, in order.

    A bare number is no quantity, because it may be a year or a model. It needs a unit, a label ("size 42", 价格) or a
    bound ("under 300", 300以内); a bounded number without a unit is a price. ¥ means yuan, and 寸 means inches.
    Contradicting quantities are all returned. Only the first 1,000 characters are read, the maximum of a query.

    Parameters
    ----------
    text : str
        Any text in English, Chinese or both; Chinese numerals are read too.

    Returns
    -------
    list of Quantity
        Quantities without overlap, in text order.

    Examples
    --------
    >>> [q] = quantities("红色连衣裙 三百元以下")
    >>> q.kind, q.high, q.unit
    ('price', 300.0, 'CNY')
    """
    normalised = normalise(text)[:_MAX_TEXT_LENGTH]
    numeric = [q for match in _QUANTITY.finditer(normalised) if (q := _quantity(match)) is not None]
    covered = {place for q in numeric for place in range(q.start, q.end)}
    letters = (_letter_size(match) for match in _LETTER_SIZE.finditer(normalised))
    lines = (_resolution(match) for match in RESOLUTION.finditer(normalised))
    others = (q for q in (*letters, *lines) if q is not None and q.start not in covered)
    return sorted([*numeric, *others], key=lambda quantity: quantity.start)


def _resolution(match: re.Match[str]) -> Quantity:
    lines = float(resolution(match[0]))
    return Quantity(match.start(), match.end(), lines, "p", "resolution", lines, lines)


def _quantity(match: re.Match[str]) -> Quantity | None:
    number, other = _value(match["number"]), match["number_2"]
    unit = match["unit"] or match["unit_1"]
    bounded = any(
        match[name] for name in ("most", "least", "about", "most_after", "least_after", "about_after")
    )
    ranged = match["between"] is not None and other is not None
    if unit in _MEASURE_UNITS and not _is_labelled_size(match):
        first, *others = _measures(match, number, unit, bounded=bounded or ranged) or (None,)
        return first and first._replace(others=tuple(filter(None, others)))
    kind = _kind(match, number, unit, bounded=bounded or ranged)
    if kind is None:
        return None
    name = match["system"] or "" if kind == "size" else _currency(match["currency"] or unit)
    return _interval_quantity(match, kind, name, number, _value(other) if other else None)


def _measures(match: re.Match[str], number: float, unit: str, *, bounded: bool) -> list[Quantity]:
    """Return the readings of a number with a unit of measurement, the likeliest first."""
    if unit == "两" and _MEASURE_WORD_NEXT.match(match.string, match.end()):
        return []  # 一两件: one or two
    if unit == "v" and _NECK_NEXT.match(match.string, match.end()):
        return []
    quantities = []
    for reading in readings(number, unit, bounded=bounded):
        # "500ml-1l": the first number has a unit of its own, of the same kind.
        own = [r.factor for r in readings(number, match["unit_1"] or unit) if r.kind == reading.kind]
        low = round(number * (own[0] if own else reading.factor), 4)
        high = round(_value(match["number_2"]) * reading.factor, 4) if match["number_2"] else None
        quantities.append(_interval_quantity(match, reading.kind, reading.unit, low, high))
    return quantities


def _interval_quantity(
    match: re.Match[str], kind: QuantityKind, unit: str, value: float, other: float | None
) -> Quantity:
    start, end = match.span()
    if other is not None:
        return Quantity(start, end, None, unit, kind, min(value, other), max(value, other))
    return Quantity(start, end, value, unit, kind, *_interval(match, value))


def _is_labelled_size(match: re.Match[str]) -> bool:
    return bool(match["size"] or match["size_after"] or match["system"])


def _kind(match: re.Match[str], number: float, unit: str | None, *, bounded: bool) -> QuantityKind | None:
    if _is_labelled_size(match) or unit in {"码", "号"}:
        in_digits = match["number"][0].isdigit()
        whole = match["system"] is None or match["sized"] or number * 2 % 1 == 0
        return "size" if in_digits and whole and number <= _LARGEST_SIZE else None
    if unit is not None and unit.startswith("pound"):
        return "price" if bounded else None
    if match["currency"] or match["price"] or match["budget"]:
        return "price"
    if unit == "块" and number < 5 and not bounded:
        return None  # 一块手表 is a single watch
    if unit is not None:
        return "price"
    counted = _COUNTED_NEXT.match(match.string, match.end())
    return "price" if bounded and not counted else None


def _interval(match: re.Match[str], value: float) -> tuple[float | None, float | None]:
    if match["most"] or match["most_after"]:
        return None, value
    if match["least"] or match["least_after"]:
        return value, None
    if match["about"] or match["about_after"]:
        return round(value * (1 - AROUND), 4), round(value * (1 + AROUND), 4)
    return (None, value) if match["budget"] else (value, value)


def _currency(name: str | None) -> str:
    if name is not None and name.startswith("pound"):
        return "GBP"
    return _CURRENCY_OF.get(name or "", "")


def _letter_size(match: re.Match[str]) -> Quantity | None:
    letters = match["letters"]
    if len(letters) == 1 and not (match["before"] or match["after"]):
        return None  # A bare letter may mean anything.
    if letters in {"one size", "free size", "均码"}:
        name = "ONE SIZE"
    else:
        times = letters.count("x")
        name = letters.upper() if times < 2 else f"{times}X{letters[-1].upper()}"
    start, end = match.span()
    return Quantity(start, end, name, "", "size", None, None)


_DIGITS = {digit: float(value) for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0.0, "两": 2.0}
_POWERS = {"十": 10.0, "百": 100.0, "千": 1000.0, "万": 10000.0, "k": 1000.0}


def _value(number: str) -> float:
    if "/" in number:  # 42 2/3
        whole, above, below = re.split("[ /]", number)
        return round(float(whole.replace(",", "")) + int(above) / int(below), 4)
    if number[0].isdigit():
        times = _POWERS.get(number[-1], 1.0)
        return float(number.rstrip(" 百千万k").replace(",", "")) * times
    total = section = 0.0
    digit: float | None = None
    power = 10.0
    for character in number:
        if character == "半":
            digit = (digit or 0.0) + 0.5
        elif character in _DIGITS:
            digit = _DIGITS[character]
            power = 10.0 if character in "零〇" else power
        elif character == "万":
            total, section, digit, power = (total + section + (digit or 0.0)) * 10_000, 0.0, None, 10_000.0
        else:
            power = _POWERS[character]
            section, digit = section + (1.0 if digit is None else digit) * power, None
    # 一百五 is 150 and 一千二 is 1200: a digit at the end counts tenths of the last power.
    return total + section + (0.0 if digit is None else digit * (power / 10 if total + section else 1.0))
