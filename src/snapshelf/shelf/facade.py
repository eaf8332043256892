"""The shelf: the object that a user holds."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias, Unpack

import filelock

from snapshelf.catalogue import Catalogue, FeedFormat, Product, Row, open_photos, read_feed
from snapshelf.encoders import Encoder, load_encoder
from snapshelf.errors import EncoderMismatchError, NotFoundError, SnapshelfError, StorageError
from snapshelf.events import Journal, SqlJournal
from snapshelf.index import Filter, SearchIndex
from snapshelf.language import Lexicon
from snapshelf.recommend import (
    RecommendationKind,
    RecommendationOptions,
    RecommendationRequest,
    RecommendationResponse,
    RecommendationService,
)
from snapshelf.search import (
    MAX_K,
    SETTINGS,
    FacetField,
    HeatMap,
    Personaliser,
    Prior,
    RuleWarning,
    SearchOptions,
    SearchRequest,
    SearchResponse,
    SearchService,
    SearchSettings,
    Side,
    Tuning,
    WhyNot,
    heat_map,
    why_not,
)
from snapshelf.shelf.folder import (
    QUERIES,
    WORDS,
    encoder_source,
    has_own_journal,
    lock_shelf,
    open_index,
    open_journal,
    shop_lexicon,
)
from snapshelf.shelf.ingest import PreparedRow, Written, prepare_all, prepare_one, write
from snapshelf.shelf.location import require_shelf, take_catalogue
from snapshelf.shelf.quarantine import quarantined
from snapshelf.shelf.reports import AddReport, RowError, ShelfStats, TuningReport
from snapshelf.shelf.sync import catch_up, fill_titles, replay
from snapshelf.suggest import QueryLog, ShopVocabulary, Suggestion
from snapshelf.tuning import SECONDS, Inquiry, inquire, tune

__all__ = ["MAX_K", "Progress", "Shelf"]

Progress: TypeAlias = Callable[[int, int | None], None]
"""Called with the number of rows done and their total, if it is known."""

_WRITTEN_AT_ONCE = 256
"""Products in a transaction: a commit waits for the disk, so it should be rare."""

_SEARCHED_EXACTLY = 20_000
"""Products up to which the index compares every vector; beyond, it needs its graph."""

_TUNED_FROM = 24
"""Products from which a shelf asks itself; a smaller shelf is searched as other shops are."""

_CHANGED_SHARE = 0.1
"""Share of the products whose change calls for a new tuning."""

_FLUSHED_AT_LEAST_EVERY = 10_000
"""Changes after which the index is flushed; at most these are replayed after a power cut."""


class Shelf:
    """A catalogue that can be searched by photo, by words and by both.

    Open a shelf with `Shelf.open`, close it with `close` or a ``with`` block. Searches may run on several threads at
    once, also while products are added. When `add`, `put` and `remove` return, their changes survive a power cut.

    Examples
    --------
    >>> from snapshelf import Shelf
    >>> with Shelf.open("my-shelf") as shelf:
    ...     report = shelf.add("products.csv", photos="photos/")
    ...     hits = list(shelf.search(photo="query.jpg", text="蓝色的", k=2))
    >>> report.added
    6
    >>> [hit.product.title for hit in hits]
    ['Blue dress 蓝色连衣裙', 'Red dress 红色连衣裙']
    """

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        index: SearchIndex,
        encoder: Encoder,
        lexicon: Lexicon,
        lock: filelock.FileLock,
        *,
        serving: bool = False,
    ) -> None:
        self._folder = folder
        self._catalogue = catalogue
        self._index = index
        self._encoder = encoder
        self._lexicon = lexicon
        self._lock = lock
        self._writing = threading.RLock()
        self._opening_journal = threading.Lock()
        self._journal: SqlJournal | None = None
        self._indexed = index.version
        self._serving = serving
        self._tuner: threading.Thread | None = None
        self._closing = threading.Event()
        settings = SearchSettings.load(folder / SETTINGS)
        self._words = ShopVocabulary.open(folder / WORDS, catalogue, lexicon)
        self._queries = QueryLog.open(folder / QUERIES if settings.log_queries else None)
        self._personal = Personaliser(
            folder, catalogue, settings.ranking, lambda: self.journal, serving=serving
        )
        self._searcher = SearchService(
            folder, catalogue, index, encoder, lexicon, settings, self._words, self._queries, self._personal
        )
        self._recommendations = RecommendationService(
            catalogue, index, self._personal, self._searcher.visible, lexicon
        )

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        encoder: str | Path | None = None,
        database: str | None = None,
        serving: bool = False,
        create: bool = True,
        progress: Progress | None = None,
    ) -> Self:
        """Open the shelf in a folder.

        An index that is missing, broken or behind the catalogue is brought up to date first.

        Parameters
        ----------
        path : str or Path
        encoder : str or Path or None
            Name or folder of an encoder; by default the encoder of the shelf, and the bundled encoder for a new shelf.
        database : str or None
            URL of a PostgreSQL database for the catalogue: ``postgresql://user:password@host/database``. Needed once,
            for a new shelf; the folder remembers it, and holds the index and everything else. By default the catalogue
            is an SQLite file in the folder.
        serving : bool
            For servers: run the index in a process of its own, so that it never holds up this process, and record
            impressions in the journal.
        create : bool
            Make the shelf if it does not exist.
        progress : callable or None
            Called with the number of titles encoded and their total, when the shelf is of a version without title
            vectors.

        Raises
        ------
        ShelfError
            There is no shelf and `create` is false, its ``search.yaml`` cannot be used, or the database belongs to
            another shelf.
        LexiconError
            Its ``lexicon.yaml`` cannot be used.
        ShelfInUseError
            This or another process has it open.
        EncoderMismatchError
            Its vectors were made by another encoder.
        ShelfVersionError
            It was written by a newer Snapshelf.
        StorageError
            It cannot be read or written, or the database cannot be reached.
        MissingExtraError
            The database is of PostgreSQL and ``snapshelf[postgresql]`` is not installed.
        InputError
            The database's URL cannot be used.
        EncoderError
            The encoder cannot be loaded.
        """
        folder = Path(path)
        if not create:
            require_shelf(folder)
        lock = lock_shelf(folder)
        opened: list[Catalogue | SearchIndex] = []
        try:
            catalogue = take_catalogue(folder, database)
            opened.append(catalogue)
            model = load_encoder(encoder if encoder is not None else encoder_source(folder, catalogue))
            _check_encoder(folder, catalogue, model, encoder)
            index = open_index(folder, model.dimension, serving=serving)
            opened.append(index)
            lexicon = shop_lexicon(folder)
            fill_titles(catalogue, model, progress)
            catch_up(catalogue, index, lexicon)
            if catalogue.count() > _SEARCHED_EXACTLY:
                index.optimise()  # a new index has no graph yet; an index with a graph is left alone
            shelf = cls(folder, catalogue, index, model, lexicon, lock, serving=serving)
            if serving:
                shelf._searcher.warm_up()
            if not shelf._searcher.is_tuned:
                shelf._tune_if_changed()
            return shelf
        except BaseException:
            for part in reversed(opened):
                part.close()
            lock.release()
            raise

    def close(self) -> None:
        """Release the shelf's files and processes; closing twice does no harm."""
        if not self._lock.is_locked:
            return
        self._closing.set()
        if self._tuner is not None:
            self._tuner.join()
        with self._writing:
            if self._index.version < self._indexed:
                self._index.flush(self._indexed)
            self._save_words()
            self._personal.close()
            self._queries.close()
            if self._journal is not None:
                self._journal.close()
            self._index.close()
            self._catalogue.close()
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(
        self,
        feed: str | Path | Iterable[Product],
        *,
        photos: str | Path | None = None,
        mapping: Mapping[str, str] | None = None,
        format: FeedFormat | None = None,
        allow_http: bool = False,
        progress: Progress | None = None,
        errors: Callable[[RowError], None] | None = None,
    ) -> AddReport:
        """Add the products of a feed, or bring them up to date.

        An unchanged product only costs a comparison, so run an interrupted `add` again to resume it.
        A bad row is reported and the rest goes on.

        Parameters
        ----------
        feed : str, Path or iterable of Product
            A CSV, JSONL or Parquet file, or products.
        photos : str, Path or None
            Folder or tar file that the products' images are relative to; by default the feed's folder.
        mapping : mapping or None
            Field → column, for columns whose meaning cannot be guessed.
        format : FeedFormat or None
            By default read from the file's name.
        allow_http : bool
            Fetch images that are http(s) URLs.
        progress, errors : callable or None
            Called with the progress, and with each row or photo that could not be used.

        Returns
        -------
        AddReport

        Raises
        ------
        FeedError
            The feed cannot be read at all or its columns cannot be understood.
        PhotoError
            The photo source cannot be opened.
        StorageError
            It could not be written, for example because the disk is full. Earlier writes stay.
        """
        start = time.monotonic()
        rows: Iterable[Row]
        if isinstance(feed, str | Path):
            rows = read = read_feed(feed, mapping, format=format)
            file, total = str(feed), read.total
            photos = photos if photos is not None else Path(feed).parent
        else:
            rows = (Row(number, product) for number, product in enumerate(feed, 1))
            file, total = "", None
        counts = dict.fromkeys(
            ("rows", "added", "updated", "unchanged", "failed", "photos_encoded", "quarantined"), 0
        )
        pending: list[PreparedRow] = []

        def write_pending() -> None:
            refused = self._write(pending)
            counts["quarantined"] += len(refused)
            for prepared in pending:
                if errors is not None and prepared.product and prepared.product.id in refused:
                    errors(_not_indexed(file, prepared.row, prepared.product.id, refused))
            pending.clear()

        with self._writing, open_photos(photos, allow_http=allow_http) as source:
            try:
                for chunk in prepare_all(rows, self._catalogue, self._encoder, source, file):
                    for prepared in chunk:
                        _tally(counts, prepared)
                        for problem in prepared.errors:
                            if errors is not None:
                                errors(problem)
                    pending += [row for row in chunk if row.product]
                    if len(pending) >= _WRITTEN_AT_ONCE:
                        write_pending()
                    if progress is not None:
                        progress(counts["rows"], total)
                write_pending()
            finally:
                self._index.flush(self._indexed)
            self._save_words()
            if self._catalogue.count() > _SEARCHED_EXACTLY and counts["added"] + counts["updated"]:
                self._index.optimise()
            self._tune_if_changed()
        return AddReport(**counts, seconds=time.monotonic() - start)

    def put(
        self, product: Product, photos: Sequence[bytes] | None = None
    ) -> Literal["created", "updated", "unchanged", "quarantined"]:
        """Add or replace a product.

        Parameters
        ----------
        product : Product
        photos : sequence of bytes or None
            Its photos, the main photo first; None keeps its stored photos.

        Returns
        -------
        {"created", "updated", "unchanged", "quarantined"}
            ``"quarantined"``: it is stored, but the index refuses it, so that no search returns it; `stats` says why.

        Raises
        ------
        ProductError
            A new product comes without photos.
        PhotoError
            None of the photos can be used.
        StorageError
            It could not be written.
        """
        with self._writing:
            prepared = prepare_one(product, photos, self._catalogue, self._encoder)
            if prepared.product is None:
                return "quarantined" if product.id in quarantined(self._catalogue) else "unchanged"
            if self._write([prepared]):
                return "quarantined"
            return "created" if prepared.new else "updated"

    def remove(self, ids: str | Sequence[str]) -> int:
        """Remove products; return the number removed. Unknown ids are ignored.

        Raises
        ------
        StorageError
            It could not be written.
        """
        with self._writing:
            ids = [ids] if isinstance(ids, str) else ids
            before = tuple(self._catalogue.get_many(ids).values())
            removed = self._catalogue.delete(ids)
            self._apply(Written(before, ()))
            return removed

    def inquire(self, *, seed: int = 0, seconds: float = SECONDS) -> Inquiry:
        """Ask the shelf for its own products, without tuning it: what a prior over several shops is fitted on.

        Parameters
        ----------
        seed : int
            Another seed asks for other products.
        seconds : float
            Time after which no more questions are asked.
        """
        return inquire(self._searcher, seed=seed, seconds=seconds)

    def tune(self, *, prior: Prior | None = None, progress: Progress | None = None) -> Tuning:
        """Let the shelf ask itself for its own products, and weigh its signals by what it finds.

        It makes queries from a sample of its products (titles, rare words, categories, colours, photos in another
        light), sees how well each signal finds what they were made from, and fits the weights of the signals and the
        probabilities of relevance to this shop. Clicks refine the
        weights where there are enough. `add` does it by itself when a tenth of the products has changed.

        Parameters
        ----------
        prior : Prior or None
            What is known of other shops, which counts where the shelf's own products say little; by default the
            bundled prior.
        progress : callable or None
            Called with the number of questions asked and their total.

        Raises
        ------
        StorageError
            The result could not be written.
        """
        has_journal = has_own_journal(self._folder)
        tuning = tune(
            self._searcher,
            prior=prior,
            log=self.journal.log() if has_journal else None,
            progress=progress,
            cancelled=self._closing.is_set,
        )
        if not self._closing.is_set():  # what was asked until then says too little
            self._searcher.retune(tuning)
        return tuning

    def search(
        self, request: SearchRequest | None = None, /, **options: Unpack[SearchOptions]
    ) -> SearchResponse:
        """Search by photo, by words, or by both at once; without any of them, browse the shop.

        Parameters
        ----------
        request : SearchRequest or None
        options
            The fields of `SearchRequest` as keywords; they go before those of `request`.

        Raises
        ------
        QueryError
            The text is empty, an option is unknown or out of range, a facet or sort field does not
            exist, or the page token belongs to another query.
        FilterError
            The filter is malformed or names an unknown field.
        NotFoundError
            A liked or disliked product does not exist.
        PhotoError
            The photo cannot be decoded.

        Examples
        --------
        >>> [hit.id for hit in shelf.search(text="red dress", k=2)]
        ['D-1']
        >>> from snapshelf.search import SearchRequest
        >>> request = SearchRequest(text="red dress", where="price < 100")
        >>> [hit.id for hit in shelf.search(request, k=1)]
        ['V-1']
        """
        return self._searcher.search(SearchRequest.of(request, options))

    def why_not(
        self, id: str, request: SearchRequest | None = None, /, **options: Unpack[SearchOptions]
    ) -> WhyNot:
        """Explain why a product is not among the hits of a search, or at which rank it is.

        Parameters
        ----------
        id : str
        request, options
            As for `search`.

        Raises
        ------
        NotFoundError
            No product has this id.
        QueryError, FilterError, PhotoError
            As `search` does.

        Examples
        --------
        >>> shelf.why_not("D-2", text="red dress", where="price < 300").kind
        'filter'
        """
        return why_not(self._searcher, id, SearchRequest.of(request, options))

    def heat_map(
        self,
        id: str,
        request: SearchRequest | None = None,
        /,
        *,
        side: Side = "product",
        **options: Unpack[SearchOptions],
    ) -> HeatMap:
        """Show which parts of a photo make a product fit a query.

        Parts of the photo are covered in turn; the loss of fit is the weight of that part.

        Parameters
        ----------
        id : str
        request, options
            As for `search`.
        side : {"product", "query"}
            Whose photo to look at; the query's needs a photo.

        Raises
        ------
        NotFoundError
            No product has this id.
        QueryError, PhotoError
            As `search` does; also where the side has no photo.

        Examples
        --------
        >>> shelf.heat_map("D-1", text="red dress").grid.shape
        (7, 6)
        """
        return heat_map(self._searcher, id, side, SearchRequest.of(request, options))

    def suggest(
        self, prefix: str, k: int = 8, *, language: Literal["en", "zh"] | None = None
    ) -> list[Suggestion]:
        """Complete what is being typed, from titles, brands, categories, the lexicon and earlier queries.

        Raises
        ------
        QueryError
            `k` is out of range.

        Examples
        --------
        >>> [suggestion.text for suggestion in shelf.suggest("bl", k=2)]
        ['black backpack', 'blue dress']
        """
        return self._searcher.suggest(prefix, k, language)

    def zero_results(self, days: int = 30) -> list[tuple[str, int]]:
        """List the texts of queries without good results in the last days, with their counts, most frequent first."""
        return self._queries.without_results(days)

    def facet_fields(self) -> Mapping[str, FacetField]:
        """Return the fields that may be asked for as facets, those that shoppers narrow down by first.

        Examples
        --------
        >>> [name for name, field in shelf.facet_fields().items() if field.shown]
        ['category', 'price', 'brand', 'colour']
        """
        return self._searcher.facet_fields()

    @property
    def lexicon(self) -> Lexicon:
        """The words that the shelf understands: the bundled lexicon, and the shop's own over it."""
        return self._lexicon

    @property
    def journal(self) -> Journal:
        """What shoppers did and were shown, and what is known of each; opened when it is first asked for.

        Raises
        ------
        ShelfError
            The shelf's ``shoppers.yaml`` cannot be used, or the journal cannot be opened.
        """
        with self._opening_journal:
            if self._journal is None:
                self._journal = open_journal(self._folder, self._catalogue)
            return self._journal

    @property
    def rules(self) -> str:
        """The shop's rules in YAML; empty if there are none.

        Raises
        ------
        StorageError
            They cannot be read.
        """
        return self._searcher.rules.read()

    def check_rules(self, text: str) -> tuple[RuleWarning, ...]:
        """Check rules without setting them.

        Parameters
        ----------
        text : str
            YAML, see ``docs/concepts/search.md``.

        Returns
        -------
        tuple of RuleWarning
            What the rules name in vain, such as ids that no product has.

        Raises
        ------
        RuleError
            They cannot be read, contradict each other, or filter by an unknown field.
        """
        return self._searcher.rules.check(text, self._index)

    def set_rules(self, text: str) -> tuple[RuleWarning, ...]:
        """Replace the shop's rules, from the next search on.

        Parameters
        ----------
        text : str
            YAML, see ``docs/concepts/search.md``.

        Returns
        -------
        tuple of RuleWarning
            What the rules name in vain, such as ids that no product has; they are set all the same.

        Raises
        ------
        RuleError
            They cannot be read, contradict each other, or filter by an unknown field.
        StorageError
            They cannot be written.
        """
        with self._writing:
            return self._searcher.rules.write(text, self._index)

    def similar(self, id: str, *, k: int = 10, where: str | Filter | None = None) -> SearchResponse:
        """Find products that look like a product of the shelf, without the product itself.

        Raises
        ------
        NotFoundError
            No product has this id.
        QueryError
            `k` is out of range.
        FilterError
            The filter is malformed or names an unknown field.

        Examples
        --------
        >>> [hit.id for hit in shelf.similar("D-1", k=1)]
        ['D-2']
        """
        return self._searcher.similar(id, k, where)

    def recommend(
        self,
        request: RecommendationRequest | RecommendationKind | None = None,
        /,
        **options: Unpack[RecommendationOptions],
    ) -> RecommendationResponse:
        """Recommend products for a place of the shop where nothing was searched for; sold-out products are left out.

        Parameters
        ----------
        request : RecommendationRequest, str or None
            The kind, by default ``"for-you"``, or a whole request.
        **options
            Fields of `RecommendationRequest`, such as ``shopper="ann"``; they are laid over the request.

        Raises
        ------
        QueryError
            An option is unknown or out of range, or the kind requires a product.
        FilterError
            The filter is malformed or names an unknown field.
        NotFoundError
            No product has the id of `product`.

        Examples
        --------
        >>> [recommended.product.id for recommended in shelf.recommend("similar", product="D-1", k=1)]
        ['D-2']
        """
        if isinstance(request, str):
            request = RecommendationRequest.of(None, {"kind": request, **options})
        return self._recommendations.recommend(RecommendationRequest.of(request, options))

    def get(self, id: str) -> Product:
        """Return a product.

        Raises
        ------
        NotFoundError
            No product has this id.

        Examples
        --------
        >>> shelf.get("M-1").category
        ('Home', 'Kitchen')
        """
        product = self._catalogue.get(id)
        if product is None:
            raise _unknown(id)
        return product

    def photo(self, id: str, position: int = 0) -> bytes:
        """Return a small JPEG of a product's photo.

        Raises
        ------
        NotFoundError
            No product has this id, or it has no such photo.
        """
        image = self._catalogue.thumbnail(id, position)
        if image is None:
            self.get(id)
            raise NotFoundError(f"product {id!r} has no photo number {position}; the first is number 0")
        return image

    def stats(self) -> ShelfStats:
        """Count products, photos and bytes."""
        return ShelfStats(
            products=self._catalogue.count(),
            photos=self._catalogue.photo_count(),
            encoder=self._encoder.name,
            fingerprint=self._encoder.fingerprint,
            dimension=self._encoder.dimension,
            catalogue_version=self._catalogue.version,
            index_version=self._index.version,
            bytes=_bytes_on_disk(self._folder) + self._catalogue.server_bytes(),
            quarantined=quarantined(self._catalogue),
            rule_warnings=tuple(self._searcher.rules.warnings(self._index)),
            tuning=TuningReport.of(self._searcher.tuning) if self._searcher.is_tuned else None,
        )

    def _tune_if_changed(self) -> None:
        """Tune anew if a tenth of the products has changed; a server goes on answering meanwhile."""
        products, tuned = self._catalogue.count(), self._searcher.tuning
        is_tuned = self._searcher.is_tuned
        changes = self._catalogue.version - tuned.version
        if products < _TUNED_FROM or (is_tuned and changes <= _CHANGED_SHARE * products):
            return
        if not self._serving:
            self._tune_quietly()
        elif self._tuner is None or not self._tuner.is_alive():
            self._tuner = threading.Thread(target=self._tune_quietly, name="snapshelf-tuning", daemon=True)
            self._tuner.start()

    def _tune_quietly(self) -> None:
        # The products are stored, and the shelf is searched as before where it cannot be tuned; the next change tries
        # again.
        with contextlib.suppress(SnapshelfError):
            self.tune()

    def _save_words(self) -> None:
        # If they cannot be saved, they are counted again from the catalogue.
        with contextlib.suppress(StorageError):
            self._words.save()

    def _write(self, prepared: Sequence[PreparedRow]) -> dict[str, str]:
        """Write prepared rows; return the ids that the index refused, each with the reason."""
        written = write(self._catalogue, prepared)
        self._apply(written)
        refused = quarantined(self._catalogue)
        return {each.id: refused[each.id] for each in written.after if each.id in refused}

    def _apply(self, written: Written) -> None:
        """Bring the index and the searches up to date with the catalogue."""
        self._indexed = replay(self._catalogue, self._index, self._indexed, self._lexicon)
        self._words.replace(written.before, written.after, self._indexed)
        self._searcher.changed(each.id for each in (*written.before, *written.after))
        if self._serving:
            self._tune_if_changed()
        if self._indexed - self._index.version >= _FLUSHED_AT_LEAST_EVERY:
            self._index.flush(self._indexed)


def _check_encoder(folder: Path, catalogue: Catalogue, encoder: Encoder, source: str | Path | None) -> None:
    """Record the encoder of a new shelf; refuse another encoder for an old shelf."""
    recorded = catalogue.meta("encoder_fingerprint")
    if recorded is None:
        catalogue.set_meta("encoder_source", str(source) if source is not None else encoder.name)
        catalogue.set_meta("encoder_fingerprint", encoder.fingerprint)
    elif recorded != encoder.fingerprint:
        raise EncoderMismatchError(
            f"{folder}: its vectors were made by the encoder {catalogue.meta('encoder_source')!r} (fingerprint "
            f"{recorded}), not by {encoder.name!r} (fingerprint {encoder.fingerprint}). Open it with the former, or "
            f"encode its photos anew: snapshelf promote {source or encoder.name} --shelf {folder}"
        )


def _not_indexed(file: str, row: int, id: str, reasons: Mapping[str, str]) -> RowError:
    place = f"{Path(file).name}, row {row}: " if file else ""
    message = (
        f"{place}product {id!r} is stored, but no search returns it: {reasons[id]}; "
        "put it again with other values, or remove it"
    )
    return RowError(file, row, id, None, message, refused=False)


def _tally(counts: dict[str, int], prepared: PreparedRow) -> None:
    counts["rows"] += 1
    counts["photos_encoded"] += prepared.encoded
    if prepared.product:
        counts["added" if prepared.new else "updated"] += 1
    else:
        counts["failed" if any(error.refused for error in prepared.errors) else "unchanged"] += 1


def _bytes_on_disk(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        # The index may delete a file meanwhile, and a link may lead in a circle.
        with contextlib.suppress(OSError):
            # Blocks, not lengths: the files of the index have holes.
            total += 512 * file.stat().st_blocks
    return total


def _unknown(id: str) -> NotFoundError:
    return NotFoundError(f"no product has the id {id!r}")
