"""Copies one file: as ``NAME.part`` with a journal beside it, compared with the original, then given its name, which replaces nothing."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from zhiyin_models.disk import refusal, sync_folder
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.jobs.leftovers import JOURNAL, LOCK, PART
from zhiyin_models.work import Pace, Report, Stage, Stop

BLOCK = 1 << 20  # bytes at a time: a stop is looked for after each
SYNC = 64 << 20  # bytes that wait for the disk at most, so that none of the waits is long
SPARE = 64 << 20  # bytes of the disk that are left free
MAX_JOURNAL = 1 << 16

Advance = Callable[[int], None]


class _Journal(Struct):
    """What is in ``NAME.part.json``: which file this is a copy of."""

    source: str
    size: int
    modified: int


class FileCopy:
    """One file on its way from ``source`` to ``target``. Everything raises ModelError OUTPUT_UNWRITABLE, DISK_FULL, and for the source
    MODEL_MISSING, MODEL_UNREADABLE.
    """

    def __init__(self, source: Path, target: Path) -> None:
        self.source, self.target = source, target
        self.part = target.with_name(target.name + PART)
        self._journal = target.with_name(target.name + JOURNAL)
        self._lock = FileLock(target.with_name(target.name + LOCK), timeout=0, thread_local=False)
        status = _status(source)
        self.size, self._modified = status.st_size, status.st_mtime_ns
        self.made = False
        self._digest = ""  # of the source, once it was copied

    def begin(self) -> bool:
        """Take the place. False when a file of the same size has the name: it may be this one. Raises OUTPUT_EXISTS, OUTPUT_BUSY."""
        with saying(self.target):
            self.target.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire()
            except Timeout:
                raise ModelError(Code.OUTPUT_BUSY, path=str(self.target)) from None
            try:
                if os.path.lexists(self.target):
                    if not self.target.is_file() or self.target.stat().st_size != self.size:
                        raise ModelError(Code.OUTPUT_EXISTS, path=str(self.target))
                    return False
                if self.part.exists() and not self._journal.exists():  # somebody else's
                    raise ModelError(Code.OUTPUT_EXISTS, path=str(self.part))
            except BaseException:
                self._unlock()
                raise
        return True

    def copy(self, advance: Advance, stop: Stop) -> None:
        """Write the part; a killed run's part of the same file is gone on with."""
        journal = _Journal(str(self.source), self.size, self._modified)
        digest = hashlib.sha256()
        with saying(self.target):
            done = self._resumable(journal)
            self._journal.write_bytes(msgspec.json.encode(journal))
            with self.part.open("r+b" if done else "wb", buffering=0) as file, opened(self.source) as source:
                for _ in range(done // BLOCK):
                    stop.check()
                    digest.update(reading(self.source, source, BLOCK))
                source.seek(done)
                file.truncate(done)
                file.seek(done)
                advance(done)
                waiting = 0
                while block := reading(self.source, source, BLOCK):
                    stop.check()
                    digest.update(block)
                    view = memoryview(block)
                    while view:
                        view = view[file.write(view) :]
                    advance(len(block))
                    waiting += len(block)
                    if waiting >= SYNC:
                        os.fsync(file.fileno())
                        waiting = 0
                os.fsync(file.fileno())
                if file.tell() != self.size:
                    raise ModelError(Code.SOURCE_CHANGED, path=str(self.source))
        self._digest = digest.hexdigest()

    def compare(self, report: Report, stop: Stop) -> None:
        """Read what was written, or was there, from the disk. Raises OUTPUT_UNWRITABLE, OUTPUT_EXISTS where it differs, StoppedError."""
        ours = bool(self._digest)
        written = checksum(self.part if ours else self.target, report, stop, fresh=ours)
        if written == (self._digest or checksum(self.source, report, stop)):
            return
        if ours:
            raise ModelError(Code.OUTPUT_UNWRITABLE, path=str(self.part), detail="the copy differs")
        raise ModelError(Code.OUTPUT_EXISTS, path=str(self.target))

    def _resumable(self, journal: _Journal) -> int:
        """How many bytes of an earlier run can be kept; the comparison at the end tells if they are not what they should be."""
        try:
            with self._journal.open("rb") as file:
                if msgspec.json.decode(file.read(MAX_JOURNAL), type=_Journal) != journal:
                    return 0
            return min(self.part.stat().st_size, self.size) // BLOCK * BLOCK
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return 0

    def publish(self) -> None:
        """Give the part its name, with the times of the source. Raises OUTPUT_EXISTS."""
        with saying(self.target):
            with suppress(OSError):  # some file systems keep none
                os.utime(self.part, ns=(self._modified, self._modified))
            give_name(self.part, self.target)
            self.made = True
            sync_folder(self.target.parent)

    def end(self, *, keep: bool) -> None:
        """Take the journal and the lock away; without ``keep`` also what was written."""
        if not self._lock.is_locked:
            return
        with suppress(OSError):
            if self._journal.exists():  # without one the part is somebody else's
                self.part.unlink(missing_ok=True)
            if self.made and not keep:
                self.target.unlink(missing_ok=True)
            self._journal.unlink(missing_ok=True)
        self._unlock()

    def _unlock(self) -> None:
        with suppress(OSError):
            Path(self._lock.lock_file).unlink(missing_ok=True)
        self._lock.release()


def copy_together(copies: Sequence[FileCopy], report: Report, stop: Stop, pace: Pace, before: int = 0) -> int:
    """Copy the files of one model; they get their names, in this order, when every one of them is right.

    ``before`` bytes are done already; returns what is done then. When anything goes wrong, nothing of them stays. Raises what ``FileCopy``
    raises, OUTPUT_EXISTS where something else has the name, and StoppedError.
    """
    done = before

    def advance(count: int) -> None:
        nonlocal done
        done += count
        pace.at(done, copy.source.name)

    kept = False
    unnamed: list[FileCopy] = []
    try:
        for copy in copies:
            if copy.begin():
                copy.copy(advance, stop)
                unnamed.append(copy)
            else:
                advance(copy.size)
            copy.compare(report, stop)
        for copy in unnamed:
            copy.publish()
        kept = True
    finally:
        for copy in copies:
            copy.end(keep=kept)
    return done


def checksum(path: Path, report: Report, stop: Stop, *, fresh: bool = False) -> str:
    """A file's SHA-256 as hexadecimal digits, with progress; ``fresh`` asks the system to forget what it has of it in memory.

    Raises ModelError MODEL_MISSING, MODEL_UNREADABLE, StoppedError.
    """
    digest = hashlib.sha256()
    size = _status(path).st_size
    pace = Pace(Stage.HASH, size, report)
    done = 0
    with opened(path) as file:
        if fresh and hasattr(os, "posix_fadvise"):
            with suppress(OSError):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while block := reading(path, file, BLOCK):
            stop.check()
            digest.update(block)
            done += len(block)
            if done > size:  # it grows
                raise ModelError(Code.SOURCE_CHANGED, path=str(path))
            pace.at(done, path.name)
    return digest.hexdigest()


def give_name(part: Path, target: Path) -> None:
    """Let a finished part have its name; nothing that has it is replaced. Raises ModelError OUTPUT_EXISTS, OSError."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise ModelError(Code.OUTPUT_EXISTS, path=str(target)) from None
    except OSError:  # a file system without links
        if os.path.lexists(target):
            raise ModelError(Code.OUTPUT_EXISTS, path=str(target)) from None
        part.rename(target)
        return
    with suppress(OSError):
        part.unlink()


def check_room(folder: Path, need: int) -> None:
    """Raises ModelError DISK_SMALL when so many bytes do not fit where a folder is or will be."""
    with saying(folder):
        place = next(place for place in (folder, *folder.parents) if place.exists())
        free = shutil.disk_usage(place).free
    if need and need + SPARE > free:
        raise ModelError(Code.DISK_SMALL, path=str(folder), need=need + SPARE, free=free)


@contextmanager
def saying(path: Path) -> Iterator[None]:
    """Within it, what the disk refuses of a path that is written is a ModelError."""
    try:
        yield
    except OSError as error:
        raise refusal(path, error) from error


@contextmanager
def opened(path: Path) -> Iterator[FileIO]:
    """A file to be read. Raises ModelError MODEL_MISSING, MODEL_UNREADABLE."""
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise _unreadable(path, error) from error
    with file:
        yield file


def reading(path: Path, file: FileIO, count: int) -> bytes:
    """Up to so many bytes. Raises ModelError MODEL_UNREADABLE."""
    try:
        return file.read(count) or b""
    except OSError as error:
        raise _unreadable(path, error) from error


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> ModelError:
    if isinstance(error, FileNotFoundError):
        return ModelError(Code.MODEL_MISSING, path=str(path))
    return ModelError(Code.MODEL_UNREADABLE, path=str(path), detail=error.strerror or str(error))
