"""Compare weights of the score on products of a train split: ``python -m benchmarks.weights --help``.

Known-item titles, damaged titles, class queries in both languages, and composed queries (a photo and another
colour). The figures choose between weights; they say nothing about products that the encoder has not seen.
"""

from __future__ import annotations

import argparse
import collections
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmarks._material import Row, read_rows, shelf_of
from snapshelf import Shelf
from snapshelf.language import Lexicon
from snapshelf.search import Weights

_GRID = ((1, 0.5, 0.5), (1, 1, 0.5), (1, 1, 1), (1, 1, 2), (1, 1, 4), (1, 2, 1), (1, 2, 2), (1, 3, 1))
_COLOURS = ("Red", "Blue", "Black", "White", "Green", "Pink", "Yellow", "Brown")


@dataclass(frozen=True, slots=True)
class _Task:
    """A query, how many hits to look at, and which of them are right."""

    text: str
    k: int
    right: Callable[[Row], bool]
    photo: bytes | None = None


def main() -> None:
    """Index a sample, run every task with every set of weights, print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.weights", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with products.csv and images.tar")
    parser.add_argument("--products", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    rows = [row for row in read_rows(options.data) if row["split"] == "train"]
    rows = rng.sample(rows, min(options.products, len(rows)))
    with shelf_of(options.data, rows) as shelf:
        _compare(shelf, rows, _tasks(shelf, rows, rng))


def _compare(shelf: Shelf, rows: Sequence[Row], tasks: dict[str, list[_Task]]) -> None:
    by_id = {row["id"]: row for row in rows}
    print("| photo : text : words | " + " | ".join(tasks) + " |")
    print("|---" * (len(tasks) + 1) + "|")
    for photo, text, words in _GRID:
        weights = Weights(photo=photo, text=text, words=words)
        cells = [
            fmean(
                fmean(
                    task.right(by_id[hit.product.id])
                    for hit in shelf.search(photo=task.photo, text=task.text, k=task.k, weights=weights)
                )
                for task in members
            )
            for members in tasks.values()
        ]
        print(
            f"| {photo:g} : {text:g} : {words:g} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |",
            flush=True,
        )
    composed = tasks["composed P@10"]
    alone = fmean(
        fmean(task.right(by_id[hit.product.id]) for hit in shelf.search(photo=task.photo, k=task.k))
        for task in composed
    )
    print(f"photo alone, composed P@10: {alone:.3f}")


def _tasks(shelf: Shelf, rows: Sequence[Row], rng: random.Random) -> dict[str, list[_Task]]:
    return {
        "title R@1": [_known_item(row, row["productDisplayName"]) for row in rows[:250]],
        "damaged title R@1": [
            _known_item(row, _damaged(row["productDisplayName"], rng)) for row in rows[:150]
        ],
        "English P@10": _classes(rows, "en", rng),
        "Chinese P@10": _classes(rows, "zh", rng),
        "composed P@10": _composed(shelf, rows, rng),
    }


def _known_item(row: Row, text: str) -> _Task:
    return _Task(text, 1, lambda hit: hit["id"] == row["id"])


def _damaged(title: str, rng: random.Random) -> str:
    words = title.split()
    rng.shuffle(words)
    place = rng.randrange(len(words))
    if len(words[place]) > 3:
        letter = rng.randrange(len(words[place]))
        words[place] = words[place][:letter] + words[place][letter + 1 :]
    return " ".join(words)


def _classes(rows: Sequence[Row], language: str, rng: random.Random) -> list[_Task]:
    lexicon = Lexicon.bundled()
    columns = {"gender": "gender", "baseColour": "colour", "articleType": "category"}
    counts = collections.Counter(tuple(row[column] for column in columns) for row in rows)
    common = [labels for labels, count in counts.items() if count >= 8][:70]
    tasks = []
    for labels in common:
        wanted = dict(zip(columns, labels, strict=True))
        names = [
            concept.names[language]
            for column, kind in columns.items()
            if (concept := lexicon.get(kind, wanted[column]))
        ]
        text = ("" if language == "zh" else " ").join(rng.choice(choices) for choices in names)
        tasks.append(_Task(text, 10, lambda hit, wanted=wanted: wanted.items() <= hit.items()))  # type: ignore[misc]
    return tasks


def _composed(shelf: Shelf, rows: Sequence[Row], rng: random.Random) -> list[_Task]:
    lexicon = Lexicon.bundled()
    counts = collections.Counter((row["articleType"], row["baseColour"]) for row in rows)
    tasks: list[_Task] = []
    for row in rows:
        others = [c for c in _COLOURS if c != row["baseColour"] and counts[row["articleType"], c] >= 3]
        if not others or len(tasks) == 120:
            continue
        wanted = {"articleType": row["articleType"], "baseColour": rng.choice(others)}
        concept = lexicon.get("colour", wanted["baseColour"])
        if concept is None:
            continue
        text = concept.label(rng.choice(["en", "zh"]))
        right = lambda hit, wanted=wanted: wanted.items() <= hit.items()  # noqa: E731
        tasks.append(_Task(text, 10, right, shelf.photo(row["id"])))
    return tasks


if __name__ == "__main__":
    main()
