"""Files that strangers made, opened so that nothing of the system is touched but bytes; and files written so that none is half there."""

import contextlib
import os
import secrets
import stat
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from zhiyin.prompt.cards.reading import MAX_FILE
from zhiyin.prompt.errors import CardCode, CardError

READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_CLOEXEC", 0)
WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
PIECE = 1024 * 1024
ATTEMPTS = 3
ENDINGS = frozenset({".png", ".apng", ".json", ".charx"})
MAX_FILES = 50_000  # of an import
MAX_FOLDERS = 10_000
MAX_LEVELS = 8
PART = ".zhiyin-"  # begins the name of a file that is being written
YOUNG = 3600.0  # seconds in which a file may still be about to be named by a card
LONGEST_NAME = 100  # characters of a name in a sentence


def read_file(path: str) -> bytes:
    """The bytes of a file. Raises CardError UNREADABLE, NOT_FILE, TOO_LARGE or CHANGING."""
    name = shown(path)
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):  # before it is opened: opening a device may do something
            raise CardError(CardCode.NOT_FILE, path=name)
        for _ in range(ATTEMPTS):
            data = _read_once(path, name)
            if data is not None:
                return data
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CardError(CardCode.UNREADABLE, path=name, detail=detail) from error
    raise CardError(CardCode.CHANGING, path=name)


def _read_once(path: str, name: str) -> bytes | None:
    """The bytes, or None when the file was changed meanwhile."""
    descriptor = os.open(path, READ)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise CardError(CardCode.NOT_FILE, path=name)
        if before.st_size > MAX_FILE:
            raise CardError(CardCode.TOO_LARGE, path=name, size=MAX_FILE)
        data = bytearray()
        while len(data) <= MAX_FILE and (piece := os.read(descriptor, PIECE)):
            data += piece
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if len(data) > MAX_FILE:
        raise CardError(CardCode.TOO_LARGE, path=name, size=MAX_FILE)
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) and len(data) == after.st_size
    return bytes(data) if same else None


def shown(path: str) -> str:
    """The name of a file as a sentence can hold it."""
    name = os.fsencode(Path(path).name or path).decode("utf-8", "replace")
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def write_file(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Put bytes into a file that is there whole or, where it was there before, as it was. Raises OSError."""
    part = path.with_name(f"{PART}{secrets.token_hex(8)}.part")
    descriptor = os.open(part, WRITE, 0o666)
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def is_key(key: str) -> bool:
    """Whether it is a sha256, and no path."""
    return len(key) == 64 and not set(key) - set("0123456789abcdef")


def clear_folder(folder: Path, endings: Collection[str], keep: Collection[str]) -> int:
    """Delete the files that are named by a key and one of these endings, not to be kept, and not young; returns how many.

    What a process that was killed left half written goes as well. Raises OSError.
    """
    gone = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        key, ending = path.name[:64], path.name[64:]
        left = path.name.startswith(PART) and path.suffix == ".part"
        wanted = left or (is_key(key) and ending in endings and key not in keep)
        if wanted and time.time() - path.stat().st_mtime > YOUNG:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def card_files(paths: Sequence[str]) -> Iterator[str]:
    """The files named, and those in the folders named that may be cards by their endings, in the order of their names.

    Links to folders are not followed, so nothing is found twice and nothing goes in circles; hidden folders are passed over. Folders that
    cannot be looked into are as if empty.
    """
    folders = 0
    for path in paths:
        if not Path(path).is_dir():
            yield path
            continue
        waiting: deque[tuple[str, int]] = deque([(path, 0)])
        while waiting and folders < MAX_FOLDERS:
            folder, level = waiting.popleft()
            folders += 1
            files, inner = _look_into(folder)
            yield from files
            if level < MAX_LEVELS:
                waiting.extend((one, level + 1) for one in inner)


def _look_into(folder: str) -> tuple[list[str], list[str]]:
    """Files that may be cards, and folders, both sorted by name."""
    files: list[str] = []
    inner: list[str] = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith("."):
                        inner.append(entry.path)
                elif Path(entry.name).suffix.lower() in ENDINGS and not entry.name.startswith(".") and entry.is_file():
                    files.append(entry.path)
    return sorted(files), sorted(inner)
