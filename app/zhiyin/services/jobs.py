"""Jobs for the window: signals on its thread, and every call that waits for the disk or a process beside it."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from zhiyin.services.delivery import Delivery
from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.jobs.client import Jobs
from zhiyin_models.jobs.protocol import JobState, Status, Task

log = logging.getLogger(__name__)
T = TypeVar("T")


class JobService(QObject):
    """Starts, cancels, resumes and forgets jobs: in order, one after the other."""

    listed = Signal(object)  # list[JobState]: what was there at the start
    changed = Signal(object)  # JobState, as often as ten times a second
    forgotten = Signal(str)  # a job that is gone from the disk
    failed = Signal(object, object)  # the Task or id of a job, Failure: it could not be started
    _told = Signal(object)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = ThreadPoolExecutor(1, "jobs")
        self._delivery = Delivery(self)
        self._delivery.failed.connect(lambda error: log.error("jobs", exc_info=error))
        self._closed = False
        self._heard: set[str] = set()  # jobs that have spoken since they were started
        self._beginning: set[str] = set()  # jobs that are being resumed
        self._unwanted: set[str] = set()  # of them, those that are to be cancelled
        self._postponed: set[str] = set()  # and those that are to be paused
        self._told.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        self._jobs = Jobs(folder, self._told.emit)

    def open(self) -> None:
        """Read what is known of earlier jobs; ``listed`` follows."""
        self._submit(self._jobs.open, self.listed.emit)

    def start(self, task: Task) -> None:
        """Begin a task; ``changed`` or ``failed`` follows."""
        self._deliver_state(task, lambda: self._jobs.start(task))

    def resume(self, identity: str) -> None:
        """Go on with a job that was interrupted or failed."""
        self._heard.discard(identity)
        self._beginning.add(identity)
        self._postponed.discard(identity)
        self._deliver_state(identity, lambda: self._jobs.resume(identity))

    def enqueue(self, task: Task) -> None:
        """Keep a task for later; ``changed`` (QUEUED) or ``failed`` follows, and ``resume`` begins it."""
        self._deliver_state(task, lambda: self._jobs.enqueue(task))

    def change(self, identity: str, *, status: Status | None = None, position: float | None = None, task: Task | None = None) -> None:
        """Let a job that is not running wait for its turn or for the user, or give it another place; ``changed`` follows."""
        self._heard.discard(identity)
        self._deliver_state(identity, lambda: self._jobs.change(identity, status=status, position=position, task=task))

    def abandon(self, identity: str) -> None:
        """Cancel a job that is not running, and take away what it left; ``changed`` (CANCELLED) follows."""
        self._heard.discard(identity)
        self._deliver_state(identity, lambda: self._jobs.abandon(identity))

    def pause(self, identity: str) -> None:
        """End the process of a job and keep what it has; ``changed`` says when it is done. Never waits."""
        if identity in self._beginning:
            self._postponed.add(identity)
        else:
            self._jobs.pause(identity)

    def limit(self, identity: str, bytes_per_second: int, connections: int) -> None:
        """How fast a running download may be (0: no limit)."""
        self._jobs.limit(identity, bytes_per_second, connections)

    def cancel(self, identity: str) -> None:
        """Stop a job and take away what it has written; ``changed`` says when it is done. The one call that never waits."""
        if identity in self._beginning:
            self._unwanted.add(identity)
        else:
            self._jobs.cancel(identity)

    def forget(self, identity: str) -> None:
        """Take a job that is not running out of the list, with anything unfinished that it left."""
        self._submit(lambda: self._jobs.forget(identity), lambda _none: self.forgotten.emit(identity))

    def close(self) -> None:
        """End every job process; they can be resumed. Waits for them."""
        self._closed = True
        self._delivery.close()
        self._worker.submit(self._jobs.close)
        self._worker.shutdown(wait=True)

    def _deliver_state(self, key: Task | str, act: Callable[[], JobState]) -> None:
        def refused(error: BaseException) -> None:
            if isinstance(key, str):
                for waiting in (self._beginning, self._unwanted, self._postponed):
                    waiting.discard(key)
            if isinstance(error, ModelError):
                self.failed.emit(key, error.failure)
            else:
                log.error("a job could not be started", exc_info=error)
                self.failed.emit(key, Failure(Code.JOB_FAILED, {"detail": str(error)}))

        self._submit(act, self._begun, refused)

    def _submit(
        self, act: Callable[[], T], then: Callable[[T], None] | None = None, otherwise: Callable[[BaseException], None] | None = None
    ) -> None:
        if not self._closed:  # what is pressed in a window that is being closed is heard by nobody
            self._delivery.deliver(self._worker.submit(act), then, otherwise)

    def _begun(self, state: JobState) -> None:
        self._beginning.discard(state.id)
        if state.id in self._unwanted:
            self._unwanted.discard(state.id)
            self._jobs.cancel(state.id)
        if state.id in self._postponed:
            self._postponed.discard(state.id)
            self._jobs.pause(state.id)
        if state.id not in self._heard:  # a job that ends at once may have said so before
            self.changed.emit(state)

    def _hear(self, state: JobState) -> None:
        if self._closed:  # what is still told of the end is told to nobody
            return
        self._heard.add(state.id)
        self.changed.emit(state)
