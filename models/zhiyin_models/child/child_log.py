"""The file that a child's standard error goes to: a pipe can fill up, a file can be read when the child is gone."""

import logging
import shutil
import tempfile
from pathlib import Path
from typing import IO, Self

ROTATE_AT = 1024 * 1024  # bytes, looked at when a child starts
TRUNCATE_AT = 8 * 1024 * 1024  # bytes, looked at while it runs
KEPT = 3  # older files
LAST_LINES = 10
TAIL = 16 * 1024

logger = logging.getLogger(__name__)


def _older(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def rotate(path: Path) -> None:
    """Move ``path`` to ``path.1`` and so on, when it is large."""
    if path.exists() and path.stat().st_size > ROTATE_AT:
        for number in range(KEPT, 1, -1):
            if _older(path, number - 1).exists():
                _older(path, number - 1).replace(_older(path, number))
        path.replace(_older(path, 1))


class ChildLog:
    """An open log file; a nameless temporary one where no path is given or the path cannot be written."""

    def __init__(self, path: Path | None) -> None:
        file = None
        if path is not None:
            try:
                file = self._open(path)
            except OSError as error:
                logger.warning("The log %s cannot be written: %s", path, error)
        self._path = path if file is not None else None
        self.file: IO[bytes] = file or tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the child runs
        self._start = self.file.seek(0, 2)

    @staticmethod
    def _open(path: Path) -> IO[bytes]:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            rotate(path)
        except OSError as error:  # another process holds it open, where that matters
            logger.warning("The log %s cannot be rotated: %s", path, error)
        return path.open("a+b")

    def bound(self) -> None:
        """Begin again, keeping one copy, when a running child has written too much: it appends, so it needs no telling."""
        if self._path is None:
            return
        try:
            if self._path.stat().st_size > TRUNCATE_AT:
                shutil.copyfile(self._path, _older(self._path, 1))
                self.file.truncate(0)
                self._start = 0
        except OSError as error:
            logger.warning("The log %s cannot be bounded: %s", self._path, error)

    def last_lines(self) -> tuple[str, ...]:
        """The last lines that this child wrote. To be called when it has ended: the position in the file is shared with it."""
        try:
            end = self.file.seek(0, 2)
            self.file.seek(max(self._start, end - TAIL))
            text = self.file.read(TAIL).decode("utf-8", "replace")
        except (OSError, ValueError):
            return ()
        lines = ("".join(c if c.isprintable() else " " for c in line).rstrip()[:400] for line in text.splitlines())
        return tuple(line for line in lines if line)[-LAST_LINES:]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self.file.close()
