"""The figures as tables: a row for each measure or system, a column for each shop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from benchmarks.shops.systems import SYSTEMS

TARGETS: Mapping[str, str] = {
    "one rare word: first right": "≥ .97",
    "two rare words: first right": "≥ .98",
    "Chinese word of 2: first right": "≥ .97",
    "Chinese word of 3: first right": "≥ .97",
    "code as written: first right": "≥ .99",
    "code in small letters: first right": "≥ .99",
    "code without signs: first right": "≥ .99",
    "a product that is there: “no good match” said": "≤ .03",
    "word of another shop: “no good match” said": "≥ .80",
}
"""Measure → what a shop must reach."""

_OWN = "Snapshelf"


def as_text(figures: Mapping[str, Any], failures: int = 0) -> str:
    """Lay the figures out as Markdown; with some examples of what went wrong."""
    shops: Mapping[str, Any] = figures["shops"]
    sections = [_shares(shops), *_systems(shops), _cases(shops)]
    if "photo_colours" in figures:
        sections.append(_photo_colours(figures["photo_colours"]))
    if "latency" in figures:
        rows = [
            [name, f"{value:,}" if isinstance(value, int) else f"{value:.1f}"]
            for name, value in figures["latency"].items()
        ]
        sections.append(table("Latency, one core", ["", "large shelf"], rows))
    if failures:
        sections.append(_failures(shops, failures))
    return "\n\n".join(section for section in sections if section)


def table(heading: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table under a heading."""
    lines = [f"## {heading}", "", _line(columns), "|---" * len(columns) + "|", *map(_line, rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _shares(shops: Mapping[str, Any]) -> str:
    measures = dict.fromkeys(measure for shop in shops.values() for measure in shop["shares"])

    def cell(shop: Mapping[str, Any], measure: str) -> str:
        share, _ = shop["shares"].get(measure, (None, 0))
        mark = "" if share is None or _reached(share, TARGETS.get(measure)) else " ✗"
        return _share(share) + mark

    rows = [["products", *(f"{shop['products']:,}" for shop in shops.values()), ""]]
    rows += [["photos", *(shop["photos"] for shop in shops.values()), ""]]
    rows += [
        [measure, *(cell(shop, measure) for shop in shops.values()), TARGETS.get(measure, "")]
        for measure in sorted(measures, key=_order(measures))
    ]
    return table(_OWN, ["", *shops, "must be"], rows)


def _order(measures: Iterable[str]) -> Callable[[str], tuple[bool, int]]:
    """First the measures that have a target, in the order of the targets."""
    names = [*TARGETS, *measures]
    return lambda measure: (measure not in TARGETS, names.index(measure))


def _systems(shops: Mapping[str, Any]) -> Iterable[str]:
    measures = dict.fromkeys(
        measure for shop in shops.values() for measures in shop["systems"].values() for measure in measures
    )
    for measure in measures:
        own = [_share(_own_share(shop, measure)) for shop in shops.values()]
        rows = [[_OWN, *own]]
        rows += [
            [system, *(_share(shop["systems"][system].get(measure)) for shop in shops.values())]
            for system in SYSTEMS
        ]
        yield table(f"{measure}: first right", ["", *shops], rows)


def _own_share(shop: Mapping[str, Any], measure: str) -> float | None:
    share, _ = shop["shares"].get(f"{measure}: first right", (None, 0))
    return share


def _cases(shops: Mapping[str, Any]) -> str:
    rows = [
        [name, case, "yes" if holds else "**no**", shown]
        for name, shop in shops.items()
        for case, (holds, shown) in shop["cases"].items()
    ]
    right = sum(row[2] == "yes" for row in rows)
    return (
        table(f"Single searches: {right} of {len(rows)} right", ["shop", "search", "right", "shown"], rows)
        if rows
        else ""
    )


def _photo_colours(counts: Mapping[str, int]) -> str:
    rows = [
        ["first hit of the photo's kind", f"{counts['kind_first']} of {counts['asked']}", "≥ 54 of 56"],
        [
            "first hit of the kind and the colour, where the shop has it",
            f"{counts['right_first']} of {counts['answerable']}",
            "≥ 47 of 50",
        ],
    ]
    return table("The demo's eight photos in seven colours", ["", "right", "must be"], rows)


def _failures(shops: Mapping[str, Any], most: int) -> str:
    lines = ["## What went wrong"]
    for name, shop in shops.items():
        for measure, examples in shop["failures"].items():
            lines += [f"- {name}, {measure}: {example}" for example in examples[:most]]
    return "\n".join(lines)


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.2f}".removeprefix("0")


def _reached(share: float, target: str | None) -> bool:
    if target is None:
        return True
    bound = float(target[1:])
    return share >= bound if target[0] == "≥" else share <= bound
