"""Copies, moves and checks of the library: started one after the other, shown, cancelled, and gone on with after a restart."""

from collections.abc import Callable

import msgspec
from PySide6.QtCore import QObject, Signal

from zhiyin.services.jobs import JobService
from zhiyin.ui.library_values import CANCEL, DISMISS, RESUME
from zhiyin_models.errors import Failure
from zhiyin_models.jobs.protocol import CopyModel, JobState, MoveModels, Status, Task, Verify

OURS = (CopyModel, MoveModels, Verify)
WRITING = (CopyModel, MoveModels)  # one of these at a time, and beside it one check: the disk is no faster for several
UNDER_WAY = (Status.RUNNING, Status.QUEUED)


class LibraryJobs(QObject):
    """Those among the jobs of the downloads' folder that are the library's. What was cancelled or done is forgotten on the disk at once."""

    changed = Signal()
    ended = Signal(object)  # JobState: done, failed, cancelled or interrupted
    refused = Signal(object, object)  # a Task that could not be started, Failure

    def __init__(self, service: JobService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._service = service
        self._states: dict[str, JobState] = {}
        self._cancelling: set[str] = set()
        self._gone: set[str] = set()  # a late report of these says nothing new
        self._on_the_way: list[Task] = []
        service.listed.connect(self._on_listed)
        service.changed.connect(self._on_changed)
        service.failed.connect(self._on_failed)

    def end(self) -> None:
        """What is still told of the end is heard by nobody."""
        service = self._service
        service.listed.disconnect(self._on_listed)
        service.changed.disconnect(self._on_changed)
        service.failed.disconnect(self._on_failed)

    def start(self, task: CopyModel | MoveModels | Verify) -> None:
        """Begin when its turn comes, unless the same is under way."""
        if task in self._on_the_way or any(state.task == task and state.status in UNDER_WAY for state in self._states.values()):
            return
        for identity in [state.id for state in self._states.values() if state.task == task]:
            self._drop(identity)
        begin = self._service.enqueue if self._is_busy(task) else self._service.start
        self._on_the_way.append(task)
        begin(task)
        self.changed.emit()

    def _is_busy(self, task: Task) -> bool:
        """Whether it has to wait for another."""
        at_work = [*self._on_the_way, *(state.task for state in self._states.values() if state.status == Status.RUNNING)]
        return any(isinstance(one, WRITING) == isinstance(task, WRITING) for one in at_work)

    def _advance(self) -> None:
        """Begin what waits, the oldest first."""
        for state in sorted(self._states.values(), key=lambda state: (state.position, state.created)):
            if state.status == Status.QUEUED and not self._is_busy(state.task):
                self._resume(state.id)

    def states(self) -> list[JobState]:
        """All that are shown, the oldest first."""
        return sorted(self._states.values(), key=lambda state: (state.created, state.id))

    def check_of(self, path: str) -> JobState | None:
        """The check of a model."""
        return next((state for state in self._states.values() if isinstance(state.task, Verify) and state.task.model == path), None)

    def is_cancelling(self, identity: str) -> bool:
        """Whether it has been told to stop."""
        return identity in self._cancelling

    @property
    def running(self) -> int:
        """How many run or wait, or are about to."""
        return sum(state.status in UNDER_WAY for state in self._states.values()) + len(self._on_the_way)

    @property
    def moving(self) -> bool:
        """Whether models are on their way to another folder."""
        tasks = [*self._on_the_way, *(state.task for state in self._states.values() if state.status in UNDER_WAY)]
        return any(isinstance(task, MoveModels) for task in tasks)

    def act(self, identity: str, action: str) -> None:
        """What was pressed."""
        acts: dict[str, Callable[[str], None]] = {CANCEL: self._cancel, RESUME: self._resume, DISMISS: self._drop}
        if identity in self._states and action in acts:
            acts[action](identity)
            self.changed.emit()

    def _cancel(self, identity: str) -> None:
        if self._states[identity].status == Status.QUEUED:
            self._drop(identity)
            return
        self._cancelling.add(identity)
        self._service.cancel(identity)

    def _resume(self, identity: str) -> None:
        self._states[identity] = msgspec.structs.replace(self._states[identity], status=Status.RUNNING, progress=None, failure=None)
        self._service.resume(identity)

    def _drop(self, identity: str) -> None:
        self._states.pop(identity, None)
        self._cancelling.discard(identity)
        if identity not in self._gone:
            self._gone.add(identity)
            self._service.forget(identity)

    # ------------------------------------------------------------ answers

    def _on_listed(self, states: list[JobState]) -> None:
        for state in states:
            if not isinstance(state.task, OURS) or state.id in self._states or state.id in self._gone:
                continue
            if state.status in (Status.FINISHED, Status.CANCELLED):
                self._drop(state.id)
            elif state.status != Status.RUNNING:  # else another app is at work on it
                goes_on = state.status == Status.INTERRUPTED and state.failure is None  # the app was ended; what died by itself asks first
                self._states[state.id] = msgspec.structs.replace(state, status=Status.QUEUED) if goes_on else state
        self._advance()
        self.changed.emit()

    def _on_changed(self, state: JobState) -> None:
        if not isinstance(state.task, OURS) or state.id in self._gone:
            return
        if state.task in self._on_the_way:
            self._on_the_way.remove(state.task)
        self._states[state.id] = state
        if state.status not in UNDER_WAY:
            self._cancelling.discard(state.id)
            if state.status == Status.CANCELLED:
                self._drop(state.id)
            elif state.status == Status.FINISHED:
                self._gone.add(state.id)
                self._service.forget(state.id)
            self.ended.emit(state)
        self._advance()
        self.changed.emit()

    def _on_failed(self, key: Task | str, failure: Failure) -> None:
        if isinstance(key, str):
            known = self._states.get(key)
            if known is None:
                return
            self._states[key] = msgspec.structs.replace(known, status=Status.FAILED, failure=failure)
        elif isinstance(key, OURS):
            if key in self._on_the_way:
                self._on_the_way.remove(key)
            self.refused.emit(key, failure)
        self._advance()
        self.changed.emit()
