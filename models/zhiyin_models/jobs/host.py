"""The job process: one task, done on the main thread, told on the line protocol and kept in the job's folder."""

import contextlib
import queue
import signal
import time
import traceback
from pathlib import Path

import msgspec

from zhiyin_models.child import ChildEnd
from zhiyin_models.child.wire import Failed
from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.jobs.folder import JobFolder
from zhiyin_models.jobs.leftovers import remove_leftovers
from zhiyin_models.jobs.protocol import (
    VERSION,
    Cancel,
    Cancelled,
    Done,
    Event,
    JobState,
    Limit,
    Pause,
    Progressed,
    Request,
    Run,
    Status,
    failed_status,
)
from zhiyin_models.work import Progress, Stop, StoppedError, Tuning

KEPT_EVERY = 2.0  # seconds between two writings of progress to the disk


class JobHost:
    """Serves one parent, for one task."""

    def __init__(self) -> None:
        self._end: ChildEnd[Request] = ChildEnd(Request, kind="job", version=VERSION, on_request=self._take)
        self._runs: queue.SimpleQueue[Run] = queue.SimpleQueue()
        self._stop = Stop()
        self._pausing = False  # what is written is to stay when it is stopped
        self._tuning = Tuning()
        self._state: JobState | None = None
        self._folder: JobFolder | None = None
        self._kept = 0.0

    def run(self) -> None:
        """Take one task and do it; on the main thread."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the program in front
        self._end.start()
        request = self._runs.get()
        try:
            final = self._carry_out(request)
        except Exception as error:
            traceback.print_exc()
            final = Failed(request.id, Code.JOB_FAILED, {"detail": f"{type(error).__name__}: {error}"})
            self._keep(Status.FAILED, failure=Failure(final.code, final.args))
        if self._folder is not None:
            self._folder.release()
        self._end.send(final)
        self._end.close()

    def _take(self, request: Request) -> None:
        if isinstance(request, Run):
            self._runs.put(request)
        elif isinstance(request, Cancel | Pause):
            self._pausing = isinstance(request, Pause)
            self._stop.ask()
        elif isinstance(request, Limit):
            self._tuning.set(request.bytes_per_second, request.connections)

    def _carry_out(self, request: Run) -> Event:
        from zhiyin_models.jobs.tasks import run  # noqa: PLC0415 - nothing of it is needed for the hello

        if request.folder:
            folder = JobFolder(Path(request.folder))
            if not folder.take():
                return Failed(request.id, Code.OUTPUT_BUSY, {"path": request.folder})
            self._folder, self._state = folder, folder.read()
        try:
            outcome = run(request.task, lambda progress: self._report(request.id, progress), self._stop, self._tuning)
        except StoppedError:
            if not self._pausing:
                remove_leftovers(request.task, self._folder.others() if self._folder is not None else ())
                self._keep(Status.CANCELLED)
            return Cancelled(request.id)
        except ModelError as error:
            self._keep(failed_status(request.task, error.code), failure=error.failure)
            return Failed(request.id, error.code, error.failure.args)
        if self._state is not None:
            self._state = msgspec.structs.replace(self._state, outcome=outcome)
        self._keep(Status.FINISHED)
        return Done(request.id, outcome)

    def _report(self, identity: int, progress: Progress) -> None:
        self._end.send(Progressed(identity, progress))
        now = time.monotonic()
        if self._state is not None and now - self._kept >= KEPT_EVERY:
            self._kept = now
            self._state = msgspec.structs.replace(self._state, progress=progress)
            self._write()

    def _keep(self, status: Status, failure: Failure | None = None) -> None:
        if self._state is not None:
            self._state = msgspec.structs.replace(self._state, status=status, failure=failure, ended=time.time())
            self._write()

    def _write(self) -> None:
        if self._folder is not None and self._state is not None:
            with contextlib.suppress(OSError):  # the parent is told in any case
                self._folder.write(self._state)
