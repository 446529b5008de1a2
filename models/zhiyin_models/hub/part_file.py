"""A file while it is downloaded: ``NAME.part`` with a journal of which bytes of what are there, and a lock of the process that writes it.

What was handed to the system outlives the process, and is trusted after a kill; what was synced outlives the computer as well, and only
that is trusted after another start of it (or after one that cannot be told from it).
"""

import contextlib
import os
import shutil
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from zhiyin_models.disk import boot, refusal, sync_folder
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.content import Content
from zhiyin_models.hub.ranges import Range, Ranges
from zhiyin_models.jobs.leftovers import JOURNAL, LOCK, PART

KEPT_EVERY = 2 << 20  # bytes between two writings of the journal, of all ranges together: what a kill can cost
KEPT_SECONDS = 0.5
SLOT = 8192  # bytes; the journal has two of them in turn, so that one is whole whatever happens to the other
MOST_RANGES = 80  # of each kind in a journal; those behind them are not remembered
# A link in the place of a part would lead to somebody else's file.
FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class _Journal(Struct):
    """One slot of ``NAME.part.json``."""

    sequence: int
    content: Content
    boot: str
    written: list[Range] = []
    synced: list[Range] = []
    published: bool = False  # the file has its name already
    check: int = 0  # CRC-32 of all this with 0 here


class PartFile:
    """One file that grows, written by several threads. ``start`` is which start of the computer this is.

    Raises ModelError OUTPUT_BUSY, OUTPUT_EXISTS, OUTPUT_UNWRITABLE, DOWNLOAD_DISK_FULL.
    """

    def __init__(self, path: Path, content: Content, *, start: str = "") -> None:
        self.path, self.content, self.asked = path, content, content  # ``content`` is what is known, by the servers as well
        self._boot = start or boot()
        self.part = path.with_name(path.name + PART)
        self.written = Ranges()
        self.published = False
        self.resumed = 0  # bytes of an earlier run
        self._inode = (0, 0)  # of the part that was opened
        self._begun = Ranges()  # what is there or is just being written
        self._synced = Ranges()
        self._journal = path.with_name(path.name + JOURNAL)
        self._lock = FileLock(path.with_name(path.name + LOCK), timeout=0, thread_local=False)
        self._guard = threading.Lock()  # of everything here, and of the file's position where one cannot write at another
        self._idle = threading.Condition(self._guard)
        self._opened = 0
        self._writing = 0  # threads; a file is not closed under them, its number may be another file's at once
        self._file = self._notes = -1
        self._sequence, self._unkept, self._kept_at = 0, 0, 0.0

    def take(self) -> None:
        """Hold the lock, and see what an earlier run left."""
        with self._saying():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire()
            except Timeout:
                raise ModelError(Code.OUTPUT_BUSY, path=str(self.path)) from None
            journal = _read(self._journal)
            if journal is not None and journal.content.same(self.content):
                self._resume(journal)
            elif self.part.exists() and not self._journal.exists():  # somebody else's
                raise ModelError(Code.OUTPUT_EXISTS, path=str(self.part))

    def open(self) -> int:
        """Begin, or go on. Returns which opening it is: what was fetched for an earlier one is not written into a later one."""
        with self._saying(), self._guard:
            self._notes = os.open(self._journal, FLAGS, 0o666)
            self._keep()
            self._keep()  # both slots have their room now: a disk that gets full cannot take it
            if not self.written.total and not self.part.is_symlink():
                self.part.unlink(missing_ok=True)  # not emptied: it may have become a finished file elsewhere
            self._file = os.open(self.part, FLAGS, 0o666)
            self._inode = _inode(os.fstat(self._file))
            if self.content.size > 0:
                os.ftruncate(self._file, self.content.size)  # takes no room yet; writing into it is quicker than making it longer
            self._begun = Ranges(self.written)
            self._opened += 1
            return self._opened

    def become(self, content: Content) -> None:
        """What it is a part of is known better now."""
        with self._saying(), self._guard:
            longer = content.size > 0 and content.size != self.content.size
            self.content = content
            if self._file >= 0:
                if longer:
                    os.ftruncate(self._file, content.size)
                self._keep()

    def write(self, view: memoryview, at: int, opened: int = 1) -> None:
        """Bytes from a place on; nothing when the part was closed meanwhile.

        What is there already is never written again: the checksum may have seen it, and what comes second may be wrong.
        """
        with self._saying():
            with self._guard:
                number = self._file
                if number < 0 or opened != self._opened:
                    return
                new = self._begun.missing(at, at + len(view))
                self._begun.add(at, at + len(view))
                self._writing += 1
            done = []
            try:
                for begin, end in new:
                    self._put(number, view[begin - at : end - at], begin)
                    done.append((begin, end))
            finally:
                with self._guard:  # whoever closes the file waits for this, so it is still the same opening
                    for begin, end in done:
                        self.written.add(begin, end)
                        self._unkept += end - begin
                    self._writing -= 1
                    self._idle.notify_all()
                    if self._unkept >= KEPT_EVERY or time.monotonic() - self._kept_at >= KEPT_SECONDS:
                        self._keep()

    def check_room(self, reserve: int) -> None:
        """Raises ModelError DOWNLOAD_DISK_FULL when less than that is free."""
        with self._saying():
            if shutil.disk_usage(self.path.parent).free < reserve:
                raise ModelError(Code.DOWNLOAD_DISK_FULL, path=str(self.path))

    def keep(self) -> None:
        """Write down what is there, if the journal does not say it yet."""
        with self._saying(), self._guard:
            if self._notes >= 0 and self._unkept:
                self._keep()

    def sync(self) -> None:
        """Put what is there on the disk, and then write that down. Others write meanwhile."""
        with self._saying():
            with self._guard:
                if self._file < 0:
                    return
                number, notes = os.dup(self._file), os.dup(self._notes)
                there = Ranges(self.written)
            try:
                _sync_data(number)
                with self._guard:
                    self._synced = there
                    if self._notes >= 0:
                        self._keep()
                _sync_data(notes)
            finally:
                os.close(number)
                os.close(notes)

    @property
    def frontier(self) -> int:
        """Bytes that are there without a gap."""
        with self._guard:
            return self.written.frontier

    @property
    def total(self) -> int:
        """Bytes that are there."""
        with self._guard:
            return self.written.total

    def gaps(self) -> list[Range]:
        """What is missing; the size has to be known."""
        with self._guard:
            return self.written.gaps(self.content.size)

    @property
    def complete(self) -> bool:
        """Whether every byte is there."""
        return self.content.size >= 0 and self.total == self.content.size

    def publish(self) -> None:
        """Give the file its name; nothing that has it is replaced. Its bytes have to be synced."""
        with self._saying():
            self.close()
            if _inode(os.lstat(self.part)) != self._inode:  # somebody put another file in its place
                raise ModelError(Code.OUTPUT_EXISTS, path=str(self.part))
            try:
                os.link(self.part, self.path)
            except FileExistsError:
                raise ModelError(Code.OUTPUT_EXISTS, path=str(self.path)) from None
            except OSError:  # a file system without links
                if os.path.lexists(self.path):
                    raise ModelError(Code.OUTPUT_EXISTS, path=str(self.path)) from None
                self.part.rename(self.path)
            self.published = True
            with self._guard:
                self._notes = os.open(self._journal, FLAGS, 0o666)
                self._keep()
                os.close(self._notes)
                self._notes = -1
            with contextlib.suppress(OSError):
                self.part.unlink(missing_ok=True)
            sync_folder(self.path.parent)

    def discard(self) -> None:
        """Take away what was written: it is of no use to anybody."""
        self.close()
        for path in (self.part, self._journal):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        self.written, self._synced, self.resumed = Ranges(), Ranges(), 0

    def close(self) -> None:
        """Stop writing; what is there stays for being resumed."""
        with self._guard:
            number, self._file = self._file, -1
            self._idle.wait_for(lambda: not self._writing)
            if number >= 0:
                if self._unkept:
                    with contextlib.suppress(OSError):
                        self._keep()
                os.close(number)
                os.close(self._notes)
                self._notes = -1

    def release(self, *, finished: bool = False) -> None:
        """Let go of the lock; when everything is ``finished``, the journal is not needed any more. Where nothing came, nothing is left."""
        self.close()
        if self._opened and not self.published and not self.written.total:
            self.discard()
        if finished:
            with contextlib.suppress(OSError):
                self._journal.unlink(missing_ok=True)
        if self._lock.is_locked:
            with contextlib.suppress(OSError):
                Path(self._lock.lock_file).unlink(missing_ok=True)
            self._lock.release()

    def _resume(self, journal: _Journal) -> None:
        known = self.content
        self.content = Content(
            known.size if known.size >= 0 else journal.content.size,
            known.sha256 or journal.content.sha256,
            known.revision or journal.content.revision,
            known.mark or journal.content.mark,
            known.origin,
        )
        self._sequence = journal.sequence
        twice = self.part.exists() and self.path.exists() and self.part.samefile(self.path)
        if journal.published or twice:
            self.published = self.path.is_file() and self.path.stat().st_size == self.content.size
            if twice and self.published:  # it was ended between getting its name and losing the other
                self.part.unlink()
            return
        try:
            there = self.part.stat().st_size
        except OSError:
            return
        trusted = journal.written if journal.boot == self._boot else journal.synced
        self.written, self._synced = _within(trusted, there), _within(journal.synced, there)
        self.resumed = self.written.total

    def _keep(self) -> None:
        """Write the older slot anew."""
        self._sequence += 1
        most = MOST_RANGES
        while True:
            written, synced = list(self.written)[:most], list(self._synced)[:most]
            slot = msgspec.json.encode(_checked(_Journal(self._sequence, self.content, self._boot, written, synced, self.published)))
            if len(slot) < SLOT or not most:
                break
            most //= 2
        os.lseek(self._notes, SLOT * (self._sequence % 2), os.SEEK_SET)
        os.write(self._notes, slot.ljust(SLOT - 1) + b"\n")
        self._unkept, self._kept_at = 0, time.monotonic()

    def _put(self, number: int, view: memoryview, at: int) -> None:
        done = 0
        while done < len(view):
            if hasattr(os, "pwrite"):
                done += os.pwrite(number, view[done:], at + done)
            else:  # Windows
                with self._guard:
                    os.lseek(number, at + done, os.SEEK_SET)
                    done += os.write(number, view[done:])

    @contextlib.contextmanager
    def _saying(self) -> Iterator[None]:
        """Within it, what the disk refuses is a ModelError."""
        try:
            yield
        except OSError as error:
            raise refused(self.path, error) from error


def refused(path: Path, error: OSError) -> ModelError:
    """Why the disk refuses a download; what is there of it stays."""
    found = refusal(path, error)
    return ModelError(Code.DOWNLOAD_DISK_FULL, path=str(path)) if found.code == Code.DISK_FULL else found


def left_of(path: Path, content: Content) -> bool:
    """Whether what an earlier run left beside a path was a part of this, or of nothing that can be told any more."""
    journal = _read(path.with_name(path.name + JOURNAL))
    return journal is None or journal.content.same(content) or journal.content.asked_as(content)


def _read(path: Path) -> _Journal | None:
    """The later one of the slots that are whole."""
    found = None
    try:
        with path.open("rb") as file:
            content = file.read(2 * SLOT)
    except OSError:
        return None
    for slot in (content[:SLOT], content[SLOT:]):
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            journal = msgspec.json.decode(slot, type=_Journal)
            if _checked(journal) == journal and (found is None or journal.sequence > found.sequence):
                found = journal
    return found


def _checked(journal: _Journal) -> _Journal:
    """The same with the sum that it has to have."""
    plain = msgspec.structs.replace(journal, check=0)
    return msgspec.structs.replace(plain, check=zlib.crc32(msgspec.json.encode(plain)))


def _within(ranges: list[Range], size: int) -> Ranges:
    """What a file that became shorter still has of them."""
    return Ranges((begin, min(end, size)) for begin, end in ranges if 0 <= begin < end)


def _inode(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_dev, stat.st_ino


def _sync_data(number: int) -> None:
    getattr(os, "fdatasync", os.fsync)(number)
