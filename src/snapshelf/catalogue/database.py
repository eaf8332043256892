"""The catalogue database: the products of a shelf, and the order of their changes.

Every change of a product takes the next number of a counter, the catalogue version, in the transaction that makes the
change. Writers are serialised, so a later commit has larger versions: a reader of all changes up to a version never has
to look back. So the index can catch up, or be rebuilt, from here.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from itertools import groupby
from operator import attrgetter
from time import time
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
from pydantic_core import from_json
from sqlalchemy import (
    BindParameter,
    Connection,
    Delete,
    Row,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    func,
    insert,
    null,
    select,
    union_all,
    update,
)

from snapshelf._support.sql import Database, chunks, rows_of
from snapshelf.catalogue.product import Price, Product, ProductName
from snapshelf.catalogue.schema import (
    SCHEMA,
    meta,
    photo,
    product,
    server_bytes,
    state,
    thumbnail,
    title,
    tombstone,
)
from snapshelf.errors import EncoderError, NotFoundError, ProductError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

_Named: TypeAlias = "tuple[str, NDArray[np.float32]]"
"""The owner of a vector, for messages, and the vector."""

_HALF = np.dtype("<f2")
_NORM_TOLERANCE = 1e-2  # float16 itself moves a norm by up to 1e-3
_PRODUCTS_A_STEP = 1_000  # of `replace_vectors`

_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_FIELDS = select(product.c.id, product.c.key, product.c.facts).where(product.c.id.in_(_IDS))
_KNOWN = (
    select(product.c.id, product.c.facts_hash, title.c.fingerprint.label("title"), photo.c.fingerprint)
    .select_from(product.outerjoin(title).outerjoin(photo, photo.c.product_key == product.c.key))
    .where(product.c.id.in_(_IDS))
    .order_by(product.c.key, photo.c.position)
)
_VECTORS = (
    select(product.c.id, photo.c.vector)
    .select_from(product)
    .join(photo)
    .where(product.c.id.in_(_IDS))
    .order_by(product.c.key, photo.c.position)
)
_STORED = select(product.c.id, product.c.key, product.c.added).where(product.c.id.in_(_IDS))
_TITLES = select(product.c.id, title.c.vector).join(title).where(product.c.id.in_(_IDS))
_UNTITLED = (
    select(product.c.id, product.c.facts)
    .outerjoin(title)
    .where(title.c.product_key.is_(None), product.c.id > bindparam("after"))
    .order_by(product.c.id)
    .limit(bindparam("limit"))
)
_PHOTOS = (
    select(photo.c.fingerprint, photo.c.vector, func.coalesce(thumbnail.c.image, b"").label("image"))
    .select_from(product)
    .join(photo)
    .outerjoin(
        thumbnail,
        and_(thumbnail.c.product_key == photo.c.product_key, thumbnail.c.position == photo.c.position),
    )
    .where(product.c.id == bindparam("id"))
    .order_by(photo.c.position)
)
_KEYS = (
    select(product.c.key, product.c.version, product.c.facts)
    .where(product.c.version > bindparam("after"), product.c.version <= bindparam("upto"))
    .order_by(product.c.version)
    .limit(_PRODUCTS_A_STEP)
)
_FINGERPRINTS = select(photo.c.product_key, photo.c.position, photo.c.fingerprint).where(
    photo.c.product_key.in_(bindparam("keys", expanding=True))
)
_VECTOR_BYTES = select(func.length(photo.c.vector)).limit(1)
_THUMBNAIL = (
    select(thumbnail.c.image)
    .join(product)
    .where(product.c.id == bindparam("id"), thumbnail.c.position == bindparam("position"))
)
_VERSION = select(state.c.value).where(state.c.name == "version")
_HEADS = (
    union_all(
        select(product.c.version, product.c.id, product.c.key, product.c.facts, product.c.added).where(
            product.c.version > bindparam("after")
        ),
        select(tombstone.c.version, tombstone.c.id, null(), null(), null()).where(
            tombstone.c.version > bindparam("after")
        ),
    )
    .order_by("version")
    .limit(bindparam("limit"))
    .subquery()
)
_CHANGES = (
    select(_HEADS, title.c.vector.label("title"), photo.c.fingerprint, photo.c.vector)
    .select_from(
        _HEADS.outerjoin(title, title.c.product_key == _HEADS.c.key).outerjoin(
            photo, photo.c.product_key == _HEADS.c.key
        )
    )
    .order_by(_HEADS.c.version, photo.c.position)
)


@dataclass(frozen=True, slots=True, eq=False)
class PhotoEntry:
    """A photo of a product in the catalogue.

    Parameters
    ----------
    fingerprint : str
        Hash of the photo's bytes.
    vector : ndarray
        float32 (d,), unit norm. Kept as float16, so it comes back changed by up to 5e-4 in each component.
    thumbnail : bytes
        Small JPEG to show; empty if there is none. `Catalogue.changes` leaves it empty.
    """

    fingerprint: str
    vector: NDArray[np.float32]
    thumbnail: bytes = b""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A product with its photos.

    Parameters
    ----------
    product : Product
    photos : tuple of PhotoEntry
        The main photo first.
    title : ndarray or None
        Vector of the product's title, float32 (d,), unit norm; kept as float16 like those of photos; or None.
    added : int or None
        Unix seconds of when the catalogue first got the product; `Catalogue.put` ignores it. None for products
        from before schema 2.
    """

    product: Product
    photos: tuple[PhotoEntry, ...]
    title: NDArray[np.float32] | None = None
    added: int | None = None

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The photos' vectors, float32 (m, d); (0, 0) without photos."""
        return (
            np.stack([each.vector for each in self.photos]) if self.photos else np.empty((0, 0), np.float32)
        )


@dataclass(frozen=True, slots=True)
class Known:
    """The stored state of a product: enough to tell whether it must be stored again.

    Parameters
    ----------
    fields_hash : str
        `fields_hash` of the stored product.
    fingerprints : tuple of str
        Fingerprints of its photos, in order.
    title : str or None
        `title_fingerprint` of the title whose vector is stored; None without a vector.
    """

    fields_hash: str
    fingerprints: tuple[str, ...]
    title: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """The last change of an id.

    Parameters
    ----------
    version : int
        Catalogue version of the change.
    id : str
        The product's id.
    entry : Entry or None
        The product as it is now, with vectors and without thumbnails; None when it was deleted.
    """

    version: int
    id: str
    entry: Entry | None


def fields_hash(product: Product) -> str:
    """Hash the fields of a product, apart from the order of its attributes: 32 hex digits.

    Fields that have their default value do not enter, so a field added to `Product` later changes no hash.
    """
    fields = product.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=16).hexdigest()


def title_fingerprint(text: str) -> str:
    """Hash a title so that it equals no photo's fingerprint: 32 hex digits."""
    return blake2b(text.encode(), digest_size=16, person=b"title").hexdigest()


class Catalogue:
    """The system of record of a shelf: products, photos as fingerprints, vectors and thumbnails, vectors of titles.

    Open it with `Catalogue.open`. It may be used from several threads: reads run beside each other and beside a write,
    and see the state before or after that write. Writes wait for each other, also across processes. When a write
    returns, it is on the disk; when it raises, nothing of it was kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, location: str | Path) -> Self:
        """Open a catalogue, or make an empty catalogue.

        Parameters
        ----------
        location : str or Path
            Path of an SQLite file (its folder must exist), or an SQLAlchemy URL: ``sqlite:///…`` or
            ``postgresql://user:password@host/database``.

        Raises
        ------
        StorageError
            It cannot be opened, is damaged, or belongs to another program.
        ShelfVersionError
            It was written by a newer Snapshelf.
        MissingExtraError
            The URL is of PostgreSQL and ``snapshelf[postgresql]`` is not installed.
        InputError
            The URL cannot be read or names another kind of database.
        """
        return cls(Database.open(location, SCHEMA))

    @property
    def where(self) -> str:
        """Path or URL for messages, without the password."""
        return self._database.where

    def hold(self) -> bool:
        """Take the catalogue for this process; see `Database.hold`."""
        return self._database.hold()

    def close(self) -> None:
        """Close all connections; the catalogue cannot be used after that."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def put(self, entries: Sequence[Entry]) -> int:
        """Add products, or replace those that have the same id, photos and title vector included.

        Returns
        -------
        int
            The new catalogue version, that of the last entry.

        Raises
        ------
        ProductError
            An id is given twice.
        EncoderError
            A vector is not a finite unit vector, or has another length than the others in the catalogue.
        StorageError
            It could not be written.
        """
        ids = _distinct(entry.product for entry in entries)
        rows = [_row(entry.product) for entry in entries]
        now = int(time())
        with self._writing() as (connection, version):
            added = {row.id: row.added for row in rows_of(connection, _STORED, ids)}
            for chunk in chunks(ids):
                connection.execute(delete(tombstone).where(tombstone.c.id.in_(chunk)))
                connection.execute(delete(product).where(product.c.id.in_(chunk)))
            length = connection.scalar(_VECTOR_BYTES)
            halves = _halves(_named_photos(entries), length)
            titles = {entry.product.id: entry.title for entry in entries if entry.title is not None}
            title_halves = _halves(_named_titles(titles), length or (len(halves[0]) if halves else None))
            keys = range(version + 1, version + 1 + len(entries))
            photos = [
                (key, position, each)
                for key, entry in zip(keys, entries, strict=True)
                for position, each in enumerate(entry.photos)
            ]
            _insert(
                connection,
                product,
                [
                    {"key": key, "version": key, "added": added.get(row["id"], now), **row}
                    for key, row in zip(keys, rows, strict=True)
                ],
            )
            _insert(
                connection,
                photo,
                [
                    {
                        "product_key": key,
                        "position": position,
                        "fingerprint": each.fingerprint,
                        "vector": half,
                    }
                    for (key, position, each), half in zip(photos, halves, strict=True)
                ],
            )
            _insert(
                connection,
                thumbnail,
                [
                    {"product_key": key, "position": position, "image": each.thumbnail}
                    for key, position, each in photos
                    if each.thumbnail
                ],
            )
            titled = [
                (key, entry.product)
                for key, entry in zip(keys, entries, strict=True)
                if entry.title is not None
            ]
            _insert(
                connection,
                title,
                [
                    {"product_key": key, "fingerprint": title_fingerprint(each.title), "vector": half}
                    for (key, each), half in zip(titled, title_halves, strict=True)
                ],
            )
            return _advance(connection, version + len(entries))

    def put_fields(
        self, products: Sequence[Product], titles: Mapping[str, NDArray[np.float32]] | None = None
    ) -> int:
        """Replace the fields of stored products and keep their photos.

        Parameters
        ----------
        products : sequence of Product
        titles : mapping or None
            Id → vector of the new title. The vector of an unchanged title stays; the vector of a changed title goes,
            unless a new vector is given.

        Returns
        -------
        int
            The new catalogue version, that of the last product.

        Raises
        ------
        NotFoundError
            A product is not in the catalogue; nothing is written then.
        ProductError
            An id is given twice.
        EncoderError
            A vector is not a finite unit vector, or has another length than the others in the catalogue.
        StorageError
            It could not be written.
        """
        ids = _distinct(products)
        rows = [_row(each) for each in products]
        with self._writing() as (connection, version):
            stored = {row.id: row.key for row in rows_of(connection, _STORED, ids)}
            if unknown := next((each for each in ids if each not in stored), None):
                raise NotFoundError(f"no product has the id {unknown!r}; add it with its photos first")
            _update(
                connection,
                update(product).where(product.c.id == bindparam("which")),
                [
                    {"which": row.pop("id"), "version": number, **row}
                    for number, row in enumerate(rows, version + 1)
                ],
            )
            _update(
                connection,
                delete(title).where(
                    title.c.product_key == bindparam("which"), title.c.fingerprint != bindparam("new")
                ),
                [{"which": stored[each.id], "new": title_fingerprint(each.title)} for each in products],
            )
            _put_titles(connection, stored, {each.id: each.title for each in products}, titles or {})
            return _advance(connection, version + len(rows))

    def put_titles(self, texts: Mapping[str, str], vectors: Mapping[str, NDArray[np.float32]]) -> int:
        """Store vectors of titles; products that are gone or have another title now are left out.

        Parameters
        ----------
        texts : mapping
            Id → title that was encoded.
        vectors : mapping
            Id → its vector, float32 (d,), unit norm.

        Returns
        -------
        int
            The new catalogue version: each product takes a new version, so that an index that catches up gets it.

        Raises
        ------
        EncoderError
            A vector is not a finite unit vector, or has another length than the others in the catalogue.
        StorageError
            It could not be written.
        """
        with self._writing() as (connection, version):
            keys = {
                row.id: row.key
                for row in rows_of(connection, _FIELDS, texts)
                if json.loads(row.facts)["title"] == texts[row.id]
            }
            _put_titles(connection, keys, texts, {id: vectors[id] for id in keys})
            _update(
                connection,
                update(product).where(product.c.key == bindparam("which")),
                [{"which": key, "version": number} for number, key in enumerate(keys.values(), version + 1)],
            )
            return _advance(connection, version + len(keys))

    def delete(self, ids: Iterable[str]) -> int:
        """Delete products with their photos; unknown ids are ignored.

        Returns
        -------
        int
            Number of deleted products.

        Raises
        ------
        StorageError
            It could not be written.
        """
        with self._writing() as (connection, version):
            deleted = [
                id
                for chunk in chunks(ids)
                for id in connection.scalars(
                    delete(product).where(product.c.id.in_(chunk)).returning(product.c.id)
                )
            ]
            rows = [{"id": each, "version": number} for number, each in enumerate(deleted, version + 1)]
            _insert(connection, tombstone, rows)
            _advance(connection, version + len(deleted))
        return len(deleted)

    def replace_vectors(
        self,
        vectors: Callable[[Sequence[str]], Mapping[str, NDArray[np.float32]]],
        notes: Mapping[str, str],
    ) -> int:
        """Replace the vectors of all photos and titles, all at once or none, by those of another encoder.

        Every product takes a new version, so that an index that catches up gets all of them.

        Parameters
        ----------
        vectors : callable
            Takes fingerprints of photos and titles and returns the new vector of each; called for some at a time.
        notes : mapping
            What `set_meta` would note, in the same transaction.

        Returns
        -------
        int
            The new catalogue version.

        Raises
        ------
        EncoderError
            A vector is not a finite unit vector, or they differ in length.
        StorageError
            It could not be written; everything is as it was.
        """
        with self._writing() as (connection, version):
            reached, after, length = version, 0, None
            while rows := connection.execute(_KEYS, {"after": after, "upto": version}).all():
                after = rows[-1].version
                keys = [row.key for row in rows]
                photos = connection.execute(_FINGERPRINTS, {"keys": keys}).all()
                titles = {row.key: title_fingerprint(json.loads(row.facts)["title"]) for row in rows}
                new = vectors(list({row.fingerprint for row in photos} | set(titles.values())))
                places = [
                    f"photo {row.position} of the product with the key {row.product_key}" for row in photos
                ]
                places += [f"the title of the product with the key {key}" for key in keys]
                wanted = [*(row.fingerprint for row in photos), *titles.values()]
                named = ((place, new[each]) for place, each in zip(places, wanted, strict=True))
                halves = _halves(named, length)
                length = len(halves[0])
                _update(
                    connection,
                    update(photo).where(
                        photo.c.product_key == bindparam("which"), photo.c.position == bindparam("place")
                    ),
                    [
                        {"which": row.product_key, "place": row.position, "vector": half}
                        for row, half in zip(photos, halves, strict=False)
                    ],
                )
                _replace_titles(
                    connection,
                    [
                        {"product_key": key, "fingerprint": fingerprint, "vector": half}
                        for (key, fingerprint), half in zip(
                            titles.items(), halves[len(photos) :], strict=True
                        )
                    ],
                )
                _update(
                    connection,
                    update(product).where(product.c.key == bindparam("which")),
                    [{"which": key, "version": number} for number, key in enumerate(keys, reached + 1)],
                )
                reached += len(keys)
            for key, value in notes.items():
                _note(connection, key, value)
            return _advance(connection, reached)

    def get(self, id: str) -> Product | None:
        """Return the product with this id, None if there is none."""
        return self.get_many([id]).get(id)

    def get_many(self, ids: Iterable[str]) -> dict[str, Product]:
        """Return the products with these ids, in the order of `ids`; unknown ones are left out."""
        ids = list(ids)
        with self._database.reading() as connection:
            fields = {row.id: row.facts for row in rows_of(connection, _FIELDS, ids)}
        return {id: _product(fields[id]) for id in ids if id in fields}

    def names(self, ids: Iterable[str]) -> dict[str, ProductName]:
        """Return title and brand of products by id, without reading all their fields; unknown ids are left out."""
        with self._database.reading() as connection:
            rows = rows_of(connection, _FIELDS, ids)
        fields = ((row.id, from_json(row.facts)) for row in rows)
        return {id: ProductName(values["title"], values.get("brand", "")) for id, values in fields}

    def known(self, ids: Iterable[str]) -> dict[str, Known]:
        """Tell what is stored of these ids, so that it is not stored again; unknown ones are left out."""
        with self._database.reading() as connection:
            rows = rows_of(connection, _KNOWN, ids)
        return {
            id: Known(
                stored_hash, tuple(row.fingerprint for row in group if row.fingerprint is not None), titled
            )
            for (id, stored_hash, titled), group in groupby(rows, attrgetter("id", "facts_hash", "title"))
        }

    def vectors(self, ids: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return the photos' vectors of these products; those unknown or without photos are left out.

        Returns
        -------
        dict
            Id → float32 (m, d), unit norm, in the order of `ids` and of the photos.
        """
        ids = list(ids)
        with self._database.reading() as connection:
            rows = rows_of(connection, _VECTORS, ids)
        vectors = _unit_vectors([row.vector for row in rows])
        vectors_of: dict[str, NDArray[np.float32]] = {}
        start = 0
        for each, group in groupby(rows, attrgetter("id")):
            end = start + sum(1 for _ in group)
            vectors_of[each] = vectors[start:end]
            start = end
        return {id: vectors_of[id] for id in ids if id in vectors_of}

    def titles(self, ids: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors of titles; products that are unknown or have no such vector are left out.

        Returns
        -------
        dict
            Id → float32 (d,), unit norm.
        """
        with self._database.reading() as connection:
            rows = rows_of(connection, _TITLES, ids)
        return dict(zip((row.id for row in rows), _unit_vectors([row.vector for row in rows]), strict=True))

    def untitled(self, after: str = "", limit: int = 1_000) -> dict[str, str]:
        """Return products whose title has no vector, id → title: at most `limit`, in order, with ids behind `after`."""
        with self._database.reading() as connection:
            rows = connection.execute(_UNTITLED, {"after": after, "limit": limit}).all()
        return {row.id: json.loads(row.facts)["title"] for row in rows}

    def photos(self, id: str) -> tuple[PhotoEntry, ...]:
        """Return the photos of a product with their thumbnails; none for an unknown id."""
        with self._database.reading() as connection:
            rows = connection.execute(_PHOTOS, {"id": id}).all()
        vectors = _unit_vectors([row.vector for row in rows])
        return tuple(
            PhotoEntry(row.fingerprint, vector, row.image) for row, vector in zip(rows, vectors, strict=True)
        )

    def thumbnail(self, id: str, position: int = 0) -> bytes | None:
        """Return the thumbnail of a product's photo, None where there is none; `position` counts from 0."""
        with self._database.reading() as connection:
            image: bytes | None = connection.scalar(_THUMBNAIL, {"id": id, "position": position})
        return image

    def changes(self, after: int, limit: int) -> list[Change]:
        """Return the changes since a version, oldest first, for an index that catches up.

        An id that changed several times appears once, with its last change. To hold the
        same products as the catalogue, apply the changes and continue after their last version until none come.

        Parameters
        ----------
        after : int
            The catalogue version reached so far; 0 for everything.
        limit : int
            Maximum number of changes; it bounds the memory, together with the number of photos of a product.
        """
        with self._database.reading() as connection:
            rows = connection.execute(_CHANGES, {"after": after, "limit": limit}).all()
        vectors = iter(_unit_vectors([row.vector for row in rows if row.vector is not None]))
        return [_change(list(group), vectors) for _, group in groupby(rows, attrgetter("version"))]

    def ids(self, after: str | None = None, limit: int = 1_000) -> list[str]:
        """Return at most `limit` ids in ascending order (by code point), those behind `after`."""
        statement = select(product.c.id).order_by(product.c.id).limit(limit)
        if after is not None:
            statement = statement.where(product.c.id > after)
        with self._database.reading() as connection:
            return list(connection.scalars(statement))

    @property
    def version(self) -> int:
        """Number of the last change; 0 for a new catalogue."""
        with self._database.reading() as connection:
            number: int = connection.scalars(_VERSION).one()
        return number

    def count(self) -> int:
        """Count the products."""
        return self._count(product)

    def photo_count(self) -> int:
        """Count the photos of all products."""
        return self._count(photo)

    def title_count(self) -> int:
        """Count the products whose title has a vector."""
        return self._count(title)

    def meta(self, key: str) -> str | None:
        """Return the note that `set_meta` wrote under a key, or None."""
        with self._database.reading() as connection:
            value: str | None = connection.scalar(select(meta.c.value).where(meta.c.key == key))
        return value

    def set_meta(self, key: str, value: str) -> None:
        """Note something about the catalogue as a whole, for example the fingerprint of its encoder.

        The catalogue version stays what it is.

        Raises
        ------
        StorageError
            It could not be written.
        """
        with self._writing() as (connection, _):
            _note(connection, key, value)

    def server_bytes(self) -> int:
        """Count the bytes that a PostgreSQL server keeps, its indexes included; 0 for an SQLite file."""
        if not self._database.is_server:
            return 0
        with self._database.reading() as connection:
            return server_bytes(connection)

    def _count(self, table: Table) -> int:
        with self._database.reading() as connection:
            number: int = connection.scalars(select(func.count()).select_from(table)).one()
        return number

    @contextmanager
    def _writing(self) -> Iterator[tuple[Connection, int]]:
        with self._database.writing() as connection:
            yield connection, connection.scalars(_VERSION).one()


def _distinct(products: Iterable[Product]) -> list[str]:
    ids = [each.id for each in products]
    if twice := next((each for each, number in Counter(ids).items() if number > 1), None):
        raise ProductError(f"id: {twice!r} is given twice; keep either of the two", field="id")
    return ids


def _row(each: Product) -> dict[str, Any]:
    return {"id": each.id, "facts_hash": fields_hash(each), "facts": each.model_dump_json()}


def _product(fields_json: str) -> Product:
    # Stored fields were checked before they were put. Reading them as a feed is read would cost ten times as
    # much, and a rule that a later release makes stricter would lock products in.
    fields = json.loads(fields_json)
    price = fields["price"]
    attributes = fields["attributes"].items()
    return Product.model_construct(
        **{
            **fields,
            "category": tuple(fields["category"]),
            "images": tuple(fields["images"]),
            "price": price
            and Price.model_construct(amount=Decimal(price["amount"]), currency=price["currency"]),
            "attributes": {
                name: tuple(value) if isinstance(value, list) else value for name, value in attributes
            },
        }
    )


def _named_photos(entries: Sequence[Entry]) -> Iterator[_Named]:
    for entry in entries:
        for position, each in enumerate(entry.photos):
            yield f"photo {position} of product {entry.product.id!r}", each.vector


def _named_titles(titles: Mapping[str, NDArray[np.float32]]) -> Iterator[_Named]:
    return ((f"the title of product {id!r}", vector) for id, vector in titles.items())


def _halves(vectors: Iterable[_Named], length: int | None) -> list[bytes]:
    """Convert vectors to little-endian float16; `length` is the length of a stored vector in bytes."""
    halves: list[bytes] = []
    for name, vector in vectors:
        halves.append(_half(vector, f"{name}: the vector", length))
        length = len(halves[-1])
    return halves


def _half(vector: NDArray[np.float32], where: str, length: int | None) -> bytes:
    norm = float(np.linalg.norm(vector))
    # Written so that a norm of NaN fails too.
    if vector.ndim != 1 or not abs(norm - 1) <= _NORM_TOLERANCE:
        raise EncoderError(
            f"{where} has shape {vector.shape} and norm {norm:g}; "
            "the encoder must give a vector of finite numbers and norm 1 for each photo and title"
        )
    half = vector.astype(_HALF).tobytes()
    if length is not None and len(half) != length:
        raise EncoderError(
            f"{where} has length {vector.size}, others have {length // _HALF.itemsize}; "
            "encode all photos and titles with the same encoder"
        )
    return half


def _unit_vectors(halves: Sequence[bytes]) -> NDArray[np.float32]:
    if not halves:
        return np.empty((0, 0), np.float32)
    rows = np.frombuffer(b"".join(halves), _HALF).reshape(len(halves), -1).astype(np.float32)
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _change(rows: Sequence[Row[Any]], vectors: Iterator[NDArray[np.float32]]) -> Change:
    head = rows[0]
    if head.facts is None:
        return Change(head.version, head.id, None)
    photos = tuple(PhotoEntry(row.fingerprint, next(vectors)) for row in rows if row.vector is not None)
    title = _unit_vectors([head.title])[0] if head.title is not None else None
    return Change(head.version, head.id, Entry(_product(head.facts), photos, title, head.added))


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _put_titles(
    connection: Connection,
    keys: Mapping[str, int],
    texts: Mapping[str, str],
    vectors: Mapping[str, NDArray[np.float32]],
) -> None:
    halves = _halves(_named_titles(vectors), connection.scalar(_VECTOR_BYTES))
    _replace_titles(
        connection,
        [
            {"product_key": keys[id], "fingerprint": title_fingerprint(texts[id]), "vector": half}
            for id, half in zip(vectors, halves, strict=True)
        ],
    )


def _replace_titles(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    _update(connection, delete(title).where(title.c.product_key == bindparam("product_key")), rows)
    _insert(connection, title, rows)


def _update(connection: Connection, statement: Update | Delete, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)


def _note(connection: Connection, key: str, value: str) -> None:
    connection.execute(delete(meta).where(meta.c.key == key))
    connection.execute(insert(meta), {"key": key, "value": value})


def _advance(connection: Connection, version: int) -> int:
    connection.execute(update(state).where(state.c.name == "version").values(value=version))
    return version
