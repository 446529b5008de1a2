"""What can go wrong with the data on disk, as a code with arguments; put into words by ``zhiyin.errors``."""

import errno
import os
import sqlite3
import tempfile
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from zhiyin_models.errors import Argument


class StoreCode(StrEnum):
    """Every failure of the store. Arguments are named beside each."""

    DISK_FULL = "store.disk_full"  # path, detail
    READ_ONLY = "store.read_only"  # path, detail
    LOCKED = "store.locked"  # path, detail: another process holds the database
    DAMAGED = "store.damaged"  # path, detail: the last good backup can be restored
    NEWER = "store.newer"  # path, found, known: schema versions
    IO = "store.io"  # path, detail: the disk refused for another reason
    DATA_DIR = "store.data_dir"  # path, detail: the data directory cannot be made or entered
    MISSING = "store.missing"  # what ("conversation", "turn", "persona", "profile", "book", "task", "backup"), id
    GROWING = "store.growing"  # id: a reply still being written cannot be edited
    CLOSED = "store.closed"
    FAILED = "store.failed"  # path, detail


class StoreFailure(Struct, frozen=True):
    """A code with its arguments, as it crosses to another thread."""

    code: StoreCode
    args: dict[str, Argument] = {}


class StoreError(Exception):
    """A failure with a known cause: shown to the user in words, never as a traceback."""

    def __init__(self, code: StoreCode, **args: Argument) -> None:
        super().__init__(f"{code}: {args}" if args else str(code))
        self.failure = StoreFailure(code, args)

    @property
    def code(self) -> StoreCode:
        """What went wrong."""
        return self.failure.code


_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
_NO_WRITING = {errno.EROFS, errno.EACCES, errno.EPERM}
_SQLITE = {
    sqlite3.SQLITE_FULL: StoreCode.DISK_FULL,
    sqlite3.SQLITE_READONLY: StoreCode.READ_ONLY,
    sqlite3.SQLITE_PERM: StoreCode.READ_ONLY,
    sqlite3.SQLITE_BUSY: StoreCode.LOCKED,
    sqlite3.SQLITE_LOCKED: StoreCode.LOCKED,
    sqlite3.SQLITE_CORRUPT: StoreCode.DAMAGED,
    sqlite3.SQLITE_NOTADB: StoreCode.DAMAGED,
    sqlite3.SQLITE_IOERR: StoreCode.IO,
    sqlite3.SQLITE_CANTOPEN: StoreCode.IO,
}


def _refusal(folder: Path) -> int:
    """Write 64 KiB into a passing file and return the errno of the refusal, 0 when it went well."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 65536)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def from_sqlite(error: sqlite3.Error, path: Path) -> StoreError:
    """Return the store's error for SQLite's.

    SQLite folds most causes into "disk I/O error" and "unable to open database file" (a full disk too, when it is met by fsync
    or by the shared memory file), so for those the folder is asked by writing to it.
    """
    detail = str(error)
    number = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    code = _SQLITE.get(number, StoreCode.FAILED)
    if code is StoreCode.IO:
        refused = _refusal(path.parent)
        if refused in _NO_SPACE:
            code = StoreCode.DISK_FULL
        elif refused in _NO_WRITING or (path.exists() and not os.access(path, os.W_OK)):
            code = StoreCode.READ_ONLY
    return StoreError(code, path=str(path), detail=detail)


def from_os(error: OSError, path: Path, otherwise: StoreCode = StoreCode.IO) -> StoreError:
    """Return the store's error for the operating system's."""
    code = StoreCode.DISK_FULL if error.errno in _NO_SPACE else StoreCode.READ_ONLY if error.errno in _NO_WRITING else otherwise
    return StoreError(code, path=str(path), detail=error.strerror or str(error))
