"""A job's folder: its state in ``state.json``, and a lock that the process at work holds, so that anybody can tell whether it lives."""

import contextlib
import os
import shutil
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from zhiyin_models.jobs.protocol import JobState, Status, Task

OWN = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
ENDED = {Status.FINISHED, Status.CANCELLED}  # nothing of theirs is unfinished
MAX_STATE = 16 << 20  # bytes of state.json that are read


class JobFolder:
    """One job on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path / "state.json"
        self._lock = FileLock(path / "lock", timeout=0, thread_local=False)

    def read(self) -> JobState | None:
        """What was last written; None where nothing is or it cannot be read."""
        try:
            with self._file.open("rb") as file:
                content = file.read(MAX_STATE + 1)
            return msgspec.json.decode(content, type=JobState) if len(content) <= MAX_STATE else None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def write(self, state: JobState) -> None:
        """Replace the state; on the disk when this returns, unless the job is still running. Raises OSError."""
        self.path.mkdir(0o700, parents=True, exist_ok=True)
        part = self._file.with_name("state.json.part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, OWN, 0o600), "wb") as file:  # there are chats in it, and addresses with a signature
            file.write(msgspec.json.encode(state))
            file.flush()
            if state.status != Status.RUNNING or state.progress is None:
                os.fsync(file.fileno())
        part.replace(self._file)

    def others(self) -> list[Task]:
        """The tasks of the unfinished jobs beside this one, which may go on with what is there."""
        states = []
        with contextlib.suppress(OSError):
            states = [JobFolder(place).read() for place in self.path.parent.iterdir() if place.name != self.path.name]
        return [state.task for state in states if state is not None and state.status not in ENDED]

    def take(self) -> bool:
        """Hold the lock until this process ends; False when another process has it. Raises OSError."""
        try:
            self._lock.acquire()
        except Timeout:
            return False
        return True

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()

    def held(self) -> bool:
        """Whether a process is at work on it."""
        if not (self.path / "lock").exists():
            return False
        try:
            if not self.take():
                return True
        except OSError:
            return False
        self.release()
        return False

    def remove(self) -> None:
        """Take the folder away."""
        with contextlib.suppress(OSError):
            shutil.rmtree(self.path)
