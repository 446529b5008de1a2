"""Unfinished downloads when the models folder changes: what they have goes along, and they go on in the new folder."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.file_names import local_name
from zhiyin_models.jobs.folder import JobFolder
from zhiyin_models.jobs.leftovers import JOURNAL, LOCK, PART
from zhiyin_models.jobs.protocol import Download, JobState, Status
from zhiyin_models.library.file_copy import BLOCK, saying
from zhiyin_models.library.trash import remove_empty_folders
from zhiyin_models.work import Stop

PATIENCE = 20.0  # seconds that downloads have for ending; a window pauses its own
YOUNG = 10.0  # seconds within which a process that was begun has its lock
LOOK = 0.1  # seconds between two looks
UNDONE = ".moving"  # beside a part that is copied from another disk

Advance = Callable[[int, str], None]


class UnfinishedDownloads:
    """Those of ``data_dir`` that were to end in the models folder ``old``; it becomes ``folder``."""

    def __init__(self, data_dir: Path, old: Path, folder: Path) -> None:
        self._data_dir, self._old, self._folder = data_dir, old, folder

    def wait(self, stop: Stop, patience: float = PATIENCE) -> None:
        """Until none is being fetched. Raises LIBRARY_BUSY when another program goes on with one, StoppedError."""
        end = time.monotonic() + patience
        while any(_is_at_work(job, state) for job, state, _task in self._jobs()):
            stop.check()
            if time.monotonic() >= end:
                raise ModelError(Code.LIBRARY_BUSY, path=str(self._data_dir))
            time.sleep(LOOK)

    def size(self) -> int:
        """Bytes that are there of them."""
        return sum(_room(path) for _job, _state, task in self._jobs() for path in self._there(task))

    def take_along(self, advance: Advance, stop: Stop) -> None:
        """Move what is there, download by download. Raises StoppedError, and ModelError OUTPUT_UNWRITABLE, DISK_FULL."""
        for job, _state, _task in list(self._jobs()):
            if not job.take():  # another program has begun it meanwhile
                continue
            try:
                state = job.read()
                if state is not None and isinstance(state.task, Download):
                    self._move(job, state, state.task, advance, stop)
            finally:
                job.release()

    def _jobs(self) -> Iterator[tuple[JobFolder, JobState, Download]]:
        with suppress(OSError):
            for place in sorted((self._data_dir / "downloads").iterdir()):
                job = JobFolder(place)
                state = job.read()
                if state is None or state.status == Status.FINISHED or not isinstance(state.task, Download):
                    continue
                if Path(state.task.folder).is_relative_to(self._old):
                    yield job, state, state.task

    def _there(self, task: Download) -> list[Path]:
        """What is there of a download and can be moved, in the order in which it is renamed."""
        found: list[Path] = []
        for path in _paths(task):
            journal = _beside(path, JOURNAL)
            if not journal.is_file() or journal.is_symlink():  # without one it is somebody else's
                continue
            there = [one for one in (path, _beside(path, PART), journal) if one.is_file() and not one.is_symlink()]
            if self._target(journal).is_file() or not any(os.path.lexists(self._target(one)) for one in there):
                found += there
        return found

    def _target(self, path: Path) -> Path:
        return self._folder / path.relative_to(self._old)

    def _move(self, job: JobFolder, state: JobState, task: Download, advance: Advance, stop: Stop) -> None:
        files = self._there(task)
        is_near = self._is_near(files)
        for path in files if is_near else reversed(files):  # a journal is the last to leave, and the first to be there
            stop.check()
            target = self._target(path)
            with saying(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                left = _room(path)
                if is_near:
                    path.replace(target)
                else:
                    for count in _copy(path, target, stop):
                        advance(min(count, left), path.name)
                        left -= min(count, left)
                advance(left, path.name)
        moved = msgspec.structs.replace(task, folder=str(self._target(Path(task.folder))))
        with saying(job.path):
            job.write(msgspec.structs.replace(state, task=moved))
        for path in (*files, *(_beside(path, LOCK) for path in _paths(task))):
            with suppress(OSError):
                path.unlink(missing_ok=True)
            remove_empty_folders(path.parent, self._old)

    def _is_near(self, files: list[Path]) -> bool:
        try:
            return all(path.stat().st_dev == self._folder.stat().st_dev for path in files)
        except OSError:
            return False


def _paths(task: Download) -> list[Path]:
    """The files that a download writes."""
    paths = []
    for file in task.files:
        with suppress(ModelError):
            paths.append(Path(task.folder, local_name(file.path)))
    return paths


def _is_at_work(job: JobFolder, state: JobState) -> bool:
    is_young = state.status == Status.RUNNING and 0 <= time.time() - (state.begun or state.created) < YOUNG
    return is_young or job.held()


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _room(path: Path) -> int:
    """Bytes that a file takes up: a part has its whole length from the beginning."""
    status = path.stat()
    return min(status.st_size, status.st_blocks * 512) if hasattr(status, "st_blocks") else status.st_size


def _copy(path: Path, target: Path, stop: Stop) -> Iterator[int]:
    """Copy a file to another disk, without the room of what is not there yet; yields how many bytes. Raises OSError, StoppedError."""
    undone = _beside(target, UNDONE)
    empty = bytes(BLOCK)
    try:
        with path.open("rb", buffering=0) as source, undone.open("wb", buffering=0) as file:
            while block := source.read(BLOCK):
                stop.check()
                if block == empty[: len(block)]:
                    file.seek(len(block), os.SEEK_CUR)
                    continue
                view = memoryview(block)
                while view:
                    view = view[file.write(view) :]
                yield len(block)
            file.truncate(file.tell())
            os.fsync(file.fileno())
        undone.replace(target)
    except BaseException:
        with suppress(OSError):
            undone.unlink()
        raise
