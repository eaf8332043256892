"""The words of a shop's texts with their document frequencies."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from snapshelf._support.files import write_text
from snapshelf.errors import LexiconError
from snapshelf.language.terms import surface_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_HEADER = "snapshelf-vocabulary 1"


class Vocabulary:
    """Words of a shop with their document frequency, the number of texts that contain them.

    `add` and `remove` keep it up to date. A single thread may write while others read.
    """

    def __init__(self) -> None:
        self._frequencies: Counter[str] = Counter()
        self._texts = 0
        self.version = 0

    @classmethod
    def of(cls, texts: Iterable[str]) -> Vocabulary:
        """Return the words of `texts`: titles, brands, values of attributes."""
        vocabulary = cls()
        vocabulary.add(texts)
        return vocabulary

    def add(self, texts: Iterable[str]) -> None:
        """Count the words of more texts."""
        added: Counter[str] = Counter()
        for text in texts:
            added.update(set(surface_words(text)))
            self._texts += 1
        self._frequencies.update(added)
        self.version += 1

    def remove(self, texts: Iterable[str]) -> None:
        """Subtract the words of texts that were added before."""
        removed: Counter[str] = Counter()
        for text in texts:
            removed.update(set(surface_words(text)))
            self._texts -= 1
        for word, times in removed.items():
            left = self._frequencies[word] - times
            if left > 0:
                self._frequencies[word] = left
            else:
                del self._frequencies[word]
        self.version += 1

    def frequency(self, word: str) -> int:
        """Return the number of texts that contain the (normalised) word."""
        return self._frequencies.get(word, 0)

    def __contains__(self, word: object) -> bool:
        return word in self._frequencies

    def __len__(self) -> int:
        return len(self._frequencies)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Iterate over a copy of the words with their frequencies, safe against concurrent changes."""
        return iter(dict(self._frequencies).items())

    @property
    def texts(self) -> int:
        """Number of texts."""
        return self._texts

    def save(self, path: Path) -> None:
        """Write it to a file, whole or not at all.

        Raises
        ------
        StorageError
            It could not be written.
        """
        lines = [f"{_HEADER} {self._texts}\n"]
        lines += [f"{word}\t{times}\n" for word, times in self]
        write_text(path, "".join(lines))

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read what `save` wrote.

        Raises
        ------
        LexiconError
            The file cannot be read or is no vocabulary; make it anew from the shop's texts.
        """
        vocabulary = cls()
        try:
            lines = path.read_text("utf-8").splitlines()
            header, _, texts = lines[0].rpartition(" ")
            if header != _HEADER:
                raise ValueError(f"it begins with {lines[0][:40]!r}")
            vocabulary._texts = int(texts)
            for line in lines[1:]:
                word, _, times = line.partition("\t")
                vocabulary._frequencies[word] = int(times)
        except (OSError, ValueError, IndexError) as error:
            raise LexiconError(f"{path}: no vocabulary: {error}; delete it, it is made anew") from error
        return vocabulary
