"""What is learnt from, and what is kept back to judge by."""

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

_READ_AT_ONCE = 256

ParsedEvent: TypeAlias = Callable[[int, int | None], None]


def split(
    examples: Iterable[Example], share: float = 0.1, *, seed: int, progress: ParsedEvent | None = None
) -> tuple[list[Example], list[Example]]:
    """Divide examples so that nothing that is judged by was learnt from.

    Examples with the same id, the same title or the same photo (equal files) fall on the same side, and so does what
    they have in common with others. The division depends on the seed and on what is divided, not on its order.

    Parameters
    ----------
    examples : iterable of Example
    share : float
        Part that is held out, at most; 0 to 1.
    seed : int
    progress : callable or None
        Called with how many examples were looked at, and how many there are.

    Returns
    -------
    (list of Example, list of Example)
        To learn from, and held out; both in the order given.

    Raises
    ------
    TrainingError
        They hang together so much that nothing can be held out.
    """
    examples = list(examples)
    groups = _Groups(len(examples))
    for number, key in _keys(examples, progress):
        groups.join(number, key)
    by_chance = sorted(
        groups.members(), key=lambda group: _chance(seed, min(examples[one].id for one in group))
    )
    wanted = max(1, round(share * len(examples)))
    held: set[int] = set()
    for group in by_chance:
        if len(held) + len(group) <= wanted:
            held.update(group)
    if not held and by_chance:
        held.update(sorted(by_chance, key=len)[0])
    if not 0 < len(held) <= len(examples) / 2:
        raise TrainingError(
            f"{len(examples)} examples cannot be divided into some to learn from and some to judge by: nearly all "
            "share a title or a photo with another; give titles that tell products apart"
        )
    return (
        [one for number, one in enumerate(examples) if number not in held],
        [one for number, one in enumerate(examples) if number in held],
    )


def _keys(examples: list[Example], progress: ParsedEvent | None) -> Iterator[tuple[int, str]]:
    """What examples may have in common, as (number of the example, key)."""
    with ThreadPoolExecutor() as pool:
        for first in range(0, len(examples), _READ_AT_ONCE):
            part = examples[first : first + _READ_AT_ONCE]
            for number, (example, photos) in enumerate(
                zip(part, pool.map(_fingerprints, part), strict=True), first
            ):
                yield number, f"id {example.id}"
                for title in example.about.titles.values():
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
            # What cannot be read is left out, and told, when the photos are decoded.
            continue
    return prints


def _fingerprint(photo: Callable[[], Image.Image]) -> str:
    if isinstance(photo, Photo):
        return photo.fingerprint()
    return hashlib.blake2b(photo().tobytes(), digest_size=16).hexdigest()


def _chance(seed: int, id: str) -> bytes:
    return hashlib.blake2b(f"{seed} {id}".encode(errors="backslashreplace"), digest_size=8).digest()


class _Groups:
    """Numbers that hang together by the keys that they share (disjoint sets)."""

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
