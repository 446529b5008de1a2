"""The parent's side of jobs: starts them, hears of them, cancels and resumes them. Without Qt."""

import contextlib
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from zhiyin_models.child import Child
from zhiyin_models.child.child_process import ExitReport
from zhiyin_models.child.command import child_command
from zhiyin_models.child.wire import Failed, Pong
from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.jobs.folder import JobFolder
from zhiyin_models.jobs.leftovers import remove_leftovers
from zhiyin_models.jobs.protocol import (
    VERSION,
    Cancel,
    Cancelled,
    Done,
    Download,
    Event,
    Inspect,
    JobState,
    Limit,
    Pause,
    Progressed,
    Run,
    Status,
    Task,
    failed_status,
)

LOWEST = 19  # the priority of a job process
SILENCE = 120.0  # seconds: a disk may be slow
CANCEL_WAIT = 2.0  # seconds that a job has for ending by itself before it is killed
LOCK_WAIT = 10.0  # seconds within which the process of a download that was begun has taken its lock
KEEP_WAIT = 1.0  # seconds that a download has for writing down how far it is, when it is paused or the app is closed
RUN_ID = 1
OnChange = Callable[[JobState], None]


class Jobs:
    """The jobs of one folder. Every method but ``cancel`` may wait for the disk or for a process to start.

    ``on_change`` is called with the new state of a job, from threads of this class; it must return soon. Several apps may look at one
    folder: what another process is at work on stays its own.
    """

    def __init__(self, folder: Path, on_change: OnChange) -> None:
        self._folder = folder
        self._on_change = on_change
        self._at_work: dict[str, _Worker] = {}
        self._lock = threading.Lock()
        self._closed = False

    def open(self) -> list[JobState]:
        """Every job that is known, the latest first. One whose process is gone is interrupted.

        A download that was begun a moment ago is still RUNNING: another app's process may not have come to its lock yet.
        """
        states = []
        try:
            places = sorted(self._folder.iterdir(), reverse=True)
        except OSError:
            return []
        for place in places:
            folder = JobFolder(place)
            state = folder.read()
            if state is None or state.id != place.name:
                continue
            if state.status == Status.RUNNING and place.name not in self._at_work and not folder.held() and not _is_new(state):
                state = msgspec.structs.replace(state, status=Status.INTERRUPTED)
            states.append(state)
        return states

    def start(self, task: Task) -> JobState:
        """Begin a task in a process of its own. Raises ModelError (the process cannot be started), OSError (the folder)."""
        now = time.time()
        state = JobState(_new_identity(), task, Status.RUNNING, now, position=now)
        if not isinstance(task, Inspect):
            JobFolder(self._folder / state.id).write(state)
        return self._run(state)

    def enqueue(self, task: Task) -> JobState:
        """Keep a task for later, behind all others; ``resume`` begins it. Raises OSError (the folder)."""
        now = time.time()
        state = JobState(_new_identity(), task, Status.QUEUED, now, position=max([now, *(one.position + 1 for one in self.open())]))
        JobFolder(self._folder / state.id).write(state)
        return state

    def change(self, identity: str, *, status: Status | None = None, position: float | None = None, task: Task | None = None) -> JobState:
        """Let a job that is not running wait for its turn (QUEUED) or for the user (PAUSED), or give it another place in the queue.

        ``task`` is the same task done another way (from another source). A running job only gets another place, which is told when it
        ends. Raises ModelError JOB_MISSING, OSError.
        """
        with self._lock:
            worker = self._at_work.get(identity)
        if worker is not None:
            return worker.place(position)
        state = self._idle(identity)
        state = msgspec.structs.replace(
            state,
            status=status or state.status,
            failure=None if status == Status.QUEUED else state.failure,
            position=state.position if position is None else position,
            task=task or state.task,
        )
        JobFolder(self._folder / identity).write(state)
        return state

    def abandon(self, identity: str) -> JobState:
        """Cancel a job that is not running: what it left unfinished is taken away, and it stays in the list. Raises as ``change``."""
        state = self._idle(identity)
        remove_leftovers(state.task, JobFolder(self._folder / identity).others())
        state = msgspec.structs.replace(state, status=Status.CANCELLED, failure=None, ended=time.time())
        JobFolder(self._folder / identity).write(state)
        return state

    def pause(self, identity: str) -> None:
        """End the process of a job and keep what it has; returns at once. ``on_change`` tells when it has ended (PAUSED)."""
        with self._lock:
            worker = self._at_work.get(identity)
        if worker is not None:
            worker.pause()

    def limit(self, identity: str, bytes_per_second: int, connections: int) -> None:
        """Tell a running download how fast it may be; nothing happens when it does not run."""
        with self._lock:
            worker = self._at_work.get(identity)
        if worker is not None:
            worker.limit(bytes_per_second, connections)

    def resume(self, identity: str) -> JobState:
        """Go on with a job that waits, was interrupted, paused or cancelled, or failed. Raises ModelError JOB_MISSING."""
        folder = JobFolder(self._folder / identity)
        state = self._idle(identity)
        spent = state.spent + max(0.0, state.ended - state.begun) if state.begun is not None and state.ended is not None else state.spent
        state = msgspec.structs.replace(
            state, status=Status.RUNNING, failure=None, begun=time.time(), ended=None, progress=None, spent=spent
        )
        folder.write(state)
        return self._run(state)

    def cancel(self, identity: str) -> None:
        """Stop a job, and take away what it has written; returns at once. ``on_change`` tells when it has ended."""
        with self._lock:
            worker = self._at_work.get(identity)
        if worker is not None:
            worker.cancel()

    def forget(self, identity: str) -> None:
        """Take a job that is not running out of the list, with anything unfinished that it left. Its finished files stay."""
        folder = JobFolder(self._folder / identity)
        if identity in self._at_work or folder.held():
            return
        state = folder.read()
        if state is not None and state.status != Status.FINISHED:
            remove_leftovers(state.task, folder.others())
        folder.remove()

    def close(self) -> None:
        """End every job process. What they did so far stays for being resumed."""
        with self._lock:
            self._closed = True
            workers = list(self._at_work.values())
        for worker in workers:
            worker.ask_to_end()
        for worker in workers:
            worker.end()

    @property
    def running(self) -> tuple[str, ...]:
        """The jobs whose processes are this object's."""
        with self._lock:
            return tuple(self._at_work)

    def _idle(self, identity: str) -> JobState:
        folder = JobFolder(self._folder / identity)
        state = folder.read()
        if state is None or state.status == Status.FINISHED or identity in self._at_work or folder.held():
            raise ModelError(Code.JOB_MISSING, name=identity)
        return state

    def _run(self, state: JobState) -> JobState:
        worker = _Worker(state, self._folder, self._changed)
        with self._lock:
            closed = self._closed
            if not closed:
                self._at_work[state.id] = worker
        if closed:
            worker.keep(Status.INTERRUPTED)
            raise ModelError(Code.JOB_FAILED, detail="closed")
        try:
            worker.start()
        except ModelError as error:
            with self._lock:
                self._at_work.pop(state.id, None)
            if worker.ended_on_purpose is not None:  # before it could hear of it
                worker.conclude(worker.ended_on_purpose)
                return worker.state
            worker.keep(Status.FAILED, error.failure)
            raise
        return state

    def _changed(self, state: JobState) -> None:
        if state.status != Status.RUNNING:
            with self._lock:
                self._at_work.pop(state.id, None)
        self._on_change(state)


class _Worker:
    """One job process, and what is known of its job."""

    def __init__(self, state: JobState, folder: Path, on_change: OnChange) -> None:
        self.state = state
        self._folder = JobFolder(folder / state.id)
        self._on_change = on_change
        self._final: JobState | None = None
        self.cancelled = self._ended = self._paused = False
        self._gone = threading.Event()
        log = None if isinstance(state.task, Inspect) else self._folder.path / "log"
        self._child: Child[Event] = Child(
            child_command("job"),
            Event,
            kind="job",
            version=VERSION,
            on_event=self._on_event,
            on_exit=self._on_exit,
            log=log,
            silence=SILENCE,
            nice=LOWEST,
        )

    def start(self) -> None:
        self._child.start()
        place = "" if isinstance(self.state.task, Inspect) else str(self._folder.path)
        self._child.send(Run(RUN_ID, self.state.task, place))

    def cancel(self) -> None:
        self.cancelled = True
        with contextlib.suppress(ModelError):
            self._child.send(Cancel(RUN_ID))
        threading.Thread(target=self._insist, name="job-cancel", daemon=True).start()

    def pause(self) -> None:
        self._paused = True
        self._ask_to_stop()
        threading.Thread(target=self._let_go, name="job-pause", daemon=True).start()

    def limit(self, bytes_per_second: int, connections: int) -> None:
        with contextlib.suppress(ModelError):
            self._child.send(Limit(RUN_ID, bytes_per_second, connections))

    def place(self, position: float | None) -> JobState:
        if position is not None:
            self.state = msgspec.structs.replace(self.state, position=position)
        return self.state

    @property
    def ended_on_purpose(self) -> Status | None:
        """What the job is after its process was ended from here; None where it ended by itself."""
        if self.cancelled:
            return Status.CANCELLED
        if self._paused:
            return Status.PAUSED
        return Status.INTERRUPTED if self._ended else None

    def ask_to_end(self) -> None:
        self._ended = True
        self._ask_to_stop()

    def end(self) -> None:
        self._let_go(grace=1.0)

    def _ask_to_stop(self) -> None:
        """A download that has a moment for it knows how far it is to the byte."""
        if isinstance(self.state.task, Download):
            with contextlib.suppress(ModelError):
                self._child.send(Pause(RUN_ID))

    def _let_go(self, grace: float = 0.1) -> None:
        if isinstance(self.state.task, Download) and self._child.alive:
            self._gone.wait(KEEP_WAIT)
        self._child.close(grace=grace)

    def keep(self, status: Status, failure: Failure | None = None) -> None:
        """Write the end of a job whose process could not."""
        self.state = msgspec.structs.replace(self.state, status=status, failure=failure, ended=time.time())
        if isinstance(self.state.task, Inspect):
            return
        with contextlib.suppress(OSError):
            self._folder.write(self.state)

    def conclude(self, status: Status) -> None:
        """Write how a job stands whose process was ended from here."""
        if status == Status.CANCELLED:
            remove_leftovers(self.state.task, self._folder.others())
        self.keep(status)

    def _insist(self) -> None:
        if not self._gone.wait(CANCEL_WAIT):
            self._child.kill()

    def _on_event(self, event: Event) -> None:
        replace = msgspec.structs.replace
        match event:
            case Progressed():
                if not self.cancelled:
                    self.state = replace(self.state, progress=event.progress)
                    self._on_change(self.state)
            case Done():
                self._final = replace(self.state, status=Status.FINISHED, outcome=event.outcome, ended=time.time())
            case Cancelled() if self.cancelled or self.ended_on_purpose is None:
                self._final = replace(self.state, status=Status.CANCELLED, ended=time.time())
            case Failed():
                status = failed_status(self.state.task, event.code)
                self._final = replace(self.state, status=status, failure=Failure(event.code, event.args), ended=time.time())
            case Pong() | _:
                return

    def _on_exit(self, report: ExitReport) -> None:
        self._gone.set()
        kept = None if isinstance(self.state.task, Inspect) else self._folder.read()
        if self._final is not None:
            self._take_over(self._final, kept)
        elif kept is not None and kept.status == Status.FINISHED:  # it was ended before it could say so
            self._take_over(kept, kept)
        elif self.ended_on_purpose is not None:
            self.conclude(self.ended_on_purpose)
        else:
            failure = report.failure
            self.keep(Status.INTERRUPTED, Failure(Code.JOB_DIED, {"reason": failure.args.get("reason", "silent"), "detail": _last(report)}))
        self._on_change(self.state)

    def _take_over(self, final: JobState, kept: JobState | None) -> None:
        """The process wrote its own end, which knows nothing of a place that was given to it meanwhile."""
        if final.status == Status.CANCELLED:
            remove_leftovers(final.task, self._folder.others())
        if kept is None or kept.status != final.status:
            self.state = final
            return
        place = self.state.position
        self.state = msgspec.structs.replace(kept, position=place)
        if kept.position != place:
            with contextlib.suppress(OSError):
                self._folder.write(self.state)


def _new_identity() -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"


def _is_new(state: JobState) -> bool:
    return isinstance(state.task, Download) and 0 <= time.time() - (state.begun or state.created) < LOCK_WAIT


def _last(report: ExitReport) -> str:
    return report.last_lines[-1] if report.last_lines else ""
