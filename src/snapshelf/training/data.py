"""The training set: photos decoded once into a memory-mapped file, with titles and labels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from snapshelf.encoders import Encoder, Vectors
from snapshelf.errors import PhotoError, TrainingError
from snapshelf.language import Lexicon
from snapshelf.training.captions import KINDS, Annotation, Captioner
from snapshelf.training.model import Towers
from snapshelf.training.sources.example import Example

_MIN_EXAMPLES = 8
"""Contrastive learning needs at least this many examples."""


class PhotoTeacher(Protocol):
    """A distillation teacher without a text tower."""

    def encode_photos(self, photos: Sequence[Image.Image]) -> Vectors:
        """RGB photos → unit vectors, float32 (n, d)."""
        ...


@dataclass(frozen=True, slots=True)
class TeacherVectors:
    """A teacher's unit vectors of photos and titles (None without a text tower), float32 (n, d)."""

    photos: NDArray[np.float32]
    titles: NDArray[np.float32] | None


class TrainingSet:
    """Photos in a memory-mapped file, with their titles and labels.

    Attributes
    ----------
    ids : list of str
    annotations : list of Annotation
        With labels by the lexicon's preferred names, and pattern and material read from titles.
    classes : list of (kind, label)
        Every label; its index is the label's number.
    labels : Tensor
        int64 (n, kinds): labels by number, -2 where unknown.
    class_kinds : Tensor
        int64 (classes,): column of `labels` of each class.
    replaceable : Tensor
        bool (n,): the product stands out from a white background.
    skipped : list of str
        A sentence for each photo that could not be used.
    """

    def __init__(self, folder: Path) -> None:
        stored = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
        rows, size = stored["examples"], stored["image_size"]
        self.image_size: int = size
        self.skipped: list[str] = stored["skipped"]
        self.ids: list[str] = [row["id"] for row in rows]
        self.annotations = [Annotation(row["titles"], row["labels"]) for row in rows]
        self.replaceable = torch.tensor([row["replaceable"] for row in rows])
        self._counts = np.array([row["photos"] for row in rows])
        self._first = np.cumsum(self._counts) - self._counts
        shape = (int(self._counts.sum()), size, size, 3)
        self._photos = np.memmap(folder / "photos.u8", np.uint8, "r", shape=shape)
        present = Counter(
            (kind, label) for annotation in self.annotations for kind, label in annotation.labels.items()
        )
        self.classes = sorted(present, key=lambda label: (KINDS.index(label[0]), label[1]))
        self._numbers = {label: number for number, label in enumerate(self.classes)}
        self._present = np.array([present[label] for label in self.classes])
        self.labels = self.label_ids([annotation.labels for annotation in self.annotations], missing=-2)
        self.class_kinds = torch.tensor([KINDS.index(kind) for kind, _ in self.classes], dtype=torch.int64)
        teacher = folder / "teacher.npz"
        self.teacher: TeacherVectors | None = None
        if teacher.exists():
            with np.load(teacher) as vectors:
                self.teacher = TeacherVectors(vectors["photos"], vectors.get("titles"))

    @classmethod
    def build(
        cls,
        examples: Iterable[Example],
        towers: Towers,
        folder: Path,
        *,
        teacher: Encoder | PhotoTeacher | None = None,
    ) -> TrainingSet:
        """Decode and preprocess every photo once, into the folder.

        Photos that cannot be read are reported in `skipped`; an example without any other photo is left out.

        Parameters
        ----------
        examples : iterable of Example
        towers : Towers
            Their preprocessing is applied.
        folder : Path
        teacher : Encoder, PhotoTeacher or None
            Its vectors are stored for distillation.

        Raises
        ------
        TrainingError
            Too few examples are left.
        """
        folder.mkdir(parents=True, exist_ok=True)
        captioner = Captioner(Lexicon.bundled(), Random(0))
        rows: list[dict[str, object]] = []
        skipped: list[str] = []
        photo_vectors: list[NDArray[np.float32]] = []
        titles: list[str] = []
        with (folder / "photos.u8").open("wb") as out:
            for example in examples:
                photos = []
                for open_photo in example.photos:
                    try:
                        photos.append(open_photo())
                    except PhotoError as error:
                        skipped.append(f"{example.id}: {error}")
                if not photos:
                    continue
                for photo in photos:
                    out.write(towers.preprocess(photo).tobytes())
                if teacher is not None:
                    photo_vectors.append(teacher.encode_photos(photos[:1])[0])
                annotation = captioner.with_title_labels(example.annotation)
                titles.append(annotation.any_title())
                rows.append(
                    {
                        "id": example.id,
                        "titles": dict(annotation.titles),
                        "labels": dict(annotation.labels),
                        "replaceable": example.replaceable_background,
                        "photos": len(photos),
                    }
                )
        if len(rows) < _MIN_EXAMPLES:
            unread = f" ({len(skipped)} photos could not be read: {skipped[0]})" if skipped else ""
            raise TrainingError(
                f"{len(rows)} examples with a photo are too few to learn from; give at least {_MIN_EXAMPLES}{unread}"
            )
        stored = {"image_size": towers.image_size, "skipped": skipped, "examples": rows}
        (folder / "examples.json").write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
        (folder / "teacher.npz").unlink(missing_ok=True)
        if teacher is not None:
            vectors = {"photos": np.stack(photo_vectors)}
            if isinstance(teacher, Encoder):
                vectors["titles"] = teacher.encode_texts(titles)
            np.savez(folder / "teacher.npz", allow_pickle=False, **vectors)
        return cls(folder)

    def __len__(self) -> int:
        return len(self.annotations)

    def views(self, index: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Sample a photo of each example: uint8 (n, s, s, 3)."""
        views: NDArray[np.uint8] = self._photos[self._first[index] + rng.integers(self._counts[index])]
        return views

    def first_photos(self, index: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the main photo of each example: uint8 (n, s, s, 3)."""
        photos: NDArray[np.uint8] = self._photos[self._first[index]]
        return photos

    def label_ids(self, labels: Sequence[Mapping[str, str]], missing: int) -> Tensor:
        """Return the number of each label: int64 (n, kinds), `missing` where there is none."""
        numbers = self._numbers
        rows = [[numbers[kind, row[kind]] if kind in row else missing for kind in KINDS] for row in labels]
        return torch.tensor(rows, dtype=torch.int64).view(len(labels), len(KINDS))

    def rarest_label_count(self) -> NDArray[np.int64]:
        """Return how many examples have the rarest label of each example (all where it has none): int64 (n,)."""
        labels = self.labels.numpy()
        counts = np.append(self._present, len(self))
        rarest: NDArray[np.int64] = counts[np.where(labels < 0, len(self._present), labels)].min(axis=1)
        return rarest
