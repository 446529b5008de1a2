"""Writes one GGUF file tensor by tensor: as ``NAME.part`` with a journal of what is done, which becomes ``NAME`` in one step at the end."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from zhiyin_models.convert.header import Placed, padded
from zhiyin_models.disk import boot, refusal, sync_folder
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.jobs.leftovers import JOURNAL, LOCK, PART

SYNC_SECONDS = 5.0  # between two times that everything so far is put on the disk
MAX_JOURNAL = 1 << 16  # bytes
JOURNAL_SIZE = 512  # bytes


class _Journal(Struct):
    """What is in ``NAME.part.json``: how many whole tensors are written, and what they were made from."""

    fingerprint: str
    done: int  # whole tensors that were handed to the system: they outlive the process
    synced: int = 0  # of them, those that outlive the computer too
    boot: str = ""  # which start of the computer it was
    published: bool = False  # the file has its name, and the job that wrote it goes on with it


class ModelWriter:
    """One output. ``fingerprint`` stands for everything that decides over its bytes: with another one, nothing is resumed.

    Raises ModelError OUTPUT_EXISTS, OUTPUT_BUSY, OUTPUT_UNWRITABLE, and DISK_FULL from everything that writes.
    """

    def __init__(self, path: Path, content: bytes, tensors: tuple[Placed, ...], fingerprint: str) -> None:
        self.path, self.tensors = path, tensors
        self.part = path.with_name(path.name + PART)
        self.size = max([len(content), *(padded(tensor.offset + tensor.size) for tensor in tensors)])
        self._journal = path.with_name(path.name + JOURNAL)
        self._fingerprint = fingerprint
        self._content = content
        self._lock = FileLock(path.with_name(path.name + LOCK), timeout=0, thread_local=False)
        self._file = -1
        self._synced, self._synced_at = 0, 0.0
        self.done = 0  # whole tensors
        self.published = False

    def open(self) -> None:
        """Begin, or go on where an earlier run with the same fingerprint was ended."""
        with self._saying():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire()
            except Timeout:
                raise ModelError(Code.OUTPUT_BUSY, path=str(self.path)) from None
            try:
                self._begin()
            except BaseException:
                self._unlock()
                raise

    def _begin(self) -> None:
        if self.path.exists():
            journal = self._read_journal()
            ours = journal is not None and journal.fingerprint == self._fingerprint and self.path.stat().st_size == self.size
            self.published = ours and ((journal is not None and journal.published) or self._named())
            if self.published:
                return
            raise ModelError(Code.OUTPUT_EXISTS, path=str(self.path))
        if self.part.exists() and not self._journal.exists():  # somebody else's
            raise ModelError(Code.OUTPUT_EXISTS, path=str(self.part))
        self.done = self._synced = self._resumable()
        self._keep_journal()
        self._file = os.open(self.part, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0), 0o666)
        if not self.done:
            os.ftruncate(self._file, 0)
            self._write(self._content, 0)
            os.ftruncate(self._file, self.size)  # takes no room yet, and lets the vocabulary be loaded already
        self._synced_at = time.monotonic()

    def write(self, data: memoryview | bytes, offset: int) -> None:
        """Bytes of a tensor; ``offset`` counts from the beginning of the file."""
        with self._saying():
            self._write(data, offset)

    def finish_tensor(self, index: int) -> None:
        """All of this tensor is written."""
        self.done = index + 1
        with self._saying():
            if time.monotonic() - self._synced_at >= SYNC_SECONDS:
                os.fsync(self._file)
                self._synced, self._synced_at = self.done, time.monotonic()
            self._keep_journal()

    def complete(self) -> None:
        """Put everything on the disk, still under the name of the part."""
        with self._saying():
            os.ftruncate(self._file, self.size)
            os.fsync(self._file)
            self._synced = self.done
            self._keep_journal()

    def publish(self) -> None:
        """Give the file its name; nothing that has it is replaced."""
        with self._saying():
            os.close(self._file)
            self._file = -1
            try:
                os.link(self.part, self.path)
            except FileExistsError:
                raise ModelError(Code.OUTPUT_EXISTS, path=str(self.path)) from None
            except OSError:  # a file system without links
                if self.path.exists():
                    raise ModelError(Code.OUTPUT_EXISTS, path=str(self.path)) from None
                self.part.rename(self.path)
            self.published = True
            self._keep_journal()
            with contextlib.suppress(OSError):
                self.part.unlink(missing_ok=True)
            sync_folder(self.path.parent)

    def forget_journal(self) -> None:
        """The job that wrote the file is over. Until then nobody else may take its file for a finished job's."""
        with contextlib.suppress(OSError):
            self._journal.unlink(missing_ok=True)
        self._unlock()

    def abandon(self) -> None:
        """Take away what was written so far."""
        self.close()
        self._clear()

    def close(self) -> None:
        """Stop writing; what is there stays for being resumed."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _clear(self) -> None:
        for path in (self.part, self._journal):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        self._unlock()

    def _unlock(self) -> None:
        if self._lock.is_locked:
            with contextlib.suppress(OSError):
                Path(self._lock.lock_file).unlink(missing_ok=True)
            self._lock.release()

    def _resumable(self) -> int:
        """How many tensors of an earlier run can be kept."""
        journal = self._read_journal()
        try:
            there = self.part.stat().st_size
        except OSError:
            return 0
        if journal is None:
            return 0
        done = min(journal.done if journal.boot == boot() else journal.synced, len(self.tensors))
        if journal.fingerprint != self._fingerprint or done < 1:
            return 0
        last = self.tensors[done - 1]
        return done if there >= last.offset + last.size else 0

    def _named(self) -> bool:
        """Whether the part got its name, and the process was ended right then."""
        return self.part.exists() and self.part.samefile(self.path)

    def _read_journal(self) -> _Journal | None:
        try:
            with self._journal.open("rb") as file:
                return msgspec.json.decode(file.read(MAX_JOURNAL), type=_Journal)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def _keep_journal(self) -> None:
        """In place and always of one length, within one sector: it is either the old one or the new one."""
        journal = _Journal(self._fingerprint, self.done, self._synced, boot(), self.published)
        number = os.open(self._journal, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0), 0o666)
        try:
            os.write(number, msgspec.json.encode(journal).ljust(JOURNAL_SIZE))
        finally:
            os.close(number)

    def _write(self, data: memoryview | bytes, offset: int) -> None:
        view = memoryview(data).cast("B")
        os.lseek(self._file, offset, os.SEEK_SET)
        while view:
            written = os.write(self._file, view[: 1 << 26])
            view = view[written:]

    @contextlib.contextmanager
    def _saying(self) -> Iterator[None]:
        """Within it, what the disk refuses is a ModelError."""
        try:
            yield
        except OSError as error:
            raise refusal(self.path, error) from error


def check_new(path: Path) -> None:
    """Raises ModelError OUTPUT_EXISTS where there is a file already, OUTPUT_UNWRITABLE where there can be none."""
    try:
        there = path.exists()
    except OSError as error:  # a name that is too long, a folder that may not be searched
        raise refusal(path, error) from error
    if there:
        raise ModelError(Code.OUTPUT_EXISTS, path=str(path))
