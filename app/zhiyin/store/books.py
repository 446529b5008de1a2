"""Standalone lorebooks."""

import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import Future

from zhiyin.store import trash
from zhiyin.store.errors import StoreCode, StoreError
from zhiyin.store.reader import Reader
from zhiyin.store.records import Book, BookRow
from zhiyin.store.rows import storable
from zhiyin.store.writer import Writer

_COLUMNS = "id, name, entries, created, updated"
_LISTED = f"SELECT {_COLUMNS} FROM books WHERE deleted IS NULL ORDER BY name COLLATE NOCASE, id"  # noqa: S608  constants only
_ROW = f"SELECT {_COLUMNS} FROM books WHERE id = ?"  # noqa: S608  constants only
_WHOLE = f"SELECT {_COLUMNS}, book FROM books WHERE deleted IS NULL AND id = ?"  # noqa: S608  constants only


def _get_row(connection: sqlite3.Connection, ident: int) -> BookRow:
    row = connection.execute(_ROW, (ident,)).fetchone()
    if row is None:
        raise StoreError(StoreCode.MISSING, what="book", id=ident)
    return BookRow(*row)


def _existing(connection: sqlite3.Connection, idents: Sequence[int]) -> list[Book]:
    rows = (connection.execute(_WHOLE, (ident,)).fetchone() for ident in idents)
    return [Book(BookRow(*row[:-1]), row[-1]) for row in rows if row is not None]


def _add(connection: sqlite3.Connection, name: str, book: str, entries: int) -> BookRow:
    now = time.time()
    ident = connection.execute(
        "INSERT INTO books (name, entries, created, updated, book) VALUES (?, ?, ?, ?, ?)",
        (storable(name), entries, now, now, storable(book)),
    ).lastrowid
    assert ident is not None  # noqa: S101  an INSERT has one
    return _get_row(connection, ident)


def _update(connection: sqlite3.Connection, ident: int, name: str, book: str, entries: int) -> BookRow:
    connection.execute(
        "UPDATE books SET name = ?, entries = ?, updated = ?, book = ? WHERE id = ?",
        (storable(name), entries, time.time(), storable(book), ident),
    )
    return _get_row(connection, ident)


def _restore(connection: sqlite3.Connection, ident: int) -> BookRow:
    if not trash.restore(connection, "books", [ident]):
        raise StoreError(StoreCode.MISSING, what="book", id=ident)
    return _get_row(connection, ident)


class Books:
    """Every method answers at once, with a future, as the store's do."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def all(self) -> Future[list[BookRow]]:
        """Return all that are not deleted, by name."""
        return self._reader.submit(lambda connection: [BookRow(*row) for row in connection.execute(_LISTED)])

    def get_many(self, books: Sequence[int]) -> Future[list[Book]]:
        """Return those that exist and are not deleted, in the order asked for."""
        return self._reader.submit(lambda connection: _existing(connection, books))

    def add(self, name: str, book: str, entries: int) -> Future[BookRow]:
        """Add one."""
        return self._writer.submit(lambda connection: _add(connection, name, book, entries))

    def update(self, ident: int, name: str, book: str, entries: int) -> Future[BookRow]:
        """Change one. Fails with MISSING."""
        return self._writer.submit(lambda connection: _update(connection, ident, name, book, entries))

    def delete(self, ident: int) -> Future[None]:
        """Take it off the list."""
        return self._writer.submit(lambda connection: trash.delete(connection, "books", [ident]))

    def restore(self, ident: int) -> Future[BookRow]:
        """Put a deleted one back."""
        return self._writer.submit(lambda connection: _restore(connection, ident))
