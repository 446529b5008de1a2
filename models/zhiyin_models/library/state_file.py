"""``library.json``: what the library remembers, shared by every process that uses it; and ``models-folder.json``, where the models are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.entries import Entry, State

LOCK_SECONDS = 10.0
MAX_STATE = 64 << 20  # bytes of library.json that are read
MAX_FOLDER = 1 << 16  # bytes of models-folder.json
VERSION = 2  # 1 knew neither licence nor languages


class _Folder(Struct):
    path: str = ""


class _RawState(Struct):
    entries: list[msgspec.Raw] = []


class StateFile:
    """The files of one data directory. What is written is on the disk, whole, before it has its name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "library.json"
        self._folder = directory / "models-folder.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from changing it. Raises OSError, and filelock.Timeout (an OSError as well) after ten seconds."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with FileLock(self.directory / "library.lock", timeout=LOCK_SECONDS):
            yield

    @contextmanager
    def changing(self) -> Iterator[None]:
        """``locked`` for what the user asked for. Raises ModelError LIBRARY_BUSY, LIBRARY_UNWRITABLE."""
        try:
            with self.locked():
                yield
        except Timeout as error:
            raise ModelError(Code.LIBRARY_BUSY, path=str(self.directory)) from error
        except OSError as error:
            raise ModelError(Code.LIBRARY_UNWRITABLE, path=str(self.directory), detail=error.strerror or str(error)) from error

    def read(self, *, keep_aside: bool = False) -> list[Entry]:
        """What is remembered; of a damaged file, the entries that can be read. ``keep_aside`` (only while locked) keeps the damaged one."""
        try:
            with self.path.open("rb") as file:
                content = file.read(MAX_STATE + 1)
        except OSError:
            return []
        try:
            if len(content) > MAX_STATE:
                raise msgspec.DecodeError("too long")
            state = msgspec.json.decode(content, type=State)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if keep_aside:
                self._keep_aside()
            return _readable(content[:MAX_STATE])
        if state.version < VERSION:
            for entry in state.entries:  # read anew: there is more to know
                entry.modified = -1
        return state.entries

    def _keep_aside(self) -> None:
        for number in range(1, 1000):
            aside = self.directory / f"library.json.damaged-{number}"
            if not aside.exists():
                with suppress(OSError):  # read-only: then nothing is written over it either
                    self.path.replace(aside)
                return

    def write(self, entries: list[Entry]) -> None:
        """Replace what is remembered, while locked. Raises OSError."""
        _replace(self.path, msgspec.json.format(msgspec.json.encode(State(VERSION, entries)), indent=1))

    def folder(self) -> Path | None:
        """The models folder that the user chose; None: the usual one."""
        try:
            with self._folder.open("rb") as file:
                chosen = msgspec.json.decode(file.read(MAX_FOLDER), type=_Folder).path
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return Path(chosen) if chosen and "\0" not in chosen and Path(chosen).is_absolute() else None

    def choose_folder(self, path: Path | None) -> None:
        """Keep a choice, while locked. Raises OSError."""
        _replace(self._folder, msgspec.json.encode(_Folder(str(path) if path is not None else "")))


def _readable(content: bytes) -> list[Entry]:
    """The entries of a list that is only damaged, or too new, in places."""
    found = []
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        for raw in msgspec.json.decode(content, type=_RawState).entries:
            with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                found.append(msgspec.json.decode(raw, type=Entry))
    return found


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
