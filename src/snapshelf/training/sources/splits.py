"""Split examples into a training and a held-out set, without leakage."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from PIL import Image

from snapshelf.errors import PhotoError, TrainingError
from snapshelf.language import normalise
from snapshelf.training.sources.example import Example, Photo

_READ_BATCH = 256

OnSplitProgress: TypeAlias = Callable[[int, int | None], None]


def split(
    examples: Iterable[Example], share: float = 0.1, *, seed: int, progress: OnSplitProgress | None = None
) -> tuple[list[Example], list[Example]]:
    """Split examples into a training and a held-out set without leakage.

    Examples with the same id, title or photo (equal files) form groups, transitively, and a group is on one side. The
    split depends on the seed and the examples, not on their order.

    Parameters
    ----------
    examples : iterable of Example
    share : float
        Largest part that is held out, 0 to 1.
    seed : int
    progress : callable or None
        Called with the number of examples read, and of all.

    Returns
    -------
    training, held_out : list of Example
        Both in the order of `examples`.

    Raises
    ------
    TrainingError
        The groups are too large to hold any out.
    """
    examples = list(examples)
    groups = _DisjointSets(len(examples))
    for number, key in _keys(examples, progress):
        groups.join(number, key)
    shuffled = sorted(
        groups.members(), key=lambda group: _random_key(seed, min(examples[number].id for number in group))
    )
    target = max(1, round(share * len(examples)))
    held: set[int] = set()
    for group in shuffled:
        if len(held) + len(group) <= target:
            held.update(group)
    if not held and shuffled:
        held.update(sorted(shuffled, key=len)[0])
    if not 0 < len(held) <= len(examples) / 2:
        raise TrainingError(
            f"{len(examples)} examples cannot be divided into some to learn from and some to judge by: nearly all "
            "share a title or a photo with another; give titles that tell products apart"
        )
    return (
        [example for number, example in enumerate(examples) if number not in held],
        [example for number, example in enumerate(examples) if number in held],
    )


def _keys(examples: list[Example], progress: OnSplitProgress | None) -> Iterator[tuple[int, str]]:
    """Yield (number of the example, key) for its id, titles and photos; equal keys join a group."""
    with ThreadPoolExecutor() as pool:
        for first in range(0, len(examples), _READ_BATCH):
            part = examples[first : first + _READ_BATCH]
            for number, (example, photos) in enumerate(
                zip(part, pool.map(_fingerprints, part), strict=True), first
            ):
                yield number, f"id {example.id}"
                for title in example.annotation.titles.values():
                    if text := normalise(title):
                        yield number, f"title {text}"
                for photo in photos:
                    yield number, f"photo {photo}"
            if progress is not None:
                progress(first + len(part), len(examples))


def _fingerprints(example: Example) -> list[str]:
    prints = []
    for photo in example.photos:
        try:
            prints.append(_fingerprint(photo))
        except PhotoError:
            # Unreadable photos are reported when the training set is built.
            continue
    return prints


def _fingerprint(photo: Callable[[], Image.Image]) -> str:
    if isinstance(photo, Photo):
        return photo.fingerprint()
    return hashlib.blake2b(photo().tobytes(), digest_size=16).hexdigest()


def _random_key(seed: int, id: str) -> bytes:
    return hashlib.blake2b(f"{seed} {id}".encode(errors="backslashreplace"), digest_size=8).digest()


class _DisjointSets:
    """Disjoint sets (union–find) of numbers that share keys."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))
        self._first: dict[str, int] = {}

    def join(self, number: int, key: str) -> None:
        first = self._root(self._first.setdefault(key, number))
        self._parent[self._root(number)] = first

    def members(self) -> list[list[int]]:
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for number in range(len(self._parent)):
            groups[self._root(number)].append(number)
        return list(groups.values())

    def _root(self, number: int) -> int:
        while self._parent[number] != number:
            self._parent[number] = self._parent[self._parent[number]]
            number = self._parent[number]
        return number
