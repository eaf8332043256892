"""Queries of several parts on products of a train split: ``python -m benchmarks.composed --help``.

Photo and words (the kind from the photo, colour or gender from the words, in both languages), photo less words, two
photos, and a photo with liked and disliked products; each beside what one part alone finds.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.workload import Row, read_rows, shelf_of
from snapshelf.language import Concept, Lexicon
from snapshelf.shelf import Shelf

_KIND, _COLOUR, _GENDER = "articleType", "baseColour", "gender"
_COLOURS = ("Red", "Blue", "Black", "White", "Green", "Pink", "Yellow", "Brown", "Grey", "Purple")
_PHRASES = {
    "en": ("{}", "like this but in {}", "the same style in {} please"),
    "zh": ("{}", "同款{}", "这款有{}的吗"),
}
_K = 10
_LEAST = 5
"""Products that must be right for a query to be asked."""

_MOST_OF_A_KIND = 8
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class _Task:
    """Ways to ask for the same, and which products are right."""

    ways: Mapping[str, Mapping[str, Any]]
    right: Callable[[Row], bool]
    known: frozenset[str] = field(default_factory=frozenset)


def main() -> None:
    """Index a sample, ask every query in every way, print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.composed", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with products.csv and images.tar")
    parser.add_argument("--products", type=int, default=5_000)
    parser.add_argument("--queries", type=int, default=150, help="of each kind (default %(default)s)")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--shelf", type=Path, help="a shelf that holds exactly this sample already")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [row for row in read_rows(options.data) if row["split"] == "train"]
    rows = random.Random(options.seed).sample(rows, min(options.products, len(rows)))
    if options.shelf:
        with Shelf.open(options.shelf, create=False) as shelf:
            figures = measure(shelf, rows, options.queries, options.seed)
    else:
        with shelf_of(options.data, rows) as shelf:
            figures = measure(shelf, rows, options.queries, options.seed)
    if options.json:
        print(json.dumps(figures, indent=2))
        return
    for name, ways in figures.items():
        print(f"\n| {name} | found in the first {_K} | P@{_K} |\n|---|---|---|")
        for way, (hit_rate, precision) in ways.items():
            print(f"| {way} | {hit_rate:.3f} | {precision:.3f} |")


def measure(
    shelf: Shelf, rows: Sequence[Row], count: int, seed: int
) -> dict[str, dict[str, tuple[float, float]]]:
    """Take every figure: task → way of asking → share of queries with a right hit, and share of right hits."""
    by_id = {row["id"]: row for row in rows}
    figures = {}
    for name, tasks in _tasks(shelf, rows, count, random.Random(seed)).items():
        outcomes: dict[str, list[list[bool]]] = collections.defaultdict(list)
        for task in tasks:
            for way, query in task.ways.items():
                hits = shelf.search(**query, k=_K + len(task.known), collapse=False)
                hit_rows = [by_id[hit.product.id] for hit in hits if hit.product.id not in task.known]
                outcomes[way].append([task.right(row) for row in hit_rows[:_K]])
        figures[f"{name} ({len(tasks)} queries)"] = {
            way: (fmean(map(any, answers)), fmean(sum(answer) / _K for answer in answers))
            for way, answers in outcomes.items()
        }
    return figures


def _tasks(shelf: Shelf, rows: Sequence[Row], count: int, rng: random.Random) -> dict[str, list[_Task]]:
    return {
        "photo + colour": _instead(shelf, rows, count, rng, _COLOUR, "colour", _COLOURS),
        "photo + gender": _instead(shelf, rows, count, rng, _GENDER, "gender", ("Men", "Women")),
        "photo − colour": _without(shelf, rows, count),
        "two photos": _two_photos(shelf, rows, count, rng),
        "photo, liked, disliked": _examples(shelf, rows, count, rng),
    }


def _instead(
    shelf: Shelf,
    rows: Sequence[Row],
    count: int,
    rng: random.Random,
    column: str,
    kind: str,
    values: Sequence[str],
) -> list[_Task]:
    counts = collections.Counter((row[_KIND], row[column]) for row in rows)
    tasks = []
    for row in _varied(rows, count):
        others = [v for v in values if v != row[column] and counts[row[_KIND], v] >= _LEAST]
        if not others or row[column] not in values:
            continue
        wanted = {_KIND: row[_KIND], column: rng.choice(others)}
        language = rng.choice(list(_PHRASES))
        name = _concept(kind, wanted[column]).label(language)
        photo = shelf.photo(row["id"])
        words = rng.choice(_PHRASES[language]).format(name)
        tasks.append(
            _Task(
                {
                    "photo alone": {"photo": photo},
                    "words alone": {"text": name},
                    "both, within a phrase": {"photo": photo, "text": words},
                    "both, within a phrase, understand=False": {
                        "photo": photo,
                        "text": words,
                        "understand": False,
                    },
                    "both, the bare word": {"photo": photo, "text": name},
                    "both, the bare word, understand=False": {
                        "photo": photo,
                        "text": name,
                        "understand": False,
                    },
                },
                lambda hit, wanted=wanted: wanted.items() <= hit.items(),  # type: ignore[misc]
                frozenset((row["id"],)),
            )
        )
    return tasks[:count]


def _without(shelf: Shelf, rows: Sequence[Row], count: int) -> list[_Task]:
    tasks = []
    for row in _varied(rows, count):
        if row[_COLOUR] not in _COLOURS:
            continue
        photo, name = shelf.photo(row["id"]), _concept("colour", row[_COLOUR]).label("en")
        tasks.append(
            _Task(
                {
                    "photo alone": {"photo": photo},
                    "photo less words": {"photo": photo, "without": name},
                    "photo less words, understand=False": {
                        "photo": photo,
                        "without": name,
                        "understand": False,
                    },
                },
                lambda hit, row=row: hit[_KIND] == row[_KIND] and hit[_COLOUR] != row[_COLOUR],  # type: ignore[misc]
                frozenset((row["id"],)),
            )
        )
    return tasks[:count]


def _two_photos(shelf: Shelf, rows: Sequence[Row], count: int, rng: random.Random) -> list[_Task]:
    """Two products of one kind and one colour: what they share is meant."""
    alike = collections.defaultdict(list)
    for row in rows:
        alike[row[_KIND], row[_COLOUR]].append(row["id"])
    groups = [ids for ids in alike.values() if len(ids) >= _LEAST + 2]
    tasks = []
    for _ in range(count):
        first, second = rng.sample(rng.choice(groups), 2)
        labels = next(row for row in rows if row["id"] == first)
        wanted = {_KIND: labels[_KIND], _COLOUR: labels[_COLOUR]}
        photos = shelf.photo(first), shelf.photo(second)
        tasks.append(
            _Task(
                {"one photo": {"photo": photos[0]}, "both photos": {"photos": photos}},
                lambda hit, wanted=wanted: wanted.items() <= hit.items(),  # type: ignore[misc]
                frozenset((first, second)),
            )
        )
    return tasks


def _examples(shelf: Shelf, rows: Sequence[Row], count: int, rng: random.Random) -> list[_Task]:
    """A photo, liked products of its kind in another colour, disliked ones in its own."""
    alike = collections.defaultdict(list)
    for row in rows:
        alike[row[_KIND], row[_COLOUR]].append(row["id"])
    tasks = []
    for row in _varied(rows, count):
        own = [id for id in alike[row[_KIND], row[_COLOUR]] if id != row["id"]]
        others = [
            colour
            for colour in _COLOURS
            if colour != row[_COLOUR] and len(alike[row[_KIND], colour]) >= _EXAMPLES + _LEAST
        ]
        if not others or len(own) < _EXAMPLES:
            continue
        wanted = {_KIND: row[_KIND], _COLOUR: rng.choice(others)}
        liked = rng.sample(alike[wanted[_KIND], wanted[_COLOUR]], _EXAMPLES)
        disliked = rng.sample(own, _EXAMPLES)
        photo = shelf.photo(row["id"])
        tasks.append(
            _Task(
                {
                    "photo alone": {"photo": photo},
                    "liked alone": {"liked": liked},
                    "photo, liked": {"photo": photo, "liked": liked},
                    "photo, liked, disliked": {"photo": photo, "liked": liked, "disliked": disliked},
                },
                lambda hit, wanted=wanted: wanted.items() <= hit.items(),  # type: ignore[misc]
                frozenset((row["id"], *liked, *disliked)),
            )
        )
    return tasks[:count]


def _varied(rows: Sequence[Row], count: int) -> list[Row]:
    """Rows of many kinds, few of each; three times as many as are wanted, where there are."""
    seen: collections.Counter[str] = collections.Counter()
    varied = []
    for row in rows:
        seen[row[_KIND]] += 1
        if seen[row[_KIND]] <= _MOST_OF_A_KIND:
            varied.append(row)
    return varied[: 3 * count]


def _concept(kind: str, label: str) -> Concept:
    concept = Lexicon.bundled().get(kind, label)
    if concept is None:
        raise LookupError(f"the lexicon has no {kind} {label!r}")
    return concept


if __name__ == "__main__":
    main()
