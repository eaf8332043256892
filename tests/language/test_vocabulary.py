from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshelf.errors import LexiconError
from snapshelf.language import Vocabulary, correct

if TYPE_CHECKING:
    from pathlib import Path

TITLES = ["Nike Running Shoes", "Shoes for running, shoes!", "优衣库白色衬衫", "Levi's T-Shirt WD-40"]


def test_words_are_counted_once_a_text_as_they_are_said() -> None:
    vocabulary = Vocabulary.of(TITLES)
    assert vocabulary.texts == 4
    assert vocabulary.frequency("shoes") == vocabulary.frequency("running") == 2
    assert vocabulary.frequency("nike") == 1
    assert "for" not in vocabulary
    assert {"levis", "tshirt", "wd40", "wd", "白色", "衬衫", "优衣库"} <= {word for word, _ in vocabulary}
    assert vocabulary.frequency("adidas") == 0
    assert len(vocabulary) == len(list(vocabulary))


@given(st.lists(st.text("ab -é优白色", max_size=8)), st.lists(st.text("ab -é优白色", max_size=8)))
def test_removing_undoes_adding(kept: list[str], removed: list[str]) -> None:
    vocabulary = Vocabulary.of(kept)
    before = sorted(vocabulary)
    vocabulary.add(removed)
    assert vocabulary.texts == len(kept) + len(removed)
    vocabulary.remove(removed)
    assert sorted(vocabulary) == before
    assert vocabulary.texts == len(kept)


def test_others_read_while_one_changes_it() -> None:
    vocabulary = Vocabulary.of(TITLES)
    done = Event()

    def change() -> None:
        for i in range(300):
            vocabulary.add([f"new{i}x word{i}x", f"more{i}x"])
        done.set()

    def read() -> int:
        most = 0
        while not done.is_set():
            most = max(most, len(dict(vocabulary)))
            assert correct("runing shoes", vocabulary) is not None
        return most

    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        threads.submit(change).result()
        assert all(reader.result() > 0 for reader in readers)
    assert len(vocabulary) == len(Vocabulary.of(TITLES)) + 900


def test_each_change_is_a_new_version() -> None:
    vocabulary = Vocabulary.of(TITLES)
    versions = [vocabulary.version]
    vocabulary.add(["new"])
    versions.append(vocabulary.version)
    vocabulary.remove(["new"])
    versions.append(vocabulary.version)
    assert len(set(versions)) == 3


def test_a_file_keeps_it(tmp_path: Path) -> None:
    vocabulary = Vocabulary.of(TITLES)
    path = tmp_path / "words"
    vocabulary.save(path)
    Vocabulary.of(["other"]).save(path.with_name("other"))
    vocabulary.save(path)
    loaded = Vocabulary.load(path)
    assert sorted(loaded) == sorted(vocabulary)
    assert loaded.texts == vocabulary.texts
    loaded.remove(TITLES)
    assert list(loaded) == []
    assert sorted(file.name for file in tmp_path.iterdir()) == ["other", "words"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "something else\n",
        "snapshelf-vocabulary 1 x\n",
        "snapshelf-vocabulary 1 2\nword\n",
        "snapshelf-vocabulary 9 2\nword\t1\n",
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "words"
    path.write_text(content, "utf-8")
    with pytest.raises(LexiconError, match="no vocabulary") as caught:
        Vocabulary.load(path)
    assert str(path) in str(caught.value)
    with pytest.raises(LexiconError, match="no vocabulary"):
        Vocabulary.load(tmp_path / "missing")


def test_a_word_is_known_without_its_elided_article() -> None:
    vocabulary = Vocabulary.of(["Bouteille d'eau", "L'Oréal"])
    assert {"deau", "eau", "loreal", "oreal"} <= {word for word, _ in vocabulary}
    assert "mueller" not in Vocabulary.of(["Müller"])
