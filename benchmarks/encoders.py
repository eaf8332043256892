"""Encoders beside each other: ``python -m benchmarks.encoders --help``.

Protocol: cosine between the query's vector and photo vectors only. Titles, classes and combinations of classes of the
fashion set, in the feed's own words, in English and in Chinese; photos taken in shops against catalogue pictures;
photos that look for others of the same type and colour. Queries are of the validation split, which no encoder of ours
was trained on; the corpus is the full catalogue or the validation products alone, as the table says.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.machine import apart, cores, describe_machine
from benchmarks.measurements import percentiles
from snapshelf.catalogue import PhotoSource, decode_photo, open_photos
from snapshelf.encoders import Encoder, load_encoder
from snapshelf.errors import EvaluationError, SnapshelfError
from snapshelf.evaluation import (
    EncoderTask,
    Measurement,
    Wording,
    label_task,
    measurements,
    same_product_task,
    similar_photo_task,
    title_task,
)
from snapshelf.query import DECODED_SIDE

_COLUMNS = {
    "master": "masterCategory",
    "subcategory": "subCategory",
    "article": "articleType",
    "colour": "baseColour",
    "gender": "gender",
    "season": "season",
    "usage": "usage",
}
_COMBINED = (
    ("gender", "colour"),
    ("gender", "article"),
    ("colour", "article"),
    ("gender", "colour", "article"),
)
_WORDINGS: tuple[Wording, ...] = ("raw", "en", "zh")
_COMMON = 10
"""Classes with fewer products cannot fill the ten places that P@10 looks at."""
_PHOTOS_AT_ONCE = 64
_TIMED = 200

Vectors: TypeAlias = NDArray[np.float32]
PhotoEncoder: TypeAlias = Callable[[Sequence[Image.Image]], Vectors]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a task of one encoder."""

    task: str
    wording: str
    corpus: str
    queries: int
    figures: dict[str, Measurement]


class Data:
    """The fashion and grocery sets."""

    def __init__(self, folder: Path) -> None:
        self._fashion, self._grocery = folder / "fashion", folder / "grocery"
        self.rows = _read(self._fashion / "products.csv")
        self.validation = [number for number, row in enumerate(self.rows) if row["split"] == "val"]
        self.pictures = _read(self._grocery / "catalogue.csv")
        self.taken = [row for row in _read(self._grocery / "photos.csv") if row["split"] == "val"]

    def labels(self, rows: Sequence[int]) -> dict[str, list[str]]:
        """Kind → the label of each row, empty where it is not known."""
        return {
            kind: ["" if (label := self.rows[row][column]) == "NA" else label for row in rows]
            for kind, column in _COLUMNS.items()
        }

    @cached_property
    def titles(self) -> list[str]:
        """The title of every product."""
        return [row["productDisplayName"] for row in self.rows]

    def catalogue_photos(self, encode: PhotoEncoder) -> Vectors:
        """Vectors of all products' photos."""
        return _encoded(encode, self._fashion / "images.tar", [row["image"] for row in self.rows])

    def validation_photos(self, encode: PhotoEncoder) -> Vectors:
        """Vectors of the validation products' photos."""
        return _encoded(encode, self._fashion / "images.tar", self._validation_images)

    def grocery_photos(self, encode: PhotoEncoder) -> Vectors:
        """Vectors of the catalogue pictures, then of the validation photos taken in shops."""
        parts = (("catalogue.tar", self.pictures), ("photos.tar", self.taken))
        return np.concatenate(
            [_encoded(encode, self._grocery / tar, [row["image"] for row in rows]) for tar, rows in parts]
        )

    def some_photos(self, number: int) -> list[Image.Image]:
        """Validation photos, decoded."""
        with open_photos(self._fashion / "images.tar") as source:
            return [_decoded(source, name) for name in self._validation_images[:number]]

    @cached_property
    def _validation_images(self) -> list[str]:
        return [self.rows[row]["image"] for row in self.validation]


def main() -> int:
    """Measure every encoder and print the table; returns the exit code."""
    options = _options()
    try:
        data = Data(options.data)
        core = cores(1)
        encoders = [_measure(name, data, options.cache, core) for name in options.encoder or ["bundled"]]
        if options.vit:
            encoders.append(_plain_row(options.vit, data, options.cache))
    except (SnapshelfError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if options.card:
        _into_card(options.card, encoders[0])
    if options.json:
        print(json.dumps({"machine": describe_machine(core), "encoders": encoders}, indent=2, default=asdict))
    else:
        print(as_table(encoders))
    return 0


def _measure(name: str, data: Data, cache: Path, core: Sequence[int]) -> dict[str, Any]:
    encoder = load_encoder(name)
    report_progress(f"{name}: photos")

    def encode(what: str, compute: Callable[[PhotoEncoder], Vectors]) -> Vectors:
        return _cached(cache / f"{what}-{encoder.fingerprint}.npy", lambda: compute(encoder.encode_photos))

    catalogue = encode("fashion", data.catalogue_photos)
    grocery = encode("grocery", data.grocery_photos)
    pictures, taken = grocery[: len(data.pictures)], grocery[len(data.pictures) :]
    report_progress(f"{name}: tasks")
    rows = []
    for corpus, photos, task in _text_tasks(data, catalogue):
        rows.append(_row(task, corpus, encoder.encode_texts(task.queries), photos))
    task = same_product_task(
        [row["product_id"] for row in data.taken], [row["product_id"] for row in data.pictures]
    )
    rows.append(_row(task, "81 groceries", taken, pictures))
    rows += [
        _alike(data, catalogue[data.validation]),
        _alike(data, catalogue, rows=data.validation),
    ]
    report_progress(f"{name}: latency")
    return {"encoder": name, **apart(core, _facts, name, data), "rows": rows}


def _text_tasks(data: Data, catalogue: Vectors) -> Iterator[tuple[str, Vectors, EncoderTask]]:
    everything, validation = range(len(data.rows)), data.validation
    yield "full catalogue", catalogue, title_task(data.titles, "en", rows=validation)
    labels = {"full catalogue": data.labels(everything), "validation": data.labels(validation)}
    vectors = {"full catalogue": catalogue, "validation": catalogue[validation]}
    for corpus, of_all in labels.items():
        for kind in _COLUMNS:
            for wording in _WORDINGS:
                yield corpus, vectors[corpus], label_task(of_all, [kind], wording)
                yield (
                    f"{corpus}, classes ≥ {_COMMON}",
                    vectors[corpus],
                    label_task(of_all, [kind], wording, least=_COMMON),
                )
    for kinds in _COMBINED:
        for wording in _WORDINGS[1:]:
            task = label_task(labels["validation"], kinds, wording, least=_COMMON)
            yield f"validation, classes ≥ {_COMMON}", vectors["validation"], task


def _alike(data: Data, photos: Vectors, rows: Sequence[int] | None = None) -> Row:
    labels = data.labels(range(len(data.rows)) if rows is not None else data.validation)
    task = similar_photo_task(labels, ["article", "colour"], rows=rows)
    return _row(task, "validation" if rows is None else "full catalogue", photos[task.itself], photos)


def _row(task: EncoderTask, corpus: str, queries: Vectors, photos: Vectors) -> Row:
    figures = measurements(task.score(queries, photos), task.chance())
    return Row(task.name, task.wording or "", corpus, len(task.queries), figures)


def plain_features(weights: Path) -> PhotoEncoder:
    """The class token of ViT-Tiny as it was before any training of ours, at its own 224 pixels."""
    import torch
    from safetensors.torch import load_file

    from snapshelf.encoders import stretch_to_square
    from snapshelf.training.model import Architecture, PhotoTower

    shape = Architecture(vocabulary=1, image_size=224)
    tower = PhotoTower(shape)
    tower.load_timm(load_file(weights))
    tower.eval()

    def features_of(photos: Sequence[Image.Image]) -> Vectors:
        pixels = np.stack([stretch_to_square(photo, shape.image_size) for photo in photos])
        with torch.inference_mode():
            features = tower.features(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1)
        vectors: Vectors = torch.nn.functional.normalize(features[:, 0], dim=-1).numpy()
        return vectors

    return features_of


def _plain_row(weights: Path, data: Data, cache: Path) -> dict[str, Any]:
    report_progress("ViT-Tiny: photos")
    features = plain_features(weights)
    photos = _cached(cache / "validation-vit-tiny.npy", lambda: data.validation_photos(features))
    return {"encoder": "ViT-Tiny features", "rows": [_alike(data, photos)]}


def _facts(name: str, data: Data) -> dict[str, Any]:
    """Size and speed; runs in a process of its own that is bound to one core."""
    encoder = load_encoder(name)
    photos = data.some_photos(_TIMED)
    texts = [data.titles[row] for row in data.validation[:_TIMED]]
    return {
        "fingerprint": encoder.fingerprint,
        "dimension": encoder.dimension,
        "size MB": _size(encoder),
        "ms a photo": _times(lambda photo: encoder.encode_photos([photo]), photos)["p50 ms"],
        "ms a text": _times(lambda text: encoder.encode_texts([text]), texts)["p50 ms"],
    }


def _size(encoder: Encoder) -> float | None:
    return getattr(getattr(encoder, "description", None), "size_mb", None)


def _times(call: Callable[[Any], object], inputs: Sequence[Any]) -> dict[str, float]:
    for call_input in inputs[: len(inputs) // 10]:
        call(call_input)
    seconds = []
    for call_input in inputs:
        start = time.perf_counter()
        call(call_input)
        seconds.append(time.perf_counter() - start)
    return percentiles(seconds)


def _cached(path: Path, compute: Callable[[], Vectors]) -> Vectors:
    if path.exists():
        vectors: Vectors = np.load(path)
        return vectors
    vectors = compute()
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, vectors)
    return vectors


def _encoded(encode: PhotoEncoder, tar: Path, names: Sequence[str]) -> Vectors:
    with open_photos(tar) as source, ThreadPoolExecutor(len(cores(None))) as executor:

        def part(start: int) -> Vectors:
            return encode([_decoded(source, name) for name in names[start : start + _PHOTOS_AT_ONCE]])

        # An encoder computes on the thread that calls it.
        return np.concatenate(list(executor.map(part, range(0, len(names), _PHOTOS_AT_ONCE))))


def _decoded(source: PhotoSource, name: str) -> Image.Image:
    return decode_photo(source.read(name), at_least=DECODED_SIDE)


def _read(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    except OSError as error:
        raise EvaluationError(
            f"{path}: cannot be read ({error.strerror}); give the data with --data"
        ) from error


def _into_card(path: Path, measured: dict[str, Any]) -> None:
    """Write the encoder's figures into its card; they are no part of its fingerprint."""
    card = json.loads(path.read_text(encoding="utf-8"))
    card["figures"] = [
        {
            "task": row.task,
            "wording": row.wording,
            "corpus": row.corpus,
            "queries": row.queries,
            **{metric: round(figure.value, 4) for metric, figure in row.figures.items()},
        }
        for row in measured["rows"]
    ]
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def as_table(encoders: Sequence[dict[str, Any]]) -> str:
    """Lay the figures out as Markdown: a line for each task, a column for each encoder."""
    by_task: dict[tuple[str, str, str, int], dict[str, dict[str, Measurement]]] = {}
    for encoder in encoders:
        for row in encoder["rows"]:
            key = (row.task, row.wording, row.corpus, row.queries)
            by_task.setdefault(key, {})[encoder["encoder"]] = row.figures
    names = [encoder["encoder"] for encoder in encoders]
    lines = [
        "| task | wording | corpus | queries | metrics | " + " | ".join(names) + " | random |",
        "|---" * (6 + len(names)) + "|",
    ]
    for key, figures in by_task.items():
        any_of_them = next(iter(figures.values()))
        cells = [*map(str, key), " / ".join(any_of_them)]
        cells += [_cell(figures[name]) if name in figures else "" for name in names]
        by_chance = " / ".join(f"{figure.random:.4f}" for figure in any_of_them.values())
        lines.append("| " + " | ".join([*cells, by_chance]) + " |")
    lines += ["", "| | " + " | ".join(names) + " |", "|---" * (1 + len(names)) + "|"]
    for fact in ("dimension", "size MB", "ms a photo", "ms a text", "fingerprint"):
        values = [encoder.get(fact) for encoder in encoders]
        shown = [
            "" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)
            for value in values
        ]
        lines.append(f"| {fact} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def _cell(figures: dict[str, Measurement]) -> str:
    return " / ".join(
        f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]" for figure in figures.values()
    )


def report_progress(what: str) -> None:
    """Say what is being done."""
    print(f"… {what}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encoders", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with fashion/ and grocery/")
    parser.add_argument(
        "--encoder", nargs="+", help="names or folders of encoders (default: the bundled one)"
    )
    parser.add_argument("--vit", type=Path, help="weights of timm's vit_tiny_patch16_224 (safetensors)")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path("runs/encoders"),
        help="folder for photo vectors, by the encoder's fingerprint (default %(default)s)",
    )
    parser.add_argument("--card", type=Path, help="card.json to write the first encoder's figures into")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
