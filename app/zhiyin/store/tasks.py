"""Task templates of the user's."""

import sqlite3
import time
from concurrent.futures import Future
from typing import Any

from zhiyin.store import trash
from zhiyin.store.errors import StoreCode, StoreError
from zhiyin.store.reader import Reader
from zhiyin.store.records import StoredTask
from zhiyin.store.rows import storable
from zhiyin.store.writer import Writer

_ROWS = "SELECT id, task, builtin, created, updated FROM tasks"


def _task(row: tuple[Any, ...]) -> StoredTask:
    return StoredTask(*row)


def _get(connection: sqlite3.Connection, ident: int) -> StoredTask:
    row = connection.execute(f"{_ROWS} WHERE id = ?", (ident,)).fetchone()
    if row is None:
        raise StoreError(StoreCode.MISSING, what="task", id=ident)
    return _task(row)


def _add(connection: sqlite3.Connection, task: str, builtin: str) -> StoredTask:
    now = time.time()
    ident = connection.execute(
        "INSERT INTO tasks (builtin, created, updated, task) VALUES (?, ?, ?, ?)", (storable(builtin), now, now, storable(task))
    ).lastrowid
    assert ident is not None  # noqa: S101  an INSERT has one
    return _get(connection, ident)


def _update(connection: sqlite3.Connection, ident: int, task: str) -> StoredTask:
    connection.execute("UPDATE tasks SET task = ?, updated = ? WHERE id = ?", (storable(task), time.time(), ident))
    return _get(connection, ident)


def _restore(connection: sqlite3.Connection, ident: int) -> StoredTask:
    if not trash.restore(connection, "tasks", [ident]):
        raise StoreError(StoreCode.MISSING, what="task", id=ident)
    return _get(connection, ident)


class Tasks:
    """Every method answers at once, with a future, as the store's do."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def all(self) -> Future[list[StoredTask]]:
        """Return all that are not deleted, the oldest first."""
        return self._reader.submit(
            lambda connection: [_task(row) for row in connection.execute(f"{_ROWS} WHERE deleted IS NULL ORDER BY id")]
        )

    def add(self, task: str, builtin: str = "") -> Future[StoredTask]:
        """Add one."""
        return self._writer.submit(lambda connection: _add(connection, task, builtin))

    def update(self, ident: int, task: str) -> Future[StoredTask]:
        """Change one. Fails with MISSING."""
        return self._writer.submit(lambda connection: _update(connection, ident, task))

    def delete(self, ident: int) -> Future[None]:
        """Take it off the list."""
        return self._writer.submit(lambda connection: trash.delete(connection, "tasks", [ident]))

    def restore(self, ident: int) -> Future[StoredTask]:
        """Put a deleted one back."""
        return self._writer.submit(lambda connection: _restore(connection, ident))
