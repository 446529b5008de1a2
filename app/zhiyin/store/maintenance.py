"""What the store does by itself, in the background: check, purge, and back up once a day."""

import contextlib
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from zhiyin.paths import Paths
from zhiyin.store import backups, conversations, trash
from zhiyin.store.database import quick_check
from zhiyin.store.errors import StoreCode, StoreError, from_sqlite
from zhiyin.store.records import Backup
from zhiyin.store.training import ExportCancelled, Exported, TrainingKind, export
from zhiyin.store.writer import Writer, call_off, settle

T = TypeVar("T")
log = logging.getLogger(__name__)

DAY = 86400.0
HOUR = 3600.0
_OWN = ("conversations", "settings", "persona_cards", "profiles", "books", "tasks")  # what the user made; built-in personas are none of it
SMALL = 32 << 20  # a database up to this size is still backed up while closing (about 0.1 s)


class Maintenance:
    """One thread for what takes long, with a connection of its own while it needs one; it writes through the writer."""

    def __init__(self, paths: Paths, writer: Writer, connect: Callable[[], sqlite3.Connection], delay: float, *, check: bool) -> None:
        """``connect`` opens a reading connection; ``check`` asks for a check of the whole file first.

        ``checked`` answers for that first check, ``damage`` resolves with the StoreError as soon as any work here meets damage.
        """
        self._paths = paths
        self._writer = writer
        self._connect = connect
        self._due = time.monotonic() + delay
        self._check = check
        self._asked: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._checking: sqlite3.Connection | None = None
        self.checked: Future[None] = Future()
        self.damage: Future[StoreError] = Future()
        if not check:
            self.checked.set_result(None)
        self._thread = threading.Thread(target=self._run, name="store-maintenance", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[], T], future: Future[T] | None = None) -> Future[T]:
        """Run work on this thread, answering with the future that is given, or a new one."""
        future = future or Future()
        with self._wake:
            if self._closing:
                future.set_exception(StoreError(StoreCode.CLOSED))
                return future
            self._asked.append((work, future))
            self._wake.notify()
        return future

    def export(self, path: Path, kind: TrainingKind, progress: Callable[[int, int], None], *, strict: bool) -> Future[Exported]:
        """Export what was rated; cancelling the future, or closing the store, gives it up."""
        future: Future[Exported] = Future()

        def work() -> Exported:
            try:
                with contextlib.closing(self._connect()) as connection:
                    return export(connection, path, kind, progress, lambda: self._closing or future.cancelled(), strict=strict)
            except sqlite3.Error as error:
                raise from_sqlite(error, self._paths.database) from error

        return self.submit(work, future)

    def backup(self, reason: str) -> Future[Backup]:
        """Back up now; cancelled when the store is closed meanwhile."""
        return self.submit(lambda: self._back_up(reason))

    def close(self) -> None:
        """Give up what is under way, and end the thread. Callable twice."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        while self._thread.is_alive():
            with self._wake:
                if self._checking is not None:
                    self._checking.interrupt()  # lost on a check that is just about to begin, hence again
            self._thread.join(0.05)

    def _run(self) -> None:
        if self._check:
            self._check_all(self.checked)
        while True:
            with self._wake:
                while not self._asked and not self._closing and time.monotonic() < self._due:
                    self._wake.wait(self._due - time.monotonic())
                if self._closing:
                    break
                due = time.monotonic() >= self._due
                asked = self._asked.popleft() if self._asked and not due else None
            if due:
                self._due = time.monotonic() + HOUR
                self._purge()
                self._back_up_daily()
            elif asked is not None and not asked[1].cancelled():
                self._answer(*asked)
        for _, future in self._asked:
            call_off(future)
        call_off(self.damage)

    def back_up_at_close(self) -> None:
        """Make the daily backup of a small database that was never open for long. Call with the writer closed."""
        with contextlib.suppress(OSError):
            if self._paths.database.stat().st_size <= SMALL:
                self._back_up_daily(closing=True)

    def _answer(self, work: Callable[[], Any], future: Future[Any]) -> None:
        try:
            result = work()
        except (backups.BackupCancelled, ExportCancelled):
            call_off(future)
        except BaseException as error:
            settle(future, error=error)
        else:
            settle(future, result)

    def _check_all(self, checked: Future[None]) -> None:
        """Check the whole file, without holding back the log from being folded in for longer than that takes."""
        try:
            with contextlib.closing(self._connect()) as connection:
                with self._wake:
                    self._checking = connection
                    closing = self._closing
                if closing:
                    call_off(checked)
                    return
                try:
                    quick_check(connection, self._paths.database)
                finally:
                    with self._wake:
                        self._checking = None
        except (sqlite3.Error, StoreError) as error:
            if self._closing and isinstance(error, sqlite3.Error):
                call_off(checked)
                return
            failure = from_sqlite(error, self._paths.database) if isinstance(error, sqlite3.Error) else error
            if failure.code is StoreCode.DAMAGED:
                log.error("the database is damaged: %s", failure)
                settle(self.damage, failure)
            settle(checked, error=failure)
        else:
            settle(checked)

    def _purge(self) -> None:
        """Remove what was deleted long ago, a little in each transaction, letting others in between."""
        now = time.time()
        steps: list[Callable[[sqlite3.Connection], bool]] = [lambda connection: conversations.purge(connection, now)]
        steps += [partial(trash.purge, table=table, now=now) for table in trash.TABLES]
        try:
            for step in steps:
                while not self._closing and self._writer.submit(step).result():
                    pass
        except StoreError as error:
            log.warning("purging: %s", error)

    def _back_up_daily(self, *, closing: bool = False) -> None:
        if time.time() - backups.newest(self._paths.backups, "daily") < DAY:
            return
        try:
            if not self._is_empty():
                self._back_up("daily", closing=closing)
        except backups.BackupCancelled:
            pass
        except (StoreError, sqlite3.Error) as error:
            log.warning("daily backup: %s", error)

    def _back_up(self, reason: str, *, closing: bool = False) -> Backup:
        try:
            with contextlib.closing(self._connect()) as connection:
                return backups.take(connection, self._paths.backups, reason, lambda: self._closing and not closing)
        except (StoreError, sqlite3.Error):
            if not closing:  # a copy that is no good may be the copy's fault, or the database's
                self._check_all(Future())
            raise

    def _is_empty(self) -> bool:
        with contextlib.closing(self._connect()) as connection:
            found = (connection.execute(f"SELECT EXISTS (SELECT 1 FROM {table})").fetchone()[0] for table in _OWN)  # noqa: S608  constants
            return not any(found)
