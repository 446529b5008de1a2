"""The files of a folder that somebody else made: opened only if they are plain files, read only in bounds, and watched for changes."""

import errno
import json
import os
import re
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from stat import S_ISREG
from typing import Any, NamedTuple

from zhiyin_models.errors import Code, ModelError

LARGEST_TEXT = 64 << 20  # bytes
MAX_VALUES = 1 << 23  # commas and brackets of a JSON text: a tokenizer of 262,144 entries has two million
MAX_DEPTH = 64
DRIVE = re.compile(r"[A-Za-z]:")
CONFIGURATIONS = frozenset({"config.json", "generation_config.json", "adapter_config.json"})


class Stamp(NamedTuple):
    """What tells a file from its changed self."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Stamp":
        """From what the system says."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


class NotPlainError(Exception):
    """It is a folder, a pipe or a device."""


class SourceFile:
    """A plain file, open for reading at any place from several threads.

    Opening raises OSError, ValueError (a name that no file can have) and NotPlainError; it never waits for the other end of a pipe.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not S_ISREG(path.stat().st_mode):
            raise NotPlainError
        flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags)
        self.close = weakref.finalize(self, os.close, self._descriptor)
        status = os.fstat(self._descriptor)
        if not S_ISREG(status.st_mode):  # exchanged since
            self.close()
            raise NotPlainError
        self.stamp = Stamp.of(status)
        self._moving = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes, when it was opened."""
        return self.stamp.size

    def read_into(self, buffer: memoryview, place: int) -> None:
        """Fill the buffer (of bytes) from a place on. Raises ModelError SOURCE_CHANGED (the file has become shorter), SOURCE_UNREADABLE."""
        done = 0
        try:
            while done < len(buffer):
                count = self._some(buffer[done:], place + done)
                if not count:
                    raise ModelError(Code.SOURCE_CHANGED, path=shown(self.path))
                done += count
        except OSError as error:
            raise unreadable(self.path, error) from error

    def _some(self, buffer: memoryview, place: int) -> int:
        if not self.close.alive:
            raise OSError(errno.EBADF, "closed")
        if hasattr(os, "preadv"):
            return os.preadv(self._descriptor, [buffer], place)
        with self._moving:  # a system without it has one place for all threads
            os.lseek(self._descriptor, place, os.SEEK_SET)
            data = os.read(self._descriptor, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def bytes_at(self, place: int, count: int) -> bytes:
        """So many bytes; the caller has checked that they are within the file."""
        data = bytearray(count)
        self.read_into(memoryview(data), place)
        return bytes(data)

    def check_unchanged(self) -> None:
        """Raises ModelError SOURCE_CHANGED if the file, or what its path names, is no longer what was opened."""
        try:
            same = Stamp.of(os.fstat(self._descriptor)) == Stamp.of(self.path.stat()) == self.stamp
        except OSError:
            same = False
        if not same:
            raise ModelError(Code.SOURCE_CHANGED, path=shown(self.path))


def shown(path: str | Path) -> str:
    """A path as an error's argument: file systems allow names that are no text."""
    return str(path).encode("utf-8", "replace").decode()


def unreadable(path: Path, error: Exception) -> ModelError:
    """What the system said, as our error."""
    detail = "not a regular file" if isinstance(error, NotPlainError) else getattr(error, "strerror", None) or str(error)
    return ModelError(Code.SOURCE_UNREADABLE, path=shown(path), detail=shown(detail))


def is_inside(name: str) -> bool:
    """Whether a file's name stays within the folder on every system. A link's target is its owner's business: caches link to blobs."""
    if not name or len(name) > 1024 or "\\" in name or "\0" in name or DRIVE.match(name) or not _is_text(name):
        return False
    return all(part not in ("", ".", "..") for part in name.split("/"))


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse_json(data: bytes | str, *, unique: bool = False, most: int = MAX_VALUES) -> Any:
    """A JSON text's value. Raises ValueError in words: for broken or deeply nested text, and for more than ``most`` values.

    ``unique``: no object may have a key twice.
    """
    marks: Sequence[Any] = (",", "[", "{") if isinstance(data, str) else (b",", b"[", b"{")
    if sum(data.count(mark) for mark in marks) > most:
        raise ValueError("too many values")
    try:
        value = json.loads(data if isinstance(data, str) else data.decode("utf-8"), object_pairs_hook=_unique if unique else None)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        if not level:
            return value
        items = (item for node in level for item in (node.values() if isinstance(node, dict) else node))
        level = [item for item in items if isinstance(item, dict | list)]
    raise ValueError("nested too deeply")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key appears twice")
    return values


class SourceFolder:
    """The small files of a checkpoint or an adapter: texts and JSON, each checked against what it was when the folder was opened.

    Names are those of the folder (``tokenizer.json``). What is wrong with a file is said with the code of its kind: CONFIG_BAD,
    TEMPLATE_BAD, TOKENIZER_BAD; SHARD_OUTSIDE for a name that leaves the folder; SOURCE_UNREADABLE; SOURCE_CHANGED.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stamps: dict[str, Stamp] = {}

    def has(self, name: str) -> bool:
        """Whether there is something of that name, be it a dangling link."""
        return os.path.lexists(self.path / name)

    def data(self, name: str, limit: int = LARGEST_TEXT) -> bytes | None:
        """A file's bytes, or None where there is none. Raises ModelError: see the class."""
        if not is_inside(name):
            raise ModelError(Code.SHARD_OUTSIDE, path=shown(name))
        path = self.path / name
        try:
            file = SourceFile(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, NotPlainError) as error:
            raise unreadable(path, error) from error
        try:
            if self.stamps.setdefault(name, file.stamp) != file.stamp:
                raise ModelError(Code.SOURCE_CHANGED, path=shown(path))
            if file.size > limit:
                raise self.bad(name, f"larger than {limit >> 20} MB")
            return file.bytes_at(0, file.size)
        finally:
            file.close()

    def text(self, name: str, limit: int = LARGEST_TEXT) -> str | None:
        """A text file in UTF-8, or None where there is none. Raises ModelError: see the class."""
        data = self.data(name, limit)
        try:
            return None if data is None else data.decode("utf-8")
        except UnicodeDecodeError:
            raise self.bad(name, "not UTF-8") from None

    def json(self, name: str, limit: int = LARGEST_TEXT) -> Any | None:
        """A JSON file's value, or None where there is no file (or it says null). Raises ModelError: see the class."""
        data = self.data(name, limit)
        try:
            return None if data is None else parse_json(data)
        except ValueError as error:
            raise self.bad(name, str(error)) from None

    def bad(self, name: str, detail: str) -> ModelError:
        """What is wrong with a file, with the code of its kind."""
        path = shown(self.path / name)
        if name in CONFIGURATIONS:
            return ModelError(Code.CONFIG_BAD, path=path, name="JSON", detail=detail)
        return ModelError(Code.TEMPLATE_BAD if name.endswith(".jinja") else Code.TOKENIZER_BAD, path=path, detail=detail)

    def check_unchanged(self) -> None:
        """Raises ModelError SOURCE_CHANGED if a file that was seen has changed or is gone."""
        for name, stamp in self.stamps.items():
            try:
                same = Stamp.of((self.path / name).stat()) == stamp
            except OSError:
                same = False
            if not same:
                raise ModelError(Code.SOURCE_CHANGED, path=shown(self.path / name))
