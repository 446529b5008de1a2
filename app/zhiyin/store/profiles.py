"""Profiles: who the user is."""

import sqlite3
from concurrent.futures import Future
from typing import Any

from zhiyin.store import trash
from zhiyin.store.errors import StoreCode, StoreError
from zhiyin.store.reader import Reader
from zhiyin.store.records import Profile
from zhiyin.store.rows import storable
from zhiyin.store.writer import Writer

_ROWS = "SELECT id, name, description, picture, is_default FROM profiles"
_LISTED = f"{_ROWS} WHERE deleted IS NULL ORDER BY is_default DESC, name COLLATE NOCASE, id"


def _profile(row: tuple[Any, ...]) -> Profile:
    ident, name, description, picture, default = row
    return Profile(ident, name, description, picture, bool(default))


def _get(connection: sqlite3.Connection, ident: int) -> Profile:
    row = connection.execute(f"{_ROWS} WHERE id = ?", (ident,)).fetchone()
    if row is None:
        raise StoreError(StoreCode.MISSING, what="profile", id=ident)
    return _profile(row)


def _add(connection: sqlite3.Connection, name: str, description: str, picture: str) -> Profile:
    first = connection.execute("SELECT 1 FROM profiles WHERE deleted IS NULL LIMIT 1").fetchone() is None
    ident = connection.execute(
        "INSERT INTO profiles (name, description, picture) VALUES (?, ?, ?)", (storable(name), storable(description), storable(picture))
    ).lastrowid
    assert ident is not None  # noqa: S101  an INSERT has one
    if first:
        _set_default(connection, ident)
    return _get(connection, ident)


def _update(connection: sqlite3.Connection, ident: int, name: str, description: str, picture: str) -> Profile:
    connection.execute(
        "UPDATE profiles SET name = ?, description = ?, picture = ? WHERE id = ?",
        (storable(name), storable(description), storable(picture), ident),
    )
    return _get(connection, ident)


def _set_default(connection: sqlite3.Connection, ident: int | None) -> None:
    """At most one has the mark, deleted ones included: one that comes back is the default again unless another became it."""
    if ident is not None:
        _get(connection, ident)
    connection.execute("UPDATE profiles SET is_default = (id IS ?1) WHERE is_default <> (id IS ?1)", (ident,))


def _restore(connection: sqlite3.Connection, ident: int) -> Profile:
    if not trash.restore(connection, "profiles", [ident]):
        raise StoreError(StoreCode.MISSING, what="profile", id=ident)
    return _get(connection, ident)


class Profiles:
    """Every method answers at once, with a future, as the store's do."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def all(self) -> Future[list[Profile]]:
        """Return all that are not deleted, the default one first, then by name."""
        return self._reader.submit(lambda connection: [_profile(row) for row in connection.execute(_LISTED)])

    def get(self, profile: int) -> Future[Profile]:
        """Return one, deleted ones too. Fails with MISSING."""
        return self._reader.submit(lambda connection: _get(connection, profile))

    def add(self, name: str, description: str = "", picture: str = "") -> Future[Profile]:
        """Add one; the first becomes the default."""
        return self._writer.submit(lambda connection: _add(connection, name, description, picture))

    def update(self, profile: int, name: str, description: str, picture: str) -> Future[Profile]:
        """Change one. Fails with MISSING."""
        return self._writer.submit(lambda connection: _update(connection, profile, name, description, picture))

    def set_default(self, profile: int | None) -> Future[None]:
        """Choose who the user is where nothing else is chosen; None = nobody in particular."""
        return self._writer.submit(lambda connection: _set_default(connection, profile))

    def delete(self, profile: int) -> Future[None]:
        """Take it off the list."""
        return self._writer.submit(lambda connection: trash.delete(connection, "profiles", [profile]))

    def restore(self, profile: int) -> Future[Profile]:
        """Put a deleted one back."""
        return self._writer.submit(lambda connection: _restore(connection, profile))
