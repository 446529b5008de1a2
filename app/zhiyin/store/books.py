"""Standalone lorebooks."""

from collections.abc import Sequence
from concurrent.futures import Future

from zhiyin.store.reader import Reader
from zhiyin.store.records import Book, BookRow
from zhiyin.store.writer import Writer


class Books:
    """Every method answers at once, with a future, as the store's do."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def all(self) -> Future[list[BookRow]]:
        """Return all that are not deleted, by name."""
        raise NotImplementedError

    def get_many(self, books: Sequence[int]) -> Future[list[Book]]:
        """Return those that exist and are not deleted, in the order asked for."""
        raise NotImplementedError

    def add(self, name: str, book: str, entries: int) -> Future[BookRow]:
        """Add one."""
        raise NotImplementedError

    def update(self, ident: int, name: str, book: str, entries: int) -> Future[BookRow]:
        """Change one. Fails with MISSING."""
        raise NotImplementedError

    def delete(self, ident: int) -> Future[None]:
        """Take it off the list."""
        raise NotImplementedError

    def restore(self, ident: int) -> Future[BookRow]:
        """Put a deleted one back."""
        raise NotImplementedError
