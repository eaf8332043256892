"""Rollout of another encoder on a shelf, and the way back.

The shelf keeps its old encoder until the last moment. First the new encoder is copied into the shelf, and all photos
and titles are encoded into a file beside the old vectors, while a server may go on serving the shelf. Then, with the
shelf locked, a single transaction of the catalogue exchanges all vectors and the encoder's fingerprint. An interruption
before that transaction leaves the shelf as it was, and the next call continues; after it, the index follows from the
catalogue as always.

``SHELF/encoders/`` has a folder for the encoder in use and a folder for the encoder before it, each named by its
fingerprint, and files ``<fingerprint>.vectors`` with vectors by fingerprint of a photo or a title.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import filelock

from snapshelf._support.files import replacing_folder
from snapshelf._support.paths import within
from snapshelf.catalogue import (
    Catalogue,
    open_photos,
    title_fingerprint,
)
from snapshelf.encoders import Card, OnnxEncoder, load_encoder, registry
from snapshelf.errors import (
    EncoderError,
    EvaluationError,
    PromotionError,
    ShelfInUseError,
    StorageError,
)
from snapshelf.evaluation import Verdict
from snapshelf.shelf.folder import (
    encoder_source,
    kept_encoder,
    lock_shelf,
    open_index,
    shop_lexicon,
)
from snapshelf.shelf.location import open_catalogue, require_shelf
from snapshelf.shelf.reencode import EncodedCounts, Progress, encode_missing
from snapshelf.shelf.sync import catch_up
from snapshelf.shelf.vector_file import VectorFile

__all__ = ["Promotion", "history", "promote", "roll_back"]

_HISTORY = "encoder_history"
_VERDICT = "verdict.json"
_BESIDE_THE_CARD = ("card.json", _VERDICT, "README.md")
_OF_OTHER_LAYOUTS = {".json", ".txt", ".model", ".md", ".onnx", ".onnx_data", ".data"}
_COPIED_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Promotion:
    """A change of a shelf's encoder, as its history keeps it.

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
        Why it was forced, if it was.
    overruled : tuple of str
        Objections that were overruled.
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
        Folder or tar file of the photos that the shelf was made from. A photo that is missing there or has
        changed is encoded from the shelf's thumbnail.
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
        # After an upgrade the shelf has no encoder at all; the bundled encoder was measured.
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
        There was no promotion, it was rolled back already, or the encoder was not kept.
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
                "no encoder was ever promoted"
                if last is None
                else "the last promotion is rolled back already"
            )
            raise PromotionError(
                f"{folder}: {state}; promote the encoder that you want: snapshelf promote MODEL"
            )
        source = kept_encoder(folder, last.before)
        if not source.is_dir():
            raise PromotionError(
                f"{folder}: the encoder that it had before ({last.before}) was not kept, because it was gone "
                "already; promote another one: snapshelf promote MODEL"
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
    """Return the shelf's encoder; None if it is gone, so that the shelf cannot be opened."""
    with suppress(EncoderError):
        encoder = load_encoder(encoder_source(folder, catalogue))
        if encoder.fingerprint == current:
            return encoder
    return None


def _check_files(source: Path) -> None:
    """Compare the files of a folder with the hashes on its card, if it has a card."""
    if not (source / "card.json").is_file():
        return
    for name, expected in Card.read(source).files.items():
        try:
            with within(source, name).open("rb") as file:
                actual = hashlib.file_digest(file, "sha256").hexdigest()
        except ValueError as error:
            raise EncoderError(f"{source / 'card.json'}: {error}") from error
        except OSError as error:
            raise EncoderError(f"{source / name}: cannot be read: {error.strerror}") from error
        if actual != expected:
            raise EncoderError(
                f"{source / name}: is not the file that card.json describes (SHA-256 {actual}, not {expected}); "
                "export the encoder again"
            )


def _objections(source: Path, current: str, fingerprint: str) -> Iterator[str]:
    """Yield the objections to an encoder in place of the current encoder."""
    if not (source / _VERDICT).is_file():
        yield f"it has no {_VERDICT}, so nobody knows whether it is worse; `snapshelf train` writes it"
        return
    try:
        verdict = Verdict.read(source / _VERDICT)
    except EvaluationError as error:
        yield str(error)
        return
    if verdict.tuned != fingerprint:
        yield f"its {_VERDICT} is of another encoder ({verdict.tuned}), not of this encoder ({fingerprint})"
    if verdict.base != current:
        yield (
            f"its {_VERDICT} compares it with the encoder {verdict.base}, but the shelf uses {current}: train it with "
            "the shelf's own encoder as --base, which is in SHELF/encoders after a promotion"
        )
    if not verdict.may_be_promoted:
        yield from verdict.reasons


class _Change:
    """The exchange of an encoder, from the copy to the transaction."""

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
        """Encode, exchange, and report."""
        folder, catalogue, fingerprint = self._folder, self._catalogue, encoder.fingerprint
        lexicon = shop_lexicon(folder)
        with (
            _alone(folder),
            open_photos(self._photos, allow_http=self._allow_http) as originals,
        ):
            self._keep_current()
            # From here on nothing outside of the shelf is needed.
            encoder = load_encoder(_kept(folder, source, fingerprint))
            with VectorFile(_vector_file(folder, fingerprint)) as vectors:
                encoded = EncodedCounts()
                encode_missing(catalogue, encoder, vectors, originals, encoded, self._progress)
                lock = self._locked()
                try:
                    if catalogue.meta("encoder_fingerprint") != self._current:
                        raise PromotionError(f"{folder}: another encoder was promoted meanwhile; start again")
                    # What was added since a page was looked at.
                    encode_missing(catalogue, encoder, vectors, originals, encoded, self._progress)
                    self._save_current()
                    promotion = Promotion(
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
                    entries = [asdict(each) for each in (*_history(catalogue), promotion)]
                    catalogue.replace_vectors(
                        vectors.get,
                        {
                            "encoder_source": name,
                            "encoder_fingerprint": fingerprint,
                            _HISTORY: json.dumps(entries, ensure_ascii=False),
                        },
                    )
                    with open_index(folder, encoder.dimension) as index:
                        catch_up(catalogue, index, lexicon)
                    self._forget_others(fingerprint)
                finally:
                    lock.release()
        return promotion

    def _locked(self) -> filelock.FileLock:
        try:
            return lock_shelf(self._folder)
        except ShelfInUseError as error:
            raise ShelfInUseError(
                f"{self._folder}: all photos are encoded, but the shelf is open in another process (`snapshelf "
                "serve`?), which goes on with the old encoder; stop that process and give the same command again, "
                "which then takes moments"
            ) from error

    def _keep_current(self) -> None:
        """Copy the encoder in use into the shelf, so that it can be rolled back to."""
        if kept_encoder(self._folder, self._current).is_dir():
            return
        encoder = _in_use(self._folder, self._catalogue, self._current)
        if encoder is not None:
            _kept(self._folder, encoder.description.folder, self._current)

    def _save_current(self) -> None:
        """Keep the vectors in use, so that rolling back is short."""
        if not kept_encoder(self._folder, self._current).is_dir():
            return
        with VectorFile(_vector_file(self._folder, self._current)) as vectors:
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


def _vector_file(folder: Path, fingerprint: str) -> Path:
    return folder / "encoders" / f"{fingerprint}.vectors"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let no other promotion write to the same files."""
    try:
        (folder / "encoders").mkdir(exist_ok=True)
        with filelock.FileLock(folder / "encoders" / "lock", blocking=False):
            yield
    except filelock.Timeout as error:
        raise ShelfInUseError(
            f"{folder}: another process is promoting an encoder; wait until it has finished"
        ) from error
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror or error}") from error


def _kept(folder: Path, source: Path, fingerprint: str) -> Path:
    """Copy an encoder into the shelf, whole or not at all; return its folder there."""
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
    """Yield the files of an encoder; others in its folder, checkpoints above all, are left out."""
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
