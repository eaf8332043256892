"""The file of a shop's rules, read again whenever it has changed."""

from __future__ import annotations

import threading
from pathlib import Path

from snapshelf._support.files import write_text
from snapshelf.errors import FilterError, RuleError, StorageError
from snapshelf.index import Filter, SearchIndex
from snapshelf.language import Lexicon
from snapshelf.query import Fields, Note
from snapshelf.search.rules.merchandising import Merchandising, check_filters, is_on_page, merchandising
from snapshelf.search.rules.rule import Rules
from snapshelf.search.rules.warnings import RuleWarning, rule_warnings


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

    def check(self, text: str, index: SearchIndex) -> tuple[RuleWarning, ...]:
        """Check rules before they are written; return what they name in vain.

        Raises
        ------
        RuleError
            They cannot be read, contradict each other, or filter by an unknown field.
        """
        source = self._path.name
        rules = Rules.parse(text, source, lexicon=self._lexicon)
        check_filters(rules, index, source)
        return rule_warnings(text, rules, index, source)

    def write(self, text: str, index: SearchIndex) -> tuple[RuleWarning, ...]:
        """Check and store rules; a power cut leaves either the old or the new rules. Return what they name in vain.

        Raises
        ------
        RuleError
            They cannot be read, contradict each other, or filter by an unknown field.
        StorageError
            They cannot be written.
        """
        warnings = self.check(text, index)
        write_text(self._path, text)
        return warnings

    def warnings(self, index: SearchIndex) -> list[str]:
        """Return what is wrong with the stored rules, each as a sentence.

        Raises
        ------
        StorageError
            They cannot be read.
        """
        text, source = self.read(), self._path.name
        try:
            rules = Rules.parse(text, source, lexicon=self._lexicon)
        except RuleError as error:
            return [str(error)]
        return [warning.message for warning in rule_warnings(text, rules, index, source)]

    def forget_filters(self) -> None:
        """Parse the filters of the rules again: the products have changed."""
        self._parsed = {}

    def applying(self, text: str, fields: Fields, page: frozenset[Filter] | None = None) -> Merchandising:
        """Return what the rules do to a query of these words, or to a page that is browsed, by its `conditions`."""
        self._refresh()
        rules = [rule for rule in self._rules.applying(text) if is_on_page(rule, page, fields, self._parsed)]
        applied = merchandising(rules, fields, self._parsed)
        if self._broken is None:
            return applied
        return Merchandising(
            applied.shifts, applied.hidden, applied.pins, applied.redirect, (self._broken, *applied.notes)
        )

    def visible(self, fields: Fields) -> Filter | None:
        """Return what shoppers may see at any place of the shop; None where everything.

        Rules without words and page hide their products everywhere: from hits, recommendations, similar products and
        suggestions. Rules with words hide them from the queries that have these words, rules with a page from the page.
        """
        return self.applying("", fields).left

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
