"""The one thread that writes: closures in, futures out, each closure in a transaction of its own."""

import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future, InvalidStateError
from typing import Any, TypeVar

from zhiyin.store.errors import StoreCode, StoreError

T = TypeVar("T")


def settle(future: Future[Any], result: Any = None, error: BaseException | None = None) -> None:
    """Resolve a future that may have been cancelled meanwhile."""
    with contextlib.suppress(InvalidStateError):
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)


def call_off(future: Future[Any]) -> None:
    """Cancel a future and tell all who wait for it, ``concurrent.futures.wait`` included. Its callbacks run here."""
    if not future.done() and future.cancel():
        future.set_running_or_notify_cancel()


class _Job:
    __slots__ = ("futures", "key", "prepare", "work")

    def __init__(
        self, work: Callable[[sqlite3.Connection], Any], key: Hashable, prepare: Callable[[], None] | None, future: Future[Any]
    ) -> None:
        self.work = work
        self.prepare = prepare
        self.key = key
        self.futures = [future]  # more than one when newer work took the place of older


class Writer:
    """Owns the writing connection. A commit that fails fails its own future only: the next one is tried afresh.

    ``open_connection`` is called again when a failure has left the connection unusable; ``translate`` turns SQLite's errors
    into the store's.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        open_connection: Callable[[], sqlite3.Connection],
        translate: Callable[[sqlite3.Error], StoreError],
    ) -> None:
        self._connection: sqlite3.Connection | None = connection
        self._open_connection = open_connection
        self._translate = translate
        self._jobs: deque[_Job] = deque()
        self._by_key: dict[Hashable, _Job] = {}
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[sqlite3.Connection], T], key: Hashable = None, prepare: Callable[[], None] | None = None) -> Future[T]:
        """Queue work for the thread. Waiting work with the same key gives way to this, at this place in the queue:
        both futures then resolve with the newer commit. ``prepare`` runs on the thread before the transaction begins.
        """
        future: Future[T] = Future()
        job = _Job(work, key, prepare, future)
        with self._wake:
            if self._closing:
                future.set_exception(StoreError(StoreCode.CLOSED))
                return future
            if key is not None:
                older = self._by_key.get(key)
                if older is not None:
                    self._jobs.remove(older)
                    job.futures.extend(older.futures)
                self._by_key[key] = job
            self._jobs.append(job)
            self._wake.notify()
        return future

    def close(self) -> None:
        """Do what is queued, close the connection, and end the thread. Callable twice."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._jobs and not self._closing:
                    self._wake.wait()
                if not self._jobs:
                    break
                job = self._jobs.popleft()
                if job.key is not None:
                    del self._by_key[job.key]
            self._do(job)
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):  # a full disk: the log stays behind, and is read at the next start
                self._connection.close()

    def _do(self, job: _Job) -> None:
        # from here on it can no longer be cancelled: what is committed must not look as if it were not
        futures = [future for future in job.futures if future.set_running_or_notify_cancel()]
        if not futures:
            return
        try:
            if job.prepare is not None:
                job.prepare()
            result = self._commit(job.work)
        except sqlite3.Error as error:
            failure = self._translate(error)
            failure.__cause__ = error
            for future in futures:
                settle(future, error=failure)
        except BaseException as error:
            for future in futures:
                settle(future, error=error)
        else:
            for future in futures:
                settle(future, result)

    def _commit(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        if self._connection is None:
            self._connection = self._open_connection()
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            self._roll_back(connection)
            raise
        return result

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        with contextlib.suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        if connection.in_transaction:  # not even that works any more: start over with a fresh connection
            self._connection = None
            with contextlib.suppress(sqlite3.Error):
                connection.close()
