"""The one thread that reads: it can be interrupted, so an answer nobody waits for any more costs nothing."""

import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from zhiyin.store.errors import StoreCode, StoreError
from zhiyin.store.writer import call_off, settle

T = TypeVar("T")
STEPS = 10_000  # of SQLite's virtual machine, between two looks at whether the answer is still wanted


class _Job:
    __slots__ = ("future", "kind", "work")

    def __init__(self, work: Callable[[sqlite3.Connection], Any], kind: str, future: Future[Any]) -> None:
        self.work = work
        self.kind = kind
        self.future = future


class Reader:
    """Owns the reading connection. Each piece of work sees one state of the database from beginning to end.

    Cancelling a future stops its read within about a millisecond. SQLite itself asks now and then whether to go on: its
    ``interrupt`` would be lost on a statement that is just about to begin.
    """

    def __init__(self, connection: sqlite3.Connection, translate: Callable[[sqlite3.Error], StoreError]) -> None:
        self._connection = connection
        self._translate = translate
        self._jobs: deque[_Job] = deque()
        self._running: _Job | None = None
        self._wake = threading.Condition()
        self._closing = False
        connection.set_progress_handler(self._is_cancelled, STEPS)
        self._thread = threading.Thread(target=self._run, name="store-reader", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[sqlite3.Connection], T], kind: str = "") -> Future[T]:
        """Queue work for the thread. Work of the same kind that waits or runs is cancelled; "" is of no kind."""
        future: Future[T] = Future()
        with self._wake:
            if self._closing:
                future.set_exception(StoreError(StoreCode.CLOSED))
                return future
            older = self._take(kind) if kind else []
            self._jobs.append(_Job(work, kind, future))
            self._wake.notify()
        for unwanted in older:
            call_off(unwanted)
        return future

    def interrupt(self, kind: str = "") -> None:
        """Cancel what waits and what runs, of this kind or ("") all: their futures are cancelled."""
        with self._wake:
            unwanted = self._take(kind)
        for future in unwanted:
            call_off(future)

    def close(self) -> None:
        """Cancel everything, close the connection, and end the thread. Callable twice."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self.interrupt()
        self._thread.join()

    def _take(self, kind: str) -> list[Future[Any]]:
        """Return what is to be cancelled, outside the lock because callbacks run then; what waits leaves the queue."""
        found = [job for job in self._jobs if not kind or job.kind == kind]
        for job in found:
            self._jobs.remove(job)
        if self._running is not None and (not kind or self._running.kind == kind):
            found.append(self._running)
        return [job.future for job in found]

    def _is_cancelled(self) -> bool:
        running = self._running
        return running is not None and running.future.cancelled()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._jobs and not self._closing:
                    self._wake.wait()
                if not self._jobs:
                    break
                job = self._running = self._jobs.popleft()
            if not job.future.cancelled():
                self._do(job)
            self._running = None
        self._connection.close()

    def _do(self, job: _Job) -> None:
        result = None
        failure: BaseException | None = None
        try:
            self._connection.execute("BEGIN")
            result = job.work(self._connection)
        except sqlite3.Error as error:
            if not job.future.cancelled():
                failure = self._translate(error)
                failure.__cause__ = error
        except BaseException as error:
            failure = error
        self._running = None  # or a read cancelled now would take the COMMIT with it
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
        settle(job.future, result, failure)
