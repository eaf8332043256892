"""Giving a shelf another encoder, and taking it back.

The shelf goes on with its old encoder until the last moment. First the new encoder is copied into the shelf and the
vectors of all photos and titles are made beside the old ones, while a server may go on serving the shelf. Then, with
the shelf locked, one transaction of the catalogue exchanges all vectors and the encoder's fingerprint. Whatever is
interrupted before leaves the shelf as it was, and is gone on with when it is started again; after it, the index follows
from the catalogue as always.

What is kept in ``SHELF/encoders/``: a folder for the encoder in use and one for that before it, each named by its
fingerprint, and beside them ``<fingerprint>.vectors`` with vectors by fingerprint of a photo or a title.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import shutil
import socket
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias

import filelock
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from snapshelf._support.cores import usable_cores
from snapshelf._support.files import replacing_folder
from snapshelf._support.paths import within
from snapshelf.catalogue import (
    Catalogue,
    PhotoSource,
    Product,
    decode_photo,
    open_photos,
    photo_fingerprint,
    title_fingerprint,
)
from snapshelf.encoders import Card, OnnxEncoder, load_encoder, registry
from snapshelf.errors import (
    EncoderError,
    EvaluationError,
    PhotoError,
    PromotionError,
    ShelfInUseError,
    StorageError,
)
from snapshelf.evaluation import Verdict
from snapshelf.query import DECODED_SIDE
from snapshelf.shelf.folder import (
    encoder_source,
    kept_encoder,
    lock_shelf,
    open_index,
    shop_lexicon,
)
from snapshelf.shelf.location import open_catalogue, require_shelf
from snapshelf.shelf.sync import catch_up

__all__ = ["Promotion", "history", "promote", "roll_back"]

Progress: TypeAlias = Callable[[int, int | None], None]
"""Called with the photos looked at and the number there are."""

_Vectors: TypeAlias = Mapping[str, NDArray[np.float32]]
"""Fingerprint of a photo or a title → float32 (d,)."""

_HISTORY = "encoder_history"
_VERDICT = "verdict.json"
_BESIDE_THE_CARD = ("card.json", _VERDICT, "README.md")
_OF_OTHER_LAYOUTS = {".json", ".txt", ".model", ".md", ".onnx", ".onnx_data", ".data"}
_PAGE = 512
"""Products looked at together; their vectors are written together too."""
_PRODUCTS_A_THREAD = 32
_TITLES_A_THREAD = 128
_COPIED_AT_ONCE = 2_000
_HALF = np.dtype("<f2")


@dataclass(frozen=True, slots=True)
class Promotion:
    """One change of a shelf's encoder, as its history keeps it.

    Parameters
    ----------
    when : str
        UTC, ISO 8601.
    who : str
        User and machine.
    action : {"promote", "back"}
    name : str
        Name of the encoder that the shelf got.
    before, after : str
        Fingerprints of the encoders.
    reason : str or None
        Why it was forced, where it was.
    overruled : tuple of str
        What spoke against it then.
    photos : int
        Photos of the shelf.
    encoded : int
        Photos encoded for it by the call that completed it; the others had vectors already.
    from_thumbnails : int
        How many of these were encoded from what the shelf keeps, at most 320 pixels a side.
    """

    when: str
    who: str
    action: Literal["promote", "back"]
    name: str
    before: str
    after: str
    reason: str | None
    overruled: tuple[str, ...]
    photos: int
    encoded: int
    from_thumbnails: int


def promote(
    shelf: str | Path,
    model: str | Path,
    *,
    photos: str | Path | None = None,
    allow_http: bool = False,
    force: str | None = None,
    progress: Progress | None = None,
) -> Promotion:
    """Give a shelf another encoder and encode its photos and titles anew.

    Parameters
    ----------
    shelf : str or Path
        Its folder. It may be served meanwhile, but not at the end.
    model : str or Path
        Name or folder of the encoder.
    photos : str, Path or None
        Folder or tar file of the photos that the shelf was made from. A photo that is not in it, or is not the one
        that was indexed, is encoded from the shelf's thumbnail.
    allow_http : bool
        Fetch images that are http(s) URLs.
    force : str or None
        Why the encoder is promoted although its verdict is bad or missing; recorded.
    progress : callable or None

    Raises
    ------
    PromotionError
        The verdict speaks against it, or the shelf uses it already. The bundled encoder needs no verdict where the
        shelf's own is gone, as after an upgrade.
    EncoderError
        The encoder cannot be loaded, or a file is not what its card says.
    ShelfInUseError
        The shelf is open elsewhere; what was encoded is kept for the next call.
    ShelfError
        There is no shelf.
    StorageError
        The disk is full; the shelf is as it was.
    """
    folder = Path(shelf)
    require_shelf(folder)
    if force is not None and not force.strip():
        raise PromotionError("forcing a promotion needs a reason, which is recorded: --force REASON")
    encoder = load_encoder(model)
    source = encoder.description.folder
    with open_catalogue(folder) as catalogue:
        current = _fingerprint(folder, catalogue)
        if current == encoder.fingerprint:
            raise PromotionError(f"{folder}: the shelf uses this encoder already ({encoder.fingerprint})")
        _check_files(source)
        objections = tuple(_objections(source, current, encoder.fingerprint))
        # After an upgrade the shelf has no encoder at all; the one that comes with Snapshelf was measured.
        if source == registry()["bundled"].folder and _in_use(folder, catalogue, current) is None:
            objections = ()
        if objections and force is None:
            raise PromotionError(
                f"{source}: not promoted: {'; '.join(objections)}. To overrule that: --force REASON"
            )
        change = _Change(folder, catalogue, current, photos, allow_http, progress)
        return change.make("promote", source, encoder, str(model), force, objections if force else ())


def roll_back(
    shelf: str | Path,
    *,
    photos: str | Path | None = None,
    allow_http: bool = False,
    progress: Progress | None = None,
) -> Promotion:
    """Give a shelf the encoder back that it had before the last promotion.

    Photos that were there then need not be encoded again. The parameters are those of `promote`.

    Raises
    ------
    PromotionError
        There was no promotion, it is taken back already, or the encoder was not kept.
    EncoderError, ShelfInUseError, ShelfError, StorageError
        As `promote`.
    """
    folder = Path(shelf)
    require_shelf(folder)
    with open_catalogue(folder) as catalogue:
        current = _fingerprint(folder, catalogue)
        last = next(iter(reversed(_history(catalogue))), None)
        if last is None or last.action == "back":
            state = (
                "no encoder was ever promoted" if last is None else "the last promotion is taken back already"
            )
            raise PromotionError(
                f"{folder}: {state}; promote the encoder that you want: snapshelf promote MODEL"
            )
        source = kept_encoder(folder, last.before)
        if not source.is_dir():
            raise PromotionError(
                f"{folder}: the encoder that it had before ({last.before}) was not kept, because it could not be found "
                "any more; promote another one: snapshelf promote MODEL"
            )
        change = _Change(folder, catalogue, current, photos, allow_http, progress)
        return change.make("back", source, load_encoder(source), str(source), None, ())


def history(shelf: str | Path) -> list[Promotion]:
    """Return the changes of a shelf's encoder, oldest first; it may be open elsewhere.

    Raises
    ------
    ShelfError
        There is no shelf.
    """
    folder = Path(shelf)
    require_shelf(folder)
    with open_catalogue(folder) as catalogue:
        return _history(catalogue)


def _history(catalogue: Catalogue) -> list[Promotion]:
    entries = json.loads(catalogue.meta(_HISTORY) or "[]")
    return [Promotion(**{**entry, "overruled": tuple(entry["overruled"])}) for entry in entries]


def _fingerprint(folder: Path, catalogue: Catalogue) -> str:
    fingerprint = catalogue.meta("encoder_fingerprint")
    if fingerprint is None:
        raise PromotionError(
            f"{folder}: the shelf has no encoder yet; add products first: snapshelf add FEED"
        )
    return fingerprint


def _in_use(folder: Path, catalogue: Catalogue, current: str) -> OnnxEncoder | None:
    """The shelf's encoder; None where it is gone, so that the shelf cannot be opened."""
    with suppress(EncoderError):
        encoder = load_encoder(encoder_source(folder, catalogue))
        if encoder.fingerprint == current:
            return encoder
    return None


def _check_files(source: Path) -> None:
    """Hold the files of a folder against the hashes on its card, where it has one."""
    if not (source / "card.json").is_file():
        return
    for name, expected in Card.read(source).files.items():
        try:
            with within(source, name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except ValueError as error:
            raise EncoderError(f"{source / 'card.json'}: {error}") from error
        except OSError as error:
            raise EncoderError(f"{source / name}: cannot be read: {error.strerror}") from error
        if found != expected:
            raise EncoderError(
                f"{source / name}: is not the file that card.json describes (SHA-256 {found}, not {expected}); "
                "export the encoder again"
            )


def _objections(source: Path, current: str, fingerprint: str) -> Iterator[str]:
    """What speaks against an encoder in the place of the current one."""
    if not (source / _VERDICT).is_file():
        yield f"it has no {_VERDICT}, so nobody knows whether it is worse; `snapshelf train` writes one"
        return
    try:
        verdict = Verdict.read(source / _VERDICT)
    except EvaluationError as error:
        yield str(error)
        return
    if verdict.tuned != fingerprint:
        yield f"its {_VERDICT} is of another encoder ({verdict.tuned}), not of this one ({fingerprint})"
    if verdict.base != current:
        yield (
            f"its {_VERDICT} compares it with the encoder {verdict.base}, but the shelf uses {current}: train it with "
            "the shelf's own encoder as --base, which is in SHELF/encoders once one was promoted"
        )
    if not verdict.may_be_promoted:
        yield from verdict.reasons


class _Change:
    """One encoder in place of another, from the copy to the exchange."""

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        current: str,
        photos: str | Path | None,
        allow_http: bool,
        progress: Progress | None,
    ) -> None:
        self._folder = folder
        self._catalogue = catalogue
        self._current = current
        self._photos = photos
        self._allow_http = allow_http
        self._progress = progress or (lambda _done, _total: None)

    def make(
        self,
        action: Literal["promote", "back"],
        source: Path,
        encoder: OnnxEncoder,
        name: str,
        reason: str | None,
        overruled: tuple[str, ...],
    ) -> Promotion:
        """Encode, exchange, and tell."""
        folder, catalogue, fingerprint = self._folder, self._catalogue, encoder.fingerprint
        lexicon = shop_lexicon(folder)
        with (
            _alone(folder),
            open_photos(self._photos, allow_http=self._allow_http) as originals,
        ):
            self._keep_current()
            # From here on nothing outside of the shelf is needed.
            encoder = load_encoder(_kept(folder, source, fingerprint))
            with _VectorFile(_vector_file(folder, fingerprint)) as vectors:
                encoded = _Encoded()
                self._encode(encoder, vectors, originals, encoded)
                lock = self._locked()
                try:
                    if catalogue.meta("encoder_fingerprint") != self._current:
                        raise PromotionError(f"{folder}: another encoder was promoted meanwhile; start again")
                    # What was added since a page was looked at.
                    self._encode(encoder, vectors, originals, encoded)
                    self._save_current()
                    made = Promotion(
                        when=datetime.now(UTC).isoformat(timespec="seconds"),
                        who=_who(),
                        action=action,
                        name=encoder.name,
                        before=self._current,
                        after=fingerprint,
                        reason=reason,
                        overruled=overruled,
                        photos=catalogue.photo_count(),
                        encoded=encoded.photos,
                        from_thumbnails=encoded.from_thumbnails,
                    )
                    entries = [asdict(each) for each in (*_history(catalogue), made)]
                    catalogue.replace_vectors(
                        vectors.get,
                        {
                            "encoder_source": name,
                            "encoder_fingerprint": fingerprint,
                            _HISTORY: json.dumps(entries, ensure_ascii=False),
                        },
                    )
                    with open_index(folder, encoder.dimension) as store:
                        catch_up(catalogue, store, lexicon)
                    self._forget_others(fingerprint)
                finally:
                    lock.release()
        return made

    def _locked(self) -> filelock.FileLock:
        try:
            return lock_shelf(self._folder)
        except ShelfInUseError as error:
            raise ShelfInUseError(
                f"{self._folder}: all photos are encoded, but the shelf is open in another process (`snapshelf "
                "serve`?), which goes on with the old encoder; stop that one and give the same command again, which "
                "then takes moments"
            ) from error

    def _keep_current(self) -> None:
        """Copy the encoder in use into the shelf, so that there is a way back."""
        if kept_encoder(self._folder, self._current).is_dir():
            return
        encoder = _in_use(self._folder, self._catalogue, self._current)
        if encoder is not None:
            _kept(self._folder, encoder.description.folder, self._current)

    def _save_current(self) -> None:
        """Keep the vectors in use, so that the way back is short."""
        if not kept_encoder(self._folder, self._current).is_dir():
            return
        with _VectorFile(_vector_file(self._folder, self._current)) as vectors:
            after = 0
            while changes := self._catalogue.changes(after, _COPIED_AT_ONCE):
                entries = [change.entry for change in changes if change.entry]
                vectors.put(
                    {photo.fingerprint: photo.vector for entry in entries for photo in entry.photos}
                    | {
                        title_fingerprint(entry.product.title): entry.title
                        for entry in entries
                        if entry.title is not None
                    }
                )
                after = changes[-1].version

    def _forget_others(self, fingerprint: str) -> None:
        kept = {fingerprint, self._current}
        for path in (self._folder / "encoders").iterdir():
            if path.is_dir() and path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix == ".vectors" and path.stem not in kept:
                path.unlink(missing_ok=True)

    def _encode(
        self, encoder: OnnxEncoder, vectors: _VectorFile, originals: PhotoSource, encoded: _Encoded
    ) -> None:
        """Make the vectors that are missing."""
        workers = usable_cores()
        total, done, after = self._catalogue.photo_count(), 0, None
        with ThreadPoolExecutor(workers, thread_name_prefix="snapshelf-promote") as executor:
            running: deque[Future[_Batch]] = deque()
            try:
                while page := self._catalogue.ids(after, _PAGE):
                    after = page[-1]
                    known = self._catalogue.known(page)
                    missing = vectors.missing(
                        {each for product in known.values() for each in product.fingerprints}
                    )
                    wanting = iter([id for id, one in known.items() if missing & set(one.fingerprints)])
                    while ids := list(islice(wanting, _PRODUCTS_A_THREAD)):
                        running.append(
                            executor.submit(_encode, self._catalogue, encoder, originals, ids, missing)
                        )
                    titles = {
                        title_fingerprint(each.title): each.title
                        for each in self._catalogue.get_many(page).values()
                    }
                    untitled = iter(sorted(vectors.missing(titles.keys())))
                    while some := {each: titles[each] for each in islice(untitled, _TITLES_A_THREAD)}:
                        running.append(executor.submit(_encode_titles, encoder, some))
                    while running:
                        batch = running.popleft().result()
                        vectors.put(batch.vectors)
                        encoded.photos += batch.photos
                        encoded.from_thumbnails += batch.from_thumbnails
                    done += sum(len(product.fingerprints) for product in known.values())
                    self._progress(min(done, total), total)
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                raise


@dataclass(slots=True)
class _Encoded:
    """How many photos were encoded so far, and how many of them from thumbnails."""

    photos: int = 0
    from_thumbnails: int = 0


@dataclass(frozen=True, slots=True)
class _Batch:
    vectors: dict[str, NDArray[np.float32]]
    photos: int
    from_thumbnails: int


def _encode_titles(encoder: OnnxEncoder, titles: Mapping[str, str]) -> _Batch:
    vectors = encoder.encode_texts(list(titles.values()))
    return _Batch(dict(zip(titles, vectors, strict=True)), photos=0, from_thumbnails=0)


def _encode(
    catalogue: Catalogue, encoder: OnnxEncoder, source: PhotoSource, ids: Sequence[str], missing: set[str]
) -> _Batch:
    """Encode the photos of some products, from the originals where these can be had."""
    products = catalogue.get_many(ids)
    images: dict[str, Image.Image] = {}
    thumbnails = 0
    for id, product in products.items():
        stored = {photo.fingerprint: photo.thumbnail for photo in catalogue.photos(id)}
        wanted = {each: image for each, image in stored.items() if each in missing and each not in images}
        originals = _originals(product, source, wanted)
        for fingerprint, thumbnail in wanted.items():
            try:
                images[fingerprint] = decode_photo(
                    originals.get(fingerprint, thumbnail), at_least=DECODED_SIDE
                )
            except PhotoError as error:
                raise PromotionError(
                    f"a photo of product {id!r} can be read neither from --photos nor from the shelf ({error}); give "
                    "--photos, or remove the product"
                ) from error
            thumbnails += fingerprint not in originals
    vectors = encoder.encode_photos(list(images.values()))
    return _Batch(dict(zip(images, vectors, strict=True)), len(images), thumbnails)


def _originals(product: Product, source: PhotoSource, wanted: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that were indexed, by fingerprint, as far as they can be had; `wanted` has the thumbnails."""
    # A small JPEG is its own thumbnail.
    found = {each: image for each, image in wanted.items() if photo_fingerprint(image) == each}
    for reference in product.images or source.find_by_id(product.id):
        if wanted.keys() <= found.keys():
            break
        with suppress(PhotoError):
            data = source.read(reference)
            fingerprint = photo_fingerprint(data)
            if fingerprint in wanted:
                found[fingerprint] = data
    return found


class _VectorFile:
    """Vectors by photo or title in a file that survives whoever writes it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._errors():
            self._file = sqlite3.connect(path)
            self._file.execute(
                "CREATE TABLE IF NOT EXISTS vector (photo TEXT PRIMARY KEY, half BLOB NOT NULL) WITHOUT ROWID"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def missing(self, wanted: AbstractSet[str]) -> set[str]:
        """Those of these photos and titles that have no vector yet."""
        return wanted - self._halves(list(wanted)).keys()

    def get(self, photos: Sequence[str]) -> _Vectors:
        """Vectors of these photos and titles, float32 of unit length."""
        halves = self._halves(photos)
        vectors = {photo: np.frombuffer(halves[photo], _HALF).astype(np.float32) for photo in photos}
        return {photo: vector / np.linalg.norm(vector) for photo, vector in vectors.items()}

    def put(self, vectors: _Vectors) -> None:
        """Add vectors; they are on disk afterwards."""
        rows = [(photo, vector.astype(_HALF).tobytes()) for photo, vector in vectors.items()]
        with self._errors(), self._file:
            self._file.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?)", rows)

    def _halves(self, photos: Sequence[str]) -> dict[str, bytes]:
        with self._errors():
            # One parameter whatever their number.
            rows = self._file.execute(
                "SELECT photo, half FROM vector WHERE photo IN (SELECT value FROM json_each(?))",
                (json.dumps(photos),),
            )
            return dict(rows.fetchall())

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(
                f"{self._path}: {error}; free space on the disk, or delete the file if it is damaged, and start again"
            ) from error


def _vector_file(folder: Path, fingerprint: str) -> Path:
    return folder / "encoders" / f"{fingerprint}.vectors"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """See to it that no other promotion writes to the same files."""
    try:
        (folder / "encoders").mkdir(exist_ok=True)
        with filelock.FileLock(folder / "encoders" / "lock", blocking=False):
            yield
    except filelock.Timeout as error:
        raise ShelfInUseError(
            f"{folder}: another process is just promoting an encoder; wait until it has finished"
        ) from error
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror or error}") from error


def _kept(folder: Path, source: Path, fingerprint: str) -> Path:
    """Copy an encoder into the shelf, whole or not at all; returns its folder there."""
    kept = kept_encoder(folder, fingerprint)
    if kept.is_dir():
        return kept
    with replacing_folder(kept) as new:
        for file in _files(source):
            copy = new / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        if load_encoder(new).fingerprint != fingerprint:
            raise EncoderError(
                f"{source}: its copy in the shelf is not the same encoder; write it into a folder with a card first: "
                "snapshelf encoders export"
            )
    return kept


def _files(source: Path) -> Iterator[Path]:
    """The files that make an encoder: what else lies in its folder, checkpoints above all, stays there."""
    if (source / "card.json").is_file():
        names = (*Card.read(source).files, *_BESIDE_THE_CARD)
        yield from (source / name for name in names if (source / name).is_file())
    else:
        yield from (path for path in source.rglob("*") if path.is_file() and path.suffix in _OF_OTHER_LAYOUTS)


def _who() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in a container
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
