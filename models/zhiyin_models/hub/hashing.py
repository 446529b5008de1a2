"""The checksum of a file while it grows: it follows the first gap, so that little is left to be read when the last byte comes."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

from zhiyin_models.work import Stop

BLOCK = 1 << 20  # bytes
STEP = 1 << 18  # bytes that are worth a look


class FrontierHash:
    """SHA-256 of a file from its beginning up to ``frontier()``, computed in a thread that reads what was written.

    SHA-256 goes from front to back and its state cannot be kept, so after a resume everything before the frontier is read again.
    """

    def __init__(self, path: Path, frontier: Callable[[], int], size: Callable[[], int]) -> None:
        self._path, self._frontier, self._size = path, frontier, size
        self._hash = hashlib.sha256()
        self._changed = threading.Condition()
        self._over = False
        self._error: OSError | None = None
        self.done = 0  # bytes
        self._thread = threading.Thread(target=self._run, name="download-hash", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def advanced(self) -> None:
        """There may be more to read."""
        with self._changed:
            self._changed.notify()

    @property
    def finished(self) -> bool:
        """Whether all bytes were seen, or cannot be."""
        return not self._thread.is_alive()

    def wait(self, seconds: float) -> bool:
        """Whether it is finished within that time."""
        self.advanced()
        self._thread.join(seconds)
        return self.finished

    def result(self) -> str:
        """In hexadecimal, of all bytes. Raises OSError."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._hash.hexdigest()

    def end(self) -> None:
        """Stop soon, and let go of the file."""
        with self._changed:
            self._over = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        buffer = memoryview(bytearray(BLOCK))
        try:
            with self._path.open("rb", buffering=0) as file:
                while not self._over:
                    size, there = self._size(), self._frontier()
                    if 0 <= size <= self.done:
                        return
                    if there - self.done < min(STEP, size - self.done if size >= 0 else STEP):
                        with self._changed:
                            if not self._over and self._frontier() == there:
                                self._changed.wait(0.1)
                        continue
                    count = file.readinto(buffer[: there - self.done])
                    if not count:
                        raise OSError("the file became shorter")
                    self._hash.update(buffer[:count])
                    self.done += count
        except OSError as error:
            self._error = error


def file_sha256(path: Path, stop: Stop, at: Callable[[int], None]) -> str:
    """In hexadecimal, of a whole file; ``at`` is told the bytes that were read. Raises OSError, StoppedError."""
    buffer = memoryview(bytearray(BLOCK))
    found, done = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            stop.check()
            found.update(buffer[:count])
            done += count
            at(done)
    return found.hexdigest()
