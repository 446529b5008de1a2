"""Copies of the database: taken while it is in use, checked before they count, and put back when the database is damaged."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from zhiyin.store.database import quick_check, schema_version, sync_folder
from zhiyin.store.errors import StoreCode, StoreError, from_os, from_sqlite
from zhiyin.store.records import Backup

SUFFIX = ".sqlite3"
KEPT = {"daily": 5, "migration": 3}  # of each reason; others:
KEPT_OTHERWISE = 5
STEP_PAGES = 256  # 1 MiB at a time
STEP_PAUSE = 0.005  # seconds between steps, for whoever else wants the disk


class BackupCancelled(Exception):  # noqa: N818  not an error: the app is closing
    """The backup was given up half-way; nothing is left of it."""


def _open_copy(path: Path) -> sqlite3.Connection:
    """Open a finished copy for reading without leaving anything beside it: nobody writes it."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)


def take(source: sqlite3.Connection, folder: Path, reason: str, cancelled: Callable[[], bool] = lambda: False) -> Backup:
    """Copy the database behind ``source`` into ``folder`` and check the copy; old copies made for the same reason go.

    Raises BackupCancelled; StoreError DISK_FULL, READ_ONLY, IO, and DAMAGED when the copy (hence the database) is no good.
    """
    made = time.time()
    stamp = datetime.fromtimestamp(made, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    path = folder / f"{stamp}-{reason}{SUFFIX}"
    part = path.with_name(path.name + ".part")

    def report(_status: int, _remaining: int, _total: int) -> None:
        if cancelled():
            raise BackupCancelled

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as copy:
            copy.execute("PRAGMA synchronous = OFF")  # it is fsynced once, at the end
            # One state is held from first page to last; otherwise each commit of the writer would start the copy over.
            source.execute("BEGIN")
            try:
                source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                source.backup(copy, pages=STEP_PAGES, sleep=STEP_PAUSE, progress=report)
            finally:
                source.execute("COMMIT")
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            quick_check(copy, path)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(folder)
    except OSError as error:
        raise from_os(error, path) from error
    except sqlite3.Error as error:
        raise from_sqlite(error, path) from error
    finally:
        for left in (part, part.with_name(part.name + "-journal")):
            with contextlib.suppress(OSError):
                left.unlink()
    _drop_old(folder, reason)
    return Backup(path, made, reason, path.stat().st_size, good=True)


def _named(folder: Path) -> list[tuple[float, str, Path]]:
    """Return (time, reason, path) of each copy, newest first, going by their names."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        stamp, _, reason = path.name.removesuffix(SUFFIX).partition("-")
        with contextlib.suppress(ValueError):
            found.append((datetime.strptime(stamp, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC).timestamp(), reason, path))
    return sorted(found, reverse=True)


def _drop_old(folder: Path, reason: str) -> None:
    for _, _, path in [copy for copy in _named(folder) if copy[1] == reason][KEPT.get(reason, KEPT_OTHERWISE) :]:
        with contextlib.suppress(OSError):
            path.unlink()


def newest(folder: Path, reason: str) -> float:
    """Return when the newest copy for this reason was made, 0 when there is none."""
    return max((made for made, why, _ in _named(folder) if why == reason), default=0.0)


def _is_good(path: Path) -> bool:
    try:
        with contextlib.closing(_open_copy(path)) as copy:
            if schema_version(copy, path) == 0:
                return False
            quick_check(copy, path)
    except (sqlite3.Error, StoreError):
        return False
    return True


def listed(folder: Path) -> list[Backup]:
    """Return the copies, good ones first, newest first among them. Reads each file whole."""
    found = []
    for made, reason, path in _named(folder):
        with contextlib.suppress(OSError):
            found.append(Backup(path, made, reason, path.stat().st_size, _is_good(path)))
    return sorted(found, key=lambda backup: not backup.good)


def restore(database: Path, backup: Path) -> Path | None:
    """Put a backup in the database's place and return where the old file is kept: nothing is ever deleted.

    The database must be open nowhere. Raises StoreError MISSING, DAMAGED (the backup), DISK_FULL, READ_ONLY, IO.
    """
    if not backup.is_file():
        raise StoreError(StoreCode.MISSING, what="backup", id=str(backup))
    if not _is_good(backup):
        raise StoreError(StoreCode.DAMAGED, path=str(backup), detail="the backup is no good")
    part = database.with_name(database.name + ".part")
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    aside = database.with_name(f"{database.name}.damaged-{stamp}")
    try:
        with backup.open("rb") as old, part.open("wb") as new:
            os.fchmod(new.fileno(), 0o600) if hasattr(os, "fchmod") else None
            while block := old.read(1 << 20):
                new.write(block)
            new.flush()
            os.fsync(new.fileno())
        kept = None
        for ending in ("-wal", "-shm", ""):  # the log first: it must never meet the restored file
            path = database.with_name(database.name + ending)
            if path.exists():
                path.replace(aside.with_name(aside.name + ending))
                kept = aside
        part.replace(database)
        sync_folder(database.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise from_os(error, database) from error
    return kept
