"""Takes files away so that they can be had back: from the list at once, to the system's trash when the time for an undo is over."""

import os
import secrets
import threading
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.scanning import is_inside


class Undo:
    """What may still be undone: the process that took a model away holds a lock for each, so that a clock has no say in it."""

    def __init__(self, directory: Path) -> None:
        self._folder = directory / "undo"
        self._held: dict[str, FileLock] = {}
        self._lock = threading.Lock()

    def begin(self) -> str:
        """A new token, held by this process. Raises ModelError LIBRARY_UNWRITABLE."""
        token = secrets.token_hex(8)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._folder / token, timeout=0, thread_local=False)
            lock.acquire()
        except OSError as error:
            raise ModelError(Code.LIBRARY_UNWRITABLE, path=str(self._folder), detail=error.strerror or str(error)) from error
        with self._lock:
            self._held[token] = lock
        return token

    def over(self, token: str) -> bool:
        """Whether no other living process can undo it. Held by this process afterwards."""
        with self._lock:
            if token in self._held:
                return True
            if not token.isalnum():
                return True
            lock = FileLock(self._folder / token, timeout=0, thread_local=False)
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                lock.acquire()
            except Timeout:
                return False
            except OSError:
                return True
            self._held[token] = lock
            return True

    def end(self, token: str) -> None:
        """It is undone, or done for good."""
        with self._lock:
            lock = self._held.pop(token, None)
        if lock is not None:
            with suppress(OSError):
                Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()
            with suppress(OSError):
                self._folder.rmdir()


def discard(path: Path, folder: Path) -> None:
    """Move a file of the models folder to the system's trash; of a link, only the link goes. What is not there is no trouble.

    A file that only seems to lie in the folder is left alone. Folders that become empty go too. Raises ModelError TRASH_FAILED.
    """
    if not os.path.lexists(path) or not is_inside(path, folder):
        return
    try:
        if path.is_symlink():
            path.unlink()
        else:
            from send2trash import send2trash  # noqa: PLC0415 - loads the desktop's libraries

            send2trash(path)
    except Exception as error:  # each system's own kinds
        detail = getattr(error, "strerror", None) or str(error)
        raise ModelError(Code.TRASH_FAILED, path=str(path), detail=detail) from error
    remove_empty_folders(path.parent, folder)


def remove_empty_folders(place: Path, folder: Path) -> None:
    """Take away a folder and those above it, up to the models folder, as far as nothing is in them."""
    with suppress(OSError):
        while place != folder and place.is_relative_to(folder):
            place.rmdir()
            place = place.parent
