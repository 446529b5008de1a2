"""Opening the database file: how it is set up, what is refused, and what a crash left behind."""

import contextlib
import errno
import os
import sqlite3
from pathlib import Path
from typing import Literal

from zhiyin.store.errors import StoreCode, StoreError, from_os, from_sqlite
from zhiyin.store.schema import APPLICATION_ID, VERSION

SYNCHRONOUS_FULL = 2
# A file up to this size is checked at once after a crash (about 0.1 s); any other is checked in the background.
CHECK_AT_ONCE = 32 << 20


def connect(path: Path, access: Literal["write", "read"], busy_timeout: float) -> sqlite3.Connection:
    """Open the database for one thread at a time, in autocommit mode: transactions are begun by hand.

    Nothing is written yet. Raises sqlite3.Error.
    """
    connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA synchronous = {SYNCHRONOUS_FULL}")  # NORMAL loses the last turns when the power fails
        if access == "read":
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def sync_folder(folder: Path) -> None:
    """Put a folder's list of names on the disk, where the system and the file system can do that for this user."""
    if os.name == "nt":  # a folder cannot be opened there, and need not be
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def was_killed(path: Path) -> bool:
    """Say whether the last process that wrote the database ended without closing it: the last one to close removes the log."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size > 0
    except OSError:
        return False


def schema_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return how many migrations the file has had; 0 for a new one. Raises StoreError NEWER, DAMAGED; sqlite3.Error."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    # the migrations' own table is made before the first migration: a crash in between leaves it alone in the file
    tables = int(connection.execute("SELECT count(*) FROM sqlite_schema WHERE tbl_name <> '_sqlite_migrations'").fetchone()[0])
    if application != APPLICATION_ID and (tables or found):
        raise StoreError(StoreCode.DAMAGED, path=str(path), detail="not a database of this app")
    if found > VERSION:
        raise StoreError(StoreCode.NEWER, path=str(path), found=found, known=VERSION)
    if found and not tables:
        raise StoreError(StoreCode.DAMAGED, path=str(path), detail="the tables are gone")
    return found


def quick_check(connection: sqlite3.Connection, path: Path) -> None:
    """Read every page and see that it hangs together. Raises StoreError DAMAGED; sqlite3.Error."""
    found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
    if found != ["ok"]:
        raise StoreError(StoreCode.DAMAGED, path=str(path), detail="; ".join(found)[:500])


def open_checked(path: Path, busy_timeout: float) -> tuple[sqlite3.Connection, int, bool]:
    """Open for writing what may be damaged: (connection, schema version, still to be checked in the background).

    Raises StoreError DISK_FULL, READ_ONLY, LOCKED, DAMAGED, NEWER, IO.
    """
    killed = was_killed(path)
    try:
        new = not path.exists()
        if new:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            for folder in (path.parent, path.parent.parent):  # SQLite sees to its log, not to a file that was there before it
                sync_folder(folder)
        size = path.stat().st_size
    except OSError as error:
        raise from_os(error, path) from error
    if not os.access(path, os.W_OK):  # asked first: SQLite would make its log as unwritable as the file, and leave it there
        raise StoreError(StoreCode.READ_ONLY, path=str(path), detail=os.strerror(errno.EACCES))
    if killed and not size:
        raise StoreError(StoreCode.DAMAGED, path=str(path), detail="the file is empty, its write-ahead log is not")
    connection = None
    try:
        connection = connect(path, "write", busy_timeout)
        version = schema_version(connection, path)
        check_now = killed and size <= CHECK_AT_ONCE
        if check_now:
            quick_check(connection, path)
        # Some network file systems cannot do WAL: SQLite then stays with its rollback journal, which is as safe.
        connection.execute("PRAGMA journal_mode = WAL")
    except (sqlite3.Error, StoreError) as error:
        if connection is not None:
            connection.close()
        if new:
            with contextlib.suppress(OSError):  # an empty file left behind would look like a database
                path.unlink()
        if isinstance(error, sqlite3.Error):
            raise from_sqlite(error, path) from error
        raise
    return connection, version, not check_now
