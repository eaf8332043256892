"""The file of a shop's rules, read again whenever it has changed."""

from __future__ import annotations

import threading
from pathlib import Path

from snapshelf._support.files import write_text
from snapshelf.errors import FilterError, RuleError, StorageError
from snapshelf.index import Filter
from snapshelf.language import Lexicon
from snapshelf.query import Fields, Note
from snapshelf.search.rules.merchandising import Merchandising, check_filters, merchandising
from snapshelf.search.rules.rule import Rules


class RuleFile:
    """The rules of a shelf, as its file has them now.

    A file that was broken by hand does not stop the searches: the rules before it go on, and each result says so.

    Parameters
    ----------
    path : Path
        Need not be there.
    lexicon : Lexicon
    """

    def __init__(self, path: Path, lexicon: Lexicon) -> None:
        self._path = path
        self._lexicon = lexicon
        self._reading = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._rules = Rules(lexicon=lexicon)
        self._broken: Note | None = None
        self._parsed: dict[str, Filter | FilterError] = {}

    def read(self) -> str:
        """The file's text; empty without a file.

        Raises
        ------
        StorageError
            It cannot be read.
        """
        try:
            return self._path.read_text("utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise StorageError(f"{self._path}: cannot be read as UTF-8 text: {error}") from error

    def write(self, text: str, fields: Fields) -> None:
        """Check and store rules; a power cut leaves either the old or the new rules.

        Raises
        ------
        RuleError
            They cannot be read, contradict each other, or filter by an unknown field.
        StorageError
            They cannot be written.
        """
        source = self._path.name
        check_filters(Rules.parse(text, source, lexicon=self._lexicon), fields, source)
        write_text(self._path, text)

    def forget_filters(self) -> None:
        """Parse the filters of the rules again: the products have changed."""
        self._parsed = {}

    def applying(self, text: str, fields: Fields) -> Merchandising:
        """Return what the rules do to a query of these words."""
        self._refresh()
        applied = merchandising(self._rules.applying(text), fields, self._parsed)
        if self._broken is None:
            return applied
        return Merchandising(
            applied.shifts, applied.hidden, applied.pins, applied.redirect, (self._broken, *applied.notes)
        )

    def _refresh(self) -> None:
        try:
            status = self._path.stat()
            now = (status.st_mtime_ns, status.st_size)
        except OSError:
            now = None
        if now == self._seen:
            return
        with self._reading:
            if now == self._seen:
                return
            try:
                self._rules = Rules.load(self._path, lexicon=self._lexicon)
                self._broken = None
            except RuleError as error:
                self._broken = Note("broken-rules", f"the rules cannot be read: {error}")
            self._seen = now
