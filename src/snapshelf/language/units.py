"""Units of measurement by all their names, so that 65寸, 65 inch and 65" are the same."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

MeasureKind: TypeAlias = Literal[
    "volume",
    "weight",
    "memory",
    "screen",
    "length",
    "power",
    "voltage",
    "battery",
    "frequency",
    "pixels",
    "resolution",
]
"""What is measured. A number in inches is a ``"screen"`` or else a ``"length"``; ``"pixels"`` are a camera's."""

MEASURE_UNITS: dict[MeasureKind, str] = {
    "volume": "ml",
    "weight": "g",
    "memory": "GB",
    "screen": "inch",
    "length": "cm",
    "power": "W",
    "voltage": "V",
    "battery": "mAh",
    "frequency": "Hz",
    "pixels": "MP",
    "resolution": "p",
}
"""Kind → the unit that its numbers are converted to; ``"p"`` counts the lines of a picture."""

# In shops, 寸 measures screens and suitcases in inches. NFKC turns the sign ″ into two primes.
_INCHES = ("inch", "inches", "in", "英寸", "英吋", "寸", "吋", '"', "”", "''", "′′")

UNITS: dict[MeasureKind, dict[str, float]] = {
    "volume": {
        **dict.fromkeys(("ml", "cc", "毫升", "millilitre", "millilitres", "milliliter", "milliliters"), 1.0),
        "cl": 10.0,
        **dict.fromkeys(("l", "litre", "litres", "liter", "liters", "ltr", "升", "公升"), 1000.0),
        **dict.fromkeys(("fl oz", "floz", "fl. oz"), 29.5735),
        **dict.fromkeys(("gallon", "gallons", "加仑"), 3785.41),
    },
    "weight": {
        **dict.fromkeys(("mg", "毫克"), 0.001),
        **dict.fromkeys(("g", "gram", "grams", "gr", "gm", "克"), 1.0),
        **dict.fromkeys(("kg", "kgs", "kilo", "kilos", "kilogram", "kilograms", "千克", "公斤"), 1000.0),
        "斤": 500.0,
        "两": 50.0,
        **dict.fromkeys(("oz", "ounce", "ounces", "盎司"), 28.3495),
        **dict.fromkeys(("lb", "lbs", "磅"), 453.592),
    },
    "memory": {
        **dict.fromkeys(("mb", "megabyte", "megabytes"), 1 / 1024),
        **dict.fromkeys(("gb", "g", "gig", "gigs", "gigabyte", "gigabytes"), 1.0),
        **dict.fromkeys(("tb", "t", "terabyte", "terabytes"), 1024.0),
    },
    "screen": dict.fromkeys(_INCHES, 1.0),
    "length": {
        **dict.fromkeys(("mm", "millimetre", "millimetres", "millimeter", "millimeters", "毫米"), 0.1),
        **dict.fromkeys(
            ("cm", "cms", "centimetre", "centimetres", "centimeter", "centimeters", "厘米", "公分"), 1.0
        ),
        **dict.fromkeys(("m", "metre", "metres", "meter", "meters", "米"), 100.0),
        **dict.fromkeys(_INCHES, 2.54),
        **dict.fromkeys(("ft", "feet", "foot", "英尺"), 30.48),
        "尺": 100 / 3,
    },
    "power": {
        **dict.fromkeys(("w", "watt", "watts", "瓦", "瓦特"), 1.0),
        **dict.fromkeys(("kw", "kilowatt", "kilowatts", "千瓦"), 1000.0),
    },
    "voltage": dict.fromkeys(("v", "volt", "volts", "伏", "伏特"), 1.0),
    "battery": {
        **dict.fromkeys(("mah", "毫安", "毫安时"), 1.0),
        **dict.fromkeys(("ah", "安时"), 1000.0),
    },
    "frequency": {
        **dict.fromkeys(("hz", "hertz", "赫兹", "赫"), 1.0),
        "khz": 1e3,
        "mhz": 1e6,
        "ghz": 1e9,
    },
    "pixels": {
        **dict.fromkeys(("mp", "mpx", "megapixel", "megapixels", "百万像素"), 1.0),
        **dict.fromkeys(("pixels", "像素"), 1e-6),
        "万像素": 0.01,
        "亿像素": 100.0,
    },
}
"""Kind → name of a unit in normal form → how many of the kind's unit it is. A name may be in several kinds."""

ATTACHED_UNITS = frozenset({"in", "t"})
"""Units that need their number right before them: 27in, but 5 in 1."""

_GENERATIONS = frozenset({2.0, 3.0, 4.0, 5.0, 6.0})
"""Numbers before G that are generations of mobile networks."""

_MEMORY_SIZES = frozenset(
    float(size) for size in (8, 12, 16, 18, 24, 32, 36, 48, 64, 96, 128, 256, 512, 1024)
)
"""Numbers before G that may be gigabytes."""

_LARGEST_DRIVE = 64.0
"""In terabytes; a larger number before T is a weight or a model."""

_LINES = {
    **dict.fromkeys(("hd ready", "720p"), 720),
    **dict.fromkeys(("1080p", "1080i", "full hd", "fullhd", "fhd", "全高清"), 1080),
    **dict.fromkeys(("1440p", "2k", "qhd", "wqhd"), 1440),
    **dict.fromkeys(("2160p", "4k", "uhd", "ultra hd", "ultrahd", "超高清"), 2160),
    **dict.fromkeys(("2880p", "5k"), 2880),
    **dict.fromkeys(("4320p", "8k"), 4320),
}

RESOLUTION = re.compile(
    rf"(?<![a-z0-9.\-])(?:{'|'.join(re.escape(name) for name in sorted(_LINES, key=len, reverse=True))})(?![a-z0-9])"
)
"""A resolution by any of its names, in a normalised text."""


def resolution(name: str) -> int:
    """Return the number of lines of a resolution that `RESOLUTION` matched: 2160 for 4k."""
    return _LINES[name]


class Reading(NamedTuple):
    """A meaning of a unit: the kind, the kind's unit, and how many of it the unit is."""

    kind: MeasureKind
    unit: str
    factor: float


_READINGS: dict[str, list[Reading]] = {}
for _kind, _names in UNITS.items():
    for _name, _factor in _names.items():
        _READINGS.setdefault(_name, []).append(Reading(_kind, MEASURE_UNITS[_kind], _factor))


def readings(number: float, unit: str, *, bounded: bool = False) -> list[Reading]:
    """Return what a number with a unit may mean, the likeliest first.

    Parameters
    ----------
    number : float
    unit : str
        Name of a unit in normal form.
    bounded : bool
        The number is a bound ("under 5g") and so no name of a mobile network.

    Returns
    -------
    list of Reading
        Empty if it is no measure: 5G.
    """
    meanings = _READINGS.get(unit, [])
    if unit == "g":
        if number in _GENERATIONS and not bounded:
            return []
        weight, memory = meanings
        return [memory, weight] if number in _MEMORY_SIZES else [weight]
    if unit == "t" and not (number <= _LARGEST_DRIVE and number == int(number)):
        return []
    return meanings


_NAMES = "|".join(
    re.escape(name) + ("(?![a-z])" if name[-1].isascii() and name[-1].isalpha() else "")
    for name in sorted(_READINGS, key=len, reverse=True)
    if name not in ATTACHED_UNITS
)
_MEASURE = re.compile(
    rf"""(?<![a-z0-9.,])(?P<number>(?:\d{{1,3}}(?:,\d{{3}})+|\d{{1,7}})(?:\.\d{{1,3}})?)
    (?:[ -]?(?P<unit>{_NAMES})|(?P<attached>{"|".join(ATTACHED_UNITS)})(?![a-z]))(?![0-9]|/s|领|[ -]neck)""",
    re.VERBOSE,
)
_DIGITS = frozenset("0123456789")


class Measure(NamedTuple):
    """A measure at ``text[start:end]`` of a normalised text, and an index term for each of its meanings."""

    start: int
    end: int
    terms: tuple[str, ...]


def measures(normalised: str) -> list[Measure]:
    """Return the measures in a normalised text, in order, with terms that do not depend on how the unit is written.

    Texts that write the same measure in different ways share a term: 65寸, 65 inch and 65" have ``65inch``; 0.5kg and
    500克 have ``500g``; 4K and 超高清 have ``2160p``. An ambiguous measure has a term for each meaning.

    Parameters
    ----------
    normalised : str
        Text in normal form.

    Returns
    -------
    list of Measure
        Measures without overlap.

    Examples
    --------
    >>> measures("128g 65寸")
    [Measure(start=0, end=4, terms=('128gb', '128g')), Measure(start=5, end=8, terms=('65inch',))]
    """
    named: list[Measure] = []
    if not _DIGITS.isdisjoint(normalised):
        for match in _MEASURE.finditer(normalised):
            number = float(match["number"].replace(",", ""))
            unit = match["unit"] or match["attached"]
            kinds = readings(number, unit)
            # Inches are compared as such; their length in centimetres would only be another name of the same term.
            terms = tuple(
                f"{round(number * reading.factor, 3):.10g}{reading.unit.lower()}"
                for reading in kinds
                if reading.kind != "length" or unit not in _INCHES
            )
            if terms:
                named.append(Measure(match.start(), match.end(), terms))
    named += [
        Measure(match.start(), match.end(), (f"{resolution(match[0])}p",))
        for match in RESOLUTION.finditer(normalised)
    ]
    return sorted(named)
